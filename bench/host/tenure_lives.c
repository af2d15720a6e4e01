/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A buffer's life in libtenure: alloc, submit, parked while in flight, complete, release; with 32 in flight, in batches
 * of 32, and with a scrub. Built as a user builds: against the library, with its checks on.
 */
#include <tenure/batch.h>

#include "lives.h"

static struct tn_dma_pool *pool_of(enum tn_scrub scrub, enum tn_guard guard)
{
    const struct tn_dma_pool_config config = {
        .label = "bench", .count = BUFFERS, .buffer_bytes = BUFFER_BYTES, .scrub = scrub, .guard = guard};
    struct tn_dma_pool *pool = tn_dma_pool_create(&config, NULL);
    if (pool == NULL)
        exit(2);
    return pool;
}

static __attribute__((noinline)) long live_in(struct tn_dma_pool *pool, long lives)
{
    static struct tn_parked_fence table[IN_FLIGHT];
    long wrong = 0;
    for (long i = 0; i < lives; i++) {
        struct tn_parked_fence *place = &table[i % IN_FLIGHT];
        TN_FENCE(old);
        TN_FENCE(fence);
        TN_DMA_BUFFER(buffer);
        if (tn_fence_unpark(place, &old)) {
            TN_DMA_BUFFER(back);
            if (tn_fence_complete(&old, BUFFER_BYTES, &back))
                tn_dma_buffer_release(&back);
            else
                wrong++;
        }
        if (!tn_dma_buffer_alloc(pool, &buffer)) {
            wrong++;
            continue;
        }
        if (!tn_dma_submit(&buffer, BUFFER_BYTES, &fence)) {
            tn_dma_buffer_release(&buffer);
            wrong++;
            continue;
        }
        if (!tn_fence_park(&fence, place)) {
            tn_fence_quarantine(&fence);
            wrong++;
        }
    }
    for (int i = 0; i < IN_FLIGHT; i++) { /* the pool goes on to the next round as it began */
        TN_FENCE(old);
        TN_DMA_BUFFER(back);
        if (tn_fence_unpark(&table[i], &old) && tn_fence_complete(&old, BUFFER_BYTES, &back))
            tn_dma_buffer_release(&back);
    }
    return wrong;
}

static long inflight(long lives)
{
    static struct tn_dma_pool *pool;
    pool = pool != NULL ? pool : pool_of(TN_SCRUB_NEVER, TN_GUARD_OFF);
    return live_in(pool, lives);
}

static long scrubbed(long lives)
{
    static struct tn_dma_pool *pool;
    pool = pool != NULL ? pool : pool_of(TN_SCRUB_ON_RELEASE, TN_GUARD_OFF);
    return live_in(pool, lives);
}

static long guarded(long lives)
{
    static struct tn_dma_pool *pool;
    pool = pool != NULL ? pool : pool_of(TN_SCRUB_NEVER, TN_GUARD_MPROTECT);
    return live_in(pool, lives);
}

static __attribute__((noinline)) long bulk_in(struct tn_dma_pool *pool, long lives)
{
    long wrong = 0;
    for (long i = 0; i < lives; i += IN_FLIGHT) {
        TN_DMA_BATCH(batch, IN_FLIGHT);
        TN_FENCE_BATCH(fences);
        if (!tn_dma_batch_alloc(pool, IN_FLIGHT, &batch)) {
            wrong++;
            continue;
        }
        if (!tn_dma_batch_submit(&batch, BUFFER_BYTES, &fences)) {
            tn_dma_batch_release(&batch);
            wrong++;
            continue;
        }
        tn_fence_batch_complete(&fences, NULL, &batch);
        tn_dma_batch_release(&batch);
    }
    return wrong;
}

static long bulk(long lives)
{
    static struct tn_dma_pool *pool;
    pool = pool != NULL ? pool : pool_of(TN_SCRUB_NEVER, TN_GUARD_OFF);
    return bulk_in(pool, lives);
}

int main(int argc, char **argv)
{
    static const struct way ways[] = {
        {"inflight32", inflight}, {"bulk32", bulk}, {"scrub", scrubbed}, {"mprotect", guarded}};
    return lives_main(argc, argv, ways, sizeof(ways) / sizeof(*ways));
}
