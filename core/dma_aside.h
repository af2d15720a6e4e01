/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside core/: the name of a buffer is written beside its queue. Of the queue nothing changes.
 */
#ifndef TENURE_CORE_DMA_ASIDE_H
#define TENURE_CORE_DMA_ASIDE_H

#include "dma_queue.h"
#include "dma_step.h"

/* The name of a buffer is kept for its fence. */
/*@ requires tn_queue_ok(queue) && \valid(part);
    requires \separated(part, queue, queue->record + (0 .. queue->slots.count - 1),
                        queue->slots.slot + (0 .. queue->slots.count - 1));
    assigns *part;
    ensures part->slot == name.slot && part->mark == name.mark;
    ensures tn_queue_shape(queue);
    ensures tn_slots_ok(&queue->slots);
    ensures tn_queue_lives(queue);
    ensures tn_fence_counts(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE);
    ensures queue->next_ticket == \old(queue->next_ticket);
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_states_same{Pre, Post}(queue, TN_SLOT_NONE);
    ensures tn_tickets_same{Pre, Post}(queue, TN_SLOT_NONE);
    ensures tn_load_same{Pre, Post}(queue, TN_SLOT_NONE); */
static inline void tn_queue_keep(const struct tn_queue *queue, struct tn_buffer_name *part, struct tn_buffer_name name)
{
    (void)queue;
    *part = name;
    //@ assert tn_ring_same{Pre, Here}(queue->slots.slot, queue->slots.count);
    //@ assert tn_slots_same{Pre, Here}(&queue->slots);
    //@ assert \forall integer n, s; tn_fences_in(queue->record, n, s) == tn_fences_in{Pre}(queue->record, n, s);
    //@ assert tn_fence_counts(queue);
    //@ assert tn_queue_shape(queue);
    //@ assert tn_fifo_same{Pre, Here}(queue, TN_SLOT_NONE);
}

#endif
