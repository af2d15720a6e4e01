/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside core/ only: the two functions that move buffers and fences from state to state. Each checks the machine's
 * table and keeps the counts per state. tn_pool_move, public, is the third.
 */
#ifndef TENURE_CORE_STATE_H
#define TENURE_CORE_STATE_H

#include "dma.h"

/* `slot` must be below the table's count; a move that the table does not have traps. */
void tn_buffer_move(struct tn_pool *pool, uint32_t slot, enum tn_buffer_state to);
void tn_fence_move(struct tn_queue *queue, uint32_t slot, enum tn_fence_state to);

static inline struct tn_buffer *tn_buffer_at(const struct tn_pool *pool, uint32_t slot)
{
    return (struct tn_buffer *)(void *)tn_slots_at(&pool->slots, slot);
}

static inline struct tn_fence_record *tn_fence_at(const struct tn_queue *queue, uint32_t slot)
{
    return (struct tn_fence_record *)(void *)tn_slots_at(&queue->slots, slot);
}

#endif
