/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A buffer's way: alloc, submit, post, end, take, release, as an embedder with capability tables does it, and the death
 * of an owner in the middle. Operations on names that are not the caller's are in op_raw.c.
 */
#include "operations.h"
#include "oracle.h"

static const uint32_t lengths[] = {BUFFER_BYTES, 1, 100, 0, BUFFER_BYTES + 1, UINT32_MAX};

static uint32_t length_of(uint8_t byte)
{
    uint32_t i = byte % 16;
    return lengths[i < sizeof(lengths) / sizeof(lengths[0]) ? i : 0];
}

/* ---- ledger and buffers ---- */

void charge(uint32_t owner, uint32_t kind, uint64_t amount)
{
    may_change_owner(owner);
    tn_ledger_commit(&world.owner[owner].ledger, (enum tn_charge)kind, amount);
    oracle.owner[owner].used[kind] += amount;
}

void refund(uint32_t owner, uint32_t kind, uint64_t amount)
{
    may_change_owner(owner);
    tn_ledger_refund(&world.owner[owner].ledger, (enum tn_charge)kind, amount);
    oracle.owner[owner].used[kind] -= amount;
}

void scrub(uint32_t owner, uint32_t buffer)
{
    struct naive_owner *n = &oracle.owner[owner];
    may_change_owner(owner);
    told("tn_buffer_scrubbed_commit(&owner[%u].pool, %u);", owner, buffer);
    tn_buffer_scrubbed_commit(&world.owner[owner].pool, buffer);
    naive_give(&n->buffers, buffer);
    n->buffer[buffer] = (struct naive_buffer){.state = TN_BUFFER_FREE};
    n->used[TN_CHARGE_BUFFERS]--;
}

void release(uint32_t owner, uint64_t name)
{
    struct naive_owner *n = &oracle.owner[owner];
    may_change_owner(owner);
    told("tn_buffer_release_commit(&owner[%u].pool, 0x%llx);", owner, (unsigned long long)name);
    tn_buffer_release_commit(&world.owner[owner].pool, name);
    n->buffer[tn_handle_slot(name)].state = TN_BUFFER_SCRUBBING;
    log_death(n->buffers.life, name);
}

/* ---- capabilities of buffers ---- */

static uint64_t insert(uint32_t owner, uint64_t buffer)
{
    struct naive_owner *n = &oracle.owner[owner];
    const struct tn_cap_grant grant = {TN_KIND_DMA_BUFFER, TN_RIGHT_READ | TN_RIGHT_WRITE, owner, n->pool_generation,
                                       buffer};
    uint64_t handle = tn_cap_insert_commit(&world.owner[owner].caps, &grant);
    oracle_same("the new handle", handle, naive_take(&n->caps));
    n->cap[tn_handle_slot(handle)] =
        (struct naive_cap){TN_KIND_DMA_BUFFER, grant.rights, owner, n->pool_generation, buffer};
    log_grant(A_HANDLE, owner, n->caps.life, handle);
    return handle;
}

static uint64_t turn(uint32_t owner, uint32_t slot, uint32_t kind, uint64_t detail)
{
    struct naive_owner *n = &oracle.owner[owner];
    struct tn_cap *cap = &world.owner[owner].cap[slot];
    may_change_owner(owner);
    log_death(n->caps.life, naive_name(&n->caps, slot));
    uint64_t handle = tn_cap_turn_commit(&world.owner[owner].caps, cap, (enum tn_kind)kind, detail);
    oracle_same("the turned handle", handle, naive_advance(&n->caps, slot));
    n->cap[slot].kind = kind;
    n->cap[slot].detail = detail;
    log_grant(A_HANDLE, owner, n->caps.life, handle);
    return handle;
}

void end_entry(uint32_t owner, uint32_t slot)
{
    struct naive_owner *n = &oracle.owner[owner];
    may_change_owner(owner);
    log_death(n->caps.life, naive_name(&n->caps, slot));
    tn_cap_remove_commit(&world.owner[owner].caps, &world.owner[owner].cap[slot]);
    naive_give(&n->caps, slot);
    refund(owner, TN_CHARGE_CAP_SLOTS, 1);
}

/* The caller's entry of a buffer, through all checks; NOBODY if one refused. */
static uint32_t resolve(const struct step *s, uint64_t handle)
{
    struct owner *o = &world.owner[s->owner];
    struct tn_cap *cap = NULL;
    enum tn_status status = tn_cap_lookup(&o->caps, handle, TN_KIND_DMA_BUFFER, TN_RIGHT_READ, &cap);
    oracle_same("tn_cap_lookup", status, want_lookup(s->owner, handle, TN_KIND_DMA_BUFFER, TN_RIGHT_READ));
    if (status != TN_OK) {
        counts_refusal(&o->caps.refused);
        oracle.owner[s->owner].refused_lookups++;
        return NOBODY;
    }
    uint32_t slot = tn_handle_slot(handle);
    const struct tn_identity id = {oracle.owner[s->owner].pool_generation, oracle.owner[s->owner].epoch};
    status = tn_cap_check(&o->caps, cap, &id);
    oracle_same("tn_cap_check", status, want_check(s->owner, slot, &id));
    if (status != TN_OK) {
        counts_refusal(&o->caps.refused);
        oracle.owner[s->owner].refused_lookups++;
        return NOBODY;
    }
    return slot;
}

/* ---- operations ---- */

void op_alloc(const struct step *s)
{
    struct owner *o = &world.owner[s->owner];
    struct naive_owner *n = &oracle.owner[s->owner];
    uint64_t length = length_of(s->pick);
    enum tn_status status = tn_buffer_alloc_decide(&o->pool, length);
    told("tn_buffer_alloc_decide(&owner[%u].pool, %llu); /* %u */", s->owner, (unsigned long long)length, status);
    oracle_same("tn_buffer_alloc_decide", status, want_alloc(s->owner, length));
    enum tn_status room = tn_cap_insert_decide(&o->caps);
    oracle_same("tn_cap_insert_decide", room, n->caps.free > 0 ? TN_OK : TN_EEXHAUSTED);
    enum tn_status budget = tn_ledger_decide(&o->ledger, TN_CHARGE_CAP_SLOTS, 1);
    oracle_same("tn_ledger_decide", budget, want_charge(s->owner, TN_CHARGE_CAP_SLOTS, 1));
    if (status != TN_OK || room != TN_OK || budget != TN_OK)
        return;
    may_change_owner(s->owner);
    uint64_t name = tn_buffer_alloc_commit(&o->pool, (uint32_t)length);
    oracle_same("the new buffer", name, naive_take(&n->buffers));
    n->buffer[tn_handle_slot(name)] = (struct naive_buffer){TN_BUFFER_CPU, (uint32_t)length};
    n->used[TN_CHARGE_BUFFERS]++;
    log_grant(A_BUFFER, s->owner, n->buffers.life, name);
    charge(s->owner, TN_CHARGE_CAP_SLOTS, 1);
    uint64_t handle = insert(s->owner, name);
    told("name = tn_buffer_alloc_commit(&owner[%u].pool, %llu); /* 0x%llx, handle 0x%llx */", s->owner,
         (unsigned long long)length, (unsigned long long)name, (unsigned long long)handle);
}

void op_release(const struct step *s)
{
    uint64_t handle = name_from_log(A_HANDLE, s->owner, s);
    told("release of handle 0x%llx by owner %u;", (unsigned long long)handle, s->owner);
    uint32_t slot = resolve(s, handle);
    if (slot == NOBODY)
        return;
    uint64_t name = oracle.owner[s->owner].cap[slot].detail;
    enum tn_status status = tn_buffer_use_decide(&world.owner[s->owner].pool, name);
    oracle_same("tn_buffer_use_decide", status, want_use(s->owner, name));
    if (status != TN_OK)
        return;
    release(s->owner, name);
    end_entry(s->owner, slot);
    if (s->twist & 0x80)
        scrub(s->owner, tn_handle_slot(name));
}

void op_scrubbed(const struct step *s)
{
    for (uint32_t i = 0; i < BUFFERS; i++) {
        uint32_t buffer = (s->pick + i) % BUFFERS;
        if (oracle.owner[s->owner].buffer[buffer].state == TN_BUFFER_SCRUBBING) {
            scrub(s->owner, buffer);
            return;
        }
    }
}

static uint64_t commit_submission(const struct want_submission *w, struct tn_submission *core, uint32_t cap)
{
    struct naive_line *l = &oracle.line[w->line];
    may_change_owner(w->client);
    may_change_line(w->line);
    uint64_t fence = tn_submit_commit(&world.line[w->line].queue, core);
    oracle_same("the new fence", fence, naive_take(&l->fences));
    if (w->pool != NOBODY) {
        struct naive_owner *n = &oracle.owner[w->pool];
        uint32_t slot = tn_handle_slot(w->buffer);
        n->buffer[slot].state = TN_BUFFER_IN_FLIGHT;
        log_death(n->buffers.life, w->buffer);
        log_grant(A_BUFFER, w->pool, n->buffers.life, naive_advance(&n->buffers, slot));
    }
    oracle.owner[w->client].used[TN_CHARGE_IN_FLIGHT]++;
    l->fence[tn_handle_slot(fence)] = (struct naive_fence){
        .state = TN_FENCE_QUEUED,
        .ticket = l->next_ticket++,
        .client = w->client,
        .pool = w->pool,
        .buffer = w->pool == NOBODY ? TN_SLOT_NONE : tn_handle_slot(w->buffer),
        .length = w->length,
        .direction = w->direction,
        .cap = cap,
    };
    l->fifo[l->queued++] = tn_handle_slot(fence);
    log_grant(A_FENCE, w->line, l->fences.life, fence);
    told("fence = tn_submit_commit(&line[%u].queue, &submission); /* 0x%llx */", w->line, (unsigned long long)fence);
    return fence;
}

void op_submit(const struct step *s)
{
    struct owner *o = &world.owner[s->owner];
    uint64_t handle = name_from_log(A_HANDLE, s->owner, s);
    uint32_t slot = NOBODY;
    bool bare = s->pick >= 0xf0; /* a request without a buffer */
    if (!bare) {
        slot = resolve(s, handle);
        if (slot == NOBODY) {
            told("submit of handle 0x%llx by owner %u; /* refused */", (unsigned long long)handle, s->owner);
            return;
        }
        enum tn_status status = tn_cap_turn_decide(&o->caps, &o->cap[slot]);
        oracle_same("tn_cap_turn_decide", status, want_turn(s->owner, slot));
        if (status != TN_OK)
            return;
    }
    const struct want_submission w = {
        .line = s->line,
        .client = s->owner,
        .pool = bare ? NOBODY : s->owner,
        .buffer = bare ? TN_HANDLE_NONE : oracle.owner[s->owner].cap[slot].detail,
        .length =
            bare ? 0 : oracle.owner[s->owner].buffer[tn_handle_slot(oracle.owner[s->owner].cap[slot].detail)].length,
        .direction = bare ? TN_NO_DATA : TN_TO_DEVICE + (s->twist >> 7),
    };
    struct tn_submission core = {bare ? NULL : &o->pool, w.buffer, &o->ledger, w.length, w.direction};
    enum tn_status status = tn_submit_decide(&world.line[s->line].queue, &core);
    told("tn_submit_decide(&line[%u].queue, {owner[%u].pool, 0x%llx, length %u, direction %u}); /* %u */", s->line,
         s->owner, (unsigned long long)w.buffer, w.length, w.direction, status);
    oracle_same("tn_submit_decide", status, want_submit(&w));
    if (status == TN_OK) {
        uint64_t fence = commit_submission(&w, &core, slot);
        if (!bare)
            (void)turn(s->owner, slot, TN_KIND_FENCE, fence);
    } else if (!bare) { /* consumed and given back under a new handle */
        uint64_t buffer = w.buffer;
        (void)turn(s->owner, slot, TN_KIND_FENCE, buffer);
        (void)turn(s->owner, slot, TN_KIND_DMA_BUFFER, buffer);
    }
}

void op_post(const struct step *s)
{
    struct naive_line *l = &oracle.line[s->line];
    if (l->queued == 0)
        return;
    may_change_line(s->line);
    uint32_t slot = l->fifo[0];
    uint64_t fence = tn_queue_post_commit(&world.line[s->line].queue);
    told("tn_queue_post_commit(&line[%u].queue); /* 0x%llx */", s->line, (unsigned long long)fence);
    oracle_same("the posted fence", fence, naive_name(&l->fences, slot));
    l->queued--;
    for (uint32_t i = 0; i < l->queued; i++)
        l->fifo[i] = l->fifo[i + 1];
    l->fence[slot].state = TN_FENCE_POSTED;
}

/* Where the core says that the buffer goes, and what it says of it. */
static void take_buffer(const struct naive_fence *f, const struct tn_outcome *outcome)
{
    if (f->pool == NOBODY) {
        oracle_same("the outcome's buffer", outcome->buffer, TN_HANDLE_NONE);
        return;
    }
    struct naive_owner *n = &oracle.owner[f->pool];
    struct naive_buffer *b = &n->buffer[f->buffer];
    uint64_t back = TN_HANDLE_NONE;
    may_change_owner(f->pool);
    if (b->state == TN_BUFFER_ORPHAN) {
        log_death(n->buffers.life, naive_name(&n->buffers, f->buffer));
        b->state = TN_BUFFER_SCRUBBING;
    } else if (b->state != TN_BUFFER_QUARANTINED) {
        log_death(n->buffers.life, naive_name(&n->buffers, f->buffer));
        back = naive_advance(&n->buffers, f->buffer);
        log_grant(A_BUFFER, f->pool, n->buffers.life, back);
        b->state = TN_BUFFER_CPU;
    }
    oracle_same("the outcome's buffer", outcome->buffer, back);
}

void take(uint32_t line, uint64_t fence)
{
    struct naive_line *l = &oracle.line[line];
    uint32_t slot = tn_handle_slot(fence);
    const struct naive_fence f = l->fence[slot];
    may_change_line(line);
    may_change_owner(f.client);
    struct tn_outcome outcome = tn_fence_take_commit(&world.line[line].queue, fence);
    told("tn_fence_take_commit(&line[%u].queue, 0x%llx); /* buffer 0x%llx, status %u, used %u */", line,
         (unsigned long long)fence, (unsigned long long)outcome.buffer, outcome.status, outcome.used);
    oracle_same("the outcome's slot", outcome.buffer_slot, f.buffer);
    oracle_same("the outcome's status", outcome.status, f.status);
    oracle_same("the outcome's used bytes", outcome.used, f.used);
    oracle_same("the outcome's length", outcome.length, f.length);
    oracle_same("the outcome's direction", outcome.direction, f.direction);
    oracle_same("the outcome's orphan mark", outcome.orphan, f.orphan);
    take_buffer(&f, &outcome);
    oracle.owner[f.client].used[TN_CHARGE_IN_FLIGHT]--;
    naive_give(&l->fences, slot);
    l->fence[slot] = (struct naive_fence){.state = TN_FENCE_FREE};
    log_death(l->fences.life, fence);
    if (f.cap == NOBODY)
        return;
    if (outcome.buffer != TN_HANDLE_NONE)
        (void)turn(f.client, f.cap, TN_KIND_DMA_BUFFER, outcome.buffer);
    else
        end_entry(f.client, f.cap);
}

void op_take(const struct step *s)
{
    uint64_t fence = name_from_log(A_FENCE, s->line, s);
    enum tn_status status = tn_fence_take_decide(&world.line[s->line].queue, fence);
    oracle_same("tn_fence_take_decide", status, want_take(s->line, fence));
    if (status == TN_OK)
        take(s->line, fence);
    else
        told("tn_fence_take_decide(&line[%u].queue, 0x%llx); /* %u */", s->line, (unsigned long long)fence, status);
}
