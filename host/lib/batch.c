/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What batch.h does to each buffer of a batch. Each goes the short way of the direct path as long as nothing is
 * unusual, over a copy of the pool whose fields stay in registers; from the first that is, each goes the way it would
 * go alone.
 */
#include <string.h>
#include <tenure/batch.h>

#include "pool_inside.h"

/* ---- one by one, kept apart so that the short ways need no registers for it ---- */

#define ONE_BY_ONE static __attribute__((noinline, cold))

ONE_BY_ONE void release_rest(struct tn_dma_pool *pool, const struct tn_buffer_name *at,
                             const struct tn_buffer_name *end, void *caller)
{
    tn_inside(pool)->caller = caller;
    for (; at != end; at++)
        tn_dma_release_otherwise(pool, at->mark, (uint32_t)at->slot);
    tn_inside(pool)->caller = NULL;
}

ONE_BY_ONE enum tn_status alloc_rest(struct tn_dma_pool *pool, struct tn_buffer_name *entry, uint32_t count,
                                     void *caller)
{
    for (uint32_t i = 0; i < count; i++) {
        entry[i] = tn_dma_alloc_otherwise(pool);
        if (entry[i].mark == 0) {
            const enum tn_status status = (enum tn_status)entry[i].slot;
            release_rest(pool, entry, entry + i, caller);
            return status;
        }
    }
    return TN_OK;
}

static uint32_t used_of(const uint32_t *used, uint32_t index, uint32_t length)
{
    return used != NULL ? used[index] : length;
}

ONE_BY_ONE uint32_t complete_rest(struct tn_dma_pool *pool, struct tn_buffer_name *entry, uint32_t first,
                                  uint32_t count, uint32_t length, uint32_t *used)
{
    uint32_t kept = first;
    for (uint32_t i = first; i < count; i++) {
        const uint32_t claimed = used_of(used, i, length);
        enum tn_status status;
        entry[kept] = tn_dma_complete_otherwise(pool, entry[i].mark, (uint32_t)entry[i].slot, claimed, &status);
        if (entry[kept].mark == 0)
            continue;
        if (used != NULL)
            used[kept] = status == TN_OK ? claimed : 0;
        kept++;
    }
    return kept;
}

/* From entry `first` on; *count becomes how many are in flight. What names nothing leaves the batch. Any other refusal
 * is the whole batch's: what had left comes home, and *count are still in it. */
ONE_BY_ONE enum tn_status submit_rest(struct tn_dma_pool *pool, struct tn_buffer_name *entry, uint32_t first,
                                      uint32_t *count, uint32_t length, void *caller)
{
    uint32_t kept = first;
    for (uint32_t i = first; i < *count; i++) {
        tn_inside(pool)->caller = caller;
        const struct tn_buffer_name flying =
            tn_dma_submit_otherwise(pool, entry[i].mark, (uint32_t)entry[i].slot, length);
        tn_inside(pool)->caller = NULL;
        if (flying.mark != 0) {
            entry[kept++] = flying;
        } else if (flying.slot != TN_ESTALE) {
            kept = complete_rest(pool, entry, 0, kept, length, NULL);
            memmove(entry + kept, entry + i, (*count - i) * sizeof(*entry));
            *count = kept + (*count - i);
            return (enum tn_status)flying.slot;
        }
    }
    *count = kept;
    return TN_OK;
}

/* ---- the short ways ---- */

enum tn_status tn_dma_each_alloc(struct tn_dma_pool *pool, struct tn_buffer_name *entry, uint32_t count)
{
    struct tn_pool core = pool->core;
    if (!tn_direct_can_alloc(&core) || count > core.free)
        return alloc_rest(pool, entry, count, TN_CALLER);
    for (struct tn_buffer_name *at = entry, *const end = entry + count; at != end; at++)
        *at = tn_direct_alloc_commit(&core);
    tn_direct_settle(&pool->core, &core);
    return TN_OK;
}

enum tn_status tn_dma_each_submit(struct tn_dma_pool *pool, struct tn_buffer_name *entry, uint32_t *count,
                                  uint32_t length)
{
    struct tn_pool core = pool->core;
    if (length == 0 || length > core.buffer_bytes) /* asked once, where the compiler sees it for all */
        return TN_ERANGE;
    struct tn_buffer_name *at = entry, *const end = entry + *count;
    for (; at != end && __builtin_expect(tn_direct_can_submit(&core, *at, length), 1); at++)
        at->mark = tn_direct_submit_commit(&core, *at, length).mark; /* the slot stays */
    tn_direct_settle(&pool->core, &core);
    if (__builtin_expect(at != end, 0))
        return submit_rest(pool, entry, (uint32_t)(at - entry), count, length, TN_CALLER);
    return TN_OK;
}

/* How many went the short way. Inlined for each kind of `used`. */
static inline __attribute__((always_inline)) uint32_t complete_first(struct tn_pool *pool, struct tn_buffer_name *entry,
                                                                     uint32_t count, uint32_t length,
                                                                     const uint32_t *used)
{
    struct tn_pool core = *pool;
    uint32_t i = 0;
    for (; i < count && __builtin_expect(tn_direct_can_complete(&core, entry[i], used_of(used, i, length)), 1); i++)
        entry[i].mark = tn_direct_complete_commit(&core, entry[i]).mark;
    tn_direct_settle(pool, &core);
    return i;
}

uint32_t tn_dma_each_complete(struct tn_dma_pool *pool, struct tn_buffer_name *entry, uint32_t count, uint32_t length,
                              uint32_t *used)
{
    const uint32_t first = used == NULL ? complete_first(&pool->core, entry, count, length, NULL)
                                        : complete_first(&pool->core, entry, count, length, used);
    return __builtin_expect(first == count, 1) ? count : complete_rest(pool, entry, first, count, length, used);
}

void tn_dma_each_release(struct tn_dma_pool *pool, const struct tn_buffer_name *entry, uint32_t count)
{
    struct tn_pool core = pool->core;
    const struct tn_buffer_name *at = entry, *const end = entry + count;
    for (; at != end && __builtin_expect(tn_direct_can_recycle(&core, *at), 1); at++)
        tn_direct_release_commit(&core, *at);
    tn_direct_settle(&pool->core, &core);
    if (__builtin_expect(at != end, 0))
        release_rest(pool, at, end, TN_CALLER);
}
