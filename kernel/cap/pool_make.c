/* SPDX-License-Identifier: Apache-2.0 */
/* How a pool is made. See pool.h. */
#include "cap/pool_inside.h"

#include <stddef.h>

#include "cap/channel.h"
#include "cap/operation.h"
#include "device/device.h"
#include "diag/audit.h"
#include "diag/log.h"
#include "diag/panic.h"
#include "mm/frame.h"
#include "proc/process.h"

/* What was asked for, while the pages of the pool are zeroed; and which claim of the device it was asked for. */
static struct {
    struct pool_request request;
    uint64_t claim;
} asked[POOLS_MAX];

/* The device that will reach the pool's pages, or NULL if the service behind the channel has none. */
static struct device *reached_by(const struct pool_request *r)
{
    return r->device ? r->device : channel_device(r->channel);
}

static enum tn_status check_request(const struct pool_request *r)
{
    if (r->buffer_bytes == 0 || r->buffer_bytes > POOL_BUFFER_BYTES_MAX || r->buffers == 0 ||
        r->buffers > POOL_BUFFERS_MAX)
        return TN_EINVAL;
    const struct device *device = reached_by(r);
    if (device && device_allows_dma(device) != TN_OK) {
        log_line("pool: %s: refused: the DMA policy of the device is `blocked`", r->owner->name);
        return TN_EPOLICY;
    }
    if (r->owner->pool_count == POOLS_PER_OWNER)
        return TN_EBUDGET;
    return pool_slots.free == 0 ? TN_EEXHAUSTED : TN_OK;
}

/* A pool pays for all of its buffers at once: taking one later cannot fail for a budget. */
static enum tn_status charge(struct tn_ledger *ledger, uint64_t bytes, uint64_t buffers)
{
    enum tn_status status = tn_ledger_charge(ledger, TN_CHARGE_POOL_BYTES, bytes);
    if (status != TN_OK)
        return status;
    status = tn_ledger_charge(ledger, TN_CHARGE_BUFFERS, buffers);
    if (status != TN_OK)
        tn_ledger_refund(ledger, TN_CHARGE_POOL_BYTES, bytes);
    return status;
}

static bool has_guard(const struct process *owner)
{
#ifndef TN_TWIN /* negative twin: the client reaches what its device has */
    return !(owner->manifest->flags & TN_PROCESS_GUARD_OFF);
#else
    (void)owner;
    return false;
#endif
}

/* Frames for buffers and records. The ledger was charged before. */
static enum tn_status take_frames(struct pool *pool, uint64_t buffers, uint64_t bytes)
{
    enum tn_status status = frames_alloc(pool_records(buffers), &pool->records);
    if (status != TN_OK)
        return status;
    status = frames_take(bytes / PAGE_SIZE, &pool->physical);
#ifndef TN_TWIN_ROLLBACK /* negative twin: they are forgotten */
    if (status != TN_OK)
        frames_free(pool->records, pool_records(buffers));
#endif
    return status;
}

/* The owner reaches its pages, which are zero, and so does the device, if there is one. Nothing stays unless TN_OK. */
static enum tn_status place(struct pool *pool, struct device *device, uint64_t pages)
{
    uint64_t address = process_find_address(pool->owner, space_run_bytes(pages), SPACE_RUN_ALIGNMENT);
    enum tn_status status = address == 0
                                ? TN_EEXHAUSTED
                                : space_run_map(&pool->owner->space, address, pool->physical, pages, &pool->mapping);
    if (status != TN_OK)
        return status;
    status = pool_give_reach(pool, device, pages);
    if (status == TN_OK) {
        process_take_address(pool->owner, address, space_run_bytes(pages));
        return TN_OK;
    }
    space_run_unmap(&pool->owner->space, &pool->mapping);
    pool->reach = NULL;
    return status;
}

/* Into the table: charged, with memory that nobody reaches, or not yet. */
static struct pool *enter(const struct pool *made, const struct pool_request *r)
{
    uint32_t i = tn_slots_take(&pool_slots);
    struct pool *pool = &pools[i];
    *pool = *made;
    pool->identity = (struct tn_identity){pool_slots.slot[i].generation, r->owner->epoch};
    r->owner->pool_count++;
    uint64_t *mark = phys_to_virt(pool->records);
    uint32_t *word = (uint32_t *)(void *)(mark + r->buffers);
    const struct tn_pool_plan plan = {
        .mark = mark,
        .length = word,
        .stack = word + r->buffers,
        .owner_epoch = r->owner->epoch,
        .generation_max = TN_HANDLE_GENERATION_MAX, /* names travel as handles */
        .count = (uint32_t)r->buffers,
        .buffer_bytes = (uint32_t)pool->buffer_pages * (uint32_t)PAGE_SIZE,
        .buffers_per_page = 1,
        .scrub = true,
    };
    if (!tn_pool_init(&pool->core, &plan))
        panic("pool: %lu buffers of %u bytes do not initialise", r->buffers, plan.buffer_bytes);
    pool_move(pool, TN_POOL_RESERVED);
    return pool;
}

static void answer(const struct pool_request *r, enum tn_status status, uint64_t handle, uint64_t buffer_bytes)
{
    const struct tn_cqe cqe = {
        .user_data = r->user_data, .kind = TN_CQE_RESULT, .status = status, .value = {handle, buffer_bytes}};
    process_post(r->owner, &cqe);
}

/* It is where it is to be, and a name for it was seen to be to be had. */
static void open_pool(struct pool *pool, const struct pool_request *r)
{
    pool_move(pool, TN_POOL_COMMITTED);
    pool_move(pool, TN_POOL_MAPPED);
    if (r->device)
        device_pool_made(r->device);
    const struct tn_cap_grant grant = {TN_KIND_DMA_POOL, TN_RIGHT_READ | TN_RIGHT_WRITE | TN_RIGHT_CONTROL,
                                       (uint32_t)(pool - pools), pool->identity.generation, 0};
    answer(r, TN_OK, grant_commit(r->owner, &grant), pool->core.buffer_bytes);
}

/* May it still be, after all that time? */
static enum tn_status judge_again(const struct pool_request *r, uint64_t claim)
{
    if (r->device && r->device->identity.generation != claim)
        return TN_ESTALE;
    enum tn_status status = r->channel ? channel_is_served(r->channel) : TN_OK;
    const struct device *device = reached_by(r);
    if (status == TN_OK && device && device_allows_dma(device) != TN_OK)
        status = TN_EPOLICY;
    return status != TN_OK ? status : grant_decide(r->owner);
}

/* The last of its pages is zero. */
static void made(struct pool *pool)
{
    const struct pool_request *r = &asked[pool - pools].request;
    enum tn_status status = judge_again(r, asked[pool - pools].claim);
    if (status == TN_OK)
        status = place(pool, reached_by(r), pool_pages(pool));
    if (status == TN_OK) {
        open_pool(pool, r);
        return;
    }
    process_audit(r->owner, TN_OP_POOL_CREATE, status, TN_KIND_NONE, 0, 0);
    pool_give_back(pool);
    answer(r, status, TN_HANDLE_NONE, 0);
}

static enum tn_status make_now(struct pool *pool, const struct pool_request *r, uint64_t bytes)
{
    pool_zero(pool->physical, bytes); /* before another owner sees them (G5) */
    enum tn_status status = place(pool, reached_by(r), bytes / PAGE_SIZE);
    if (status == TN_OK) {
        open_pool(enter(pool, r), r);
        return TN_OK;
    }
    frames_free(pool->physical, bytes / PAGE_SIZE);
#ifndef TN_TWIN_ROLLBACK
    frames_free(pool->records, pool_records(r->buffers));
#endif
    return status;
}

static void make_in_slices(const struct pool *begun, const struct pool_request *r)
{
    struct pool *pool = enter(begun, r);
    asked[pool - pools].request = *r;
    asked[pool - pools].claim = r->device ? r->device->identity.generation : 0;
    pool_zero_then(pool, made);
}

enum tn_status pool_create(const struct pool_request *r)
{
    enum tn_status status = check_request(r);
    if (status != TN_OK)
        return status;
    uint64_t buffer_bytes = page_up(r->buffer_bytes);
    uint64_t bytes = buffer_bytes * r->buffers;
    status = charge(&r->owner->ledger, bytes, r->buffers);
    if (status != TN_OK)
        return status;
    struct pool pool = {
        .owner = r->owner,
        .channel = r->channel,
        .guarded = has_guard(r->owner),
        .buffer_pages = (uint32_t)(buffer_bytes / PAGE_SIZE),
    };
    status = take_frames(&pool, r->buffers, bytes);
    if (status == TN_OK && pool_is_small(bytes))
        status = make_now(&pool, r, bytes);
    else if (status == TN_OK)
        make_in_slices(&pool, r);
    if (status != TN_OK)
        pool_refund(&r->owner->ledger, bytes, r->buffers);
    return status;
}
