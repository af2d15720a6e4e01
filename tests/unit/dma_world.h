/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small world of one ledger, one pool and one queue for the DMA tests, and a naive recount of everything that the
 * core counts. The guarantees themselves are in test_dma_buffer.c and test_dma_fence.c.
 */
#ifndef TENURE_TESTS_DMA_WORLD_H
#define TENURE_TESTS_DMA_WORLD_H

#include <core/dma.h>

#include "unit.h"

enum {
    WORLD_BUFFERS = 4,
    WORLD_FENCES = 3,
    WORLD_BUFFER_BYTES = 4096,
    WORLD_EPOCH = 7,
};

struct world {
    struct tn_ledger ledger;
    struct tn_pool pool;
    struct tn_slot buffer_slots[WORLD_BUFFERS];
    struct tn_buffer buffers[WORLD_BUFFERS];
    struct tn_queue queue;
    struct tn_slot fence_slots[WORLD_FENCES];
    struct tn_fence_record fences[WORLD_FENCES];
};

static inline struct tn_pool_plan world_plan(struct world *w, uint64_t generation_max)
{
    return (struct tn_pool_plan){
        .slot = w->buffer_slots,
        .record = w->buffers,
        .ledger = &w->ledger,
        .owner_epoch = WORLD_EPOCH,
        .generation_max = generation_max,
        .count = WORLD_BUFFERS,
        .buffer_bytes = WORLD_BUFFER_BYTES,
    };
}

static inline void world_init(struct world *w, uint64_t generation_max)
{
    memset(w, 0, sizeof(*w));
    for (int i = 0; i < TN_CHARGE_COUNT; i++)
        w->ledger.limit[i] = 100;
    struct tn_pool_plan plan = world_plan(w, generation_max);
    assert_true(tn_pool_init(&w->pool, &plan));
    assert_true(tn_queue_init(&w->queue, w->fence_slots, w->fences, WORLD_FENCES, TN_HANDLE_GENERATION_MAX));
    assert_ok(tn_pool_move(&w->pool, TN_POOL_RESERVED));
    assert_ok(tn_pool_move(&w->pool, TN_POOL_COMMITTED));
    assert_ok(tn_pool_move(&w->pool, TN_POOL_MAPPED));
}

static inline uint32_t world_retired(const struct world *w)
{
    uint32_t retired = 0;
    for (int i = 0; i < WORLD_BUFFERS; i++)
        retired += w->buffer_slots[i].generation == TN_SLOT_RETIRED;
    return retired;
}

static inline void world_recount(const struct world *w)
{
    uint32_t buffers[TN_BUFFER_STATES] = {0};
    uint32_t fences[TN_FENCE_STATES] = {0};
    uint32_t taken = 0, in_flight = 0, queued = 0, dead = 0;
    for (uint32_t i = 0; i < w->pool.slots.count; i++) {
        buffers[w->buffers[i].state]++;
        taken += w->buffers[i].state != TN_BUFFER_FREE;
        assert_int_equal(tn_slots_live(&w->pool.slots, i), w->buffers[i].state != TN_BUFFER_FREE);
        dead += w->buffer_slots[i].generation == TN_SLOT_RETIRED;
    }
    assert_int_equal(w->pool.slots.free, w->pool.slots.count - taken - dead);
    for (uint32_t i = 0; i < w->queue.slots.count; i++) {
        fences[w->fences[i].state]++;
        in_flight += w->fences[i].state != TN_FENCE_FREE;
    }
    assert_memory_equal(buffers, w->pool.in_state, sizeof(buffers));
    assert_memory_equal(fences, w->queue.in_state, sizeof(fences));
    assert_int_equal(w->ledger.used[TN_CHARGE_BUFFERS], taken);
    assert_int_equal(w->ledger.used[TN_CHARGE_IN_FLIGHT], in_flight);
    uint32_t previous = TN_SLOT_NONE;
    for (uint32_t i = w->queue.queued_head; i != TN_SLOT_NONE; i = w->fences[i].next) {
        assert_true(queued++ < WORLD_FENCES);
        assert_int_equal(w->fences[i].state, TN_FENCE_QUEUED);
        assert_int_equal(w->fences[i].previous, previous);
        previous = i;
    }
    assert_int_equal(w->queue.queued_tail, previous);
    assert_int_equal(queued, fences[TN_FENCE_QUEUED]);
}

static inline uint64_t world_alloc(struct world *w)
{
    assert_ok(tn_buffer_alloc_decide(&w->pool, WORLD_BUFFER_BYTES));
    return tn_buffer_alloc_commit(&w->pool, WORLD_BUFFER_BYTES);
}

static inline void world_release(struct world *w, uint64_t buffer)
{
    assert_ok(tn_buffer_use_decide(&w->pool, buffer));
    tn_buffer_release_commit(&w->pool, buffer);
    tn_buffer_scrubbed_commit(&w->pool, tn_handle_slot(buffer));
}

static inline struct tn_submission world_submission(struct world *w, uint64_t buffer)
{
    return (struct tn_submission){.pool = &w->pool,
                                  .buffer = buffer,
                                  .ledger = &w->ledger,
                                  .length = WORLD_BUFFER_BYTES,
                                  .direction = TN_FROM_DEVICE};
}

static inline uint64_t world_submit(struct world *w, uint64_t buffer)
{
    struct tn_submission submission = world_submission(w, buffer);
    assert_ok(tn_submit_decide(&w->queue, &submission));
    return tn_submit_commit(&w->queue, &submission);
}

static inline uint64_t world_ticket(const struct world *w, uint64_t fence)
{
    return w->fences[tn_handle_slot(fence)].ticket;
}

/* Submits `buffer` and hands it to the device. */
static inline uint64_t world_post(struct world *w, uint64_t buffer)
{
    uint64_t fence = world_submit(w, buffer);
    assert_int_equal(tn_queue_oldest(&w->queue), fence);
    assert_int_equal(tn_queue_post_commit(&w->queue), fence);
    return fence;
}

static inline struct tn_completion world_completion(const struct world *w, uint64_t fence)
{
    return (struct tn_completion){
        .fence = fence, .ticket = world_ticket(w, fence), .status = TN_OK, .used = WORLD_BUFFER_BYTES};
}

static inline void world_complete(struct world *w, uint64_t fence)
{
    struct tn_completion completion = world_completion(w, fence);
    assert_ok(tn_complete_decide(&w->queue, &completion));
    tn_complete_commit(&w->queue, &completion);
}

static inline struct tn_outcome world_take(struct world *w, uint64_t fence)
{
    assert_ok(tn_fence_take_decide(&w->queue, fence));
    return tn_fence_take_commit(&w->queue, fence);
}

#endif
