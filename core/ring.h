/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accounting of one ring pair on the kernel's side: how much may be read and posted, whatever the process wrote into
 * its indices. Completion space is reserved before it is needed, so a completion queue cannot overflow (G6).
 */
#ifndef TENURE_CORE_RING_H
#define TENURE_CORE_RING_H

#include <stdbool.h>
#include <stdint.h>

#include <tenure/abi/status.h>

struct tn_ring_account {
    uint32_t sq_entries; /* powers of two */
    uint32_t cq_entries;
    uint32_t sq_head;  /* next entry to read; free-running */
    uint32_t cq_tail;  /* next completion to write; free-running */
    uint32_t reserved; /* completions promised and not yet posted */
};

/*@ predicate tn_ring_size(integer n) = n == 8 || n == 16 || n == 32 || n == 64 || n == 128 || n == 256 || n == 512 || n == 1024;
    logic integer tn_ring_distance(integer from, integer to) = to >= from ? to - from : to - from + 4294967296;
    // Unread completions by the head the process wrote; one that makes no sense counts as "full".
    logic integer tn_ring_taken{L}(struct tn_ring_account *r, integer head) =
      \min(tn_ring_distance(head, r->cq_tail), r->cq_entries);
    predicate tn_ring_ok{L}(struct tn_ring_account *r) =
      \valid(r) && tn_ring_size(r->sq_entries) && tn_ring_size(r->cq_entries) && r->reserved <= r->cq_entries;
    predicate tn_ring_room{L}(struct tn_ring_account *r, integer head, integer n) =
      tn_ring_taken(r, head) + r->reserved + n <= r->cq_entries;
    // A completion queue cannot overflow: what was promised still fits after any post, and stays with the same head.
    lemma tn_ring_post_fits{L1, L2}: \forall struct tn_ring_account *r, integer head;
      tn_ring_ok{L1}(r) && tn_ring_room{L1}(r, head, 0) && \at(r->reserved, L1) > 0 && 0 <= head < 4294967296 &&
      \at(r->cq_entries, L2) == \at(r->cq_entries, L1) && \at(r->reserved, L2) == \at(r->reserved, L1) - 1 &&
      0 <= \at(r->cq_tail, L1) < 4294967296 && 0 <= \at(r->cq_tail, L2) < 4294967296 &&
      tn_ring_distance(\at(r->cq_tail, L1), \at(r->cq_tail, L2)) == 1 ==>
      tn_ring_room{L2}(r, head, 0) && tn_ring_taken{L2}(r, head) == tn_ring_taken{L1}(r, head) + 1; */

/* False unless both sizes are powers of two within TN_RING_ENTRIES_MIN to TN_RING_ENTRIES_MAX. */
/*@ requires \valid(ring);
    behavior good:
      assumes tn_ring_size(sq_entries) && tn_ring_size(cq_entries);
      assigns *ring;
      ensures \result && tn_ring_ok(ring) && ring->sq_head == 0 && ring->cq_tail == 0 && ring->reserved == 0;
      ensures ring->sq_entries == sq_entries && ring->cq_entries == cq_entries;
    behavior bad:
      assumes !tn_ring_size(sq_entries) || !tn_ring_size(cq_entries);
      assigns \nothing;
      ensures !\result;
    complete behaviors;
    disjoint behaviors; */
bool tn_ring_account_init(struct tn_ring_account *ring, uint32_t sq_entries, uint32_t cq_entries);

/* How many entries the process has put in, by the tail it wrote; TN_EINVAL if that is more than the queue holds. */
/*@ requires tn_ring_ok(ring) && \valid(pending) && \separated(ring, pending);
    behavior honest:
      assumes tn_ring_distance(ring->sq_head, sq_tail) <= ring->sq_entries;
      assigns *pending;
      ensures \result == TN_OK && *pending == tn_ring_distance(ring->sq_head, sq_tail) && *pending <= ring->sq_entries;
    behavior lie:
      assumes tn_ring_distance(ring->sq_head, sq_tail) > ring->sq_entries;
      assigns \nothing;
      ensures \result == TN_EINVAL;
    complete behaviors;
    disjoint behaviors; */
TN_MUST_CHECK enum tn_status tn_ring_pending(const struct tn_ring_account *ring, uint32_t sq_tail, uint32_t *pending);
/* The index (masked) of the next entry to copy; only after tn_ring_pending said that there is one. */
/*@ requires tn_ring_ok(ring);
    assigns ring->sq_head;
    ensures tn_ring_ok(ring) && \result < ring->sq_entries && \result == \old(ring->sq_head) % ring->sq_entries;
    ensures tn_ring_distance(\old(ring->sq_head), ring->sq_head) == 1; */
uint32_t tn_ring_consume_commit(struct tn_ring_account *ring);
/* Unread completions by the head the process wrote. A head that makes no sense counts as "full". */
/*@ requires tn_ring_ok(ring);
    assigns \nothing;
    ensures \result == tn_ring_taken(ring, cq_head) && \result <= ring->cq_entries; */
uint32_t tn_ring_unread(const struct tn_ring_account *ring, uint32_t cq_head);
/* TN_OK or TN_EAGAIN: room for n more completions, counting unread and reserved ones? */
/*@ requires tn_ring_ok(ring);
    assigns \nothing;
    ensures \result == TN_OK || \result == TN_EAGAIN;
    ensures \result == TN_OK <==> tn_ring_room(ring, cq_head, n); */
TN_MUST_CHECK enum tn_status tn_ring_reserve_decide(const struct tn_ring_account *ring, uint32_t cq_head, uint32_t n);
/*@ requires tn_ring_ok(ring) && ring->reserved + n <= ring->cq_entries;
    assigns ring->reserved;
    ensures tn_ring_ok(ring) && ring->reserved == \old(ring->reserved) + n; */
void tn_ring_reserve_commit(struct tn_ring_account *ring, uint32_t n);
/* Gives n reservations back unused. */
/*@ requires tn_ring_ok(ring) && n <= ring->reserved;
    assigns ring->reserved;
    ensures tn_ring_ok(ring) && ring->reserved == \old(ring->reserved) - n; */
void tn_ring_unreserve_commit(struct tn_ring_account *ring, uint32_t n);
/* Uses one reservation: the index (masked) of the completion to write. */
/*@ requires tn_ring_ok(ring) && ring->reserved > 0;
    assigns ring->reserved, ring->cq_tail;
    ensures tn_ring_ok(ring) && ring->reserved == \old(ring->reserved) - 1;
    ensures \result < ring->cq_entries && \result == \old(ring->cq_tail) % ring->cq_entries;
    ensures tn_ring_distance(\old(ring->cq_tail), ring->cq_tail) == 1; */
uint32_t tn_ring_post_commit(struct tn_ring_account *ring);

#endif
