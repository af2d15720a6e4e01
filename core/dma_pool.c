/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pools and their buffers. Fences are dma_queue.c's subject; memory, mappings and the scrubbing itself are the
 * embedder's.
 */
#include "dma_pool.h"

/* No fence has a buffer of the pool, and the CPU has none that it could release. */
/*@ requires tn_pool_ok(pool);
    assigns \nothing;
    ensures \result <==> tn_buffers_rest(pool); */
static bool buffers_rest(const struct tn_pool *pool)
{
    /*@ loop invariant 0 <= i <= pool->count;
        loop invariant \forall integer j; 0 <= j < i ==> tn_buffer_rests(pool, j);
        loop assigns i;
        loop variant pool->count - i; */
    for (uint32_t i = 0; i < pool->count; i++) {
        uint32_t state = tn_buffer_state(pool, i);
        //@ assert state == tn_state_of(pool->mark[i]) && state < TN_BUFFER_STATES;
        bool rests = state == TN_BUFFER_FREE || state >= TN_BUFFER_QUARANTINED;
        if (!rests && ((state != TN_BUFFER_CPU && state != TN_BUFFER_SCRUBBING) || !tn_page_is_lost(pool, i))) {
            //@ assert !tn_buffer_rests(pool, i);
            return false;
        }
        //@ assert tn_buffer_rests(pool, i);
    }
    return true;
}

/* What the buffers of a pool must look like before it enters a state. */
/*@ requires tn_pool_ok(pool);
    assigns \nothing;
    ensures \result <==> tn_buffers_allow(pool, to); */
static bool buffers_allow(const struct tn_pool *pool, enum tn_pool_state to)
{
    switch (to) {
    case TN_POOL_RESERVED: /* what was in quarantine is there still, and counted as away */
        return pool->quarantined == 0;
    case TN_POOL_INVALIDATED: /* the device's reach has ended for every buffer */
        return pool->away == 0;
    case TN_POOL_SCRUBBED:
        return tn_pool_is_idle(pool);
    case TN_POOL_EMPTY: /* out of quarantine: no fence has one any more */
        return pool->state != TN_POOL_QUARANTINED || buffers_rest(pool);
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
    pool->open = to == TN_POOL_MAPPED;
    pool->direct_open = to == TN_POOL_MAPPED ? pool->direct : 0;
    /*@ ghost // no mark changed, so no count did
      /@ loop invariant 0 <= k <= pool->count;
         loop invariant \forall integer s; tn_marks_in(pool->mark, k, s) == tn_marks_in{Pre}(pool->mark, k, s);
         loop invariant tn_marks_away(pool->mark, k) == tn_marks_away{Pre}(pool->mark, k);
         loop invariant \forall integer g; tn_marks_on_page(pool->mark, k, pool->buffers_per_page, g) ==
           tn_marks_on_page{Pre}(pool->mark, k, pool->buffers_per_page, g);
         loop assigns k;
         loop variant pool->count - k;
      @/
      for (uint32_t k = 0; k < pool->count; k++) ;
    */
    //@ assert \forall integer i; 0 <= i < pool->count ==> pool->mark[i] == \at(pool->mark[i], Pre);
    //@ assert \forall integer i; 0 <= i < pool->free ==> pool->stack[i] == \at(pool->stack[i], Pre);
    //@ assert pool->free == tn_marks_in(pool->mark, pool->count, TN_BUFFER_FREE);
    /*@ assert \forall integer i; 0 <= i < pool->free ==> pool->stack[i] < pool->count &&
               tn_state_of(pool->mark[pool->stack[i]]) == TN_BUFFER_FREE; */
    //@ assert \forall integer i, j; 0 <= i < j < pool->free ==> pool->stack[i] != pool->stack[j];
    //@ assert tn_pool_stack(pool);
    return TN_OK;
}

/* ---- slices ---- */

/* Where the page of a buffer is counted, in a pool with slices. */
/*@ requires tn_pool_shape(pool) && tn_page_shape(pool) && pool->page_away != \null && slot < pool->count;
    assigns \nothing;
    ensures \result == &pool->page_away[slot / pool->buffers_per_page];
    ensures slot / pool->buffers_per_page < tn_page_count(pool->count, pool->buffers_per_page);
    ensures \valid(\result); */
static uint16_t *page_of(const struct tn_pool *pool, uint64_t slot)
{
    return &pool->page_away[slot / pool->buffers_per_page];
}

/* Who may touch the page of a buffer? TN_OK: the CPU, if no more than `own` buffers of it are away. */
/*@ requires tn_pool_ok(pool) && slot < pool->count && own < TN_PAGE_LOST;
    assigns \nothing;
    ensures \result == TN_OK || \result == TN_EAGAIN || \result == TN_EQUARANTINED;
    ensures \result == TN_OK <==> tn_page_allows(pool, slot, own);
    ensures \result == TN_OK ==> tn_page_is_clear(pool, slot, own);
    ensures \result == TN_EQUARANTINED <==> tn_page_lost(pool, slot); */
static enum tn_status page_decide(const struct tn_pool *pool, uint64_t slot, uint32_t own)
{
#ifdef TN_TWIN_PAGE /* negative twin: a slice is alone on its page */
    (void)pool, (void)slot, (void)own;
    return TN_OK;
#else
    if (pool->page_away == NULL)
        return TN_OK;
    uint32_t away = *page_of(pool, slot);
    if (away >= TN_PAGE_LOST)
        return TN_EQUARANTINED;
    return away <= own ? TN_OK : TN_EAGAIN;
#endif
}

/* The counter of a page of which one buffer moves. */
/*@ requires \valid(away) && from < TN_BUFFER_STATES && to < TN_BUFFER_STATES;
    requires 0 <= *away % TN_PAGE_LOST + tn_away_bit(to) - tn_away_bit(from) < TN_PAGE_LOST;
    assigns *away;
    ensures *away % TN_PAGE_LOST == \old(*away % TN_PAGE_LOST) + tn_away_bit(to) - tn_away_bit(from);
    ensures \old(*away) >= TN_PAGE_LOST || to == TN_BUFFER_QUARANTINED <==> *away >= TN_PAGE_LOST; */
static TN_INLINE void count_on_page(uint16_t *away, uint32_t from, uint32_t to)
{
    bool was_away = tn_buffer_is_away(from), is_away = tn_buffer_is_away(to);
    if (was_away && !is_away)
        --*away;
    if (!was_away && is_away)
        ++*away;
    if (to == TN_BUFFER_QUARANTINED && *away < TN_PAGE_LOST)
        *away = (uint16_t)(*away + TN_PAGE_LOST);
}

/*@ ghost
/@ requires pool->free == tn_marks_in(pool->mark, pool->count, TN_BUFFER_FREE);
   requires pool->free + pool->retired <= pool->count;
   requires \forall integer i; 0 <= i < pool->free ==>
     pool->stack[i] < pool->count && tn_state_of(pool->mark[pool->stack[i]]) == TN_BUFFER_FREE;
   requires \forall integer i, j; 0 <= i < j < pool->free ==> pool->stack[i] != pool->stack[j];
   assigns \nothing;
   ensures tn_pool_stack(pool); @/
static inline void stack_is_whole(const struct tn_pool *pool)
{
} */

/* A move of a buffer that is free neither before nor after it, without its page. */
/*@ requires tn_pool_shape(pool) && tn_pool_marks(pool) && tn_pool_counts(pool) && tn_pool_stack(pool);
    requires tn_buffer_is(pool, name, from);
    requires tn_mark_may_go(name.mark, pool->last_mark, to) && to != TN_BUFFER_FREE && from != TN_BUFFER_FREE;
    assigns pool->mark[name.slot], pool->away, pool->quarantined, pool->retired;
    ensures tn_pool_fixed{Pre, Post}(pool);
    ensures tn_pool_shape(pool);
    ensures tn_pool_marks(pool);
    ensures tn_pool_counts(pool);
    ensures tn_pool_stack(pool);
    ensures tn_pool_step{Pre, Post}(pool);
    ensures tn_pool_same_but{Pre, Post}(pool, name.slot);
    ensures \result.slot == name.slot && \result.mark == tn_mark_to(name.mark, to);
    ensures tn_buffer_is(pool, \result, to);
    ensures away: \forall integer g; tn_page_aways(pool, g) == tn_page_aways{Pre}(pool, g) +
              (g == name.slot / pool->buffers_per_page ? tn_away_bit(to) - tn_away_bit(from) : 0);
    ensures away_within: \forall integer g; 0 <= tn_page_aways(pool, g) <= pool->buffers_per_page; */
static TN_INLINE struct tn_buffer_name move_alone(struct tn_pool *pool, struct tn_buffer_name name, uint32_t from,
                                                  uint32_t to)
{
    struct tn_buffer_name moved = tn_buffer_put(pool, name, from, to);
    //@ assert \forall integer i; 0 <= i < pool->count ==> pool->stack[i] == \at(pool->stack[i], Pre);
    //@ assert pool->free == \at(pool->free, Pre) && pool->free <= pool->count;
    //@ assert \forall integer i; 0 <= i < pool->free ==> pool->stack[i] < pool->count && pool->stack[i] != name.slot;
    //@ assert \forall integer i; 0 <= i < pool->free ==> tn_state_of(pool->mark[pool->stack[i]]) == TN_BUFFER_FREE;
    /*@ assert \forall integer i; 0 <= i < pool->free ==> pool->stack[i] < pool->count &&
               tn_state_of(pool->mark[pool->stack[i]]) == TN_BUFFER_FREE; */
    //@ assert \forall integer i, j; 0 <= i < j < pool->free ==> pool->stack[i] != pool->stack[j];
    //@ assert pool->free + pool->retired <= pool->count;
    //@ assert pool->free == tn_marks_in(pool->mark, pool->count, TN_BUFFER_FREE);
    //@ ghost stack_is_whole(pool);
    return moved;
}

/* A move with its page. */
/*@ requires tn_pool_ok(pool) && tn_buffer_is(pool, name, from);
    requires tn_mark_may_go(name.mark, pool->last_mark, to) && to != TN_BUFFER_FREE && to != TN_BUFFER_RETIRED;
    requires from != TN_BUFFER_FREE;
    assigns pool->mark[name.slot], pool->away, pool->quarantined, pool->retired,
            pool->page_away[name.slot / pool->buffers_per_page];
    ensures tn_pool_shape(pool) && tn_page_shape(pool);
    ensures tn_pool_service(pool);
    ensures tn_pool_marks(pool);
    ensures tn_pool_counts(pool);
    ensures tn_pool_stack(pool);
    ensures tn_pool_paged(pool);
    ensures tn_pool_step{Pre, Post}(pool);
    ensures tn_pool_same_but{Pre, Post}(pool, name.slot);
    ensures \result.slot == name.slot && \result.mark == tn_mark_to(name.mark, to);
    ensures tn_buffer_is(pool, \result, to); */
static TN_INLINE struct tn_buffer_name move(struct tn_pool *pool, struct tn_buffer_name name, uint32_t from,
                                            uint32_t to)
{
    //@ assert \valid(pool) && from < TN_BUFFER_STATES && to < TN_BUFFER_STATES;
    //@ assert \valid_read(&pool->page_away);
    /*@ assert pool->page_away != \null ==> pool->page_away[name.slot / pool->buffers_per_page] % TN_PAGE_LOST ==
               tn_page_aways(pool, name.slot / pool->buffers_per_page); */
    struct tn_buffer_name moved = move_alone(pool, name, from, to);
    //@ assert tn_page_shape(pool);
    if (pool->page_away != NULL) {
        uint16_t *away = page_of(pool, name.slot);
        //@ assert \valid(away) && from < TN_BUFFER_STATES && to < TN_BUFFER_STATES;
        //@ assert *away % TN_PAGE_LOST == tn_page_aways{Pre}(pool, name.slot / pool->buffers_per_page);
        /*@ assert tn_page_aways(pool, name.slot / pool->buffers_per_page) ==
         *away % TN_PAGE_LOST + tn_away_bit(to) - tn_away_bit(from); */
        count_on_page(away, from, to);
    }
    //@ assert tn_pool_fixed{Pre, Here}(pool);
    return moved;
}

/*@ requires tn_pool_shape(pool) && slot < pool->count;
    assigns \nothing;
    ensures \result.mark == pool->mark[slot] && \result.slot == slot; */
static struct tn_buffer_name name_of(const struct tn_pool *pool, uint32_t slot)
{
    return (struct tn_buffer_name){pool->mark[slot], slot};
}

/* ---- names ---- */

/* Is there anyone who may hold a name of a buffer in this state? */
/*@ assigns \nothing;
    ensures \result <==> tn_state_is_held(state); */
static bool is_held(uint32_t state)
{
    return state != TN_BUFFER_FREE && state != TN_BUFFER_SCRUBBING && state < TN_BUFFER_RETIRED;
}

struct tn_buffer_name tn_buffer_name(const struct tn_pool *pool, uint32_t slot)
{
    if (slot >= pool->count || !is_held(tn_buffer_state(pool, slot)))
        return (struct tn_buffer_name){0, 0};
    return name_of(pool, slot);
}

bool tn_buffer_is_name(const struct tn_pool *pool, struct tn_buffer_name name)
{
#ifdef TN_TWIN_MARK /* negative twin: whoever once had the slot has it still */
    return name.slot < pool->count;
#else
    return name.slot < pool->count && pool->mark[name.slot] == name.mark && is_held(tn_mark_state(name.mark));
#endif
}

/* ---- the CPU's buffers ---- */

/* TN_OK, TN_ESTALE, TN_ESTATE: is the buffer the CPU's under this name? */
/*@ requires tn_pool_shape(pool);
    assigns \nothing;
    ensures \result == TN_OK || \result == TN_ESTALE || \result == TN_ESTATE;
    ensures \result == TN_OK <==> tn_buffer_is(pool, name, TN_BUFFER_CPU);
    ensures \result == TN_ESTALE <==> !tn_buffer_named(pool, name); */
static enum tn_status owned_by_cpu(const struct tn_pool *pool, struct tn_buffer_name name)
{
    if (!tn_buffer_is_name(pool, name))
        return TN_ESTALE;
    return tn_mark_state(name.mark) == TN_BUFFER_CPU ? TN_OK : TN_ESTATE;
}

enum tn_status tn_buffer_release_decide(const struct tn_pool *pool, struct tn_buffer_name name)
{
    enum tn_status status = owned_by_cpu(pool, name);
    if (status != TN_OK)
        return status;
    return page_decide(pool, name.slot, 0);
}

enum tn_status tn_buffer_use_decide(const struct tn_pool *pool, struct tn_buffer_name name)
{
    enum tn_status status = tn_buffer_release_decide(pool, name);
    bool in_reach = pool->state == TN_POOL_MAPPED || pool->state == TN_POOL_REVOKING;
    return in_reach || status == TN_ESTALE ? status : TN_ESTATE;
}

void tn_buffer_release_commit(struct tn_pool *pool, struct tn_buffer_name name)
{
    TN_ASSERT(tn_buffer_release_decide(pool, name) == TN_OK);
#ifndef TN_TWIN_SCRUB /* negative twin: free at once, whatever is still in the memory */
    if (pool->scrub) {
        (void)move(pool, name, TN_BUFFER_CPU, TN_BUFFER_SCRUBBING);
        return;
    }
#endif
    tn_buffer_end(pool, name, TN_BUFFER_CPU);
}

enum tn_status tn_buffer_scrub_decide(const struct tn_pool *pool, uint32_t slot)
{
    if (slot >= pool->count || tn_buffer_state(pool, slot) != TN_BUFFER_SCRUBBING)
        return TN_ESTATE;
    return page_decide(pool, slot, 0);
}

void tn_buffer_scrubbed_commit(struct tn_pool *pool, uint32_t slot)
{
    TN_ASSERT(tn_buffer_scrub_decide(pool, slot) == TN_OK);
    tn_buffer_end(pool, name_of(pool, slot), TN_BUFFER_SCRUBBING);
}

/* ---- to a device and back ---- */

enum tn_status tn_buffer_depart_decide(const struct tn_pool *pool, struct tn_buffer_name name, uint32_t length)
{
    if (pool->direct != 0)
        return TN_ENOTSUP;
#ifdef TN_TWIN_SUBMIT
    if (name.slot >= pool->count)
        return TN_ESTALE; /* negative twin: whatever lies in the slot is submitted, again too */
#else
    enum tn_status status = owned_by_cpu(pool, name);
    if (status != TN_OK)
        return status;
#endif
    if (!pool->open)
        return TN_ESTATE;
    if (length == 0 || length > pool->buffer_bytes)
        return TN_ERANGE;
    return name.mark < pool->last_mark ? TN_OK : TN_ERETIRED;
}

struct tn_buffer_name tn_buffer_depart_commit(struct tn_pool *pool, struct tn_buffer_name name, uint32_t length)
{
    TN_ASSERT(tn_buffer_depart_decide(pool, name, length) == TN_OK);
    tn_length_write(pool, name.slot, length);
    return move(pool, name, TN_BUFFER_CPU, TN_BUFFER_IN_FLIGHT);
}

/* The rows of the table that end a journey, as two comparisons: this is on the way of every completion. */
/*@ assigns \nothing;
    ensures \result <==> tn_buffer_moves(from, to) && tn_state_ends_journey(to); */
static bool may_arrive(uint32_t from, uint32_t to)
{
    if (to == TN_BUFFER_QUARANTINED)
        return from >= TN_BUFFER_IN_FLIGHT && from <= TN_BUFFER_ORPHAN;
    return from == TN_BUFFER_IN_FLIGHT && to >= TN_BUFFER_COMPLETED && to <= TN_BUFFER_ORPHAN;
}

enum tn_status tn_buffer_arrive_decide(const struct tn_pool *pool, struct tn_buffer_name name, enum tn_buffer_state to)
{
    if (!tn_buffer_is_name(pool, name))
        return TN_ESTALE;
    return may_arrive(tn_mark_state(name.mark), (uint32_t)to) ? TN_OK : TN_ESTATE;
}

struct tn_buffer_name tn_buffer_arrive_commit(struct tn_pool *pool, struct tn_buffer_name name, enum tn_buffer_state to)
{
    TN_ASSERT(tn_buffer_arrive_decide(pool, name, to) == TN_OK);
    return move(pool, name, tn_mark_state(name.mark), (uint32_t)to);
}

enum tn_status tn_buffer_home_decide(const struct tn_pool *pool, struct tn_buffer_name name)
{
    if (!tn_buffer_is_name(pool, name))
        return TN_ESTALE;
    uint32_t state = tn_mark_state(name.mark);
    if (state != TN_BUFFER_COMPLETED && state != TN_BUFFER_ABORTED && state != TN_BUFFER_ORPHAN)
        return TN_ESTATE;
    //@ assert tn_buffer_is_back(pool, name);
    return page_decide(pool, name.slot,
                       state == TN_BUFFER_ORPHAN ? TN_PAGE_LOST - 1 : 0); /* it waits before the scrubbing */
}

struct tn_buffer_name tn_buffer_home_commit(struct tn_pool *pool, struct tn_buffer_name name)
{
    TN_ASSERT(tn_buffer_home_decide(pool, name) == TN_OK);
#ifndef TN_TWIN_ORPHAN /* negative twin: what a dead client left is named again */
    if (tn_mark_state(name.mark) == TN_BUFFER_ORPHAN) {
        (void)move(pool, name, TN_BUFFER_ORPHAN, TN_BUFFER_SCRUBBING);
        return (struct tn_buffer_name){0, 0};
    }
#endif
    return move(pool, name, tn_mark_state(name.mark), TN_BUFFER_CPU);
}
