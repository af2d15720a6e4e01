/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside core/: a fence by its name, and where the names of its buffers are kept.
 */
#ifndef TENURE_CORE_DMA_FIND_H
#define TENURE_CORE_DMA_FIND_H

#include "dma_queue.h"

/*@ requires tn_queue_shape(queue);
    assigns \nothing;
    ensures \result <==> tn_is_fence(queue, fence); */
static inline bool tn_queue_has(const struct tn_queue *queue, uint64_t fence)
{
    uint32_t slot = tn_handle_slot(fence);
    return slot < queue->slots.count && queue->slots.slot[slot].generation == tn_handle_generation(fence) &&
           queue->record[slot].state != TN_FENCE_FREE;
}

/* Where buffer `index` of a fence is kept. */
/*@ requires \valid_read(queue) && 0 <= slot * queue->parts_max + index < TN_HANDLE_SLOTS * TN_FENCE_PARTS_MAX;
    requires slot < TN_HANDLE_SLOTS;
    assigns \nothing;
    ensures \result == queue->part + (slot * queue->parts_max + index); */
static inline struct tn_buffer_name *tn_part_of(const struct tn_queue *queue, uint32_t slot, uint32_t index)
{
    return &queue->part[(uint64_t)slot * queue->parts_max + index];
}

#endif
