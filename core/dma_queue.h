/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DMA queues and their fences: the way of buffers to a device and back. See dma.h for the whole; the annotations are
 * contracts for the prover (docs/proof.md).
 *
 * A fence carries no buffer, one, or several of one pool (scatter-gather). It keeps each under the name that the buffer
 * has while in flight, so not even a mistaken queue can move a buffer that is not the one that was submitted.
 */
#ifndef TENURE_CORE_DMA_QUEUE_H
#define TENURE_CORE_DMA_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include <tenure/abi/handle.h>
#include <tenure/abi/ring.h>
#include <tenure/abi/status.h>

#include "dma_fence.h"
#include "dma_pool.h"
#include "ledger.h"
#include "machine.h"
#include "slot.h"

/* What a queue is made of. */
struct tn_queue_plan {
    struct tn_slot *slot; /* `depth`, the embedder's for the queue's life */
    struct tn_fence_record *record;
    struct tn_buffer_name *part; /* depth * parts_max */
    uint64_t generation_max;     /* 1 to TN_HANDLE_GENERATION_MAX */
    uint32_t depth;              /* 1 to 2^20 */
    uint32_t parts_max;          /* buffers of one fence: 1 to 256 */
    uint32_t waiters_max;        /* for one fence, 0 to UINT16_MAX */
};
/*@ predicate tn_queue_plan_fits{L}(struct tn_queue_plan *plan) =
      plan->record != \null && plan->part != \null &&
      tn_slots_may_be(plan->slot, plan->depth, plan->generation_max) && 0 < plan->parts_max <= TN_FENCE_PARTS_MAX &&
      plan->waiters_max <= UINT16_MAX; */
/* `depth` fences. False and nothing changed on a bad argument. */
/*@ requires \valid(queue) && \valid_read(plan) && plan->depth <= UINT32_MAX;
    requires plan->slot != \null ==> \valid(plan->slot + (0 .. plan->depth - 1));
    requires plan->record != \null ==> \valid(plan->record + (0 .. plan->depth - 1));
    requires plan->part != \null ==> \valid(plan->part + (0 .. plan->depth * plan->parts_max - 1));
    requires \separated(queue, plan, plan->slot + (0 .. plan->depth - 1), plan->record + (0 .. plan->depth - 1),
                        plan->part + (0 .. plan->depth * plan->parts_max - 1));
    assigns *queue, plan->slot[0 .. plan->depth - 1], plan->record[0 .. plan->depth - 1],
            plan->part[0 .. plan->depth * plan->parts_max - 1];
    ensures \result <==> tn_queue_plan_fits{Pre}(plan);
    ensures \result ==> tn_queue_shape(queue);
    ensures \result ==> tn_slots_ok(&queue->slots);
    ensures \result ==> tn_queue_lives(queue);
    ensures \result ==> tn_fence_counts(queue);
    ensures \result ==> tn_fifo(queue, TN_SLOT_NONE);
    ensures \result ==> queue->slots.count == queue->slots.free == \old(plan->depth) && queue->next_ticket == 1;
    ensures \result ==> \forall integer i; 0 <= i < \old(plan->depth) ==> queue->record[i].state == TN_FENCE_FREE;
    behavior refused:
      assumes !tn_queue_plan_fits(plan);
      assigns \nothing; */
bool tn_queue_init(struct tn_queue *queue, const struct tn_queue_plan *plan);

/* The record of a slot below slots.count, for reading. */
static inline const struct tn_fence_record *tn_queue_at(const struct tn_queue *queue, uint32_t slot)
{
    return &queue->record[slot];
}
/* The name of buffer `index` (below parts) of a fence. */
static inline struct tn_buffer_name tn_queue_part(const struct tn_queue *queue, uint32_t slot, uint32_t index)
{
    return queue->part[(uint64_t)slot * queue->parts_max + index];
}
/* The current name of a slot, for walks at teardown; TN_HANDLE_NONE if it is free or out of range. */
/*@ requires tn_queue_shape(queue) && tn_slots_ok(&queue->slots) && tn_queue_lives(queue);
    assigns \nothing;
    ensures \result != TN_HANDLE_NONE ==> tn_is_fence(queue, \result) && tn_slot_of(\result) == slot;
    ensures slot < queue->slots.count && queue->record[slot].state != TN_FENCE_FREE ==> \result != TN_HANDLE_NONE; */
uint64_t tn_fence_name(const struct tn_queue *queue, uint32_t slot);

/*@ // Where the names of a fence's buffers are kept.
    predicate tn_fence_parts{L}(struct tn_queue *q, integer slot) =
      0 < q->parts_max <= TN_FENCE_PARTS_MAX && 0 <= slot * q->parts_max &&
      slot * q->parts_max + q->parts_max <= TN_HANDLE_SLOTS * TN_FENCE_PARTS_MAX &&
      \valid(q->part + (slot * q->parts_max .. slot * q->parts_max + q->parts_max - 1)) &&
      \separated(q->part + (slot * q->parts_max .. slot * q->parts_max + q->parts_max - 1), q,
                 q->record + (0 .. q->slots.count - 1), q->slots.slot + (0 .. q->slots.count - 1));
    // No record of a queue, and no name of this fence's buffers, is where a pool keeps its own.
    predicate tn_queue_apart{L}(struct tn_queue *q, struct tn_pool *p) =
      \separated(q, p, p->mark + (0 .. p->count - 1), p->stack + (0 .. p->count - 1)) &&
      \separated(q->record + (0 .. q->slots.count - 1), p, p->mark + (0 .. p->count - 1),
                 p->stack + (0 .. p->count - 1)) &&
      \separated(q->slots.slot + (0 .. q->slots.count - 1), p, p->mark + (0 .. p->count - 1),
                 p->stack + (0 .. p->count - 1));
    predicate tn_parts_apart{L}(struct tn_queue *q, integer slot, struct tn_pool *p) =
      \separated(q->part + (slot * q->parts_max .. slot * q->parts_max + q->parts_max - 1), p,
                 p->mark + (0 .. p->count - 1));
    // A fence whose buffers, if it has any, are of a pool that is as it must be.
    predicate tn_fence_carries{L}(struct tn_queue *q, integer slot) =
      q->record[slot].parts <= q->parts_max && tn_fence_parts(q, slot) &&
      (q->record[slot].parts > 0 ==> tn_pool_ok(q->record[slot].pool) && tn_queue_apart(q, q->record[slot].pool) &&
        tn_parts_apart(q, slot, q->record[slot].pool));
    // A ledger is nothing of a queue, and nothing of a pool.
    predicate tn_ledger_apart{L}(struct tn_queue *q, struct tn_ledger *l) =
      \separated(l, q, q->record + (0 .. q->slots.count - 1), q->slots.slot + (0 .. q->slots.count - 1));
    predicate tn_ledger_apart_pool{L}(struct tn_pool *p, struct tn_ledger *l) =
      \separated(l, p, p->mark + (0 .. p->count - 1));
    // Where a pool keeps the length of a buffer is nothing of a queue.
    predicate tn_length_apart{L}(struct tn_queue *q, struct tn_pool *p, integer slot) =
      \separated(p->length + slot, q, q->record + (0 .. q->slots.count - 1), q->slots.slot + (0 .. q->slots.count - 1));
    // A pool whose buffers, and a ledger whose charges, travel with fences of this queue.
    predicate tn_may_travel{L}(struct tn_queue *q, struct tn_pool *p, struct tn_ledger *l) =
      tn_pool_ok(p) && tn_queue_apart(q, p) && tn_ledger_apart_pool(p, l); */

/* Is a fence queued? */
/*@ requires tn_queue_shape(queue);
    assigns \nothing;
    ensures \result <==> queue->queued_head != TN_SLOT_NONE; */
bool tn_queue_has_queued(const struct tn_queue *queue);
/* The oldest queued fence, or TN_HANDLE_NONE. */
/*@ requires tn_queue_shape(queue) && tn_slots_ok(&queue->slots) && tn_queue_lives(queue);
    requires tn_fifo(queue, TN_SLOT_NONE);
    assigns \nothing;
    ensures \result == TN_HANDLE_NONE <==> queue->queued_head == TN_SLOT_NONE;
    ensures \result != TN_HANDLE_NONE ==>
              tn_fence_is(queue, \result, TN_FENCE_QUEUED) && tn_slot_of(\result) == queue->queued_head; */
uint64_t tn_queue_oldest(const struct tn_queue *queue);
/* The oldest queued fence becomes posted (there must be one). Returns its name. */
/*@ requires tn_queue_ok(queue) && queue->queued_head != TN_SLOT_NONE;
    assigns queue->in_state[0 .. TN_FENCE_STATES - 1], queue->record[queue->queued_head].state, queue->queued_head,
            queue->queued_tail, queue->record[0 .. queue->slots.count - 1].previous,
            queue->record[0 .. queue->slots.count - 1].next;
    ensures tn_queue_shape(queue) && tn_slots_ok(&queue->slots);
    ensures tn_queue_lives(queue);
    ensures tn_fence_counts(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE);
    ensures tn_slot_of(\result) == \old(queue->queued_head) && tn_fence_is(queue, \result, TN_FENCE_POSTED);
    ensures oldest_first: \forall integer i; tn_in_fifo{Pre}(queue, i, TN_SLOT_NONE) ==>
              queue->record[tn_slot_of(\result)].ticket <= queue->record[i].ticket;
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_states_same{Pre, Post}(queue, tn_slot_of(\result));
    ensures tn_load_same{Pre, Post}(queue, TN_SLOT_NONE); */
uint64_t tn_queue_post_commit(struct tn_queue *queue);

/* ---- ends: each ends a fence once ---- */

/* What a device or driver says has ended. */
struct tn_completion {
    uint64_t fence; /* name: slot and generation */
    uint64_t ticket;
    uint32_t status; /* TN_OK or TN_EIO, TN_EREADONLY, TN_ENOTSUP, TN_EINVAL, TN_ERANGE, TN_ECACHELOST: what a device
                        may answer */
    uint32_t used;   /* bytes, at most the submitted length */
};
/* TN_ESTALE: no posted fence of this name with this ticket (late, duplicate, forged, of an earlier holder).
 * TN_EPROTOCOL: a status a device may not answer, or used above the length. A refused completion is counted by
 * tn_complete_refused. */
/*@ predicate tn_may_complete{L}(struct tn_queue *q, struct tn_completion *c) =
      tn_fence_is(q, c->fence, TN_FENCE_POSTED) && q->record[tn_slot_of(c->fence)].ticket == c->ticket; */
/*@ requires tn_queue_shape(queue) && \valid_read(completion);
    assigns \nothing;
    ensures \result == TN_OK || \result == TN_ESTALE || \result == TN_EPROTOCOL;
    ensures \result == TN_ESTALE <==> !tn_may_complete(queue, completion);
    ensures \result == TN_OK <==> tn_may_complete(queue, completion) && tn_device_may_answer(completion->status) &&
              completion->used <= queue->record[tn_slot_of(completion->fence)].length; */
TN_MUST_CHECK enum tn_status tn_complete_decide(const struct tn_queue *queue, const struct tn_completion *completion);
/* POSTED to ENDED; its buffers IN_FLIGHT to COMPLETED (ORPHAN stays so). */
/*@ requires tn_queue_ok(queue) && \valid_read(completion) && tn_may_complete(queue, completion);
    requires tn_device_may_answer(completion->status);
    requires completion->used <= queue->record[tn_slot_of(completion->fence)].length;
    requires tn_fence_carries(queue, tn_slot_of(completion->fence));
    assigns queue->in_state[0 .. TN_FENCE_STATES - 1], queue->record[tn_slot_of(completion->fence)].state,
            queue->record[tn_slot_of(completion->fence)].status, queue->record[tn_slot_of(completion->fence)].used,
            queue->part[tn_slot_of(completion->fence) * queue->parts_max
                        .. tn_slot_of(completion->fence) * queue->parts_max + queue->parts_max - 1],
            queue->record[tn_slot_of(completion->fence)].pool->mark[0
              .. queue->record[tn_slot_of(completion->fence)].pool->count - 1],
            queue->record[tn_slot_of(completion->fence)].pool->away,
            queue->record[tn_slot_of(completion->fence)].pool->quarantined,
            queue->record[tn_slot_of(completion->fence)].pool->retired,
            queue->record[tn_slot_of(completion->fence)].pool->page_away[0 .. TN_HANDLE_SLOTS];
    ensures tn_queue_shape(queue) && tn_slots_ok(&queue->slots);
    ensures tn_queue_lives(queue);
    ensures tn_fence_counts(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE);
    ensures queue->next_ticket == \old(queue->next_ticket);
    ensures ended: queue->record[tn_slot_of(\old(completion->fence))].state == TN_FENCE_ENDED &&
              queue->record[tn_slot_of(\old(completion->fence))].status == \old(completion->status) &&
              queue->record[tn_slot_of(\old(completion->fence))].used == \old(completion->used);
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_states_same{Pre, Post}(queue, tn_slot_of(\old(completion->fence)));
    ensures tn_load_same{Pre, Post}(queue, tn_slot_of(\old(completion->fence))); */
void tn_complete_commit(struct tn_queue *queue, const struct tn_completion *completion);
/*@ requires \valid(queue);
    assigns queue->refused_completions; */
void tn_complete_refused(struct tn_queue *queue);

/* Ends an OPEN, QUEUED or POSTED fence without its device: status TN_EABORTED (buffers to ABORTED) when there is
 * evidence that the device will not touch them, TN_EQUARANTINED (buffers to QUARANTINED) when there is none. TN_ESTALE:
 * no such fence; TN_ESTATE: already ended; TN_EINVAL: another status. */
/*@ requires tn_queue_shape(queue);
    assigns \nothing;
    ensures \result == TN_ESTALE <==> !tn_is_fence(queue, fence);
    ensures \result == TN_ESTATE <==> tn_fence_is(queue, fence, TN_FENCE_ENDED);
    ensures \result == TN_OK <==> tn_is_fence(queue, fence) && !tn_fence_is(queue, fence, TN_FENCE_ENDED) &&
              (status == TN_EABORTED || status == TN_EQUARANTINED); */
TN_MUST_CHECK enum tn_status tn_fence_end_decide(const struct tn_queue *queue, uint64_t fence, enum tn_status status);
/*@ requires tn_queue_ok(queue) && tn_is_fence(queue, fence) && !tn_fence_is(queue, fence, TN_FENCE_ENDED);
    requires status == TN_EABORTED || status == TN_EQUARANTINED;
    requires tn_fence_carries(queue, tn_slot_of(fence));
    assigns queue->queued_head, queue->queued_tail, queue->record[0 .. queue->slots.count - 1].previous,
            queue->record[0 .. queue->slots.count - 1].next, queue->in_state[0 .. TN_FENCE_STATES - 1],
            queue->record[tn_slot_of(fence)].state, queue->record[tn_slot_of(fence)].status,
            queue->part[tn_slot_of(fence) * queue->parts_max
                        .. tn_slot_of(fence) * queue->parts_max + queue->parts_max - 1],
            queue->record[tn_slot_of(fence)].pool->mark[0
              .. queue->record[tn_slot_of(fence)].pool->count - 1],
            queue->record[tn_slot_of(fence)].pool->away,
            queue->record[tn_slot_of(fence)].pool->quarantined,
            queue->record[tn_slot_of(fence)].pool->retired,
            queue->record[tn_slot_of(fence)].pool->page_away[0 .. TN_HANDLE_SLOTS];
    ensures tn_queue_shape(queue) && tn_slots_ok(&queue->slots);
    ensures tn_queue_lives(queue);
    ensures tn_fence_counts(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE);
    ensures queue->next_ticket == \old(queue->next_ticket);
    ensures ended: tn_fence_is(queue, fence, TN_FENCE_ENDED) && queue->record[tn_slot_of(fence)].status == status;
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_states_same{Pre, Post}(queue, tn_slot_of(fence));
    ensures tn_load_same{Pre, Post}(queue, tn_slot_of(fence)); */
void tn_fence_end_commit(struct tn_queue *queue, uint64_t fence, enum tn_status status);

/* The client is gone: the fence tells nobody, its buffers become ORPHAN (still charged). TN_ESTALE: no such fence;
 * TN_ESTATE: ended, or an orphan already. */
/*@ requires tn_queue_shape(queue);
    assigns \nothing;
    ensures \result == TN_ESTALE <==> !tn_is_fence(queue, fence);
    ensures \result == TN_OK <==> tn_is_fence(queue, fence) && !tn_fence_is(queue, fence, TN_FENCE_ENDED) &&
              !queue->record[tn_slot_of(fence)].orphan; */
TN_MUST_CHECK enum tn_status tn_fence_orphan_decide(const struct tn_queue *queue, uint64_t fence);
/*@ requires tn_queue_ok(queue) && tn_is_fence(queue, fence) && tn_fence_carries(queue, tn_slot_of(fence));
    assigns queue->record[tn_slot_of(fence)].orphan,
            queue->part[tn_slot_of(fence) * queue->parts_max
                        .. tn_slot_of(fence) * queue->parts_max + queue->parts_max - 1],
            queue->record[tn_slot_of(fence)].pool->mark[0
              .. queue->record[tn_slot_of(fence)].pool->count - 1],
            queue->record[tn_slot_of(fence)].pool->away,
            queue->record[tn_slot_of(fence)].pool->quarantined,
            queue->record[tn_slot_of(fence)].pool->retired,
            queue->record[tn_slot_of(fence)].pool->page_away[0 .. TN_HANDLE_SLOTS];
    ensures tn_queue_shape(queue) && tn_slots_ok(&queue->slots);
    ensures tn_queue_lives(queue);
    ensures tn_fence_counts(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE);
    ensures queue->next_ticket == \old(queue->next_ticket);
    ensures tn_is_fence(queue, fence) && queue->record[tn_slot_of(fence)].orphan;
    ensures tn_states_same{Pre, Post}(queue, TN_SLOT_NONE);
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_load_same{Pre, Post}(queue, tn_slot_of(fence)); */
void tn_fence_orphan_commit(struct tn_queue *queue, uint64_t fence);

#endif
