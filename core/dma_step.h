/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside core/: the steps of a fence's life. Each moves one fence from state to state, with its place in the FIFO, its
 * slot and its ticket, and leaves the others alone; buffers are dma_part.h.
 */
#ifndef TENURE_CORE_DMA_STEP_H
#define TENURE_CORE_DMA_STEP_H

#include "bug.h"
#include "dma_fence.h"
#include "dma_fifo.h"

/*@ // What holds after a step because it held before.
    lemma tn_fifo_kept{L1, L2}: \forall struct tn_queue *q, integer x;
      tn_fifo{L1}(q, x) && tn_fifo_same{L1, L2}(q, x) ==> tn_fifo{L2}(q, x);
    lemma tn_slots_same_again{L1, L2, L3}: \forall struct tn_slots *s;
      tn_slots_same{L1, L2}(s) && tn_slots_same{L2, L3}(s) ==> tn_slots_same{L1, L3}(s);
    lemma tn_slots_same_step_again{L1, L2, L3}: \forall struct tn_slots *s;
      tn_slots_same{L1, L2}(s) && tn_slots_step{L2, L3}(s) ==> tn_slots_step{L1, L3}(s);
    lemma tn_load_same_again{L1, L2, L3}: \forall struct tn_queue *q, integer k;
      \at(q->slots.count, L1) == \at(q->slots.count, L2) &&
      tn_load_same{L1, L2}(q, k) && tn_load_same{L2, L3}(q, k) ==> tn_load_same{L1, L3}(q, k);
    lemma tn_load_same_weaker{L1, L2}: \forall struct tn_queue *q, integer k;
      tn_load_same{L1, L2}(q, TN_SLOT_NONE) ==> tn_load_same{L1, L2}(q, k);
    lemma tn_queue_lives_kept{L1, L2}: \forall struct tn_queue *q, integer k; tn_queue_lives{L1}(q) &&
      tn_queue_fixed{L1, L2}(q) && tn_slots_same{L1, L2}(\at(&q->slots, L1)) && tn_states_same{L1, L2}(q, k) &&
      (\at(q->record[k].state, L1) != TN_FENCE_FREE <==> \at(q->record[k].state, L2) != TN_FENCE_FREE) ==>
      tn_queue_lives{L2}(q);
    lemma tn_fifo_outside{L}: \forall struct tn_queue *q, integer k;
      0 <= k < q->slots.count && q->record[k].state != TN_FENCE_QUEUED ==>
      (tn_fifo(q, k) <==> tn_fifo(q, TN_SLOT_NONE)); */

/* The one function that moves a fence: it keeps the counts. */
/*@ requires tn_queue_shape(queue) && tn_fence_counts(queue) && slot < queue->slots.count;
    requires tn_fence_moves(queue->record[slot].state, to);
    assigns queue->in_state[0 .. TN_FENCE_STATES - 1], queue->record[slot].state;
    ensures tn_fence_counts(queue);
    ensures queue->record[slot].state == to;
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_states_same{Pre, Post}(queue, slot);
    ensures tn_fifo_same{Pre, Post}(queue, slot);
    ensures tn_load_same{Pre, Post}(queue, TN_SLOT_NONE); */
static inline void tn_fence_move(struct tn_queue *queue, uint32_t slot, enum tn_fence_state to)
{
    uint32_t from = queue->record[slot].state;
#ifndef TN_TWIN_TICKET /* the twin completes whoever has the slot, twice if asked twice */
    TN_ASSERT(tn_fence_may_move(from, (uint32_t)to));
#endif
    /*@ ghost // someone is in `from` and not everyone in `to`, so neither count can wrap
      /@ loop invariant 0 <= k <= queue->slots.count;
         loop invariant 0 <= tn_fences_in(queue->record, k, from) <= k && 0 <= tn_fences_in(queue->record, k, to) <= k;
         loop invariant k > slot ==> tn_fences_in(queue->record, k, from) >= 1;
         loop assigns k;
         loop variant queue->slots.count - k;
      @/
      for (uint32_t k = 0; k < queue->slots.count; k++) ;
    */
    queue->in_state[from]--;
    queue->in_state[to]++;
    queue->record[slot].state = (uint8_t)to;
    //@ assert tn_ring_same{Pre, Here}(queue->slots.slot, queue->slots.count);
    //@ assert tn_states_same{Pre, Here}(queue, slot);
    //@ assert queue->record[slot].state == to && \at(queue->record[slot].state, Pre) == from && from != to;
    /*@ ghost // one fence moved, so two counts do
      /@ loop invariant 0 <= k <= queue->slots.count;
         loop invariant \forall integer s; 0 <= s < TN_FENCE_STATES ==> tn_fences_in(queue->record, k, s) ==
           tn_fences_in{Pre}(queue->record, k, s) + (k > slot ? (s == to ? 1 : 0) - (s == from ? 1 : 0) : 0);
         loop assigns k;
         loop variant queue->slots.count - k;
      @/
      for (uint32_t k = 0; k < queue->slots.count; k++) ;
    */
}

/* A ticket that no fence had before. */
/*@ requires tn_queue_shape(queue) && slot < queue->slots.count && queue->next_ticket < UINT64_MAX;
    assigns queue->next_ticket, queue->record[slot].ticket;
    ensures queue->record[slot].ticket == \old(queue->next_ticket);
    ensures queue->next_ticket == \old(queue->next_ticket) + 1;
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_fifo_same{Pre, Post}(queue, slot);
    ensures tn_load_same{Pre, Post}(queue, TN_SLOT_NONE); */
static inline void tn_fence_number(struct tn_queue *queue, uint32_t slot)
{
    queue->record[slot].ticket = queue->next_ticket++;
    //@ assert tn_ring_same{Pre, Here}(queue->slots.slot, queue->slots.count);
}

/* A new fence, or an open one, gets its place in the order, with a ticket that no fence had before. */
/*@ requires tn_queue_shape(queue) && tn_fence_counts(queue) && tn_fifo(queue, TN_SLOT_NONE);
    requires slot < queue->slots.count && tn_fence_moves(queue->record[slot].state, TN_FENCE_QUEUED);
    requires 0 < queue->next_ticket < UINT64_MAX;
    assigns queue->next_ticket, queue->record[slot].ticket, queue->in_state[0 .. TN_FENCE_STATES - 1],
            queue->record[slot].state, queue->queued_head, queue->queued_tail,
            queue->record[0 .. queue->slots.count - 1].previous, queue->record[0 .. queue->slots.count - 1].next;
    ensures tn_fence_counts(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE) && queue->queued_tail == slot;
    ensures queue->record[slot].state == TN_FENCE_QUEUED;
    ensures new_ticket: queue->record[slot].ticket == \old(queue->next_ticket);
    ensures queue->next_ticket == \old(queue->next_ticket) + 1;
    ensures tn_tickets_same{Pre, Post}(queue, slot);
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_states_same{Pre, Post}(queue, slot);
    ensures tn_load_same{Pre, Post}(queue, TN_SLOT_NONE); */
static inline void tn_fence_enqueue(struct tn_queue *queue, uint32_t slot)
{
    //@ assert tn_fifo(queue, slot);
    tn_fence_number(queue, slot);
    //@ ghost Numbered: ;
    //@ assert tn_queue_shape(queue) && tn_slots_same{Pre, Here}(&queue->slots);
    //@ assert tn_fifo(queue, slot);
    //@ assert tn_fence_counts(queue);
    tn_fence_move(queue, slot, TN_FENCE_QUEUED);
    //@ ghost Moved: ;
    //@ assert tn_queue_shape(queue) && tn_slots_same{Pre, Here}(&queue->slots);
    //@ assert tn_fifo(queue, slot);
    //@ assert queue->record[slot].ticket == \at(queue->next_ticket, Pre);
    //@ assert queue->next_ticket == \at(queue->next_ticket, Pre) + 1;
    tn_fifo_append(queue, slot);
    //@ assert tn_slots_same{Moved, Here}(&queue->slots);
    //@ assert tn_load_same{Moved, Here}(queue, TN_SLOT_NONE);
    //@ assert \forall integer n, s; tn_fences_in(queue->record, n, s) == tn_fences_in{Moved}(queue->record, n, s);
}

/* The oldest queued fence leaves the FIFO: posted. */
/*@ requires tn_queue_ok(queue) && queue->queued_head != TN_SLOT_NONE;
    assigns queue->in_state[0 .. TN_FENCE_STATES - 1], queue->record[queue->queued_head].state, queue->queued_head,
            queue->queued_tail, queue->record[0 .. queue->slots.count - 1].previous,
            queue->record[0 .. queue->slots.count - 1].next;
    ensures \result == \old(queue->queued_head) && \result < queue->slots.count;
    ensures tn_fence_counts(queue);
    ensures tn_queue_lives(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE);
    ensures queue->record[\result].state == TN_FENCE_POSTED;
    ensures oldest_first: \forall integer i; tn_in_fifo{Pre}(queue, i, TN_SLOT_NONE) ==>
              queue->record[\result].ticket <= queue->record[i].ticket;
    ensures tn_slots_ok(&queue->slots);
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_states_same{Pre, Post}(queue, \result);
    ensures tn_load_same{Pre, Post}(queue, TN_SLOT_NONE); */
static inline uint32_t tn_fence_post(struct tn_queue *queue)
{
    uint32_t slot = queue->queued_head;
    tn_fifo_remove(queue, slot);
    //@ ghost Removed: ;
    //@ assert tn_fifo(queue, slot);
    //@ assert tn_queue_shape(queue) && tn_slots_same{Pre, Here}(&queue->slots);
    //@ assert \forall integer n, s; tn_fences_in(queue->record, n, s) == tn_fences_in{Pre}(queue->record, n, s);
    //@ assert tn_fence_counts(queue);
    tn_fence_move(queue, slot, TN_FENCE_POSTED);
    //@ assert tn_queue_shape(queue) && tn_slots_same{Removed, Here}(&queue->slots);
    //@ assert tn_fifo(queue, slot);
    //@ assert tn_slots_same{Pre, Here}(&queue->slots);
    return slot;
}

/* The outcome of a fence is known; it has left the FIFO if it was there. */
/*@ requires tn_queue_shape(queue) && tn_slots_ok(&queue->slots) && tn_queue_lives(queue) && tn_fence_counts(queue);
    requires slot < queue->slots.count && tn_fence_moves(queue->record[slot].state, TN_FENCE_ENDED);
    requires tn_fifo(queue, slot);
    assigns queue->in_state[0 .. TN_FENCE_STATES - 1], queue->record[slot].state, queue->record[slot].status;
    ensures tn_fence_counts(queue);
    ensures tn_queue_lives(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE);
    ensures queue->record[slot].state == TN_FENCE_ENDED && queue->record[slot].status == status;
    ensures tn_slots_ok(&queue->slots);
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_states_same{Pre, Post}(queue, slot);
    ensures tn_load_same{Pre, Post}(queue, slot); */
static inline void tn_fence_end(struct tn_queue *queue, uint32_t slot, uint32_t status)
{
    queue->record[slot].status = status;
    //@ ghost Written: ;
    //@ assert tn_queue_shape(queue) && tn_slots_same{Pre, Here}(&queue->slots);
    //@ assert tn_load_same{Pre, Here}(queue, slot);
    //@ assert tn_fifo_same{Pre, Here}(queue, slot);
    //@ assert tn_fifo(queue, slot);
    //@ assert tn_fence_counts(queue);
    tn_fence_move(queue, slot, TN_FENCE_ENDED);
    //@ assert tn_load_same{Written, Here}(queue, slot);
    /*@ assert \forall integer i; 0 <= i < queue->slots.count && i != slot ==> tn_load_same_of{Pre, Here}(queue, i); */
    //@ assert tn_queue_shape(queue) && tn_slots_same{Written, Here}(&queue->slots);
    //@ assert tn_slots_same{Pre, Here}(&queue->slots);
    //@ assert tn_fifo(queue, slot);
}

/* A slot is given back: of the fences nothing changes. */
/*@ requires tn_queue_shape(queue) && tn_slots_ok(&queue->slots);
    requires slot < queue->slots.count && tn_is_live(&queue->slots, slot);
    assigns queue->slots.free, queue->slots.slot[0 .. queue->slots.count - 1];
    ensures tn_slots_ok(&queue->slots) && tn_queue_shape(queue);
    ensures tn_slots_step{Pre, Post}(&queue->slots);
    ensures tn_slots_same_but{Pre, Post}(&queue->slots, slot);
    ensures !tn_is_live(&queue->slots, slot);
    ensures \forall integer i; 0 <= i < queue->slots.count && i != slot ==>
              (tn_is_live(&queue->slots, i) <==> tn_is_live{Pre}(&queue->slots, i));
    ensures tn_in_state_same{Pre, Post}(queue);
    ensures tn_fifo_same{Pre, Post}(queue, TN_SLOT_NONE);
    ensures tn_load_same{Pre, Post}(queue, TN_SLOT_NONE);
    ensures \forall integer i; 0 <= i < queue->slots.count ==>
              queue->slots.slot[i].generation >= \old(queue->slots.slot[i].generation); */
static inline void tn_queue_slot_give(struct tn_queue *queue, uint32_t slot)
{
    tn_slots_give(&queue->slots, slot);
    //@ assert tn_queue_fixed{Pre, Here}(queue);
    /*@ assert \forall integer i; 0 <= i < queue->slots.count ==>
               queue->record[i].previous == \at(queue->record[i].previous, Pre); */
    /*@ assert \forall integer i; 0 <= i < queue->slots.count ==>
               queue->record[i].next == \at(queue->record[i].next, Pre); */
    /*@ assert \forall integer i; 0 <= i < queue->slots.count ==>
               queue->record[i].ticket == \at(queue->record[i].ticket, Pre); */
    /*@ assert \forall integer i; 0 <= i < queue->slots.count ==>
               queue->record[i].length == \at(queue->record[i].length, Pre); */
    /*@ assert \forall integer i; 0 <= i < queue->slots.count ==>
               queue->record[i].used == \at(queue->record[i].used, Pre); */
    /*@ assert \forall integer i; 0 <= i < queue->slots.count ==>
               queue->record[i].status == \at(queue->record[i].status, Pre); */
    /*@ assert \forall integer i; 0 <= i < queue->slots.count ==>
               queue->record[i].direction == \at(queue->record[i].direction, Pre); */
    /*@ assert \forall integer i; 0 <= i < queue->slots.count ==>
               queue->record[i].parts == \at(queue->record[i].parts, Pre); */
    /*@ assert \forall integer i; 0 <= i < queue->slots.count ==>
               queue->record[i].taken == \at(queue->record[i].taken, Pre); */
    /*@ assert \forall integer i; 0 <= i < queue->slots.count ==>
               queue->record[i].waiters == \at(queue->record[i].waiters, Pre); */
    //@ assert tn_links_same{Pre, Here}(queue);
}

/* What a new fence carries. */
/*@ requires tn_queue_shape(queue) && slot < queue->slots.count;
    assigns queue->record[slot].ticket, queue->record[slot].pool, queue->record[slot].ledger,
            queue->record[slot].length, queue->record[slot].used, queue->record[slot].status,
            queue->record[slot].direction, queue->record[slot].parts, queue->record[slot].taken,
            queue->record[slot].waiters, queue->record[slot].orphan;
    ensures queue->record[slot].pool == pool && queue->record[slot].ledger == ledger;
    ensures queue->record[slot].length == length && queue->record[slot].used == 0;
    ensures queue->record[slot].parts == parts && queue->record[slot].taken == 0 && queue->record[slot].waiters == 0;
    ensures queue->record[slot].direction == direction && queue->record[slot].status == TN_OK;
    ensures !queue->record[slot].orphan && queue->record[slot].ticket == 0;
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_in_state_same{Pre, Post}(queue) && queue->next_ticket == \old(queue->next_ticket);
    ensures tn_fifo_same{Pre, Post}(queue, slot);
    ensures tn_load_same{Pre, Post}(queue, slot); */
static inline void tn_fence_fill(struct tn_queue *queue, uint32_t slot, struct tn_pool *pool, struct tn_ledger *ledger,
                                 uint32_t length, uint32_t direction, uint32_t parts)
{
    struct tn_fence_record *fence = &queue->record[slot];
    fence->ticket = 0;
    fence->pool = pool;
    fence->ledger = ledger;
    fence->length = length;
    fence->used = 0;
    fence->status = TN_OK;
    fence->direction = direction;
    fence->parts = parts;
    fence->taken = 0;
    fence->waiters = 0;
    fence->orphan = false;
    //@ assert tn_ring_same{Pre, Here}(queue->slots.slot, queue->slots.count);
    /*@ assert \forall integer i; 0 <= i < queue->slots.count ==>
               queue->slots.slot[i].generation == \at(queue->slots.slot[i].generation, Pre); */
    //@ assert tn_queue_fixed{Pre, Here}(queue);
    //@ assert queue->slots.head == \at(queue->slots.head, Pre) && queue->slots.free == \at(queue->slots.free, Pre);
}

/* The end of a fence's life: its name is stale from here. */
/*@ requires tn_queue_ok(queue) && slot < queue->slots.count && queue->record[slot].state == TN_FENCE_ENDED;
    assigns queue->slots.free, queue->slots.slot[0 .. queue->slots.count - 1],
            queue->in_state[0 .. TN_FENCE_STATES - 1], queue->record[slot].state;
    ensures tn_queue_shape(queue);
    ensures tn_fence_counts(queue);
    ensures tn_slots_ok(&queue->slots);
    ensures tn_queue_lives(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE);
    ensures queue->record[slot].state == TN_FENCE_FREE && !tn_is_live(&queue->slots, slot);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_slots_step{Pre, Post}(&queue->slots);
    ensures tn_slots_same_but{Pre, Post}(&queue->slots, slot);
    ensures tn_states_same{Pre, Post}(queue, slot);
    ensures tn_load_same{Pre, Post}(queue, TN_SLOT_NONE); */
static inline void tn_fence_free(struct tn_queue *queue, uint32_t slot)
{
    //@ assert tn_fifo(queue, slot);
    tn_fence_move(queue, slot, TN_FENCE_FREE);
    //@ assert tn_slots_same{Pre, Here}(&queue->slots);
    //@ assert tn_queue_shape(queue) && tn_slots_ok(&queue->slots);
    //@ assert tn_fifo(queue, slot);
    //@ assert tn_fifo(queue, TN_SLOT_NONE);
    //@ assert tn_is_live{Pre}(&queue->slots, slot);
    /*@ assert \forall integer i; 0 <= i < queue->slots.count ==>
               (tn_is_live(&queue->slots, i) <==> tn_is_live{Pre}(&queue->slots, i)); */
    tn_queue_slot_give(queue, slot);
    /*@ assert \forall integer i; 0 <= i < queue->slots.count ==>
               queue->slots.slot[i].generation >= \at(queue->slots.slot[i].generation, Pre); */
}

#endif
