/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queues and fences: a buffer's way from its CPU owner to a device and back. Who is told of an end, and what makes it
 * true that a device has let go, is left to the embedder.
 */
#include "dma.h"

#include "bug.h"
#include "count.h"
#include "state.h"

bool tn_queue_init(struct tn_queue *queue, struct tn_slot *slot, struct tn_fence_record *record, uint32_t depth,
                   uint64_t generation_max)
{
    if (record == NULL || !tn_slots_fit(slot, depth, generation_max))
        return false;
    for (uint32_t i = 0; i < depth; i++)
        record[i] = (struct tn_fence_record){.previous = TN_SLOT_NONE, .next = TN_SLOT_NONE};
    queue->record = record;
    queue->next_ticket = 1;
    queue->queued_head = TN_SLOT_NONE;
    queue->queued_tail = TN_SLOT_NONE;
    queue->in_state[TN_FENCE_FREE] = depth;
    queue->in_state[TN_FENCE_QUEUED] = 0;
    queue->in_state[TN_FENCE_POSTED] = 0;
    queue->in_state[TN_FENCE_ENDED] = 0;
    queue->refused_completions = 0;
    return tn_slots_init(&queue->slots, slot, depth, generation_max);
}

/* ---- the FIFO of queued fences ---- */

static void fifo_append(struct tn_queue *queue, uint32_t slot)
{
    struct tn_fence_record *record = queue->record;
    uint32_t tail = queue->queued_tail;
    record[slot].previous = tail;
    record[slot].next = TN_SLOT_NONE;
    if (tail == TN_SLOT_NONE)
        queue->queued_head = slot;
    else
        record[tail].next = slot;
    queue->queued_tail = slot;
}

static void fifo_remove(struct tn_queue *queue, uint32_t slot)
{
    struct tn_fence_record *record = queue->record;
    uint32_t previous = record[slot].previous, next = record[slot].next;
    if (previous == TN_SLOT_NONE)
        queue->queued_head = next;
    else
        record[previous].next = next;
    if (next == TN_SLOT_NONE)
        queue->queued_tail = previous;
    else
        record[next].previous = previous;
}

/* ---- submit ---- */

/* The part about the buffer: TN_ESTALE, TN_ESTATE, TN_ERANGE, TN_ERETIRED in this order. */
static enum tn_status judge_buffer(const struct tn_submission *submission)
{
    const struct tn_pool *pool = submission->pool;
#ifdef TN_TWIN_SUBMIT
    if (tn_handle_slot(submission->buffer) >= pool->slots.count)
        return TN_ESTALE; /* negative twin: whatever lies in the slot is submitted, again too */
#else
    enum tn_status status = tn_buffer_use_decide(pool, submission->buffer);
    if (status != TN_OK)
        return status;
#endif
    if (pool->state != TN_POOL_MAPPED)
        return TN_ESTATE;
    uint32_t slot = tn_handle_slot(submission->buffer);
    if (submission->length == 0 || submission->length > pool->record[slot].length)
        return TN_ERANGE;
    /* One generation for the way out, one for the way back: the buffer can always come home. */
    return tn_slots_can_advance(&pool->slots, slot, 2) ? TN_OK : TN_ERETIRED;
}

static bool direction_fits(const struct tn_submission *submission)
{
    if (submission->pool == NULL)
        return submission->direction == TN_NO_DATA;
    return submission->direction == TN_TO_DEVICE || submission->direction == TN_FROM_DEVICE;
}

enum tn_status tn_submit_decide(const struct tn_queue *queue, const struct tn_submission *submission)
{
    if (submission->ledger == NULL || !direction_fits(submission))
        return TN_EINVAL;
    if (submission->pool == NULL && submission->length != 0)
        return TN_ERANGE;
    enum tn_status status = submission->pool == NULL ? TN_OK : judge_buffer(submission);
    if (status != TN_OK)
        return status;
    bool all_retired = queue->slots.free == 0 && queue->in_state[TN_FENCE_FREE] == queue->slots.count;
    if (queue->next_ticket == UINT64_MAX || all_retired)
        return TN_ERETIRED;
    status = tn_ledger_decide(submission->ledger, TN_CHARGE_IN_FLIGHT, 1);
    if (status != TN_OK)
        return status;
    return queue->slots.free > 0 ? TN_OK : TN_EAGAIN;
}

static void buffer_departs(struct tn_pool *pool, uint32_t slot)
{
    tn_buffer_move(pool, slot, TN_BUFFER_IN_FLIGHT);
    tn_slots_advance(&pool->slots, slot);
}

uint64_t tn_submit_commit(struct tn_queue *queue, const struct tn_submission *submission)
{
    TN_ASSERT(tn_submit_decide(queue, submission) == TN_OK);
    uint32_t buffer = TN_SLOT_NONE;
    if (submission->pool != NULL) {
        buffer = tn_handle_slot(submission->buffer);
        buffer_departs(submission->pool, buffer);
    }
    tn_ledger_commit(submission->ledger, TN_CHARGE_IN_FLIGHT, 1);
    uint32_t slot = tn_slots_take(&queue->slots);
    struct tn_fence_record *fence = &queue->record[slot];
    fence->ticket = queue->next_ticket++;
    fence->pool = submission->pool;
    fence->ledger = submission->ledger;
    fence->buffer = buffer;
    fence->length = submission->length;
    fence->used = 0;
    fence->status = TN_OK;
    fence->direction = submission->direction;
    fence->orphan = false;
    tn_fence_move(queue, slot, TN_FENCE_QUEUED);
    fifo_append(queue, slot);
    return tn_handle_make(slot, queue->slots.slot[slot].generation);
}

/* ---- on the way ---- */

uint64_t tn_fence_name(const struct tn_queue *queue, uint32_t slot)
{
    if (slot >= queue->slots.count || queue->record[slot].state == TN_FENCE_FREE)
        return TN_HANDLE_NONE;
    return tn_handle_make(slot, queue->slots.slot[slot].generation);
}

uint64_t tn_queue_oldest(const struct tn_queue *queue)
{
    return tn_fence_name(queue, queue->queued_head);
}

uint64_t tn_queue_post_commit(struct tn_queue *queue)
{
    uint32_t slot = queue->queued_head;
    TN_ASSERT(slot != TN_SLOT_NONE);
    fifo_remove(queue, slot);
    tn_fence_move(queue, slot, TN_FENCE_POSTED);
    return tn_handle_make(slot, queue->slots.slot[slot].generation);
}

/*@ requires tn_queue_shape(queue);
    assigns \nothing;
    ensures \result <==> tn_is_fence(queue, fence); */
static bool is_fence(const struct tn_queue *queue, uint64_t fence)
{
    uint32_t slot = tn_handle_slot(fence);
    return slot < queue->slots.count && queue->slots.slot[slot].generation == tn_handle_generation(fence) &&
           queue->record[slot].state != TN_FENCE_FREE;
}

/* ---- the ends ---- */

/*@ assigns \nothing;
    ensures \result <==> tn_device_may_answer(status); */
static bool device_may_answer(uint32_t status)
{
    return status == TN_OK || status == TN_EIO || status == TN_EREADONLY || status == TN_ENOTSUP ||
           status == TN_EINVAL || status == TN_ERANGE;
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
    if (!is_fence(queue, completion->fence))
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

static void end(struct tn_queue *queue, uint32_t slot, enum tn_status status, enum tn_buffer_state to)
{
    struct tn_fence_record *fence = &queue->record[slot];
    struct tn_pool *pool = fence->pool;
    fence->status = status;
    tn_fence_move(queue, slot, TN_FENCE_ENDED);
    /* An orphan stays one until it is scrubbed, unless even that cannot be had. */
    if (pool != NULL && (!fence->orphan || to == TN_BUFFER_QUARANTINED))
        tn_buffer_move(pool, fence->buffer, to);
}

void tn_complete_commit(struct tn_queue *queue, const struct tn_completion *completion)
{
    TN_ASSERT(tn_complete_decide(queue, completion) == TN_OK);
    uint32_t slot = tn_handle_slot(completion->fence);
    queue->record[slot].used = completion->used;
    end(queue, slot, (enum tn_status)completion->status, TN_BUFFER_COMPLETED);
}

void tn_complete_refused(struct tn_queue *queue)
{
    queue->refused_completions = tn_count_one(queue->refused_completions);
}

enum tn_status tn_fence_end_decide(const struct tn_queue *queue, uint64_t fence, enum tn_status status)
{
    if (!is_fence(queue, fence))
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
    if (queue->record[slot].state == TN_FENCE_QUEUED)
        fifo_remove(queue, slot);
    end(queue, slot, status, status == TN_EABORTED ? TN_BUFFER_ABORTED : TN_BUFFER_QUARANTINED);
}

enum tn_status tn_fence_orphan_decide(const struct tn_queue *queue, uint64_t fence)
{
    if (!is_fence(queue, fence))
        return TN_ESTALE;
    const struct tn_fence_record *record = &queue->record[tn_handle_slot(fence)];
    return record->state == TN_FENCE_ENDED || record->orphan ? TN_ESTATE : TN_OK;
}

void tn_fence_orphan_commit(struct tn_queue *queue, uint64_t fence)
{
    TN_ASSERT(tn_fence_orphan_decide(queue, fence) == TN_OK);
    struct tn_fence_record *record = &queue->record[tn_handle_slot(fence)];
    record->orphan = true;
    if (record->pool != NULL)
        tn_buffer_move(record->pool, record->buffer, TN_BUFFER_ORPHAN);
}

/* ---- back home ---- */

enum tn_status tn_fence_take_decide(const struct tn_queue *queue, uint64_t fence)
{
    if (!is_fence(queue, fence))
        return TN_ESTALE;
    return queue->record[tn_handle_slot(fence)].state == TN_FENCE_ENDED ? TN_OK : TN_EAGAIN;
}

/* The buffer's new name, or TN_HANDLE_NONE if it does not go back to its client. */
static uint64_t buffer_returns(struct tn_pool *pool, uint32_t slot)
{
    switch (pool->record[slot].state) {
    case TN_BUFFER_QUARANTINED:
        return TN_HANDLE_NONE;
    case TN_BUFFER_ORPHAN:
#ifndef TN_TWIN_ORPHAN /* negative twin: what a dead client left is named again */
        tn_buffer_move(pool, slot, TN_BUFFER_SCRUBBING);
        return TN_HANDLE_NONE;
#else
        pool->in_state[TN_BUFFER_ORPHAN]--;
        pool->in_state[TN_BUFFER_CPU]++;
        pool->record[slot].state = TN_BUFFER_CPU;
        return tn_buffer_name(pool, slot);
#endif
    default:
        tn_buffer_move(pool, slot, TN_BUFFER_CPU);
        tn_slots_advance(&pool->slots, slot);
        return tn_handle_make(slot, pool->slots.slot[slot].generation);
    }
}

struct tn_outcome tn_fence_take_commit(struct tn_queue *queue, uint64_t fence)
{
    TN_ASSERT(tn_fence_take_decide(queue, fence) == TN_OK);
    uint32_t slot = tn_handle_slot(fence);
    struct tn_fence_record *record = &queue->record[slot];
    struct tn_outcome outcome = {
        .buffer = TN_HANDLE_NONE,
        .buffer_slot = record->buffer,
        .status = record->status,
        .used = record->used,
        .length = record->length,
        .direction = record->direction,
        .orphan = record->orphan,
    };
    if (record->pool != NULL)
        outcome.buffer = buffer_returns(record->pool, record->buffer);
    tn_ledger_refund(record->ledger, TN_CHARGE_IN_FLIGHT, 1);
    tn_fence_move(queue, slot, TN_FENCE_FREE);
    tn_slots_give(&queue->slots, slot);
    return outcome;
}
