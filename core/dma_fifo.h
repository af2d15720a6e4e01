/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside core/: the FIFO of queued fences. Each function writes the links of fences and nothing else of a queue; its
 * contract says so to the prover (docs/proof.md). It is a file of its own because the prover is quick with little.
 */
#ifndef TENURE_CORE_DMA_FIFO_H
#define TENURE_CORE_DMA_FIFO_H

#include "dma_fence.h"

/* To the end of the FIFO: the fence, queued already, with the newest ticket. */
/*@ requires tn_queue_shape(queue) && slot < queue->slots.count && queue->record[slot].state == TN_FENCE_QUEUED;
    requires tn_fifo(queue, slot) && 0 < queue->record[slot].ticket < queue->next_ticket;
    requires \forall integer i; tn_in_fifo(queue, i, slot) ==> queue->record[i].ticket < queue->record[slot].ticket;
    assigns queue->queued_head, queue->queued_tail, queue->record[0 .. queue->slots.count - 1].previous,
            queue->record[0 .. queue->slots.count - 1].next;
    ensures tn_fifo_ends(queue, TN_SLOT_NONE) && queue->queued_tail == slot;
    ensures tn_fifo_forward(queue, TN_SLOT_NONE);
    ensures tn_fifo_backward(queue, TN_SLOT_NONE);
    ensures tn_fifo_tickets(queue, TN_SLOT_NONE);
    ensures tn_fifo_oldest(queue, TN_SLOT_NONE);
    ensures tn_fifo_grows(queue, TN_SLOT_NONE);
    ensures tn_fifo_following(queue, TN_SLOT_NONE);
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_in_state_same{Pre, Post}(queue);
    ensures tn_load_same{Pre, Post}(queue, TN_SLOT_NONE); */
static inline void tn_fifo_append(struct tn_queue *queue, uint32_t slot)
{
    struct tn_fence_record *record = queue->record;
    uint32_t tail = queue->queued_tail;
    record[slot].previous = tail;
    record[slot].next = TN_SLOT_NONE;
    if (tail == TN_SLOT_NONE)
        queue->queued_head = slot;
    else
        record[tail].next = slot;
    queue->queued_tail = slot;
    //@ assert record[slot].previous == tail && record[slot].next == TN_SLOT_NONE;
    //@ assert tail != TN_SLOT_NONE ==> record[tail].next == slot && tn_in_fifo(queue, tail, slot);
    /*@ assert \forall integer i; 0 <= i < queue->slots.count && i != slot ==>
               record[i].previous == \at(queue->record[i].previous, Pre); */
    /*@ assert \forall integer i; 0 <= i < queue->slots.count && i != slot && i != tail ==>
               record[i].next == \at(queue->record[i].next, Pre); */
    //@ assert \forall integer i; tn_in_fifo(queue, i, TN_SLOT_NONE) ==> i == slot || tn_in_fifo{Pre}(queue, i, slot);
}

/* Out of the FIFO; its state is the caller's. */
/*@ requires tn_queue_shape(queue) && slot < queue->slots.count && queue->record[slot].state == TN_FENCE_QUEUED;
    requires tn_fifo(queue, TN_SLOT_NONE);
    assigns queue->queued_head, queue->queued_tail, queue->record[0 .. queue->slots.count - 1].previous,
            queue->record[0 .. queue->slots.count - 1].next;
    ensures tn_fifo_ends(queue, slot);
    ensures tn_fifo_forward(queue, slot);
    ensures tn_fifo_backward(queue, slot);
    ensures tn_fifo_tickets(queue, slot);
    ensures tn_fifo_oldest(queue, slot);
    ensures tn_fifo_grows(queue, slot);
    ensures following: tn_fifo_following(queue, slot);
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_in_state_same{Pre, Post}(queue);
    ensures tn_load_same{Pre, Post}(queue, TN_SLOT_NONE); */
static inline void tn_fifo_remove(struct tn_queue *queue, uint32_t slot)
{
    struct tn_fence_record *record = queue->record;
    uint32_t previous = record[slot].previous, next = record[slot].next;
    if (previous == TN_SLOT_NONE)
        queue->queued_head = next;
    else
        record[previous].next = next;
    if (next == TN_SLOT_NONE)
        queue->queued_tail = previous;
    else
        record[next].previous = previous;
    //@ assert previous != slot && next != slot;
    //@ assert previous != TN_SLOT_NONE ==> record[previous].next == next;
    //@ assert next != TN_SLOT_NONE ==> record[next].previous == previous;
    /*@ assert \forall integer i; 0 <= i < queue->slots.count && i != next ==>
               record[i].previous == \at(queue->record[i].previous, Pre); */
    /*@ assert \forall integer i; 0 <= i < queue->slots.count && i != previous ==>
               record[i].next == \at(queue->record[i].next, Pre); */
    //@ assert \forall integer i; tn_in_fifo(queue, i, slot) ==> tn_in_fifo{Pre}(queue, i, TN_SLOT_NONE);
    //@ assert \forall integer i; tn_in_fifo(queue, i, slot) && i != previous ==> record[i].next != slot;
    //@ assert \forall integer i; tn_in_fifo(queue, i, slot) && i != next ==> record[i].previous != slot;
    //@ assert previous != TN_SLOT_NONE ==> tn_in_fifo(queue, previous, slot);
    //@ assert next != TN_SLOT_NONE ==> tn_in_fifo(queue, next, slot);
    //@ assert tn_fifo_skips{Pre, Here}(queue, slot);
}

#endif
