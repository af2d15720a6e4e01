/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DMA queues and their fences: a buffer's way to a device and back. See dma.h for the whole; the annotations are
 * contracts for the prover (docs/proof.md).
 */
#ifndef TENURE_CORE_DMA_QUEUE_H
#define TENURE_CORE_DMA_QUEUE_H

#include <stdint.h>

#include <tenure/abi/handle.h>
#include <tenure/abi/ring.h>
#include <tenure/abi/status.h>

#include "dma_pool.h"
#include "ledger.h"
#include "slot.h"

enum tn_fence_state {
    TN_FENCE_FREE,
    TN_FENCE_QUEUED, /* accepted; the device's side has not seen it */
    TN_FENCE_POSTED, /* the device's side has it */
    TN_FENCE_ENDED,  /* outcome known, not yet taken */
    TN_FENCE_STATES
};

struct tn_fence_record {
    uint64_t ticket;          /* of this submission; never repeated in this queue */
    struct tn_pool *pool;     /* NULL: no buffer travels with it */
    struct tn_ledger *ledger; /* holds the charge of TN_CHARGE_IN_FLIGHT */
    uint32_t buffer;          /* slot in the pool */
    uint32_t length;          /* bytes submitted */
    uint32_t used;            /* bytes the device says it wrote or read, at most length; once ended */
    uint32_t status;          /* enum tn_status once ended */
    uint32_t direction;       /* enum tn_direction */
    uint32_t previous;        /* in the FIFO of queued fences */
    uint32_t next;
    uint16_t state; /* enum tn_fence_state */
    bool orphan;    /* the client is gone: the end of this fence tells nobody */
};

struct tn_queue {
    struct tn_slots slots;
    struct tn_fence_record *record; /* one for each slot */
    uint64_t next_ticket; /* starts at 1; UINT64_MAX is never given out: the queue then refuses with TN_ERETIRED */
    uint32_t queued_head; /* FIFO of TN_FENCE_QUEUED, by growing tickets */
    uint32_t queued_tail;
    uint32_t in_state[TN_FENCE_STATES];
    uint64_t refused_completions; /* stale, duplicate, late or lying completions */
};

/*@ // How many of the first n fences are in a state.
    logic integer tn_fences_in{L}(struct tn_fence_record *record, integer n, integer state) =
      n <= 0 ? 0 : tn_fences_in(record, n - 1, state) + (record[n - 1].state == state ? 1 : 0);
    predicate tn_fence_counts{L}(struct tn_queue *q) =
      (\forall integer i; 0 <= i < q->slots.count ==> q->record[i].state < TN_FENCE_STATES) &&
      (\forall integer s; 0 <= s < TN_FENCE_STATES ==> q->in_state[s] == tn_fences_in(q->record, q->slots.count, s));

    predicate tn_queue_shape{L}(struct tn_queue *q) =
      \valid(q) && 0 < q->slots.count <= TN_HANDLE_SLOTS &&
      \valid(q->record + (0 .. q->slots.count - 1)) && \valid(q->slots.slot + (0 .. q->slots.count - 1)) &&
      \separated(q, q->record + (0 .. q->slots.count - 1), q->slots.slot + (0 .. q->slots.count - 1));
    // A fence is free exactly if its slot is.
    predicate tn_queue_lives{L}(struct tn_queue *q) =
      \forall integer i; 0 <= i < q->slots.count ==>
        (q->record[i].state != TN_FENCE_FREE <==> tn_is_live(&q->slots, i));
    predicate tn_queue_tickets{L}(struct tn_queue *q) =
      \forall integer i; 0 <= i < q->slots.count && q->record[i].state != TN_FENCE_FREE ==>
        q->record[i].ticket < q->next_ticket;
    // The queued fences are linked both ways, by growing tickets (so there is no circle), from head to tail.
    predicate tn_queue_is_queued{L}(struct tn_queue *q, integer i) =
      0 <= i < q->slots.count && q->record[i].state == TN_FENCE_QUEUED;
    predicate tn_queue_links{L}(struct tn_queue *q) =
      \forall integer i; tn_queue_is_queued(q, i) ==>
        (q->record[i].previous == TN_SLOT_NONE ==> q->queued_head == i) &&
        (q->record[i].next == TN_SLOT_NONE ==> q->queued_tail == i) &&
        (q->record[i].previous != TN_SLOT_NONE ==> tn_queue_is_queued(q, q->record[i].previous) &&
          q->record[q->record[i].previous].next == i &&
          q->record[q->record[i].previous].ticket < q->record[i].ticket) &&
        (q->record[i].next != TN_SLOT_NONE ==> tn_queue_is_queued(q, q->record[i].next) &&
          q->record[q->record[i].next].previous == i);
    predicate tn_queue_ends{L}(struct tn_queue *q) =
      (q->queued_head == TN_SLOT_NONE <==> q->queued_tail == TN_SLOT_NONE) &&
      (q->queued_head != TN_SLOT_NONE ==>
        tn_queue_is_queued(q, q->queued_head) && q->record[q->queued_head].previous == TN_SLOT_NONE &&
        tn_queue_is_queued(q, q->queued_tail) && q->record[q->queued_tail].next == TN_SLOT_NONE);
    predicate tn_queue_ok{L}(struct tn_queue *q) =
      tn_queue_shape(q) && tn_slots_ok(&q->slots) && tn_fence_counts(q) && tn_queue_lives(q) && tn_queue_tickets(q) &&
      tn_queue_links(q) && tn_queue_ends(q);

    // The one meaning of "this fence's name is valid".
    predicate tn_is_fence{L}(struct tn_queue *q, integer name) =
      tn_slot_of(name) < q->slots.count && q->slots.slot[tn_slot_of(name)].generation == tn_generation_of(name) &&
      q->record[tn_slot_of(name)].state != TN_FENCE_FREE;

    // What any operation may do to a fence: its slot steps; under one name it only goes forward (it ends once), keeps
    // its ticket, and keeps what it ended with.
    predicate tn_fence_step{L1, L2}(struct tn_queue *q, integer i) =
      tn_slot_step{L1, L2}(\at(&q->slots, L1), i) &&
      (\at(q->record[i].state, L2) != TN_FENCE_FREE &&
       \at(q->slots.slot[i].generation, L1) == \at(q->slots.slot[i].generation, L2) ==>
         TN_FENCE_FREE < \at(q->record[i].state, L1) <= \at(q->record[i].state, L2) &&
         \at(q->record[i].ticket, L1) == \at(q->record[i].ticket, L2) &&
         (\at(q->record[i].state, L1) == TN_FENCE_ENDED ==>
           \at(q->record[i].status, L1) == \at(q->record[i].status, L2) &&
           \at(q->record[i].used, L1) == \at(q->record[i].used, L2)));
    predicate tn_queue_step{L1, L2}(struct tn_queue *q) =
      \at(q->next_ticket, L1) <= \at(q->next_ticket, L2) &&
      \forall integer i; 0 <= i < \at(q->slots.count, L1) ==> tn_fence_step{L1, L2}(q, i);
    predicate tn_device_may_answer(integer status) =
      status == TN_OK || status == TN_EIO || status == TN_EREADONLY || status == TN_ENOTSUP || status == TN_EINVAL ||
      status == TN_ERANGE;

    lemma tn_fence_one_name{L}: \forall struct tn_queue *q, integer a, b; a >= 0 && b >= 0 &&
      tn_is_fence(q, a) && tn_is_fence(q, b) && tn_slot_of(a) == tn_slot_of(b) ==> a == b;
    lemma tn_fence_stale_for_ever{L1, L2}: \forall struct tn_queue *q, integer name;
      \at(q->slots.count, L1) == \at(q->slots.count, L2) && 0 <= tn_slot_of(name) < \at(q->slots.count, L1) &&
      tn_queue_step{L1, L2}(q) && !tn_is_fence{L1}(q, name) && \at(q->record[tn_slot_of(name)].state, L1) >= 0 &&
      tn_generation_of(name) <= \at(q->slots.slot[tn_slot_of(name)].generation, L1) ==> !tn_is_fence{L2}(q, name); */

/*@ predicate tn_fence_moves(integer from, integer to) =
      (from == TN_FENCE_FREE && to == TN_FENCE_QUEUED) ||
      (from == TN_FENCE_QUEUED && (to == TN_FENCE_POSTED || to == TN_FENCE_ENDED)) ||
      (from == TN_FENCE_POSTED && to == TN_FENCE_ENDED) || (from == TN_FENCE_ENDED && to == TN_FENCE_FREE); */

/* The table of the fence machine; false for values out of range. */
/*@ assigns \nothing;
    ensures \result <==> tn_fence_moves(from, to); */
bool tn_fence_may_move(uint32_t from, uint32_t to);
/*@ assigns \nothing; */
const char *tn_fence_state_name(uint32_t state);

/* `depth` fences. False and nothing changed on a bad argument. */
/*@ requires \valid(queue) && (slot != \null ==> \valid(slot + (0 .. depth - 1)));
    requires record != \null ==> \valid(record + (0 .. depth - 1));
    requires \separated(queue, slot + (0 .. depth - 1), record + (0 .. depth - 1));
    assigns *queue, slot[0 .. depth - 1], record[0 .. depth - 1];
    ensures \result <==> tn_slots_may_be(slot, depth, generation_max) && record != \null;
    ensures \result ==> tn_queue_ok(queue) && queue->next_ticket == 1 && queue->slots.free == depth;
    ensures !\result ==> *queue == \old(*queue);
    ensures !\result ==> \forall integer i; 0 <= i < depth ==>
              slot[i] == \old(slot[i]) && record[i] == \old(record[i]); */
bool tn_queue_init(struct tn_queue *queue, struct tn_slot *slot, struct tn_fence_record *record, uint32_t depth,
                   uint64_t generation_max);

/* The record of a slot below slots.count, for reading. */
static inline const struct tn_fence_record *tn_queue_at(const struct tn_queue *queue, uint32_t slot)
{
    return &queue->record[slot];
}
/* The current name of a slot, for walks at teardown; TN_HANDLE_NONE if it is free or out of range. */
/*@ requires tn_queue_ok(queue);
    assigns \nothing;
    ensures \result != TN_HANDLE_NONE ==> tn_is_fence(queue, \result) && tn_slot_of(\result) == slot;
    ensures slot < queue->slots.count && queue->record[slot].state != TN_FENCE_FREE ==> \result != TN_HANDLE_NONE; */
uint64_t tn_fence_name(const struct tn_queue *queue, uint32_t slot);

/* What one submission is. */
struct tn_submission {
    struct tn_pool *pool;     /* NULL: no buffer */
    uint64_t buffer;          /* name; ignored without a pool */
    struct tn_ledger *ledger; /* of the client: charged one TN_CHARGE_IN_FLIGHT */
    uint32_t length;          /* 1 to the buffer's length; 0 without a pool */
    uint32_t direction;       /* enum tn_direction; TN_NO_DATA exactly without a pool */
};

/* In this order: TN_EINVAL (no ledger, direction), TN_ESTALE, TN_ESTATE (buffer not CPU-owned, pool not mapped),
 * TN_ERANGE (length), TN_ERETIRED (the buffer's generation, or the queue's tickets, cannot carry one more round),
 * TN_EBUDGET, TN_EAGAIN (queue full). */
TN_MUST_CHECK enum tn_status tn_submit_decide(const struct tn_queue *queue, const struct tn_submission *submission);
/* Buffer CPU to IN_FLIGHT under its next generation; a fence QUEUED at the end of the FIFO. Returns the fence's name.
 */
uint64_t tn_submit_commit(struct tn_queue *queue, const struct tn_submission *submission);

/* The oldest queued fence, or TN_HANDLE_NONE. */
/*@ requires tn_queue_ok(queue);
    assigns \nothing;
    ensures \result == TN_HANDLE_NONE <==> queue->queued_head == TN_SLOT_NONE;
    ensures \result != TN_HANDLE_NONE ==> tn_is_fence(queue, \result) && tn_slot_of(\result) == queue->queued_head; */
uint64_t tn_queue_oldest(const struct tn_queue *queue);
/* The oldest queued fence becomes posted (there must be one). Returns its name. */
/*@ requires tn_queue_ok(queue) && queue->queued_head != TN_SLOT_NONE;
    assigns queue->queued_head, queue->queued_tail, queue->in_state[0 .. TN_FENCE_STATES - 1];
    assigns queue->record[0 .. queue->slots.count - 1];
    ensures tn_queue_ok(queue);
    ensures tn_queue_step{Pre, Post}(queue);
    ensures tn_is_fence(queue, \result) && tn_slot_of(\result) == \old(queue->queued_head);
    ensures queue->record[tn_slot_of(\result)].state == TN_FENCE_POSTED; */
uint64_t tn_queue_post_commit(struct tn_queue *queue);

/* What a device or driver says has ended. */
struct tn_completion {
    uint64_t fence; /* name: slot and generation */
    uint64_t ticket;
    uint32_t status; /* TN_OK or TN_EIO, TN_EREADONLY, TN_ENOTSUP, TN_EINVAL, TN_ERANGE: what a device may answer */
    uint32_t used;   /* bytes, at most the submitted length */
};
/* TN_ESTALE: no posted fence of this name with this ticket (late, duplicate, forged, of an earlier holder).
 * TN_EPROTOCOL: a status a device may not answer, or used above the length. A refused completion is counted by
 * tn_complete_refused. */
/*@ predicate tn_may_complete{L}(struct tn_queue *q, struct tn_completion *c) =
      tn_is_fence(q, c->fence) && q->record[tn_slot_of(c->fence)].state == TN_FENCE_POSTED &&
      q->record[tn_slot_of(c->fence)].ticket == c->ticket; */
/*@ requires tn_queue_shape(queue) && \valid_read(completion);
    assigns \nothing;
    ensures \result == TN_OK || \result == TN_ESTALE || \result == TN_EPROTOCOL;
    ensures \result == TN_ESTALE <==> !tn_may_complete(queue, completion);
    ensures \result == TN_OK <==> tn_may_complete(queue, completion) && tn_device_may_answer(completion->status) &&
              completion->used <= queue->record[tn_slot_of(completion->fence)].length; */
TN_MUST_CHECK enum tn_status tn_complete_decide(const struct tn_queue *queue, const struct tn_completion *completion);
/* POSTED to ENDED; its buffer IN_FLIGHT to COMPLETED (ORPHAN stays so). */
void tn_complete_commit(struct tn_queue *queue, const struct tn_completion *completion);
/*@ requires \valid(queue);
    assigns queue->refused_completions; */
void tn_complete_refused(struct tn_queue *queue);

/* Ends a QUEUED or POSTED fence without its device: status TN_EABORTED (buffer to ABORTED) when there is evidence that
 * the device will not touch the buffer, TN_EQUARANTINED (buffer to QUARANTINED) when there is none. TN_ESTALE: no such
 * fence; TN_ESTATE: already ended; TN_EINVAL: another status. */
/*@ requires tn_queue_shape(queue);
    assigns \nothing;
    ensures \result == TN_ESTALE <==> !tn_is_fence(queue, fence);
    ensures \result == TN_ESTATE <==> tn_is_fence(queue, fence) &&
              queue->record[tn_slot_of(fence)].state == TN_FENCE_ENDED;
    ensures \result == TN_OK <==> tn_is_fence(queue, fence) &&
              queue->record[tn_slot_of(fence)].state != TN_FENCE_ENDED &&
              (status == TN_EABORTED || status == TN_EQUARANTINED); */
TN_MUST_CHECK enum tn_status tn_fence_end_decide(const struct tn_queue *queue, uint64_t fence, enum tn_status status);
void tn_fence_end_commit(struct tn_queue *queue, uint64_t fence, enum tn_status status);

/* The client is gone: the fence tells nobody, its buffer becomes ORPHAN (still charged). TN_ESTALE: no such fence;
 * TN_ESTATE: ended, or an orphan already. */
/*@ requires tn_queue_shape(queue);
    assigns \nothing;
    ensures \result == TN_ESTALE <==> !tn_is_fence(queue, fence);
    ensures \result == TN_OK <==> tn_is_fence(queue, fence) && !queue->record[tn_slot_of(fence)].orphan &&
              queue->record[tn_slot_of(fence)].state != TN_FENCE_ENDED; */
TN_MUST_CHECK enum tn_status tn_fence_orphan_decide(const struct tn_queue *queue, uint64_t fence);
void tn_fence_orphan_commit(struct tn_queue *queue, uint64_t fence);

/* The outcome of an ended fence. */
struct tn_outcome {
    uint64_t buffer;      /* new name, owned by the CPU; TN_HANDLE_NONE if none travelled, in quarantine, or orphaned */
    uint32_t buffer_slot; /* where the buffer lives, or TN_SLOT_NONE if none travelled */
    uint32_t status;
    uint32_t used;
    uint32_t length;
    uint32_t direction;
    bool orphan;
};
/* TN_OK: ended. TN_EAGAIN: not yet. TN_ESTALE: no such fence. */
/*@ requires tn_queue_shape(queue);
    assigns \nothing;
    ensures \result == TN_ESTALE <==> !tn_is_fence(queue, fence);
    ensures \result == TN_OK <==> tn_is_fence(queue, fence) &&
              queue->record[tn_slot_of(fence)].state == TN_FENCE_ENDED; */
TN_MUST_CHECK enum tn_status tn_fence_take_decide(const struct tn_queue *queue, uint64_t fence);
/* Frees the fence, refunds its charge; the buffer goes to CPU under a new generation (COMPLETED, ABORTED), to SCRUBBING
 * (ORPHAN: the embedder scrubs, then tn_buffer_scrubbed_commit), or stays in QUARANTINED. */
struct tn_outcome tn_fence_take_commit(struct tn_queue *queue, uint64_t fence);

#endif
