/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that are not the caller's, moves of pools; and capability entries, charges and rings by themselves.
 */
#include "operations.h"
#include "oracle.h"

/* ---- buffers and pools ---- */

void op_use(const struct step *s)
{
    struct tn_buffer_name name = buffer_from_log(s);
    const struct tn_pool *pool = &world.owner[s->owner].pool;
    uint32_t to = s->pick >> 4;
    told("tn_buffer_{use,depart,arrive,home}_decide(&owner[%u].pool, {0x%llx, %llu}, …, %u);", s->owner,
         (unsigned long long)name.mark, (unsigned long long)name.slot, to);
    oracle_same("tn_buffer_use_decide", tn_buffer_use_decide(pool, name), want_use(s->owner, name));
    oracle_same("tn_buffer_release_decide", tn_buffer_release_decide(pool, name), want_release(s->owner, name));
    oracle_same("tn_buffer_depart_decide", tn_buffer_depart_decide(pool, name, length_of(s)),
                want_depart(s->owner, name, length_of(s)));
    oracle_same("tn_buffer_arrive_decide", tn_buffer_arrive_decide(pool, name, (enum tn_buffer_state)to),
                want_arrive(s->owner, name, to));
    oracle_same("tn_buffer_home_decide", tn_buffer_home_decide(pool, name), want_home(s->owner, name));
    oracle_same("tn_direct_submit_decide", tn_direct_submit_decide(pool, name, length_of(s)),
                want_direct_submit(s->owner, name, length_of(s)));
    oracle_same("tn_direct_release_decide", tn_direct_release_decide(pool, name), want_direct_release(s->owner, name));
}

void move_pool(uint32_t owner, uint32_t to)
{
    struct world before = world;
    enum tn_status want = want_pool_move(owner, to),
                   status = tn_pool_move(&world.owner[owner].pool, (enum tn_pool_state)to);
    told("tn_pool_move(&owner[%u].pool, %s); /* %u */", owner, tn_pool_state_name(to), status);
    oracle_same("tn_pool_move", status, want);
    if (status == TN_OK) {
        may_change_owner(owner);
        struct tn_pool *pool = &before.owner[owner].pool;
        pool->state = to;
        pool->open = to == TN_POOL_MAPPED;
        pool->direct_open = pool->open ? pool->direct : 0;
        oracle.owner[owner].pool.state = to;
    }
    if (__builtin_memcmp(&before, &world, sizeof(world)) != 0)
        oracle_fail("tn_pool_move changed more than the state");
}

void op_pool_move(const struct step *s)
{
    static const uint8_t after[TN_POOL_STATES] = {TN_POOL_RESERVED, TN_POOL_COMMITTED,   TN_POOL_MAPPED,
                                                  TN_POOL_REVOKING, TN_POOL_INVALIDATED, TN_POOL_SCRUBBED,
                                                  TN_POOL_EMPTY,    TN_POOL_EMPTY};
    uint32_t state = oracle.owner[s->owner].pool.state;
    if (s->pick >= 0xe0) {
        move_pool(s->owner, s->pick % (TN_POOL_STATES + 2u));
    } else if (state == TN_POOL_EMPTY && s->pick >= 0xc0 && !naive_travels(s->owner)) { /* it becomes another pool */
        may_change_owner(s->owner);
        told("tn_pool_init(&owner[%u].pool, …);", s->owner);
        oracle_init_pool(s->owner);
        world_init_pool(s->owner, oracle.owner[s->owner].epoch, oracle.setting.buffer_generations,
                        oracle.owner[s->owner].pool.kind);
    } else if (state == TN_POOL_QUARANTINED && s->pick & 1) { /* there is one way out */
        move_pool(s->owner, s->pick / 2 % TN_POOL_STATES);
    } else if (state == TN_POOL_REVOKING && s->pick & 1) {
        move_pool(s->owner, TN_POOL_QUARANTINED);
    } else if (state != TN_POOL_MAPPED || s->pick >= 0x80) {
        move_pool(s->owner, after[state]);
    }
}

void op_submit_raw(const struct step *s)
{
    static const uint32_t directions[] = {TN_TO_DEVICE, TN_NO_DATA,   TN_FROM_DEVICE, 3,
                                          UINT32_MAX,   TN_TO_DEVICE, TN_TO_DEVICE};
    static const uint32_t lengths[] = {1, 0, BUFFER_BYTES, BUFFER_BYTES + 1, UINT32_MAX};
    uint32_t how = s->pick >> 4;
    const struct want_submission w = {
        .line = s->line,
        .client = how == 15 ? NOBODY : s->owner,
        .pool = how >= 13 ? NOBODY : s->owner,
        .buffer = buffer_from_log(s),
        .length = lengths[(s->twist >> 4) % 5],
        .direction = directions[how % 7],
        .more = how % 2 == 0,
    };
    struct owner *o = &world.owner[s->owner];
    const struct tn_submission core = {w.pool == NOBODY ? NULL : &o->pool,
                                       w.buffer,
                                       w.client == NOBODY ? NULL : &o->ledger,
                                       w.length,
                                       w.direction,
                                       w.more};
    enum tn_status status = tn_submit_decide(&world.line[s->line].queue, &core);
    told("tn_submit_decide(&line[%u].queue, {%s, {0x%llx, %llu}, %s, length %u, direction %u}); /* %u */", s->line,
         core.pool ? "pool" : "NULL", (unsigned long long)w.buffer.mark, (unsigned long long)w.buffer.slot,
         core.ledger ? "ledger" : "NULL", w.length, w.direction, status);
    oracle_same("tn_submit_decide", status, want_submit(&w));
}

/* ---- capability entries by themselves ---- */

void op_grant(const struct step *s)
{
    static const uint32_t kinds[] = {TN_KIND_DEVICE, TN_KIND_CHANNEL, TN_KIND_DMA_POOL, TN_KIND_INTERRUPT};
    struct naive_owner *n = &oracle.owner[s->owner];
    struct tn_cap_table *table = &world.owner[s->owner].caps;
    enum tn_status status = tn_cap_insert_decide(table);
    oracle_same("tn_cap_insert_decide", status, n->caps.free > 0 ? TN_OK : TN_EEXHAUSTED);
    if (status != TN_OK || want_charge(s->owner, TN_CHARGE_CAP_SLOTS, 1) != TN_OK)
        return;
    charge(s->owner, TN_CHARGE_CAP_SLOTS, 1);
    const struct tn_cap_grant grant = {(enum tn_kind)kinds[s->pick % 4], s->pick >> 4 & 7, s->pick, s->twist % 4,
                                       s->twist};
    uint64_t handle = tn_cap_insert_commit(table, &grant);
    told("tn_cap_insert_commit(&owner[%u].caps, {kind %u, rights %u}); /* 0x%llx */", s->owner, grant.kind,
         grant.rights, (unsigned long long)handle);
    oracle_same("the new handle", handle, naive_take(&n->caps));
    n->cap[tn_handle_slot(handle)] =
        (struct naive_cap){grant.kind, grant.rights, grant.object, grant.object_generation, grant.detail};
    log_grant(A_HANDLE, s->owner, n->caps.life, handle);
}

void op_lookup(const struct step *s)
{
    struct owner *o = &world.owner[s->owner];
    uint64_t handle = name_from_log(A_HANDLE, s->owner, s);
    uint32_t kind = s->pick >> 4, rights = s->twist >> 4 & 7;
    struct tn_cap *cap = &o->cap[CAPS - 1] + 1;
    enum tn_status status = tn_cap_lookup(&o->caps, handle, (enum tn_kind)kind, rights, &cap);
    told("tn_cap_lookup(&owner[%u].caps, 0x%llx, %u, %u, &cap); /* %u */", s->owner, (unsigned long long)handle, kind,
         rights, status);
    oracle_same("tn_cap_lookup", status, want_lookup(s->owner, handle, kind, rights));
    oracle_same("the entry found", (uint64_t)(cap - o->cap), status == TN_OK ? tn_handle_slot(handle) : CAPS);
    if (status == TN_OK)
        return;
    counts_refusal(&o->caps.refused);
    oracle.owner[s->owner].refused_lookups++;
}

static uint32_t live_entry(const struct step *s)
{
    for (uint32_t i = 0; i < CAPS; i++)
        if (oracle.owner[s->owner].caps.live[(s->pick + i) % CAPS])
            return (s->pick + i) % CAPS;
    return NOBODY;
}

void op_check(const struct step *s)
{
    struct owner *o = &world.owner[s->owner];
    struct naive_owner *n = &oracle.owner[s->owner];
    uint32_t slot = live_entry(s);
    if (slot == NOBODY)
        return;
    struct tn_identity id = {n->cap[slot].object_generation, n->epoch};
    if (s->twist >> 4 < 4)
        id.generation += s->twist >> 4 & 1 ? UINT64_MAX : 1;
    else if (s->twist >> 4 < 8)
        id.owner_epoch += s->twist >> 4 & 1 ? UINT64_MAX : 1;
    enum tn_status status = tn_cap_check(&o->caps, &o->cap[slot], &id);
    told("tn_cap_check(&owner[%u].caps, &entry[%u], {%llu, %llu}); /* %u */", s->owner, slot,
         (unsigned long long)id.generation, (unsigned long long)id.owner_epoch, status);
    oracle_same("tn_cap_check", status, want_check(s->owner, slot, &id));
    if (status == TN_OK)
        return;
    counts_refusal(&o->caps.refused);
    n->refused_lookups++;
}

void op_remove(const struct step *s)
{
    uint32_t slot = live_entry(s);
    if (slot == NOBODY)
        return;
    uint32_t kind = oracle.owner[s->owner].cap[slot].kind;
    if (kind == TN_KIND_DMA_BUFFER || kind == TN_KIND_FENCE)
        return;
    told("tn_cap_remove_commit(&owner[%u].caps, &entry[%u]);", s->owner, slot);
    end_entry(s->owner, slot);
}

/* ---- ledgers and rings by themselves ---- */

void op_charge(const struct step *s)
{
    static const uint32_t charges[] = {TN_CHARGE_POOL_BYTES, TN_CHARGE_BUFFERS, TN_CHARGE_CHANNELS, TN_CHARGE_COUNT,
                                       UINT32_MAX};
    static const uint64_t amounts[] = {1, 2, 3, 4, 0, UINT64_MAX, UINT64_MAX - 1};
    struct tn_ledger *ledger = &world.owner[s->owner].ledger;
    struct naive_owner *n = &oracle.owner[s->owner];
    uint32_t kind = charges[s->pick % 5];
    if (s->twist < 0x40) {
        if (kind < TN_CHARGE_COUNT && n->used[kind] > 0)
            refund(s->owner, kind, 1 + s->twist % n->used[kind]);
        return;
    }
    uint64_t amount = amounts[(s->pick >> 4) % 7];
    enum tn_status want = want_charge(s->owner, kind, amount);
    enum tn_status status = tn_ledger_charge(ledger, (enum tn_charge)kind, amount);
    told("tn_ledger_charge(&owner[%u].ledger, %u, %llu); /* %u */", s->owner, kind, (unsigned long long)amount, status);
    oracle_same("tn_ledger_charge", status, want);
    if (status == TN_OK) {
        may_change_owner(s->owner);
        n->used[kind] += amount;
    } else if (kind < TN_CHARGE_COUNT) {
        counts_refusal(&ledger->refused[kind]);
        n->refused[kind]++;
    }
}

static void ring_take_in(const struct step *s, struct tn_ring_account *ring, struct naive_owner *n)
{
    uint32_t tail = (uint32_t)n->put + s->twist % 12, pending = 77;
    uint64_t count = n->put + s->twist % 12 - n->consumed;
    enum tn_status status = tn_ring_pending(ring, tail, &pending);
    told("tn_ring_pending(&owner[%u].ring, %u, &pending); /* %u */", s->owner, tail, status);
    oracle_same("tn_ring_pending", status, count <= RING_ENTRIES ? TN_OK : TN_EINVAL);
    oracle_same("pending entries", pending, status == TN_OK ? count : 77);
    if (status != TN_OK)
        return;
    n->put += s->twist % 12;
    for (uint64_t i = 0; i < count && i < s->pick / 16u; i++) {
        may_change_owner(s->owner);
        oracle_same("the entry to copy", tn_ring_consume_commit(ring), n->consumed++ % RING_ENTRIES);
    }
}

static void ring_promise(const struct step *s, struct tn_ring_account *ring, struct naive_owner *n)
{
    bool honest = s->twist & 0x40;
    uint32_t head = (uint32_t)n->read, count = s->pick / 16u;
    if (!honest)
        head += (uint32_t)(s->twist & 0x20 ? UINT32_MAX : 1) * (s->twist % 16u);
    if (s->pick == UINT8_MAX)
        count = UINT32_MAX;
    enum tn_status status = tn_ring_reserve_decide(ring, head, count);
    told("tn_ring_reserve_decide(&owner[%u].ring, %u, %u); /* %u */", s->owner, head, count, status);
    oracle_same("tn_ring_reserve_decide", status, want_reserve(s->owner, head, count));
    if (status != TN_OK || !honest)
        return;
    may_change_owner(s->owner);
    tn_ring_reserve_commit(ring, count);
    n->promised += count;
}

void op_ring(const struct step *s)
{
    struct tn_ring_account *ring = &world.owner[s->owner].ring;
    struct naive_owner *n = &oracle.owner[s->owner];
    switch (s->pick % 8) {
    case 0:
    case 1:
        ring_promise(s, ring, n);
        break;
    case 2:
        ring_take_in(s, ring, n);
        break;
    case 3: /* the process reads */
        if (n->read < n->posted)
            n->read++;
        break;
    case 4: /* … all */
        n->read = n->posted;
        break;
    case 5:
        if (n->promised == 0)
            break;
        may_change_owner(s->owner);
        told("tn_ring_unreserve_commit(&owner[%u].ring, 1);", s->owner);
        tn_ring_unreserve_commit(ring, 1);
        n->promised--;
        break;
    default:
        if (n->promised == 0)
            break;
        may_change_owner(s->owner);
        told("tn_ring_post_commit(&owner[%u].ring);", s->owner);
        oracle_same("the completion to write", tn_ring_post_commit(ring), n->posted++ % RING_ENTRIES);
        n->promised--;
        break;
    }
}
