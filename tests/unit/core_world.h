/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One of each thing that core/ knows, for the tests that give wrong arguments to all of it.
 */
#ifndef TENURE_TESTS_CORE_WORLD_H
#define TENURE_TESTS_CORE_WORLD_H

#include <core/cap.h>
#include <core/gather.h>
#include <core/ring.h>
#include <core/route.h>

#include "dma_world.h"

enum { CAPS = 4, GATHERED = 2, ROUTES = 3 };

/* One of each: a buffer in every state that has a name, a fence in every state, one entry of each kind. */
struct all {
    struct world w, direct, opened, slices;
    struct tn_cap_table caps;
    struct tn_slot cap_slot[CAPS];
    struct tn_cap cap[CAPS];
    struct tn_ring_account ring;
    struct tn_gather gather;
    struct tn_gathered gathered[GATHERED];
    struct tn_routes routes; /* 0: masked, 1: pending, 2: draining */
    struct tn_slot route_slot[ROUTES];
    struct tn_route route[ROUTES];
    struct tn_buffer_name cpu, gone;       /* a buffer, a stale buffer */
    struct tn_buffer_name d_cpu, d_flying; /* of the direct world, and of `opened` as well */
    uint64_t queued, ended, posted;        /* fences */
    uint64_t open;                         /* a fence of `opened` */
    uint64_t entry, stale;                 /* handles */
};

/* A pool that the direct path serves. */
static inline void prepare_direct(struct all *a)
{
    world_init_direct(&a->direct, 99);
    a->d_cpu = world_alloc(&a->direct);
    a->d_flying = tn_direct_submit_commit(&a->direct.pool, world_alloc(&a->direct), 100);
    (void)world_alloc(&a->direct);
}

/* An open fence, in a pool whose buffers have the names of the direct world. */
static inline void prepare_opened(struct all *a)
{
    world_init(&a->opened, 99);
    assert_memory_equal(&(struct tn_buffer_name[]){world_alloc(&a->opened)}, &a->d_cpu, sizeof(a->d_cpu));
    uint64_t flying = world_post(&a->opened, world_alloc(&a->opened));
    struct tn_buffer_name name = tn_queue_part(&a->opened.queue, tn_handle_slot(flying), 0);
    assert_memory_equal(&name, &a->d_flying, sizeof(name));
    a->open = world_open(&a->opened, world_alloc(&a->opened), 100);
}

/* Two slices to a page: one in flight beside the CPU's, one in quarantine beside the CPU's. */
static inline void prepare_slices(struct all *a)
{
    world_init_slices(&a->slices, 2);
    (void)world_post(&a->slices, world_alloc(&a->slices));
    (void)world_alloc(&a->slices);
    uint64_t lost = world_post(&a->slices, world_alloc(&a->slices));
    (void)world_alloc(&a->slices);
    world_end(&a->slices, lost, TN_EQUARANTINED);
    (void)world_take(&a->slices, lost);
}

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
    prepare_direct(a);
    prepare_opened(a);
    prepare_slices(a);
    assert_true(tn_cap_table_init(&a->caps, a->cap_slot, a->cap, CAPS, WORLD_EPOCH, 99));
    struct tn_cap_grant grant = {TN_KIND_DMA_BUFFER, TN_RIGHT_READ, 0, 5, tn_buffer_pack(a->cpu)};
    a->entry = tn_cap_insert_commit(&a->caps, &grant);
    a->stale = tn_cap_insert_commit(&a->caps, &grant);
    tn_cap_remove_commit(&a->caps, &a->cap[tn_handle_slot(a->stale)]);
    assert_true(tn_ring_account_init(&a->ring, 8, 8));
    tn_ring_reserve_commit(&a->ring, 2);
    assert_true(tn_gather_init(&a->gather, a->gathered, GATHERED));
    for (uint64_t i = 0; i < GATHERED; i++) /* full, and a flush has begun for the first */
        if (tn_gather_add_commit(&a->gather, i + 1), i == 0)
            (void)tn_gather_flush_begin(&a->gather);
    (void)tn_ring_post_commit(&a->ring);
    assert_true(tn_routes_init(&a->routes, a->route_slot, a->route, ROUTES, 9));
    for (uint32_t i = 0; i < ROUTES; i++)
        assert_int_equal(tn_route_bind_commit(&a->routes), i);
    tn_route_arm_commit(&a->routes, 1);
    (void)tn_route_arrive(&a->routes, 1);
    tn_route_revoke_commit(&a->routes, 2);
}

#endif
