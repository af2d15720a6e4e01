/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queues and fences: the way of buffers from their CPU owner to a device and back. Who is told of an end, and what
 * makes it true that a device has let go, is left to the embedder.
 */
#include "dma.h"

#include "bug.h"
#include "count.h"
#include "dma_end.h"
#include "dma_find.h"
#include "dma_part.h"
#include "dma_step.h"

uint64_t tn_fence_name(const struct tn_queue *queue, uint32_t slot)
{
    if (slot >= queue->slots.count || queue->record[slot].state == TN_FENCE_FREE)
        return TN_HANDLE_NONE;
    return tn_handle_make(slot, queue->slots.slot[slot].generation);
}

/* ---- on the way ---- */

bool tn_queue_has_queued(const struct tn_queue *queue)
{
    return queue->queued_head != TN_SLOT_NONE;
}

uint64_t tn_queue_oldest(const struct tn_queue *queue)
{
    return tn_fence_name(queue, queue->queued_head);
}

uint64_t tn_queue_post_commit(struct tn_queue *queue)
{
    TN_ASSERT(queue->queued_head != TN_SLOT_NONE);
    uint32_t slot = tn_fence_post(queue);
    //@ assert tn_queue_shape(queue) && slot < queue->slots.count;
    return tn_handle_make(slot, queue->slots.slot[slot].generation);
}

/* ---- the ends ---- */

/*@ assigns \nothing;
    ensures \result <==> tn_device_may_answer(status); */
static bool device_may_answer(uint32_t status)
{
    return status == TN_OK || status == TN_EIO || status == TN_EREADONLY || status == TN_ENOTSUP ||
           status == TN_EINVAL || status == TN_ERANGE || status == TN_ECACHELOST;
}

enum tn_status tn_complete_decide(const struct tn_queue *queue, const struct tn_completion *completion)
{
#ifdef TN_TWIN_TICKET
    if (tn_handle_slot(completion->fence) >= queue->slots.count)
        return TN_ESTALE; /* negative twin: a completion ends whoever is in the slot */
    const struct tn_fence_record *fence = &queue->record[tn_handle_slot(completion->fence)];
    if (fence->state == TN_FENCE_FREE)
        return TN_ESTALE;
#else
    if (!tn_queue_has(queue, completion->fence))
        return TN_ESTALE;
    const struct tn_fence_record *fence = &queue->record[tn_handle_slot(completion->fence)];
    if (fence->state != TN_FENCE_POSTED || fence->ticket != completion->ticket)
        return TN_ESTALE;
#endif
#ifndef TN_TWIN_USED
    if (!device_may_answer(completion->status) || completion->used > fence->length)
        return TN_EPROTOCOL;
#else
    (void)device_may_answer; /* negative twin: the device's word is taken for it */
#endif
    return TN_OK;
}

/* One buffer of a fence: of the queue, nothing changes. */
/*@ requires tn_queue_shape(queue) && tn_queue_apart(queue, pool);
    requires \separated(part, queue, queue->record + (0 .. queue->slots.count - 1),
                        queue->slots.slot + (0 .. queue->slots.count - 1));
    requires tn_pool_ok(pool) && tn_part_apart(pool, part);
    assigns *part, pool->mark[0 .. pool->count - 1], pool->away, pool->quarantined, pool->retired,
            pool->page_away[0 .. TN_HANDLE_SLOTS];
    ensures tn_pool_ok(pool) && pool->mark == \old(pool->mark) && pool->count == \old(pool->count);
    ensures pool->stack == \old(pool->stack);
    ensures tn_ring_same{Pre, Post}(queue->slots.slot, queue->slots.count);
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_in_state_same{Pre, Post}(queue);
    ensures tn_links_same{Pre, Post}(queue);
    ensures tn_tickets_same{Pre, Post}(queue, TN_SLOT_NONE);
    ensures tn_load_same{Pre, Post}(queue, TN_SLOT_NONE);
    ensures queue->next_ticket == \old(queue->next_ticket); */
static inline void move_part(const struct tn_queue *queue, struct tn_pool *pool, struct tn_buffer_name *part,
                             enum tn_buffer_state to)
{
    (void)queue;
    tn_part_arrive(pool, part, to);
    //@ assert tn_ring_same{Pre, Here}(queue->slots.slot, queue->slots.count);
}

/* The buffers of a fence go where the machine lets them. An orphan stays one until it is scrubbed, unless even that
 * cannot be had. */
/*@ requires tn_queue_shape(queue) && count <= TN_FENCE_PARTS_MAX && \valid(part + (0 .. count - 1));
    requires \separated(part + (0 .. count - 1), queue, queue->record + (0 .. queue->slots.count - 1),
                        queue->slots.slot + (0 .. queue->slots.count - 1));
    requires count > 0 ==> tn_pool_ok(pool) && tn_queue_apart(queue, pool) &&
               \separated(part + (0 .. count - 1), pool, pool->mark + (0 .. pool->count - 1));
    assigns part[0 .. count - 1], pool->mark[0 .. pool->count - 1], pool->away, pool->quarantined, pool->retired,
            pool->page_away[0 .. TN_HANDLE_SLOTS];
    ensures count > 0 ==> tn_pool_ok(pool) && pool->mark == \old(pool->mark) && pool->count == \old(pool->count) &&
              pool->stack == \old(pool->stack);
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_in_state_same{Pre, Post}(queue);
    ensures tn_links_same{Pre, Post}(queue);
    ensures tn_tickets_same{Pre, Post}(queue, TN_SLOT_NONE);
    ensures tn_load_same{Pre, Post}(queue, TN_SLOT_NONE);
    ensures queue->next_ticket == \old(queue->next_ticket); */
static void move_each(const struct tn_queue *queue, struct tn_pool *pool, struct tn_buffer_name *part, uint32_t count,
                      enum tn_buffer_state to)
{
    /*@ loop invariant 0 <= i <= count;
        loop invariant tn_queue_shape(queue);
        loop invariant count > 0 ==> tn_pool_ok(pool) && pool->mark == \at(pool->mark, Pre) &&
          pool->count == \at(pool->count, Pre) && pool->stack == \at(pool->stack, Pre);
        loop invariant tn_slots_same{Pre, Here}(&queue->slots);
        loop invariant tn_queue_fixed{Pre, Here}(queue);
        loop invariant tn_in_state_same{Pre, Here}(queue);
        loop invariant tn_links_same{Pre, Here}(queue);
        loop invariant tn_tickets_same{Pre, Here}(queue, TN_SLOT_NONE);
        loop invariant tn_load_same{Pre, Here}(queue, TN_SLOT_NONE);
        loop invariant queue->next_ticket == \at(queue->next_ticket, Pre);
        loop assigns i, part[0 .. count - 1], pool->mark[0 .. pool->count - 1], pool->away, pool->quarantined,
            pool->retired, pool->page_away[0 .. TN_HANDLE_SLOTS];
        loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        //@ ghost Before: ;
        move_part(queue, pool, &part[i], to);
        //@ assert tn_slots_same{Before, Here}(&queue->slots);
    }
}

/*@ requires tn_queue_shape(queue) && slot < queue->slots.count && tn_fence_carries(queue, slot);
    assigns queue->part[slot * queue->parts_max .. slot * queue->parts_max + queue->parts_max - 1],
            queue->record[slot].pool->mark[0 .. queue->record[slot].pool->count - 1],
            queue->record[slot].pool->away, queue->record[slot].pool->quarantined, queue->record[slot].pool->retired,
            queue->record[slot].pool->page_away[0 .. TN_HANDLE_SLOTS];
    ensures \old(queue->record[slot].parts) > 0 ==> tn_pool_ok(\old(queue->record[slot].pool));
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_in_state_same{Pre, Post}(queue);
    ensures tn_links_same{Pre, Post}(queue);
    ensures tn_tickets_same{Pre, Post}(queue, TN_SLOT_NONE);
    ensures tn_load_same{Pre, Post}(queue, TN_SLOT_NONE);
    ensures queue->next_ticket == \old(queue->next_ticket); */
static inline void move_parts(struct tn_queue *queue, uint32_t slot, enum tn_buffer_state to)
{
    struct tn_fence_record *fence = &queue->record[slot];
    move_each(queue, fence->pool, tn_part_of(queue, slot, 0), fence->parts, to);
}

/* The same, said of the queue as a whole: it is as it was. */
/*@ requires tn_queue_ok(queue) && slot < queue->slots.count && tn_fence_carries(queue, slot);
    assigns queue->part[slot * queue->parts_max .. slot * queue->parts_max + queue->parts_max - 1],
            queue->record[slot].pool->mark[0 .. queue->record[slot].pool->count - 1],
            queue->record[slot].pool->away, queue->record[slot].pool->quarantined, queue->record[slot].pool->retired,
            queue->record[slot].pool->page_away[0 .. TN_HANDLE_SLOTS];
    ensures \old(queue->record[slot].parts) > 0 ==> tn_pool_ok(\old(queue->record[slot].pool));
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
static void move_buffers(struct tn_queue *queue, uint32_t slot, enum tn_buffer_state to)
{
    move_parts(queue, slot, to);
    //@ assert queue->slots.count == \at(queue->slots.count, Pre);
    //@ assert \forall integer n, s; tn_fences_in(queue->record, n, s) == tn_fences_in{Pre}(queue->record, n, s);
    /*@ assert \forall integer s; 0 <= s < TN_FENCE_STATES ==>
               queue->in_state[s] == tn_fences_in(queue->record, queue->slots.count, s); */
    //@ assert tn_fence_counts(queue);
    //@ assert tn_queue_shape(queue);
    //@ assert tn_fifo_same{Pre, Here}(queue, TN_SLOT_NONE);
    //@ assert tn_states_same{Pre, Here}(queue, TN_SLOT_NONE);
}

void tn_complete_commit(struct tn_queue *queue, const struct tn_completion *completion)
{
    TN_ASSERT(tn_complete_decide(queue, completion) == TN_OK);
    uint32_t slot = tn_handle_slot(completion->fence);
    uint32_t used = completion->used, status = completion->status;
    move_buffers(queue, slot, TN_BUFFER_COMPLETED);
    //@ ghost Moved: ;
    //@ assert tn_load_same{Pre, Here}(queue, slot);
    tn_fence_complete(queue, slot, used, status);
    //@ assert tn_slots_same{Moved, Here}(&queue->slots);
    //@ assert tn_load_same{Moved, Here}(queue, slot);
}

void tn_complete_refused(struct tn_queue *queue)
{
    queue->refused_completions = tn_count_one(queue->refused_completions);
}

enum tn_status tn_fence_end_decide(const struct tn_queue *queue, uint64_t fence, enum tn_status status)
{
    if (!tn_queue_has(queue, fence))
        return TN_ESTALE;
#ifndef TN_TWIN_ONCE /* negative twin: a fence may end again */
    if (queue->record[tn_handle_slot(fence)].state == TN_FENCE_ENDED)
        return TN_ESTATE;
#endif
    return status == TN_EABORTED || status == TN_EQUARANTINED ? TN_OK : TN_EINVAL;
}

void tn_fence_end_commit(struct tn_queue *queue, uint64_t fence, enum tn_status status)
{
    TN_ASSERT(tn_fence_end_decide(queue, fence, status) == TN_OK);
    uint32_t slot = tn_handle_slot(fence);
    move_buffers(queue, slot, status == TN_EABORTED ? TN_BUFFER_ABORTED : TN_BUFFER_QUARANTINED);
    //@ ghost Moved: ;
    //@ assert tn_load_same{Pre, Here}(queue, slot);
    //@ assert tn_fence_moves(queue->record[slot].state, TN_FENCE_ENDED);
    tn_fence_abort(queue, slot, (uint32_t)status);
    //@ assert tn_slots_same{Moved, Here}(&queue->slots);
    //@ assert tn_load_same{Moved, Here}(queue, slot);
}

enum tn_status tn_fence_orphan_decide(const struct tn_queue *queue, uint64_t fence)
{
    if (!tn_queue_has(queue, fence))
        return TN_ESTALE;
    const struct tn_fence_record *record = &queue->record[tn_handle_slot(fence)];
    return record->state == TN_FENCE_ENDED || record->orphan ? TN_ESTATE : TN_OK;
}

void tn_fence_orphan_commit(struct tn_queue *queue, uint64_t fence)
{
    TN_ASSERT(tn_fence_orphan_decide(queue, fence) == TN_OK);
    uint32_t slot = tn_handle_slot(fence);
    move_buffers(queue, slot, TN_BUFFER_ORPHAN);
    //@ ghost Moved: ;
    //@ assert tn_load_same{Pre, Here}(queue, slot);
    tn_fence_orphan(queue, slot);
    //@ assert tn_slots_same{Moved, Here}(&queue->slots);
    //@ assert tn_load_same{Moved, Here}(queue, slot);
}
