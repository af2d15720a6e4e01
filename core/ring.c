/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counting for one ring pair. Copying entries, ordering and memory belong to the embedder; the indices that the process
 * wrote come in as arguments, so that each is read from shared memory exactly once, by the caller.
 */
#include "ring.h"

#include <tenure/abi/ring.h>

#include "bug.h"

static bool valid_size(uint32_t entries)
{
    return entries >= TN_RING_ENTRIES_MIN && entries <= TN_RING_ENTRIES_MAX && (entries & (entries - 1)) == 0;
}

bool tn_ring_account_init(struct tn_ring_account *ring, uint32_t sq_entries, uint32_t cq_entries)
{
    if (!valid_size(sq_entries) || !valid_size(cq_entries))
        return false;
    *ring = (struct tn_ring_account){.sq_entries = sq_entries, .cq_entries = cq_entries};
    return true;
}

enum tn_status tn_ring_pending(const struct tn_ring_account *ring, uint32_t sq_tail, uint32_t *pending)
{
    uint32_t count = sq_tail - ring->sq_head; /* free-running: the difference is right across the wrap at 2^32 */
    if (count > ring->sq_entries)
        return TN_EINVAL;
    *pending = count;
    return TN_OK;
}

uint32_t tn_ring_consume_commit(struct tn_ring_account *ring)
{
    return ring->sq_head++ & (ring->sq_entries - 1);
}

uint32_t tn_ring_unread(const struct tn_ring_account *ring, uint32_t cq_head)
{
    uint32_t unread = ring->cq_tail - cq_head;
    return unread > ring->cq_entries ? ring->cq_entries : unread;
}

enum tn_status tn_ring_reserve_decide(const struct tn_ring_account *ring, uint32_t cq_head, uint32_t n)
{
#ifdef TN_TWIN_RESERVE
    uint32_t taken = tn_ring_unread(ring, cq_head); /* negative twin: promises are forgotten */
#else
    uint32_t taken = tn_ring_unread(ring, cq_head) + ring->reserved;
#endif
    /* Both terms are at most cq_entries (1,024), so the sum is exact. It can exceed cq_entries when the process moves
     * its head backwards after a promise: then there is no room, and only that process's own entries are at stake. */
    if (taken > ring->cq_entries || n > ring->cq_entries - taken)
        return TN_EAGAIN;
    return TN_OK;
}

void tn_ring_reserve_commit(struct tn_ring_account *ring, uint32_t n)
{
#ifndef TN_TWIN_RESERVE
    TN_BUG_IF(n > ring->cq_entries - ring->reserved);
#endif
    ring->reserved += n;
}

void tn_ring_unreserve_commit(struct tn_ring_account *ring, uint32_t n)
{
    TN_BUG_IF(n > ring->reserved);
    ring->reserved -= n;
}

uint32_t tn_ring_post_commit(struct tn_ring_account *ring)
{
    TN_BUG_IF(ring->reserved == 0);
    ring->reserved--;
    return ring->cq_tail++ & (ring->cq_entries - 1);
}
