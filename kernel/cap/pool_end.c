/* SPDX-License-Identifier: Apache-2.0 */
/* The ends of pools and of their buffers: released, left behind, in quarantine, and out of it. See pool.h. */
#include "cap/operation.h"
#include "cap/pool_inside.h"

#include <stddef.h>

#include "device/device.h"
#include "diag/log.h"
#include "diag/panic.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "proc/process.h"

/* `last_silence` of the device behind each pool, when something of it went into quarantine. Apart: every request looks
 * a pool up. */
static uint64_t silence_before[POOLS_MAX];

void pool_move(struct pool *pool, enum tn_pool_state to)
{
    if (tn_pool_move(&pool->core, to) != TN_OK)
        panic("pool: no move from %s to %s", tn_pool_state_name(pool->core.state), tn_pool_state_name(to));
}

void pool_refund(struct tn_ledger *ledger, uint64_t bytes, uint64_t buffers)
{
    tn_ledger_refund(ledger, TN_CHARGE_POOL_BYTES, bytes);
    tn_ledger_refund(ledger, TN_CHARGE_BUFFERS, buffers);
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

bool pools_reach_ended(const struct device *device)
{
    bool ended = true;
    for (uint32_t i = 0; i < POOLS_MAX; i++)
        if (tn_slots_live(&pool_slots, i) && pools[i].domain && pools[i].domain == device->domain)
            ended = end_reach(&pools[i]) && ended;
    return ended;
}

/* Who has released a pool that is not gone yet hears of its end; or of the end of the last one of a device. */
static struct {
    enum { TOLD_NOTHING, TOLD_OF_POOL, TOLD_OF_DEVICE } what;
    uint64_t user_data;
} told[POOLS_MAX];

bool pools_tell_end(const struct process *owner, const struct device *device, uint64_t user_data)
{
    for (uint32_t i = 0; i < POOLS_MAX; i++) {
        if (!pool_is_being_zeroed(&pools[i]) || pools[i].owner != owner || pools[i].channel ||
            pools[i].reach != device || told[i].what != TOLD_NOTHING)
            continue;
        told[i].what = TOLD_OF_DEVICE;
        told[i].user_data = user_data;
        return true;
    }
    return false;
}

/* The pool is gone. */
static void tell_end(const struct pool *pool)
{
    uint32_t i = (uint32_t)(pool - pools), what = told[i].what;
    const struct tn_cqe cqe = {.user_data = told[i].user_data, .kind = TN_CQE_RESULT, .status = TN_OK};
    told[i].what = TOLD_NOTHING;
    if (what == TOLD_NOTHING || (what == TOLD_OF_DEVICE && pools_tell_end(pool->owner, pool->reach, cqe.user_data)))
        return;
    process_post(pool->owner, &cqe);
}

void pool_give_back(struct pool *pool)
{
    uint64_t pages = pool_pages(pool);
    pool_move(pool, TN_POOL_EMPTY);
    frames_free(pool->physical, pages);
    frames_free(pool->records, pool_record_pages(pool));
    pool_refund(&pool->owner->ledger, pages * PAGE_SIZE, pool->core.count);
    pool->owner->pool_count--;
    pool->identity = (struct tn_identity){0};
    tn_slots_give(&pool_slots, (uint32_t)(pool - pools));
    tell_end(pool);
}

bool pool_tell_end(const struct pool *pool, uint64_t user_data)
{
    if (!pool_is_being_zeroed(pool))
        return false;
    told[pool - pools].what = TOLD_OF_POOL;
    told[pool - pools].user_data = user_data;
    return true;
}

static void note_quarantine(struct pool *pool)
{
    silence_before[pool - pools] = pool->reach ? pool->reach->last_silence : 0;
}

static void quarantine(struct pool *pool)
{
    pool_move(pool, TN_POOL_QUARANTINED);
    frames_quarantine(pool_pages(pool));
    log_line("pool: %lu pages of %s stay in quarantine: the device that could reach them was not silenced",
             pool_pages(pool), pool->owner->name);
}

static void scrubbed(struct pool *pool)
{
    pool_move(pool, TN_POOL_SCRUBBED);
    pool_give_back(pool);
}

/* Nothing of the pool is out: its memory goes back, zeroed, once its device cannot reach it any more. */
static void free_pool(struct pool *pool)
{
    if (!end_reach(pool)) {
        note_quarantine(pool);
        quarantine(pool);
        return;
    }
    pool_move(pool, TN_POOL_INVALIDATED);
    pool->identity.owner_epoch = 0; /* every handle is stale from here, however long the zeroing takes */
    pool_zero_then(pool, scrubbed);
}

static void acquitted(struct pool *pool)
{
    frames_acquit(pool_pages(pool));
    log_line("pool: %lu pages of %s are out of quarantine", pool_pages(pool), pool->owner->name);
    pool_give_back(pool);
    caps_forget_ended_soon(); /* a driver that gave its device up and lives on has names of it */
}

/* Out of quarantine, because there is evidence now. Not while a fence has a buffer: then the pool stays. */
static void acquit(struct pool *pool)
{
    if (!pool_is_being_zeroed(pool) && end_reach(pool) && tn_pool_is_without_fences(&pool->core))
        pool_zero_then(pool, acquitted);
}

bool pool_is_silenced(const struct pool *pool)
{
    return pool->reach && pool->reach->last_silence != silence_before[pool - pools];
}

/* What is still out is in quarantine. */
static void settle_quarantined(struct pool *pool)
{
    quarantine(pool);
    if (pool_is_silenced(pool)) /* its device was silenced after all, before this */
        acquit(pool);
}

static bool is_quarantined_only(const struct pool *pool)
{
    return pool->core.quarantined != 0 && tn_pool_is_without_fences(&pool->core);
}

static void settle(struct pool *pool)
{
    if (pool->core.state != TN_POOL_REVOKING)
        return;
    if (tn_pool_is_idle(&pool->core))
        free_pool(pool);
    else if (is_quarantined_only(pool))
        settle_quarantined(pool);
}

/* Hardware may hold on to addresses that it has translated for work it has accepted; only the evidence at the end of
 * the claim says that it has let go. A client cannot wait for that: its buffers come back on its driver's word. */
static bool is_kept(const struct pool *pool)
{
    return !pool->channel && pool->reach && pool->reach->was_on;
}

enum tn_status pool_release(struct pool *pool)
{
    if (pool->core.state != TN_POOL_MAPPED) /* its device was given up, and is not silent */
        return TN_EQUARANTINED;
    bool is_idle = tn_pool_is_idle(&pool->core);
    if (!is_idle && !is_quarantined_only(pool))
        return TN_ESTATE;
    if (!is_idle && !pool_is_silenced(pool))
        return TN_EQUARANTINED;
    enum tn_status status = pool->channel || !pool->reach ? TN_OK : device_pool_release(pool->reach);
    if (status != TN_OK)
        return status;
    pool_move(pool, TN_POOL_REVOKING);
    space_run_unmap(&pool->owner->space, &pool->mapping);
    if (is_kept(pool))
        (void)end_reach(pool);
    else
        settle(pool);
    return TN_OK;
}

/* A buffer in state SCRUBBING. Each has pages of its own, so no device reaches them any more. Of a pool that ends all
 * pages are zeroed before they have another owner. */
static void scrub_buffer(struct pool *pool, uint32_t slot)
{
    if (tn_buffer_scrub_decide(&pool->core, slot) != TN_OK)
        panic("pool: buffer %u of %s cannot be scrubbed", slot, pool->owner->name);
    if (pool->core.state == TN_POOL_MAPPED)
        pool_zero(pool_buffer_physical(pool, slot), pool->core.buffer_bytes);
    tn_buffer_scrubbed_commit(&pool->core, slot);
}

void pool_buffer_ended(struct pool *pool, uint32_t slot)
{
    scrub_buffer(pool, slot);
    settle(pool);
}

void pool_buffer_lost(struct pool *pool)
{
    note_quarantine(pool);
    settle(pool);
}

void pool_orphan_ended(struct pool *pool, uint32_t slot)
{
    scrub_buffer(pool, slot);
    if (pool->core.state == TN_POOL_MAPPED)
        pool_buffer_show(pool, slot);
    settle(pool);
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

/* Ring memory: nobody's any more, and its device writes there for ever if it is not silent. */
static void end_ring_memory(struct pool *pool)
{
    if (!device_is_silent(pool->reach)) {
        note_quarantine(pool);
        quarantine(pool);
        return;
    }
    release_cpu_buffers(pool);
    settle(pool);
}

void pools_owner_ended(struct process *owner)
{
    for (uint32_t i = 0; i < POOLS_MAX; i++) {
        struct pool *pool = &pools[i];
        if (!tn_slots_live(&pool_slots, i) || pool->owner != owner)
            continue;
        told[i].what = TOLD_NOTHING;
        if (pool->core.state == TN_POOL_RESERVED) { /* nobody has reached it yet */
            pool_zero_stop(pool);
            pool_give_back(pool);
        }
        if (pool->core.state != TN_POOL_MAPPED)
            continue;
        pool_move(pool, TN_POOL_REVOKING);
        pool->mapping = (struct space_run){0}; /* its tables go with the space */
        if (!pool->channel) {
            end_ring_memory(pool);
            continue;
        }
        release_cpu_buffers(pool);
        settle(pool);
    }
}

bool pools_device_ended(const struct device *device)
{
    bool withheld = false;
    for (uint32_t i = 0; i < POOLS_MAX; i++) {
        struct pool *pool = &pools[i];
        if (!tn_slots_live(&pool_slots, i) || !pool->channel || pool->reach != device ||
            pool->core.state != TN_POOL_MAPPED)
            continue;
        pool->is_withheld = pool->core.quarantined != 0 || !end_reach(pool);
        pool->name = 0;
        if (!pool->is_withheld)
            pool->reach = NULL;
        withheld = withheld || pool->is_withheld;
    }
    return withheld;
}

void pools_device_released(const struct device *device)
{
    for (uint32_t i = 0; i < POOLS_MAX; i++) {
        struct pool *pool = &pools[i];
        if (!tn_slots_live(&pool_slots, i) || pool->channel || pool->reach != device)
            continue;
        if (pool->core.state == TN_POOL_MAPPED) {
            pool_move(pool, TN_POOL_REVOKING);
            space_run_unmap(&pool->owner->space, &pool->mapping);
            end_ring_memory(pool);
        } else if (pool->core.state == TN_POOL_REVOKING) { /* given back before, and kept */
            end_ring_memory(pool);
        }
    }
}

void pools_device_silenced(const struct device *device)
{
    for (uint32_t i = 0; i < POOLS_MAX; i++) {
        struct pool *pool = &pools[i];
        if (!tn_slots_live(&pool_slots, i) || pool->reach != device || pool->core.state != TN_POOL_QUARANTINED)
            continue;
        release_cpu_buffers(pool);
        acquit(pool);
    }
}
