/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The direct path: a buffer's whole life for one owner who submits, polls and releases himself. The buffer is its own
 * fence, under the name it has while in flight: no queue, no second record. For pools without scrub and without slices
 * (pool->direct); alloc is tn_buffer_alloc_*, or tn_direct_alloc_commit.
 *
 * Every decide is the whole check, in one condition; what a refusal is called is worked out beside the path.
 */
#ifndef TENURE_CORE_DMA_DIRECT_H
#define TENURE_CORE_DMA_DIRECT_H

#include "dma_alloc.h"

/*@ predicate tn_direct_may_submit{L}(struct tn_pool *p, struct tn_buffer_name name, integer length) =
      p->direct != 0 && tn_buffer_is(p, name, TN_BUFFER_CPU) && p->open && 0 < length <= p->buffer_bytes &&
      name.mark < p->last_mark;
    predicate tn_direct_may_complete{L}(struct tn_pool *p, struct tn_buffer_name name, integer used) =
      p->direct != 0 && tn_buffer_is(p, name, TN_BUFFER_IN_FLIGHT) && used <= p->length[name.slot];
    predicate tn_direct_may_release{L}(struct tn_pool *p, struct tn_buffer_name name) =
      p->direct != 0 && tn_buffer_is(p, name, TN_BUFFER_CPU); */

/* TN_ENOTSUP: the pool is not direct. Otherwise as tn_buffer_depart_decide. */
/*@ requires tn_pool_ok(pool);
    assigns \nothing;
    ensures \result != TN_OK;
    ensures \result == TN_ENOTSUP <==> pool->direct == 0;
    ensures \result == TN_ESTALE <==> pool->direct != 0 && !tn_buffer_named(pool, name); */
TN_COLD enum tn_status tn_direct_submit_refusal(const struct tn_pool *pool, struct tn_buffer_name name,
                                                uint32_t length);
/* TN_ENOTSUP. TN_ESTALE: nothing is in flight under this name (late, twice, forged, of an earlier holder).
 * TN_EPROTOCOL: used above the submitted length. */
/*@ requires tn_pool_ok(pool);
    assigns \nothing;
    ensures \result != TN_OK;
    ensures \result == TN_ENOTSUP <==> pool->direct == 0;
    ensures \result == TN_ESTALE <==> pool->direct != 0 && !tn_buffer_is(pool, name, TN_BUFFER_IN_FLIGHT); */
TN_COLD enum tn_status tn_direct_complete_refusal(const struct tn_pool *pool, struct tn_buffer_name name);
/* TN_ENOTSUP. TN_ESTALE, TN_ESTATE: as tn_buffer_use_decide. */
/*@ requires tn_pool_ok(pool);
    assigns \nothing;
    ensures \result != TN_OK;
    ensures \result == TN_ENOTSUP <==> pool->direct == 0;
    ensures \result == TN_ESTALE <==> pool->direct != 0 && !tn_buffer_named(pool, name); */
TN_COLD enum tn_status tn_direct_release_refusal(const struct tn_pool *pool, struct tn_buffer_name name);

/* Is the buffer under this name in this state? `slots`: pool->direct or pool->direct_open. */
/*@ requires tn_pool_shape(pool) && slots <= pool->count;
    assigns \nothing;
    ensures \result <==> name.slot < slots && tn_buffer_is(pool, name, state); */
static inline bool tn_direct_is(const struct tn_pool *pool, uint64_t slots, struct tn_buffer_name name, uint32_t state)
{
#ifdef TN_TWIN_MARK /* negative twin: a name of the right state is good, of whatever holder */
    (void)pool;
    return name.slot < slots && tn_mark_state(name.mark) == state;
#else
    return name.slot < slots && pool->mark[name.slot] == name.mark && tn_mark_state(name.mark) == state;
#endif
}

/* The whole check of each operation, for callers who do not ask why not. */
/*@ requires tn_pool_ok(pool);
    assigns \nothing;
    ensures \result <==> pool->direct != 0 && pool->open && pool->free > 0; */
static inline bool tn_direct_can_alloc(const struct tn_pool *pool)
{
    //@ assert pool->direct_open == (pool->open ? pool->direct : 0);
    return pool->direct_open != 0 && pool->free != 0;
}
/* tn_buffer_alloc_commit for a pool that tn_direct_can_alloc allows: without a call, so that a copy of the pool may be
 * in registers. */
/*@ requires tn_pool_ok(pool) && pool->direct != 0 && pool->open && pool->free > 0;
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
    ensures tn_buffer_is(pool, \result, TN_BUFFER_CPU); */
static inline struct tn_buffer_name tn_direct_alloc_commit(struct tn_pool *pool)
{
    TN_ASSERT(tn_direct_can_alloc(pool));
    return tn_stack_take(pool);
}
/*@ requires tn_pool_ok(pool);
    assigns \nothing;
    ensures \result <==> tn_direct_may_submit(pool, name, length); */
static inline bool tn_direct_can_submit(const struct tn_pool *pool, struct tn_buffer_name name, uint32_t length)
{
    //@ assert pool->direct_open == (pool->open ? pool->direct : 0);
    //@ assert pool->direct == 0 || pool->direct == pool->count;
    return tn_direct_is(pool, pool->direct_open, name, TN_BUFFER_CPU) && length != 0 && length <= pool->buffer_bytes &&
           name.mark < pool->last_mark;
}
/*@ requires tn_pool_ok(pool);
    assigns \nothing;
    ensures \result <==> tn_direct_may_complete(pool, name, used); */
static inline bool tn_direct_can_complete(const struct tn_pool *pool, struct tn_buffer_name name, uint32_t used)
{
    return tn_direct_is(pool, pool->direct, name, TN_BUFFER_IN_FLIGHT) && used <= pool->length[name.slot];
}
/*@ requires tn_pool_ok(pool);
    assigns \nothing;
    ensures \result <==> tn_direct_may_release(pool, name); */
static inline bool tn_direct_can_release(const struct tn_pool *pool, struct tn_buffer_name name)
{
    return tn_direct_is(pool, pool->direct, name, TN_BUFFER_CPU);
}

/* The same for a release after which the buffer is free, and not retired. */
/*@ requires tn_pool_ok(pool);
    assigns \nothing;
    ensures \result <==> tn_direct_may_release(pool, name) && name.mark < pool->last_mark; */
static inline bool tn_direct_can_recycle(const struct tn_pool *pool, struct tn_buffer_name name)
{
    return tn_direct_can_release(pool, name) && name.mark < pool->last_mark;
}

/*@ requires tn_pool_ok(pool);
    assigns \nothing;
    ensures \result == TN_OK <==> tn_direct_may_submit(pool, name, length); */
TN_MUST_CHECK static inline enum tn_status tn_direct_submit_decide(const struct tn_pool *pool,
                                                                   struct tn_buffer_name name, uint32_t length)
{
    if (__builtin_expect(tn_direct_can_submit(pool, name, length), 1))
        return TN_OK;
    enum tn_status status = tn_direct_submit_refusal(pool, name, length);
    return status != TN_OK ? status : TN_ESTATE;
}
/* CPU to IN_FLIGHT. Returns the name to complete it under. */
/*@ requires tn_pool_ok(pool) && tn_direct_may_submit(pool, name, length);
    assigns pool->mark[name.slot], pool->away, pool->quarantined, pool->retired, pool->length[name.slot];
    ensures tn_pool_shape(pool) && tn_page_shape(pool);
    ensures tn_pool_service(pool);
    ensures tn_pool_marks(pool);
    ensures tn_pool_counts(pool);
    ensures tn_pool_stack(pool);
    ensures tn_pool_paged(pool);
    ensures tn_pool_step{Pre, Post}(pool);
    ensures tn_pool_same_but{Pre, Post}(pool, name.slot);
    ensures \result.slot == name.slot && \result.mark == name.mark + 1;
    ensures tn_buffer_is(pool, \result, TN_BUFFER_IN_FLIGHT) && pool->length[name.slot] == length; */
static inline struct tn_buffer_name tn_direct_submit_commit(struct tn_pool *pool, struct tn_buffer_name name,
                                                            uint32_t length)
{
    tn_length_write(pool, name.slot, length);
    struct tn_buffer_name moved = tn_buffer_put(pool, name, TN_BUFFER_CPU, TN_BUFFER_IN_FLIGHT);
    //@ assert pool->free == tn_marks_in(pool->mark, pool->count, TN_BUFFER_FREE);
    //@ assert \forall integer i; 0 <= i < pool->free ==> pool->stack[i] == \at(pool->stack[i], Pre);
    //@ assert \forall integer i; 0 <= i < pool->free ==> pool->stack[i] < pool->count && pool->stack[i] != name.slot;
    //@ assert \forall integer i; 0 <= i < pool->free ==> tn_state_of(pool->mark[pool->stack[i]]) == TN_BUFFER_FREE;
    //@ assert tn_pool_stack(pool);
    return moved;
}

/*@ requires tn_pool_ok(pool);
    assigns \nothing;
    ensures \result == TN_OK <==> tn_direct_may_complete(pool, name, used); */
TN_MUST_CHECK static inline enum tn_status tn_direct_complete_decide(const struct tn_pool *pool,
                                                                     struct tn_buffer_name name, uint32_t used)
{
    if (__builtin_expect(tn_direct_can_complete(pool, name, used), 1))
        return TN_OK;
    enum tn_status status = tn_direct_complete_refusal(pool, name);
    return status != TN_OK ? status : TN_ESTATE;
}
/* IN_FLIGHT to CPU. Returns the CPU's new name. */
/*@ requires tn_pool_ok(pool) && tn_direct_may_complete(pool, name, 0);
    assigns pool->mark[name.slot], pool->away, pool->quarantined, pool->retired;
    ensures tn_pool_shape(pool) && tn_page_shape(pool);
    ensures tn_pool_service(pool);
    ensures tn_pool_marks(pool);
    ensures tn_pool_counts(pool);
    ensures tn_pool_stack(pool);
    ensures tn_pool_paged(pool);
    ensures tn_pool_step{Pre, Post}(pool);
    ensures tn_pool_same_but{Pre, Post}(pool, name.slot);
    ensures \result.slot == name.slot && \result.mark == name.mark + (TN_MARK_STATES - 1);
    ensures tn_buffer_is(pool, \result, TN_BUFFER_CPU); */
static inline struct tn_buffer_name tn_direct_complete_commit(struct tn_pool *pool, struct tn_buffer_name name)
{
    struct tn_buffer_name moved = tn_buffer_put(pool, name, TN_BUFFER_IN_FLIGHT, TN_BUFFER_CPU);
    //@ assert pool->free == tn_marks_in(pool->mark, pool->count, TN_BUFFER_FREE);
    //@ assert \forall integer i; 0 <= i < pool->free ==> pool->stack[i] == \at(pool->stack[i], Pre);
    //@ assert \forall integer i; 0 <= i < pool->free ==> pool->stack[i] < pool->count && pool->stack[i] != name.slot;
    //@ assert \forall integer i; 0 <= i < pool->free ==> tn_state_of(pool->mark[pool->stack[i]]) == TN_BUFFER_FREE;
    //@ assert tn_pool_stack(pool);
    return moved;
}

/*@ requires tn_pool_ok(pool);
    assigns \nothing;
    ensures \result == TN_OK <==> tn_direct_may_release(pool, name); */
TN_MUST_CHECK static inline enum tn_status tn_direct_release_decide(const struct tn_pool *pool,
                                                                    struct tn_buffer_name name)
{
    if (__builtin_expect(tn_direct_can_release(pool, name), 1))
        return TN_OK;
    enum tn_status status = tn_direct_release_refusal(pool, name);
    return status != TN_OK ? status : TN_ESTATE;
}
/* CPU to free, or retired. */
/*@ requires tn_pool_ok(pool) && tn_direct_may_release(pool, name);
    assigns pool->mark[name.slot], pool->away, pool->quarantined, pool->retired, pool->free, pool->stack[pool->free];
    ensures tn_pool_shape(pool) && tn_page_shape(pool);
    ensures tn_pool_service(pool);
    ensures tn_pool_marks(pool);
    ensures tn_pool_counts(pool);
    ensures tn_pool_stack(pool);
    ensures tn_pool_paged(pool);
    ensures tn_pool_step{Pre, Post}(pool);
    ensures tn_pool_same_but{Pre, Post}(pool, name.slot);
    ensures pool->mark[name.slot] ==
              tn_mark_to(name.mark, name.mark < pool->last_mark ? TN_BUFFER_FREE : TN_BUFFER_RETIRED);
    ensures !tn_buffer_named(pool, name); */
static inline void tn_direct_release_commit(struct tn_pool *pool, struct tn_buffer_name name)
{
    tn_buffer_end(pool, name, TN_BUFFER_CPU);
}

/* A loop over many buffers works on a copy of the pool that nobody else sees, so that what it needs stays in registers;
 * afterwards the counts that these operations change go back. The arrays were never copied. */
/*@ requires \valid(pool) && \valid_read(copy) && \separated(pool, copy);
    assigns pool->free, pool->away, pool->retired;
    ensures pool->free == copy->free && pool->away == copy->away && pool->retired == copy->retired; */
static inline void tn_direct_settle(struct tn_pool *pool, const struct tn_pool *copy)
{
    pool->free = copy->free;
    pool->away = copy->away;
    pool->retired = copy->retired;
}

#endif
