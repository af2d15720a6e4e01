/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queues and fences: a buffer's way from its CPU owner to a device and back. Who is told of an end, and what makes it
 * true that a device has let go, is left to the embedder.
 */
#include "dma.h"

#include "bug.h"
#include "state.h"

bool tn_queue_init(struct tn_queue *queue, struct tn_fence_record *records, uint32_t depth, uint64_t generation_max)
{
    struct tn_slots slots;
    if (!tn_slots_init(&slots, records, sizeof(*records), depth, generation_max))
        return false;
    *queue = (struct tn_queue){
        .slots = slots,
        .next_ticket = 1,
        .queued_head = TN_SLOT_NONE,
        .queued_tail = TN_SLOT_NONE,
        .in_state = {[TN_FENCE_FREE] = depth},
    };
    return true;
}

/* ---- the FIFO of queued fences ---- */

static void fifo_append(struct tn_queue *queue, uint32_t slot)
{
    struct tn_fence_record *fence = tn_fence_at(queue, slot);
    fence->previous = queue->queued_tail;
    fence->next = TN_SLOT_NONE;
    if (queue->queued_tail == TN_SLOT_NONE)
        queue->queued_head = slot;
    else
        tn_fence_at(queue, queue->queued_tail)->next = slot;
    queue->queued_tail = slot;
}

static void fifo_remove(struct tn_queue *queue, uint32_t slot)
{
    struct tn_fence_record *fence = tn_fence_at(queue, slot);
    if (fence->previous == TN_SLOT_NONE)
        queue->queued_head = fence->next;
    else
        tn_fence_at(queue, fence->previous)->next = fence->next;
    if (fence->next == TN_SLOT_NONE)
        queue->queued_tail = fence->previous;
    else
        tn_fence_at(queue, fence->next)->previous = fence->previous;
    fence->previous = TN_SLOT_NONE;
    fence->next = TN_SLOT_NONE;
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
    if (submission->length == 0 || submission->length > tn_buffer_at(pool, slot)->length)
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
    if (queue->next_ticket == UINT64_MAX || queue->slots.retired == queue->slots.count)
        return TN_ERETIRED;
    status = tn_ledger_decide(submission->ledger, TN_CHARGE_IN_FLIGHT, 1);
    if (status != TN_OK)
        return status;
    return queue->slots.free > 0 ? TN_OK : TN_EAGAIN;
}

static void buffer_departs(const struct tn_submission *submission)
{
    uint32_t slot = tn_handle_slot(submission->buffer);
    tn_buffer_move(submission->pool, slot, TN_BUFFER_IN_FLIGHT);
    tn_slots_advance(&submission->pool->slots, slot);
    tn_buffer_at(submission->pool, slot)->direction = (uint8_t)submission->direction;
}

uint64_t tn_submit_commit(struct tn_queue *queue, const struct tn_submission *submission)
{
    TN_BUG_IF(tn_submit_decide(queue, submission) != TN_OK);
    if (submission->pool != NULL)
        buffer_departs(submission);
    tn_ledger_commit(submission->ledger, TN_CHARGE_IN_FLIGHT, 1);
    uint32_t slot = tn_slots_take(&queue->slots);
    tn_fence_move(queue, slot, TN_FENCE_QUEUED);
    fifo_append(queue, slot);
    struct tn_fence_record *fence = tn_fence_at(queue, slot);
    fence->direction = (uint8_t)submission->direction;
    fence->orphan = 0;
    fence->status = TN_OK;
    fence->ticket = queue->next_ticket++;
    fence->pool = submission->pool;
    fence->ledger = submission->ledger;
    fence->buffer = submission->pool != NULL ? tn_handle_slot(submission->buffer) : TN_SLOT_NONE;
    fence->length = submission->length;
    fence->used = 0;
    return tn_handle_make(slot, fence->slot.generation);
}

/* ---- on the way ---- */

uint64_t tn_fence_name(const struct tn_queue *queue, uint32_t slot)
{
    if (slot >= queue->slots.count || !tn_slots_at(&queue->slots, slot)->live)
        return TN_HANDLE_NONE;
    return tn_handle_make(slot, tn_slots_at(&queue->slots, slot)->generation);
}

uint64_t tn_queue_oldest(const struct tn_queue *queue)
{
    return tn_fence_name(queue, queue->queued_head);
}

uint64_t tn_queue_post_commit(struct tn_queue *queue)
{
    uint32_t slot = queue->queued_head;
    TN_BUG_IF(slot == TN_SLOT_NONE);
    fifo_remove(queue, slot);
    tn_fence_move(queue, slot, TN_FENCE_POSTED);
    return tn_fence_name(queue, slot);
}

static bool is_fence(const struct tn_queue *queue, uint64_t fence)
{
    return tn_slots_names(&queue->slots, tn_handle_slot(fence), tn_handle_generation(fence));
}

/* ---- the ends ---- */

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
    const struct tn_fence_record *fence = tn_fence_at(queue, tn_handle_slot(completion->fence));
    if (fence->state == TN_FENCE_FREE)
        return TN_ESTALE;
#else
    if (!is_fence(queue, completion->fence))
        return TN_ESTALE;
    const struct tn_fence_record *fence = tn_fence_at(queue, tn_handle_slot(completion->fence));
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
    struct tn_fence_record *fence = tn_fence_at(queue, slot);
    tn_fence_move(queue, slot, TN_FENCE_ENDED);
    fence->status = (uint8_t)status;
    if (fence->pool == NULL)
        return;
    /* An orphan stays one until it is scrubbed, unless even that cannot be had. */
    if (tn_buffer_at(fence->pool, fence->buffer)->state == TN_BUFFER_ORPHAN && to != TN_BUFFER_QUARANTINED)
        return;
    tn_buffer_move(fence->pool, fence->buffer, to);
}

void tn_complete_commit(struct tn_queue *queue, const struct tn_completion *completion)
{
    TN_BUG_IF(tn_complete_decide(queue, completion) != TN_OK);
    uint32_t slot = tn_handle_slot(completion->fence);
    tn_fence_at(queue, slot)->used = completion->used;
    end(queue, slot, (enum tn_status)completion->status, TN_BUFFER_COMPLETED);
}

void tn_complete_refused(struct tn_queue *queue)
{
    queue->refused_completions++;
}

enum tn_status tn_fence_end_decide(const struct tn_queue *queue, uint64_t fence, enum tn_status status)
{
    if (!is_fence(queue, fence))
        return TN_ESTALE;
#ifndef TN_TWIN_ONCE /* negative twin: a fence may end again */
    if (tn_fence_at(queue, tn_handle_slot(fence))->state == TN_FENCE_ENDED)
        return TN_ESTATE;
#endif
    return status == TN_EABORTED || status == TN_EQUARANTINED ? TN_OK : TN_EINVAL;
}

void tn_fence_end_commit(struct tn_queue *queue, uint64_t fence, enum tn_status status)
{
    TN_BUG_IF(tn_fence_end_decide(queue, fence, status) != TN_OK);
    uint32_t slot = tn_handle_slot(fence);
    if (tn_fence_at(queue, slot)->state == TN_FENCE_QUEUED)
        fifo_remove(queue, slot);
    end(queue, slot, status, status == TN_EABORTED ? TN_BUFFER_ABORTED : TN_BUFFER_QUARANTINED);
}

enum tn_status tn_fence_orphan_decide(const struct tn_queue *queue, uint64_t fence)
{
    if (!is_fence(queue, fence))
        return TN_ESTALE;
    const struct tn_fence_record *record = tn_fence_at(queue, tn_handle_slot(fence));
    return record->state == TN_FENCE_ENDED || record->orphan ? TN_ESTATE : TN_OK;
}

void tn_fence_orphan_commit(struct tn_queue *queue, uint64_t fence)
{
    TN_BUG_IF(tn_fence_orphan_decide(queue, fence) != TN_OK);
    struct tn_fence_record *record = tn_fence_at(queue, tn_handle_slot(fence));
    record->orphan = 1;
    if (record->pool != NULL)
        tn_buffer_move(record->pool, record->buffer, TN_BUFFER_ORPHAN);
}

/* ---- back home ---- */

enum tn_status tn_fence_take_decide(const struct tn_queue *queue, uint64_t fence)
{
    if (!is_fence(queue, fence))
        return TN_ESTALE;
    return tn_fence_at(queue, tn_handle_slot(fence))->state == TN_FENCE_ENDED ? TN_OK : TN_EAGAIN;
}

/* The buffer's new name, or TN_HANDLE_NONE if it does not go back to its client. */
static uint64_t buffer_returns(struct tn_pool *pool, uint32_t slot)
{
    switch (tn_buffer_at(pool, slot)->state) {
    case TN_BUFFER_QUARANTINED:
        return TN_HANDLE_NONE;
    case TN_BUFFER_ORPHAN:
#ifndef TN_TWIN_ORPHAN /* negative twin: what a dead client left is named again */
        tn_buffer_move(pool, slot, TN_BUFFER_SCRUBBING);
        return TN_HANDLE_NONE;
#else
        pool->in_state[TN_BUFFER_ORPHAN]--;
        pool->in_state[TN_BUFFER_CPU]++;
        tn_buffer_at(pool, slot)->state = TN_BUFFER_CPU;
        return tn_buffer_name(pool, slot);
#endif
    default:
        tn_buffer_move(pool, slot, TN_BUFFER_CPU);
        tn_slots_advance(&pool->slots, slot);
        tn_buffer_at(pool, slot)->direction = TN_NO_DATA;
        return tn_buffer_name(pool, slot);
    }
}

struct tn_outcome tn_fence_take_commit(struct tn_queue *queue, uint64_t fence)
{
    TN_BUG_IF(tn_fence_take_decide(queue, fence) != TN_OK);
    uint32_t slot = tn_handle_slot(fence);
    struct tn_fence_record *record = tn_fence_at(queue, slot);
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
    record->pool = NULL;
    record->ledger = NULL;
    tn_fence_move(queue, slot, TN_FENCE_FREE);
    tn_slots_give(&queue->slots, slot);
    return outcome;
}
