/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What core/ refuses in every state of the world: numbers that are no states, plans of what cannot be, and slots beyond
 * a table. None of it touches the world.
 */
#include "operations.h"
#include "oracle.h"

#include <core/machine.h>
#include <string.h>

static const struct {
    bool (*may_move)(uint32_t from, uint32_t to);
    uint32_t states;
} machines[] = {
    {tn_pool_may_move, TN_POOL_STATES},   {tn_buffer_may_move, TN_BUFFER_STATES},
    {tn_fence_may_move, TN_FENCE_STATES}, {tn_device_may_move, TN_DEVICE_STATES},
    {tn_mmio_may_move, TN_MMIO_STATES},   {tn_route_may_move, TN_ROUTE_STATES},
};

static uint32_t near_the_end(uint32_t states, uint8_t bits)
{
    return bits == 15 ? UINT32_MAX : states - 4 + bits;
}

static void refuse_states(const struct step *s)
{
    const uint32_t machine = s->pick / 4 % (sizeof(machines) / sizeof(machines[0]));
    const uint32_t states = machines[machine].states;
    const uint32_t from = near_the_end(states, s->twist & 15), to = near_the_end(states, s->twist >> 4);
    if (from < states && to < states)
        return;
    told("machine %u: may_move(%u, %u);", machine, from, to);
    oracle_same("a move of what is no state", machines[machine].may_move(from, to), false);
}

/* What is made of a bad plan: nothing, and what it would be made in stays as it was. Large enough for what a core that
 * accepts the plan would write. */
static struct made {
    struct tn_slots slots;
    struct tn_cap_table caps;
    struct tn_pool pool;
    struct tn_queue queue;
    struct tn_routes routes;
    struct tn_gather gather;
    struct tn_cap cap[TABLE_MAX];
    uint64_t mark[TABLE_MAX];
    uint32_t length[TABLE_MAX];
    uint32_t stack[TABLE_MAX];
    uint16_t page_away[TABLE_MAX];
    struct tn_fence_record record[TABLE_MAX];
    struct tn_buffer_name part[TABLE_MAX * (TN_FENCE_PARTS_MAX + 1)];
    struct tn_route route[TABLE_MAX];
    struct tn_gathered gathered[TABLE_MAX];
} made, made_before;
static struct tn_slot slot[TN_HANDLE_SLOTS + 1];

static bool make_pool(uint32_t wrong)
{
    struct tn_pool_plan plan = {
        .mark = made.mark,
        .length = made.length,
        .stack = made.stack,
        .page_away = NULL,
        .owner_epoch = 1,
        .generation_max = 1,
        .count = TABLE_MAX,
        .buffer_bytes = BUFFER_BYTES,
        .buffers_per_page = 1,
    };
    switch (wrong % 8) {
    case 0:
        plan.mark = NULL;
        break;
    case 1:
        plan.owner_epoch = 0;
        break;
    case 2:
        plan.count = 0;
        break;
    case 3:
        plan.generation_max = TN_BUFFER_GENERATION_MAX + 1;
        break;
    case 4:
        plan.buffer_bytes = (UINT32_C(1) << 31) + 1;
        break;
    case 5:
        plan.buffers_per_page = PER_PAGE; /* and no pages */
        break;
    case 6:
        plan.direct = plan.scrub = true;
        break;
    default:
        plan.page_away = made.page_away; /* and no slices */
        break;
    }
    return tn_pool_init(&made.pool, &plan);
}

static bool make_queue(uint32_t wrong)
{
    struct tn_queue_plan plan = {
        .slot = slot,
        .record = made.record,
        .part = made.part,
        .generation_max = 1,
        .depth = TABLE_MAX,
        .parts_max = PARTS,
    };
    switch (wrong % 6) {
    case 0:
        plan.record = NULL;
        break;
    case 1:
        plan.generation_max = 0;
        break;
    case 2:
        plan.depth = 0;
        break;
    case 3:
        plan.parts_max = 0;
        break;
    case 4:
        plan.parts_max = TN_FENCE_PARTS_MAX + 1;
        break;
    default:
        plan.waiters_max = UINT16_MAX + 1;
        break;
    }
    return tn_queue_init(&made.queue, &plan);
}

static bool make_table(uint32_t wrong)
{
    static const struct {
        uint32_t count;
        uint64_t generation_max;
    } plan[] = {{0, 1}, {TN_HANDLE_SLOTS + 1, 1}, {1, 0}, {1, TN_HANDLE_GENERATION_MAX + 1}, {1, UINT64_MAX}};
    wrong %= sizeof(plan) / sizeof(plan[0]);
    return tn_slots_init(&made.slots, slot, plan[wrong].count, plan[wrong].generation_max);
}

static bool make_another(uint32_t wrong)
{
    switch (wrong % 5) {
    case 0:
        return tn_cap_table_init(&made.caps, slot, made.cap, TABLE_MAX, 0, 1);
    case 1:
        return tn_cap_table_init(&made.caps, slot, NULL, TABLE_MAX, 1, 1);
    case 2:
        return tn_routes_init(&made.routes, slot, made.route, TABLE_MAX, 0);
    case 3:
        return tn_routes_init(&made.routes, slot, NULL, TABLE_MAX, STORM);
    default:
        return tn_gather_init(&made.gather, made.gathered, 0);
    }
}

static void refuse_plans(const struct step *s)
{
    static bool (*const make[])(uint32_t) = {make_pool, make_queue, make_table, make_another};
    const uint32_t what = s->pick >> 2 & 3;
    memset(&made, 0xa5, sizeof(made));
    made_before = made;
    told("an object of kind %u, its plan wrong in way %u;", what, s->twist);
    oracle_same("it is made", make[what](s->twist), false);
    oracle_same("it is as it was", memcmp(&made, &made_before, sizeof(made)) == 0, true);
}

/* A table that ends before slots of a larger one, whose names are good there. */
static void refuse_slots(const struct step *s)
{
    struct tn_slots slots;
    const uint32_t count = 1 + s->twist % (TABLE_MAX - 1);
    oracle_same("tn_slots_init", tn_slots_init(&slots, slot, TABLE_MAX, 2), true);
    for (uint32_t i = 0; i < TABLE_MAX; i++)
        (void)tn_slots_take(&slots);
    slots.count = count;
    told("tn_slots_names(&slots, %u, 1); /* of %u */", count, count);
    oracle_same("a name beyond the table", tn_slots_names(&slots, count, slot[count].generation), false);
}

void op_refuse(const struct step *s)
{
    switch (s->pick & 3) {
    case 0:
        refuse_plans(s);
        break;
    case 1:
        refuse_slots(s);
        break;
    default:
        refuse_states(s);
        break;
    }
}
