/* SPDX-License-Identifier: Apache-2.0 */
/* See pool.h. */
#include "cap/pool.h"

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

static struct pool table[POOLS_MAX];
static struct tn_slot table_slot[POOLS_MAX]; /* generations of the pools */
static struct tn_slots slots;

void pool_init(void)
{
    if (!tn_slots_init(&slots, table_slot, POOLS_MAX, TN_HANDLE_GENERATION_MAX))
        panic("pool: the table does not initialise");
}

struct pool *pool_at(uint32_t index)
{
    return &table[index];
}

const struct tn_identity *pool_identity(uint32_t index)
{
    return &table[index].identity; /* generation 0 from its end to the next pool there */
}

struct pool *pool_of(struct tn_pool *core)
{
    return (struct pool *)(void *)((uint8_t *)core - offsetof(struct pool, core));
}

/* Payload ends here: nobody after this sees it (G5). */
static void scrub(uint64_t physical, uint64_t bytes)
{
#ifndef TN_TWIN /* negative twin: what the last owner wrote stays, and SELFTEST must say so */
    memset(phys_to_virt(physical), 0, bytes);
#else
    (void)physical;
    (void)bytes;
#endif
}

static void move(struct pool *pool, enum tn_pool_state to)
{
    if (tn_pool_move(&pool->core, to) != TN_OK)
        panic("pool: no move from %s to %s", tn_pool_state_name(pool->core.state), tn_pool_state_name(to));
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
    return slots.free == 0 ? TN_EEXHAUSTED : TN_OK;
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
static enum tn_status give_reach(struct pool *pool, const struct device *device, uint64_t pages)
{
    if (!device)
        return TN_OK;
    if (!device->domain) { /* `trusted` */
        pool->name = pool->physical;
        return TN_OK;
    }
    pool->domain = device->domain;
    pool->strict = !pool->device && device->policy == TN_POLICY_STRICT;
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

/* True: no device reaches the pool's pages, and none has one of its addresses cached. */
static bool end_reach(struct pool *pool)
{
    if (!pool->domain)
        return true;
#ifndef TN_TWIN /* negative twin: what was reached is handed on while the device still has it */
    if (iommu_run_release(pool->domain, &pool->run) != TN_OK)
        return false;
#endif
    pool->domain = NULL;
    pool->name = 0;
    pool->strict = false;
    return true;
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
    scrub(pool->physical, bytes); /* zeroed before another owner sees them (G5) */
    uint64_t address = process_take_address(r->owner, bytes, SPACE_RUN_ALIGNMENT);
    status =
        address == 0 ? TN_EEXHAUSTED : space_run_map(&r->owner->space, address, pool->physical, pages, &pool->mapping);
    if (status != TN_OK)
        goto free_frames;
    status = give_reach(pool, reached_by(r), pages);
    if (status == TN_OK)
        return TN_OK;
    space_run_unmap(&r->owner->space, &pool->mapping);
free_frames:
    frames_free(pool->physical, pages);
free_records:
    frames_free(pool->records, record_pages(r->buffers));
    return status;
}

static void refund(struct tn_ledger *ledger, uint64_t bytes, uint64_t buffers)
{
    tn_ledger_refund(ledger, TN_CHARGE_POOL_BYTES, bytes);
    tn_ledger_refund(ledger, TN_CHARGE_BUFFERS, buffers);
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
        .device = r->device,
        .channel = r->channel,
        .guarded = has_guard(r->owner),
        .buffer_pages = (uint32_t)(buffer_bytes / PAGE_SIZE),
    };
    status = give_memory(&made, r, bytes);
    if (status != TN_OK) {
        refund(&r->owner->ledger, bytes, r->buffers);
        return status;
    }
    uint32_t i = tn_slots_take(&slots);
    r->owner->pool_count++;
    struct pool *pool = &table[i];
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
    move(pool, TN_POOL_RESERVED);
    move(pool, TN_POOL_COMMITTED);
    move(pool, TN_POOL_MAPPED);
    if (r->device)
        r->device->has_pool = true;
    *index = i;
    return TN_OK;
}

static void quarantine(struct pool *pool);

/* Nothing of the pool is out: its memory goes back, zeroed, once its device cannot reach it any more. */
static void free_pool(struct pool *pool)
{
    if (!end_reach(pool)) {
        quarantine(pool);
        return;
    }
    uint64_t pages = pool_pages(pool);
    move(pool, TN_POOL_INVALIDATED);
    scrub(pool->physical, pages * PAGE_SIZE);
    move(pool, TN_POOL_SCRUBBED);
    move(pool, TN_POOL_EMPTY);
    frames_free(pool->physical, pages);
    frames_free(pool->records, pool_record_pages(pool));
    refund(&pool->owner->ledger, pages * PAGE_SIZE, pool->core.count);
    pool->owner->pool_count--;
    pool->identity = (struct tn_identity){0};
    tn_slots_give(&slots, (uint32_t)(pool - table));
}

enum tn_status pool_release(struct pool *pool)
{
    if (!tn_pool_is_idle(&pool->core))
        return TN_ESTATE;
    move(pool, TN_POOL_REVOKING);
    space_run_unmap(&pool->owner->space, &pool->mapping);
    free_pool(pool);
    return TN_OK;
}

static void quarantine(struct pool *pool)
{
    move(pool, TN_POOL_QUARANTINED);
    frames_quarantine(pool_pages(pool));
    log_line("pool: %lu pages of %s stay in quarantine: the device that could reach them was not silenced",
             pool_pages(pool), pool->owner->name);
}

void pool_settle(struct pool *pool)
{
    if (pool->core.state != TN_POOL_REVOKING)
        return;
    if (tn_pool_is_idle(&pool->core))
        free_pool(pool);
    else if (pool->core.quarantined != 0 && pool->core.quarantined == pool->core.away)
        quarantine(pool);
}

/* A buffer in state SCRUBBING. Each has pages of its own, so no device reaches them any more. */
static void scrub_buffer(struct pool *pool, uint32_t slot)
{
    if (tn_buffer_scrub_decide(&pool->core, slot) != TN_OK)
        panic("pool: buffer %u of %s cannot be scrubbed", slot, pool->owner->name);
    scrub(pool_buffer_physical(pool, slot), pool->core.buffer_bytes);
    tn_buffer_scrubbed_commit(&pool->core, slot);
}

void pool_buffer_ended(struct pool *pool, uint32_t slot)
{
    scrub_buffer(pool, slot);
    pool_settle(pool);
}

void pool_orphan_ended(struct pool *pool, uint32_t slot)
{
    scrub_buffer(pool, slot);
    if (pool->core.state == TN_POOL_MAPPED)
        pool_buffer_show(pool, slot);
    pool_settle(pool);
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
    const struct device *device = service_device(service);
    enum tn_status status = TN_OK;
    for (uint32_t i = 0; i < POOLS_MAX && status == TN_OK; i++) {
        struct pool *pool = &table[i];
        if (!tn_slots_live(&slots, i) || pool->core.state != TN_POOL_MAPPED || !pool->channel ||
            channel_service(pool->channel) != service || pool->name != 0)
            continue;
        status = device && device_allows_dma(device) != TN_OK ? TN_EPOLICY : give_reach(pool, device, pool_pages(pool));
    }
    return status;
}

bool pools_reach_ended(const struct device *device)
{
    bool ended = true;
    for (uint32_t i = 0; i < POOLS_MAX; i++)
        if (tn_slots_live(&slots, i) && table[i].domain && table[i].domain == device->domain)
            ended = end_reach(&table[i]) && ended;
    return ended;
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
        const struct pool *pool = &table[i];
        if (!tn_slots_live(&slots, i) || pool->owner != owner || !pool->guarded || address < pool->mapping.virtual)
            continue;
        uint64_t slot = (address - pool->mapping.virtual) / pool->core.buffer_bytes;
        if (slot < pool->core.count && tn_buffer_state(&pool->core, (uint32_t)slot) == TN_BUFFER_IN_FLIGHT)
            return true;
    }
    return false;
}

/* The CPU's buffers go back; those with a device stay. */
static void release_cpu_buffers(struct pool *pool)
{
    for (uint32_t slot = 0; slot < pool->core.count; slot++) {
        if (tn_buffer_state(&pool->core, slot) != TN_BUFFER_CPU)
            continue;
        tn_buffer_release_commit(&pool->core, tn_buffer_name(&pool->core, slot));
        scrub_buffer(pool, slot);
    }
}

void pools_owner_ended(struct process *owner)
{
    for (uint32_t i = 0; i < POOLS_MAX; i++) {
        struct pool *pool = &table[i];
        if (!tn_slots_live(&slots, i) || pool->owner != owner || pool->core.state != TN_POOL_MAPPED)
            continue;
        move(pool, TN_POOL_REVOKING);
        pool->mapping = (struct space_run){0};                 /* its tables go with the space */
        if (pool->device && !device_is_silent(pool->device)) { /* ring memory: the device may write there for ever */
            quarantine(pool);
            continue;
        }
        release_cpu_buffers(pool);
        pool_settle(pool);
    }
}

bool pool_view(uint32_t index, struct pool_view *view)
{
    const struct pool *p = &table[index];
    if (p->identity.generation == 0)
        return false;
    *view = (struct pool_view){
        .owner = p->owner,
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
