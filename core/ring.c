/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counting for one ring pair. Copying entries, ordering and memory belong to the embedder; the indices that the process
 * wrote come in as arguments, so that each is read from shared memory exactly once, by the caller.
 */
#include "ring.h"

#include <tenure/abi/ring.h>

#include "bug.h"

/* Indices run freely over 32 bits. The compiler makes one addition of each of these two; written so, no step of them
 * wraps. */
#define INDICES UINT64_C(0x100000000)

/*@ assigns \nothing;
    ensures \result == tn_ring_distance(from, to); */
static uint32_t distance(uint32_t from, uint32_t to)
{
    return (uint32_t)((to + INDICES - from) % INDICES);
}

/*@ assigns \nothing;
    ensures tn_ring_distance(index, \result) == 1; */
static uint32_t following(uint32_t index)
{
    return (uint32_t)((index + UINT64_C(1)) % INDICES);
}

/* Where an index lies in a queue: sizes divide 2^32, so that this is right across the wrap. */
/*@ requires tn_ring_size(entries);
    assigns \nothing;
    ensures \result == index % entries && \result < entries; */
static uint32_t place(uint32_t index, uint32_t entries)
{
    return index % entries;
}

/*@ assigns \nothing;
    ensures \result <==> tn_ring_size(entries); */
static bool valid_size(uint32_t entries)
{
    /*@ loop invariant tn_ring_size(size) || size == 2 * TN_RING_ENTRIES_MAX;
        loop invariant tn_ring_size(entries) ==> size <= entries;
        loop assigns size;
        loop variant TN_RING_ENTRIES_MAX * 2 - size; */
    for (uint32_t size = TN_RING_ENTRIES_MIN; size <= TN_RING_ENTRIES_MAX; size *= 2)
        if (size == entries)
            return true;
    return false;
}

bool tn_ring_account_init(struct tn_ring_account *ring, uint32_t sq_entries, uint32_t cq_entries)
{
    if (!valid_size(sq_entries) || !valid_size(cq_entries))
        return false;
    ring->sq_entries = sq_entries;
    ring->cq_entries = cq_entries;
    ring->sq_head = 0;
    ring->cq_tail = 0;
    ring->reserved = 0;
    return true;
}

enum tn_status tn_ring_pending(const struct tn_ring_account *ring, uint32_t sq_tail, uint32_t *pending)
{
    uint32_t count = distance(ring->sq_head, sq_tail);
    if (count > ring->sq_entries)
        return TN_EINVAL;
    *pending = count;
    return TN_OK;
}

uint32_t tn_ring_consume_commit(struct tn_ring_account *ring)
{
    uint32_t index = place(ring->sq_head, ring->sq_entries);
    ring->sq_head = following(ring->sq_head);
    return index;
}

uint32_t tn_ring_unread(const struct tn_ring_account *ring, uint32_t cq_head)
{
    uint32_t unread = distance(cq_head, ring->cq_tail);
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
    TN_ASSERT(n <= ring->cq_entries - ring->reserved);
#endif
    ring->reserved += n;
}

void tn_ring_unreserve_commit(struct tn_ring_account *ring, uint32_t n)
{
    TN_ASSERT(n <= ring->reserved);
    ring->reserved -= n;
}

uint32_t tn_ring_post_commit(struct tn_ring_account *ring)
{
    TN_ASSERT(ring->reserved > 0);
    uint32_t index = place(ring->cq_tail, ring->cq_entries);
    ring->reserved--;
    ring->cq_tail = following(ring->cq_tail);
    return index;
}
