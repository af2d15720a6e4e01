/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the inline functions of tenure.h leave: pools with a guard or with scrubbing, and every refusal. The core
 * decides here as there.
 */
#include <string.h>
#include <time.h>

#include "pool_inside.h"

static const struct tn_buffer_name nothing;

static void count_refusal(struct tn_dma_pool *pool, enum tn_status status)
{
    if (pool == NULL) /* a token that was never granted */
        return;
    tn_inside(pool)->refused++;
    tn_inside(pool)->refused_status = (uint32_t)status;
}

static struct tn_buffer_name refused(struct tn_dma_pool *pool, enum tn_status status)
{
    count_refusal(pool, status);
    return (struct tn_buffer_name){0, (uint64_t)status};
}

struct tn_buffer_name tn_dma_alloc_otherwise(struct tn_dma_pool *pool)
{
    enum tn_status status = tn_buffer_alloc_decide(&pool->core);
    if (status != TN_OK) /* an empty pool is no mistake */
        return (struct tn_buffer_name){0, (uint64_t)status};
    struct tn_buffer_name name = tn_buffer_alloc_commit(&pool->core);
    if (tn_guard_open(tn_inside(pool), name.slot))
        return name;
    tn_buffer_release_commit(&pool->core, name);
    if (pool->core.scrub)
        tn_buffer_scrubbed_commit(&pool->core, (uint32_t)name.slot);
    return (struct tn_buffer_name){0, TN_EEXHAUSTED};
}

struct tn_buffer_name tn_dma_submit_otherwise(struct tn_dma_pool *pool, uint64_t mark, uint32_t slot, uint32_t length)
{
    const struct tn_buffer_name name = {mark, slot};
    if (pool == NULL)
        return refused(pool, TN_ESTALE);
    bool plain = tn_inside(pool)->plain;
    enum tn_status status =
        plain ? tn_direct_submit_decide(&pool->core, name, length) : tn_buffer_depart_decide(&pool->core, name, length);
    if (status != TN_OK)
        return refused(pool, status);
    if (plain)
        return tn_direct_submit_commit(&pool->core, name, length);
    if (!tn_guard_close(tn_inside(pool), name.slot, "submitted", TN_CALLER))
        return (struct tn_buffer_name){0, TN_EEXHAUSTED}; /* no mistake of the caller's: not counted as one */
    return tn_buffer_depart_commit(&pool->core, name, length);
}

/* The way home of a buffer in flight, from either kind of pool. */
static struct tn_buffer_name home(struct tn_dma_pool *pool, struct tn_buffer_name name)
{
    if (tn_inside(pool)->plain)
        return tn_direct_complete_commit(&pool->core, name);
    name = tn_buffer_arrive_commit(&pool->core, name, TN_BUFFER_COMPLETED);
    return tn_buffer_home_commit(&pool->core, name);
}

struct tn_buffer_name tn_dma_complete_otherwise(struct tn_dma_pool *pool, uint64_t mark, uint32_t slot, uint32_t used,
                                                enum tn_status *status)
{
    const struct tn_buffer_name name = {mark, slot};
    *status = TN_ESTALE;
    if (pool == NULL || tn_buffer_arrive_decide(&pool->core, name, TN_BUFFER_COMPLETED) != TN_OK)
        return refused(pool, TN_ESTALE);
    /* A guard that fails must not cost a buffer: rather is the whole pool without one. */
    if (!tn_guard_open(tn_inside(pool), name.slot) && !tn_guard_open_all(tn_inside(pool))) {
        *status = TN_EQUARANTINED; /* out of the CPU's reach for good */
        (void)tn_buffer_arrive_commit(&pool->core, name, TN_BUFFER_QUARANTINED);
        return nothing;
    }
    *status = TN_OK;
    if (used > pool->core.length[name.slot]) {
        *status = TN_EPROTOCOL;
        tn_inside(pool)->lied++;
    }
    return home(pool, name);
}

bool tn_dma_is_cpus(struct tn_dma_pool *pool, uint64_t mark, uint32_t slot)
{
    const struct tn_buffer_name name = {mark, slot};
    if (pool != NULL && tn_buffer_use_decide(&pool->core, name) == TN_OK)
        return true;
    count_refusal(pool, TN_ESTALE);
    return false;
}

void tn_dma_release_otherwise(struct tn_dma_pool *pool, uint64_t mark, uint32_t slot)
{
    if (!tn_dma_is_cpus(pool, mark, slot))
        return;
    const struct tn_buffer_name name = {mark, slot};
    struct tn_pool_inside *inside = tn_inside(pool);
    const uint64_t scrub = inside->scrub_bytes;
    tn_buffer_release_commit(&pool->core, name);
    if (scrub != 0)
        memset(pool->memory + name.slot * pool->stride, 0, scrub);
    /* A free buffer without guard is only less checked. */
    (void)tn_guard_close(inside, name.slot, "released", TN_CALLER);
    if (scrub != 0)
        tn_buffer_scrubbed_commit(&pool->core, (uint32_t)name.slot);
}

uint64_t tn_dma_names_nothing(struct tn_dma_pool *pool)
{
    count_refusal(pool, TN_ESTALE);
    return UINT64_MAX;
}

void tn_dma_quarantine(struct tn_dma_pool *pool, uint64_t mark, uint32_t slot)
{
    const struct tn_buffer_name name = {mark, slot};
    if (pool == NULL || tn_buffer_arrive_decide(&pool->core, name, TN_BUFFER_QUARANTINED) != TN_OK) {
        count_refusal(pool, TN_ESTALE);
        return;
    }
    (void)tn_buffer_arrive_commit(&pool->core, name, TN_BUFFER_QUARANTINED);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

bool tn_dma_poll(tn_poll *poll, void *context, uint32_t tag, uint64_t timeout_ns, uint32_t *used,
                 enum tn_status *status)
{
    *status = TN_EINVAL;
    if (timeout_ns == UINT64_MAX)
        return false;
    *status = poll(context, tag, used);
    if (*status != TN_EAGAIN)
        return true;
    for (uint64_t begin = now_ns(); now_ns() - begin < timeout_ns;) {
        *status = poll(context, tag, used);
        if (*status != TN_EAGAIN)
            return true;
        __builtin_ia32_pause();
    }
    *status = TN_ETIMEDOUT;
    return false;
}
