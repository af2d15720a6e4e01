/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DMA pools and their buffers. See dma.h for the whole; the annotations are contracts for the prover (docs/proof.md).
 *
 * Who holds a buffer is one number, its mark: generation * 256 + state. A mark only grows: a move to a later state
 * keeps the generation, a move back takes the next one. A buffer's name is its slot and the mark it had when the name
 * was given, so a name is good while nothing has happened to the buffer since, and stale for ever after (G1, G3). A
 * buffer whose last generation is used up is retired (G4).
 *
 * Marks, lengths and the stack of free slots are dense arrays beside the memory they describe. The buffer that was
 * freed last is taken first.
 *
 * Slices: with buffers_per_page above 1 several buffers share a page, and a page is with the CPU or on tenure as a
 * whole. A slice that came back, or never left, is the CPU's only when no other slice of its page is with a device;
 * with a slice in quarantine its whole page is lost.
 */
#ifndef TENURE_CORE_DMA_POOL_H
#define TENURE_CORE_DMA_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tenure/abi/handle.h>
#include <tenure/abi/status.h>

#include "bug.h"
#include "dma_mark.h"
#include "machine.h"

/* What a pool is made of. */
struct tn_pool_plan {
    uint64_t *mark;            /* `count`, the embedder's for the pool's life */
    uint32_t *length;          /* `count` */
    uint32_t *stack;           /* `count` */
    uint16_t *page_away;       /* tn_pool_pages(count, buffers_per_page) of them, or NULL if that is 0 */
    uint64_t owner_epoch;      /* not 0 */
    uint64_t generation_max;   /* 1 to TN_BUFFER_GENERATION_MAX */
    uint32_t count;            /* 1 to 2^20 */
    uint32_t buffer_bytes;     /* 1 to 2^31 */
    uint32_t buffers_per_page; /* 1: a buffer has pages of its own; up to TN_PAGE_LOST - 1: slices */
    bool scrub;                /* a released buffer is scrubbed before it is free */
    bool direct;               /* served by the direct path (dma_direct.h) and by no queue: no scrub, no slices */
};
/* How many counters the slices of a pool need: 0 without slices. */
/*@ requires count <= TN_HANDLE_SLOTS;
    assigns \nothing;
    ensures \result == (buffers_per_page > 1 ? tn_page_count(count, buffers_per_page) : 0); */
static inline uint32_t tn_pool_pages(uint32_t count, uint32_t buffers_per_page)
{
    return buffers_per_page > 1 ? count / buffers_per_page + (count % buffers_per_page != 0) : 0;
}
/* A pool in state TN_POOL_EMPTY. False and nothing changed on a bad argument. A pool is made anew only when every fence
 * that had a buffer of it has been taken: what is in quarantine may still be in one. */
/*@ predicate tn_pool_plan_fits{L}(struct tn_pool_plan *plan) =
      plan->mark != \null && plan->length != \null && plan->stack != \null && plan->owner_epoch != 0 &&
      0 < plan->count <= TN_HANDLE_SLOTS && 0 < plan->generation_max <= TN_BUFFER_GENERATION_MAX &&
      0 < plan->buffer_bytes <= 2147483648 && 0 < plan->buffers_per_page < TN_PAGE_LOST &&
      (plan->buffers_per_page > 1 <==> plan->page_away != \null) &&
      (plan->direct ==> !plan->scrub && plan->buffers_per_page == 1); */
/*@ predicate tn_plan_memory{L}(struct tn_pool *pool, struct tn_pool_plan *plan) =
      (plan->mark != \null ==> \valid(plan->mark + (0 .. plan->count - 1))) &&
      (plan->length != \null ==> \valid(plan->length + (0 .. plan->count - 1))) &&
      (plan->stack != \null ==> \valid(plan->stack + (0 .. plan->count - 1))) &&
      \separated(pool, plan, plan->mark + (0 .. plan->count - 1), plan->length + (0 .. plan->count - 1),
                 plan->stack + (0 .. plan->count - 1)) &&
      (plan->page_away != \null && plan->buffers_per_page > 1 ==>
        \valid(plan->page_away + (0 .. tn_page_count(plan->count, plan->buffers_per_page) - 1)) &&
        \separated(plan->page_away + (0 .. tn_page_count(plan->count, plan->buffers_per_page) - 1), pool, plan,
                   plan->mark + (0 .. plan->count - 1), plan->length + (0 .. plan->count - 1),
                   plan->stack + (0 .. plan->count - 1)));
    predicate tn_buffers_clear{L}(uint64_t *mark, uint32_t *stack, integer count) =
      (\forall integer i; 0 <= i < count ==> mark[i] == TN_MARK_STATES) &&
      (\forall integer i; 0 <= i < count ==> stack[i] == count - 1 - i); */
/*@ requires \valid(pool) && \valid_read(plan);
    requires tn_plan_memory(pool, plan);
    assigns *pool, plan->mark[0 .. plan->count - 1], plan->length[0 .. plan->count - 1],
            plan->stack[0 .. plan->count - 1],
            plan->page_away[0 .. tn_page_count(plan->count, plan->buffers_per_page) - 1];
    ensures \result <==> tn_pool_plan_fits{Pre}(plan);
    ensures \result ==> tn_pool_shape(pool) && tn_page_shape(pool);
    ensures \result ==> tn_pool_service(pool);
    ensures \result ==> tn_pool_marks(pool);
    ensures \result ==> tn_pool_counts(pool);
    ensures \result ==> tn_pool_stack(pool);
    ensures \result ==> tn_pool_paged(pool);
    ensures \result ==> pool->state == TN_POOL_EMPTY && pool->free == pool->count == plan->count;
    behavior refused:
      assumes !tn_pool_plan_fits(plan);
      assigns \nothing; */
bool tn_pool_init(struct tn_pool *pool, const struct tn_pool_plan *plan);

/* The one function that moves a pool: TN_ESTATE if the table has no such move, or if buffers are outstanding that
 * forbid it: to INVALIDATED only when no device may reach one; to SCRUBBED only when every buffer is free or retired;
 * from QUARANTINED to EMPTY only when no buffer is with a fence, and none with the CPU but on a lost page, and then the
 * caller has evidence that the device is silent, and the memory is scrubbed. What was in quarantine stays so: such a
 * pool is made anew (tn_pool_init) before it is used again. */
/*@ // At rest: free, retired or in quarantine; or on a page that is lost, where the CPU can only keep it.
    predicate tn_buffer_rests{L}(struct tn_pool *p, integer i) =
      tn_state_of(p->mark[i]) == TN_BUFFER_FREE || tn_state_of(p->mark[i]) >= TN_BUFFER_QUARANTINED ||
      (tn_page_lost(p, i) &&
        (tn_state_of(p->mark[i]) == TN_BUFFER_CPU || tn_state_of(p->mark[i]) == TN_BUFFER_SCRUBBING));
    predicate tn_buffers_rest{L}(struct tn_pool *p) = \forall integer i; 0 <= i < p->count ==> tn_buffer_rests(p, i);
    predicate tn_buffers_allow{L}(struct tn_pool *p, integer to) =
      (to == TN_POOL_RESERVED ==> p->quarantined == 0) && (to == TN_POOL_INVALIDATED ==> p->away == 0) &&
      (to == TN_POOL_SCRUBBED ==> p->free + p->retired == p->count) &&
      (to == TN_POOL_EMPTY && p->state == TN_POOL_QUARANTINED ==> tn_buffers_rest(p)); */
/*@ requires tn_pool_ok(pool);
    assigns pool->state, pool->open, pool->direct_open;
    ensures \result == TN_OK || \result == TN_ESTATE;
    ensures \result == TN_OK <==> tn_pool_moves(\old(pool->state), to) && tn_buffers_allow{Pre}(pool, to);
    ensures \result == TN_OK ==> pool->state == to;
    ensures \result != TN_OK ==> pool->state == \old(pool->state) && pool->open == \old(pool->open) &&
              pool->direct_open == \old(pool->direct_open);
    ensures tn_pool_shape(pool) && tn_page_shape(pool);
    ensures tn_pool_service(pool);
    ensures tn_pool_marks(pool);
    ensures tn_pool_counts(pool);
    ensures tn_pool_stack(pool);
    ensures tn_pool_paged(pool); */
TN_MUST_CHECK enum tn_status tn_pool_move(struct tn_pool *pool, enum tn_pool_state to);

/* ---- inside core/: the only writers of a mark, of the stack and of the counts ---- */

/*@ requires \valid(pool) && from < TN_BUFFER_STATES && to < TN_BUFFER_STATES;
    requires tn_state_is_away(from) ==> pool->away >= 1;
    requires pool->away <= TN_HANDLE_SLOTS && pool->quarantined <= TN_HANDLE_SLOTS && pool->retired <= TN_HANDLE_SLOTS;
    assigns pool->away, pool->quarantined, pool->retired;
    ensures pool->away == \old(pool->away) + tn_away_bit(to) - tn_away_bit(from);
    ensures pool->quarantined == \old(pool->quarantined) + (to == TN_BUFFER_QUARANTINED ? 1 : 0);
    ensures pool->retired == \old(pool->retired) + (to == TN_BUFFER_RETIRED ? 1 : 0); */
static TN_INLINE void tn_pool_count_move(struct tn_pool *pool, uint32_t from, uint32_t to)
{
    bool was_away = tn_buffer_is_away(from), is_away = tn_buffer_is_away(to);
    if (was_away && !is_away)
        pool->away--;
    if (!was_away && is_away)
        pool->away++;
    if (to == TN_BUFFER_QUARANTINED)
        pool->quarantined++;
    if (to == TN_BUFFER_RETIRED)
        pool->retired++;
}

/* A move of the buffer with this mark, whose state is `from`; the machine must have it. Returns the new name. Pages of
 * slices and the stack are the caller's. */
/*@ requires tn_pool_shape(pool) && tn_pool_marks(pool) && tn_pool_counts(pool);
    requires tn_buffer_is(pool, name, from) && tn_mark_may_go(name.mark, pool->last_mark, to);
    assigns pool->mark[name.slot], pool->away, pool->quarantined, pool->retired;
    ensures tn_pool_shape(pool);
    ensures tn_pool_fixed{Pre, Post}(pool);
    ensures tn_pool_marks(pool);
    ensures tn_pool_counts(pool);
    ensures tn_pool_step{Pre, Post}(pool);
    ensures tn_pool_same_but{Pre, Post}(pool, name.slot);
    ensures \result.slot == name.slot && \result.mark == tn_mark_to(name.mark, to);
    ensures tn_buffer_is(pool, \result, to);
    ensures counted: tn_marks_in(pool->mark, pool->count, TN_BUFFER_FREE) ==
              tn_marks_in{Pre}(pool->mark, pool->count, TN_BUFFER_FREE) +
              (to == TN_BUFFER_FREE ? 1 : 0) - (from == TN_BUFFER_FREE ? 1 : 0);
    ensures room: tn_marks_in(pool->mark, pool->count, TN_BUFFER_FREE) + pool->retired <= pool->count;
    ensures away: \forall integer g; tn_page_aways(pool, g) == tn_page_aways{Pre}(pool, g) +
              (g == name.slot / pool->buffers_per_page ? tn_away_bit(to) - tn_away_bit(from) : 0);
    ensures away_within: \forall integer g; 0 <= tn_page_aways(pool, g) <= pool->buffers_per_page; */
static TN_INLINE struct tn_buffer_name tn_buffer_put(struct tn_pool *pool, struct tn_buffer_name name, uint32_t from,
                                                     uint32_t to)
{
#if !defined(TN_TWIN_SUBMIT) && !defined(TN_TWIN_ORPHAN) /* these twins do what the table rightly forbids */
    TN_ASSERT(pool->mark[name.slot] == name.mark && tn_mark_state(name.mark) == from && tn_buffer_may_move(from, to));
#endif
    //@ assert tn_mark_ok(tn_mark_to(name.mark, to), pool->last_mark);
    //@ assert tn_state_of(tn_mark_to(name.mark, to)) == to;
    name.mark += tn_mark_step(from, to);
    //@ assert name.mark == tn_mark_to(\at(name, Pre).mark, to);
    tn_mark_write(pool->mark, pool->count, pool->buffers_per_page, name.slot, name.mark, from, to);
    //@ assert tn_pool_fixed{Pre, Here}(pool);
    //@ assert tn_pool_shape(pool);
    //@ assert \forall integer i; 0 <= i < pool->count ==> tn_mark_ok(pool->mark[i], \at(pool->last_mark, Pre));
    //@ assert tn_marks_in(pool->mark, pool->count, from) == tn_marks_in{Pre}(pool->mark, pool->count, from) - 1;
    /*@ assert tn_marks_away(pool->mark, pool->count) ==
               tn_marks_away{Pre}(pool->mark, pool->count) + tn_away_bit(to) - tn_away_bit(from); */
    /*@ assert tn_marks_in(pool->mark, pool->count, TN_BUFFER_QUARANTINED) ==
               tn_marks_in{Pre}(pool->mark, pool->count, TN_BUFFER_QUARANTINED) +
               (to == TN_BUFFER_QUARANTINED ? 1 : 0); */
    /*@ assert tn_marks_in(pool->mark, pool->count, TN_BUFFER_RETIRED) ==
               tn_marks_in{Pre}(pool->mark, pool->count, TN_BUFFER_RETIRED) + (to == TN_BUFFER_RETIRED ? 1 : 0); */
    tn_pool_count_move(pool, from, to);
    return name;
}

/* Is a buffer of its page in quarantine? */
/*@ requires tn_pool_shape(pool) && tn_page_shape(pool) && slot < pool->count;
    assigns \nothing;
    ensures \result <==> tn_page_lost(pool, slot); */
static inline bool tn_page_is_lost(const struct tn_pool *pool, uint64_t slot)
{
    return pool->page_away != NULL && pool->page_away[slot / pool->buffers_per_page] >= TN_PAGE_LOST;
}

/*@ requires tn_pool_shape(pool) && slot < pool->count && pool->free < pool->count;
    assigns pool->free, pool->stack[pool->free];
    ensures pool->free == \old(pool->free) + 1;
    ensures pool->stack[\old(pool->free)] == slot;
    ensures \forall integer i; 0 <= i < \old(pool->free) ==> pool->stack[i] == \old(pool->stack[i]); */
static inline void tn_stack_push(struct tn_pool *pool, uint64_t slot)
{
    uint32_t top = pool->free;
    pool->free = top + 1;
    pool->stack[top] = (uint32_t)slot;
}

/* To free, or to retired at the last generation. */
/*@ requires tn_pool_ok(pool) && tn_buffer_is(pool, name, from);
    requires from == TN_BUFFER_CPU || from == TN_BUFFER_SCRUBBING;
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
              tn_mark_to(name.mark, name.mark < pool->last_mark ? TN_BUFFER_FREE : TN_BUFFER_RETIRED); */
static inline void tn_buffer_end(struct tn_pool *pool, struct tn_buffer_name name, uint32_t from)
{
    if (__builtin_expect(name.mark >= pool->last_mark, 0)) {
        (void)tn_buffer_put(pool, name, from, TN_BUFFER_RETIRED);
        //@ assert \forall integer i; 0 <= i < pool->free ==> pool->stack[i] != name.slot;
        /*@ assert \forall integer i; 0 <= i < pool->free ==> pool->stack[i] < pool->count &&
                   tn_state_of(pool->mark[pool->stack[i]]) == TN_BUFFER_FREE; */
        //@ assert tn_pool_stack(pool);
        //@ assert \forall integer g; tn_page_aways(pool, g) == tn_page_aways{Pre}(pool, g);
        //@ assert tn_pool_page_counts_same{Pre, Here}(pool);
        return;
    }
    (void)tn_buffer_put(pool, name, from, TN_BUFFER_FREE);
    //@ ghost Put: ;
    //@ assert \forall integer i; 0 <= i < pool->free ==> pool->stack[i] != name.slot;
    tn_stack_push(pool, name.slot);
    //@ assert tn_pool_fixed{Pre, Here}(pool);
    //@ assert \forall integer i; 0 <= i < pool->free - 1 ==> pool->stack[i] == \at(pool->stack[i], Pre);
    //@ assert pool->free == tn_marks_in(pool->mark, pool->count, TN_BUFFER_FREE);
    //@ assert pool->free + pool->retired <= pool->count;
    /*@ assert \forall integer i; 0 <= i < pool->free ==> pool->stack[i] < pool->count &&
               tn_state_of(pool->mark[pool->stack[i]]) == TN_BUFFER_FREE; */
    //@ assert \forall integer i, j; 0 <= i < j < pool->free ==> pool->stack[i] != pool->stack[j];
    //@ assert \forall integer g; tn_page_aways(pool, g) == tn_page_aways{Pre}(pool, g);
    //@ assert tn_pool_page_counts_same{Pre, Here}(pool);
}

/*@ requires tn_pool_ok(pool) && slot < pool->count;
    assigns pool->length[slot];
    ensures tn_pool_ok(pool) && pool->length[slot] == length; */
static inline void tn_length_write(struct tn_pool *pool, uint64_t slot, uint32_t length)
{
    pool->length[slot] = length;
    //@ assert tn_pool_fixed{Pre, Here}(pool) && pool->free == \at(pool->free, Pre);
    //@ assert \forall integer i; 0 <= i < pool->free ==> pool->stack[i] == \at(pool->stack[i], Pre);
    //@ assert tn_pool_shape(pool) && tn_page_shape(pool);
    //@ assert tn_pool_stack(pool);
}

/* ---- names ---- */

/* The current name of a slot, for walks at teardown; all zero if nobody holds it or it is out of range. */
/*@ requires tn_pool_ok(pool);
    assigns \nothing;
    ensures \result.mark != 0 ==> \result.slot == slot && tn_buffer_named(pool, \result);
    ensures slot < pool->count && tn_state_is_held(tn_state_of(pool->mark[slot])) ==>
              \result.mark == pool->mark[slot] && \result.mark != 0; */
struct tn_buffer_name tn_buffer_name(const struct tn_pool *pool, uint32_t slot);
/* The state of a slot below count. */
/*@ requires tn_pool_shape(pool) && slot < pool->count;
    assigns \nothing;
    ensures \result == tn_state_of(pool->mark[slot]) && \result < TN_MARK_STATES; */
static inline uint32_t tn_buffer_state(const struct tn_pool *pool, uint32_t slot)
{
    return tn_mark_state(pool->mark[slot]);
}
/* A name of a buffer in a known state as a handle, and back. The pool's generations must fit a handle
 * (generation_max at most TN_HANDLE_GENERATION_MAX). */
/*@ requires name.slot < TN_HANDLE_SLOTS && tn_buffer_generation_of(name.mark) <= TN_HANDLE_GENERATION_MAX;
    assigns \nothing;
    ensures tn_slot_of(\result) == name.slot;
    ensures tn_generation_of(\result) == tn_buffer_generation_of(name.mark); */
static inline uint64_t tn_buffer_pack(struct tn_buffer_name name)
{
    return tn_handle_make((uint32_t)name.slot, tn_mark_generation(name.mark));
}
/*@ requires state < TN_BUFFER_STATES;
    assigns \nothing;
    ensures \result.slot == tn_slot_of(handle);
    ensures \result.mark == tn_generation_of(handle) * TN_MARK_STATES + state; */
static inline struct tn_buffer_name tn_buffer_unpack(uint64_t handle, enum tn_buffer_state state)
{
    const struct tn_buffer_name name = {tn_handle_generation(handle) * TN_MARK_STATES + state, tn_handle_slot(handle)};
    return name;
}

/* Does anyone hold a buffer under this name? */
/*@ requires tn_pool_shape(pool);
    assigns \nothing;
    ensures \result <==> tn_buffer_named(pool, name); */
bool tn_buffer_is_name(const struct tn_pool *pool, struct tn_buffer_name name);

/* ---- the CPU's buffers ---- */

/* May the CPU touch the buffer under this name? TN_ESTALE: no such name. TN_ESTATE: a name, and not the CPU's, or a
 * pool that is out of the CPU's reach. TN_EAGAIN: the CPU's, but a slice of its page is with a device. TN_EQUARANTINED:
 * the same, and until the pool ends. */
/*@ requires tn_pool_ok(pool);
    assigns \nothing;
    ensures \result == TN_OK <==> tn_pool_in_reach(pool) && tn_buffer_may_release(pool, name);
    ensures \result == TN_OK ==> tn_page_is_clear(pool, name.slot, 0);
    ensures \result == TN_ESTALE <==> !tn_buffer_named(pool, name); */
TN_MUST_CHECK enum tn_status tn_buffer_use_decide(const struct tn_pool *pool, struct tn_buffer_name name);
/* May its holder give it up? The same, whatever has become of the pool. With TN_EQUARANTINED he keeps it until the pool
 * ends, and the pool ends without it. */
/*@ requires tn_pool_ok(pool);
    assigns \nothing;
    ensures \result == TN_OK <==> tn_buffer_may_release(pool, name);
    ensures \result == TN_OK ==> tn_page_is_clear(pool, name.slot, 0);
    ensures \result == TN_ESTALE <==> !tn_buffer_named(pool, name);
    ensures \result == TN_EQUARANTINED <==> tn_buffer_is(pool, name, TN_BUFFER_CPU) && tn_page_lost(pool, name.slot); */
TN_MUST_CHECK enum tn_status tn_buffer_release_decide(const struct tn_pool *pool, struct tn_buffer_name name);
/* Releases a buffer that tn_buffer_release_decide allows. In a pool that scrubs: to TN_BUFFER_SCRUBBING; the embedder
 * scrubs buffer_bytes, then calls tn_buffer_scrubbed_commit(slot). Otherwise free at once. Older names are stale from
 * here. */
/*@ requires tn_pool_ok(pool) && tn_buffer_may_release(pool, name);
    assigns pool->mark[name.slot], pool->away, pool->quarantined, pool->retired,
            pool->page_away[name.slot / pool->buffers_per_page], pool->free, pool->stack[pool->free];
    ensures tn_pool_shape(pool) && tn_page_shape(pool);
    ensures tn_pool_service(pool);
    ensures tn_pool_marks(pool);
    ensures tn_pool_counts(pool);
    ensures tn_pool_stack(pool);
    ensures tn_pool_paged(pool);
    ensures tn_pool_step{Pre, Post}(pool);
    ensures tn_pool_same_but{Pre, Post}(pool, name.slot);
    ensures pool->scrub ==> pool->mark[name.slot] == tn_mark_to(name.mark, TN_BUFFER_SCRUBBING);
    ensures !pool->scrub ==> pool->mark[name.slot] ==
              tn_mark_to(name.mark, name.mark < pool->last_mark ? TN_BUFFER_FREE : TN_BUFFER_RETIRED);
    ensures !tn_buffer_named(pool, name); */
void tn_buffer_release_commit(struct tn_pool *pool, struct tn_buffer_name name);
/* May the memory of a buffer in state SCRUBBING be scrubbed, and the buffer be free after it? TN_ESTATE: not in that
 * state. TN_EAGAIN, TN_EQUARANTINED: as tn_buffer_use_decide; a device can still reach the page. */
/*@ requires tn_pool_ok(pool);
    assigns \nothing;
    ensures \result == TN_OK <==> slot < pool->count && tn_state_of(pool->mark[slot]) == TN_BUFFER_SCRUBBING &&
              tn_page_allows(pool, slot, 0);
    ensures \result == TN_OK ==> tn_page_is_clear(pool, slot, 0); */
TN_MUST_CHECK enum tn_status tn_buffer_scrub_decide(const struct tn_pool *pool, uint32_t slot);
/* SCRUBBING to free (or retired); its decide is tn_buffer_scrub_decide. */
/*@ requires tn_pool_ok(pool) && slot < pool->count && tn_state_of(pool->mark[slot]) == TN_BUFFER_SCRUBBING;
    requires tn_page_allows(pool, slot, 0);
    assigns pool->mark[slot], pool->away, pool->quarantined, pool->retired, pool->free, pool->stack[pool->free];
    ensures tn_pool_shape(pool) && tn_page_shape(pool);
    ensures tn_pool_service(pool);
    ensures tn_pool_marks(pool);
    ensures tn_pool_counts(pool);
    ensures tn_pool_stack(pool);
    ensures tn_pool_paged(pool);
    ensures tn_pool_step{Pre, Post}(pool);
    ensures tn_pool_same_but{Pre, Post}(pool, slot);
    ensures clear: tn_page_is_clear(pool, slot, 0);
    ensures pool->mark[slot] == tn_mark_to(\old(pool->mark[slot]),
              \old(pool->mark[slot]) < pool->last_mark ? TN_BUFFER_FREE : TN_BUFFER_RETIRED); */
void tn_buffer_scrubbed_commit(struct tn_pool *pool, uint32_t slot);

/* ---- to a device and back ---- */

/* TN_ENOTSUP: a pool of the direct path. TN_ESTALE, TN_ESTATE: as tn_buffer_use_decide (a page of which another slice
 * is away does not matter), or the pool is not mapped. TN_ERANGE: length 0 or above buffer_bytes. TN_ERETIRED: no
 * generation is left for the way home. */
/*@ predicate tn_buffer_may_depart{L}(struct tn_pool *p, struct tn_buffer_name name, integer length) =
      p->direct == 0 && tn_buffer_is(p, name, TN_BUFFER_CPU) && p->open && 0 < length <= p->buffer_bytes &&
      name.mark < p->last_mark; */
/*@ requires tn_pool_ok(pool);
    assigns \nothing;
    ensures \result == TN_OK || \result == TN_ENOTSUP || \result == TN_ESTALE || \result == TN_ESTATE ||
              \result == TN_ERANGE || \result == TN_ERETIRED;
    ensures \result == TN_OK <==> tn_buffer_may_depart(pool, name, length);
    ensures \result == TN_ESTALE <==> pool->direct == 0 && !tn_buffer_named(pool, name); */
TN_MUST_CHECK enum tn_status tn_buffer_depart_decide(const struct tn_pool *pool, struct tn_buffer_name name,
                                                     uint32_t length);
/* CPU to IN_FLIGHT. Returns the name that its fence keeps. */
/*@ requires tn_pool_ok(pool) && tn_buffer_may_depart(pool, name, length);
    assigns pool->mark[name.slot], pool->away, pool->quarantined, pool->retired,
            pool->page_away[name.slot / pool->buffers_per_page], pool->length[name.slot];
    ensures tn_pool_shape(pool) && tn_page_shape(pool);
    ensures tn_pool_service(pool);
    ensures tn_pool_marks(pool);
    ensures tn_pool_counts(pool);
    ensures tn_pool_stack(pool);
    ensures tn_pool_paged(pool);
    ensures tn_pool_step{Pre, Post}(pool);
    ensures tn_pool_same_but{Pre, Post}(pool, name.slot);
    ensures \result.slot == name.slot && \result.mark == tn_mark_to(name.mark, TN_BUFFER_IN_FLIGHT);
    ensures tn_buffer_is(pool, \result, TN_BUFFER_IN_FLIGHT) && pool->length[name.slot] == length; */
struct tn_buffer_name tn_buffer_depart_commit(struct tn_pool *pool, struct tn_buffer_name name, uint32_t length);
/* The buffer that left under this name: IN_FLIGHT to COMPLETED, ABORTED, ORPHAN or QUARANTINED, the others to
 * QUARANTINED. TN_ESTALE: it is not there. TN_ESTATE: the machine has no such move. */
/*@ predicate tn_state_ends_journey(integer to) =
      TN_BUFFER_COMPLETED <= to <= TN_BUFFER_ORPHAN || to == TN_BUFFER_QUARANTINED;
    predicate tn_buffer_may_arrive{L}(struct tn_pool *p, struct tn_buffer_name name, integer to) =
      tn_buffer_named(p, name) && tn_buffer_moves(tn_state_of(name.mark), to) && tn_state_ends_journey(to); */
/*@ requires tn_pool_ok(pool);
    assigns \nothing;
    ensures \result == TN_OK <==> tn_buffer_may_arrive(pool, name, to);
    ensures \result == TN_ESTALE <==> !tn_buffer_named(pool, name); */
TN_MUST_CHECK enum tn_status tn_buffer_arrive_decide(const struct tn_pool *pool, struct tn_buffer_name name,
                                                     enum tn_buffer_state to);
/*@ requires tn_pool_ok(pool) && tn_buffer_may_arrive(pool, name, to);
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
struct tn_buffer_name tn_buffer_arrive_commit(struct tn_pool *pool, struct tn_buffer_name name,
                                              enum tn_buffer_state to);
/* May the buffer go home: COMPLETED or ABORTED to CPU, ORPHAN to SCRUBBING? TN_ESTALE; TN_ESTATE; TN_EAGAIN: a slice of
 * its page is still with a device (an orphan waits for that before it is scrubbed); TN_EQUARANTINED: one is in
 * quarantine, so the buffer can only follow it (tn_buffer_arrive_commit). */
/*@ predicate tn_buffer_is_back{L}(struct tn_pool *p, struct tn_buffer_name name) =
      tn_buffer_is(p, name, TN_BUFFER_COMPLETED) || tn_buffer_is(p, name, TN_BUFFER_ABORTED) ||
      tn_buffer_is(p, name, TN_BUFFER_ORPHAN);
    // An orphan waits for its page as SCRUBBING: two of one page would wait for each other here.
    predicate tn_buffer_may_go_home{L}(struct tn_pool *p, struct tn_buffer_name name) =
      tn_buffer_is_back(p, name) &&
      (tn_state_of(name.mark) == TN_BUFFER_ORPHAN ==> tn_page_allows(p, name.slot, TN_PAGE_LOST - 1)) &&
      (tn_state_of(name.mark) != TN_BUFFER_ORPHAN ==> tn_page_allows(p, name.slot, 0)); */
/*@ requires tn_pool_ok(pool);
    assigns \nothing;
    ensures \result == TN_OK <==> tn_buffer_may_go_home(pool, name);
    ensures \result == TN_OK ==>
              tn_page_is_clear(pool, name.slot, tn_state_of(name.mark) == TN_BUFFER_ORPHAN ? TN_PAGE_LOST - 1 : 0);
    ensures \result == TN_EAGAIN <==> tn_mark_waits(pool, name.slot, name.mark);
    ensures \result == TN_EQUARANTINED <==> tn_buffer_is_back(pool, name) && tn_page_lost(pool, name.slot); */
TN_MUST_CHECK enum tn_status tn_buffer_home_decide(const struct tn_pool *pool, struct tn_buffer_name name);
/* Returns the CPU's new name; all zero for an orphan, which the embedder scrubs, then tn_buffer_scrubbed_commit. */
/*@ requires tn_pool_ok(pool) && tn_buffer_may_go_home(pool, name);
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
    ensures tn_state_of(name.mark) == TN_BUFFER_ORPHAN ==> \result.mark == 0 && \result.slot == 0 &&
              pool->mark[name.slot] == tn_mark_to(name.mark, TN_BUFFER_SCRUBBING);
    ensures tn_state_of(name.mark) != TN_BUFFER_ORPHAN ==> \result.slot == name.slot &&
              \result.mark == tn_mark_to(name.mark, TN_BUFFER_CPU) && tn_buffer_is(pool, \result, TN_BUFFER_CPU);
    ensures !tn_buffer_named(pool, name); */
struct tn_buffer_name tn_buffer_home_commit(struct tn_pool *pool, struct tn_buffer_name name);

#endif
