/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records of queues and fences, and what is always true of them, as the prover is told it (docs/proof.md). See
 * dma_queue.h for what is done with them.
 */
#ifndef TENURE_CORE_DMA_FENCE_H
#define TENURE_CORE_DMA_FENCE_H

#include <stdbool.h>
#include <stdint.h>

#include <tenure/abi/handle.h>
#include <tenure/abi/status.h>

#include "machine.h"
#include "slot.h"

struct tn_pool;
struct tn_ledger;
struct tn_buffer_name;

enum { TN_FENCE_PARTS_MAX = 256 };

struct tn_fence_record {
    uint64_t ticket;          /* from the queue's counter when it was queued; 0 while open; never repeated */
    struct tn_pool *pool;     /* NULL: no buffer travels with it */
    struct tn_ledger *ledger; /* holds one charge of TN_CHARGE_IN_FLIGHT for each buffer, one for a fence without */
    uint32_t length;          /* bytes submitted, all buffers together */
    uint32_t used;            /* bytes the device says it wrote or read, at most length; what is left to deal out */
    uint32_t status;          /* enum tn_status once ended */
    uint32_t direction;       /* enum tn_direction */
    uint32_t previous;        /* in the FIFO of queued fences */
    uint32_t next;
    uint32_t parts;   /* buffers that travel */
    uint32_t taken;   /* of these, given back */
    uint32_t waiters; /* who waits for the end: at most the queue's waiters_max */
    uint8_t state;    /* enum tn_fence_state; of a type that nothing else here has (docs/proof.md) */
    bool orphan;      /* the client is gone: the end of this fence tells nobody */
};

struct tn_queue {
    struct tn_slots slots;
    struct tn_fence_record *record; /* one for each slot */
    struct tn_buffer_name *part;    /* parts_max for each slot */
    uint64_t next_ticket; /* starts at 1; UINT64_MAX is never given out: the queue then refuses with TN_ERETIRED */
    uint32_t parts_max;
    uint32_t waiters_max;
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
    // The FIFO of queued fences. Fence x is not counted: it is on its way in or out; TN_SLOT_NONE is no fence.
    predicate tn_in_fifo{L}(struct tn_queue *q, integer i, integer x) =
      0 <= i < q->slots.count && i != x && q->record[i].state == TN_FENCE_QUEUED;
    predicate tn_fifo_ends{L}(struct tn_queue *q, integer x) =
      (q->queued_head == TN_SLOT_NONE <==> q->queued_tail == TN_SLOT_NONE) &&
      (q->queued_head != TN_SLOT_NONE ==> tn_in_fifo(q, q->queued_head, x)) &&
      (q->queued_tail != TN_SLOT_NONE ==> tn_in_fifo(q, q->queued_tail, x));
    predicate tn_fifo_forward{L}(struct tn_queue *q, integer x) =
      (\forall integer i; tn_in_fifo(q, i, x) ==> (q->record[i].next == TN_SLOT_NONE <==> i == q->queued_tail)) &&
      (\forall integer i; tn_in_fifo(q, i, x) && q->record[i].next != TN_SLOT_NONE ==>
        tn_in_fifo(q, q->record[i].next, x) && q->record[q->record[i].next].previous == i);
    predicate tn_fifo_backward{L}(struct tn_queue *q, integer x) =
      (\forall integer i; tn_in_fifo(q, i, x) ==> (q->record[i].previous == TN_SLOT_NONE <==> i == q->queued_head)) &&
      (\forall integer i; tn_in_fifo(q, i, x) && q->record[i].previous != TN_SLOT_NONE ==>
        tn_in_fifo(q, q->record[i].previous, x) && q->record[q->record[i].previous].next == i);
    // Each has a ticket of its own, given out before; the head has the oldest, and each is followed by the next older.
    predicate tn_fifo_tickets{L}(struct tn_queue *q, integer x) =
      (\forall integer i; tn_in_fifo(q, i, x) ==> 0 < q->record[i].ticket < q->next_ticket) &&
      (\forall integer i, j; tn_in_fifo(q, i, x) && tn_in_fifo(q, j, x) && i != j ==>
        q->record[i].ticket != q->record[j].ticket);
    predicate tn_fifo_oldest{L}(struct tn_queue *q, integer x) =
      \forall integer i; tn_in_fifo(q, i, x) ==>
        q->queued_head != TN_SLOT_NONE && q->record[q->queued_head].ticket <= q->record[i].ticket;
    predicate tn_fifo_grows{L}(struct tn_queue *q, integer x) =
      \forall integer i; tn_in_fifo(q, i, x) && q->record[i].next != TN_SLOT_NONE ==>
        q->record[i].ticket < q->record[q->record[i].next].ticket;
    predicate tn_fifo_following{L}(struct tn_queue *q, integer x) =
      \forall integer i, j; tn_in_fifo(q, i, x) && tn_in_fifo(q, j, x) && q->record[i].ticket < q->record[j].ticket ==>
        q->record[i].next != TN_SLOT_NONE && q->record[q->record[i].next].ticket <= q->record[j].ticket;
    predicate tn_fifo{L}(struct tn_queue *q, integer x) =
      tn_fifo_ends(q, x) && tn_fifo_forward(q, x) && tn_fifo_backward(q, x) && tn_fifo_tickets(q, x) &&
      tn_fifo_oldest(q, x) && tn_fifo_grows(q, x) && tn_fifo_following(q, x);

    // What two moments have in common: what a queue is made of, the load of a fence, its place in the FIFO.
    predicate tn_queue_fixed{L1, L2}(struct tn_queue *q) =
      \at(q->record, L1) == \at(q->record, L2) && \at(q->part, L1) == \at(q->part, L2) &&
      \at(q->parts_max, L1) == \at(q->parts_max, L2) && \at(q->waiters_max, L1) == \at(q->waiters_max, L2) &&
      \at(q->slots.slot, L1) == \at(q->slots.slot, L2) && \at(q->slots.count, L1) == \at(q->slots.count, L2) &&
      \at(q->slots.generation_max, L1) == \at(q->slots.generation_max, L2);
    predicate tn_in_state_same{L1, L2}(struct tn_queue *q) =
      \forall integer s; 0 <= s < TN_FENCE_STATES ==> \at(q->in_state[s], L1) == \at(q->in_state[s], L2);
    predicate tn_links_same{L1, L2}(struct tn_queue *q) =
      \at(q->queued_head, L1) == \at(q->queued_head, L2) && \at(q->queued_tail, L1) == \at(q->queued_tail, L2) &&
      \forall integer i; 0 <= i < \at(q->slots.count, L1) ==>
        \at(q->record[i].previous, L1) == \at(q->record[i].previous, L2) &&
        \at(q->record[i].next, L1) == \at(q->record[i].next, L2);
    predicate tn_tickets_same{L1, L2}(struct tn_queue *q, integer k) =
      \forall integer i; 0 <= i < \at(q->slots.count, L1) && i != k ==>
        \at(q->record[i].ticket, L1) == \at(q->record[i].ticket, L2);
    predicate tn_load_same_of{L1, L2}(struct tn_queue *q, integer i) =
      \at(q->record[i].pool, L1) == \at(q->record[i].pool, L2) &&
      \at(q->record[i].ledger, L1) == \at(q->record[i].ledger, L2) &&
      \at(q->record[i].length, L1) == \at(q->record[i].length, L2) &&
      \at(q->record[i].used, L1) == \at(q->record[i].used, L2) &&
      \at(q->record[i].status, L1) == \at(q->record[i].status, L2) &&
      \at(q->record[i].direction, L1) == \at(q->record[i].direction, L2) &&
      \at(q->record[i].parts, L1) == \at(q->record[i].parts, L2) &&
      \at(q->record[i].taken, L1) == \at(q->record[i].taken, L2) &&
      \at(q->record[i].waiters, L1) == \at(q->record[i].waiters, L2) &&
      \at(q->record[i].orphan, L1) == \at(q->record[i].orphan, L2);
    // Every fence but k carries what it did.
    predicate tn_load_same{L1, L2}(struct tn_queue *q, integer k) =
      \forall integer i; 0 <= i < \at(q->slots.count, L1) && i != k ==> tn_load_same_of{L1, L2}(q, i);
    // Every fence but k is in the state that it was in.
    predicate tn_states_same{L1, L2}(struct tn_queue *q, integer k) =
      \forall integer i; 0 <= i < \at(q->slots.count, L1) && i != k ==>
        \at(q->record[i].state, L1) == \at(q->record[i].state, L2);
    predicate tn_fifo_same{L1, L2}(struct tn_queue *q, integer k) =
      tn_queue_fixed{L1, L2}(q) && tn_links_same{L1, L2}(q) && tn_tickets_same{L1, L2}(q, k) &&
      \at(q->next_ticket, L1) <= \at(q->next_ticket, L2) && tn_states_same{L1, L2}(q, k);
    // A fence is skipped: who was before it is followed by who was after it.
    predicate tn_fifo_skips{L1, L2}(struct tn_queue *q, integer slot) =
      tn_queue_fixed{L1, L2}(q) && tn_states_same{L1, L2}(q, TN_SLOT_NONE) &&
      tn_tickets_same{L1, L2}(q, TN_SLOT_NONE) && \forall integer i; tn_in_fifo{L1}(q, i, slot) ==>
   \at(q->record[i].next, L2) ==
        (\at(q->record[i].next, L1) == slot ? \at(q->record[slot].next, L1) : \at(q->record[i].next, L1));
    lemma tn_fifo_following_kept{L1, L2}: \forall struct tn_queue *q, integer slot;
      tn_in_fifo{L1}(q, slot, TN_SLOT_NONE) && tn_fifo_forward{L1}(q, TN_SLOT_NONE) &&
      tn_fifo_following{L1}(q, TN_SLOT_NONE) && tn_fifo_tickets{L1}(q, TN_SLOT_NONE) &&
      tn_fifo_skips{L1, L2}(q, slot) ==> tn_fifo_following{L2}(q, slot);
    // Nothing of a queue differs but what fences carry.
    predicate tn_queue_same{L1, L2}(struct tn_queue *q) =
      tn_slots_same{L1, L2}(\at(&q->slots, L1)) && tn_in_state_same{L1, L2}(q) &&
      tn_fifo_same{L1, L2}(q, TN_SLOT_NONE) && \at(q->next_ticket, L1) == \at(q->next_ticket, L2);
    // What is always true of a queue.
    predicate tn_queue_ok{L}(struct tn_queue *q) =
      tn_queue_shape(q) && tn_slots_ok(&q->slots) && tn_queue_lives(q) && tn_fence_counts(q) &&
      tn_fifo(q, TN_SLOT_NONE) && q->next_ticket > 0;

    // The one meaning of "this fence's name is valid".
    predicate tn_is_fence{L}(struct tn_queue *q, integer name) =
      tn_slot_of(name) < q->slots.count && q->slots.slot[tn_slot_of(name)].generation == tn_generation_of(name) &&
      q->record[tn_slot_of(name)].state != TN_FENCE_FREE;
    predicate tn_fence_is{L}(struct tn_queue *q, integer name, integer state) =
      tn_is_fence(q, name) && q->record[tn_slot_of(name)].state == state;
    predicate tn_device_may_answer(integer status) =
      status == TN_OK || status == TN_EIO || status == TN_EREADONLY || status == TN_ENOTSUP || status == TN_EINVAL ||
      status == TN_ERANGE || status == TN_ECACHELOST;

    // What any operation may do to a fence: its slot steps; under one name it only goes forward, so it ends once.
    predicate tn_fence_step{L1, L2}(struct tn_queue *q, integer i) =
      tn_slot_step{L1, L2}(\at(&q->slots, L1), i) &&
      (\at(q->record[i].state, L2) != TN_FENCE_FREE &&
       \at(q->slots.slot[i].generation, L1) == \at(q->slots.slot[i].generation, L2) ==>
         TN_FENCE_FREE < \at(q->record[i].state, L1) <= \at(q->record[i].state, L2));
    lemma tn_fence_one_name{L}: \forall struct tn_queue *q, integer a, b; a >= 0 && b >= 0 &&
      tn_is_fence(q, a) && tn_is_fence(q, b) && tn_slot_of(a) == tn_slot_of(b) ==> a == b;
    lemma tn_fence_stale_for_ever{L1, L2}: \forall struct tn_queue *q, integer name;
      \at(q->slots.count, L1) == \at(q->slots.count, L2) && 0 <= tn_slot_of(name) < \at(q->slots.count, L1) &&
      tn_fence_step{L1, L2}(q, tn_slot_of(name)) && !tn_is_fence{L1}(q, name) &&
      \at(q->record[tn_slot_of(name)].state, L1) >= 0 &&
      tn_generation_of(name) <= \at(q->slots.slot[tn_slot_of(name)].generation, L1) ==> !tn_is_fence{L2}(q, name); */

#endif
