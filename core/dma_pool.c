/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pools, and buffers while the CPU owns them. Buffers in flight are dma_queue.c's subject; memory, mappings and the
 * scrubbing itself are the embedder's.
 */
#include "dma.h"

#include "bug.h"
#include "state.h"

bool tn_pool_init(struct tn_pool *pool, struct tn_buffer *records, uint32_t count, uint32_t buffer_bytes,
                  uint64_t owner_epoch, struct tn_ledger *ledger, uint64_t generation_max)
{
    if (buffer_bytes == 0 || buffer_bytes > UINT32_C(1) << 31 || owner_epoch == 0 || ledger == NULL)
        return false;
    struct tn_slots slots;
    if (!tn_slots_init(&slots, records, sizeof(*records), count, generation_max))
        return false;
    *pool = (struct tn_pool){
        .slots = slots,
        .owner_epoch = owner_epoch,
        .ledger = ledger,
        .buffer_bytes = buffer_bytes,
        .state = TN_POOL_EMPTY,
        .in_state = {[TN_BUFFER_FREE] = count},
    };
    return true;
}

/* What the buffers of a pool must look like before it enters a state. */
static bool buffers_allow(const struct tn_pool *pool, enum tn_pool_state to)
{
    switch (to) {
    case TN_POOL_INVALIDATED: /* the device's reach has ended for every buffer */
        return pool->in_state[TN_BUFFER_IN_FLIGHT] == 0 && pool->in_state[TN_BUFFER_ORPHAN] == 0 &&
               pool->in_state[TN_BUFFER_QUARANTINED] == 0;
    case TN_POOL_SCRUBBED:
        return pool->in_state[TN_BUFFER_FREE] == pool->slots.count;
    default:
        return true;
    }
}

enum tn_status tn_pool_move(struct tn_pool *pool, enum tn_pool_state to)
{
    if (!tn_pool_may_move(pool->state, (uint32_t)to))
        return TN_ESTATE;
#ifndef TN_TWIN_REVOKE /* negative twin: a pool is taken from under its buffers */
    if (!buffers_allow(pool, to))
        return TN_ESTATE;
#else
    (void)buffers_allow;
#endif
    pool->state = (uint32_t)to;
    return TN_OK;
}

enum tn_status tn_buffer_alloc_decide(const struct tn_pool *pool, uint64_t length)
{
    if (pool->state != TN_POOL_MAPPED)
        return TN_ESTATE;
    if (length == 0 || length > pool->buffer_bytes)
        return TN_ERANGE;
    enum tn_status status = tn_ledger_decide(pool->ledger, TN_CHARGE_BUFFERS, 1);
    if (status != TN_OK)
        return status;
    return pool->slots.free > 0 ? TN_OK : TN_EEXHAUSTED;
}

uint64_t tn_buffer_alloc_commit(struct tn_pool *pool, uint32_t length)
{
    TN_BUG_IF(pool->state != TN_POOL_MAPPED || length == 0 || length > pool->buffer_bytes);
    tn_ledger_commit(pool->ledger, TN_CHARGE_BUFFERS, 1);
    uint32_t slot = tn_slots_take(&pool->slots);
    tn_buffer_move(pool, slot, TN_BUFFER_CPU);
    struct tn_buffer *buffer = tn_buffer_at(pool, slot);
    buffer->length = length;
    buffer->direction = TN_NO_DATA;
    return tn_handle_make(slot, buffer->slot.generation);
}

/* A buffer that is being scrubbed keeps its slot and has no name any more: nobody may hold it. */
static bool has_name(const struct tn_pool *pool, uint32_t slot)
{
    const struct tn_buffer *buffer = tn_buffer_at(pool, slot);
    return buffer->slot.live && buffer->state != TN_BUFFER_SCRUBBING;
}

uint64_t tn_buffer_name(const struct tn_pool *pool, uint32_t slot)
{
    if (slot >= pool->slots.count || !has_name(pool, slot))
        return TN_HANDLE_NONE;
    return tn_handle_make(slot, tn_buffer_at(pool, slot)->slot.generation);
}

enum tn_status tn_buffer_use_decide(const struct tn_pool *pool, uint64_t name)
{
    uint32_t slot = tn_handle_slot(name);
    if (!tn_slots_names(&pool->slots, slot, tn_handle_generation(name)) || !has_name(pool, slot))
        return TN_ESTALE;
    return tn_buffer_at(pool, slot)->state == TN_BUFFER_CPU ? TN_OK : TN_ESTATE;
}

void tn_buffer_release_commit(struct tn_pool *pool, uint64_t name)
{
    TN_BUG_IF(tn_buffer_use_decide(pool, name) != TN_OK);
    tn_buffer_move(pool, tn_handle_slot(name), TN_BUFFER_SCRUBBING);
#ifdef TN_TWIN_SCRUB /* negative twin: free at once, whatever is still in the memory */
    tn_buffer_scrubbed_commit(pool, tn_handle_slot(name));
#endif
}

void tn_buffer_scrubbed_commit(struct tn_pool *pool, uint32_t slot)
{
    TN_BUG_IF(slot >= pool->slots.count);
    tn_buffer_move(pool, slot, TN_BUFFER_FREE);
    struct tn_buffer *buffer = tn_buffer_at(pool, slot);
    buffer->length = 0;
    buffer->direction = TN_NO_DATA;
    tn_slots_give(&pool->slots, slot);
    tn_ledger_refund(pool->ledger, TN_CHARGE_BUFFERS, 1);
}
