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

void world_init_pool(uint32_t owner, uint64_t epoch, uint64_t generation_max)
{
    struct owner *o = &world.owner[owner];
    const struct tn_pool_plan plan = {
        .slot = o->buffer_slot,
        .record = o->buffer,
        .ledger = &o->ledger,
        .owner_epoch = epoch,
        .generation_max = generation_max,
        .count = BUFFERS,
        .buffer_bytes = BUFFER_BYTES,
    };
    if (!tn_pool_init(&o->pool, &plan))
        oracle_fail("owner %u: tn_pool_init refused", owner);
}

void world_init(const struct setting *setting)
{
    memset(&world, 0, sizeof(world));
    for (uint32_t i = 0; i < OWNERS; i++) {
        struct owner *o = &world.owner[i];
        for (uint32_t charge = 0; charge < TN_CHARGE_COUNT; charge++)
            o->ledger.limit[charge] = 3;
        o->ledger.limit[TN_CHARGE_BUFFERS] = setting->buffers_limit;
        o->ledger.limit[TN_CHARGE_IN_FLIGHT] = setting->in_flight_limit;
        o->ledger.limit[TN_CHARGE_CAP_SLOTS] = setting->cap_slots_limit;
        world_init_caps(i, EPOCH_FIRST + i, setting->cap_generations);
        world_init_pool(i, EPOCH_FIRST + i, setting->buffer_generations);
        if (!tn_ring_account_init(&o->ring, RING_ENTRIES, RING_ENTRIES))
            oracle_fail("owner %u: tn_ring_account_init refused", i);
        o->ring.sq_head = o->ring.cq_tail = setting->ring_start;
    }
    for (uint32_t i = 0; i < LINES; i++) {
        struct line *l = &world.line[i];
        if (!tn_queue_init(&l->queue, l->fence_slot, l->fence, FENCES, setting->fence_generations))
            oracle_fail("line %u: tn_queue_init refused", i);
        l->queue.next_ticket = setting->first_ticket;
    }
}
