/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A buffer's way: alloc, submit, post, take, release, as an embedder with capability tables does it. Fences of several
 * buffers and their ends are in op_fence.c, the direct path in op_direct.c, names that are not the caller's in
 * op_raw.c.
 */
#include "operations.h"
#include "oracle.h"

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
    enum tn_status status = tn_buffer_scrub_decide(&world.owner[owner].pool, buffer);
    oracle_same("tn_buffer_scrub_decide", status, want_scrub(owner, buffer));
    if (status != TN_OK) /* op_scrubbed comes back to it */
        return;
    may_change_owner(owner);
    told("tn_buffer_scrubbed_commit(&owner[%u].pool, %u);", owner, buffer);
    tn_buffer_scrubbed_commit(&world.owner[owner].pool, buffer);
    naive_end(owner, buffer);
}

void release(uint32_t owner, struct tn_buffer_name name)
{
    uint32_t kind = oracle.owner[owner].pool.kind, slot = (uint32_t)name.slot;
    may_change_owner(owner);
    told("tn_buffer_release_commit(&owner[%u].pool, {0x%llx, %u});", owner, (unsigned long long)name.mark, slot);
    tn_buffer_release_commit(&world.owner[owner].pool, name);
    if (kind == SCRUBBED || kind == SLICED)
        naive_move(owner, slot, TN_BUFFER_SCRUBBING);
    else
        naive_end(owner, slot);
}

/* ---- capabilities of buffers ---- */

static uint64_t insert(uint32_t owner, struct tn_buffer_name buffer)
{
    struct naive_owner *n = &oracle.owner[owner];
    const struct tn_cap_grant grant = {TN_KIND_DMA_BUFFER, TN_RIGHT_READ | TN_RIGHT_WRITE, owner, n->pool_generation,
                                       tn_buffer_pack(buffer)};
    uint64_t handle = tn_cap_insert_commit(&world.owner[owner].caps, &grant);
    oracle_same("the new handle", handle, naive_take(&n->caps));
    n->cap[tn_handle_slot(handle)] =
        (struct naive_cap){TN_KIND_DMA_BUFFER, grant.rights, owner, n->pool_generation, grant.detail};
    log_grant(A_HANDLE, owner, n->caps.life, handle);
    return handle;
}

void turn(uint32_t owner, uint32_t slot, uint32_t kind, uint64_t detail)
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

uint32_t resolve(const struct step *s, uint64_t handle)
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

uint32_t resolve_to_turn(const struct step *s, uint64_t handle)
{
    struct owner *o = &world.owner[s->owner];
    uint32_t slot = resolve(s, handle);
    if (slot == NOBODY)
        return NOBODY;
    enum tn_status status = tn_cap_turn_decide(&o->caps, &o->cap[slot]);
    oracle_same("tn_cap_turn_decide", status, want_turn(s->owner, slot));
    return status == TN_OK ? slot : NOBODY;
}

struct tn_buffer_name buffer_of_entry(uint32_t owner, uint32_t slot)
{
    return tn_buffer_unpack(oracle.owner[owner].cap[slot].detail, TN_BUFFER_CPU);
}

/* ---- operations ---- */

void op_alloc(const struct step *s)
{
    struct owner *o = &world.owner[s->owner];
    struct naive_owner *n = &oracle.owner[s->owner];
    enum tn_status status = tn_buffer_alloc_decide(&o->pool);
    told("tn_buffer_alloc_decide(&owner[%u].pool); /* %u */", s->owner, status);
    oracle_same("tn_buffer_alloc_decide", status, want_alloc(s->owner));
    enum tn_status room = tn_cap_insert_decide(&o->caps);
    oracle_same("tn_cap_insert_decide", room, n->caps.free > 0 ? TN_OK : TN_EEXHAUSTED);
    enum tn_status budget = tn_ledger_decide(&o->ledger, TN_CHARGE_CAP_SLOTS, 1);
    oracle_same("tn_ledger_decide", budget, want_charge(s->owner, TN_CHARGE_CAP_SLOTS, 1));
    if (status != TN_OK || room != TN_OK || budget != TN_OK)
        return;
    may_change_owner(s->owner);
    struct tn_buffer_name name = tn_buffer_alloc_commit(&o->pool);
    oracle_same("the new buffer", key_of(name), key_of(naive_alloc(s->owner)));
    charge(s->owner, TN_CHARGE_CAP_SLOTS, 1);
    uint64_t handle = insert(s->owner, name);
    told("name = tn_buffer_alloc_commit(&owner[%u].pool); /* {0x%llx, %llu}, handle 0x%llx */", s->owner,
         (unsigned long long)name.mark, (unsigned long long)name.slot, (unsigned long long)handle);
}

void op_release(const struct step *s)
{
    uint64_t handle = name_from_log(A_HANDLE, s->owner, s);
    told("release of handle 0x%llx by owner %u;", (unsigned long long)handle, s->owner);
    uint32_t slot = resolve(s, handle);
    if (slot == NOBODY)
        return;
    struct tn_buffer_name name = buffer_of_entry(s->owner, slot);
    enum tn_status status = tn_buffer_release_decide(&world.owner[s->owner].pool, name);
    oracle_same("tn_buffer_release_decide", status, want_release(s->owner, name));
    if (status != TN_OK)
        return;
    release(s->owner, name);
    end_entry(s->owner, slot);
    if (s->twist & 0x80 && oracle.owner[s->owner].pool.buffer[name.slot].state == TN_BUFFER_SCRUBBING)
        scrub(s->owner, (uint32_t)name.slot);
}

/* What a release or a death left to be done, when it can be done. */
void op_scrubbed(const struct step *s)
{
    const struct naive_pool *p = &oracle.owner[s->owner].pool;
    for (uint32_t i = 0; i < BUFFERS; i++) {
        uint32_t buffer = (s->pick + i) % BUFFERS;
        struct tn_buffer_name name = naive_buffer_name(s->owner, buffer);
        if (p->buffer[buffer].left && want_release(s->owner, name) == TN_OK)
            release(s->owner, name);
        if (p->buffer[buffer].state == TN_BUFFER_SCRUBBING) {
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
    struct naive_fence *f = &l->fence[tn_handle_slot(fence)];
    *f = (struct naive_fence){
        .state = w->more ? TN_FENCE_OPEN : TN_FENCE_QUEUED,
        .ticket = w->more ? 0 : l->next_ticket++,
        .client = w->client,
        .pool = w->pool,
        .direction = w->direction,
    };
    if (w->pool != NOBODY) {
        uint32_t slot = (uint32_t)w->buffer.slot;
        oracle.owner[w->pool].pool.buffer[slot].length = w->length;
        naive_move(w->pool, slot, TN_BUFFER_IN_FLIGHT);
        f->part[f->parts++] = (struct naive_part){slot, w->length, cap};
    }
    oracle.owner[w->client].used[TN_CHARGE_IN_FLIGHT]++;
    if (!w->more)
        l->fifo[l->queued++] = tn_handle_slot(fence);
    log_grant(A_FENCE, w->line, l->fences.life, fence);
    told("fence = tn_submit_commit(&line[%u].queue, &submission); /* 0x%llx */", w->line, (unsigned long long)fence);
    return fence;
}

static void submit_buffer(const struct step *s, uint32_t slot)
{
    struct owner *o = &world.owner[s->owner];
    const struct want_submission w = {
        .line = s->line,
        .client = s->owner,
        .pool = s->owner,
        .buffer = buffer_of_entry(s->owner, slot),
        .length = length_of(s),
        .direction = TN_TO_DEVICE + (s->twist >> 7),
        .more = (s->pick >> 4 & 3) == 2,
    };
    struct tn_submission core = {&o->pool, w.buffer, &o->ledger, w.length, w.direction, w.more};
    enum tn_status status = tn_submit_decide(&world.line[s->line].queue, &core);
    told("tn_submit_decide(&line[%u].queue, {owner[%u].pool, {0x%llx, %llu}, length %u, direction %u, %s}); /* %u */",
         s->line, s->owner, (unsigned long long)w.buffer.mark, (unsigned long long)w.buffer.slot, w.length, w.direction,
         w.more ? "more" : "all", status);
    oracle_same("tn_submit_decide", status, want_submit(&w));
    if (status == TN_OK) {
        uint64_t fence = commit_submission(&w, &core, slot);
        turn(s->owner, slot, TN_KIND_FENCE, fence);
    } else { /* consumed and given back under a new handle */
        turn(s->owner, slot, TN_KIND_FENCE, tn_buffer_pack(w.buffer));
        turn(s->owner, slot, TN_KIND_DMA_BUFFER, tn_buffer_pack(w.buffer));
    }
}

static void submit_bare(const struct step *s) /* a request without a buffer */
{
    const struct want_submission w = {.line = s->line, .client = s->owner, .pool = NOBODY, .direction = TN_NO_DATA};
    struct tn_submission core = {.ledger = &world.owner[s->owner].ledger, .direction = TN_NO_DATA};
    enum tn_status status = tn_submit_decide(&world.line[s->line].queue, &core);
    told("tn_submit_decide(&line[%u].queue, {no pool, owner[%u].ledger}); /* %u */", s->line, s->owner, status);
    oracle_same("tn_submit_decide", status, want_submit(&w));
    if (status == TN_OK)
        (void)commit_submission(&w, &core, NOBODY);
}

void op_submit(const struct step *s)
{
    uint64_t handle = name_from_log(A_HANDLE, s->owner, s);
    if (s->pick >= 0xf0) {
        submit_bare(s);
        return;
    }
    uint32_t slot = resolve_to_turn(s, handle);
    if (slot == NOBODY)
        told("submit of handle 0x%llx by owner %u; /* refused */", (unsigned long long)handle, s->owner);
    else
        submit_buffer(s, slot);
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

/* Where the next buffer of the fence goes, and what the core must say of it. */
static void take_buffer(const struct naive_fence *f, struct tn_outcome *want)
{
    const struct naive_part *part = &f->part[f->taken];
    uint32_t state = oracle.owner[f->pool].pool.buffer[part->buffer].state, before = 0;
    enum tn_status page = want_page(f->pool, part->buffer);
    for (uint32_t i = 0; i < f->taken; i++)
        before += f->part[i].length;
    want->buffer_slot = part->buffer;
    want->length = part->length;
    want->used = f->used <= before ? 0 : f->used - before > part->length ? part->length : f->used - before;
    may_change_owner(f->pool);
    if (state == TN_BUFFER_QUARANTINED)
        return;
    if (page == TN_EQUARANTINED) { /* its page is lost, and the buffer with it */
        naive_move(f->pool, part->buffer, TN_BUFFER_QUARANTINED);
        want->status = TN_EQUARANTINED;
    } else if (state == TN_BUFFER_ORPHAN) {
        naive_move(f->pool, part->buffer, TN_BUFFER_SCRUBBING);
    } else {
        naive_move(f->pool, part->buffer, TN_BUFFER_CPU);
        want->buffer = naive_buffer_name(f->pool, part->buffer);
    }
}

/* The client's entry of a buffer that was taken. */
static void settle_entry(uint32_t client, uint32_t cap, uint32_t pool, struct tn_buffer_name buffer)
{
    if (cap != NOBODY && buffer.mark != 0) {
        turn(client, cap, TN_KIND_DMA_BUFFER, tn_buffer_pack(buffer));
    } else if (cap != NOBODY) {
        end_entry(client, cap);
    } else if (buffer.mark != 0) { /* nobody is left to have it */
        release(pool, buffer);
        if (oracle.owner[pool].pool.buffer[buffer.slot].state == TN_BUFFER_SCRUBBING)
            scrub(pool, (uint32_t)buffer.slot);
    }
}

void take(uint32_t line, uint64_t fence)
{
    struct naive_line *l = &oracle.line[line];
    uint32_t slot = tn_handle_slot(fence), cap = NOBODY;
    struct naive_fence *f = &l->fence[slot];
    const uint32_t client = f->client, pool = f->pool;
    struct tn_outcome want = {
        .buffer_slot = TN_SLOT_NONE, .status = f->status, .direction = f->direction, .orphan = f->orphan};
    may_change_line(line);
    may_change_owner(client);
    struct tn_outcome outcome = tn_fence_take_commit(&world.line[line].queue, fence);
    told("tn_fence_take_commit(&line[%u].queue, 0x%llx); /* buffer {0x%llx, %u}, status %u, used %u, %s */", line,
         (unsigned long long)fence, (unsigned long long)outcome.buffer.mark, outcome.buffer_slot, outcome.status,
         outcome.used, outcome.last ? "last" : "more");
    if (f->parts > 0) {
        take_buffer(f, &want);
        cap = f->part[f->taken++].cap;
    }
    oracle_same("the outcome's buffer", key_of(outcome.buffer), key_of(want.buffer));
    oracle_same("the outcome's slot", outcome.buffer_slot, want.buffer_slot);
    oracle_same("the outcome's status", outcome.status, want.status);
    oracle_same("the outcome's used bytes", outcome.used, want.used);
    oracle_same("the outcome's length", outcome.length, want.length);
    oracle_same("the outcome's direction", outcome.direction, want.direction);
    oracle_same("the outcome's orphan mark", outcome.orphan, want.orphan);
    oracle_same("whether this was the last buffer", outcome.last, f->taken == f->parts);
    oracle.owner[client].used[TN_CHARGE_IN_FLIGHT]--;
    if (f->taken == f->parts) {
        naive_give(&l->fences, slot);
        *f = (struct naive_fence){.state = TN_FENCE_FREE};
        log_death(l->fences.life, fence);
    }
    settle_entry(client, cap, pool, outcome.buffer);
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
