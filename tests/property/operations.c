/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop: bytes to steps, and the comparison after each. The operations are in op_*.c.
 */
#include "operations.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "oracle.h"

static struct world before;
static uint32_t owners_touched, lines_touched;
static bool routes_touched;
static bool telling;

struct operation {
    const char *name;
    void (*run)(const struct step *step);
    uint32_t weight;
};

/* The way of a buffer comes often; what only looks comes now and then. The weights add up to 128. */
static const struct operation operations[] = {
    {"alloc", op_alloc, 11},
    {"submit", op_submit, 12},
    {"add", op_add, 5},
    {"close", op_close, 4},
    {"post", op_post, 12},
    {"complete", op_complete, 12},
    {"take", op_take, 13},
    {"release", op_release, 7},
    {"scrubbed", op_scrubbed, 4},
    {"pool_move", op_pool_move, 6},
    {"end", op_end, 4},
    {"orphan", op_orphan, 2},
    {"submit_raw", op_submit_raw, 3},
    {"use", op_use, 3},
    {"die", op_die, 1},
    {"poll", op_poll, 2},
    {"wait", op_wait, 3},
    {"direct_submit", op_direct_submit, 5},
    {"direct_complete", op_direct_complete, 5},
    {"direct_release", op_direct_release, 2},
    {"grant", op_grant, 1},
    {"lookup", op_lookup, 2},
    {"check", op_check, 1},
    {"remove", op_remove, 1},
    {"charge", op_charge, 1},
    {"ring", op_ring, 3},
    {"gather", op_gather, 3},
};

/* Apart from the rest, and with bytes of their own: from `weight` on. */
static const struct operation apart[] = {
    {"route", op_route, 240},
    {"gather", op_gather, 224},
    {"refuse", op_refuse, 220},
};

static const struct operation *operation_of(uint8_t byte)
{
    for (uint32_t i = 0; i < sizeof(apart) / sizeof(apart[0]); i++)
        if (byte >= apart[i].weight)
            return &apart[i];
    uint32_t place = byte % 128;
    const struct operation *o = operations;
    while (place >= o->weight)
        place -= o++->weight;
    return o;
}

static struct setting setting_of(const uint8_t b[SETTING_BYTES])
{
    return (struct setting){
        .cap_generations = 8 - b[0] % 8,
        .buffer_generations = 6 - b[1] % 6,
        .fence_generations = 6 - b[2] % 6,
        .parts_max = PARTS - b[3] % PARTS,
        .in_flight_limit = 3 - b[4] % 4,
        .cap_slots_limit = 4 - b[5] % 4,
        .first_ticket = b[6] & 0x80 ? UINT64_MAX - b[6] % 8 : 1,
        .ring_start = b[7] & 0x80 ? UINT32_MAX - b[7] % 8 : 0,
        .first_kind = b[8] % POOL_KINDS,
        .waiters_max = 2 - b[9] % 3,
    };
}

void may_change_owner(uint32_t owner)
{
    owners_touched |= 1u << owner;
}

void may_change_line(uint32_t line)
{
    lines_touched |= 1u << line;
}

void may_change_routes(void)
{
    routes_touched = true;
}

void counts_refusal(uint64_t *counter)
{
    ++*(uint64_t *)(void *)((uint8_t *)&before + ((uint8_t *)counter - (uint8_t *)&world));
}

void told(const char *format, ...)
{
    if (!telling)
        return;
    va_list arguments;
    va_start(arguments, format);
    fputs("    ", stdout);
    vprintf(format, arguments);
    putchar('\n');
    fflush(stdout);
    va_end(arguments);
}

static void compare_frame(const char *name)
{
    for (uint32_t i = 0; i < OWNERS; i++)
        if (!(owners_touched >> i & 1) && memcmp(&before.owner[i], &world.owner[i], sizeof(before.owner[i])) != 0)
            oracle_fail("%s changed bits of owner %u, where it may not", name, i);
    for (uint32_t i = 0; i < LINES; i++)
        if (!(lines_touched >> i & 1) && memcmp(&before.line[i], &world.line[i], sizeof(before.line[i])) != 0)
            oracle_fail("%s changed bits of line %u, where it may not", name, i);
    if (!routes_touched && memcmp(&before.routing, &world.routing, sizeof(before.routing)) != 0)
        oracle_fail("%s changed bits of the routes, where it may not", name);
}

uint64_t twisted(uint64_t name, uint8_t twist)
{
    switch (twist % 16) {
    case 0:
        return TN_HANDLE_NONE;
    case 1:
        return name + (UINT64_C(1) << TN_HANDLE_SLOT_BITS);
    case 2:
        return name - (UINT64_C(1) << TN_HANDLE_SLOT_BITS);
    case 3:
        return name ^ 1;
    case 4:
        return name | TN_HANDLE_SLOT_MASK;
    case 5:
        return name ^ UINT64_C(1) << 63;
    default:
        return name;
    }
}

uint64_t name_from_log(uint32_t what, uint32_t place, const struct step *s)
{
    uint32_t wanted = s->pick % 16, seen = 0;
    uint64_t name = TN_HANDLE_NONE;
    for (uint32_t i = grant_count; i-- > 0 && seen <= wanted;)
        if (grant_log[i].what == what && grant_log[i].place == place)
            name = grant_log[i].name, seen++;
    return s->twist % 16 < 6 ? twisted(name, s->twist) : name;
}

struct tn_buffer_name buffer_from_log(const struct step *s)
{
    return name_of(name_from_log(A_BUFFER, s->owner, s));
}

uint32_t length_of(const struct step *s)
{
    static const uint32_t odd[] = {0, 1, BUFFER_BYTES + 1, UINT32_MAX};
    if (s->twist >> 4 < 4)
        return odd[s->twist >> 4];
    return s->pick & 0x80 ? 100 : BUFFER_BYTES;
}

void operations_run(const uint8_t *bytes, size_t size, bool tell)
{
    uint8_t first[SETTING_BYTES] = {0};
    memcpy(first, bytes, size < sizeof(first) ? size : sizeof(first));
    struct setting setting = setting_of(first);
    telling = tell;
    told("generations: %llu of entries, %llu of buffers, %llu of fences; limits: %llu in flight, %llu entries; %u "
         "buffers and %u waiters a fence; pool kinds from %u; first ticket %llu; ring at %u",
         (unsigned long long)setting.cap_generations, (unsigned long long)setting.buffer_generations,
         (unsigned long long)setting.fence_generations, (unsigned long long)setting.in_flight_limit,
         (unsigned long long)setting.cap_slots_limit, setting.parts_max, setting.waiters_max, setting.first_kind,
         (unsigned long long)setting.first_ticket, setting.ring_start);
    oracle_init(&setting);
    world_init(&setting);
    for (uint32_t i = 0; i < OWNERS; i++) { /* as far as an embedder takes a pool at once */
        for (uint32_t to = TN_POOL_RESERVED; to <= TN_POOL_MAPPED; to++)
            oracle_same("a move of a new pool", tn_pool_move(&world.owner[i].pool, (enum tn_pool_state)to), TN_OK);
        oracle.owner[i].pool.state = TN_POOL_MAPPED;
    }
    oracle_compare(ALL, ALL);
    size_t steps = size < SETTING_BYTES ? 0 : (size - SETTING_BYTES) / STEP_BYTES;
    for (size_t i = 0; i < steps && i < STEPS_MAX; i++) {
        const uint8_t *b = &bytes[SETTING_BYTES + i * STEP_BYTES];
        const struct step step = {
            .owner = b[1] % 4 % OWNERS, .line = b[1] / 4 % LINES, .pick = b[2], .twist = (uint8_t)~b[3]};
        const struct operation *o = operation_of(b[0]);
        before = world;
        owners_touched = lines_touched = 0;
        routes_touched = false;
        o->run(&step);
        compare_frame(o->name);
        oracle_compare(owners_touched, lines_touched); /* the others are what they were, bit by bit */
        if (routes_touched)
            oracle_compare_routes();
        if (i % 8 == 7)
            oracle_check_log();
    }
    oracle_compare(ALL, ALL);
    oracle_check_log();
    end_everything();
    oracle_compare(ALL, ALL);
    oracle_check_log();
}
