/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside core/: the buffers of a fence, each with the name that its fence keeps. Nothing here knows a queue: so the
 * prover shows that the pool stays as it must be without the facts of queues, and dma_queue.c has only to show that
 * the queue is elsewhere in memory.
 */
#ifndef TENURE_CORE_DMA_PART_H
#define TENURE_CORE_DMA_PART_H

#include "dma_pool.h"

/*@ // Where a name is kept is not where a pool keeps its own.
    predicate tn_part_apart{L}(struct tn_pool *p, struct tn_buffer_name *part) =
      \valid(part) && \separated(part, p, p->mark + (0 .. p->count - 1)); */

/* A name is kept. The pool is only looked at, by the prover. */
/*@ requires tn_pool_ok(pool) && tn_part_apart(pool, part);
    assigns *part;
    ensures part->slot == name.slot && part->mark == name.mark;
    ensures tn_pool_shape(pool) && tn_page_shape(pool);
    ensures tn_pool_service(pool);
    ensures tn_pool_marks(pool);
    ensures tn_pool_counts(pool);
    ensures tn_pool_stack(pool);
    ensures tn_pool_paged(pool);
    ensures tn_pool_fixed{Pre, Post}(pool);
    ensures tn_pool_same_but{Pre, Post}(pool, -1); */
static inline void tn_part_keep(const struct tn_pool *pool, struct tn_buffer_name *part, struct tn_buffer_name name)
{
    (void)pool;
    *part = name;
    //@ assert tn_pool_fixed{Pre, Here}(pool) && tn_pool_same_but{Pre, Here}(pool, -1);
    /*@ ghost // the marks are the same, so their sums are
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
    //@ assert tn_pool_page_counts_same{Pre, Here}(pool);
}

/* A buffer on its way goes where the machine lets it, and its fence keeps the name that it has there. An orphan stays
 * one until it is scrubbed, unless even that cannot be had. */
/*@ requires tn_pool_ok(pool) && tn_part_apart(pool, part);
    assigns *part, pool->mark[0 .. pool->count - 1], pool->away, pool->quarantined, pool->retired,
            pool->page_away[0 .. TN_HANDLE_SLOTS];
    ensures tn_pool_ok(pool); */
static inline void tn_part_arrive(struct tn_pool *pool, struct tn_buffer_name *part, enum tn_buffer_state to)
{
    struct tn_buffer_name name = *part;
    if (tn_buffer_arrive_decide(pool, name, to) != TN_OK)
        return;
    //@ assert name.slot < pool->count && \separated(pool, pool->mark + name.slot);
    //@ assert 0 <= name.slot / pool->buffers_per_page <= TN_HANDLE_SLOTS;
    name = tn_buffer_arrive_commit(pool, name, to);
    //@ ghost Arrived: ;
    //@ assert pool->last_mark == \at(pool->last_mark, Pre) && pool->direct == \at(pool->direct, Pre);
    //@ assert pool->direct_open == \at(pool->direct_open, Pre);
    //@ assert tn_pool_fixed{Pre, Here}(pool);
    //@ assert tn_part_apart(pool, part);
    tn_part_keep(pool, part, name);
    //@ assert tn_pool_fixed{Pre, Here}(pool);
    /*@ assert \forall integer i; 0 <= i < pool->count ==>
               pool->mark[i] == \at(pool->mark[i], Arrived); */
}

/* A buffer leaves. Returns the name that its fence keeps. */
/*@ requires tn_pool_ok(pool) && tn_buffer_may_depart(pool, name, length);
    assigns pool->mark[0 .. pool->count - 1], pool->away, pool->quarantined, pool->retired,
            pool->page_away[0 .. TN_HANDLE_SLOTS], pool->length[name.slot];
    ensures tn_pool_ok(pool);
    ensures \result.slot == name.slot && tn_buffer_is(pool, \result, TN_BUFFER_IN_FLIGHT);
    ensures pool->length[name.slot] == length; */
static inline struct tn_buffer_name tn_part_depart(struct tn_pool *pool, struct tn_buffer_name name, uint32_t length)
{
    //@ assert name.slot < pool->count && \separated(pool, pool->mark + name.slot);
    //@ assert 0 <= name.slot / pool->buffers_per_page <= TN_HANDLE_SLOTS;
    return tn_buffer_depart_commit(pool, name, length);
}

/* A buffer whose journey has ended goes home, if its page allows: to the CPU under the name that is returned, or, an
 * orphan, to SCRUBBING under none. With a page that is lost it goes into quarantine; what is not back stays where it
 * is. */
/*@ requires tn_pool_ok(pool);
    requires status == TN_OK ==> tn_buffer_may_go_home(pool, name);
    requires status == TN_EQUARANTINED ==> tn_buffer_is_back(pool, name);
    assigns pool->mark[0 .. pool->count - 1], pool->away, pool->quarantined, pool->retired,
            pool->page_away[0 .. TN_HANDLE_SLOTS];
    ensures tn_pool_ok(pool);
    ensures \result.mark != 0 ==> tn_buffer_is(pool, \result, TN_BUFFER_CPU) && \result.slot == name.slot; */
static inline struct tn_buffer_name tn_part_home(struct tn_pool *pool, struct tn_buffer_name name,
                                                 enum tn_status status)
{
    struct tn_buffer_name home = {0, 0};
    if (status == TN_OK) {
        //@ assert name.slot < pool->count && \separated(pool, pool->mark + name.slot);
        //@ assert 0 <= name.slot / pool->buffers_per_page <= TN_HANDLE_SLOTS;
        home = tn_buffer_home_commit(pool, name);
    } else if (status == TN_EQUARANTINED) { /* a slice of its page is lost: the whole page is */
        //@ assert name.slot < pool->count && \separated(pool, pool->mark + name.slot);
        //@ assert 0 <= name.slot / pool->buffers_per_page <= TN_HANDLE_SLOTS;
        //@ assert tn_buffer_may_arrive(pool, name, TN_BUFFER_QUARANTINED);
        (void)tn_buffer_arrive_commit(pool, name, TN_BUFFER_QUARANTINED);
    }
    return home;
}

#endif
