/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state machines as data: for each state the ones that may follow. Why a move happens, and what it
 * does besides, is left to dma_pool.c and dma_queue.c; the drawings in the docs come from here.
 */
#include "state.h"

#include "bug.h"

static const char *const buffer_names[TN_BUFFER_STATES] = {
    [TN_BUFFER_FREE] = "free",           [TN_BUFFER_CPU] = "cpu",
    [TN_BUFFER_IN_FLIGHT] = "in_flight", [TN_BUFFER_COMPLETED] = "completed",
    [TN_BUFFER_ABORTED] = "aborted",     [TN_BUFFER_ORPHAN] = "orphan",
    [TN_BUFFER_SCRUBBING] = "scrubbing", [TN_BUFFER_QUARANTINED] = "quarantined",
};

static const char *const pool_names[TN_POOL_STATES] = {
    [TN_POOL_EMPTY] = "empty",       [TN_POOL_RESERVED] = "reserved",       [TN_POOL_COMMITTED] = "committed",
    [TN_POOL_MAPPED] = "mapped",     [TN_POOL_REVOKING] = "revoking",       [TN_POOL_INVALIDATED] = "invalidated",
    [TN_POOL_SCRUBBED] = "scrubbed", [TN_POOL_QUARANTINED] = "quarantined",
};

static const char *const fence_names[TN_FENCE_STATES] = {
    [TN_FENCE_FREE] = "free",
    [TN_FENCE_QUEUED] = "queued",
    [TN_FENCE_POSTED] = "posted",
    [TN_FENCE_ENDED] = "ended",
};

bool tn_buffer_may_move(uint32_t from, uint32_t to)
{
    switch (from) {
    case TN_BUFFER_FREE:
        return to == TN_BUFFER_CPU;
    case TN_BUFFER_CPU:
        return to == TN_BUFFER_IN_FLIGHT || to == TN_BUFFER_SCRUBBING;
    case TN_BUFFER_IN_FLIGHT:
        return to == TN_BUFFER_COMPLETED || to == TN_BUFFER_ABORTED || to == TN_BUFFER_ORPHAN ||
               to == TN_BUFFER_QUARANTINED;
    case TN_BUFFER_COMPLETED:
    case TN_BUFFER_ABORTED:
        return to == TN_BUFFER_CPU;
    case TN_BUFFER_ORPHAN:
        return to == TN_BUFFER_SCRUBBING || to == TN_BUFFER_QUARANTINED;
    case TN_BUFFER_SCRUBBING:
        return to == TN_BUFFER_FREE;
    default: /* in quarantine: for good */
        return false;
    }
}

/* reserved to empty: the memory was not to be had. committed to revoking: the mapping failed half-way. */
bool tn_pool_may_move(uint32_t from, uint32_t to)
{
    switch (from) {
    case TN_POOL_EMPTY:
        return to == TN_POOL_RESERVED;
    case TN_POOL_RESERVED:
        return to == TN_POOL_COMMITTED || to == TN_POOL_EMPTY;
    case TN_POOL_COMMITTED:
        return to == TN_POOL_MAPPED || to == TN_POOL_REVOKING;
    case TN_POOL_MAPPED:
        return to == TN_POOL_REVOKING;
    case TN_POOL_REVOKING:
        return to == TN_POOL_INVALIDATED || to == TN_POOL_QUARANTINED;
    case TN_POOL_INVALIDATED:
        return to == TN_POOL_SCRUBBED;
    case TN_POOL_SCRUBBED:
        return to == TN_POOL_EMPTY;
    default: /* in quarantine: for good */
        return false;
    }
}

bool tn_fence_may_move(uint32_t from, uint32_t to)
{
    switch (from) {
    case TN_FENCE_FREE:
        return to == TN_FENCE_QUEUED;
    case TN_FENCE_QUEUED:
        return to == TN_FENCE_POSTED || to == TN_FENCE_ENDED;
    case TN_FENCE_POSTED:
        return to == TN_FENCE_ENDED;
    case TN_FENCE_ENDED:
        return to == TN_FENCE_FREE;
    default:
        return false;
    }
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
    uint32_t from = pool->record[slot].state;
#ifndef TN_TWIN_SUBMIT /* the twin takes one buffer through two fences at once: the table would rightly trap */
    TN_ASSERT(tn_buffer_may_move(from, to));
#endif
    /*@ ghost // someone is in `from` and not everyone in `to`, so neither count can wrap
      /@ loop invariant 0 <= k <= pool->slots.count;
         loop invariant 0 <= tn_buffers_in(pool->record, k, from) <= k && 0 <= tn_buffers_in(pool->record, k, to) <= k;
         loop invariant k > slot ==> tn_buffers_in(pool->record, k, from) >= 1;
         loop assigns k;
         loop variant pool->slots.count - k;
      @/
      for (uint32_t k = 0; k < pool->slots.count; k++) ;
    */
    pool->in_state[from]--;
    pool->in_state[to]++;
    pool->record[slot].state = (uint8_t)to;
    /*@ ghost // one buffer moved, so two counts do
      /@ loop invariant 0 <= k <= pool->slots.count;
         loop invariant \forall integer s; 0 <= s < TN_BUFFER_STATES ==> tn_buffers_in(pool->record, k, s) ==
           tn_buffers_in{Pre}(pool->record, k, s) + (k > slot ? (s == to ? 1 : 0) - (s == from ? 1 : 0) : 0);
         loop assigns k;
         loop variant pool->slots.count - k;
      @/
      for (uint32_t k = 0; k < pool->slots.count; k++) ;
    */
}

void tn_fence_move(struct tn_queue *queue, uint32_t slot, enum tn_fence_state to)
{
    uint32_t from = queue->record[slot].state;
#ifndef TN_TWIN_TICKET /* the twin completes whoever has the slot, twice if asked twice */
    TN_ASSERT(tn_fence_may_move(from, to));
#endif
    /*@ ghost // someone is in `from` and not everyone in `to`, so neither count can wrap
      /@ loop invariant 0 <= k <= queue->slots.count;
         loop invariant 0 <= tn_fences_in(queue->record, k, from) <= k && 0 <= tn_fences_in(queue->record, k, to) <= k;
         loop invariant k > slot ==> tn_fences_in(queue->record, k, from) >= 1;
         loop assigns k;
         loop variant queue->slots.count - k;
      @/
      for (uint32_t k = 0; k < queue->slots.count; k++) ;
    */
    queue->in_state[from]--;
    queue->in_state[to]++;
    queue->record[slot].state = (uint16_t)to;
    /*@ assert \forall integer i; 0 <= i < queue->slots.count && i != slot ==>
               queue->record[i].state == \at(queue->record[i].state, Pre); */
    //@ assert queue->record[slot].state == to && \at(queue->record[slot].state, Pre) == from && from != to;
    /*@ ghost // one fence moved, so two counts do
      /@ loop invariant 0 <= k <= queue->slots.count;
         loop invariant \forall integer s; 0 <= s < TN_FENCE_STATES ==> tn_fences_in(queue->record, k, s) ==
           tn_fences_in{Pre}(queue->record, k, s) + (k > slot ? (s == to ? 1 : 0) - (s == from ? 1 : 0) : 0);
         loop assigns k;
         loop variant queue->slots.count - k;
      @/
      for (uint32_t k = 0; k < queue->slots.count; k++) ;
    */
}
