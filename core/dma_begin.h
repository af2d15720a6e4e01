/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside core/: how a fence begins, for the queue alone. Its buffer has left before (dma_part.h), so nothing here knows
 * a pool.
 */
#ifndef TENURE_CORE_DMA_BEGIN_H
#define TENURE_CORE_DMA_BEGIN_H

#include "dma_charge.h"
#include "dma_step.h"

/*@ // A number that is nothing of a queue.
    predicate tn_elsewhere{L}(struct tn_queue *q, uint64_t *cell) =
      \separated(cell, q) && \separated(cell, q->record + (0 .. q->slots.count - 1)) &&
      \separated(cell, q->slots.slot + (0 .. q->slots.count - 1)); */

/* A free slot is taken: of the fences nothing changes. */
/*@ requires tn_queue_shape(queue) && tn_slots_ok(&queue->slots) && queue->slots.free > 0;
    assigns queue->slots.head, queue->slots.free, queue->slots.slot[0 .. queue->slots.count - 1];
    ensures tn_slots_ok(&queue->slots) && tn_queue_shape(queue);
    ensures \result < queue->slots.count && !tn_is_live{Pre}(&queue->slots, \result);
    ensures tn_is_live(&queue->slots, \result);
    ensures tn_slots_step{Pre, Post}(&queue->slots);
    ensures tn_slots_same_but{Pre, Post}(&queue->slots, \result);
    ensures \forall integer i; 0 <= i < queue->slots.count && i != \result ==>
              (tn_is_live(&queue->slots, i) <==> tn_is_live{Pre}(&queue->slots, i));
    ensures tn_in_state_same{Pre, Post}(queue);
    ensures tn_fifo_same{Pre, Post}(queue, TN_SLOT_NONE);
    ensures tn_load_same{Pre, Post}(queue, TN_SLOT_NONE); */
static inline uint32_t tn_queue_slot_take(struct tn_queue *queue)
{
    uint32_t slot = tn_slots_take(&queue->slots);
    //@ assert tn_queue_fixed{Pre, Here}(queue);
    /*@ assert \forall integer i; 0 <= i < queue->slots.count ==>
               queue->record[i].previous == \at(queue->record[i].previous, Pre); */
    /*@ assert \forall integer i; 0 <= i < queue->slots.count ==>
               queue->record[i].next == \at(queue->record[i].next, Pre); */
    /*@ assert \forall integer i; 0 <= i < queue->slots.count ==>
               queue->record[i].ticket == \at(queue->record[i].ticket, Pre); */
    /*@ assert \forall integer i; 0 <= i < queue->slots.count ==>
               queue->record[i].length == \at(queue->record[i].length, Pre); */
    /*@ assert \forall integer i; 0 <= i < queue->slots.count ==>
               queue->record[i].used == \at(queue->record[i].used, Pre); */
    /*@ assert \forall integer i; 0 <= i < queue->slots.count ==>
               queue->record[i].status == \at(queue->record[i].status, Pre); */
    /*@ assert \forall integer i; 0 <= i < queue->slots.count ==>
               queue->record[i].direction == \at(queue->record[i].direction, Pre); */
    /*@ assert \forall integer i; 0 <= i < queue->slots.count ==>
               queue->record[i].parts == \at(queue->record[i].parts, Pre); */
    /*@ assert \forall integer i; 0 <= i < queue->slots.count ==>
               queue->record[i].taken == \at(queue->record[i].taken, Pre); */
    /*@ assert \forall integer i; 0 <= i < queue->slots.count ==>
               queue->record[i].waiters == \at(queue->record[i].waiters, Pre); */
    //@ assert tn_links_same{Pre, Here}(queue);
    return slot;
}

/* What a new fence carries, under a slot that was free; it is still in no state. */
/*@ requires tn_queue_ok(queue) && queue->slots.free > 0;
    requires \separated(ledger, queue, queue->record + (0 .. queue->slots.count - 1),
                        queue->slots.slot + (0 .. queue->slots.count - 1));
    assigns queue->slots.head, queue->slots.free, queue->slots.slot[0 .. queue->slots.count - 1],
            queue->record[0 .. queue->slots.count - 1].ticket, queue->record[0 .. queue->slots.count - 1].pool,
            queue->record[0 .. queue->slots.count - 1].ledger, queue->record[0 .. queue->slots.count - 1].length,
            queue->record[0 .. queue->slots.count - 1].used, queue->record[0 .. queue->slots.count - 1].status,
            queue->record[0 .. queue->slots.count - 1].direction, queue->record[0 .. queue->slots.count - 1].parts,
            queue->record[0 .. queue->slots.count - 1].taken, queue->record[0 .. queue->slots.count - 1].waiters,
            queue->record[0 .. queue->slots.count - 1].orphan;
    ensures tn_queue_shape(queue) && tn_slots_ok(&queue->slots);
    ensures tn_fence_counts(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE);
    ensures \result < queue->slots.count && !tn_is_live{Pre}(&queue->slots, \result);
    ensures tn_is_live(&queue->slots, \result) && queue->record[\result].state == TN_FENCE_FREE;
    ensures \forall integer i; 0 <= i < queue->slots.count && i != \result ==>
              (queue->record[i].state != TN_FENCE_FREE <==> tn_is_live(&queue->slots, i));
    ensures queue->record[\result].pool == pool && queue->record[\result].ledger == ledger;
    ensures queue->record[\result].length == length && queue->record[\result].direction == direction;
    ensures queue->record[\result].parts == parts && queue->record[\result].taken == 0;
    ensures !queue->record[\result].orphan;
    ensures \forall integer c; 0 <= c < TN_CHARGE_COUNT ==> ledger->used[c] == \old(ledger->used[c]);
    ensures \forall integer c; 0 <= c < TN_CHARGE_COUNT ==> ledger->limit[c] == \old(ledger->limit[c]);
    ensures queue->next_ticket == \old(queue->next_ticket);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_slots_step{Pre, Post}(&queue->slots);
    ensures tn_slots_same_but{Pre, Post}(&queue->slots, \result);
    ensures tn_states_same{Pre, Post}(queue, TN_SLOT_NONE);
    ensures elsewhere: \forall uint64_t *cell; tn_elsewhere{Pre}(queue, cell) ==>
              *cell == \at(*cell, Pre);
    ensures tn_load_same{Pre, Post}(queue, \result); */
static inline uint32_t tn_fence_new(struct tn_queue *queue, struct tn_pool *pool, struct tn_ledger *ledger,
                                    uint32_t length, uint32_t direction, uint32_t parts)
{
    /*@ assert apart: \forall integer c; 0 <= c < TN_CHARGE_COUNT ==>
               \separated(&ledger->used[c], queue, queue->record + (0 .. queue->slots.count - 1)) &&
               \separated(&ledger->used[c], queue->slots.slot + (0 .. queue->slots.count - 1)) &&
               \separated(&ledger->limit[c], queue, queue->record + (0 .. queue->slots.count - 1)) &&
               \separated(&ledger->limit[c], queue->slots.slot + (0 .. queue->slots.count - 1)); */
    uint32_t slot = tn_queue_slot_take(queue);
    //@ ghost Taken: ;
    //@ assert \forall integer c; 0 <= c < TN_CHARGE_COUNT ==> ledger->used[c] == \at(ledger->used[c], Pre);
    //@ assert \forall integer c; 0 <= c < TN_CHARGE_COUNT ==> ledger->limit[c] == \at(ledger->limit[c], Pre);
    //@ assert \forall uint64_t *cell; tn_elsewhere{Pre}(queue, cell) ==> *cell == \at(*cell, Pre);
    //@ assert slots: tn_slots_ok(&queue->slots);
    //@ assert queue->record[slot].state == TN_FENCE_FREE;
    //@ assert tn_fence_counts(queue);
    //@ assert tn_fifo(queue, TN_SLOT_NONE);
    //@ assert tn_fifo(queue, slot);
    //@ assert tn_load_same{Pre, Here}(queue, slot);
    tn_fence_fill(queue, slot, pool, ledger, length, direction, parts);
    //@ assert \forall integer c; 0 <= c < TN_CHARGE_COUNT ==> ledger->used[c] == \at(ledger->used[c], Taken);
    //@ assert \forall integer c; 0 <= c < TN_CHARGE_COUNT ==> ledger->limit[c] == \at(ledger->limit[c], Taken);
    //@ assert tn_queue_shape(queue) && tn_slots_same{Taken, Here}(&queue->slots);
    //@ assert shape: tn_slots_shape(&queue->slots);
    //@ assert ring: tn_ring(queue->slots.slot, queue->slots.count);
    //@ assert generations: tn_slots_generations(&queue->slots);
    //@ assert tn_queue_fixed{Pre, Here}(queue);
    //@ assert \forall integer n, s; tn_fences_in(queue->record, n, s) == tn_fences_in{Taken}(queue->record, n, s);
    /*@ assert \forall integer s; 0 <= s < TN_FENCE_STATES ==>
               queue->in_state[s] == tn_fences_in(queue->record, queue->slots.count, s); */
    //@ assert tn_fence_counts(queue);
    //@ assert tn_fifo(queue, slot);
    /*@ assert \forall integer i; 0 <= i < queue->slots.count ==>
               (tn_is_live(&queue->slots, i) <==> tn_is_live{Taken}(&queue->slots, i)); */
    //@ assert tn_load_same{Taken, Here}(queue, slot);
    //@ assert tn_load_same{Pre, Here}(queue, slot);
    return slot;
}

/* A new fence gets its state: open, or its place in the order. */
/*@ requires tn_queue_shape(queue) && tn_slots_ok(&queue->slots) && tn_fence_counts(queue);
    requires tn_fifo(queue, TN_SLOT_NONE) && 0 < queue->next_ticket < UINT64_MAX && slot < queue->slots.count;
    requires tn_is_live(&queue->slots, slot) && queue->record[slot].state == TN_FENCE_FREE;
    requires \forall integer i; 0 <= i < queue->slots.count && i != slot ==>
      (queue->record[i].state != TN_FENCE_FREE <==> tn_is_live(&queue->slots, i));
    assigns queue->next_ticket, queue->record[slot].ticket, queue->in_state[0 .. TN_FENCE_STATES - 1],
            queue->record[slot].state, queue->queued_head, queue->queued_tail,
            queue->record[0 .. queue->slots.count - 1].previous, queue->record[0 .. queue->slots.count - 1].next;
    ensures tn_queue_shape(queue) && tn_slots_ok(&queue->slots);
    ensures tn_fence_counts(queue);
    ensures tn_queue_lives(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE) && queue->next_ticket > 0;
    ensures open: more ==> queue->record[slot].state == TN_FENCE_OPEN &&
              queue->next_ticket == \old(queue->next_ticket);
    ensures queued: !more ==> queue->record[slot].state == TN_FENCE_QUEUED && queue->queued_tail == slot;
    ensures new_ticket: !more ==> queue->record[slot].ticket == \old(queue->next_ticket) &&
              queue->next_ticket == \old(queue->next_ticket) + 1;
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_states_same{Pre, Post}(queue, slot);
    ensures tn_load_same{Pre, Post}(queue, TN_SLOT_NONE); */
static inline void tn_fence_start(struct tn_queue *queue, uint32_t slot, bool more)
{
    if (more) {
        //@ assert tn_fifo(queue, slot);
        tn_fence_move(queue, slot, TN_FENCE_OPEN);
        //@ assert tn_fifo(queue, slot);
        //@ assert tn_fifo(queue, TN_SLOT_NONE);
    } else {
        tn_fence_enqueue(queue, slot);
    }
    //@ assert tn_queue_shape(queue) && tn_slots_same{Pre, Here}(&queue->slots);
    /*@ assert \forall integer i; 0 <= i < queue->slots.count ==>
               (tn_is_live(&queue->slots, i) <==> tn_is_live{Pre}(&queue->slots, i)); */
}

/* The whole of it. */
/*@ requires tn_queue_ok(queue) && queue->slots.free > 0 && queue->next_ticket < UINT64_MAX;
    requires \separated(ledger, queue, queue->record + (0 .. queue->slots.count - 1),
                        queue->slots.slot + (0 .. queue->slots.count - 1));
    assigns queue->slots.head, queue->slots.free, queue->slots.slot[0 .. queue->slots.count - 1],
            queue->record[0 .. queue->slots.count - 1].ticket, queue->record[0 .. queue->slots.count - 1].pool,
            queue->record[0 .. queue->slots.count - 1].ledger, queue->record[0 .. queue->slots.count - 1].length,
            queue->record[0 .. queue->slots.count - 1].used, queue->record[0 .. queue->slots.count - 1].status,
            queue->record[0 .. queue->slots.count - 1].direction, queue->record[0 .. queue->slots.count - 1].parts,
            queue->record[0 .. queue->slots.count - 1].taken, queue->record[0 .. queue->slots.count - 1].waiters,
            queue->record[0 .. queue->slots.count - 1].orphan,
            queue->record[0 .. queue->slots.count - 1].state, queue->record[0 .. queue->slots.count - 1].previous,
            queue->record[0 .. queue->slots.count - 1].next, queue->next_ticket, queue->queued_head,
            queue->queued_tail, queue->in_state[0 .. TN_FENCE_STATES - 1];
    ensures tn_queue_shape(queue) && tn_slots_ok(&queue->slots);
    ensures tn_fence_counts(queue);
    ensures tn_queue_lives(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE) && queue->next_ticket > 0;
    ensures \result < queue->slots.count && !tn_is_live{Pre}(&queue->slots, \result);
    ensures queue->record[\result].pool == pool && queue->record[\result].ledger == ledger;
    ensures queue->record[\result].length == length && queue->record[\result].direction == direction;
    ensures queue->record[\result].parts == parts && queue->record[\result].taken == 0;
    ensures open: more ==> queue->record[\result].state == TN_FENCE_OPEN &&
              queue->next_ticket == \old(queue->next_ticket);
    ensures queued: !more ==> queue->record[\result].state == TN_FENCE_QUEUED && queue->queued_tail == \result;
    ensures new_ticket: !more ==> queue->record[\result].ticket == \old(queue->next_ticket) &&
              queue->next_ticket == \old(queue->next_ticket) + 1;
    ensures \forall integer c; 0 <= c < TN_CHARGE_COUNT ==> ledger->used[c] == \old(ledger->used[c]);
    ensures \forall integer c; 0 <= c < TN_CHARGE_COUNT ==> ledger->limit[c] == \old(ledger->limit[c]);
    ensures tn_slots_step{Pre, Post}(&queue->slots);
    ensures tn_slots_same_but{Pre, Post}(&queue->slots, \result);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_states_same{Pre, Post}(queue, \result);
    ensures elsewhere: \forall uint64_t *cell; tn_elsewhere{Pre}(queue, cell) ==>
              *cell == \at(*cell, Pre);
    ensures tn_load_same{Pre, Post}(queue, \result); */
static inline uint32_t tn_fence_begin(struct tn_queue *queue, struct tn_pool *pool, struct tn_ledger *ledger,
                                      uint32_t length, uint32_t direction, uint32_t parts, bool more)
{
    uint32_t slot = tn_fence_new(queue, pool, ledger, length, direction, parts);
    //@ ghost New: ;
    tn_fence_start(queue, slot, more);
    //@ assert \forall integer c; 0 <= c < TN_CHARGE_COUNT ==> ledger->used[c] == \at(ledger->used[c], New);
    //@ assert \forall integer c; 0 <= c < TN_CHARGE_COUNT ==> ledger->limit[c] == \at(ledger->limit[c], New);
    //@ assert tn_slots_same{New, Here}(&queue->slots);
    //@ assert queue->slots.count == \at(queue->slots.count, Pre) && slot < queue->slots.count;
    //@ assert tn_load_same_of{New, Here}(queue, slot);
    //@ assert queue->record[slot].length == length && queue->record[slot].direction == direction;
    //@ assert queue->record[slot].parts == parts && queue->record[slot].taken == 0;
    //@ assert tn_load_same{New, Here}(queue, slot);
    //@ assert tn_load_same{Pre, Here}(queue, slot);
    return slot;
}

/* The same, and its charge is made. */
/*@ requires tn_queue_ok(queue) && queue->slots.free > 0 && queue->next_ticket < UINT64_MAX;
    requires tn_ledger_ok(ledger) && tn_ledger_has_room(ledger, TN_CHARGE_IN_FLIGHT, 1);
    requires \separated(ledger, queue, queue->record + (0 .. queue->slots.count - 1),
                        queue->slots.slot + (0 .. queue->slots.count - 1));
    assigns ledger->used[TN_CHARGE_IN_FLIGHT],
            queue->slots.head, queue->slots.free,
            queue->slots.slot[0 .. queue->slots.count - 1],
            queue->record[0 .. queue->slots.count - 1].ticket, queue->record[0 .. queue->slots.count - 1].pool,
            queue->record[0 .. queue->slots.count - 1].ledger, queue->record[0 .. queue->slots.count - 1].length,
            queue->record[0 .. queue->slots.count - 1].used, queue->record[0 .. queue->slots.count - 1].status,
            queue->record[0 .. queue->slots.count - 1].direction, queue->record[0 .. queue->slots.count - 1].parts,
            queue->record[0 .. queue->slots.count - 1].taken, queue->record[0 .. queue->slots.count - 1].waiters,
            queue->record[0 .. queue->slots.count - 1].orphan,
            queue->record[0 .. queue->slots.count - 1].state, queue->record[0 .. queue->slots.count - 1].previous,
            queue->record[0 .. queue->slots.count - 1].next, queue->next_ticket, queue->queued_head,
            queue->queued_tail, queue->in_state[0 .. TN_FENCE_STATES - 1];
    ensures tn_queue_shape(queue) && tn_slots_ok(&queue->slots);
    ensures tn_fence_counts(queue);
    ensures tn_queue_lives(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE) && queue->next_ticket > 0;
    ensures \result < queue->slots.count && !tn_is_live{Pre}(&queue->slots, \result);
    ensures queue->record[\result].pool == pool && queue->record[\result].ledger == ledger;
    ensures queue->record[\result].length == length && queue->record[\result].direction == direction;
    ensures queue->record[\result].parts == parts && queue->record[\result].taken == 0;
    ensures open: more ==> queue->record[\result].state == TN_FENCE_OPEN &&
              queue->next_ticket == \old(queue->next_ticket);
    ensures queued: !more ==> queue->record[\result].state == TN_FENCE_QUEUED && queue->queued_tail == \result;
    ensures new_ticket: !more ==> queue->record[\result].ticket == \old(queue->next_ticket) &&
              queue->next_ticket == \old(queue->next_ticket) + 1;
    ensures charged: tn_ledger_ok(ledger) &&
              ledger->used[TN_CHARGE_IN_FLIGHT] == \old(ledger->used[TN_CHARGE_IN_FLIGHT]) + 1;
    ensures tn_slots_step{Pre, Post}(&queue->slots);
    ensures tn_slots_same_but{Pre, Post}(&queue->slots, \result);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_states_same{Pre, Post}(queue, \result);
    ensures elsewhere: \forall uint64_t *cell;
              tn_elsewhere{Pre}(queue, cell) && cell != &ledger->used[TN_CHARGE_IN_FLIGHT] ==> *cell == \at(*cell, Pre);
    ensures tn_load_same{Pre, Post}(queue, \result); */
static inline uint32_t tn_fence_begin_charged(struct tn_queue *queue, struct tn_pool *pool, struct tn_ledger *ledger,
                                              uint32_t length, uint32_t direction, uint32_t parts, bool more)
{
    tn_queue_charge(queue, ledger);
    //@ ghost Charged: ;
    //@ assert tn_load_same{Pre, Here}(queue, TN_SLOT_NONE);
    uint32_t slot = tn_fence_begin(queue, pool, ledger, length, direction, parts, more);
    //@ assert \forall integer c; 0 <= c < TN_CHARGE_COUNT ==> ledger->used[c] == \at(ledger->used[c], Charged);
    //@ assert \forall integer c; 0 <= c < TN_CHARGE_COUNT ==> ledger->limit[c] == \at(ledger->limit[c], Charged);
    //@ assert queue->slots.count == \at(queue->slots.count, Pre) && slot < queue->slots.count;
    //@ assert tn_load_same{Pre, Charged}(queue, slot);
    //@ assert tn_load_same{Charged, Here}(queue, slot);
    //@ assert tn_load_same{Pre, Here}(queue, slot);
    //@ assert tn_slots_same{Pre, Charged}(&queue->slots);
    return slot;
}

/* An open fence carries one buffer more. */
/*@ requires tn_queue_ok(queue) && slot < queue->slots.count;
    requires queue->record[slot].parts < queue->parts_max && queue->record[slot].length + length <= UINT32_MAX;
    assigns queue->record[slot].parts, queue->record[slot].length;
    ensures tn_queue_shape(queue) && tn_slots_ok(&queue->slots);
    ensures tn_fence_counts(queue);
    ensures tn_queue_lives(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE);
    ensures queue->record[slot].parts == \old(queue->record[slot].parts) + 1;
    ensures queue->record[slot].length == \old(queue->record[slot].length) + length;
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_states_same{Pre, Post}(queue, TN_SLOT_NONE);
    ensures tn_load_same{Pre, Post}(queue, slot); */
static inline void tn_fence_more(struct tn_queue *queue, uint32_t slot, uint32_t length)
{
    struct tn_fence_record *record = &queue->record[slot];
    record->parts++;
    record->length += length;
    //@ assert tn_ring_same{Pre, Here}(queue->slots.slot, queue->slots.count);
    //@ assert tn_queue_shape(queue) && tn_slots_same{Pre, Here}(&queue->slots);
    //@ assert tn_queue_fixed{Pre, Here}(queue);
    /*@ assert \forall integer i; 0 <= i < queue->slots.count ==>
               queue->record[i].previous == \at(queue->record[i].previous, Pre); */
    /*@ assert \forall integer i; 0 <= i < queue->slots.count ==>
               queue->record[i].next == \at(queue->record[i].next, Pre); */
    //@ assert tn_fifo_same{Pre, Here}(queue, TN_SLOT_NONE);
    //@ assert tn_fifo(queue, TN_SLOT_NONE);
}

/* The same, and its charge is made. */
/*@ requires tn_queue_ok(queue) && slot < queue->slots.count;
    requires queue->record[slot].parts < queue->parts_max && queue->record[slot].length + length <= UINT32_MAX;
    requires tn_ledger_ok(ledger) && tn_ledger_has_room(ledger, TN_CHARGE_IN_FLIGHT, 1);
    requires \separated(ledger, queue, queue->record + (0 .. queue->slots.count - 1),
                        queue->slots.slot + (0 .. queue->slots.count - 1));
    assigns ledger->used[TN_CHARGE_IN_FLIGHT], queue->record[slot].parts, queue->record[slot].length;
    ensures tn_queue_shape(queue) && tn_slots_ok(&queue->slots);
    ensures tn_fence_counts(queue);
    ensures tn_queue_lives(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE);
    ensures queue->record[slot].parts == \old(queue->record[slot].parts) + 1;
    ensures queue->record[slot].length == \old(queue->record[slot].length) + length;
    ensures charged: tn_ledger_ok(ledger) &&
              ledger->used[TN_CHARGE_IN_FLIGHT] == \old(ledger->used[TN_CHARGE_IN_FLIGHT]) + 1;
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_states_same{Pre, Post}(queue, TN_SLOT_NONE);
    ensures tn_load_same{Pre, Post}(queue, slot); */
static inline void tn_fence_more_charged(struct tn_queue *queue, uint32_t slot, struct tn_ledger *ledger,
                                         uint32_t length)
{
    tn_queue_charge(queue, ledger);
    //@ ghost Charged: ;
    //@ assert tn_load_same_of{Pre, Here}(queue, slot);
    tn_fence_more(queue, slot, length);
    //@ assert queue->slots.count == \at(queue->slots.count, Pre) && slot < queue->slots.count;
    //@ assert tn_load_same{Pre, Charged}(queue, slot);
    //@ assert tn_load_same{Charged, Here}(queue, slot);
    //@ assert tn_load_same{Pre, Here}(queue, slot);
}

#endif
