/* SPDX-License-Identifier: Apache-2.0 */
/* See channel.h. */
#include "cap/channel_inside.h"

#include <stddef.h>

#include "cap/pool.h"
#include "device/device.h"
#include "diag/log.h"
#include "diag/panic.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "proc/process.h"

enum { ENDED_MAX = 64 }; /* fences that one invalidation covers */

struct service services[SERVICES_MAX];
uint32_t service_count;
struct channel channels[CHANNELS_MAX];
uint32_t channel_count;

static void *carve(uint64_t *physical, uint64_t bytes)
{
    void *piece = phys_to_virt(*physical);
    *physical += page_up(bytes);
    return piece;
}

/* What a service needs for `depth` fences, in one piece: all of it or nothing. */
static enum tn_status take_records(struct service *s, struct tn_queue_plan *plan, uint64_t depth)
{
    uint64_t physical, bytes = page_up(depth * sizeof *plan->slot) + page_up(depth * sizeof *plan->record) +
                               page_up(depth * sizeof *plan->part) + page_up(depth * sizeof *s->request) +
                               page_up(depth * sizeof *s->orphan);
    enum tn_status status = frames_alloc(bytes / PAGE_SIZE, &physical);
    if (status != TN_OK)
        return status;
    plan->slot = carve(&physical, depth * sizeof *plan->slot);
    plan->record = carve(&physical, depth * sizeof *plan->record);
    plan->part = carve(&physical, depth * sizeof *plan->part);
    s->request = carve(&physical, depth * sizeof *s->request);
    s->orphan = carve(&physical, depth * sizeof *s->orphan);
    return TN_OK;
}

/* Its server will claim one later: requests wait for that. */
static bool lacks_device(const struct service *s)
{
    return !s->device && s->server->manifest->device_count != 0;
}

/* The server has come back: the queue is the same, and so are its clients. */
static struct service *attach_again(struct service *s, struct process *server)
{
    s->identity = (struct tn_identity){s->identity.generation + 1, server->epoch};
    s->server = server;
    s->awaited = NULL;
    s->device = device_first_of(server);
    s->credits = lacks_device(s) ? -SERVICE_PAUSED : 0;
    return s;
}

struct service *service_create(const char *name, struct process *server, uint32_t depth)
{
    struct service *before = service_find(name);
    if (before)
        return before->server ? NULL : attach_again(before, server); /* the manifest names one server for it */
    if (service_count == SERVICES_MAX || depth == 0 || depth > SERVICE_DEPTH_MAX) {
        log_line("service: %s: refused: depth %u (1 to %u), %u services", name, depth, SERVICE_DEPTH_MAX,
                 service_count);
        return NULL;
    }
    struct service *s = &services[service_count];
    struct tn_queue_plan plan = {
        .generation_max = TN_HANDLE_GENERATION_MAX, .depth = depth, .parts_max = 1, /* a request has one buffer */
    };
    if (take_records(s, &plan, depth) != TN_OK || !tn_queue_init(&s->queue, &plan)) {
        log_line("service: %s: no memory for %u fences", name, depth);
        return NULL;
    }
    s->identity = (struct tn_identity){1, server->epoch};
    s->server = server;
    s->device = device_first_of(server);
    s->credits = lacks_device(s) ? -SERVICE_PAUSED : 0;
    text_copy(s->name, name, sizeof s->name);
    service_count++;
    return s;
}

struct service *service_find(const char *name)
{
    for (uint32_t i = 0; i < service_count; i++)
        if (text_equal(services[i].name, name))
            return &services[i];
    return NULL;
}

uint32_t service_index(const struct service *service)
{
    return (uint32_t)(service - services);
}

struct service *service_at(uint32_t index)
{
    return &services[index];
}

const struct tn_identity *service_identity(uint32_t index)
{
    return index < service_count ? &services[index].identity : NULL;
}

struct channel *channel_create(struct service *service, struct process *client, uint32_t rights, uint32_t deadline_ms)
{
    struct channel *c = channels;
    while (c < channels + channel_count && c->service)
        c++;
    if (c == channels + CHANNELS_MAX)
        return NULL;
    if (c == channels + channel_count)
        channel_count++;
    *c = (struct channel){
        .identity = {c->identity.generation + 1, client->epoch},
        .service = service,
        .word = tn_request_word_session(rights, channel_index(c)),
        .deadline_ms = deadline_ms,
    };
    return c;
}

uint32_t channel_index(const struct channel *channel)
{
    return (uint32_t)(channel - channels);
}

struct channel *channel_at(uint32_t index)
{
    return &channels[index];
}

const struct tn_identity *channel_identity(uint32_t index)
{
    return index < channel_count ? &channels[index].identity : NULL;
}

struct device *channel_device(const struct channel *channel)
{
    return channel->service->device;
}

static bool is_quiescing(const struct device *device)
{
    return device && device->state == TN_DEVICE_QUIESCING;
}

enum tn_status channel_is_served(const struct channel *channel)
{
    const struct service *s = channel->service;
    if (!s->server)
        return s->awaited ? TN_EAGAIN : TN_EPEERGONE;
    return s->server->state == PROCESS_ENDING || is_quiescing(s->device) ? TN_EAGAIN : TN_OK;
}

struct service *channel_service(const struct channel *channel)
{
    return channel->service;
}

struct device *service_device(const struct service *service)
{
    return service->device;
}

/* ---- to the server ---- */

/* From here on the device reaches the buffer of the request, under this name. 0: no buffer travels. */
static uint64_t hand_over(const struct tn_queue *queue, uint32_t slot)
{
    const struct tn_fence_record *f = tn_queue_at(queue, slot);
    if (!f->pool)
        return 0;
    struct pool *pool = pool_of(f->pool);
    uint32_t buffer = (uint32_t)tn_queue_part(queue, slot, 0).slot;
    pool_buffer_reach(pool, buffer, f->direction, f->length);
    return pool_buffer_token(pool, buffer);
}

static bool may_post(const struct service *s)
{
    return s->credits > 0 && tn_queue_has_queued(&s->queue);
}

static inline void post_oldest(struct service *s)
{
    uint64_t fence = tn_queue_post_commit(&s->queue);
    uint32_t slot = tn_handle_slot(fence);
    const struct tn_fence_record *f = tn_queue_at(&s->queue, slot);
    const struct request *r = &s->request[slot];
    struct tn_cqe *cqe = process_post_begin(s->server);
    cqe->user_data = s->user_data;
    cqe->kind = TN_CQE_REQUEST;
    cqe->status = TN_OK;
    cqe->value[0] = fence;
    cqe->value[1] = f->ticket;
    cqe->value[2] = r->word;
    cqe->value[3] = f->length;
    cqe->value[4] = r->argument;
    cqe->value[5] = hand_over(&s->queue, slot);
    s->credits--;
    process_post_end(s->server);
}

/* Between entries a service has no credit left or no request that waits: after one more of either, at most one request
 * goes to the server. */
static __attribute__((noinline)) void post_waiting(struct service *s)
{
    post_oldest(s);
}

static void post_all(struct service *s)
{
    while (may_post(s))
        post_oldest(s);
}

void service_serve(struct service *service, uint64_t user_data, uint32_t credits)
{
    service->user_data = user_data;
    service->credits += (int32_t)credits;
    post_all(service);
}

enum tn_status services_device_claimed(struct process *server, struct device *device)
{
    for (uint32_t i = 0; i < service_count; i++) {
        struct service *s = &services[i];
        if (s->server != server || s->device)
            continue;
        s->device = device;
        enum tn_status status = pools_attach(s);
        if (status != TN_OK) {
            s->device = NULL; /* it stays paused */
            return status;
        }
        s->credits += SERVICE_PAUSED;
        post_all(s);
    }
    return TN_OK;
}

void service_serve_again(struct service *service)
{
    service->credits++;
    if (may_post(service))
        post_waiting(service);
}

/* ---- back to the client ---- */

/* `handle`: of the buffer, TN_HANDLE_NONE if none comes back. */
static void post_fence(const struct request *r, enum tn_status status, uint64_t handle, uint64_t used,
                       const uint64_t answer[2], uint64_t ticket)
{
    struct tn_cqe *cqe = process_post_begin(r->client);
    cqe->user_data = r->user_data;
    cqe->kind = TN_CQE_FENCE;
    cqe->status = status;
    cqe->value[0] = handle;
    cqe->value[1] = used;
    cqe->value[2] = answer[0];
    cqe->value[3] = answer[1];
    cqe->value[4] = ticket;
    cqe->value[5] = 0;
    process_post_end(r->client);
}

static const uint64_t no_answer[2];

/* What the device was told it may write and says it did not must not show what was there before (G5). */
static void zero_tail(const struct pool *pool, const struct tn_outcome *o)
{
    if (o->direction == TN_FROM_DEVICE && o->used < o->length)
        memset((uint8_t *)phys_to_virt(pool_buffer_physical(pool, o->buffer_slot)) + o->used, 0, o->length - o->used);
}

/* This and the next apart, and by value: the way of every request is counted. */
static __attribute__((noinline)) void deliver_orphan(struct service *s, uint32_t slot, struct pool *pool,
                                                     uint32_t status, uint32_t buffer)
{
    orphan_ended(s, slot);
    if (pool && status != TN_EQUARANTINED)
        pool_orphan_ended(pool, buffer);
    else if (pool)
        pool_buffer_lost(pool);
}

/* In quarantine: the entry ends, the charge stays. */
static __attribute__((noinline)) void deliver_nothing(struct process *client, struct tn_cap *cap, struct pool *pool)
{
    tn_cap_remove_commit(&client->caps, cap);
    tn_ledger_refund(&client->ledger, TN_CHARGE_CAP_SLOTS, 1);
    pool_buffer_lost(pool);
}

void channel_deliver(struct service *s, uint64_t fence, const uint64_t answer[2])
{
    uint32_t slot = tn_handle_slot(fence);
    const struct tn_fence_record *f = tn_queue_at(&s->queue, slot);
    struct pool *pool = f->pool ? pool_of(f->pool) : NULL;
    uint64_t ticket = f->ticket;
    struct request r = s->request[slot];
    struct tn_outcome o = tn_fence_take_commit(&s->queue, fence);
    s->request[slot].client = NULL;
    if (o.orphan) {
        deliver_orphan(s, slot, pool, o.status, o.buffer_slot);
        return;
    }
    uint64_t handle = TN_HANDLE_NONE;
    if (o.buffer.mark != 0) {
        zero_tail(pool, &o);
        pool_buffer_show(pool, o.buffer_slot);
        handle = tn_cap_turn_commit(&r.client->caps, r.cap, TN_KIND_DMA_BUFFER, tn_buffer_pack(o.buffer));
    } else if (r.cap) {
        deliver_nothing(r.client, r.cap, pool);
    }
    post_fence(&r, o.status, handle, o.used, answer, ticket);
}

/* ---- fences that have ended, and whose buffers a device may still reach ---- */

static struct {
    struct service *service;
    uint64_t fence;
    uint64_t answer[2];
} ended[ENDED_MAX];
static uint32_t ended_count;
static struct iommu_domain *ended_in; /* all of them; meaningless without one */

/* Nobody can say that the device does not reach the buffer any more: it stays out of use, under a fence that has ended
 * and that nobody takes. Its client hears so. */
static void withhold(struct service *s, uint64_t fence)
{
    uint32_t slot = tn_handle_slot(fence);
    struct request r = s->request[slot];
    s->request[slot].client = NULL;
    if (!r.client || !r.cap)
        return;
    orphan_left(s, slot, r.client, 0); /* which pays for it until reboot */
    tn_cap_remove_commit(&r.client->caps, r.cap);
    tn_ledger_refund(&r.client->ledger, TN_CHARGE_CAP_SLOTS, 1);
    post_fence(&r, TN_EQUARANTINED, TN_HANDLE_NONE, 0, no_answer, tn_queue_at(&s->queue, slot)->ticket);
}

__attribute__((flatten)) static void settle(void)
{
    enum tn_status status = iommu_sync(ended_in);
    if (status != TN_OK)
        log_line("channel: the IOMMU does not answer: %u buffers stay out of use", ended_count);
    for (uint32_t i = 0; i < ended_count; i++)
        if (status == TN_OK)
            channel_deliver(ended[i].service, ended[i].fence, ended[i].answer);
        else
            withhold(ended[i].service, ended[i].fence);
    ended_count = 0;
}

void channels_settle(void)
{
    if (ended_count != 0)
        settle();
}

/* One invalidation for all that end in one entry, and nobody has a buffer back before it. */
static void finish(struct service *s, uint64_t fence, const uint64_t answer[2])
{
    uint32_t slot = tn_handle_slot(fence);
    const struct tn_fence_record *f = tn_queue_at(&s->queue, slot);
    struct pool *pool = f->pool ? pool_of(f->pool) : NULL;
    if (!pool || !pool_buffer_unreach(pool, (uint32_t)tn_queue_part(&s->queue, slot, 0).slot, f->length)) {
        channel_deliver(s, fence, answer);
        return;
    }
    if (ended_count == ENDED_MAX || ended_in != pool->domain) {
        channels_settle();
        ended_in = pool->domain;
    }
    ended[ended_count].service = s;
    ended[ended_count].fence = fence;
    ended[ended_count].answer[0] = answer[0];
    ended[ended_count].answer[1] = answer[1];
    ended_count++;
}

__attribute__((flatten)) enum tn_status service_complete(struct service *s, const struct tn_sqe *sqe)
{
    struct tn_completion c = {
        .fence = sqe->arg[0],
        .ticket = sqe->arg[1],
        .status = (uint32_t)sqe->arg[2],
        .used = (uint32_t)(sqe->arg[2] >> 32),
    };
    enum tn_status status = tn_complete_decide(&s->queue, &c);
    if (status != TN_OK) {
        tn_complete_refused(&s->queue);
        return status;
    }
    tn_complete_commit(&s->queue, &c);
    finish(s, c.fence, &sqe->arg[3]);
    return TN_OK;
}

/* ---- from the client ---- */

/* Everything about one submission that may be refused. `cap` is set as soon as the buffer is known to be the caller's.
 */
static enum tn_status decide_submit(struct process *p, const struct tn_sqe *sqe, struct channel **channel,
                                    struct tn_cap **cap, struct tn_submission *submission)
{
    struct tn_cap *channel_cap, *found;
    enum tn_status status;
    if (sqe->arg[0] != TN_HANDLE_NONE) {
        status = tn_cap_lookup(&p->caps, sqe->arg[0], TN_KIND_DMA_BUFFER, 0, &found);
        if (status == TN_OK)
            status = tn_cap_check(&p->caps, found, pool_identity(found->object));
        if (status != TN_OK)
            return status;
        status = tn_cap_turn_decide(&p->caps, found);
        if (status != TN_OK)
            return status;
        *cap = found;
    }
    uint32_t direction = tn_submit_direction(sqe->arg[1]);
    uint32_t rights = direction == TN_TO_DEVICE ? TN_RIGHT_WRITE : TN_RIGHT_READ;
    status = tn_cap_lookup(&p->caps, sqe->handle, TN_KIND_CHANNEL, rights, &channel_cap);
    if (status == TN_OK)
        status = tn_cap_check(&p->caps, channel_cap, channel_identity(channel_cap->object));
    if (status != TN_OK)
        return status;
    *channel = channel_at(channel_cap->object);
    struct service *s = (*channel)->service;
    if ((sqe->arg[1] >> 24 | sqe->arg[2] >> 32 | sqe->arg[4] | sqe->flags) != 0)
        return sqe->arg[1] >> 24 != 0 || sqe->arg[4] != 0 || sqe->flags != 0 ? TN_EINVAL : TN_ERANGE;
    if (!s->server && !s->awaited)
        return TN_EPEERGONE;
    struct pool *pool = *cap ? pool_at((*cap)->object) : NULL;
    if (pool && (pool->channel != *channel || pool->is_withheld))
        return pool->channel != *channel ? TN_EPOLICY : TN_EQUARANTINED;
    *submission = (struct tn_submission){
        .pool = pool ? &pool->core : NULL,
        .buffer = tn_buffer_unpack(*cap ? (*cap)->detail : TN_HANDLE_NONE, TN_BUFFER_CPU),
        .ledger = &p->ledger,
        .length = (uint32_t)sqe->arg[2],
        .direction = direction,
    };
    return tn_submit_decide(&s->queue, submission);
}

/* Inlined as a whole, as service_complete: the way of every request, and counted (blk.virtio.read4k). */
__attribute__((flatten)) enum tn_status channel_submit(struct process *p, const struct tn_sqe *sqe)
{
    struct channel *channel = NULL;
    struct tn_cap *cap = NULL;
    struct tn_submission submission;
    enum tn_status status = decide_submit(p, sqe, &channel, &cap, &submission);
    if (status != TN_OK) {
        uint64_t handle = TN_HANDLE_NONE;
        if (cap) { /* consumed and given back: the handle that was submitted is stale either way */
            tn_cap_turn_commit(&p->caps, cap, TN_KIND_FENCE, cap->detail);
            handle = tn_cap_turn_commit(&p->caps, cap, TN_KIND_DMA_BUFFER, cap->detail);
        } else if (status == TN_ERETIRED) {
            handle = sqe->arg[0]; /* no further generation: the handle stays, good for a release */
        }
        post_fence(&(struct request){.client = p, .user_data = sqe->user_data}, status, handle, 0, no_answer, 0);
        return status;
    }
    struct service *s = channel->service;
    uint64_t fence = tn_submit_commit(&s->queue, &submission);
    s->request[tn_handle_slot(fence)] = (struct request){
        .client = p,
        .cap = cap,
        .user_data = sqe->user_data,
        .word = sqe->arg[1] | channel->word,
        .argument = sqe->arg[3],
    };
    if (cap) {
        tn_cap_turn_commit(&p->caps, cap, TN_KIND_FENCE, fence);
        pool_buffer_hide(pool_at(cap->object), (uint32_t)submission.buffer.slot);
    }
    if (may_post(s))
        post_oldest(s);
    return TN_OK;
}
