/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pool is made: every buffer free.
 */
#include "dma_pool.h"

/*@ requires \valid_read(plan);
    assigns \nothing;
    ensures \result <==> tn_pool_plan_fits(plan); */
static bool plan_is_good(const struct tn_pool_plan *plan)
{
    if (plan->mark == NULL || plan->length == NULL || plan->stack == NULL || plan->owner_epoch == 0)
        return false;
    if (plan->count == 0 || plan->count > TN_HANDLE_SLOTS)
        return false;
    if (plan->generation_max == 0 || plan->generation_max > TN_BUFFER_GENERATION_MAX)
        return false;
    if (plan->buffer_bytes == 0 || plan->buffer_bytes > UINT32_C(1) << 31)
        return false;
    if (plan->buffers_per_page == 0 || plan->buffers_per_page >= TN_PAGE_LOST)
        return false;
    if (plan->direct && (plan->scrub || plan->buffers_per_page > 1))
        return false;
    return (plan->buffers_per_page > 1) == (plan->page_away != NULL);
}

/* Every buffer free. */
/*@ requires 0 < count <= TN_HANDLE_SLOTS;
    requires \valid(mark + (0 .. count - 1)) && \valid(length + (0 .. count - 1)) && \valid(stack + (0 .. count - 1));
    requires \separated(mark + (0 .. count - 1), length + (0 .. count - 1), stack + (0 .. count - 1));
    assigns mark[0 .. count - 1], length[0 .. count - 1], stack[0 .. count - 1];
    ensures tn_buffers_clear(mark, stack, count); */
static void clear_buffers(uint64_t *mark, uint32_t *length, uint32_t *stack, uint32_t count)
{
    /*@ loop invariant 0 <= i <= count;
        loop invariant \forall integer j; 0 <= j < i ==> mark[j] == TN_MARK_STATES && stack[j] == count - 1 - j;
        loop assigns i, mark[0 .. count - 1], length[0 .. count - 1], stack[0 .. count - 1];
        loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        mark[i] = TN_MARK_STATES + TN_BUFFER_FREE; /* no buffer was ever held at generation 0 */
        length[i] = 0;
        stack[i] = count - 1 - i; /* slot 0 on top */
    }
}

/*@ requires pages > 0 ==> \valid(page_away + (0 .. pages - 1));
    assigns page_away[0 .. pages - 1];
    ensures \forall integer i; 0 <= i < pages ==> page_away[i] == 0; */
static void clear_pages(uint16_t *page_away, uint32_t pages)
{
    /*@ loop invariant 0 <= i <= pages;
        loop invariant \forall integer j; 0 <= j < i ==> page_away[j] == 0;
        loop assigns i, page_away[0 .. pages - 1];
        loop variant pages - i; */
    for (uint32_t i = 0; i < pages; i++)
        page_away[i] = 0;
}

/*@ predicate tn_pool_made{L}(struct tn_pool *pool, struct tn_pool_plan *plan) =
      pool->mark == plan->mark && pool->length == plan->length && pool->stack == plan->stack &&
      pool->page_away == plan->page_away && pool->last_mark == plan->generation_max * TN_MARK_STATES &&
      pool->direct == (plan->direct ? plan->count : 0) && pool->direct_open == 0 &&
      pool->free == plan->count && pool->count == plan->count && pool->buffer_bytes == plan->buffer_bytes &&
      pool->buffers_per_page == plan->buffers_per_page && pool->away == 0 && pool->quarantined == 0 &&
      pool->retired == 0 && pool->state == TN_POOL_EMPTY && !pool->open && (pool->scrub <==> plan->scrub); */
/*@ requires \valid(pool) && \valid_read(plan) && tn_pool_plan_fits(plan) && tn_plan_memory(pool, plan);
    requires tn_buffers_clear(plan->mark, plan->stack, plan->count);
    requires plan->page_away != \null ==> \forall integer g;
      0 <= g < tn_page_count(plan->count, plan->buffers_per_page) ==> plan->page_away[g] == 0;
    assigns *pool;
    ensures tn_pool_made(pool, plan);
    ensures tn_pool_shape(pool);
    ensures tn_page_shape(pool);
    ensures tn_pool_service(pool);
    ensures tn_pool_marks(pool);
    ensures tn_pool_counts(pool);
    ensures tn_pool_stack(pool);
    ensures tn_pool_paged(pool); */
static void set_up(struct tn_pool *pool, const struct tn_pool_plan *plan)
{
    pool->mark = plan->mark;
    pool->length = plan->length;
    pool->stack = plan->stack;
    pool->page_away = plan->page_away;
#ifdef TN_TWIN_WRAP /* negative twin: no generation is the last */
    pool->last_mark = UINT64_MAX;
#else
    pool->last_mark = plan->generation_max * TN_MARK_STATES;
#endif
    pool->owner_epoch = plan->owner_epoch;
    pool->direct = plan->direct ? plan->count : 0;
    pool->direct_open = 0;
    pool->free = plan->count;
    pool->count = plan->count;
    pool->buffer_bytes = plan->buffer_bytes;
    pool->buffers_per_page = plan->buffers_per_page;
    pool->away = 0;
    pool->quarantined = 0;
    pool->retired = 0;
    pool->state = TN_POOL_EMPTY;
    pool->open = false;
    pool->scrub = plan->scrub;
    //@ assert tn_pool_made(pool, plan) && tn_pool_plan_fits(plan);
    //@ assert \forall integer i; 0 <= i < plan->count ==> plan->mark[i] == TN_MARK_STATES;
    //@ assert \forall integer i; 0 <= i < plan->count ==> plan->stack[i] == plan->count - 1 - i;
    //@ assert tn_buffers_clear(plan->mark, plan->stack, plan->count);
    //@ assert tn_buffers_clear(pool->mark, pool->stack, pool->count);
    //@ assert tn_pool_shape(pool);
    //@ assert tn_page_shape(pool);
    //@ ghost uint64_t *mark = pool->mark;
    //@ ghost uint32_t count = pool->count, per_page = pool->buffers_per_page;
    //@ assert tn_state_of(TN_MARK_STATES) == TN_BUFFER_FREE;
    /*@ ghost
      /@ loop invariant 0 <= k <= count;
         loop invariant \forall integer s; tn_marks_in(mark, k, s) == (s == TN_BUFFER_FREE ? k : 0);
         loop invariant tn_marks_away(mark, k) == 0;
         loop invariant \forall integer g; tn_marks_on_page(mark, k, per_page, g) == 0;
         loop assigns k;
         loop variant count - k;
      @/
      for (uint32_t k = 0; k < count; k++) ;
    */
    //@ assert pool->free == tn_marks_in(pool->mark, pool->count, TN_BUFFER_FREE);
    //@ assert \forall integer i; 0 <= i < pool->free ==> pool->stack[i] == pool->count - 1 - i;
    //@ assert \forall integer i; 0 <= i < pool->free ==> tn_state_of(pool->mark[pool->stack[i]]) == TN_BUFFER_FREE;
}

bool tn_pool_init(struct tn_pool *pool, const struct tn_pool_plan *plan)
{
    if (!plan_is_good(plan))
        return false;
    uint32_t count = plan->count;
    clear_buffers(plan->mark, plan->length, plan->stack, count);
    clear_pages(plan->page_away, tn_pool_pages(count, plan->buffers_per_page));
    set_up(pool, plan);
    return true;
}
