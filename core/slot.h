/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generation-checked slots: the one mechanism behind every handle and name of Tenure.
 *
 * A table of slots; what a slot stands for is in an array of its owner's, with the same index. A free slot is taken
 * oldest first; each time it is taken, or its holder changes, its generation grows by one. A slot whose generation has
 * reached the maximum is retired when it is given back: it is never taken again (G4). All operations are O(1).
 *
 * The free slots stand in a ring of `count` places, `free` of them from `head` on. Every slot always has a place, the
 * taken and the retired ones outside that stretch, and the two columns `place` and `at_place` are each other's inverse:
 * so the ring holds each slot once, and the number of free slots is the length of the stretch. The annotations
 * are contracts for the prover (docs/proof.md).
 */
#ifndef TENURE_CORE_SLOT_H
#define TENURE_CORE_SLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tenure/abi/handle.h>

#define TN_SLOT_NONE UINT32_MAX
/* The generation of a retired slot; no handle has room for it. */
#define TN_SLOT_RETIRED UINT64_MAX

struct tn_slot {
    uint64_t generation; /* of the holder while live; of the last holder while free; 0 = never taken */
    uint32_t place;      /* where this slot stands in the ring */
    uint32_t at_place;   /* which slot stands at the place that has this slot's number */
};

struct tn_slots {
    struct tn_slot *slot; /* owned by the embedder, set up by tn_slots_init */
    uint32_t count;
    uint32_t head; /* place of the oldest free slot, if there is one */
    uint32_t free; /* free slots: they stand at `head` and the places after it */
    uint64_t generation_max;
};

/*@ // How many places a place lies behind the head of the ring.
    logic integer tn_turn{L}(struct tn_slots *s, integer place) =
      place >= s->head ? place - s->head : place - s->head + s->count;
    predicate tn_is_free{L}(struct tn_slots *s, integer i) = tn_turn(s, s->slot[i].place) < s->free;
    predicate tn_is_retired{L}(struct tn_slots *s, integer i) = s->slot[i].generation == TN_SLOT_RETIRED;
    predicate tn_is_live{L}(struct tn_slots *s, integer i) = !tn_is_free(s, i) && !tn_is_retired(s, i);

    // The one meaning of "this generation of this slot is valid".
    predicate tn_names{L}(struct tn_slots *s, integer i, integer generation) =
      0 <= i < s->count && tn_is_live(s, i) && s->slot[i].generation == generation;

    predicate tn_slots_shape{L}(struct tn_slots *s) =
      \valid(s) && 0 < s->count <= TN_HANDLE_SLOTS && s->head < s->count && s->free <= s->count &&
      0 < s->generation_max <= TN_HANDLE_GENERATION_MAX &&
      \valid(s->slot + (0 .. s->count - 1)) && \separated(s, s->slot + (0 .. s->count - 1));
    // Each slot stands at exactly one place: so `free` is the number of free slots.
    predicate tn_ring{L}(struct tn_slot *s, integer count) =
      (\forall integer i; 0 <= i < count ==> s[i].place < count && s[s[i].place].at_place == i) &&
      (\forall integer p; 0 <= p < count ==> s[p].at_place < count && s[s[p].at_place].place == p);
    predicate tn_ring_same{L1, L2}(struct tn_slot *s, integer count) =
      \forall integer i; 0 <= i < count ==>
        \at(s[i].place, L1) == \at(s[i].place, L2) && \at(s[i].at_place, L1) == \at(s[i].at_place, L2);
    lemma tn_ring_kept{L1, L2}: \forall struct tn_slot *s, integer count;
      tn_ring{L1}(s, count) && tn_ring_same{L1, L2}(s, count) ==> tn_ring{L2}(s, count);
    // Generations stay within the maximum; a free slot has one left; a live one is never at 0.
    predicate tn_slots_generations{L}(struct tn_slots *s) =
      \forall integer i; 0 <= i < s->count ==>
        (tn_is_retired(s, i) || s->slot[i].generation <= s->generation_max) &&
        (tn_is_free(s, i) ==> s->slot[i].generation < s->generation_max) &&
        (tn_is_live(s, i) ==> s->slot[i].generation > 0);
    predicate tn_slots_ok{L}(struct tn_slots *s) =
      tn_slots_shape(s) && tn_ring(s->slot, s->count) && tn_slots_generations(s);
    // Not one of the table's values differs; then what held of it still does.
    predicate tn_slots_same{L1, L2}(struct tn_slots *s) =
      \at(s->slot, L1) == \at(s->slot, L2) && \at(s->count, L1) == \at(s->count, L2) &&
      \at(s->head, L1) == \at(s->head, L2) && \at(s->free, L1) == \at(s->free, L2) &&
      \at(s->generation_max, L1) == \at(s->generation_max, L2) &&
      tn_ring_same{L1, L2}(\at(s->slot, L1), \at(s->count, L1)) &&
      (\forall integer i; 0 <= i < \at(s->count, L1) ==>
        \at(s->slot[i].generation, L1) == \at(s->slot[i].generation, L2));
    lemma tn_slots_kept{L1, L2}: \forall struct tn_slots *s;
      tn_slots_ok{L1}(s) && tn_slots_same{L1, L2}(s) && tn_slots_shape{L2}(s) ==> tn_slots_ok{L2}(s);

    // What any operation may do to a slot: its generation only grows, a retired slot is frozen, and what is live at the
    // generation of before was live before.
    predicate tn_slot_step{L1, L2}(struct tn_slots *s, integer i) =
      \at(s->slot[i].generation, L1) <= \at(s->slot[i].generation, L2) &&
      (tn_is_live{L2}(s, i) && \at(s->slot[i].generation, L1) == \at(s->slot[i].generation, L2) ==>
        tn_is_live{L1}(s, i));
    predicate tn_slots_step{L1, L2}(struct tn_slots *s) =
      \forall integer i; 0 <= i < \at(s->count, L1) ==> tn_slot_step{L1, L2}(s, i);
    predicate tn_slots_same_but{L1, L2}(struct tn_slots *s, integer k) =
      \forall integer i; 0 <= i < \at(s->count, L1) && i != k ==>
        \at(s->slot[i].generation, L1) == \at(s->slot[i].generation, L2) &&
        (tn_is_free{L1}(s, i) <==> tn_is_free{L2}(s, i));

    lemma tn_slots_same_live{L1, L2}: \forall struct tn_slots *s, integer i;
      tn_slots_same{L1, L2}(s) && 0 <= i < \at(s->count, L1) ==>
      (tn_is_live{L1}(s, i) <==> tn_is_live{L2}(s, i)) && (tn_is_free{L1}(s, i) <==> tn_is_free{L2}(s, i));
    lemma tn_slots_same_step{L1, L2}: \forall struct tn_slots *s, integer k;
      tn_slots_same{L1, L2}(s) ==> tn_slots_step{L1, L2}(s) && tn_slots_same_but{L1, L2}(s, k);
    lemma tn_slots_step_same{L1, L2, L3}: \forall struct tn_slots *s;
      \at(s->count, L1) == \at(s->count, L2) && tn_slots_step{L1, L2}(s) && tn_slots_same{L2, L3}(s) ==>
      tn_slots_step{L1, L3}(s);
    lemma tn_slots_same_but_same{L1, L2, L3}: \forall struct tn_slots *s, integer k;
      \at(s->count, L1) == \at(s->count, L2) && tn_slots_same_but{L1, L2}(s, k) &&
      tn_slots_same{L2, L3}(s) ==> tn_slots_same_but{L1, L3}(s, k);
    lemma tn_one_generation{L}: \forall struct tn_slots *s, integer i, g, h;
      tn_names(s, i, g) && tn_names(s, i, h) ==> g == h;
    lemma tn_slot_step_again{L1, L2, L3}: \forall struct tn_slots *s, integer i;
      tn_slot_step{L1, L2}(s, i) && tn_slot_step{L2, L3}(s, i) ==> tn_slot_step{L1, L3}(s, i);
    lemma tn_stale_for_ever{L1, L2}: \forall struct tn_slots *s, integer i, g;
      0 <= i < \at(s->count, L1) && tn_slot_step{L1, L2}(s, i) && !tn_names{L1}(s, i, g) &&
      g <= \at(s->slot[i].generation, L1) ==> !tn_names{L2}(s, i, g);
    lemma tn_retired_for_ever{L1, L2}: \forall struct tn_slots *s, integer i;
      tn_slot_step{L1, L2}(s, i) && tn_is_retired{L1}(s, i) && \at(s->slot[i].generation, L2) <= TN_SLOT_RETIRED ==>
      tn_is_retired{L2}(s, i) && !tn_is_live{L2}(s, i); */

/* What a table can be made of: count 1 to 2^20, generation_max 1 to TN_HANDLE_GENERATION_MAX. */
/*@ predicate tn_slots_may_be(struct tn_slot *slot, integer count, integer generation_max) =
      slot != \null && 0 < count <= TN_HANDLE_SLOTS && 0 < generation_max <= TN_HANDLE_GENERATION_MAX; */
/*@ assigns \nothing;
    ensures \result <==> tn_slots_may_be(slot, count, generation_max); */
static inline bool tn_slots_fit(const struct tn_slot *slot, uint32_t count, uint64_t generation_max)
{
    return slot != NULL && count != 0 && count <= TN_HANDLE_SLOTS && generation_max != 0 &&
           generation_max <= TN_HANDLE_GENERATION_MAX;
}

/* `count` slots become free; false and nothing changed if they do not fit. */
/*@ requires \valid(slots) && (slot != \null ==> \valid(slot + (0 .. count - 1)));
    requires \separated(slots, slot + (0 .. count - 1));
    assigns *slots, slot[0 .. count - 1];
    ensures \result <==> tn_slots_may_be(slot, count, generation_max);
    ensures \result ==> tn_slots_ok(slots) && slots->free == count;
    ensures \result ==> slots->slot == slot && slots->count == count && slots->generation_max == generation_max;
    ensures \result ==> \forall integer i; 0 <= i < count ==> slot[i].generation == 0 && tn_is_free(slots, i);
    ensures !\result ==> *slots == \old(*slots);
    ensures !\result ==> \forall integer i; 0 <= i < count ==> slot[i] == \old(slot[i]); */
bool tn_slots_init(struct tn_slots *slots, struct tn_slot *slot, uint32_t count, uint64_t generation_max);

/* How many places `slot` stands behind the head of the ring: below `free` exactly if it is free. */
/*@ requires tn_slots_ok(slots) && slot < slots->count;
    assigns \nothing;
    ensures \result == tn_turn(slots, slots->slot[slot].place); */
static inline uint32_t tn_slots_turn(const struct tn_slots *slots, uint32_t slot)
{
    uint32_t place = slots->slot[slot].place;
    return place >= slots->head ? place - slots->head : place + (slots->count - slots->head);
}

/* Is it taken? For a slot below count. */
/*@ requires tn_slots_ok(slots) && slot < slots->count;
    assigns \nothing;
    ensures \result <==> tn_is_live(slots, slot); */
static inline bool tn_slots_live(const struct tn_slots *slots, uint32_t slot)
{
    return tn_slots_turn(slots, slot) >= slots->free && slots->slot[slot].generation != TN_SLOT_RETIRED;
}

/* Is `slot` live under exactly this generation? False for a slot out of range and for generation 0. */
/*@ requires tn_slots_ok(slots);
    assigns \nothing;
    ensures \result <==> tn_names(slots, slot, generation); */
static inline bool tn_slots_names(const struct tn_slots *slots, uint32_t slot, uint64_t generation)
{
    return slot < slots->count && slots->slot[slot].generation == generation && tn_slots_live(slots, slot);
}

/* May this live slot's holder change `steps` more times? */
/*@ requires tn_slots_ok(slots) && slot < slots->count && tn_is_live(slots, slot);
    assigns \nothing;
    ensures \result <==> slots->slot[slot].generation + steps <= slots->generation_max; */
static inline bool tn_slots_can_advance(const struct tn_slots *slots, uint32_t slot, uint64_t steps)
{
    return slots->generation_max - slots->slot[slot].generation >= steps;
}

/* Takes the oldest free slot; slots->free must not be 0. */
/*@ requires tn_slots_ok(slots) && slots->free > 0;
    assigns slots->head, slots->free, slots->slot[0 .. slots->count - 1];
    ensures tn_slots_shape(slots);
    ensures tn_ring(slots->slot, slots->count);
    ensures tn_slots_generations(slots);
    ensures tn_slots_step{Pre, Post}(slots);
    ensures tn_slots_same_but{Pre, Post}(slots, \result);
    ensures \result < slots->count && tn_is_free{Pre}(slots, \result) && tn_is_live(slots, \result);
    ensures slots->slot[\result].generation == \old(slots->slot[\result].generation) + 1;
    ensures slots->free == \old(slots->free) - 1;
    ensures tn_ring_same{Pre, Post}(slots->slot, slots->count);
    ensures oldest_first: tn_turn{Pre}(slots, slots->slot[\result].place) == 0; */
uint32_t tn_slots_take(struct tn_slots *slots);
/* The live slot's next generation; tn_slots_can_advance(…, 1) must hold. */
/*@ requires tn_slots_ok(slots) && slot < slots->count && tn_is_live(slots, slot);
    requires slots->slot[slot].generation < slots->generation_max;
    assigns slots->slot[slot].generation;
    ensures tn_slots_shape(slots);
    ensures tn_ring(slots->slot, slots->count);
    ensures tn_slots_generations(slots);
    ensures tn_slots_step{Pre, Post}(slots);
    ensures tn_slots_same_but{Pre, Post}(slots, slot);
    ensures tn_is_live(slots, slot) && slots->slot[slot].generation == \old(slots->slot[slot].generation) + 1; */
void tn_slots_advance(struct tn_slots *slots, uint32_t slot);
/* Ends the live slot: to the end of the ring's free stretch, or retired at the maximum generation. */
/*@ requires tn_slots_ok(slots) && slot < slots->count && tn_is_live(slots, slot);
    assigns slots->free, slots->slot[0 .. slots->count - 1];
    ensures tn_slots_shape(slots);
    ensures tn_ring(slots->slot, slots->count);
    ensures tn_slots_generations(slots);
    ensures tn_slots_step{Pre, Post}(slots);
    ensures tn_slots_same_but{Pre, Post}(slots, slot);
    ensures !tn_is_live(slots, slot);
    ensures \old(slots->slot[slot].generation) == slots->generation_max ==>
              tn_is_retired(slots, slot) && slots->free == \old(slots->free);
    ensures \old(slots->slot[slot].generation) < slots->generation_max ==>
              tn_is_free(slots, slot) && slots->free == \old(slots->free) + 1 &&
              slots->slot[slot].generation == \old(slots->slot[slot].generation) &&
              tn_turn(slots, slots->slot[slot].place) == \old(slots->free); */
void tn_slots_give(struct tn_slots *slots, uint32_t slot);

#endif
