/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fences: who waits for one, and until when.
 */
#include "dma_wait.h"

#include "bug.h"
#include "dma_find.h"

enum tn_status tn_fence_poll(const struct tn_queue *queue, uint64_t fence, uint64_t now, uint64_t deadline)
{
    enum tn_status status = tn_fence_take_decide(queue, fence);
    if (status == TN_ESTALE)
        return TN_ESTALE;
    if (deadline == TN_WAIT_FOR_EVER)
        return TN_EINVAL;
    if (status == TN_OK)
        return TN_OK;
    return now < deadline ? TN_EAGAIN : TN_ETIMEDOUT;
}

enum tn_status tn_fence_wait_decide(const struct tn_queue *queue, uint64_t fence)
{
    enum tn_status status = tn_fence_take_decide(queue, fence);
    if (status != TN_EAGAIN)
        return status == TN_OK ? TN_ESTATE : TN_ESTALE;
    const struct tn_fence_record *record = &queue->record[tn_handle_slot(fence)];
    return record->waiters < queue->waiters_max ? TN_OK : TN_EEXHAUSTED;
}

void tn_fence_wait_commit(struct tn_queue *queue, uint64_t fence)
{
    TN_ASSERT(tn_fence_wait_decide(queue, fence) == TN_OK);
    queue->record[tn_handle_slot(fence)].waiters++;
}

bool tn_fence_wait_end(struct tn_queue *queue, uint64_t fence)
{
    if (!tn_queue_has(queue, fence))
        return false;
    struct tn_fence_record *record = &queue->record[tn_handle_slot(fence)];
    if (record->waiters > 0)
        record->waiters--;
    return true;
}
