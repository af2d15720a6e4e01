/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside core/: how a fence ends, for the queue alone. Its buffers have been moved before (dma_part.h), so nothing here
 * knows a pool.
 */
#ifndef TENURE_CORE_DMA_END_H
#define TENURE_CORE_DMA_END_H

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

#endif
