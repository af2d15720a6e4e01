/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of pools: what pool.c and pool_end.c share. See pool.h. */
#ifndef TENURE_KERNEL_CAP_POOL_INSIDE_H
#define TENURE_KERNEL_CAP_POOL_INSIDE_H

#include "cap/pool.h"

extern struct pool pools[POOLS_MAX];
extern struct tn_slots pool_slots; /* live: the pool at that index is */

/* A move that the core must allow. */
void pool_move(struct pool *pool, enum tn_pool_state to);
/* Payload ends here: nobody after this sees it (G5). */
void pool_scrub(uint64_t physical, uint64_t bytes);
/* Has there been evidence for its device since something of the pool went into quarantine? */
bool pool_is_silenced(const struct pool *pool);
void pool_refund(struct tn_ledger *ledger, uint64_t bytes, uint64_t buffers);

#endif
