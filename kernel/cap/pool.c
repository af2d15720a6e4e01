/* SPDX-License-Identifier: Apache-2.0 */
/* See pool.h. */
#include "cap/pool_inside.h"

#include <stddef.h>

#include "cap/channel.h"
#include "device/device.h"
#include "diag/log.h"
#include "diag/panic.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "proc/process.h"

/* What core/ keeps of a buffer: its mark, its length, its place on the stack of free ones. */
enum { RECORD_BYTES = sizeof(uint64_t) + 2 * sizeof(uint32_t) };

struct pool pools[POOLS_MAX];
struct tn_slots pool_slots;
static struct tn_slot table_slot[POOLS_MAX]; /* generations of the pools */

void pool_init(void)
{
    if (!tn_slots_init(&pool_slots, table_slot, POOLS_MAX, TN_HANDLE_GENERATION_MAX))
        panic("pool: the table does not initialise");
}

struct pool *pool_at(uint32_t index)
{
    return &pools[index];
}

const struct tn_identity *pool_identity(uint32_t index)
{
    return &pools[index].identity; /* generation 0 from its end to the next pool there */
}

struct pool *pool_of(struct tn_pool *core)
{
    return (struct pool *)(void *)((uint8_t *)core - offsetof(struct pool, core));
}

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

static uint64_t record_pages(uint64_t buffers)
{
    return (buffers * RECORD_BYTES + PAGE_SIZE - 1) / PAGE_SIZE;
}

uint64_t pool_pages(const struct pool *pool)
{
    return (uint64_t)pool->core.count * pool->buffer_pages;
}

uint64_t pool_record_pages(const struct pool *pool)
{
    return record_pages(pool->core.count);
}

static uint64_t reach_pages(uint64_t length)
{
    return (length + PAGE_SIZE - 1) / PAGE_SIZE;
}

/* The pool's place in the domain of its device: a driver's ring memory is reached as long as it lives, a client's by
 * policy. */
static enum tn_status give_reach(struct pool *pool, struct device *device, uint64_t pages)
{
    pool->reach = device;
    if (!device)
        return TN_OK;
    if (!device->domain) { /* `trusted` */
        pool->name = pool->physical;
        return TN_OK;
    }
    pool->domain = device->domain;
    pool->strict = pool->channel && device->policy == TN_POLICY_STRICT;
    enum tn_status status =
        pool->strict ? iommu_run_make(pool->domain, pages, &pool->run)
                     : iommu_run_make_mapped(pool->domain, pool->physical, pages, IOMMU_READ | IOMMU_WRITE, &pool->run);
    if (status == TN_OK) {
        pool->name = pool->run.iova;
        return TN_OK;
    }
    pool->run = (struct iommu_run){0};
    pool->domain = NULL;
    pool->strict = false;
    return status;
}

/* Frames for buffers and records, mapped into the owner. The ledger was charged before. */
static enum tn_status give_memory(struct pool *pool, const struct pool_request *r, uint64_t bytes)
{
    uint64_t pages = bytes / PAGE_SIZE;
    enum tn_status status = frames_alloc(record_pages(r->buffers), &pool->records);
    if (status != TN_OK)
        return status;
    status = frames_take(pages, &pool->physical);
    if (status != TN_OK)
        goto free_records;
    pool_scrub(pool->physical, bytes); /* zeroed before another owner sees them (G5) */
    uint64_t address = process_find_address(r->owner, space_run_bytes(pages), SPACE_RUN_ALIGNMENT);
    status =
        address == 0 ? TN_EEXHAUSTED : space_run_map(&r->owner->space, address, pool->physical, pages, &pool->mapping);
    if (status != TN_OK)
        goto free_frames;
    status = give_reach(pool, reached_by(r), pages);
    if (status == TN_OK) {
        process_take_address(r->owner, address, space_run_bytes(pages));
        return TN_OK;
    }
    space_run_unmap(&r->owner->space, &pool->mapping);
free_frames:
    frames_free(pool->physical, pages);
free_records:
#ifndef TN_TWIN_ROLLBACK /* negative twin: they are forgotten */
    frames_free(pool->records, record_pages(r->buffers));
#endif
    return status;
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

enum tn_status pool_create(const struct pool_request *r, uint32_t *index)
{
    enum tn_status status = check_request(r);
    if (status != TN_OK)
        return status;
    uint64_t buffer_bytes = page_up(r->buffer_bytes);
    uint64_t bytes = buffer_bytes * r->buffers;
    status = charge(&r->owner->ledger, bytes, r->buffers);
    if (status != TN_OK)
        return status;

    struct pool made = {
        .owner = r->owner,
        .channel = r->channel,
        .guarded = has_guard(r->owner),
        .buffer_pages = (uint32_t)(buffer_bytes / PAGE_SIZE),
    };
    status = give_memory(&made, r, bytes);
    if (status != TN_OK) {
        pool_refund(&r->owner->ledger, bytes, r->buffers);
        return status;
    }
    uint32_t i = tn_slots_take(&pool_slots);
    r->owner->pool_count++;
    struct pool *pool = &pools[i];
    made.identity = (struct tn_identity){table_slot[i].generation, r->owner->epoch};
    *pool = made;
    uint64_t *mark = phys_to_virt(pool->records);
    uint32_t *word = (uint32_t *)(void *)(mark + r->buffers);
    const struct tn_pool_plan plan = {
        .mark = mark,
        .length = word,
        .stack = word + r->buffers,
        .owner_epoch = r->owner->epoch,
        .generation_max = TN_HANDLE_GENERATION_MAX, /* names travel as handles */
        .count = (uint32_t)r->buffers,
        .buffer_bytes = (uint32_t)buffer_bytes,
        .buffers_per_page = 1,
        .scrub = true,
    };
    if (!tn_pool_init(&pool->core, &plan))
        panic("pool: %lu buffers of %lu bytes do not initialise", r->buffers, buffer_bytes);
    pool_move(pool, TN_POOL_RESERVED);
    pool_move(pool, TN_POOL_COMMITTED);
    pool_move(pool, TN_POOL_MAPPED);
    if (r->device)
        device_pool_made(r->device);
    *index = i;
    return TN_OK;
}

void pool_buffer_reach(struct pool *pool, uint32_t slot, enum tn_direction direction, uint64_t length)
{
    if (!pool->strict)
        return;
    uint64_t page = (uint64_t)slot * pool->buffer_pages;
    iommu_map(pool->domain, &pool->run, page, reach_pages(length), pool_buffer_physical(pool, slot),
              direction == TN_TO_DEVICE ? IOMMU_READ : IOMMU_WRITE);
    if (iommu_sync_mapped(pool->domain) != TN_OK)
        log_line("pool: the IOMMU does not answer: the device may not find a buffer of %s", pool->owner->name);
}

bool pool_buffer_unreach(struct pool *pool, uint32_t slot, uint64_t length)
{
    if (!pool->strict)
        return false;
#ifndef TN_TWIN /* negative twin: the device keeps what has come back */
    iommu_unmap(pool->domain, &pool->run, (uint64_t)slot * pool->buffer_pages, reach_pages(length));
#else
    (void)slot;
    (void)length;
#endif
    return true;
}

enum tn_status pools_attach(const struct service *service)
{
    struct device *device = service_device(service);
    enum tn_status status = TN_OK;
    for (uint32_t i = 0; i < POOLS_MAX && status == TN_OK; i++) {
        struct pool *pool = &pools[i];
        if (!tn_slots_live(&pool_slots, i) || pool->core.state != TN_POOL_MAPPED || !pool->channel ||
            channel_service(pool->channel) != service || pool->name != 0)
            continue;
        if (pool->is_withheld && (pool->domain || pool->reach != device || !pool_is_silenced(pool)))
            continue;
        pool->is_withheld = false;
        status = device && device_allows_dma(device) != TN_OK ? TN_EPOLICY : give_reach(pool, device, pool_pages(pool));
    }
    return status;
}

void pool_buffer_hide(struct pool *pool, uint32_t slot)
{
    if (!pool->guarded)
        return;
    space_run_hide(&pool->mapping, (uint64_t)slot * pool->buffer_pages, pool->buffer_pages);
    pool->owner->flush_due = true;
}

void pool_buffer_show(struct pool *pool, uint32_t slot)
{
    if (pool->guarded)
        space_run_show(&pool->mapping, (uint64_t)slot * pool->buffer_pages, pool->buffer_pages);
}

bool pools_hide(const struct process *owner, uint64_t address)
{
    for (uint32_t i = 0; i < POOLS_MAX; i++) {
        const struct pool *pool = &pools[i];
        if (!tn_slots_live(&pool_slots, i) || pool->owner != owner || !pool->guarded || address < pool->mapping.virtual)
            continue;
        uint64_t slot = (address - pool->mapping.virtual) / pool->core.buffer_bytes;
        if (slot < pool->core.count && tn_buffer_state(&pool->core, (uint32_t)slot) == TN_BUFFER_IN_FLIGHT)
            return true;
    }
    return false;
}

bool pool_view(uint32_t index, struct pool_view *view)
{
    const struct pool *p = &pools[index];
    if (p->identity.generation == 0)
        return false;
    *view = (struct pool_view){
        .owner = p->owner,
        .reach = p->reach,
        .state = tn_pool_state_name(p->core.state),
        .buffers = p->core.count,
        .buffer_bytes = p->core.buffer_bytes,
        .free = p->core.free,
        .away = p->core.away,
        .quarantined = p->core.quarantined,
        .has_domain = p->domain,
        .strict = p->strict,
    };
    return true;
}
