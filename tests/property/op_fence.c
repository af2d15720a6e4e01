/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fences of several buffers, waiting, and ends that wait for a flush.
 */
#include "operations.h"
#include "oracle.h"

/* ---- scatter-gather ---- */

/* Mostly a fence that is open, now and then any. */
static uint64_t fence_to_fill(const struct step *s)
{
    const struct naive_line *l = &oracle.line[s->line];
    for (uint32_t i = 0; s->twist % 16 >= 6 && i < FENCES; i++)
        if (l->fence[(s->twist / 16 + i) % FENCES].state == TN_FENCE_OPEN)
            return naive_name(&l->fences, (s->twist / 16 + i) % FENCES);
    return name_from_log(A_FENCE, s->line, s);
}

static void commit_part(const struct step *s, uint64_t fence, struct tn_buffer_name buffer, uint32_t cap)
{
    struct naive_fence *f = &oracle.line[s->line].fence[tn_handle_slot(fence)];
    uint32_t slot = (uint32_t)buffer.slot, length = length_of(s);
    may_change_line(s->line);
    may_change_owner(f->client);
    tn_submit_add_commit(&world.line[s->line].queue, fence, buffer, length);
    oracle.owner[f->pool].pool.buffer[slot].length = length;
    naive_move(f->pool, slot, TN_BUFFER_IN_FLIGHT);
    f->part[f->parts++] = (struct naive_part){slot, length, cap};
    oracle.owner[f->client].used[TN_CHARGE_IN_FLIGHT]++;
    turn(s->owner, cap, TN_KIND_FENCE, fence);
}

void op_add(const struct step *s)
{
    uint64_t fence = fence_to_fill(s), handle = name_from_log(A_HANDLE, s->owner, s);
    uint32_t slot = naive_find(&oracle.line[s->line].fences, fence), cap = NOBODY;
    bool own = slot != NOBODY && oracle.line[s->line].fence[slot].client == s->owner;
    if (own)
        cap = resolve_to_turn(s, handle);
    struct tn_buffer_name buffer = cap == NOBODY ? buffer_from_log(s) : buffer_of_entry(s->owner, cap);
    enum tn_status status = tn_submit_add_decide(&world.line[s->line].queue, fence, buffer, length_of(s));
    told("tn_submit_add_decide(&line[%u].queue, 0x%llx, {0x%llx, %llu}, length %u); /* %u */", s->line,
         (unsigned long long)fence, (unsigned long long)buffer.mark, (unsigned long long)buffer.slot, length_of(s),
         status);
    oracle_same("tn_submit_add_decide", status, want_add(s->line, fence, buffer, length_of(s)));
    if (status == TN_OK && cap != NOBODY) /* else it is somebody else's to commit */
        commit_part(s, fence, buffer, cap);
}

void op_close(const struct step *s)
{
    struct naive_line *l = &oracle.line[s->line];
    uint64_t fence = fence_to_fill(s);
    enum tn_status status = tn_submit_close_decide(&world.line[s->line].queue, fence);
    told("tn_submit_close_decide(&line[%u].queue, 0x%llx); /* %u */", s->line, (unsigned long long)fence, status);
    oracle_same("tn_submit_close_decide", status, want_close(s->line, fence));
    if (status != TN_OK)
        return;
    may_change_line(s->line);
    tn_submit_close_commit(&world.line[s->line].queue, fence);
    l->fence[tn_handle_slot(fence)].state = TN_FENCE_QUEUED;
    l->fence[tn_handle_slot(fence)].ticket = l->next_ticket++;
    l->fifo[l->queued++] = tn_handle_slot(fence);
}

/* ---- waiting ---- */

void op_poll(const struct step *s)
{
    static const uint64_t deadlines[] = {100, 0, 1, UINT64_MAX - 1, UINT64_MAX};
    uint64_t fence = name_from_log(A_FENCE, s->line, s), deadline = deadlines[(s->pick >> 4) % 5];
    uint64_t now = s->twist & 0x80 ? 99u + (s->pick >> 7) : deadline - 1 + (s->twist >> 4) % 3;
    enum tn_status status = tn_fence_poll(&world.line[s->line].queue, fence, now, deadline);
    told("tn_fence_poll(&line[%u].queue, 0x%llx, %llu, %llu); /* %u */", s->line, (unsigned long long)fence,
         (unsigned long long)now, (unsigned long long)deadline, status);
    oracle_same("tn_fence_poll", status, want_poll(s->line, fence, now, deadline));
}

void op_wait(const struct step *s)
{
    struct tn_queue *queue = &world.line[s->line].queue;
    struct naive_line *l = &oracle.line[s->line];
    uint64_t fence = name_from_log(A_FENCE, s->line, s);
    uint32_t slot = naive_find(&l->fences, fence);
    if (s->pick & 0x40) { /* a wait ends */
        if (slot != NOBODY && l->fence[slot].waiters > 0) {
            may_change_line(s->line);
            l->fence[slot].waiters--;
        }
        bool there = tn_fence_wait_end(queue, fence);
        told("tn_fence_wait_end(&line[%u].queue, 0x%llx); /* %u */", s->line, (unsigned long long)fence, there);
        oracle_same("tn_fence_wait_end", there, slot != NOBODY);
        return;
    }
    enum tn_status status = tn_fence_wait_decide(queue, fence);
    told("tn_fence_wait_decide(&line[%u].queue, 0x%llx); /* %u */", s->line, (unsigned long long)fence, status);
    oracle_same("tn_fence_wait_decide", status, want_wait(s->line, fence));
    if (status != TN_OK)
        return;
    may_change_line(s->line);
    tn_fence_wait_commit(queue, fence);
    l->fence[slot].waiters++;
}

/* ---- ends that wait for a flush ---- */

static bool flush_runs(const struct naive_line *l, uint64_t number)
{
    for (uint32_t i = 0; i < l->flushes; i++)
        if (l->flush[i] == number)
            return true;
    return false;
}

static void flush_ends(const struct step *s, struct tn_gather *gather, struct naive_line *l)
{
    const uint64_t numbers[] = {l->begun,     l->added,   l->covered,   0,
                                l->begun + 1, UINT64_MAX, l->begun - 1, l->covered + 1};
    uint64_t number = numbers[s->pick >= 0xc0 ? 7 : s->twist & 0x80 ? 0 : s->twist >> 4];
    enum tn_status status = tn_gather_flush_end_decide(gather, number);
    told("tn_gather_flush_end_decide(&line[%u].gather, %llu); /* %u */", s->line, (unsigned long long)number, status);
    oracle_same("tn_gather_flush_end_decide", status, flush_runs(l, number) ? TN_OK : TN_ESTALE);
    if (status != TN_OK)
        return;
    may_change_line(s->line);
    tn_gather_flush_end_commit(gather, number);
    l->covered = number;
    const uint32_t ran = l->flushes;
    l->flushes = 0;
    for (uint32_t i = 0; i < ran; i++) /* it covers what earlier ones would have */
        if (l->flush[i] > number)
            l->flush[l->flushes++] = l->flush[i];
}

static void gather_end(const struct step *s, struct tn_gather *gather, struct naive_line *l)
{
    uint64_t name = name_from_log(A_FENCE, s->line, s);
    enum tn_status status = tn_gather_add_decide(gather);
    told("tn_gather_add_decide(&line[%u].gather); /* %u */", s->line, status);
    oracle_same("tn_gather_add_decide", status, l->waits < GATHERED ? TN_OK : TN_EAGAIN);
    if (status != TN_OK)
        return;
    may_change_line(s->line);
    tn_gather_add_commit(gather, name);
    l->waiting[l->waits++] = name;
    l->added++;
}

static void flush_begins(const struct step *s, struct tn_gather *gather, struct naive_line *l)
{
    may_change_line(s->line);
    told("tn_gather_flush_begin(&line[%u].gather);", s->line);
    if (l->added > l->covered && (l->flushes == 0 || l->begun != l->added))
        l->flush[l->flushes++] = l->added;
    l->begun = l->added;
    oracle_same("tn_gather_flush_begin", tn_gather_flush_begin(gather), l->begun);
}

/* At most `count` of those whose flush has ended. */
static void gathered_leave(const struct step *s, struct tn_gather *gather, struct naive_line *l, uint32_t count)
{
    for (; count > 0 && l->covered != l->gone; count--) {
        may_change_line(s->line);
        told("tn_gather_next_commit(&line[%u].gather);", s->line);
        oracle_same("the end that leaves", tn_gather_next_commit(gather), l->waiting[0]);
        l->waits--;
        l->gone++;
        for (uint32_t i = 0; i < l->waits; i++)
            l->waiting[i] = l->waiting[i + 1];
    }
}

void op_gather(const struct step *s)
{
    struct tn_gather *gather = &world.line[s->line].gather;
    struct naive_line *l = &oracle.line[s->line];
    switch (s->pick >> 4 & 3) {
    case 0:
        for (uint32_t i = 0; i <= s->pick >> 6; i++)
            gather_end(s, gather, l);
        if (s->pick & 1)
            flush_begins(s, gather, l);
        break;
    case 1:
        flush_begins(s, gather, l);
        break;
    case 2:
        flush_ends(s, gather, l);
        gathered_leave(s, gather, l, s->pick & 1 ? GATHERED : 0);
        break;
    default:
        gathered_leave(s, gather, l, 1);
        break;
    }
    /* Every flush that a device could name. */
    for (uint64_t number = l->begun - 2 * GATHERED; number != l->begun + 2; number++)
        oracle_same("tn_gather_flush_end_decide", tn_gather_flush_end_decide(gather, number),
                    flush_runs(l, number) ? TN_OK : TN_ESTALE);
}
