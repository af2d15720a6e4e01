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

/* False unless both sizes are powers of two within TN_RING_ENTRIES_MIN to TN_RING_ENTRIES_MAX. */
bool tn_ring_account_init(struct tn_ring_account *ring, uint32_t sq_entries, uint32_t cq_entries);

/* How many entries the process has put in, by the tail it wrote; TN_EINVAL if that is more than the queue holds. */
TN_MUST_CHECK enum tn_status tn_ring_pending(const struct tn_ring_account *ring, uint32_t sq_tail, uint32_t *pending);
/* The index (masked) of the next entry to copy; only after tn_ring_pending said that there is one. */
uint32_t tn_ring_consume_commit(struct tn_ring_account *ring);
/* Unread completions by the head the process wrote. A head that makes no sense counts as "full". */
uint32_t tn_ring_unread(const struct tn_ring_account *ring, uint32_t cq_head);
/* TN_OK or TN_EAGAIN: room for n more completions, counting unread and reserved ones? */
TN_MUST_CHECK enum tn_status tn_ring_reserve_decide(const struct tn_ring_account *ring, uint32_t cq_head, uint32_t n);
void tn_ring_reserve_commit(struct tn_ring_account *ring, uint32_t n);
/* Gives n reservations back unused. */
void tn_ring_unreserve_commit(struct tn_ring_account *ring, uint32_t n);
/* Uses one reservation: the index (masked) of the completion to write. */
uint32_t tn_ring_post_commit(struct tn_ring_account *ring);

#endif
