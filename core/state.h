/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside core/ only: the two functions that move buffers and fences from state to state. Each checks the machine's
 * table and keeps the counts per state. tn_pool_move, public, is the third.
 */
#ifndef TENURE_CORE_STATE_H
#define TENURE_CORE_STATE_H

#include "dma.h"

/* `slot` must be below the table's count, and the machine's table must have the move. */
/*@ requires tn_pool_shape(pool) && tn_buffer_counts(pool) && slot < pool->slots.count;
    requires tn_buffer_moves(pool->record[slot].state, to);
    assigns pool->in_state[0 .. TN_BUFFER_STATES - 1], pool->record[slot].state;
    ensures tn_buffer_counts(pool);
    ensures pool->record[slot].state == to;
    ensures tn_slots_same{Pre, Post}(&pool->slots); */
void tn_buffer_move(struct tn_pool *pool, uint32_t slot, enum tn_buffer_state to);
/*@ requires tn_queue_shape(queue) && tn_fence_counts(queue) && slot < queue->slots.count;
    requires tn_fence_moves(queue->record[slot].state, to);
    assigns queue->in_state[0 .. TN_FENCE_STATES - 1], queue->record[slot].state;
    ensures tn_fence_counts(queue);
    ensures queue->record[slot].state == to;
    ensures tn_slots_same{Pre, Post}(&queue->slots); */
void tn_fence_move(struct tn_queue *queue, uint32_t slot, enum tn_fence_state to);

#endif
