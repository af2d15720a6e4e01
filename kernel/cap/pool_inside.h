/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of pools: what pool.c and pool_end.c share. See pool.h. */
#ifndef TENURE_KERNEL_CAP_POOL_INSIDE_H
#define TENURE_KERNEL_CAP_POOL_INSIDE_H

#include "cap/pool.h"

extern struct pool pools[POOLS_MAX];
extern struct tn_slots pool_slots; /* live: the pool at that index is */

/* A move that the core must allow. */
void pool_move(struct pool *pool, enum tn_pool_state to);
/* Pages for what core/ keeps of so many buffers. */
uint64_t pool_records(uint64_t buffers);
/* The pool's place in the domain of its device: a driver's ring memory is reached as long as it lives, a client's by
 * policy. NULL: no device. */
TN_MUST_CHECK enum tn_status pool_give_reach(struct pool *pool, struct device *device, uint64_t pages);
/* What was there ends here: nobody sees it after this (G5). At most as much as pool_is_small says. */
void pool_zero(uint64_t physical, uint64_t bytes);
bool pool_is_small(uint64_t bytes);
/* Zeroes all pages of the pool, which nobody reaches, and goes on with `then`: at once with a small pool, after some
 * ways out of the kernel with others (pool_zero.c). */
void pool_zero_then(struct pool *pool, void (*then)(struct pool *pool));
bool pool_is_being_zeroed(const struct pool *pool);
/* It is not to be zeroed any more: its pages are as their last owner left them, or zero. */
void pool_zero_stop(struct pool *pool);
/* Its memory is clean, or it never had another owner's: it goes back, and so does what was paid for it. Who waits for
 * that is answered. */
void pool_give_back(struct pool *pool);
/* Has there been evidence for its device since something of the pool went into quarantine? */
bool pool_is_silenced(const struct pool *pool);
void pool_refund(struct tn_ledger *ledger, uint64_t bytes, uint64_t buffers);

#endif
