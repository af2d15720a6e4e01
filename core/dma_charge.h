/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside core/: the charge of a buffer on its way, or of a fence without one. A ledger is beside the queue: of the
 * queue nothing changes, and nothing here knows a pool.
 */
#ifndef TENURE_CORE_DMA_CHARGE_H
#define TENURE_CORE_DMA_CHARGE_H

#include "dma_step.h"
#include "ledger.h"

/* It is charged. */
/*@ requires tn_queue_ok(queue) && tn_ledger_ok(ledger);
    requires \separated(ledger, queue, queue->record + (0 .. queue->slots.count - 1),
                        queue->slots.slot + (0 .. queue->slots.count - 1));
    requires tn_ledger_has_room(ledger, TN_CHARGE_IN_FLIGHT, 1);
    assigns ledger->used[TN_CHARGE_IN_FLIGHT];
    ensures tn_ledger_ok(ledger);
    ensures ledger->used[TN_CHARGE_IN_FLIGHT] == \old(ledger->used[TN_CHARGE_IN_FLIGHT]) + 1;
    ensures tn_queue_shape(queue);
    ensures tn_slots_ok(&queue->slots);
    ensures tn_queue_lives(queue);
    ensures tn_fence_counts(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE);
    ensures queue->next_ticket == \old(queue->next_ticket);
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_states_same{Pre, Post}(queue, TN_SLOT_NONE);
    ensures tn_load_same{Pre, Post}(queue, TN_SLOT_NONE); */
static inline void tn_queue_charge(const struct tn_queue *queue, struct tn_ledger *ledger)
{
    (void)queue;
    tn_ledger_commit(ledger, TN_CHARGE_IN_FLIGHT, 1);
    //@ assert tn_ring_same{Pre, Here}(queue->slots.slot, queue->slots.count);
    //@ assert tn_slots_same{Pre, Here}(&queue->slots);
    //@ assert \forall integer n, s; tn_fences_in(queue->record, n, s) == tn_fences_in{Pre}(queue->record, n, s);
    //@ assert tn_fence_counts(queue);
    //@ assert tn_queue_shape(queue);
    //@ assert tn_fifo_same{Pre, Here}(queue, TN_SLOT_NONE);
}

/* It is given back. */
/*@ requires tn_queue_ok(queue) && tn_ledger_ok(ledger);
    requires \separated(ledger, queue, queue->record + (0 .. queue->slots.count - 1),
                        queue->slots.slot + (0 .. queue->slots.count - 1));
    requires ledger->used[TN_CHARGE_IN_FLIGHT] >= 1;
    assigns ledger->used[TN_CHARGE_IN_FLIGHT];
    ensures tn_ledger_ok(ledger);
    ensures ledger->used[TN_CHARGE_IN_FLIGHT] == \old(ledger->used[TN_CHARGE_IN_FLIGHT]) - 1;
    ensures tn_queue_shape(queue);
    ensures tn_slots_ok(&queue->slots);
    ensures tn_queue_lives(queue);
    ensures tn_fence_counts(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE);
    ensures queue->next_ticket == \old(queue->next_ticket);
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_states_same{Pre, Post}(queue, TN_SLOT_NONE);
    ensures tn_load_same{Pre, Post}(queue, TN_SLOT_NONE); */
static inline void tn_queue_refund(const struct tn_queue *queue, struct tn_ledger *ledger)
{
    (void)queue;
    tn_ledger_refund(ledger, TN_CHARGE_IN_FLIGHT, 1);
    //@ assert tn_ring_same{Pre, Here}(queue->slots.slot, queue->slots.count);
    //@ assert tn_slots_same{Pre, Here}(&queue->slots);
    //@ assert \forall integer n, s; tn_fences_in(queue->record, n, s) == tn_fences_in{Pre}(queue->record, n, s);
    //@ assert tn_fence_counts(queue);
    //@ assert tn_queue_shape(queue);
    //@ assert tn_fifo_same{Pre, Here}(queue, TN_SLOT_NONE);
}

#endif
