/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Marks: who holds a buffer, as one number; and what is always true of a pool's marks, counts, stack and pages, as the
 * prover is told it (docs/proof.md). See dma_pool.h for what is done with them.
 */
#ifndef TENURE_CORE_DMA_MARK_H
#define TENURE_CORE_DMA_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tenure/abi/handle.h>

#include "bug.h"
#include "machine.h"

/* What a move costs is decided where its states are constants: in the caller. */
#define TN_INLINE inline __attribute__((always_inline))
/* Off the way: what a refusal is called. */
#define TN_COLD __attribute__((cold, nothrow))

#define TN_MARK_STATES           256
#define TN_BUFFER_GENERATION_MAX (UINT64_MAX / TN_MARK_STATES)

/* A buffer as its holder knows it. All zero is nobody's name. */
struct tn_buffer_name {
    uint64_t mark;
    uint64_t slot;
};

struct tn_pool {
    uint64_t *mark;       /* `count` each, the embedder's; so is the rest */
    uint32_t *length;     /* bytes of the latest submission */
    uint32_t *stack;      /* the free slots, the latest on top: its memory is still warm, and cheap to scrub */
    uint16_t *page_away;  /* NULL without slices; for each page how many buffers a device may reach, and TN_PAGE_LOST */
    uint64_t last_mark;   /* marks from here on are of the last generation: what has one cannot be submitted */
    uint64_t owner_epoch; /* of the incarnation that holds the pool */
    uint64_t direct;      /* count if the direct path (dma_direct.h) serves this pool, and no queue; else 0 */
    uint64_t direct_open; /* the same while the pool is mapped, else 0 */
    uint32_t free;        /* slots on the stack */
    uint32_t count;
    uint32_t buffer_bytes;
    uint32_t buffers_per_page;
    uint32_t away;        /* buffers that a device may reach: in flight, orphan, in quarantine */
    uint32_t quarantined; /* of these, until the pool is made anew */
    uint32_t retired;
    uint32_t state; /* enum tn_pool_state */
    bool open;      /* mapped */
    bool scrub;
};

/*@ logic integer tn_state_of(integer mark) = mark % TN_MARK_STATES;
    logic integer tn_buffer_generation_of(integer mark) = mark / TN_MARK_STATES;
    logic integer tn_step_between(integer from, integer to) = to > from ? to - from : TN_MARK_STATES + to - from; */

/*@ assigns \nothing;
    ensures \result == tn_state_of(mark) && \result < TN_MARK_STATES; */
static inline uint32_t tn_mark_state(uint64_t mark)
{
    return (uint32_t)(mark % TN_MARK_STATES);
}
/*@ assigns \nothing;
    ensures \result == tn_buffer_generation_of(mark); */
static inline uint64_t tn_mark_generation(uint64_t mark)
{
    return mark / TN_MARK_STATES;
}
/* How much a mark grows by a move. */
/*@ requires from < TN_BUFFER_STATES && to < TN_BUFFER_STATES;
    assigns \nothing;
    ensures \result == tn_step_between(from, to); */
static TN_INLINE uint64_t tn_mark_step(uint32_t from, uint32_t to)
{
    return to > from ? to - from : TN_MARK_STATES + to - from;
}
/* May a device reach a buffer in this state? */
/*@ predicate tn_state_is_away(integer state) =
      state == TN_BUFFER_IN_FLIGHT || state == TN_BUFFER_ORPHAN || state == TN_BUFFER_QUARANTINED;
    logic integer tn_away_bit(integer state) =
      state == TN_BUFFER_IN_FLIGHT || state == TN_BUFFER_ORPHAN || state == TN_BUFFER_QUARANTINED ? 1 : 0; */
/*@ assigns \nothing;
    ensures \result <==> tn_state_is_away(state); */
static TN_INLINE bool tn_buffer_is_away(uint32_t state)
{
    return state == TN_BUFFER_IN_FLIGHT || state == TN_BUFFER_ORPHAN || state == TN_BUFFER_QUARANTINED;
}

/* In a page's counter: a buffer of the page is in quarantine. */
#define TN_PAGE_LOST 0x8000u

/*@ // May someone hold a name of a buffer in this state?
    predicate tn_state_is_held(integer state) =
      state != TN_BUFFER_FREE && state != TN_BUFFER_SCRUBBING && state < TN_BUFFER_RETIRED;
    // A generation is kept for the way home.
    predicate tn_state_comes_home(integer state) = TN_BUFFER_IN_FLIGHT <= state <= TN_BUFFER_ORPHAN;
    predicate tn_mark_ok(integer mark, integer last_mark) =
      TN_MARK_STATES <= mark < last_mark + TN_MARK_STATES && tn_state_of(mark) < TN_BUFFER_STATES &&
      (tn_state_comes_home(tn_state_of(mark)) ==> mark < last_mark);
    // May a buffer with this mark go to a state?
    predicate tn_mark_may_go(integer mark, integer last_mark, integer to) =
      tn_mark_ok(mark, last_mark) && tn_buffer_moves(tn_state_of(mark), to) &&
      (to <= tn_state_of(mark) || tn_state_comes_home(to) ==> mark < last_mark);
    logic integer tn_mark_to(integer mark, integer to) = mark + tn_step_between(tn_state_of(mark), to);
    lemma tn_mark_moved: \forall integer m, to;
      0 <= m && 0 <= to < TN_MARK_STATES ==> tn_state_of(tn_mark_to(m, to)) == to;
    lemma tn_mark_grown: \forall integer m, to;
      0 <= m && 0 <= to < TN_MARK_STATES ==> m < tn_mark_to(m, to) &&
      tn_buffer_generation_of(tn_mark_to(m, to)) ==
        tn_buffer_generation_of(m) + (to > tn_state_of(m) ? 0 : 1);
    lemma tn_mark_stays_ok: \forall integer m, last_mark, to;
      0 <= last_mark && tn_state_of(last_mark) == 0 && tn_mark_may_go(m, last_mark, to) ==>
      tn_mark_ok(tn_mark_to(m, to), last_mark);

    // How many of the first n marks are in a state; how many of them, in all and on one page, a device may reach.
    logic integer tn_marks_in{L}(uint64_t *mark, integer n, integer state) =
      n <= 0 ? 0 : tn_marks_in(mark, n - 1, state) + (tn_state_of(mark[n - 1]) == state ? 1 : 0);
    logic integer tn_marks_away{L}(uint64_t *mark, integer n) =
      n <= 0 ? 0 : tn_marks_away(mark, n - 1) + tn_away_bit(tn_state_of(mark[n - 1]));
    logic integer tn_marks_on_page{L}(uint64_t *mark, integer n, integer per_page, integer page) =
      n <= 0 ? 0 : tn_marks_on_page(mark, n - 1, per_page, page) +
        ((n - 1) / per_page == page ? tn_away_bit(tn_state_of(mark[n - 1])) : 0); */

/*@ ghost
/@ requires 0 < per_page && page * per_page <= slot < page * per_page + per_page;
   assigns \nothing;
   ensures slot / per_page == page; @/
static inline void tn_page_of(uint32_t slot, uint32_t per_page, uint32_t page)
{
} */

/* The one place where a mark changes. */
/*@ requires 0 < count <= TN_HANDLE_SLOTS && \valid(mark + (0 .. count - 1)) && slot < count;
    requires tn_state_of(mark[slot]) == from && tn_state_of(value) == to && per_page > 0;
    assigns mark[slot];
    ensures mark[slot] == value;
    ensures counted: \forall integer s; tn_marks_in(mark, count, s) == tn_marks_in{Pre}(mark, count, s) +
              (to == s ? 1 : 0) - (from == s ? 1 : 0);
    ensures within: \forall integer s; 0 <= tn_marks_in(mark, count, s) <= count;
    ensures someone: tn_marks_in{Pre}(mark, count, from) >= 1;
    ensures both: tn_marks_in(mark, count, TN_BUFFER_FREE) + tn_marks_in(mark, count, TN_BUFFER_RETIRED) <= count;
    ensures away: tn_marks_away(mark, count) ==
              tn_marks_away{Pre}(mark, count) + tn_away_bit(to) - tn_away_bit(from);
    ensures away_within: 0 <= tn_marks_away(mark, count) <= count;
    ensures away_someone: tn_marks_away{Pre}(mark, count) >= tn_away_bit(from);
    ensures page: \forall integer g; tn_marks_on_page(mark, count, per_page, g) ==
              tn_marks_on_page{Pre}(mark, count, per_page, g) +
              (slot / per_page == g ? tn_away_bit(to) - tn_away_bit(from) : 0);
    ensures page_within: \forall integer g; 0 <= tn_marks_on_page(mark, count, per_page, g) <= per_page; */
static inline void tn_mark_write(uint64_t *mark, uint32_t count, uint32_t per_page, uint64_t slot, uint64_t value,
                                 uint32_t from, uint32_t to)
{
    (void)count, (void)per_page, (void)from, (void)to;
    //@ assert tn_marks_in(mark, slot + 1, from) == tn_marks_in(mark, slot, from) + 1;
    /*@ ghost // there is someone in its state
      /@ loop invariant 0 <= k <= count;
         loop invariant \forall integer s; 0 <= tn_marks_in(mark, k, s);
         loop invariant k > slot ==> tn_marks_in(mark, k, from) >= 1;
         loop assigns k;
         loop variant count - k;
      @/
      for (uint32_t k = 0; k < count; k++) ;
    */
    //@ assert tn_away_bit(tn_state_of(mark[slot])) == tn_away_bit(from);
    /*@ ghost
      /@ loop invariant 0 <= k <= count;
         loop invariant 0 <= tn_marks_away(mark, k);
         loop invariant k > slot ==> tn_marks_away(mark, k) >= tn_away_bit(from);
         loop assigns k;
         loop variant count - k;
      @/
      for (uint32_t k = 0; k < count; k++) {
        /@ assert tn_marks_away(mark, k + 1) == tn_marks_away(mark, k) + tn_away_bit(tn_state_of(mark[k])); @/
      }
    */
    mark[slot] = value;
    /*@ ghost // one mark changed, so the counts move by exactly that one
      /@ loop invariant 0 <= k <= count;
         loop invariant \forall integer s; tn_marks_in(mark, k, s) == tn_marks_in{Pre}(mark, k, s) + (k > slot ?
           (to == s ? 1 : 0) - (from == s ? 1 : 0) : 0);
         loop invariant \forall integer s; 0 <= tn_marks_in(mark, k, s) <= k;
         loop invariant tn_marks_in(mark, k, TN_BUFFER_FREE) + tn_marks_in(mark, k, TN_BUFFER_RETIRED) <= k;
         loop invariant tn_marks_away(mark, k) ==
           tn_marks_away{Pre}(mark, k) + (k > slot ? tn_away_bit(to) - tn_away_bit(from) : 0);
         loop invariant 0 <= tn_marks_away(mark, k) <= k;
         loop assigns k;
         loop variant count - k;
      @/
      for (uint32_t k = 0; k < count; k++) {
        /@ assert \forall integer s; tn_marks_in(mark, k + 1, s) ==
             tn_marks_in(mark, k, s) + (tn_state_of(mark[k]) == s ? 1 : 0); @/
        /@ assert \forall integer s; tn_marks_in{Pre}(mark, k + 1, s) ==
             tn_marks_in{Pre}(mark, k, s) + (tn_state_of(\at(mark[\at(k, Here)], Pre)) == s ? 1 : 0); @/
        /@ assert k != slot ==> mark[k] == \at(mark[\at(k, Here)], Pre); @/
      }
    */
    /*@ ghost // and those of its page; `page` is where k is, from `base` on
      uint32_t page = 0, base = 0;
      /@ loop invariant 0 <= k <= count && base <= k < base + per_page;
         loop invariant base == page * per_page;
         loop invariant k / per_page == page;
         loop invariant \forall integer g; tn_marks_on_page(mark, k, per_page, g) ==
           tn_marks_on_page{Pre}(mark, k, per_page, g) +
           (k > slot && slot / per_page == g ? tn_away_bit(to) - tn_away_bit(from) : 0);
         loop invariant \forall integer g; 0 <= tn_marks_on_page(mark, k, per_page, g) <= per_page;
         loop invariant \forall integer g; g > page ==> tn_marks_on_page(mark, k, per_page, g) == 0;
         loop invariant tn_marks_on_page(mark, k, per_page, page) <= k - base;
         loop assigns k, page, base;
         loop variant count - k;
      @/
      for (uint32_t k = 0; k < count; k++) {
        /@ assert \forall integer g; tn_marks_on_page(mark, k + 1, per_page, g) ==
             tn_marks_on_page(mark, k, per_page, g) + (page == g ? tn_away_bit(tn_state_of(mark[k])) : 0); @/
        if (k + 1 - base == per_page) {
          /@ assert (page + 1) * per_page == base + per_page; @/
          page++;
          base += per_page;
          /@ assert base == page * per_page; @/
          tn_page_of(k + 1, per_page, page);
        } else {
          tn_page_of(k + 1, per_page, page);
        }
      }
    */
}

/*@ logic integer tn_page_count(integer count, integer per_page) =
      count / per_page + (count % per_page != 0 ? 1 : 0);
    predicate tn_pool_shape{L}(struct tn_pool *p) =
      \valid(p) && 0 < p->count <= TN_HANDLE_SLOTS && \valid(p->mark + (0 .. p->count - 1)) &&
      \valid(p->length + (0 .. p->count - 1)) && \valid(p->stack + (0 .. p->count - 1)) &&
      \separated(p, p->mark + (0 .. p->count - 1), p->length + (0 .. p->count - 1), p->stack + (0 .. p->count - 1)) &&
      TN_MARK_STATES <= p->last_mark <= UINT64_MAX - (TN_MARK_STATES - 1) && tn_state_of(p->last_mark) == 0 &&
      0 < p->buffers_per_page < TN_PAGE_LOST;
    // Whom the pool serves, and by which path.
    predicate tn_pool_service{L}(struct tn_pool *p) =
      0 < p->buffer_bytes <= 2147483648 && (p->open <==> p->state == TN_POOL_MAPPED) && p->state < TN_POOL_STATES &&
      (p->direct == 0 || (p->direct == p->count && !p->scrub && p->page_away == \null)) &&
      p->direct_open == (p->open ? p->direct : 0);
    predicate tn_pool_marks{L}(struct tn_pool *p) =
      \forall integer i; 0 <= i < p->count ==> tn_mark_ok(p->mark[i], p->last_mark);
    predicate tn_pool_counts{L}(struct tn_pool *p) =
      p->away == tn_marks_away(p->mark, p->count) && p->away <= p->count &&
      p->quarantined == tn_marks_in(p->mark, p->count, TN_BUFFER_QUARANTINED) && p->quarantined <= p->count &&
      p->retired == tn_marks_in(p->mark, p->count, TN_BUFFER_RETIRED) && p->retired <= p->count;
    // The stack holds the free slots, each once.
    predicate tn_pool_stack{L}(struct tn_pool *p) =
      p->free == tn_marks_in(p->mark, p->count, TN_BUFFER_FREE) && p->free + p->retired <= p->count &&
      (\forall integer i; 0 <= i < p->free ==>
        p->stack[i] < p->count && tn_state_of(p->mark[p->stack[i]]) == TN_BUFFER_FREE) &&
      (\forall integer i, j; 0 <= i < j < p->free ==> p->stack[i] != p->stack[j]);
    // The counter of each page is the number of its buffers that a device may reach.
    logic integer tn_page_aways{L}(struct tn_pool *p, integer page) =
      tn_marks_on_page(p->mark, p->count, p->buffers_per_page, page);
    predicate tn_page_shape{L}(struct tn_pool *p) =
      p->page_away != \null ==>
        \valid(p->page_away + (0 .. tn_page_count(p->count, p->buffers_per_page) - 1)) &&
        \separated(p->page_away + (0 .. tn_page_count(p->count, p->buffers_per_page) - 1), p,
          p->mark + (0 .. p->count - 1), p->length + (0 .. p->count - 1), p->stack + (0 .. p->count - 1));
    lemma tn_page_exists: \forall integer slot, count, per_page;
      0 <= slot < count && 0 < per_page ==> 0 <= slot / per_page < tn_page_count(count, per_page);
    predicate tn_pool_paged{L}(struct tn_pool *p) =
      p->page_away != \null ==> \forall integer g; 0 <= g < tn_page_count(p->count, p->buffers_per_page) ==>
        p->page_away[g] % TN_PAGE_LOST == tn_page_aways(p, g);
    predicate tn_pool_ok{L}(struct tn_pool *p) =
      tn_pool_shape(p) && tn_page_shape(p) && tn_pool_service(p) && tn_pool_marks(p) && tn_pool_counts(p) &&
      tn_pool_stack(p) && tn_pool_paged(p);

    // What a pool was made of, and whom it serves, is the same.
    predicate tn_pool_fixed{L1, L2}(struct tn_pool *p) =
      \at(p->mark, L1) == \at(p->mark, L2) && \at(p->length, L1) == \at(p->length, L2) &&
      \at(p->stack, L1) == \at(p->stack, L2) && \at(p->page_away, L1) == \at(p->page_away, L2) &&
      \at(p->last_mark, L1) == \at(p->last_mark, L2) && \at(p->direct, L1) == \at(p->direct, L2) &&
      \at(p->direct_open, L1) == \at(p->direct_open, L2) && \at(p->count, L1) == \at(p->count, L2) &&
      \at(p->buffer_bytes, L1) == \at(p->buffer_bytes, L2) &&
      \at(p->buffers_per_page, L1) == \at(p->buffers_per_page, L2) && \at(p->state, L1) == \at(p->state, L2) &&
      \at(p->open, L1) == \at(p->open, L2) && \at(p->scrub, L1) == \at(p->scrub, L2);
    predicate tn_pool_page_counts_same{L1, L2}(struct tn_pool *p) =
      (\forall integer g; \at(p->page_away[g], L1) == \at(p->page_away[g], L2)) &&
      \forall integer g; tn_page_aways{L1}(p, g) == tn_page_aways{L2}(p, g);
    lemma tn_pool_service_kept{L1, L2}: \forall struct tn_pool *p;
      tn_pool_service{L1}(p) && tn_pool_fixed{L1, L2}(p) ==> tn_pool_service{L2}(p);
    lemma tn_pool_paged_kept{L1, L2}: \forall struct tn_pool *p; tn_pool_paged{L1}(p) && tn_pool_fixed{L1, L2}(p) &&
      tn_pool_page_counts_same{L1, L2}(p) ==> tn_pool_paged{L2}(p);

    // What any operation may do to a buffer: its mark only grows, and not once it is retired.
    predicate tn_mark_grows(integer before, integer after) =
      before <= after && (before != after ==> tn_state_of(before) != TN_BUFFER_RETIRED);
    predicate tn_pool_step{L1, L2}(struct tn_pool *p) =
      \forall integer i; 0 <= i < \at(p->count, L1) ==> tn_mark_grows(\at(p->mark[i], L1), \at(p->mark[i], L2));
    predicate tn_pool_same_but{L1, L2}(struct tn_pool *p, integer k) =
      \forall integer i; 0 <= i < \at(p->count, L1) && i != k ==> \at(p->mark[i], L1) == \at(p->mark[i], L2);

    // The one meaning of "someone holds the buffer under this name", and in which state.
    predicate tn_buffer_named{L}(struct tn_pool *p, struct tn_buffer_name name) =
      name.slot < p->count && p->mark[name.slot] == name.mark && tn_state_is_held(tn_state_of(name.mark));
    // May its page go to the CPU: are no more than `own` of its buffers away, and none in quarantine?
    predicate tn_page_allows{L}(struct tn_pool *p, integer slot, integer own) =
      p->page_away == \null || p->page_away[slot / p->buffers_per_page] <= own;
    // Is one of its buffers in quarantine?
    predicate tn_page_lost{L}(struct tn_pool *p, integer slot) =
      p->page_away != \null && p->page_away[slot / p->buffers_per_page] >= TN_PAGE_LOST;
    predicate tn_page_is_clear{L}(struct tn_pool *p, integer slot, integer own) =
      p->page_away == \null || tn_page_aways(p, slot / p->buffers_per_page) <= own;
    predicate tn_buffer_is{L}(struct tn_pool *p, struct tn_buffer_name name, integer state) =
      name.slot < p->count && p->mark[name.slot] == name.mark && tn_state_of(name.mark) == state;
    // May the CPU touch a pool's buffers? May a buffer be given up? Does one that is back wait for another of its page?
    predicate tn_pool_in_reach{L}(struct tn_pool *p) = p->state == TN_POOL_MAPPED || p->state == TN_POOL_REVOKING;
    predicate tn_buffer_may_release{L}(struct tn_pool *p, struct tn_buffer_name name) =
      tn_buffer_is(p, name, TN_BUFFER_CPU) && tn_page_allows(p, name.slot, 0);
    predicate tn_mark_waits{L}(struct tn_pool *p, integer slot, integer mark) =
      slot < p->count && p->mark[slot] == mark &&
      (tn_state_of(mark) == TN_BUFFER_COMPLETED || tn_state_of(mark) == TN_BUFFER_ABORTED) &&
      p->page_away != \null && 0 < p->page_away[slot / p->buffers_per_page] < TN_PAGE_LOST;

    lemma tn_mark_grows_again: \forall integer a, b, c;
      tn_mark_grows(a, b) && tn_mark_grows(b, c) ==> tn_mark_grows(a, c);
    lemma tn_buffer_one_name{L}: \forall struct tn_pool *p, struct tn_buffer_name a, b;
      tn_buffer_named(p, a) && tn_buffer_named(p, b) && a.slot == b.slot ==> a.mark == b.mark;
    lemma tn_buffer_stale_for_ever{L1, L2}: \forall struct tn_pool *p, struct tn_buffer_name name;
      \at(p->count, L1) == \at(p->count, L2) && tn_pool_step{L1, L2}(p) && 0 <= name.slot < \at(p->count, L1) &&
      !tn_buffer_named{L1}(p, name) && name.mark <= \at(p->mark[name.slot], L1) ==> !tn_buffer_named{L2}(p, name);
    lemma tn_buffer_retired_for_ever{L1, L2}: \forall struct tn_pool *p, integer i;
      tn_pool_step{L1, L2}(p) && 0 <= i < \at(p->count, L1) &&
      tn_state_of(\at(p->mark[i], L1)) == TN_BUFFER_RETIRED ==> \at(p->mark[i], L1) == \at(p->mark[i], L2); */

/* Nobody holds a buffer of the pool. */
/*@ requires tn_pool_ok(pool);
    assigns \nothing;
    ensures \result <==> pool->free + pool->retired == pool->count; */
static inline bool tn_pool_is_idle(const struct tn_pool *pool)
{
    return pool->free + pool->retired == pool->count;
}

/* No fence has a buffer of the pool, and neither has the CPU: what is out is in quarantine. */
/*@ requires tn_pool_ok(pool);
    assigns \nothing;
    ensures \result <==> pool->free + pool->retired + pool->quarantined == pool->count; */
static inline bool tn_pool_is_without_fences(const struct tn_pool *pool)
{
    return pool->free + pool->retired + pool->quarantined == pool->count;
}

#endif
