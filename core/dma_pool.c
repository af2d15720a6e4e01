/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pools, and buffers while the CPU owns them. Buffers in flight are dma_queue.c's subject; memory, mappings and the
 * scrubbing itself are the embedder's.
 */
#include "dma.h"

#include "bug.h"
#include "state.h"

/* Every buffer free, and so counted. */
/*@ requires 0 < count <= TN_HANDLE_SLOTS && \valid(record + (0 .. count - 1));
    assigns record[0 .. count - 1];
    ensures \forall integer i; 0 <= i < count ==> record[i].state == TN_BUFFER_FREE;
    ensures \forall integer s; 0 <= s < TN_BUFFER_STATES ==>
      tn_buffers_in(record, count, s) == (s == TN_BUFFER_FREE ? count : 0); */
static void clear_records(struct tn_buffer *record, uint32_t count)
{
    /*@ loop invariant 0 <= i <= count;
        loop invariant \forall integer j; 0 <= j < i ==> record[j].state == TN_BUFFER_FREE;
        loop assigns i, record[0 .. count - 1];
        loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        record[i].length = 0;
        record[i].state = TN_BUFFER_FREE;
    }
    /*@ ghost
      /@ loop invariant 0 <= k <= count;
         loop invariant \forall integer s; 0 <= s < TN_BUFFER_STATES ==>
           tn_buffers_in(record, k, s) == (s == TN_BUFFER_FREE ? k : 0);
         loop assigns k;
         loop variant count - k;
      @/
      for (uint32_t k = 0; k < count; k++) ;
    */
}

bool tn_pool_init(struct tn_pool *pool, const struct tn_pool_plan *plan)
{
    struct tn_buffer *record = plan->record;
    uint32_t count = plan->count;
    if (record == NULL || plan->ledger == NULL || plan->owner_epoch == 0)
        return false;
    if (plan->buffer_bytes == 0 || plan->buffer_bytes > UINT32_C(1) << 31)
        return false;
    if (!tn_slots_fit(plan->slot, count, plan->generation_max))
        return false;
    clear_records(record, count);
    pool->record = record;
    pool->owner_epoch = plan->owner_epoch;
    pool->ledger = plan->ledger;
    pool->buffer_bytes = plan->buffer_bytes;
    pool->state = TN_POOL_EMPTY;
    pool->in_state[TN_BUFFER_FREE] = count;
    pool->in_state[TN_BUFFER_CPU] = 0;
    pool->in_state[TN_BUFFER_IN_FLIGHT] = 0;
    pool->in_state[TN_BUFFER_COMPLETED] = 0;
    pool->in_state[TN_BUFFER_ABORTED] = 0;
    pool->in_state[TN_BUFFER_ORPHAN] = 0;
    pool->in_state[TN_BUFFER_SCRUBBING] = 0;
    pool->in_state[TN_BUFFER_QUARANTINED] = 0;
    return tn_slots_init(&pool->slots, plan->slot, count, plan->generation_max);
}

/* What the buffers of a pool must look like before it enters a state. */
/*@ requires tn_pool_ok(pool);
    assigns \nothing;
    ensures \result && to == TN_POOL_INVALIDATED ==>
      pool->in_state[TN_BUFFER_IN_FLIGHT] == 0 && pool->in_state[TN_BUFFER_ORPHAN] == 0 &&
      pool->in_state[TN_BUFFER_QUARANTINED] == 0;
    ensures \result && to == TN_POOL_SCRUBBED ==> pool->in_state[TN_BUFFER_FREE] == pool->slots.count; */
static bool buffers_allow(const struct tn_pool *pool, enum tn_pool_state to)
{
    switch (to) {
    case TN_POOL_INVALIDATED: /* the device's reach has ended for every buffer */
        return pool->in_state[TN_BUFFER_IN_FLIGHT] == 0 && pool->in_state[TN_BUFFER_ORPHAN] == 0 &&
               pool->in_state[TN_BUFFER_QUARANTINED] == 0;
    case TN_POOL_SCRUBBED:
        return pool->in_state[TN_BUFFER_FREE] == pool->slots.count;
    default:
        return true;
    }
}

enum tn_status tn_pool_move(struct tn_pool *pool, enum tn_pool_state to)
{
    if (!tn_pool_may_move(pool->state, (uint32_t)to))
        return TN_ESTATE;
#ifndef TN_TWIN_REVOKE /* negative twin: a pool is taken from under its buffers */
    if (!buffers_allow(pool, to))
        return TN_ESTATE;
#else
    (void)buffers_allow;
#endif
    pool->state = (uint32_t)to;
    //@ assert tn_slots_same{Pre, Here}(&pool->slots);
    return TN_OK;
}

enum tn_status tn_buffer_alloc_decide(const struct tn_pool *pool, uint64_t length)
{
    if (pool->state != TN_POOL_MAPPED)
        return TN_ESTATE;
    if (length == 0 || length > pool->buffer_bytes)
        return TN_ERANGE;
    enum tn_status status = tn_ledger_decide(pool->ledger, TN_CHARGE_BUFFERS, 1);
    if (status != TN_OK)
        return status;
    return pool->slots.free > 0 ? TN_OK : TN_EEXHAUSTED;
}

/*@ requires tn_pool_shape(pool) && slot < pool->slots.count;
    assigns pool->record[slot].length;
    ensures tn_slots_same{Pre, Post}(&pool->slots);
    ensures tn_buffer_counts{Pre}(pool) ==> tn_buffer_counts(pool); */
static void set_length(struct tn_pool *pool, uint32_t slot, uint32_t length)
{
    pool->record[slot].length = length;
}

uint64_t tn_buffer_alloc_commit(struct tn_pool *pool, uint32_t length)
{
    TN_ASSERT(tn_buffer_alloc_decide(pool, length) == TN_OK);
    uint32_t slot = tn_slots_take(&pool->slots);
    tn_buffer_move(pool, slot, TN_BUFFER_CPU);
    set_length(pool, slot, length);
    //@ ghost Moved: ;
    tn_ledger_commit(pool->ledger, TN_CHARGE_BUFFERS, 1);
    //@ assert tn_slots_same{Moved, Here}(&pool->slots);
    return tn_handle_make(slot, pool->slots.slot[slot].generation);
}

uint64_t tn_buffer_name(const struct tn_pool *pool, uint32_t slot)
{
    /* A buffer that is being scrubbed keeps its slot and has no name any more: nobody may hold it. */
    if (slot >= pool->slots.count || pool->record[slot].state == TN_BUFFER_FREE ||
        pool->record[slot].state == TN_BUFFER_SCRUBBING)
        return TN_HANDLE_NONE;
    return tn_handle_make(slot, pool->slots.slot[slot].generation);
}

enum tn_status tn_buffer_use_decide(const struct tn_pool *pool, uint64_t name)
{
    uint32_t slot = tn_handle_slot(name);
    if (slot >= pool->slots.count || pool->slots.slot[slot].generation != tn_handle_generation(name))
        return TN_ESTALE;
    uint32_t state = pool->record[slot].state;
    if (state == TN_BUFFER_CPU)
        return TN_OK;
    return state == TN_BUFFER_FREE || state == TN_BUFFER_SCRUBBING ? TN_ESTALE : TN_ESTATE;
}

void tn_buffer_release_commit(struct tn_pool *pool, uint64_t name)
{
    TN_ASSERT(tn_buffer_use_decide(pool, name) == TN_OK);
    tn_buffer_move(pool, tn_handle_slot(name), TN_BUFFER_SCRUBBING);
#ifdef TN_TWIN_SCRUB /* negative twin: free at once, whatever is still in the memory */
    tn_buffer_scrubbed_commit(pool, tn_handle_slot(name));
#endif
}

void tn_buffer_scrubbed_commit(struct tn_pool *pool, uint32_t slot)
{
    TN_ASSERT(slot < pool->slots.count);
    tn_buffer_move(pool, slot, TN_BUFFER_FREE);
    set_length(pool, slot, 0);
    tn_slots_give(&pool->slots, slot);
    //@ ghost Given: ;
    tn_ledger_refund(pool->ledger, TN_CHARGE_BUFFERS, 1);
    //@ assert tn_slots_same{Given, Here}(&pool->slots);
}
