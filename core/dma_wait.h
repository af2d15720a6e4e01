/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fences: who waits for one, and until when. See dma.h for the whole; the annotations are contracts for the prover
 * (docs/proof.md).
 */
#ifndef TENURE_CORE_DMA_WAIT_H
#define TENURE_CORE_DMA_WAIT_H

#include "dma_take.h"

/* No deadline that one may wait for: every wait ends (G2). */
#define TN_WAIT_FOR_EVER UINT64_MAX

/* Should one wait for this fence? TN_OK: it has ended and its next buffer can be taken, so take it. TN_EAGAIN: wait.
 * TN_ETIMEDOUT: `now` has reached the deadline. TN_EINVAL: the deadline is TN_WAIT_FOR_EVER. TN_ESTALE: no such fence.
 * Times are the embedder's. */
/*@ requires tn_queue_shape(queue);
    requires tn_fence_is(queue, fence, TN_FENCE_ENDED) ==> tn_fence_next_home(queue, tn_slot_of(fence));
    assigns \nothing;
    ensures \result == TN_ESTALE <==> !tn_is_fence(queue, fence);
    ensures \result == TN_EINVAL <==> tn_is_fence(queue, fence) && deadline == TN_WAIT_FOR_EVER;
    ensures \result == TN_OK <==> tn_may_take(queue, fence) && deadline < TN_WAIT_FOR_EVER;
    ensures \result == TN_EAGAIN <==>
              tn_is_fence(queue, fence) && !tn_may_take(queue, fence) && now < deadline < TN_WAIT_FOR_EVER;
    ensures \result == TN_ETIMEDOUT <==> tn_is_fence(queue, fence) && !tn_may_take(queue, fence) &&
              deadline < TN_WAIT_FOR_EVER && deadline <= now; */
TN_MUST_CHECK enum tn_status tn_fence_poll(const struct tn_queue *queue, uint64_t fence, uint64_t now,
                                           uint64_t deadline);
/* One waiter more for a fence that cannot be taken yet: TN_ESTALE; TN_ESTATE (it can: nothing to wait for);
 * TN_EEXHAUSTED (it has waiters_max). Each ends with tn_fence_wait_end, before or after the fence has. */
/*@ requires tn_queue_shape(queue);
    requires tn_fence_is(queue, fence, TN_FENCE_ENDED) ==> tn_fence_next_home(queue, tn_slot_of(fence));
    assigns \nothing;
    ensures \result == TN_ESTALE <==> !tn_is_fence(queue, fence);
    ensures \result == TN_ESTATE <==> tn_may_take(queue, fence);
    ensures \result == TN_OK <==> tn_is_fence(queue, fence) && !tn_may_take(queue, fence) &&
              queue->record[tn_slot_of(fence)].waiters < queue->waiters_max; */
TN_MUST_CHECK enum tn_status tn_fence_wait_decide(const struct tn_queue *queue, uint64_t fence);
/*@ requires tn_queue_shape(queue) && tn_is_fence(queue, fence);
    requires queue->record[tn_slot_of(fence)].waiters < queue->waiters_max;
    assigns queue->record[tn_slot_of(fence)].waiters;
    ensures queue->record[tn_slot_of(fence)].waiters == \old(queue->record[tn_slot_of(fence)].waiters) + 1;
    ensures tn_is_fence(queue, fence) && queue->record[tn_slot_of(fence)].waiters <= queue->waiters_max; */
void tn_fence_wait_commit(struct tn_queue *queue, uint64_t fence);
/* False if the fence is gone: someone took it. */
/*@ requires tn_queue_shape(queue);
    assigns queue->record[tn_slot_of(fence)].waiters;
    ensures \result <==> tn_is_fence{Pre}(queue, fence);
    ensures \result && \old(queue->record[tn_slot_of(fence)].waiters) > 0 ==>
      queue->record[tn_slot_of(fence)].waiters == \old(queue->record[tn_slot_of(fence)].waiters) - 1;
    ensures !\result || \old(queue->record[tn_slot_of(fence)].waiters) == 0 ==>
      queue->record[tn_slot_of(fence)].waiters == \old(queue->record[tn_slot_of(fence)].waiters); */
bool tn_fence_wait_end(struct tn_queue *queue, uint64_t fence);

#endif
