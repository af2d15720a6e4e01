/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside core/: how a queue is made, every fence free. Nothing here knows a buffer.
 */
#ifndef TENURE_CORE_DMA_MAKE_H
#define TENURE_CORE_DMA_MAKE_H

#include "dma_fence.h"

/*@ requires \valid(record);
    assigns record->ticket, record->pool, record->ledger, record->length, record->used, record->status,
            record->direction, record->previous, record->next, record->parts, record->taken, record->waiters,
            record->state, record->orphan;
    ensures record->state == TN_FENCE_FREE; */
static inline void tn_record_clear(struct tn_fence_record *record)
{
    record->ticket = 0;
    record->pool = NULL;
    record->ledger = NULL;
    record->length = 0;
    record->used = 0;
    record->status = TN_OK;
    record->direction = 0;
    record->previous = TN_SLOT_NONE;
    record->next = TN_SLOT_NONE;
    record->parts = 0;
    record->taken = 0;
    record->waiters = 0;
    record->state = TN_FENCE_FREE;
    record->orphan = false;
}

/*@ requires 0 < depth <= TN_HANDLE_SLOTS && \valid(record + (0 .. depth - 1));
    assigns record[0 .. depth - 1];
    ensures \forall integer i; 0 <= i < depth ==> record[i].state == TN_FENCE_FREE; */
static inline void tn_records_clear(struct tn_fence_record *record, uint32_t depth)
{
    /*@ loop invariant 0 <= i <= depth;
        loop invariant \forall integer j; 0 <= j < i ==> record[j].state == TN_FENCE_FREE;
        loop assigns i, record[0 .. depth - 1];
        loop variant depth - i; */
    for (uint32_t i = 0; i < depth; i++)
        tn_record_clear(&record[i]);
}

/* The counts of fences that are all free. */
/*@ requires \valid(queue) && 0 < depth <= TN_HANDLE_SLOTS && \valid(queue->record + (0 .. depth - 1));
    requires \separated(queue, queue->record + (0 .. depth - 1));
    requires \forall integer i; 0 <= i < depth ==> queue->record[i].state == TN_FENCE_FREE;
    assigns queue->in_state[0 .. TN_FENCE_STATES - 1];
    ensures \forall integer s; 0 <= s < TN_FENCE_STATES ==>
              queue->in_state[s] == tn_fences_in(queue->record, depth, s); */
static inline void tn_queue_count(struct tn_queue *queue, uint32_t depth)
{
    /*@ loop invariant 0 <= s <= TN_FENCE_STATES;
        loop invariant \forall integer t; 0 <= t < s ==> queue->in_state[t] == (t == TN_FENCE_FREE ? depth : 0);
        loop assigns s, queue->in_state[0 .. TN_FENCE_STATES - 1];
        loop variant TN_FENCE_STATES - s; */
    for (uint32_t s = 0; s < TN_FENCE_STATES; s++)
        queue->in_state[s] = s == TN_FENCE_FREE ? depth : 0;
    //@ ghost struct tn_fence_record *record = queue->record;
    /*@ ghost // all are free
      /@ loop invariant 0 <= k <= depth;
         loop invariant \forall integer s; 0 <= s < TN_FENCE_STATES ==>
           tn_fences_in(record, k, s) == (s == TN_FENCE_FREE ? k : 0);
         loop assigns k;
         loop variant depth - k;
      @/
      for (uint32_t k = 0; k < depth; k++) ;
    */
}

/* A queue of these records, which are clear; its parts are set by the caller. */
/*@ requires \valid(queue) && tn_slots_may_be(slot, depth, generation_max);
    requires \valid(record + (0 .. depth - 1)) && \valid(slot + (0 .. depth - 1));
    requires \separated(queue, record + (0 .. depth - 1), slot + (0 .. depth - 1));
    requires \forall integer i; 0 <= i < depth ==> record[i].state == TN_FENCE_FREE;
    assigns queue->slots, queue->record, queue->next_ticket, queue->queued_head, queue->queued_tail,
            queue->in_state[0 .. TN_FENCE_STATES - 1], queue->refused_completions, slot[0 .. depth - 1];
    ensures \result;
    ensures tn_queue_shape(queue);
    ensures tn_slots_ok(&queue->slots);
    ensures tn_queue_lives(queue);
    ensures tn_fence_counts(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE);
    ensures queue->record == record && queue->slots.slot == slot;
    ensures queue->slots.count == queue->slots.free == depth && queue->next_ticket == 1;
    ensures \forall integer i; 0 <= i < depth ==> record[i].state == TN_FENCE_FREE; */
static inline bool tn_queue_set_up(struct tn_queue *queue, struct tn_fence_record *record, struct tn_slot *slot,
                                   uint32_t depth, uint64_t generation_max)
{
    queue->record = record;
    queue->next_ticket = 1;
    queue->queued_head = TN_SLOT_NONE;
    queue->queued_tail = TN_SLOT_NONE;
    queue->refused_completions = 0;
    tn_queue_count(queue, depth);
    //@ assert queue->record == record;
    bool made = tn_slots_init(&queue->slots, slot, depth, generation_max);
    //@ assert queue->record == record && queue->slots.count == depth;
    //@ assert \forall integer i; 0 <= i < depth ==> queue->record[i].state == TN_FENCE_FREE;
    /*@ assert \forall integer s; 0 <= s < TN_FENCE_STATES ==>
               queue->in_state[s] == tn_fences_in(queue->record, depth, s); */
    //@ assert queue->queued_head == TN_SLOT_NONE && queue->queued_tail == TN_SLOT_NONE;
    //@ assert \forall integer i; !tn_in_fifo(queue, i, TN_SLOT_NONE);
    //@ assert tn_fifo_ends(queue, TN_SLOT_NONE) && tn_fifo_forward(queue, TN_SLOT_NONE);
    //@ assert tn_fifo_backward(queue, TN_SLOT_NONE) && tn_fifo_tickets(queue, TN_SLOT_NONE);
    //@ assert tn_fifo_oldest(queue, TN_SLOT_NONE) && tn_fifo_grows(queue, TN_SLOT_NONE);
    //@ assert tn_fifo_following(queue, TN_SLOT_NONE);
    return made;
}

#endif
