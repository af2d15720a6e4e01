/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fences end: completions, honest and lying, ends without a device, clients that leave; and the death of an owner
 * in the middle of everything.
 */
#include "operations.h"
#include "oracle.h"

/* ---- ends ---- */

static void ended(uint32_t line, uint32_t slot, uint32_t status, uint32_t to)
{
    struct naive_line *l = &oracle.line[line];
    struct naive_fence *f = &l->fence[slot];
    for (uint32_t i = 0, kept = 0; f->state == TN_FENCE_QUEUED && i < l->queued; i++) {
        if (l->fifo[i] != slot)
            l->fifo[kept++] = l->fifo[i];
        if (i + 1 == l->queued)
            l->queued = kept, i = FENCES;
    }
    f->state = TN_FENCE_ENDED;
    f->status = status;
    log_end(l->fences.life, naive_name(&l->fences, slot));
    may_change_line(line);
    if (f->pool != NOBODY)
        may_change_owner(f->pool);
    for (uint32_t i = 0; i < f->parts; i++)
        if (!f->orphan || to == TN_BUFFER_QUARANTINED)
            naive_move(f->pool, f->part[i].buffer, to);
}

void op_complete(const struct step *s)
{
    struct tn_queue *queue = &world.line[s->line].queue;
    struct naive_line *l = &oracle.line[s->line];
    uint64_t fence = name_from_log(A_FENCE, s->line, s);
    const struct naive_fence *f = &l->fence[tn_handle_slot(fence) % FENCES];
    struct tn_completion c = {.fence = fence, .ticket = f->ticket, .status = TN_OK, .used = naive_length(f)};
    switch (s->twist >> 4) {
    case 0:
        c.status = TN_ERANGE, c.used = 0;
        break;
    case 1:
        c.used /= 2;
        break;
    case 2:
        c.status = UINT32_MAX;
        break;
    case 3:
        c.status = TN_EABORTED;
        break;
    case 4:
        c.status = TN_EIO, c.used = 0;
        break;
    case 5:
        c.ticket = 0;
        break;
    case 6:
        c.ticket++;
        break;
    case 7:
        c.used++;
        break;
    default:
        c.used = (s->pick >> 4 & 3) == 1 ? c.used / 2 : c.used;
        break;
    }
    enum tn_status status = tn_complete_decide(queue, &c);
    told("tn_complete_decide(&line[%u].queue, {0x%llx, ticket %llu, status %u, used %u}); /* %u */", s->line,
         (unsigned long long)c.fence, (unsigned long long)c.ticket, c.status, c.used, status);
    oracle_same("tn_complete_decide", status, want_complete(s->line, &c));
    if (status != TN_OK) {
        tn_complete_refused(queue);
        counts_refusal(&queue->refused_completions);
        l->refused++;
        return;
    }
    tn_complete_commit(queue, &c);
    ended(s->line, tn_handle_slot(fence), c.status, TN_BUFFER_COMPLETED);
    l->fence[tn_handle_slot(fence)].used = c.used;
}

static enum tn_status end(uint32_t line, uint64_t fence, uint32_t how)
{
    struct tn_queue *queue = &world.line[line].queue;
    enum tn_status status = tn_fence_end_decide(queue, fence, (enum tn_status)how);
    told("tn_fence_end_decide(&line[%u].queue, 0x%llx, %u); /* %u */", line, (unsigned long long)fence, how, status);
    oracle_same("tn_fence_end_decide", status, want_end(line, fence, how));
    if (status != TN_OK)
        return status;
    tn_fence_end_commit(queue, fence, (enum tn_status)how);
    ended(line, tn_handle_slot(fence), how, how == TN_EABORTED ? TN_BUFFER_ABORTED : TN_BUFFER_QUARANTINED);
    return TN_OK;
}

void op_end(const struct step *s)
{
    static const uint32_t how[16] = {[10] = TN_EQUARANTINED, TN_EQUARANTINED, TN_EQUARANTINED, TN_OK, TN_EIO,
                                     TN_STATUS_COUNT};
    uint32_t n = s->pick >> 4;
    (void)end(s->line, name_from_log(A_FENCE, s->line, s), n < 10 ? TN_EABORTED : how[n]);
}

static enum tn_status orphan(uint32_t line, uint64_t fence)
{
    struct tn_queue *queue = &world.line[line].queue;
    enum tn_status status = tn_fence_orphan_decide(queue, fence);
    told("tn_fence_orphan_decide(&line[%u].queue, 0x%llx); /* %u */", line, (unsigned long long)fence, status);
    oracle_same("tn_fence_orphan_decide", status, want_orphan(line, fence));
    if (status != TN_OK)
        return status;
    struct naive_fence *f = &oracle.line[line].fence[tn_handle_slot(fence)];
    tn_fence_orphan_commit(queue, fence);
    may_change_line(line);
    f->orphan = true;
    if (f->pool != NOBODY)
        may_change_owner(f->pool);
    for (uint32_t i = 0; i < f->parts; i++)
        naive_move(f->pool, f->part[i].buffer, TN_BUFFER_ORPHAN);
    return TN_OK;
}

void op_orphan(const struct step *s)
{
    uint64_t fence = name_from_log(A_FENCE, s->line, s);
    if (orphan(s->line, fence) != TN_OK)
        return;
    struct naive_fence *f = &oracle.line[s->line].fence[tn_handle_slot(fence)];
    for (uint32_t i = 0; i < f->parts; i++) {
        if (f->part[i].cap != NOBODY) /* its client gave the entry up */
            end_entry(f->client, f->part[i].cap);
        f->part[i].cap = NOBODY;
    }
}

/* ---- the death of an owner ---- */

/* Everything that can be taken at once; the rest waits for other slices of its pages. */
static void take_all(uint32_t line, uint32_t slot)
{
    struct naive_fence *f = &oracle.line[line].fence[slot];
    uint64_t fence = naive_name(&oracle.line[line].fences, slot);
    while (f->state == TN_FENCE_ENDED && want_take(line, fence) == TN_OK) {
        uint32_t pool = f->pool, buffer = f->parts > 0 ? f->part[f->taken].buffer : 0;
        oracle_same("tn_fence_take_decide", tn_fence_take_decide(&world.line[line].queue, fence), TN_OK);
        take(line, fence);
        if (pool != NOBODY && oracle.owner[pool].pool.buffer[buffer].state == TN_BUFFER_SCRUBBING)
            scrub(pool, buffer);
    }
}

static void leave_fence(uint32_t line, uint32_t slot)
{
    struct naive_fence *f = &oracle.line[line].fence[slot];
    uint64_t fence = naive_name(&oracle.line[line].fences, slot);
    if (f->state != TN_FENCE_ENDED && !f->orphan)
        (void)orphan(line, fence);
    if (f->state == TN_FENCE_OPEN || f->state == TN_FENCE_QUEUED)
        (void)end(line, fence, TN_EABORTED);
    take_all(line, slot);
    for (uint32_t i = 0; f->state != TN_FENCE_FREE && i < f->parts; i++)
        f->part[i].cap = NOBODY;
}

static void leave_buffers(uint32_t owner)
{
    for (uint32_t buffer = 0; buffer < BUFFERS; buffer++) {
        struct naive_buffer *b = &oracle.owner[owner].pool.buffer[buffer];
        struct tn_buffer_name name = naive_buffer_name(owner, buffer);
        b->cap = NOBODY;
        if (b->state != TN_BUFFER_CPU)
            continue;
        b->left = want_release(owner, name) != TN_OK;
        if (!b->left)
            release(owner, name);
        if (b->state == TN_BUFFER_SCRUBBING)
            scrub(owner, buffer);
    }
}

void op_die(const struct step *s)
{
    struct naive_owner *n = &oracle.owner[s->owner];
    told("/* owner %u dies */", s->owner);
    for (uint32_t line = 0; line < LINES; line++)
        for (uint32_t slot = 0; slot < FENCES; slot++)
            if (oracle.line[line].fence[slot].state != TN_FENCE_FREE &&
                oracle.line[line].fence[slot].client == s->owner)
                leave_fence(line, slot);
    leave_buffers(s->owner);
    for (uint32_t i = 0; i < CAPS; i++)
        if (n->caps.live[i])
            end_entry(s->owner, i);
    if (n->pool.state == TN_POOL_MAPPED)
        move_pool(s->owner, TN_POOL_REVOKING);
    may_change_owner(s->owner);
    oracle_init_caps(s->owner);
    world_init_caps(s->owner, n->epoch, oracle.setting.cap_generations);
    told("tn_cap_table_init(&owner[%u].caps, …, epoch %llu, …);", s->owner, (unsigned long long)n->epoch);
}

/* ---- the end of everything ---- */

static void end_fences(void)
{
    for (uint32_t line = 0; line < LINES; line++)
        for (uint32_t slot = 0; slot < FENCES; slot++) {
            const struct naive_fence *f = &oracle.line[line].fence[slot];
            if (f->state != TN_FENCE_FREE && f->state != TN_FENCE_ENDED)
                (void)end(line, naive_name(&oracle.line[line].fences, slot),
                          (line + slot) % 2 == 0 ? TN_EABORTED : TN_EQUARANTINED);
        }
    for (uint32_t again = 0; again < LINES * FENCES; again++) /* one may wait for another's page */
        for (uint32_t i = 0; i < LINES * FENCES; i++)
            take_all(i / FENCES, i % FENCES);
    for (uint32_t i = 0; i < LINES * FENCES; i++)
        oracle_same("how a fence ends", oracle.line[i / FENCES].fence[i % FENCES].state, TN_FENCE_FREE);
}

static void end_buffers(uint32_t owner)
{
    for (uint32_t buffer = 0; buffer < BUFFERS; buffer++) {
        const struct naive_buffer *b = &oracle.owner[owner].pool.buffer[buffer];
        if (b->direct) /* its device lets go of it, and nobody is left to have it */
            op_direct_complete(&(struct step){.owner = owner, .pick = (uint8_t)buffer, .twist = 15});
        if (b->left && want_release(owner, naive_buffer_name(owner, buffer)) == TN_OK)
            release(owner, naive_buffer_name(owner, buffer));
        if (b->state == TN_BUFFER_SCRUBBING)
            scrub(owner, buffer);
    }
}

static void end_pool(uint32_t owner)
{
    const struct naive_pool *p = &oracle.owner[owner].pool;
    static const uint8_t after[TN_POOL_STATES] = {
        [TN_POOL_RESERVED] = TN_POOL_EMPTY,       [TN_POOL_COMMITTED] = TN_POOL_REVOKING,
        [TN_POOL_MAPPED] = TN_POOL_REVOKING,      [TN_POOL_REVOKING] = TN_POOL_INVALIDATED,
        [TN_POOL_INVALIDATED] = TN_POOL_SCRUBBED, [TN_POOL_SCRUBBED] = TN_POOL_EMPTY,
        [TN_POOL_QUARANTINED] = TN_POOL_EMPTY,
    };
    for (uint32_t steps = 0; p->state != TN_POOL_EMPTY && steps < TN_POOL_STATES; steps++) {
        bool lost = false;
        for (uint32_t i = 0; i < BUFFERS; i++)
            lost = lost || p->buffer[i].state == TN_BUFFER_QUARANTINED;
        move_pool(owner, p->state == TN_POOL_REVOKING && lost ? TN_POOL_QUARANTINED : after[p->state]);
    }
    oracle_same("how a pool ends", p->state, TN_POOL_EMPTY);
}

void end_everything(void)
{
    told("/* everything ends */");
    for (uint32_t owner = 0; owner < OWNERS; owner++)
        op_die(&(struct step){.owner = owner});
    end_fences();
    for (uint32_t owner = 0; owner < OWNERS; owner++) {
        end_buffers(owner);
        end_pool(owner);
    }
}
