/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each decide must answer, worked out from the naive lists.
 */
#include "oracle.h"

/* ---- budgets and capabilities ---- */

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

enum tn_status want_alloc(uint32_t owner)
{
    const struct naive_pool *p = &oracle.owner[owner].pool;
    uint32_t gone = 0;
    for (uint32_t i = 0; i < BUFFERS; i++)
        gone += p->buffer[i].state == TN_BUFFER_RETIRED || p->buffer[i].state == TN_BUFFER_QUARANTINED;
    if (p->state != TN_POOL_MAPPED)
        return TN_ESTATE;
    for (uint32_t i = 0; i < p->free; i++)
        if (want_page(owner, p->stack[i]) != TN_EQUARANTINED) /* what is free on a lost page is given to nobody */
            return TN_OK;
    return gone == BUFFERS ? TN_ERETIRED : TN_EEXHAUSTED;
}

/* ---- buffers ---- */

enum tn_status want_page(uint32_t owner, uint32_t slot)
{
    const struct naive_pool *p = &oracle.owner[owner].pool;
    bool away = false;
    if (p->kind != SLICED && p->kind != SLICED_AT_ONCE)
        return TN_OK;
    for (uint32_t i = 0; i < BUFFERS; i++) {
        if (i / PER_PAGE != slot / PER_PAGE)
            continue;
        if (p->buffer[i].state == TN_BUFFER_QUARANTINED)
            return TN_EQUARANTINED;
        away = away || (i != slot && naive_is_away(p->buffer[i].state));
    }
    return away ? TN_EAGAIN : TN_OK;
}

enum tn_status want_release(uint32_t owner, struct tn_buffer_name name)
{
    uint32_t slot = naive_find_buffer(owner, name);
    if (slot == NOBODY)
        return TN_ESTALE;
    return oracle.owner[owner].pool.buffer[slot].state == TN_BUFFER_CPU ? want_page(owner, slot) : TN_ESTATE;
}

enum tn_status want_use(uint32_t owner, struct tn_buffer_name name)
{
    const uint32_t state = oracle.owner[owner].pool.state;
    if (naive_find_buffer(owner, name) == NOBODY)
        return TN_ESTALE;
    if (state != TN_POOL_MAPPED && state != TN_POOL_REVOKING) /* the CPU cannot reach it */
        return TN_ESTATE;
    return want_release(owner, name);
}

enum tn_status want_scrub(uint32_t owner, uint32_t slot)
{
    return oracle.owner[owner].pool.buffer[slot].state == TN_BUFFER_SCRUBBING ? want_page(owner, slot) : TN_ESTATE;
}

/* By whichever path. */
static enum tn_status want_leave(uint32_t owner, struct tn_buffer_name name, uint32_t length)
{
    const struct naive_pool *p = &oracle.owner[owner].pool;
    uint32_t slot = naive_find_buffer(owner, name);
    if (slot == NOBODY)
        return TN_ESTALE;
    if (p->buffer[slot].state != TN_BUFFER_CPU || p->state != TN_POOL_MAPPED)
        return TN_ESTATE;
    if (length < 1 || length > BUFFER_BYTES)
        return TN_ERANGE;
    return p->buffer[slot].generation + 1 <= p->max ? TN_OK : TN_ERETIRED;
}

enum tn_status want_depart(uint32_t owner, struct tn_buffer_name name, uint32_t length)
{
    return oracle.owner[owner].pool.kind == DIRECT ? TN_ENOTSUP : want_leave(owner, name, length);
}

enum tn_status want_arrive(uint32_t owner, struct tn_buffer_name name, uint32_t to)
{
    uint32_t slot = naive_find_buffer(owner, name);
    if (slot == NOBODY)
        return TN_ESTALE;
    switch (oracle.owner[owner].pool.buffer[slot].state) {
    case TN_BUFFER_IN_FLIGHT:
        return to == TN_BUFFER_COMPLETED || to == TN_BUFFER_ABORTED || to == TN_BUFFER_ORPHAN ||
                       to == TN_BUFFER_QUARANTINED
                   ? TN_OK
                   : TN_ESTATE;
    case TN_BUFFER_COMPLETED:
    case TN_BUFFER_ABORTED:
    case TN_BUFFER_ORPHAN:
        return to == TN_BUFFER_QUARANTINED ? TN_OK : TN_ESTATE;
    default:
        return TN_ESTATE;
    }
}

enum tn_status want_home(uint32_t owner, struct tn_buffer_name name)
{
    uint32_t slot = naive_find_buffer(owner, name);
    if (slot == NOBODY)
        return TN_ESTALE;
    switch (oracle.owner[owner].pool.buffer[slot].state) {
    case TN_BUFFER_COMPLETED:
    case TN_BUFFER_ABORTED:
        return want_page(owner, slot);
    case TN_BUFFER_ORPHAN: /* waits for its page before it is scrubbed */
        return want_page(owner, slot) == TN_EQUARANTINED ? TN_EQUARANTINED : TN_OK;
    default:
        return TN_ESTATE;
    }
}

/* ---- the direct path ---- */

enum tn_status want_direct_submit(uint32_t owner, struct tn_buffer_name name, uint32_t length)
{
    return oracle.owner[owner].pool.kind == DIRECT ? want_leave(owner, name, length) : TN_ENOTSUP;
}

enum tn_status want_direct_complete(uint32_t owner, struct tn_buffer_name name, uint32_t used)
{
    const struct naive_pool *p = &oracle.owner[owner].pool;
    uint32_t slot = naive_find_buffer(owner, name);
    if (p->kind != DIRECT)
        return TN_ENOTSUP;
    if (slot == NOBODY || p->buffer[slot].state != TN_BUFFER_IN_FLIGHT)
        return TN_ESTALE;
    return used <= p->buffer[slot].length ? TN_OK : TN_EPROTOCOL;
}

enum tn_status want_direct_release(uint32_t owner, struct tn_buffer_name name)
{
    return oracle.owner[owner].pool.kind == DIRECT ? want_release(owner, name) : TN_ENOTSUP;
}

/* ---- fences ---- */

enum tn_status want_submit(const struct want_submission *s)
{
    const struct naive_line *l = &oracle.line[s->line];
    bool data = s->direction == TN_TO_DEVICE || s->direction == TN_FROM_DEVICE;
    if (s->client == NOBODY || data != (s->pool != NOBODY) || s->direction > TN_FROM_DEVICE)
        return TN_EINVAL;
    if (s->pool == NOBODY && s->more)
        return TN_EINVAL;
    if (s->pool == NOBODY && s->length != 0)
        return TN_ERANGE;
    enum tn_status status = s->pool == NOBODY ? TN_OK : want_depart(s->pool, s->buffer, s->length);
    if (status != TN_OK)
        return status;
    if (l->next_ticket == UINT64_MAX || l->fences.retired == FENCES)
        return TN_ERETIRED;
    if (want_charge(s->client, TN_CHARGE_IN_FLIGHT, 1) != TN_OK)
        return TN_EBUDGET;
    return l->fences.free > 0 ? TN_OK : TN_EAGAIN;
}

enum tn_status want_add(uint32_t line, uint64_t fence, struct tn_buffer_name buffer, uint32_t length)
{
    const struct naive_line *l = &oracle.line[line];
    uint32_t slot = naive_find(&l->fences, fence);
    if (slot == NOBODY)
        return TN_ESTALE;
    const struct naive_fence *f = &l->fence[slot];
    if (f->state != TN_FENCE_OPEN || f->orphan)
        return TN_ESTATE;
    enum tn_status status = want_depart(f->pool, buffer, length);
    if (status != TN_OK)
        return status;
    if (f->parts == oracle.setting.parts_max)
        return TN_EEXHAUSTED;
    return want_charge(f->client, TN_CHARGE_IN_FLIGHT, 1);
}

enum tn_status want_close(uint32_t line, uint64_t fence)
{
    const struct naive_line *l = &oracle.line[line];
    uint32_t slot = naive_find(&l->fences, fence);
    if (slot == NOBODY)
        return TN_ESTALE;
    const struct naive_fence *f = &l->fence[slot];
    if (f->state != TN_FENCE_OPEN || f->orphan || oracle.owner[f->pool].pool.state != TN_POOL_MAPPED)
        return TN_ESTATE;
    return l->next_ticket == UINT64_MAX ? TN_ERETIRED : TN_OK;
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
    case TN_ECACHELOST:
        return c->used <= naive_length(&l->fence[slot]) ? TN_OK : TN_EPROTOCOL;
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

enum tn_status want_poll(uint32_t line, uint64_t fence, uint64_t now, uint64_t deadline)
{
    const struct naive_line *l = &oracle.line[line];
    uint32_t slot = naive_find(&l->fences, fence);
    if (slot == NOBODY)
        return TN_ESTALE;
    if (deadline == UINT64_MAX)
        return TN_EINVAL;
    if (want_take(line, fence) == TN_OK)
        return TN_OK;
    return now >= deadline ? TN_ETIMEDOUT : TN_EAGAIN;
}

enum tn_status want_wait(uint32_t line, uint64_t fence)
{
    const struct naive_line *l = &oracle.line[line];
    uint32_t slot = naive_find(&l->fences, fence);
    if (slot == NOBODY)
        return TN_ESTALE;
    if (want_take(line, fence) == TN_OK)
        return TN_ESTATE;
    return l->fence[slot].waiters < oracle.setting.waiters_max ? TN_OK : TN_EEXHAUSTED;
}

enum tn_status want_take(uint32_t line, uint64_t fence)
{
    const struct naive_line *l = &oracle.line[line];
    uint32_t slot = naive_find(&l->fences, fence);
    if (slot == NOBODY)
        return TN_ESTALE;
    const struct naive_fence *f = &l->fence[slot];
    if (f->state != TN_FENCE_ENDED)
        return TN_EAGAIN;
    if (f->parts == 0)
        return TN_OK;
    struct tn_buffer_name next = naive_buffer_name(f->pool, f->part[f->taken].buffer);
    return want_home(f->pool, next) == TN_EAGAIN ? TN_EAGAIN : TN_OK;
}

enum tn_status want_pool_move(uint32_t owner, uint32_t to)
{
    static const uint8_t moves[][2] = {
        {TN_POOL_EMPTY, TN_POOL_RESERVED},       {TN_POOL_RESERVED, TN_POOL_COMMITTED},
        {TN_POOL_RESERVED, TN_POOL_EMPTY},       {TN_POOL_COMMITTED, TN_POOL_MAPPED},
        {TN_POOL_COMMITTED, TN_POOL_REVOKING},   {TN_POOL_MAPPED, TN_POOL_REVOKING},
        {TN_POOL_REVOKING, TN_POOL_INVALIDATED}, {TN_POOL_REVOKING, TN_POOL_QUARANTINED},
        {TN_POOL_INVALIDATED, TN_POOL_SCRUBBED}, {TN_POOL_SCRUBBED, TN_POOL_EMPTY},
        {TN_POOL_QUARANTINED, TN_POOL_EMPTY},
    };
    const struct naive_pool *p = &oracle.owner[owner].pool;
    uint32_t away = 0, out = 0, lost = 0, kept = 0;
    bool known = false;
    for (uint32_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++)
        known = known || (moves[i][0] == p->state && moves[i][1] == to);
    if (!known)
        return TN_ESTATE;
    for (uint32_t i = 0; i < BUFFERS; i++) {
        away += naive_is_away(p->buffer[i].state);
        out += p->buffer[i].state != TN_BUFFER_FREE && p->buffer[i].state != TN_BUFFER_RETIRED;
        lost += p->buffer[i].state == TN_BUFFER_QUARANTINED;
        if (p->buffer[i].state == TN_BUFFER_CPU || p->buffer[i].state == TN_BUFFER_SCRUBBING)
            kept += want_page(owner, i) == TN_EQUARANTINED; /* its page is lost: the CPU can only keep it */
    }
    if (to == TN_POOL_RESERVED && lost != 0) /* it must be made anew */
        return TN_ESTATE;
    if ((to == TN_POOL_INVALIDATED && away != 0) || (to == TN_POOL_SCRUBBED && out != 0))
        return TN_ESTATE;
    if (to == TN_POOL_EMPTY && p->state == TN_POOL_QUARANTINED && out != lost + kept)
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
