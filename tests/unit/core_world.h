/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One of each thing that core/ knows, for the tests that give wrong arguments to all of it.
 */
#ifndef TENURE_TESTS_CORE_WORLD_H
#define TENURE_TESTS_CORE_WORLD_H

#include <core/cap.h>
#include <core/ring.h>

#include "dma_world.h"

enum { CAPS = 4 };

/* One of each: a buffer in every state that has a name, a fence in every state, one entry of each kind. */
struct all {
    struct world w;
    struct tn_cap_table caps;
    struct tn_slot cap_slot[CAPS];
    struct tn_cap cap[CAPS];
    struct tn_ring_account ring;
    uint64_t cpu, gone, queued, ended, posted; /* names: a buffer, a stale buffer, fences */
    uint64_t entry, stale;                     /* handles */
};

static inline void prepare(struct all *a)
{
    memset(a, 0, sizeof(*a));
    world_init(&a->w, 99);
    a->gone = world_alloc(&a->w);
    a->ended = world_post(&a->w, a->gone);
    world_complete(&a->w, a->ended);
    a->posted = world_post(&a->w, world_alloc(&a->w));
    a->queued = world_submit(&a->w, world_alloc(&a->w));
    a->cpu = world_alloc(&a->w);
    assert_true(tn_cap_table_init(&a->caps, a->cap_slot, a->cap, CAPS, WORLD_EPOCH, 99));
    struct tn_cap_grant grant = {TN_KIND_DMA_BUFFER, TN_RIGHT_READ, 0, 5, a->cpu};
    a->entry = tn_cap_insert_commit(&a->caps, &grant);
    a->stale = tn_cap_insert_commit(&a->caps, &grant);
    tn_cap_remove_commit(&a->caps, &a->cap[tn_handle_slot(a->stale)]);
    assert_true(tn_ring_account_init(&a->ring, 8, 8));
    tn_ring_reserve_commit(&a->ring, 2);
    (void)tn_ring_post_commit(&a->ring);
}

#endif
