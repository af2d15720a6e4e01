/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which free buffer is taken where pages may be lost, and what a refusal is called. None of this is on the way of a
 * pool without slices.
 */
#include "dma_alloc.h"

uint32_t tn_stack_next(const struct tn_pool *pool)
{
    /*@ loop invariant 0 <= left <= pool->free;
        loop invariant \forall integer i; left <= i < pool->free ==> tn_page_lost(pool, pool->stack[i]);
        loop assigns left;
        loop variant left; */
    for (uint32_t left = pool->free; left > 0; left--)
        if (!tn_page_is_lost(pool, pool->stack[left - 1]))
            return left - 1;
    return pool->free;
}

void tn_stack_choose(struct tn_pool *pool)
{
    uint32_t place = tn_stack_next(pool), top = pool->free - 1;
    TN_ASSERT(place < pool->free);
    //@ assert place <= top && tn_taken_next(pool, place);
    uint32_t chosen = pool->stack[place], other = pool->stack[top];
    pool->stack[place] = other;
    pool->stack[top] = chosen;
    //@ assert tn_pool_fixed{Pre, Here}(pool) && pool->free == \at(pool->free, Pre);
    /*@ assert \forall integer i; 0 <= i < pool->free && i != place && i != top ==>
               pool->stack[i] == \at(pool->stack[i], Pre); */
    //@ assert pool->stack[top] == \at(pool->stack[\at(place, Here)], Pre);
    //@ assert pool->stack[place] == \at(pool->stack[\at(top, Here)], Pre);
    //@ assert tn_pool_shape(pool) && tn_page_shape(pool) && tn_pool_marks(pool) && tn_pool_counts(pool);
    /*@ assert \forall integer i; 0 <= i < pool->free ==> pool->stack[i] < pool->count &&
               tn_state_of(pool->mark[pool->stack[i]]) == TN_BUFFER_FREE; */
    //@ assert \forall integer i, j; 0 <= i < j < pool->free ==> pool->stack[i] != pool->stack[j];
    //@ assert tn_pool_stack(pool);
}

enum tn_status tn_buffer_alloc_refusal(const struct tn_pool *pool)
{
    if (!pool->open)
        return TN_ESTATE;
    return pool->retired + pool->quarantined == pool->count ? TN_ERETIRED : TN_EEXHAUSTED;
}
