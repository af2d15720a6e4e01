/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The naive lists and the log. Holding the core against them is compare.c's subject; which operations run is left to
 * operations.c.
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
    table_init(&o->buffers, BUFFERS, oracle.setting.buffer_generations);
    memset(o->buffer, 0, sizeof(o->buffer));
    o->pool_generation++;
    o->pool_state = TN_POOL_EMPTY;
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
        o->limit[TN_CHARGE_BUFFERS] = setting->buffers_limit;
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
}

/* ---- what each decide must answer ---- */

enum tn_status want_charge(uint32_t owner, uint32_t charge, uint64_t amount)
{
    const struct naive_owner *o = &oracle.owner[owner];
    if (charge >= TN_CHARGE_COUNT)
        return TN_EBUDGET;
    return amount <= o->limit[charge] && o->used[charge] <= o->limit[charge] - amount ? TN_OK : TN_EBUDGET;
}

enum tn_status want_lookup(uint32_t owner, uint64_t handle, uint32_t kind, uint32_t rights)
{
    const struct naive_owner *o = &oracle.owner[owner];
    uint32_t slot = naive_find(&o->caps, handle);
    if (slot == NOBODY)
        return TN_ESTALE;
    if (o->cap[slot].kind != kind)
        return TN_EKIND;
    return (rights & ~o->cap[slot].rights) == 0 ? TN_OK : TN_EDENIED;
}

enum tn_status want_check(uint32_t owner, uint32_t cap, const struct tn_identity *id)
{
    const struct naive_owner *o = &oracle.owner[owner];
    if (id->generation == 0 || id->generation != o->cap[cap].object_generation || id->owner_epoch != o->epoch)
        return TN_ESTALE;
    return TN_OK;
}

enum tn_status want_turn(uint32_t owner, uint32_t cap)
{
    const struct naive_table *t = &oracle.owner[owner].caps;
    return t->generation[cap] + 2 <= t->max ? TN_OK : TN_ERETIRED;
}

enum tn_status want_alloc(uint32_t owner, uint64_t length)
{
    const struct naive_owner *o = &oracle.owner[owner];
    if (o->pool_state != TN_POOL_MAPPED)
        return TN_ESTATE;
    if (length < 1 || length > BUFFER_BYTES)
        return TN_ERANGE;
    if (want_charge(owner, TN_CHARGE_BUFFERS, 1) != TN_OK)
        return TN_EBUDGET;
    return o->buffers.free > 0 ? TN_OK : TN_EEXHAUSTED;
}

enum tn_status want_use(uint32_t owner, uint64_t name)
{
    const struct naive_owner *o = &oracle.owner[owner];
    uint32_t slot = naive_find(&o->buffers, name);
    if (slot == NOBODY || o->buffer[slot].state == TN_BUFFER_SCRUBBING)
        return TN_ESTALE;
    return o->buffer[slot].state == TN_BUFFER_CPU ? TN_OK : TN_ESTATE;
}

static enum tn_status want_buffer(const struct want_submission *s)
{
    const struct naive_owner *o = &oracle.owner[s->pool];
    enum tn_status status = want_use(s->pool, s->buffer);
    if (status != TN_OK)
        return status;
    uint32_t slot = naive_find(&o->buffers, s->buffer);
    if (o->pool_state != TN_POOL_MAPPED)
        return TN_ESTATE;
    if (s->length == 0 || s->length > o->buffer[slot].length)
        return TN_ERANGE;
    return o->buffers.generation[slot] + 2 <= o->buffers.max ? TN_OK : TN_ERETIRED;
}

enum tn_status want_submit(const struct want_submission *s)
{
    const struct naive_line *l = &oracle.line[s->line];
    bool data = s->direction == TN_TO_DEVICE || s->direction == TN_FROM_DEVICE;
    if (s->client == NOBODY || data != (s->pool != NOBODY) || s->direction > TN_FROM_DEVICE)
        return TN_EINVAL;
    if (s->pool == NOBODY && s->length != 0)
        return TN_ERANGE;
    enum tn_status status = s->pool == NOBODY ? TN_OK : want_buffer(s);
    if (status != TN_OK)
        return status;
    if (l->next_ticket == UINT64_MAX || l->fences.retired == FENCES)
        return TN_ERETIRED;
    if (want_charge(s->client, TN_CHARGE_IN_FLIGHT, 1) != TN_OK)
        return TN_EBUDGET;
    return l->fences.free > 0 ? TN_OK : TN_EAGAIN;
}

enum tn_status want_complete(uint32_t line, const struct tn_completion *c)
{
    const struct naive_line *l = &oracle.line[line];
    uint32_t slot = naive_find(&l->fences, c->fence);
    if (slot == NOBODY || l->fence[slot].state != TN_FENCE_POSTED || l->fence[slot].ticket != c->ticket)
        return TN_ESTALE;
    switch (c->status) {
    case TN_OK:
    case TN_EIO:
    case TN_EREADONLY:
    case TN_ENOTSUP:
    case TN_EINVAL:
    case TN_ERANGE:
        return c->used <= l->fence[slot].length ? TN_OK : TN_EPROTOCOL;
    default:
        return TN_EPROTOCOL;
    }
}

enum tn_status want_end(uint32_t line, uint64_t fence, uint32_t status)
{
    const struct naive_line *l = &oracle.line[line];
    uint32_t slot = naive_find(&l->fences, fence);
    if (slot == NOBODY)
        return TN_ESTALE;
    if (l->fence[slot].state == TN_FENCE_ENDED)
        return TN_ESTATE;
    return status == TN_EABORTED || status == TN_EQUARANTINED ? TN_OK : TN_EINVAL;
}

enum tn_status want_orphan(uint32_t line, uint64_t fence)
{
    const struct naive_line *l = &oracle.line[line];
    uint32_t slot = naive_find(&l->fences, fence);
    if (slot == NOBODY)
        return TN_ESTALE;
    return l->fence[slot].state == TN_FENCE_ENDED || l->fence[slot].orphan ? TN_ESTATE : TN_OK;
}

enum tn_status want_take(uint32_t line, uint64_t fence)
{
    const struct naive_line *l = &oracle.line[line];
    uint32_t slot = naive_find(&l->fences, fence);
    if (slot == NOBODY)
        return TN_ESTALE;
    return l->fence[slot].state == TN_FENCE_ENDED ? TN_OK : TN_EAGAIN;
}

static uint32_t buffers_in(const struct naive_owner *o, uint32_t state)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < BUFFERS; i++)
        n += o->buffer[i].state == state;
    return n;
}

enum tn_status want_pool_move(uint32_t owner, uint32_t to)
{
    static const uint8_t moves[][2] = {
        {TN_POOL_EMPTY, TN_POOL_RESERVED},       {TN_POOL_RESERVED, TN_POOL_COMMITTED},
        {TN_POOL_RESERVED, TN_POOL_EMPTY},       {TN_POOL_COMMITTED, TN_POOL_MAPPED},
        {TN_POOL_COMMITTED, TN_POOL_REVOKING},   {TN_POOL_MAPPED, TN_POOL_REVOKING},
        {TN_POOL_REVOKING, TN_POOL_INVALIDATED}, {TN_POOL_REVOKING, TN_POOL_QUARANTINED},
        {TN_POOL_INVALIDATED, TN_POOL_SCRUBBED}, {TN_POOL_SCRUBBED, TN_POOL_EMPTY},
    };
    const struct naive_owner *o = &oracle.owner[owner];
    bool known = false;
    for (uint32_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++)
        known = known || (moves[i][0] == o->pool_state && moves[i][1] == to);
    if (!known)
        return TN_ESTATE;
    if (to == TN_POOL_INVALIDATED &&
        buffers_in(o, TN_BUFFER_IN_FLIGHT) + buffers_in(o, TN_BUFFER_ORPHAN) + buffers_in(o, TN_BUFFER_QUARANTINED) !=
            0)
        return TN_ESTATE;
    if (to == TN_POOL_SCRUBBED && buffers_in(o, TN_BUFFER_FREE) != BUFFERS)
        return TN_ESTATE;
    return TN_OK;
}

enum tn_status want_reserve(uint32_t owner, uint32_t head, uint32_t n)
{
    const struct naive_owner *o = &oracle.owner[owner];
    uint64_t unread = (uint32_t)o->posted - head;
    if (unread > RING_ENTRIES)
        unread = RING_ENTRIES;
    return unread + o->promised + n <= RING_ENTRIES ? TN_OK : TN_EAGAIN;
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
