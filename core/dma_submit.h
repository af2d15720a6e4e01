/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DMA queues: what is submitted, with one buffer, with several, or with none. See dma.h for the whole; the annotations
 * are contracts for the prover (docs/proof.md).
 */
#ifndef TENURE_CORE_DMA_SUBMIT_H
#define TENURE_CORE_DMA_SUBMIT_H

#include "dma_queue.h"

/* What one submission is. */
struct tn_submission {
    struct tn_pool *pool;         /* NULL: no buffer */
    struct tn_buffer_name buffer; /* ignored without a pool */
    struct tn_ledger *ledger;     /* of the client */
    uint32_t length;              /* 1 to the pool's buffer_bytes; 0 without a pool */
    uint32_t direction;           /* enum tn_direction; TN_NO_DATA exactly without a pool */
    bool more;                    /* buffers follow by tn_submit_add_*, then tn_submit_close_* */
};

/* In this order: TN_EINVAL (no ledger, direction, more without a pool), TN_ENOTSUP (a pool of the direct path),
 * TN_ESTALE, TN_ESTATE (buffer not CPU-owned, pool not mapped), TN_ERANGE (length), TN_ERETIRED (the buffer's
 * generation, or the queue's tickets or slots, are used up), TN_EBUDGET, TN_EAGAIN (queue full). */
/*@ predicate tn_submission_is_well_formed{L}(struct tn_submission *s) =
      s->ledger != \null &&
      (s->pool == \null ==> s->direction == TN_NO_DATA && !s->more) &&
      (s->pool != \null ==> s->direction == TN_TO_DEVICE || s->direction == TN_FROM_DEVICE);
    predicate tn_may_submit{L}(struct tn_queue *q, struct tn_submission *s) =
      tn_submission_is_well_formed(s) &&
      (s->pool == \null ==> s->length == 0) &&
      (s->pool != \null ==> tn_buffer_may_depart(s->pool, s->buffer, s->length)) &&
      q->next_ticket < UINT64_MAX && tn_ledger_has_room(s->ledger, TN_CHARGE_IN_FLIGHT, 1) && q->slots.free > 0; */
/*@ requires tn_queue_shape(queue) && \valid_read(submission);
    requires submission->pool != \null ==> tn_pool_ok(submission->pool);
    requires submission->ledger != \null ==> tn_ledger_ok(submission->ledger);
    assigns \nothing;
    ensures \result == TN_EINVAL <==> !tn_submission_is_well_formed(submission);
    ensures \result == TN_OK <==> tn_may_submit(queue, submission); */
TN_MUST_CHECK enum tn_status tn_submit_decide(const struct tn_queue *queue, const struct tn_submission *submission);
/*@ // Where the name of buffer k of a fence is kept is nothing of the queue; nor is it of the ledger or of the pool. Each
    // is told of by its address: what is so before a step is so after it.
    predicate tn_place{L}(struct tn_buffer_name *part, integer each, integer slot, integer k, struct tn_queue *q,
                          struct tn_fence_record *record, struct tn_slot *table, integer count) =
      0 <= slot * each + k < TN_HANDLE_SLOTS * TN_FENCE_PARTS_MAX && \valid(part + (slot * each + k)) &&
      \separated(part + (slot * each + k), q) && \separated(part + (slot * each + k), record + (0 .. count - 1)) &&
      \separated(part + (slot * each + k), table + (0 .. count - 1));
    predicate tn_place_apart(struct tn_buffer_name *part, integer each, integer slot, integer k, struct tn_ledger *l,
                             uint64_t *mark, integer count) =
      \separated(part + (slot * each + k), l) && \separated(part + (slot * each + k), mark + (0 .. count - 1));
    predicate tn_may_keep{L}(struct tn_queue *q, integer slot, integer k, struct tn_ledger *l, struct tn_pool *p) =
      tn_place(q->part, q->parts_max, slot, k, q, q->record, q->slots.slot, q->slots.count) &&
      tn_place_apart(q->part, q->parts_max, slot, k, l, p->mark, p->count); */
/* Buffer CPU to IN_FLIGHT, and charged; a fence QUEUED at the end of the FIFO, or OPEN. Returns the fence's name. The
 * ledger is in memory of its own: nothing of it is of a queue or of a pool. */
/*@ requires tn_queue_ok(queue) && \valid_read(submission) && tn_may_submit(queue, submission);
    requires tn_ledger_ok(submission->ledger) && tn_ledger_apart(queue, submission->ledger);
    requires submission->pool != \null ==> tn_may_travel(queue, submission->pool, submission->ledger);
    requires submission->pool != \null ==> tn_length_apart(queue, submission->pool, submission->buffer.slot);
    requires submission->pool != \null ==> \forall integer i; 0 <= i < queue->slots.count ==>
      tn_may_keep(queue, i, 0, submission->ledger, submission->pool);
    assigns queue->slots.head, queue->slots.free, queue->slots.slot[0 .. queue->slots.count - 1],
            queue->record[0 .. queue->slots.count - 1].ticket, queue->record[0 .. queue->slots.count - 1].pool,
            queue->record[0 .. queue->slots.count - 1].ledger, queue->record[0 .. queue->slots.count - 1].length,
            queue->record[0 .. queue->slots.count - 1].used, queue->record[0 .. queue->slots.count - 1].status,
            queue->record[0 .. queue->slots.count - 1].direction, queue->record[0 .. queue->slots.count - 1].parts,
            queue->record[0 .. queue->slots.count - 1].taken, queue->record[0 .. queue->slots.count - 1].waiters,
            queue->record[0 .. queue->slots.count - 1].orphan,
            queue->record[0 .. queue->slots.count - 1].state, queue->record[0 .. queue->slots.count - 1].previous,
            queue->record[0 .. queue->slots.count - 1].next, queue->next_ticket, queue->queued_head,
            queue->queued_tail, queue->in_state[0 .. TN_FENCE_STATES - 1],
            queue->part[..],
            submission->ledger->used[TN_CHARGE_IN_FLIGHT], submission->pool->mark[0 .. submission->pool->count - 1],
            submission->pool->away, submission->pool->quarantined, submission->pool->retired,
            submission->pool->page_away[0 .. TN_HANDLE_SLOTS],
            submission->pool->length[submission->buffer.slot];
    ensures tn_queue_shape(queue) && tn_slots_ok(&queue->slots);
    ensures tn_queue_lives(queue);
    ensures tn_fence_counts(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE) && queue->next_ticket > 0;
    ensures new_fence: tn_is_fence(queue, \result) && !tn_is_live{Pre}(&queue->slots, tn_slot_of(\result));
    ensures open: \old(submission->more) ==> tn_fence_is(queue, \result, TN_FENCE_OPEN) &&
              queue->next_ticket == \old(queue->next_ticket);
    ensures queued: !\old(submission->more) ==> tn_fence_is(queue, \result, TN_FENCE_QUEUED) &&
              queue->queued_tail == tn_slot_of(\result);
    ensures new_ticket: !\old(submission->more) ==>
              queue->record[tn_slot_of(\result)].ticket == \old(queue->next_ticket) &&
              queue->next_ticket == \old(queue->next_ticket) + 1;
    ensures loaded: queue->record[tn_slot_of(\result)].pool == \old(submission->pool) &&
              queue->record[tn_slot_of(\result)].ledger == \old(submission->ledger) &&
              queue->record[tn_slot_of(\result)].length == \old(submission->length) &&
              queue->record[tn_slot_of(\result)].direction == \old(submission->direction) &&
              queue->record[tn_slot_of(\result)].parts == (\old(submission->pool) != \null ? 1 : 0);
    ensures charged: tn_ledger_ok(\old(submission->ledger)) &&
              \at(submission->ledger, Pre)->used[TN_CHARGE_IN_FLIGHT] ==
              \old(submission->ledger->used[TN_CHARGE_IN_FLIGHT]) + 1;
    ensures same_buffer: \old(submission->pool) != \null ==>
              queue->part[tn_slot_of(\result) * queue->parts_max].slot == \old(submission->buffer.slot);
    ensures in_flight: \old(submission->pool) != \null ==>
              tn_state_of(queue->part[tn_slot_of(\result) * queue->parts_max].mark) == TN_BUFFER_IN_FLIGHT &&
              *\old(submission->pool->mark + submission->buffer.slot) ==
              queue->part[tn_slot_of(\result) * queue->parts_max].mark;
    ensures tn_slots_step{Pre, Post}(&queue->slots);
    ensures tn_slots_same_but{Pre, Post}(&queue->slots, tn_slot_of(\result));
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_states_same{Pre, Post}(queue, tn_slot_of(\result));
    ensures tn_load_same{Pre, Post}(queue, tn_slot_of(\result)); */
uint64_t tn_submit_commit(struct tn_queue *queue, const struct tn_submission *submission);
/* One buffer more, of the same pool, for an open fence. TN_ESTALE (fence or buffer), TN_ESTATE (fence not open, buffer
 * not the CPU's, pool not mapped), TN_ERANGE (length; the sum would pass 2^32 - 1), TN_ERETIRED, TN_EEXHAUSTED (the
 * fence has parts_max buffers), TN_EBUDGET. A refusal leaves the fence open: the embedder adds others, closes it, or
 * ends it. */
/*@ requires tn_queue_shape(queue);
    requires tn_fence_is(queue, fence, TN_FENCE_OPEN) ==>
      tn_pool_ok(queue->record[tn_slot_of(fence)].pool) && tn_ledger_ok(queue->record[tn_slot_of(fence)].ledger);
    assigns \nothing;
    ensures !tn_is_fence(queue, fence) ==> \result == TN_ESTALE;
    ensures \result == TN_OK <==> tn_fence_is(queue, fence, TN_FENCE_OPEN) &&
      !queue->record[tn_slot_of(fence)].orphan &&
      tn_buffer_may_depart(queue->record[tn_slot_of(fence)].pool, buffer, length) &&
      queue->record[tn_slot_of(fence)].length + length <= UINT32_MAX &&
      queue->record[tn_slot_of(fence)].parts < queue->parts_max &&
      tn_ledger_has_room(queue->record[tn_slot_of(fence)].ledger, TN_CHARGE_IN_FLIGHT, 1); */
TN_MUST_CHECK enum tn_status tn_submit_add_decide(const struct tn_queue *queue, uint64_t fence,
                                                  struct tn_buffer_name buffer, uint32_t length);
/*@ requires tn_queue_ok(queue) && tn_fence_is(queue, fence, TN_FENCE_OPEN);
    requires queue->record[tn_slot_of(fence)].parts < queue->parts_max;
    requires queue->record[tn_slot_of(fence)].length + length <= UINT32_MAX;
    requires tn_ledger_ok(queue->record[tn_slot_of(fence)].ledger);
    requires tn_ledger_apart(queue, queue->record[tn_slot_of(fence)].ledger);
    requires tn_ledger_has_room(queue->record[tn_slot_of(fence)].ledger, TN_CHARGE_IN_FLIGHT, 1);
    requires queue->record[tn_slot_of(fence)].pool != \null;
    requires tn_buffer_may_depart(queue->record[tn_slot_of(fence)].pool, buffer, length);
    requires tn_may_travel(queue, queue->record[tn_slot_of(fence)].pool, queue->record[tn_slot_of(fence)].ledger);
    requires tn_length_apart(queue, queue->record[tn_slot_of(fence)].pool, buffer.slot);
    requires tn_may_keep(queue, tn_slot_of(fence), queue->record[tn_slot_of(fence)].parts,
                         queue->record[tn_slot_of(fence)].ledger, queue->record[tn_slot_of(fence)].pool);
    assigns queue->record[tn_slot_of(fence)].parts, queue->record[tn_slot_of(fence)].length,
            queue->part[tn_slot_of(fence) * queue->parts_max + queue->record[tn_slot_of(fence)].parts],
            queue->record[tn_slot_of(fence)].ledger->used[TN_CHARGE_IN_FLIGHT],
            queue->record[tn_slot_of(fence)].pool->mark[0
              .. queue->record[tn_slot_of(fence)].pool->count - 1],
            queue->record[tn_slot_of(fence)].pool->away,
            queue->record[tn_slot_of(fence)].pool->quarantined,
            queue->record[tn_slot_of(fence)].pool->retired,
            queue->record[tn_slot_of(fence)].pool->page_away[0 .. TN_HANDLE_SLOTS],
            queue->record[tn_slot_of(fence)].pool->length[buffer.slot];
    ensures tn_queue_shape(queue) && tn_slots_ok(&queue->slots);
    ensures tn_queue_lives(queue);
    ensures tn_fence_counts(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE) && queue->next_ticket == \old(queue->next_ticket);
    ensures tn_fence_is(queue, fence, TN_FENCE_OPEN);
    ensures queue->record[tn_slot_of(fence)].parts == \old(queue->record[tn_slot_of(fence)].parts) + 1;
    ensures queue->record[tn_slot_of(fence)].length == \old(queue->record[tn_slot_of(fence)].length) + length;
    ensures charged: tn_ledger_ok(\old(queue->record[tn_slot_of(fence)].ledger)) &&
              \at(queue->record[tn_slot_of(fence)].ledger, Pre)->used[TN_CHARGE_IN_FLIGHT] ==
              \old(queue->record[tn_slot_of(fence)].ledger->used[TN_CHARGE_IN_FLIGHT]) + 1;
    ensures same_buffer: buffer.slot ==
              queue->part[tn_slot_of(fence) * queue->parts_max + \old(queue->record[tn_slot_of(fence)].parts)].slot;
    ensures in_flight: *\old(queue->record[tn_slot_of(fence)].pool->mark + buffer.slot) ==
              queue->part[tn_slot_of(fence) * queue->parts_max + \old(queue->record[tn_slot_of(fence)].parts)].mark;
    ensures in_flight: TN_BUFFER_IN_FLIGHT == tn_state_of(
              queue->part[tn_slot_of(fence) * queue->parts_max + \old(queue->record[tn_slot_of(fence)].parts)].mark);
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_states_same{Pre, Post}(queue, TN_SLOT_NONE);
    ensures tn_load_same{Pre, Post}(queue, tn_slot_of(fence)); */
void tn_submit_add_commit(struct tn_queue *queue, uint64_t fence, struct tn_buffer_name buffer, uint32_t length);
/* OPEN to QUEUED. TN_ESTALE, TN_ESTATE (not open, its client gone, its pool not mapped), TN_ERETIRED (no ticket is
 * left). What is refused stays open: only tn_fence_end_* ends it. */
/*@ predicate tn_may_close{L}(struct tn_queue *q, integer fence) =
      tn_fence_is(q, fence, TN_FENCE_OPEN) && !q->record[tn_slot_of(fence)].orphan &&
      q->record[tn_slot_of(fence)].pool->open && q->next_ticket < UINT64_MAX; */
/*@ requires tn_queue_shape(queue);
    requires tn_fence_is(queue, fence, TN_FENCE_OPEN) ==> \valid_read(queue->record[tn_slot_of(fence)].pool);
    assigns \nothing;
    ensures \result == TN_ESTALE <==> !tn_is_fence(queue, fence);
    ensures \result == TN_OK <==> tn_may_close(queue, fence); */
TN_MUST_CHECK enum tn_status tn_submit_close_decide(const struct tn_queue *queue, uint64_t fence);
/*@ requires tn_queue_ok(queue) && tn_may_close(queue, fence);
    assigns queue->next_ticket, queue->record[tn_slot_of(fence)].ticket, queue->in_state[0 .. TN_FENCE_STATES - 1],
            queue->record[tn_slot_of(fence)].state, queue->queued_head, queue->queued_tail,
            queue->record[0 .. queue->slots.count - 1].previous, queue->record[0 .. queue->slots.count - 1].next;
    ensures tn_queue_shape(queue) && tn_slots_ok(&queue->slots);
    ensures tn_queue_lives(queue);
    ensures tn_fence_counts(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE) && queue->queued_tail == tn_slot_of(fence);
    ensures tn_fence_is(queue, fence, TN_FENCE_QUEUED);
    ensures new_ticket: queue->record[tn_slot_of(fence)].ticket == \old(queue->next_ticket);
    ensures queue->next_ticket == \old(queue->next_ticket) + 1;
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_states_same{Pre, Post}(queue, tn_slot_of(fence));
    ensures tn_tickets_same{Pre, Post}(queue, tn_slot_of(fence));
    ensures tn_load_same{Pre, Post}(queue, TN_SLOT_NONE); */
void tn_submit_close_commit(struct tn_queue *queue, uint64_t fence);

#endif
