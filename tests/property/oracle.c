/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The naive lists and the log. What a decide must answer is in wants.c; holding the core against lists and log is
 * compare.c's subject; which operations run is left to operations.c.
 */
#include "oracle.h"

#include <string.h>

struct oracle oracle;
struct grant grant_log[LOG_MAX];
uint32_t grant_count;

void oracle_same(const char *what, uint64_t got, uint64_t want)
{
    if (got != want)
        oracle_fail("%s is %llu (0x%llx), must be %llu (0x%llx)", what, (unsigned long long)got,
                    (unsigned long long)got, (unsigned long long)want, (unsigned long long)want);
}

/* ---- free slots and generations ---- */

static void table_init(struct naive_table *table, uint32_t count, uint64_t max)
{
    *table = (struct naive_table){.life = ++oracle.lives, .count = count, .max = max, .free = count};
    for (uint32_t i = 0; i < count; i++)
        table->order[i] = i;
}

uint64_t naive_name(const struct naive_table *table, uint32_t slot)
{
    return tn_handle_make(slot, table->generation[slot]);
}

uint64_t naive_take(struct naive_table *table)
{
    uint32_t slot = table->order[0];
    table->free--;
    for (uint32_t i = 0; i < table->free; i++)
        table->order[i] = table->order[i + 1];
    table->live[slot] = true;
    table->generation[slot]++;
    return naive_name(table, slot);
}

uint64_t naive_advance(struct naive_table *table, uint32_t slot)
{
    table->generation[slot]++;
    return naive_name(table, slot);
}

void naive_give(struct naive_table *table, uint32_t slot)
{
    table->live[slot] = false;
    if (table->generation[slot] >= table->max)
        table->retired++;
    else
        table->order[table->free++] = slot;
}

uint32_t naive_find(const struct naive_table *table, uint64_t name)
{
    for (uint32_t slot = 0; slot < table->count; slot++)
        if (table->live[slot] && naive_name(table, slot) == name)
            return slot;
    return NOBODY;
}

/* ---- buffers ---- */

uint64_t key_of(struct tn_buffer_name name)
{
    return name.mark * TN_HANDLE_SLOTS + name.slot;
}

struct tn_buffer_name name_of(uint64_t key)
{
    return (struct tn_buffer_name){key / TN_HANDLE_SLOTS, key % TN_HANDLE_SLOTS};
}

struct tn_buffer_name naive_buffer_name(uint32_t owner, uint32_t slot)
{
    const struct naive_buffer *b = &oracle.owner[owner].pool.buffer[slot];
    return (struct tn_buffer_name){b->generation * 256 + b->state, slot};
}

bool naive_is_held(uint32_t state)
{
    return state != TN_BUFFER_FREE && state != TN_BUFFER_SCRUBBING && state != TN_BUFFER_RETIRED;
}

bool naive_is_away(uint32_t state)
{
    return state == TN_BUFFER_IN_FLIGHT || state == TN_BUFFER_ORPHAN || state == TN_BUFFER_QUARANTINED;
}

uint32_t naive_find_buffer(uint32_t owner, struct tn_buffer_name name)
{
    for (uint32_t slot = 0; slot < BUFFERS; slot++) {
        struct tn_buffer_name now = naive_buffer_name(owner, slot);
        if (now.mark == name.mark && slot == name.slot && naive_is_held(oracle.owner[owner].pool.buffer[slot].state))
            return slot;
    }
    return NOBODY;
}

void naive_move(uint32_t owner, uint32_t slot, uint32_t to)
{
    struct naive_pool *p = &oracle.owner[owner].pool;
    struct naive_buffer *b = &p->buffer[slot];
    if (naive_is_held(b->state))
        log_death(p->life, key_of(naive_buffer_name(owner, slot)));
    if (to <= b->state)
        b->generation++;
    b->state = to;
    b->direct = b->left = false;
    if (naive_is_held(to))
        log_grant(A_BUFFER, owner, p->life, key_of(naive_buffer_name(owner, slot)));
}

struct tn_buffer_name naive_alloc(uint32_t owner)
{
    struct naive_pool *p = &oracle.owner[owner].pool;
    uint32_t place = p->free - 1;
    while (want_page(owner, p->stack[place]) == TN_EQUARANTINED)
        place--;
    uint32_t slot = p->stack[place];
    p->stack[place] = p->stack[--p->free];
    naive_move(owner, slot, TN_BUFFER_CPU);
    return naive_buffer_name(owner, slot);
}

void naive_end(uint32_t owner, uint32_t slot)
{
    struct naive_pool *p = &oracle.owner[owner].pool;
    if (p->buffer[slot].generation >= p->max) {
        naive_move(owner, slot, TN_BUFFER_RETIRED);
        return;
    }
    naive_move(owner, slot, TN_BUFFER_FREE);
    p->stack[p->free++] = slot;
}

bool naive_travels(uint32_t owner)
{
    for (uint32_t line = 0; line < LINES; line++)
        for (uint32_t i = 0; i < FENCES; i++) {
            const struct naive_fence *f = &oracle.line[line].fence[i];
            if (f->state != TN_FENCE_FREE && f->pool == owner && f->taken < f->parts)
                return true;
        }
    return false;
}

uint32_t naive_length(const struct naive_fence *fence)
{
    uint32_t length = 0;
    for (uint32_t i = 0; i < fence->parts; i++)
        length += fence->part[i].length;
    return length;
}

/* ---- beginnings ---- */

void oracle_init_caps(uint32_t owner)
{
    struct naive_owner *o = &oracle.owner[owner];
    o->epoch = EPOCH_FIRST + oracle.epochs++;
    table_init(&o->caps, CAPS, oracle.setting.cap_generations);
    o->refused_lookups = 0;
}

void oracle_init_pool(uint32_t owner)
{
    struct naive_owner *o = &oracle.owner[owner];
    o->pool = (struct naive_pool){
        .life = ++oracle.lives,
        .kind = (oracle.setting.first_kind + owner) % POOL_KINDS,
        .state = TN_POOL_EMPTY,
        .max = oracle.setting.buffer_generations,
        .free = BUFFERS,
    };
    for (uint32_t i = 0; i < BUFFERS; i++) {
        o->pool.buffer[i] = (struct naive_buffer){.generation = 1, .state = TN_BUFFER_FREE};
        o->pool.stack[i] = BUFFERS - 1 - i; /* buffer 0 is the first to be taken */
    }
    o->pool_generation++;
}

void oracle_init(const struct setting *setting)
{
    memset(&oracle, 0, sizeof(oracle));
    grant_count = 0;
    oracle.setting = *setting;
    for (uint32_t i = 0; i < OWNERS; i++) {
        struct naive_owner *o = &oracle.owner[i];
        for (uint32_t charge = 0; charge < TN_CHARGE_COUNT; charge++)
            o->limit[charge] = 3;
        o->limit[TN_CHARGE_IN_FLIGHT] = setting->in_flight_limit;
        o->limit[TN_CHARGE_CAP_SLOTS] = setting->cap_slots_limit;
        oracle_init_caps(i);
        oracle_init_pool(i);
        o->put = o->consumed = o->posted = o->read = setting->ring_start;
    }
    for (uint32_t i = 0; i < LINES; i++) {
        table_init(&oracle.line[i].fences, FENCES, setting->fence_generations);
        oracle.line[i].next_ticket = setting->first_ticket;
    }
    table_init(&oracle.routes.table, ROUTES, TN_HANDLE_GENERATION_MAX);
    for (uint32_t i = 0; i < ROUTES; i++)
        oracle.routes.state[i] = TN_ROUTE_FREE;
}

/* ---- the log ---- */

void log_grant(enum granted what, uint32_t place, uint32_t life, uint64_t name)
{
    uint64_t generation = tn_handle_generation(name);
    if (name == TN_HANDLE_NONE || generation == 0)
        oracle_fail("a grant without a generation: 0x%llx", (unsigned long long)name);
    for (uint32_t i = 0; i < grant_count; i++) {
        const struct grant *g = &grant_log[i];
        if (g->life != life || tn_handle_slot(g->name) != tn_handle_slot(name))
            continue;
        if (!g->dead)
            oracle_fail("0x%llx is granted while 0x%llx of the same slot lives", (unsigned long long)name,
                        (unsigned long long)g->name);
        if (tn_handle_generation(g->name) >= generation)
            oracle_fail("0x%llx is granted after 0x%llx: the generations of a slot must grow", (unsigned long long)name,
                        (unsigned long long)g->name);
    }
    if (grant_count < LOG_MAX)
        grant_log[grant_count++] =
            (struct grant){.name = name, .life = life, .what = (uint8_t)what, .place = (uint8_t)place};
}

static struct grant *find(uint32_t life, uint64_t name)
{
    for (uint32_t i = grant_count; i-- > 0;)
        if (grant_log[i].life == life && grant_log[i].name == name && !grant_log[i].dead)
            return &grant_log[i];
    oracle_fail("0x%llx ends and is not in the log of what lives", (unsigned long long)name);
}

void log_death(uint32_t life, uint64_t name)
{
    find(life, name)->dead = 1;
}

void log_end(uint32_t life, uint64_t fence)
{
    struct grant *g = find(life, fence);
    if (++g->ends != 1)
        oracle_fail("fence 0x%llx ended %u times", (unsigned long long)fence, g->ends);
}
