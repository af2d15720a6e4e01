/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Setting up the core. The only file of these tests, with oracle.c, that knows how a table of it is made.
 */
#include "world.h"

#include <string.h>

#include "oracle.h"

struct world world;

void world_init_caps(uint32_t owner, uint64_t epoch, uint64_t generation_max)
{
    struct owner *o = &world.owner[owner];
    if (!tn_cap_table_init(&o->caps, o->cap_slot, o->cap, CAPS, epoch, generation_max))
        oracle_fail("owner %u: tn_cap_table_init refused", owner);
}

void world_init_pool(uint32_t owner, uint64_t epoch, uint64_t generation_max, uint32_t kind)
{
    struct owner *o = &world.owner[owner];
    bool sliced = kind == SLICED || kind == SLICED_AT_ONCE;
    const struct tn_pool_plan plan = {
        .mark = o->mark,
        .length = o->length,
        .stack = o->stack,
        .page_away = sliced ? o->page_away : NULL,
        .owner_epoch = epoch,
        .generation_max = generation_max,
        .count = BUFFERS,
        .buffer_bytes = BUFFER_BYTES,
        .buffers_per_page = sliced ? PER_PAGE : 1,
        .scrub = kind == SCRUBBED || kind == SLICED,
        .direct = kind == DIRECT,
    };
    if (!tn_pool_init(&o->pool, &plan))
        oracle_fail("owner %u: tn_pool_init refused", owner);
}

void world_init(const struct setting *setting)
{
    memset(&world, 0xa5, sizeof(world)); /* what each init leaves out is seen */
    for (uint32_t i = 0; i < OWNERS; i++) {
        struct owner *o = &world.owner[i];
        o->ledger = (struct tn_ledger){0};
        for (uint32_t charge = 0; charge < TN_CHARGE_COUNT; charge++)
            o->ledger.limit[charge] = 3;
        o->ledger.limit[TN_CHARGE_IN_FLIGHT] = setting->in_flight_limit;
        o->ledger.limit[TN_CHARGE_CAP_SLOTS] = setting->cap_slots_limit;
        world_init_caps(i, EPOCH_FIRST + i, setting->cap_generations);
        world_init_pool(i, EPOCH_FIRST + i, setting->buffer_generations, (setting->first_kind + i) % POOL_KINDS);
        if (!tn_ring_account_init(&o->ring, RING_ENTRIES, RING_ENTRIES))
            oracle_fail("owner %u: tn_ring_account_init refused", i);
        o->ring.sq_head = o->ring.cq_tail = setting->ring_start;
    }
    for (uint32_t i = 0; i < LINES; i++) {
        struct line *l = &world.line[i];
        const struct tn_queue_plan plan = {
            .slot = l->fence_slot,
            .record = l->fence,
            .part = l->part,
            .generation_max = setting->fence_generations,
            .depth = FENCES,
            .parts_max = setting->parts_max,
            .waiters_max = setting->waiters_max,
        };
        if (!tn_queue_init(&l->queue, &plan) || !tn_gather_init(&l->gather, l->gathered, GATHERED))
            oracle_fail("line %u: tn_queue_init or tn_gather_init refused", i);
        l->queue.next_ticket = setting->first_ticket;
    }
    struct routing *r = &world.routing;
    if (!tn_routes_init(&r->routes, r->slot, r->route, ROUTES, STORM))
        oracle_fail("tn_routes_init refused");
}
