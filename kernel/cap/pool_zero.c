/* SPDX-License-Identifier: Apache-2.0 */
/* Zeroing the pages of pools, in slices: a pool may have gigabytes, and nobody else is to wait for them. See
 * pool_inside.h. */
#include "cap/pool_inside.h"

#include <stddef.h>

#include "arch/x86_64/clock.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "proc/sched.h"

/* The largest buffer has as much, which is zeroed in one piece as well. */
enum { SLICE_BYTES = POOL_BUFFER_BYTES_MAX };

/* Of each pool: its pages from `next` on are still to be zeroed, and then it goes on so. NULL: nothing is to be done.
 */
static struct {
    uint64_t next;
    void (*then)(struct pool *pool);
} rest[POOLS_MAX];
static uint32_t waiting; /* pools with a rest */
static uint32_t turn;    /* the pool that is looked at first */
static uint64_t pause_end;

void pool_zero(uint64_t physical, uint64_t bytes)
{
#ifndef TN_TWIN /* negative twin: what the last owner wrote stays, and SELFTEST must say so */
    memset(phys_to_virt(physical), 0, bytes);
#else
    (void)physical;
    (void)bytes;
#endif
}

bool pool_is_small(uint64_t bytes)
{
    return bytes <= SLICE_BYTES;
}

void pool_zero_then(struct pool *pool, void (*then)(struct pool *pool))
{
    uint64_t bytes = pool_pages(pool) * PAGE_SIZE;
    if (pool_is_small(bytes)) {
        pool_zero(pool->physical, bytes);
        then(pool);
        return;
    }
    rest[pool - pools].next = 0;
    rest[pool - pools].then = then;
    waiting++;
    sched_work_due = true;
}

bool pool_is_being_zeroed(const struct pool *pool)
{
    return rest[pool - pools].then;
}

void pool_zero_stop(struct pool *pool)
{
    rest[pool - pools].then = NULL;
    waiting--;
}

bool pools_of_are_gone(const struct process *owner)
{
    for (uint32_t i = 0; waiting != 0 && i < POOLS_MAX; i++)
        if (rest[i].then && pools[i].owner == owner && pools[i].core.state == TN_POOL_INVALIDATED)
            return false;
    return true;
}

static void zero_slice(struct pool *pool)
{
    uint64_t left = pool_pages(pool) * PAGE_SIZE - rest[pool - pools].next;
    uint64_t bytes = left < SLICE_BYTES ? left : SLICE_BYTES;
    pool_zero(pool->physical + rest[pool - pools].next, bytes);
    rest[pool - pools].next += bytes;
    if (left != bytes)
        return;
    void (*then)(struct pool *) = rest[pool - pools].then;
    pool_zero_stop(pool);
    then(pool);
}

void pools_zero_go_on(void)
{
    if (waiting == 0)
        return;
    uint64_t begin = clock_now();
    if (begin >= pause_end) {
        while (!rest[turn].then)
            turn = (turn + 1) % POOLS_MAX;
        uint32_t now = turn;
        turn = (turn + 1) % POOLS_MAX;
        zero_slice(&pools[now]);
        uint64_t end = clock_now();
        pause_end = end + (end - begin); /* half of the processor is for the others */
        begin = end;
    }
    if (waiting != 0)
        sched_work_at(pause_end, begin);
}
