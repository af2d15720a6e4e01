/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ring of free slots and the generations of slot tables. What a slot means, and who may take it, is left to its
 * table's owner.
 */
#include "slot.h"

#include "bug.h"

bool tn_slots_init(struct tn_slots *slots, struct tn_slot *slot, uint32_t count, uint64_t generation_max)
{
    if (!tn_slots_fit(slot, count, generation_max))
        return false;
    /*@ loop invariant 0 <= i <= count;
        loop invariant \forall integer j; 0 <= j < i ==> slot[j].generation == 0 && slot[j].place == j &&
       slot[j].at_place == j; loop assigns i, slot[0 .. count - 1]; loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        slot[i].generation = 0;
        slot[i].place = i;
        slot[i].at_place = i;
    }
    slots->slot = slot;
    slots->count = count;
    slots->head = 0;
    slots->free = count;
    slots->generation_max = generation_max;
    return true;
}

/* The next generation of a slot: the only place where one grows. */
/*@ requires \valid(slots) && \valid(slots->slot + (0 .. slots->count - 1)) && slot < slots->count;
    requires slots->slot[slot].generation < slots->generation_max <= TN_HANDLE_GENERATION_MAX;
    assigns slots->slot[slot].generation;
    ensures slots->slot[slot].generation == \old(slots->slot[slot].generation) + 1; */
static void grow(struct tn_slots *slots, uint32_t slot)
{
    struct tn_slot *s = &slots->slot[slot];
#if defined(TN_TWIN_GENERATION)
    if (s->generation == 0) /* negative twin: a slot keeps its first generation for ever */
        s->generation = 1;
#elif defined(TN_TWIN_WRAP)
    s->generation = s->generation >= slots->generation_max ? 1 : s->generation + 1; /* negative twin */
#else
    TN_ASSERT(s->generation < slots->generation_max);
    s->generation++;
#endif
}

uint32_t tn_slots_take(struct tn_slots *slots)
{
    TN_ASSERT(slots->free > 0);
    uint32_t taken = slots->slot[slots->head].at_place;
    slots->head = slots->head + 1 < slots->count ? slots->head + 1 : 0;
    slots->free--;
    grow(slots, taken);
    //@ assert \forall integer i; 0 <= i < slots->count ==> slots->slot[i].place == \at(slots->slot[i].place, Pre);
    //@ assert \forall integer i; 0 <= i < slots->count ==> slots->slot[i].at_place == \at(slots->slot[i].at_place, Pre);
    /*@ assert \forall integer i; 0 <= i < slots->count && i != taken ==>
               (tn_is_free(slots, i) <==> tn_is_free{Pre}(slots, i)); */
    //@ assert tn_is_free{Pre}(slots, taken) && !tn_is_free(slots, taken);
    //@ assert tn_ring_same{Pre, Here}(slots->slot, slots->count);
    return taken;
}

void tn_slots_advance(struct tn_slots *slots, uint32_t slot)
{
    TN_ASSERT(slot < slots->count && tn_slots_live(slots, slot));
    grow(slots, slot);
}

/* The first place after the free stretch. Whoever stands there is not free. */
/*@ requires tn_slots_ok(slots) && slots->free < slots->count;
    assigns \nothing;
    ensures \result < slots->count && tn_turn(slots, \result) == slots->free; */
static uint32_t end_place(const struct tn_slots *slots)
{
    uint32_t room = slots->count - slots->head;
    return slots->free < room ? slots->head + slots->free : slots->free - room;
}

/* `one` and `other` change places. */
/*@ requires 0 < count <= TN_HANDLE_SLOTS && \valid(s + (0 .. count - 1)) && tn_ring(s, count);
    requires one < count && other < count;
    assigns s[0 .. count - 1];
    ensures tn_ring(s, count);
    ensures s[one].place == \old(s[other].place);
    ensures s[other].place == \old(s[one].place);
    ensures \forall integer i; 0 <= i < count && i != one && i != other ==> s[i].place == \old(s[i].place);
    ensures \forall integer i; 0 <= i < count ==> s[i].generation == \old(s[i].generation); */
static void exchange(struct tn_slot *s, uint32_t count, uint32_t one, uint32_t other)
{
    (void)count;
    uint32_t place = s[one].place, other_place = s[other].place;
    /*@ assert \forall integer i; 0 <= i < count && i != one && i != other ==>
               s[i].place != place && s[i].place != other_place; */
    /*@ assert \forall integer p; 0 <= p < count && p != place && p != other_place ==>
               s[p].at_place != one && s[p].at_place != other; */
    s[one].place = other_place;
    s[other].place = place;
    s[place].at_place = other;
    s[other_place].at_place = one;
    /*@ assert \forall integer i; 0 <= i < count && i != one && i != other ==> s[i].place == \at(s[i].place, Pre); */
    /*@ assert \forall integer p; 0 <= p < count && p != place && p != other_place ==>
               s[p].at_place == \at(s[p].at_place, Pre); */
    //@ assert s[one].place == other_place && s[other_place].at_place == one;
    //@ assert s[other].place == place && s[place].at_place == other;
}

void tn_slots_give(struct tn_slots *slots, uint32_t slot)
{
    TN_ASSERT(slot < slots->count && tn_slots_live(slots, slot));
    struct tn_slot *s = slots->slot;
#ifndef TN_TWIN_WRAP
    if (s[slot].generation >= slots->generation_max) {
        s[slot].generation = TN_SLOT_RETIRED;
        return;
    }
#endif
    uint32_t count = slots->count, end = end_place(slots), other = s[end].at_place;
    //@ assert s[other].place == end;
    exchange(s, count, slot, other);
    //@ ghost Exchanged: ;
    //@ assert slots->count == \at(slots->count, Pre) && slots->head == \at(slots->head, Pre);
    //@ assert slots->free == \at(slots->free, Pre);
    slots->free++;
    //@ assert tn_ring_same{Exchanged, Here}(s, count);
    //@ assert tn_is_free(slots, slot);
    //@ assert other != slot ==> !tn_is_free(slots, other) && !tn_is_free{Pre}(slots, other);
    /*@ assert \forall integer i; 0 <= i < slots->count && i != slot && i != other ==>
               (tn_is_free(slots, i) <==> tn_is_free{Pre}(slots, i)); */
}
