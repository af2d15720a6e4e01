/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside core/: how a fence ends, for the queue alone. Its buffers have been moved before (dma_part.h), so nothing here
 * knows a pool.
 */
#ifndef TENURE_CORE_DMA_END_H
#define TENURE_CORE_DMA_END_H

#include "dma_charge.h"
#include "dma_step.h"

/* A posted fence whose device has answered. */
/*@ requires tn_queue_ok(queue) && slot < queue->slots.count && queue->record[slot].state == TN_FENCE_POSTED;
    assigns queue->record[slot].used, queue->in_state[0 .. TN_FENCE_STATES - 1], queue->record[slot].state,
            queue->record[slot].status;
    ensures tn_queue_shape(queue) && tn_slots_ok(&queue->slots);
    ensures tn_fence_counts(queue);
    ensures tn_queue_lives(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE);
    ensures ended: queue->record[slot].state == TN_FENCE_ENDED && queue->record[slot].status == status &&
              queue->record[slot].used == used;
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_states_same{Pre, Post}(queue, slot);
    ensures tn_load_same{Pre, Post}(queue, slot); */
static inline void tn_fence_complete(struct tn_queue *queue, uint32_t slot, uint32_t used, uint32_t status)
{
    queue->record[slot].used = used;
    //@ ghost Written: ;
    //@ assert tn_ring_same{Pre, Here}(queue->slots.slot, queue->slots.count);
    //@ assert tn_queue_shape(queue) && tn_slots_same{Pre, Here}(&queue->slots);
    //@ assert tn_load_same{Pre, Here}(queue, slot);
    //@ assert tn_fifo_same{Pre, Here}(queue, TN_SLOT_NONE);
    //@ assert tn_fifo(queue, TN_SLOT_NONE);
    //@ assert tn_fifo(queue, slot);
    //@ assert tn_fence_counts(queue);
    tn_fence_end(queue, slot, status);
    //@ assert tn_queue_shape(queue) && tn_slots_same{Written, Here}(&queue->slots);
    /*@ assert \forall integer i; 0 <= i < queue->slots.count && i != slot ==> tn_load_same_of{Pre, Here}(queue, i); */
}

/* A fence ends without its device, wherever it is on its way. */
/*@ requires tn_queue_ok(queue) && slot < queue->slots.count;
    requires tn_fence_moves(queue->record[slot].state, TN_FENCE_ENDED);
    assigns queue->queued_head, queue->queued_tail, queue->record[0 .. queue->slots.count - 1].previous,
            queue->record[0 .. queue->slots.count - 1].next, queue->in_state[0 .. TN_FENCE_STATES - 1],
            queue->record[slot].state, queue->record[slot].status;
    ensures tn_queue_shape(queue) && tn_slots_ok(&queue->slots);
    ensures tn_fence_counts(queue);
    ensures tn_queue_lives(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE);
    ensures ended: queue->record[slot].state == TN_FENCE_ENDED && queue->record[slot].status == status;
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_states_same{Pre, Post}(queue, slot);
    ensures tn_load_same{Pre, Post}(queue, slot); */
static inline void tn_fence_abort(struct tn_queue *queue, uint32_t slot, uint32_t status)
{
    if (queue->record[slot].state == TN_FENCE_QUEUED)
        tn_fifo_remove(queue, slot);
    //@ ghost Left: ;
    //@ assert tn_fifo(queue, slot);
    //@ assert tn_queue_shape(queue) && tn_slots_same{Pre, Here}(&queue->slots);
    //@ assert \forall integer n, s; tn_fences_in(queue->record, n, s) == tn_fences_in{Pre}(queue->record, n, s);
    //@ assert tn_fence_counts(queue) && tn_load_same{Pre, Here}(queue, slot);
    tn_fence_end(queue, slot, status);
    //@ assert tn_queue_shape(queue) && tn_slots_same{Left, Here}(&queue->slots);
    /*@ assert \forall integer i; 0 <= i < queue->slots.count && i != slot ==> tn_load_same_of{Left, Here}(queue, i); */
}

/* The client of a fence is gone. */
/*@ requires tn_queue_ok(queue) && slot < queue->slots.count;
    assigns queue->record[slot].orphan;
    ensures tn_queue_shape(queue) && tn_slots_ok(&queue->slots);
    ensures tn_fence_counts(queue);
    ensures tn_queue_lives(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE);
    ensures queue->record[slot].orphan;
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_load_same{Pre, Post}(queue, slot); */
static inline void tn_fence_orphan(struct tn_queue *queue, uint32_t slot)
{
    queue->record[slot].orphan = true;
    //@ assert tn_ring_same{Pre, Here}(queue->slots.slot, queue->slots.count);
    //@ assert tn_fifo_same{Pre, Here}(queue, TN_SLOT_NONE);
}

/* A buffer of an ended fence is given back, with its share of what the device used; none of a fence without one. */
/*@ requires tn_queue_ok(queue) && slot < queue->slots.count && used <= queue->record[slot].used;
    requires queue->record[slot].taken + parts <= queue->record[slot].parts;
    assigns queue->record[slot].used, queue->record[slot].taken;
    ensures tn_queue_shape(queue) && tn_slots_ok(&queue->slots);
    ensures tn_fence_counts(queue);
    ensures tn_queue_lives(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE);
    ensures queue->record[slot].used == \old(queue->record[slot].used) - used;
    ensures queue->record[slot].taken == \old(queue->record[slot].taken) + parts;
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_states_same{Pre, Post}(queue, TN_SLOT_NONE);
    ensures tn_load_same{Pre, Post}(queue, slot); */
static inline void tn_fence_deal(struct tn_queue *queue, uint32_t slot, uint32_t parts, uint32_t used)
{
    queue->record[slot].used -= used;
    queue->record[slot].taken += parts;
    //@ assert tn_ring_same{Pre, Here}(queue->slots.slot, queue->slots.count);
    //@ assert tn_queue_shape(queue) && tn_slots_same{Pre, Here}(&queue->slots);
    //@ assert tn_queue_fixed{Pre, Here}(queue);
    /*@ assert \forall integer i; 0 <= i < queue->slots.count ==>
               queue->record[i].previous == \at(queue->record[i].previous, Pre); */
    /*@ assert \forall integer i; 0 <= i < queue->slots.count ==>
               queue->record[i].next == \at(queue->record[i].next, Pre); */
    //@ assert queue->queued_head == \at(queue->queued_head, Pre) && queue->queued_tail == \at(queue->queued_tail, Pre);
    //@ assert tn_links_same{Pre, Here}(queue);
    //@ assert tn_tickets_same{Pre, Here}(queue, TN_SLOT_NONE) && queue->next_ticket == \at(queue->next_ticket, Pre);
    //@ assert tn_states_same{Pre, Here}(queue, TN_SLOT_NONE);
    //@ assert tn_fifo_same{Pre, Here}(queue, TN_SLOT_NONE);
    //@ assert tn_fifo(queue, TN_SLOT_NONE);
}

/* The same; with the last buffer the fence is free. Says whether it is. */
/*@ requires tn_queue_ok(queue) && slot < queue->slots.count && queue->record[slot].state == TN_FENCE_ENDED;
    requires used <= queue->record[slot].used && queue->record[slot].taken + parts <= queue->record[slot].parts;
    assigns queue->record[slot].used, queue->record[slot].taken, queue->slots.free,
            queue->slots.slot[0 .. queue->slots.count - 1], queue->in_state[0 .. TN_FENCE_STATES - 1],
            queue->record[slot].state;
    ensures tn_queue_shape(queue) && tn_slots_ok(&queue->slots);
    ensures tn_fence_counts(queue);
    ensures tn_queue_lives(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE);
    ensures queue->next_ticket == \old(queue->next_ticket);
    ensures \result <==> queue->record[slot].taken == queue->record[slot].parts;
    ensures gone: \result ==> queue->record[slot].state == TN_FENCE_FREE;
    ensures stays: !\result ==> queue->record[slot].state == TN_FENCE_ENDED &&
              queue->slots.slot[slot].generation == \old(queue->slots.slot[slot].generation);
    ensures dealt: queue->record[slot].used == \old(queue->record[slot].used) - used;
    ensures taken: queue->record[slot].taken == \old(queue->record[slot].taken) + parts;
    ensures tn_slots_step{Pre, Post}(&queue->slots);
    ensures tn_slots_same_but{Pre, Post}(&queue->slots, slot);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_states_same{Pre, Post}(queue, slot);
    ensures tn_load_same{Pre, Post}(queue, slot); */
static inline bool tn_fence_give(struct tn_queue *queue, uint32_t slot, uint32_t parts, uint32_t used)
{
    tn_fence_deal(queue, slot, parts, used);
    //@ ghost Dealt: ;
    //@ assert tn_queue_ok(queue) && queue->record[slot].state == TN_FENCE_ENDED;
    bool last = queue->record[slot].taken == queue->record[slot].parts;
    if (last)
        tn_fence_free(queue, slot);
    //@ assert tn_load_same{Dealt, Here}(queue, TN_SLOT_NONE) && tn_queue_fixed{Dealt, Here}(queue);
    //@ assert tn_load_same_of{Dealt, Here}(queue, slot);
    //@ assert queue->slots.count == \at(queue->slots.count, Dealt) && queue->slots.count == \at(queue->slots.count, Pre);
    //@ assert tn_load_same{Dealt, Here}(queue, slot);
    /*@ assert \forall integer i; 0 <= i < queue->slots.count && i != slot ==> tn_load_same_of{Dealt, Here}(queue, i); */
    /*@ assert \forall integer i; 0 <= i < queue->slots.count && i != slot ==> tn_load_same_of{Pre, Dealt}(queue, i); */
    //@ assert tn_load_same{Pre, Here}(queue, slot);
    return last;
}

/* The same, and its charge is given back. */
/*@ requires tn_queue_ok(queue) && slot < queue->slots.count && queue->record[slot].state == TN_FENCE_ENDED;
    requires used <= queue->record[slot].used && queue->record[slot].taken + parts <= queue->record[slot].parts;
    requires tn_ledger_ok(ledger) && ledger->used[TN_CHARGE_IN_FLIGHT] >= 1;
    requires \separated(ledger, queue, queue->record + (0 .. queue->slots.count - 1),
                        queue->slots.slot + (0 .. queue->slots.count - 1));
    assigns ledger->used[TN_CHARGE_IN_FLIGHT], queue->record[slot].used, queue->record[slot].taken, queue->slots.free,
            queue->slots.slot[0 .. queue->slots.count - 1], queue->in_state[0 .. TN_FENCE_STATES - 1],
            queue->record[slot].state;
    ensures tn_queue_shape(queue) && tn_slots_ok(&queue->slots);
    ensures tn_fence_counts(queue);
    ensures tn_queue_lives(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE);
    ensures queue->next_ticket == \old(queue->next_ticket);
    ensures \result <==> queue->record[slot].taken == queue->record[slot].parts;
    ensures gone: \result ==> queue->record[slot].state == TN_FENCE_FREE;
    ensures stays: !\result ==> queue->record[slot].state == TN_FENCE_ENDED &&
              queue->slots.slot[slot].generation == \old(queue->slots.slot[slot].generation);
    ensures dealt: queue->record[slot].used == \old(queue->record[slot].used) - used;
    ensures taken: queue->record[slot].taken == \old(queue->record[slot].taken) + parts;
    ensures refunded: tn_ledger_ok(ledger) &&
              ledger->used[TN_CHARGE_IN_FLIGHT] == \old(ledger->used[TN_CHARGE_IN_FLIGHT]) - 1;
    ensures tn_slots_step{Pre, Post}(&queue->slots);
    ensures tn_slots_same_but{Pre, Post}(&queue->slots, slot);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_states_same{Pre, Post}(queue, slot);
    ensures tn_load_same{Pre, Post}(queue, slot); */
static inline bool tn_fence_refund(struct tn_queue *queue, uint32_t slot, struct tn_ledger *ledger, uint32_t parts,
                                   uint32_t used)
{
    tn_queue_refund(queue, ledger);
    //@ ghost Refunded: ;
    //@ assert tn_load_same_of{Pre, Here}(queue, slot);
    /*@ assert apart: \forall integer c; 0 <= c < TN_CHARGE_COUNT ==>
               \separated(&ledger->used[c], queue->slots.slot + (0 .. queue->slots.count - 1)) &&
               \separated(&ledger->limit[c], queue->slots.slot + (0 .. queue->slots.count - 1)); */
    bool last = tn_fence_give(queue, slot, parts, used);
    //@ assert \forall integer c; 0 <= c < TN_CHARGE_COUNT ==> ledger->used[c] == \at(ledger->used[c], Refunded);
    //@ assert \forall integer c; 0 <= c < TN_CHARGE_COUNT ==> ledger->limit[c] == \at(ledger->limit[c], Refunded);
    //@ assert queue->slots.count == \at(queue->slots.count, Pre) && slot < queue->slots.count;
    //@ assert tn_load_same{Pre, Refunded}(queue, slot);
    //@ assert tn_load_same{Refunded, Here}(queue, slot);
    //@ assert tn_load_same{Pre, Here}(queue, slot);
    //@ assert tn_slots_same{Pre, Refunded}(&queue->slots);
    return last;
}

#endif
