/* SPDX-License-Identifier: Apache-2.0 */
/* See dma_model.h. */
#include "dma_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES = 4096 };

struct model model;

static uint64_t made[MOVES]; /* in the whole search; no part of a state */

static const char *const move_names[MOVES] = {"alloc", "release",  "submit",  "submit more", "add",
                                              "close", "post",     "finish",  "repeat",      "receive",
                                              "reset", "withdraw", "abandon", "die",         "rebirth"};

static void wrong(const char *what)
{
    if (!model.wrong)
        printf("model: %s\n", what);
    model.wrong = true;
}

static void require(bool condition, const char *what)
{
    if (!condition)
        wrong(what);
}

/* ---- start ---- */

static void map(struct client *c)
{
    for (uint32_t to = TN_POOL_RESERVED; to <= TN_POOL_MAPPED; to++)
        require(tn_pool_move(&c->pool, (enum tn_pool_state)to) == TN_OK, "a pool is not mapped");
}

/* Printed at the end of a search: moves that were never made have shown nothing. */
static void count_kinds(void)
{
    uint32_t kinds = 0;
    for (uint32_t i = 0; i < MOVES; i++)
        kinds += made[i] != 0;
    printf("model: %u kinds of moves\n", kinds);
}

void model_start(void)
{
    atexit(count_kinds);
    memset(&model, 0, sizeof model);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        struct client *c = &model.client[i];
        const struct tn_pool_plan plan = {
            .mark = c->mark,
            .length = c->length,
            .stack = c->stack,
            .owner_epoch = 1 + i,
            .generation_max = BUFFER_GENERATIONS,
            .count = i == 0 ? BUFFERS : 1,
            .buffer_bytes = BYTES,
            .buffers_per_page = 1,
            .scrub = true,
        };
        c->ledger.limit[TN_CHARGE_IN_FLIGHT] = BUFFERS;
        if (!tn_pool_init(&c->pool, &plan))
            abort();
        map(c);
    }
    const struct tn_queue_plan plan = {
        .slot = model.fence_slot,
        .record = model.record,
        .part = model.part,
        .generation_max = FENCE_GENERATIONS,
        .depth = FENCES,
        .parts_max = PARTS,
    };
    if (!tn_queue_init(&model.queue, &plan))
        abort();
}

/* ---- helpers ---- */

static const struct tn_fence_record *record_of(uint64_t fence)
{
    return tn_queue_at(&model.queue, tn_handle_slot(fence));
}

static bool is_free(const struct client *c, uint32_t i)
{
    return c->own[i].mark == 0;
}

/* A buffer that the client holds, or BUFFERS. */
static uint32_t held(const struct client *c)
{
    uint32_t i = 0;
    while (i < BUFFERS && is_free(c, i))
        i++;
    return i;
}

/* The first client's first names are kept, and the second one's latest: between them they meet a number that comes
 * again. */
static bool keeps_the_first(const struct client *c)
{
    return c == &model.client[0];
}

static void gives_up(struct client *c, uint32_t i)
{
    if (c->old[i].mark == 0 || !keeps_the_first(c))
        c->old[i] = c->own[i];
    c->own[i] = (struct tn_buffer_name){0};
}

static struct tn_submission submission_of(struct client *c, bool more)
{
    uint32_t i = held(c);
    return (struct tn_submission){&c->pool, i < BUFFERS ? c->own[i] : c->old[0], &c->ledger, BYTES, TN_FROM_DEVICE,
                                  more};
}

/* What the kernel does with an ended fence: takes its buffers, tells its client once. */
static void deliver(struct client *c, uint64_t fence)
{
    struct tn_outcome o;
    bool orphan = record_of(fence)->orphan;
    if (c->old_fence == TN_HANDLE_NONE || !keeps_the_first(c)) {
        c->old_ticket = record_of(fence)->ticket;
        c->old_fence = fence;
    }
    do {
        if (tn_fence_take_decide(&model.queue, fence) != TN_OK) {
            wrong("an ended fence cannot be taken");
            return;
        }
        o = tn_fence_take_commit(&model.queue, fence);
        require(!orphan || o.buffer.mark == 0, "what a dead client left has a name");
        if (o.buffer.mark != 0)
            c->own[o.buffer_slot] = o.buffer;
        else if (orphan && o.buffer_slot != TN_SLOT_NONE &&
                 tn_buffer_state(&c->pool, o.buffer_slot) == TN_BUFFER_SCRUBBING)
            tn_buffer_scrubbed_commit(&c->pool, o.buffer_slot);
    } while (!o.last);
    if (!orphan) {
        require(c->fence == fence, "a client is told of a fence that is not its own");
        c->fence = TN_HANDLE_NONE;
    }
    require(++c->told == 1, "a fence ended twice");
    if (c->dead)
        return;
    for (uint32_t i = 0; i < c->pool.count; i++) /* nothing that it did not have */
        require(is_free(c, i) || tn_buffer_use_decide(&c->pool, c->own[i]) == TN_OK,
                "a client has what is not its own");
}

static void end(struct client *c, uint64_t fence, enum tn_status status)
{
    if (tn_fence_end_decide(&model.queue, fence, status) != TN_OK)
        wrong("a fence cannot be ended");
    else
        tn_fence_end_commit(&model.queue, fence, status), deliver(c, fence);
}

static struct descriptor *descriptor_of(uint64_t fence)
{
    for (uint32_t i = 0; i < FENCES; i++)
        if (model.device[i].writes && model.device[i].fence == fence)
            return &model.device[i];
    return NULL;
}

static void say(struct answer answer)
{
    model.wire[model.on_wire++] = answer;
}

/* The fence that the client waits for, if it still stands. A dead client's is found by the queue's own walk. */
static uint64_t fence_of(int who)
{
    const struct client *c = &model.client[who];
    if (c->fence != TN_HANDLE_NONE)
        return c->fence;
    for (uint32_t slot = 0; slot < FENCES; slot++)
        if (tn_fence_name(&model.queue, slot) != TN_HANDLE_NONE && model.record[slot].pool == &c->pool)
            return tn_fence_name(&model.queue, slot);
    return TN_HANDLE_NONE;
}

static uint32_t fence_state(int who)
{
    uint64_t fence = fence_of(who);
    return fence == TN_HANDLE_NONE ? TN_FENCE_FREE : record_of(fence)->state;
}

/* ---- the moves ---- */

bool model_may(enum move move, int who)
{
    struct client *c = &model.client[who];
    struct tn_submission s;
    switch (move) {
    case ALLOC:
        return !c->dead && tn_buffer_alloc_decide(&c->pool) == TN_OK;
    case RELEASE:
        return !c->dead && held(c) < BUFFERS;
    case SUBMIT:
    case SUBMIT_MORE:
        s = submission_of(c, move == SUBMIT_MORE);
        return !c->dead && held(c) < BUFFERS && c->fence == TN_HANDLE_NONE && fence_of(who) == TN_HANDLE_NONE &&
               (move == SUBMIT || c->pool.count > 1) && tn_submit_decide(&model.queue, &s) == TN_OK;
    case ADD:
        return !c->dead && held(c) < BUFFERS && c->fence != TN_HANDLE_NONE &&
               tn_submit_add_decide(&model.queue, c->fence, c->own[held(c)], BYTES) == TN_OK;
    case CLOSE:
        return !c->dead && c->fence != TN_HANDLE_NONE && tn_submit_close_decide(&model.queue, c->fence) == TN_OK;
    case POST:
        return who == 0 && tn_queue_oldest(&model.queue) != TN_HANDLE_NONE &&
               (!model.device[0].writes || !model.device[1].writes);
    case FINISH:
        return model.device[who].writes && model.on_wire < WIRE;
    case REPEAT:
        return who == 0 && model.last.fence != TN_HANDLE_NONE && model.on_wire < WIRE;
    case RECEIVE:
        return who == 0 && model.on_wire > 0;
    case RESET:
        return fence_state(who) == TN_FENCE_POSTED;
    case WITHDRAW:
        return fence_state(who) == TN_FENCE_QUEUED || fence_state(who) == TN_FENCE_OPEN;
    case ABANDON:
        return fence_state(who) == TN_FENCE_POSTED && descriptor_of(fence_of(who)) != NULL;
    case DIE:
        return !c->dead;
    default:
        return c->dead && fence_of(who) == TN_HANDLE_NONE && tn_pool_is_idle(&c->pool) &&
               c->pool.retired < c->pool.count;
    }
}

static void post(void)
{
    struct descriptor *d = model.device[0].writes ? &model.device[1] : &model.device[0];
    uint64_t fence = tn_queue_post_commit(&model.queue);
    const struct tn_fence_record *r = record_of(fence);
    require(r->orphan || r->waiters == 0, "a waiter from nowhere");
    *d = (struct descriptor){.fence = fence, .ticket = r->ticket, .writes = true, .parts = (uint8_t)r->parts};
    d->client = r->pool == &model.client[1].pool;
    for (uint32_t i = 0; i < r->parts; i++)
        d->slot[i] = (uint8_t)tn_queue_part(&model.queue, tn_handle_slot(fence), i).slot;
}

static void finish(struct descriptor *d)
{
    say((struct answer){d->fence, d->ticket});
    model.last = (struct answer){d->fence, d->ticket};
    *d = (struct descriptor){0};
}

static void receive(void)
{
    struct answer a = model.wire[0];
    const struct tn_completion c = {.fence = a.fence, .ticket = a.ticket, .status = TN_OK};
    model.wire[0] = model.wire[1];
    model.wire[1] = (struct answer){0};
    model.on_wire--;
    if (tn_complete_decide(&model.queue, &c) != TN_OK)
        return; /* late or twice: nothing happens */
    require(descriptor_of(a.fence) == NULL, "a completion is accepted while the device still writes");
    require(record_of(a.fence)->ticket == a.ticket, "an answer to another submission ends this one");
    struct client *of = &model.client[record_of(a.fence)->pool == &model.client[1].pool];
    tn_complete_commit(&model.queue, &c);
    deliver(of, a.fence);
}

static void reset(int who)
{
    uint64_t fence = fence_of(who);
    struct descriptor *d = descriptor_of(fence);
    if (d != NULL)
        *d = (struct descriptor){0};
    end(&model.client[who], fence, TN_EABORTED);
}

static void release(struct client *c, uint32_t i)
{
    if (tn_buffer_release_decide(&c->pool, c->own[i]) != TN_OK) {
        wrong("a buffer that a client holds is not its own");
        return;
    }
    tn_buffer_release_commit(&c->pool, c->own[i]);
    if (tn_buffer_state(&c->pool, i) == TN_BUFFER_SCRUBBING) /* a twin does not */
        tn_buffer_scrubbed_commit(&c->pool, i);
    gives_up(c, i);
}

static void die(int who)
{
    struct client *c = &model.client[who];
    uint32_t state = fence_state(who);
    c->dead = true;
    if (state != TN_FENCE_FREE) {
        if (tn_fence_orphan_decide(&model.queue, c->fence) != TN_OK)
            wrong("a dead client's fence does not become an orphan");
        else
            tn_fence_orphan_commit(&model.queue, c->fence);
        uint64_t fence = c->fence;
        c->fence = TN_HANDLE_NONE;
        if (state != TN_FENCE_POSTED)
            end(c, fence, TN_EABORTED);
    }
    for (uint32_t i = 0; i < BUFFERS; i++)
        if (!is_free(c, i))
            release(c, i);
    require(tn_pool_move(&c->pool, TN_POOL_REVOKING) == TN_OK, "a dead client's pool is not revoked");
}

static void rebirth(struct client *c)
{
    static const enum tn_pool_state way[] = {TN_POOL_INVALIDATED, TN_POOL_SCRUBBED, TN_POOL_EMPTY};
    for (uint32_t i = 0; i < 3; i++)
        require(tn_pool_move(&c->pool, way[i]) == TN_OK, "an idle pool is not given back");
    map(c);
    c->dead = false;
}

static void submit(struct client *c, bool more)
{
    const struct tn_submission s = submission_of(c, more);
    uint32_t i = held(c);
    c->fence = tn_submit_commit(&model.queue, &s);
    c->told = 0;
    gives_up(c, i);
}

static void check(void);

void model_do(enum move move, int who, bool tell)
{
    struct client *c = &model.client[who];
    struct tn_buffer_name name;
    made[move]++;
    if (tell)
        printf("model: %s %d\n", move_names[move], who);
    switch (move) {
    case ALLOC:
        name = tn_buffer_alloc_commit(&c->pool);
        require(is_free(c, (uint32_t)name.slot), "a buffer is given out twice");
        c->own[name.slot] = name;
        break;
    case RELEASE:
        release(c, held(c));
        break;
    case SUBMIT:
    case SUBMIT_MORE:
        submit(c, move == SUBMIT_MORE);
        break;
    case ADD:
        name = c->own[held(c)];
        gives_up(c, (uint32_t)name.slot);
        tn_submit_add_commit(&model.queue, c->fence, name, BYTES);
        break;
    case CLOSE:
        tn_submit_close_commit(&model.queue, c->fence);
        break;
    case POST:
        post();
        break;
    case FINISH:
        finish(&model.device[who]);
        break;
    case REPEAT:
        say(model.last);
        model.last = (struct answer){0};
        break;
    case RECEIVE:
        receive();
        break;
    case RESET:
        reset(who);
        break;
    case WITHDRAW:
        end(c, fence_of(who), TN_EABORTED);
        break;
    case ABANDON:
        end(c, fence_of(who), TN_EQUARANTINED);
        break;
    case DIE:
        die(who);
        break;
    default:
        rebirth(c);
        break;
    }
    check();
}

/* ---- what must hold in every state ---- */

static void check_counts(const struct client *c)
{
    uint32_t free = 0, away = 0, quarantined = 0, retired = 0;
    for (uint32_t i = 0; i < c->pool.count; i++) {
        uint32_t state = tn_buffer_state(&c->pool, i);
        free += state == TN_BUFFER_FREE;
        away += tn_buffer_is_away(state);
        quarantined += state == TN_BUFFER_QUARANTINED;
        retired += state == TN_BUFFER_RETIRED;
    }
    require(free == c->pool.free && away == c->pool.away && quarantined == c->pool.quarantined &&
                retired == c->pool.retired,
            "the counts of a pool are not its states");
    struct tn_pool pool = c->pool; /* a try on a copy */
    require(away == 0 || tn_pool_move(&pool, TN_POOL_INVALIDATED) != TN_OK, "a pool is taken from under a device");
}

/* A device that may write to a buffer: the buffer is no one's to read, to free or to give away. */
static void check_reach(const struct descriptor *d)
{
    const struct client *c = &model.client[d->client];
    for (uint32_t i = 0; d->writes && i < d->parts; i++) {
        require(tn_buffer_is_away(tn_buffer_state(&c->pool, d->slot[i])),
                "a device writes to a buffer that is not away");
        require(c->pool.state == TN_POOL_MAPPED || c->pool.state == TN_POOL_REVOKING,
                "a device writes to a pool that is gone");
    }
}

static void check_old_names(const struct client *c)
{
    for (uint32_t i = 0; i < BUFFERS; i++)
        if (c->old[i].mark != 0)
            require(tn_buffer_use_decide(&c->pool, c->old[i]) == TN_ESTALE &&
                        tn_buffer_depart_decide(&c->pool, c->old[i], BYTES) == TN_ESTALE,
                    "an old name of a buffer works");
    if (c->old_fence == TN_HANDLE_NONE)
        return;
    const struct tn_completion again = {.fence = c->old_fence, .ticket = c->old_ticket, .status = TN_OK};
    require(tn_fence_take_decide(&model.queue, c->old_fence) == TN_ESTALE &&
                tn_fence_end_decide(&model.queue, c->old_fence, TN_EABORTED) == TN_ESTALE &&
                tn_complete_decide(&model.queue, &again) == TN_ESTALE,
            "an old name of a fence works");
}

static void check(void)
{
    uint32_t in_flight[CLIENTS] = {0};
    for (uint32_t i = 0; i < FENCES; i++) {
        const struct tn_fence_record *r = &model.record[i];
        check_reach(&model.device[i]);
        if (r->state != TN_FENCE_FREE)
            in_flight[r->pool == &model.client[1].pool] += r->parts;
    }
    for (uint32_t i = 0; i < CLIENTS; i++) {
        const struct client *c = &model.client[i];
        check_counts(c);
        check_old_names(c);
        require(c->ledger.used[TN_CHARGE_IN_FLIGHT] == in_flight[i], "the budget is not what is in flight");
        for (uint32_t k = 0; k < BUFFERS; k++)
            require(is_free(c, k) || tn_buffer_state(&c->pool, k) == TN_BUFFER_CPU,
                    "a client's buffer is not the CPU's");
    }
}
