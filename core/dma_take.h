/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DMA queues: what has ended is taken, buffer by buffer. See dma.h for the whole; the annotations are contracts for the
 * prover (docs/proof.md).
 */
#ifndef TENURE_CORE_DMA_TAKE_H
#define TENURE_CORE_DMA_TAKE_H

#include "dma_queue.h"

/* The outcome of an ended fence: of one of its buffers, and of the fence with the last. */
struct tn_outcome {
    struct tn_buffer_name
        buffer;           /* new name, owned by the CPU; all zero if none travelled, in quarantine, or orphaned */
    uint32_t buffer_slot; /* where the buffer lives, or TN_SLOT_NONE if none travelled */
    uint32_t status;
    uint32_t used;   /* of this buffer; the buffers fill up in the order in which they were submitted */
    uint32_t length; /* of this buffer */
    uint32_t direction;
    bool orphan;
    bool last; /* nothing is left to take: the fence's name is stale from here */
};
/* TN_OK: ended, and the next buffer can be taken. TN_EAGAIN: not ended, or a slice of the buffer's page is still with a
 * device. TN_ESTALE: no such fence. */
/*@ predicate tn_fence_next_home{L}(struct tn_queue *q, integer slot) =
      q->record[slot].parts > 0 ==> \valid(q->part + (slot * q->parts_max + q->record[slot].taken)) &&
      0 <= slot * q->parts_max + q->record[slot].taken < TN_HANDLE_SLOTS * TN_FENCE_PARTS_MAX &&
      tn_pool_ok(q->record[slot].pool);
    // Ended, and its next buffer, if it has one, does not wait for another slice of its page.
    predicate tn_next_waits{L}(struct tn_queue *q, integer slot) =
      q->record[slot].parts > 0 &&
      tn_mark_waits(q->record[slot].pool, q->part[slot * q->parts_max + q->record[slot].taken].slot,
                    q->part[slot * q->parts_max + q->record[slot].taken].mark);
    predicate tn_may_take{L}(struct tn_queue *q, integer fence) =
      tn_fence_is(q, fence, TN_FENCE_ENDED) && !tn_next_waits(q, tn_slot_of(fence)); */
/*@ requires tn_queue_shape(queue);
    requires tn_fence_is(queue, fence, TN_FENCE_ENDED) ==> tn_fence_next_home(queue, tn_slot_of(fence));
    assigns \nothing;
    ensures \result == TN_OK || \result == TN_EAGAIN || \result == TN_ESTALE;
    ensures \result == TN_ESTALE <==> !tn_is_fence(queue, fence);
    ensures \result == TN_OK <==> tn_may_take(queue, fence); */
TN_MUST_CHECK enum tn_status tn_fence_take_decide(const struct tn_queue *queue, uint64_t fence);
/* Takes the next buffer: to the CPU (COMPLETED, ABORTED), to SCRUBBING (ORPHAN: the embedder scrubs, then
 * tn_buffer_scrubbed_commit), or it stays in QUARANTINED. Refunds its charge. With the last buffer the fence is free.
 * The ledger is in memory of its own, as at the submission. */
/*@ requires tn_queue_ok(queue) && tn_may_take(queue, fence);
    requires tn_ledger_ok(queue->record[tn_slot_of(fence)].ledger);
    requires tn_ledger_apart(queue, queue->record[tn_slot_of(fence)].ledger);
    requires queue->record[tn_slot_of(fence)].ledger->used[TN_CHARGE_IN_FLIGHT] >= 1;
    requires queue->record[tn_slot_of(fence)].parts > 0 ==>
      queue->record[tn_slot_of(fence)].taken < queue->record[tn_slot_of(fence)].parts <= queue->parts_max;
    requires queue->record[tn_slot_of(fence)].taken <= queue->record[tn_slot_of(fence)].parts;
    requires queue->record[tn_slot_of(fence)].parts > 0 ==>
      tn_may_travel(queue, queue->record[tn_slot_of(fence)].pool, queue->record[tn_slot_of(fence)].ledger);
    requires queue->record[tn_slot_of(fence)].parts > 0 ==> tn_fence_parts(queue, tn_slot_of(fence));
    requires queue->record[tn_slot_of(fence)].parts > 0 ==> queue->part[tn_slot_of(fence) * queue->parts_max +
      queue->record[tn_slot_of(fence)].taken].slot < queue->record[tn_slot_of(fence)].pool->count;
    assigns queue->slots.free, queue->slots.slot[0 .. queue->slots.count - 1],
            queue->in_state[0 .. TN_FENCE_STATES - 1], queue->record[tn_slot_of(fence)].state,
            queue->record[tn_slot_of(fence)].used, queue->record[tn_slot_of(fence)].taken,
            queue->record[tn_slot_of(fence)].ledger->used[TN_CHARGE_IN_FLIGHT],
            queue->record[tn_slot_of(fence)].pool->mark[0
              .. queue->record[tn_slot_of(fence)].pool->count - 1],
            queue->record[tn_slot_of(fence)].pool->away,
            queue->record[tn_slot_of(fence)].pool->quarantined,
            queue->record[tn_slot_of(fence)].pool->retired,
            queue->record[tn_slot_of(fence)].pool->page_away[0 .. TN_HANDLE_SLOTS];
    ensures tn_queue_shape(queue) && tn_slots_ok(&queue->slots);
    ensures tn_queue_lives(queue);
    ensures tn_fence_counts(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE) && queue->next_ticket == \old(queue->next_ticket);
    ensures last: \result.last <==> queue->record[tn_slot_of(fence)].taken == queue->record[tn_slot_of(fence)].parts;
    ensures gone: \result.last ==> !tn_is_fence(queue, fence);
    ensures stays: !\result.last ==> tn_fence_is(queue, fence, TN_FENCE_ENDED);
    ensures taken: queue->record[tn_slot_of(fence)].taken == \old(queue->record[tn_slot_of(fence)].taken) +
              (\old(queue->record[tn_slot_of(fence)].parts) > 0 ? 1 : 0);
    ensures dealt: queue->record[tn_slot_of(fence)].used ==
              \old(queue->record[tn_slot_of(fence)].used) - \result.used;
    ensures refunded: tn_ledger_ok(\old(queue->record[tn_slot_of(fence)].ledger)) &&
              \at(queue->record[tn_slot_of(fence)].ledger, Pre)->used[TN_CHARGE_IN_FLIGHT] ==
              \old(queue->record[tn_slot_of(fence)].ledger->used[TN_CHARGE_IN_FLIGHT]) - 1;
    ensures tn_slots_step{Pre, Post}(&queue->slots);
    ensures tn_slots_same_but{Pre, Post}(&queue->slots, tn_slot_of(fence));
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_states_same{Pre, Post}(queue, tn_slot_of(fence));
    ensures tn_load_same{Pre, Post}(queue, tn_slot_of(fence)); */
struct tn_outcome tn_fence_take_commit(struct tn_queue *queue, uint64_t fence);

#endif
