/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pools: a free buffer is taken. The one that was freed last, or, in a pool with slices, the last freed whose page is
 * not lost: what is free on a lost page stays where it is until the pool ends. See dma.h for the whole; the annotations
 * are contracts for the prover (docs/proof.md).
 */
#ifndef TENURE_CORE_DMA_ALLOC_H
#define TENURE_CORE_DMA_ALLOC_H

#include "dma_pool.h"

/* ---- inside core/: the stack ---- */

/* In a pool with slices: where on the stack the buffer is that is taken next; pool->free if there is none. */
/*@ predicate tn_usable{L}(struct tn_pool *p, integer i) = 0 <= i < p->free && !tn_page_lost(p, p->stack[i]);
    // The last that was freed, and lies on a page that is not lost.
    predicate tn_taken_next{L}(struct tn_pool *p, integer i) =
      tn_usable(p, i) && \forall integer j; i < j < p->free ==> !tn_usable(p, j);
    predicate tn_may_alloc{L}(struct tn_pool *p) = p->open && \exists integer i; tn_usable(p, i); */
/*@ requires tn_pool_ok(pool);
    assigns \nothing;
    ensures \result <= pool->free;
    ensures \result < pool->free ==> tn_taken_next(pool, \result);
    ensures \result == pool->free ==> \forall integer i; !tn_usable(pool, i); */
uint32_t tn_stack_next(const struct tn_pool *pool);
/* Brings it to the top. */
/*@ requires tn_pool_ok(pool) && \exists integer i; tn_usable(pool, i);
    assigns pool->stack[0 .. pool->free - 1];
    ensures tn_pool_shape(pool) && tn_page_shape(pool);
    ensures tn_pool_service(pool);
    ensures tn_pool_marks(pool);
    ensures tn_pool_counts(pool);
    ensures tn_pool_stack(pool);
    ensures tn_pool_paged(pool);
    ensures tn_usable(pool, pool->free - 1);
    ensures chosen: \exists integer i; tn_taken_next{Pre}(pool, i) &&
              pool->stack[pool->free - 1] == \at(pool->stack[i], Pre); */
void tn_stack_choose(struct tn_pool *pool);
/* The top of the stack becomes the CPU's. */
/*@ requires tn_pool_ok(pool) && pool->free > 0;
    assigns pool->free, pool->mark[pool->stack[pool->free - 1]], pool->away, pool->quarantined, pool->retired;
    ensures tn_pool_shape(pool) && tn_page_shape(pool);
    ensures tn_pool_service(pool);
    ensures tn_pool_marks(pool);
    ensures tn_pool_counts(pool);
    ensures tn_pool_stack(pool);
    ensures tn_pool_paged(pool);
    ensures tn_pool_step{Pre, Post}(pool);
    ensures tn_pool_same_but{Pre, Post}(pool, \result.slot);
    ensures last_freed: \result.slot == \old(pool->stack[pool->free - 1]) && pool->free == \old(pool->free) - 1;
    ensures fresh: \result.mark == \at(pool->mark[\result.slot], Pre) + 1;
    ensures tn_buffer_is(pool, \result, TN_BUFFER_CPU); */
static inline struct tn_buffer_name tn_stack_take(struct tn_pool *pool)
{
    TN_ASSERT(pool->free != 0);
    uint32_t top = pool->free - 1;
    uint64_t slot = pool->stack[top];
    //@ assert slot < pool->count && tn_state_of(pool->mark[slot]) == TN_BUFFER_FREE;
    //@ assert \forall integer i; 0 <= i < top ==> pool->stack[i] != slot;
    pool->free = top;
    //@ assert tn_pool_shape(pool) && tn_pool_marks(pool) && tn_pool_counts(pool);
    const struct tn_buffer_name free_name = {pool->mark[slot], slot};
    const struct tn_buffer_name name = tn_buffer_put(pool, free_name, TN_BUFFER_FREE, TN_BUFFER_CPU);
    //@ assert tn_pool_fixed{Pre, Here}(pool);
    //@ assert \forall integer i; 0 <= i < pool->free ==> pool->stack[i] == \at(pool->stack[i], Pre);
    //@ assert pool->free == tn_marks_in(pool->mark, pool->count, TN_BUFFER_FREE);
    //@ assert pool->free + pool->retired <= pool->count;
    /*@ assert \forall integer i; 0 <= i < pool->free ==> pool->stack[i] < pool->count &&
               tn_state_of(pool->mark[pool->stack[i]]) == TN_BUFFER_FREE; */
    //@ assert \forall integer i, j; 0 <= i < j < pool->free ==> pool->stack[i] != pool->stack[j];
    //@ assert \forall integer g; tn_page_aways(pool, g) == tn_page_aways{Pre}(pool, g);
    //@ assert tn_pool_page_counts_same{Pre, Here}(pool);
    return name;
}

/* ---- taking a buffer ---- */

/* TN_ESTATE: pool not mapped. TN_EEXHAUSTED: no free buffer, or none but on pages that are lost. TN_ERETIRED: none, and
 * there never will be. */
/*@ requires tn_pool_ok(pool);
    assigns \nothing;
    ensures \result == (!pool->open ? TN_ESTATE : pool->retired + pool->quarantined == pool->count ? TN_ERETIRED :
   TN_EEXHAUSTED); */
TN_COLD enum tn_status tn_buffer_alloc_refusal(const struct tn_pool *pool);
/*@ requires tn_pool_ok(pool);
    assigns \nothing;
    ensures \result == TN_OK <==> tn_may_alloc(pool); */
TN_MUST_CHECK static inline enum tn_status tn_buffer_alloc_decide(const struct tn_pool *pool)
{
    //@ assert pool->page_away == \null && pool->free > 0 ==> tn_usable(pool, 0);
    //@ assert (\exists integer i; tn_usable(pool, i)) ==> pool->free > 0;
    if (__builtin_expect(pool->open && pool->free != 0, 1) &&
        (pool->page_away == NULL || tn_stack_next(pool) < pool->free))
        return TN_OK;
    enum tn_status status = tn_buffer_alloc_refusal(pool);
    return status != TN_OK ? status : TN_ESTATE; /* so that the compiler knows what the caller's check will say */
}
/* A free buffer, in state TN_BUFFER_CPU. Its memory is as the pool's policy left it: zeroed when the pool was
 * committed, and at each release if the pool scrubs. */
/*@ requires tn_pool_ok(pool) && tn_may_alloc(pool);
    assigns pool->free, pool->stack[0 .. pool->free - 1], pool->mark[0 .. pool->count - 1], pool->away,
            pool->quarantined, pool->retired;
    ensures tn_pool_shape(pool) && tn_page_shape(pool);
    ensures tn_pool_service(pool);
    ensures tn_pool_marks(pool);
    ensures tn_pool_counts(pool);
    ensures tn_pool_stack(pool);
    ensures tn_pool_paged(pool);
    ensures tn_pool_step{Pre, Post}(pool);
    ensures tn_pool_same_but{Pre, Post}(pool, \result.slot);
    ensures last_freed: pool->page_away == \null ==> \result.slot == \old(pool->stack[pool->free - 1]);
    ensures last_usable: pool->page_away != \null ==>
              \exists integer i; tn_taken_next{Pre}(pool, i) && \result.slot == \at(pool->stack[i], Pre);
    ensures not_lost: !tn_page_lost(pool, \result.slot) && pool->free == \old(pool->free) - 1;
    ensures fresh: \result.mark == \at(pool->mark[\result.slot], Pre) + 1;
    ensures tn_buffer_is(pool, \result, TN_BUFFER_CPU); */
static inline struct tn_buffer_name tn_buffer_alloc_commit(struct tn_pool *pool)
{
    TN_ASSERT(tn_buffer_alloc_decide(pool) == TN_OK);
    //@ assert tn_pool_shape(pool) && tn_page_shape(pool);
    if (pool->page_away != NULL)
        tn_stack_choose(pool);
    //@ ghost Chosen: ;
    //@ assert pool->free > 0 && pool->free == \at(pool->free, Pre) && tn_usable(pool, pool->free - 1);
    //@ assert tn_pool_ok(pool) && pool->stack[pool->free - 1] < pool->count;
    //@ assert \forall integer i; 0 <= i < pool->count ==> pool->mark[i] == \at(pool->mark[i], Pre);
    const struct tn_buffer_name name = tn_stack_take(pool);
    //@ assert name.slot == \at(pool->stack[pool->free - 1], Chosen) && pool->page_away == \at(pool->page_away, Chosen);
    //@ assert !tn_page_lost{Chosen}(pool, name.slot);
    return name;
}

#endif
