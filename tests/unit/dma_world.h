/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small world of one ledger, one pool and one queue for the DMA tests, and a naive recount of everything that the
 * core counts. The guarantees themselves are in test_dma_*.c.
 */
#ifndef TENURE_TESTS_DMA_WORLD_H
#define TENURE_TESTS_DMA_WORLD_H

#include <core/dma.h>

#include "unit.h"

enum {
    WORLD_BUFFERS = 4,
    WORLD_FENCES = 3,
    WORLD_PARTS = 3,
    WORLD_WAITERS = 2,
    WORLD_BUFFER_BYTES = 4096,
    WORLD_EPOCH = 7,
};

struct world {
    struct tn_ledger ledger;
    struct tn_pool pool;
    uint64_t marks[WORLD_BUFFERS];
    uint32_t lengths[WORLD_BUFFERS];
    uint32_t stack[WORLD_BUFFERS];
    uint16_t pages[WORLD_BUFFERS];
    struct tn_queue queue;
    struct tn_slot fence_slots[WORLD_FENCES];
    struct tn_fence_record fences[WORLD_FENCES];
    struct tn_buffer_name parts[WORLD_FENCES * WORLD_PARTS];
};

/* A pool that scrubs, each buffer with pages of its own. */
static inline struct tn_pool_plan world_plan(struct world *w, uint64_t generation_max)
{
    return (struct tn_pool_plan){
        .mark = w->marks,
        .length = w->lengths,
        .stack = w->stack,
        .owner_epoch = WORLD_EPOCH,
        .generation_max = generation_max,
        .count = WORLD_BUFFERS,
        .buffer_bytes = WORLD_BUFFER_BYTES,
        .buffers_per_page = 1,
        .scrub = true,
    };
}

static inline struct tn_queue_plan world_queue_plan(struct world *w, uint64_t generation_max)
{
    return (struct tn_queue_plan){
        .slot = w->fence_slots,
        .record = w->fences,
        .part = w->parts,
        .generation_max = generation_max,
        .depth = WORLD_FENCES,
        .parts_max = WORLD_PARTS,
        .waiters_max = WORLD_WAITERS,
    };
}

static inline void world_init_plan(struct world *w, const struct tn_pool_plan *plan)
{
    for (int i = 0; i < TN_CHARGE_COUNT; i++)
        w->ledger.limit[i] = 100;
    const struct tn_queue_plan queue_plan = world_queue_plan(w, TN_HANDLE_GENERATION_MAX);
    assert_true(tn_pool_init(&w->pool, plan));
    assert_true(tn_queue_init(&w->queue, &queue_plan));
    assert_ok(tn_pool_move(&w->pool, TN_POOL_RESERVED));
    assert_ok(tn_pool_move(&w->pool, TN_POOL_COMMITTED));
    assert_ok(tn_pool_move(&w->pool, TN_POOL_MAPPED));
}

static inline void world_init(struct world *w, uint64_t generation_max)
{
    memset(w, 0, sizeof(*w));
    const struct tn_pool_plan plan = world_plan(w, generation_max);
    world_init_plan(w, &plan);
}

/* A pool that the direct path serves. */
static inline void world_init_direct(struct world *w, uint64_t generation_max)
{
    memset(w, 0, sizeof(*w));
    struct tn_pool_plan plan = world_plan(w, generation_max);
    plan.scrub = false;
    plan.direct = true;
    world_init_plan(w, &plan);
}

/* A pool of slices: the last page has fewer when `per_page` does not divide the number of buffers. */
static inline void world_init_slices(struct world *w, uint32_t per_page)
{
    memset(w, 0, sizeof(*w));
    struct tn_pool_plan plan = world_plan(w, 99);
    plan.buffers_per_page = per_page;
    plan.page_away = w->pages;
    world_init_plan(w, &plan);
}

/* ---- names ---- */

#define NO_NAME ((struct tn_buffer_name){0, 0})

static inline bool same_name(struct tn_buffer_name a, struct tn_buffer_name b)
{
    return a.mark == b.mark && a.slot == b.slot;
}

/* The name that the buffer has at this moment, whoever holds it: a good guess. */
static inline struct tn_buffer_name guess_of(const struct world *w, struct tn_buffer_name name)
{
    return (struct tn_buffer_name){w->marks[name.slot], name.slot};
}

static inline uint32_t state_of(const struct world *w, struct tn_buffer_name name)
{
    return tn_buffer_state(&w->pool, (uint32_t)name.slot);
}

/* ---- the recount ---- */

static inline void recount_pages(const struct world *w)
{
    uint32_t per_page = w->pool.buffers_per_page;
    for (uint32_t page = 0; page < tn_pool_pages(w->pool.count, per_page); page++) {
        uint32_t away = 0, lost = 0;
        for (uint32_t i = page * per_page; i < (page + 1) * per_page && i < w->pool.count; i++) {
            away += tn_buffer_is_away(tn_buffer_state(&w->pool, i));
            if (tn_buffer_state(&w->pool, i) == TN_BUFFER_QUARANTINED)
                lost = TN_PAGE_LOST;
        }
        assert_int_equal(w->pages[page], away | lost);
    }
}

static inline void recount_buffers(const struct world *w)
{
    uint32_t buffers[TN_BUFFER_STATES] = {0};
    for (uint32_t i = 0; i < w->pool.count; i++) {
        assert_in_range(tn_mark_generation(w->marks[i]), 1, w->pool.last_mark / TN_MARK_STATES);
        assert_in_range(tn_buffer_state(&w->pool, i), 0, TN_BUFFER_STATES - 1);
        buffers[tn_buffer_state(&w->pool, i)]++;
    }
    assert_int_equal(w->pool.free, buffers[TN_BUFFER_FREE]);
    assert_int_equal(w->pool.quarantined, buffers[TN_BUFFER_QUARANTINED]);
    assert_int_equal(w->pool.retired, buffers[TN_BUFFER_RETIRED]);
    assert_int_equal(w->pool.away,
                     buffers[TN_BUFFER_IN_FLIGHT] + buffers[TN_BUFFER_ORPHAN] + buffers[TN_BUFFER_QUARANTINED]);
    bool on_stack[WORLD_BUFFERS] = {false};
    for (uint32_t i = 0; i < w->pool.free; i++) {
        assert_true(w->stack[i] < w->pool.count && !on_stack[w->stack[i]]);
        assert_int_equal(tn_buffer_state(&w->pool, w->stack[i]), TN_BUFFER_FREE);
        on_stack[w->stack[i]] = true;
    }
    assert_int_equal(w->pool.open, w->pool.state == TN_POOL_MAPPED);
    assert_int_equal(w->pool.direct_open, w->pool.open ? w->pool.direct : 0);
    assert_int_equal(tn_pool_is_idle(&w->pool), buffers[TN_BUFFER_FREE] + buffers[TN_BUFFER_RETIRED] == w->pool.count);
    recount_pages(w);
}

static inline void world_recount(const struct world *w)
{
    uint32_t fences[TN_FENCE_STATES] = {0};
    uint32_t in_flight = 0, queued = 0;
    recount_buffers(w);
    for (uint32_t i = 0; i < w->queue.slots.count; i++) {
        const struct tn_fence_record *fence = &w->fences[i];
        fences[fence->state]++;
        if (fence->state == TN_FENCE_FREE)
            continue;
        in_flight += fence->parts == 0 ? 1 : fence->parts - fence->taken;
        assert_true(fence->parts <= WORLD_PARTS && fence->waiters <= WORLD_WAITERS);
    }
    assert_memory_equal(fences, w->queue.in_state, sizeof(fences));
    assert_int_equal(w->ledger.used[TN_CHARGE_IN_FLIGHT], in_flight);
    uint32_t previous = TN_SLOT_NONE;
    uint64_t ticket = 0;
    for (uint32_t i = w->queue.queued_head; i != TN_SLOT_NONE; i = w->fences[i].next) {
        assert_true(queued++ < WORLD_FENCES);
        assert_int_equal(w->fences[i].state, TN_FENCE_QUEUED);
        assert_int_equal(w->fences[i].previous, previous);
        assert_true(w->fences[i].ticket > ticket);
        ticket = w->fences[i].ticket;
        previous = i;
    }
    assert_int_equal(w->queue.queued_tail, previous);
    assert_int_equal(queued, fences[TN_FENCE_QUEUED]);
}

/* ---- steps that must succeed ---- */

static inline struct tn_buffer_name world_alloc(struct world *w)
{
    assert_ok(tn_buffer_alloc_decide(&w->pool));
    return tn_buffer_alloc_commit(&w->pool);
}

static inline void world_release(struct world *w, struct tn_buffer_name buffer)
{
    assert_ok(tn_buffer_release_decide(&w->pool, buffer));
    tn_buffer_release_commit(&w->pool, buffer);
    if (w->pool.scrub)
        tn_buffer_scrubbed_commit(&w->pool, (uint32_t)buffer.slot);
}

static inline struct tn_submission world_submission(struct world *w, struct tn_buffer_name buffer)
{
    return (struct tn_submission){.pool = &w->pool,
                                  .buffer = buffer,
                                  .ledger = &w->ledger,
                                  .length = WORLD_BUFFER_BYTES,
                                  .direction = TN_FROM_DEVICE};
}

static inline uint64_t world_submit(struct world *w, struct tn_buffer_name buffer)
{
    struct tn_submission submission = world_submission(w, buffer);
    assert_ok(tn_submit_decide(&w->queue, &submission));
    return tn_submit_commit(&w->queue, &submission);
}

/* A fence that stays open, with one buffer. */
static inline uint64_t world_open(struct world *w, struct tn_buffer_name buffer, uint32_t length)
{
    struct tn_submission submission = world_submission(w, buffer);
    submission.length = length;
    submission.more = true;
    assert_ok(tn_submit_decide(&w->queue, &submission));
    return tn_submit_commit(&w->queue, &submission);
}

static inline void world_add(struct world *w, uint64_t fence, struct tn_buffer_name buffer, uint32_t length)
{
    assert_ok(tn_submit_add_decide(&w->queue, fence, buffer, length));
    tn_submit_add_commit(&w->queue, fence, buffer, length);
}

static inline void world_close(struct world *w, uint64_t fence)
{
    assert_ok(tn_submit_close_decide(&w->queue, fence));
    tn_submit_close_commit(&w->queue, fence);
}

static inline uint64_t world_ticket(const struct world *w, uint64_t fence)
{
    return w->fences[tn_handle_slot(fence)].ticket;
}

/* Submits `buffer` and hands it to the device. */
static inline uint64_t world_post(struct world *w, struct tn_buffer_name buffer)
{
    uint64_t fence = world_submit(w, buffer);
    assert_int_equal(tn_queue_oldest(&w->queue), fence);
    assert_int_equal(tn_queue_post_commit(&w->queue), fence);
    return fence;
}

/* All that was submitted with it has been used. */
static inline struct tn_completion world_completion(const struct world *w, uint64_t fence)
{
    return (struct tn_completion){.fence = fence,
                                  .ticket = world_ticket(w, fence),
                                  .status = TN_OK,
                                  .used = w->fences[tn_handle_slot(fence)].length};
}

static inline void world_complete(struct world *w, uint64_t fence)
{
    struct tn_completion completion = world_completion(w, fence);
    assert_ok(tn_complete_decide(&w->queue, &completion));
    tn_complete_commit(&w->queue, &completion);
}

static inline void world_end(struct world *w, uint64_t fence, enum tn_status status)
{
    assert_ok(tn_fence_end_decide(&w->queue, fence, status));
    tn_fence_end_commit(&w->queue, fence, status);
}

static inline struct tn_outcome world_take(struct world *w, uint64_t fence)
{
    assert_ok(tn_fence_take_decide(&w->queue, fence));
    return tn_fence_take_commit(&w->queue, fence);
}

#endif
