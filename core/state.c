/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state machines as data: one row for each state, one bit for each state that may follow. Why a move happens, and
 * what it does besides, is left to dma_pool.c and dma_queue.c; the drawings in the docs come from here.
 */
#include "state.h"

#include "bug.h"

#define TO(state) (UINT32_C(1) << (state))

static const uint32_t buffer_moves[TN_BUFFER_STATES] = {
    [TN_BUFFER_FREE] = TO(TN_BUFFER_CPU),
    [TN_BUFFER_CPU] = TO(TN_BUFFER_IN_FLIGHT) | TO(TN_BUFFER_SCRUBBING),
    [TN_BUFFER_IN_FLIGHT] =
        TO(TN_BUFFER_COMPLETED) | TO(TN_BUFFER_ABORTED) | TO(TN_BUFFER_ORPHAN) | TO(TN_BUFFER_QUARANTINED),
    [TN_BUFFER_COMPLETED] = TO(TN_BUFFER_CPU),
    [TN_BUFFER_ABORTED] = TO(TN_BUFFER_CPU),
    [TN_BUFFER_ORPHAN] = TO(TN_BUFFER_SCRUBBING) | TO(TN_BUFFER_QUARANTINED),
    [TN_BUFFER_SCRUBBING] = TO(TN_BUFFER_FREE),
    [TN_BUFFER_QUARANTINED] = 0,
};

static const char *const buffer_names[TN_BUFFER_STATES] = {
    [TN_BUFFER_FREE] = "free",           [TN_BUFFER_CPU] = "cpu",
    [TN_BUFFER_IN_FLIGHT] = "in_flight", [TN_BUFFER_COMPLETED] = "completed",
    [TN_BUFFER_ABORTED] = "aborted",     [TN_BUFFER_ORPHAN] = "orphan",
    [TN_BUFFER_SCRUBBING] = "scrubbing", [TN_BUFFER_QUARANTINED] = "quarantined",
};

/* reserved to empty: the memory was not to be had. committed to revoking: the mapping failed half-way. */
static const uint32_t pool_moves[TN_POOL_STATES] = {
    [TN_POOL_EMPTY] = TO(TN_POOL_RESERVED),
    [TN_POOL_RESERVED] = TO(TN_POOL_COMMITTED) | TO(TN_POOL_EMPTY),
    [TN_POOL_COMMITTED] = TO(TN_POOL_MAPPED) | TO(TN_POOL_REVOKING),
    [TN_POOL_MAPPED] = TO(TN_POOL_REVOKING),
    [TN_POOL_REVOKING] = TO(TN_POOL_INVALIDATED) | TO(TN_POOL_QUARANTINED),
    [TN_POOL_INVALIDATED] = TO(TN_POOL_SCRUBBED),
    [TN_POOL_SCRUBBED] = TO(TN_POOL_EMPTY),
    [TN_POOL_QUARANTINED] = 0,
};

static const char *const pool_names[TN_POOL_STATES] = {
    [TN_POOL_EMPTY] = "empty",       [TN_POOL_RESERVED] = "reserved",       [TN_POOL_COMMITTED] = "committed",
    [TN_POOL_MAPPED] = "mapped",     [TN_POOL_REVOKING] = "revoking",       [TN_POOL_INVALIDATED] = "invalidated",
    [TN_POOL_SCRUBBED] = "scrubbed", [TN_POOL_QUARANTINED] = "quarantined",
};

static const uint32_t fence_moves[TN_FENCE_STATES] = {
    [TN_FENCE_FREE] = TO(TN_FENCE_QUEUED),
    [TN_FENCE_QUEUED] = TO(TN_FENCE_POSTED) | TO(TN_FENCE_ENDED),
    [TN_FENCE_POSTED] = TO(TN_FENCE_ENDED),
    [TN_FENCE_ENDED] = TO(TN_FENCE_FREE),
};

static const char *const fence_names[TN_FENCE_STATES] = {
    [TN_FENCE_FREE] = "free",
    [TN_FENCE_QUEUED] = "queued",
    [TN_FENCE_POSTED] = "posted",
    [TN_FENCE_ENDED] = "ended",
};

bool tn_buffer_may_move(uint32_t from, uint32_t to)
{
    return from < TN_BUFFER_STATES && to < TN_BUFFER_STATES && (buffer_moves[from] >> to & 1) != 0;
}

bool tn_pool_may_move(uint32_t from, uint32_t to)
{
    return from < TN_POOL_STATES && to < TN_POOL_STATES && (pool_moves[from] >> to & 1) != 0;
}

bool tn_fence_may_move(uint32_t from, uint32_t to)
{
    return from < TN_FENCE_STATES && to < TN_FENCE_STATES && (fence_moves[from] >> to & 1) != 0;
}

const char *tn_buffer_state_name(uint32_t state)
{
    return state < TN_BUFFER_STATES ? buffer_names[state] : "?";
}

const char *tn_pool_state_name(uint32_t state)
{
    return state < TN_POOL_STATES ? pool_names[state] : "?";
}

const char *tn_fence_state_name(uint32_t state)
{
    return state < TN_FENCE_STATES ? fence_names[state] : "?";
}

void tn_buffer_move(struct tn_pool *pool, uint32_t slot, enum tn_buffer_state to)
{
    struct tn_buffer *buffer = tn_buffer_at(pool, slot);
#ifndef TN_TWIN_SUBMIT /* the twin takes one buffer through two fences at once: the table would rightly trap */
    TN_BUG_IF(!tn_buffer_may_move(buffer->state, to));
#endif
    TN_BUG_IF(pool->in_state[buffer->state] == 0);
    pool->in_state[buffer->state]--;
    pool->in_state[to]++;
    buffer->state = (uint8_t)to;
}

void tn_fence_move(struct tn_queue *queue, uint32_t slot, enum tn_fence_state to)
{
    struct tn_fence_record *fence = tn_fence_at(queue, slot);
#ifndef TN_TWIN_TICKET /* the twin completes whoever has the slot, twice if asked twice */
    TN_BUG_IF(!tn_fence_may_move(fence->state, to));
#endif
    TN_BUG_IF(queue->in_state[fence->state] == 0);
    queue->in_state[fence->state]--;
    queue->in_state[to]++;
    fence->state = (uint8_t)to;
}
