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

uint64_t pool_records(uint64_t buffers)
{
    return (buffers * RECORD_BYTES + PAGE_SIZE - 1) / PAGE_SIZE;
}

uint64_t pool_pages(const struct pool *pool)
{
    return (uint64_t)pool->core.count * pool->buffer_pages;
}

uint64_t pool_record_pages(const struct pool *pool)
{
    return pool_records(pool->core.count);
}

static uint64_t reach_pages(uint64_t length)
{
    return (length + PAGE_SIZE - 1) / PAGE_SIZE;
}

/* The pool's place in the domain of its device: a driver's ring memory is reached as long as it lives, a client's by
 * policy. */
enum tn_status pool_give_reach(struct pool *pool, struct device *device, uint64_t pages)
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
        status =
            device && device_allows_dma(device) != TN_OK ? TN_EPOLICY : pool_give_reach(pool, device, pool_pages(pool));
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
