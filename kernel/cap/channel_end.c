/* SPDX-License-Identifier: Apache-2.0 */
/* The ends of channels: of a client, of a server that will be started again, of one that will not. See channel.h. */
#include "cap/channel_inside.h"

#include "cap/pool.h"
#include "device/device.h"
#include "diag/panic.h"
#include "proc/process.h"

static void end_fence(struct service *s, uint64_t fence, enum tn_status status)
{
    if (tn_fence_end_decide(&s->queue, fence, status) != TN_OK)
        panic("channel: a fence of %s does not end", s->name);
    tn_fence_end_commit(&s->queue, fence, status);
    static const uint64_t no_answer[2];
    channel_deliver(s, fence, no_answer);
}

/* Nobody waits any more for a request that the core lets become an orphan. */
static void make_orphan(struct service *s, uint32_t slot)
{
    uint64_t fence = tn_fence_name(&s->queue, slot);
    struct process *client = s->request[slot].client;
    uint32_t deadline_ms = channel_at(tn_request_session(s->request[slot].word))->deadline_ms;
    bool queued = tn_queue_at(&s->queue, slot)->state == TN_FENCE_QUEUED;
    tn_fence_orphan_commit(&s->queue, fence);
    s->request[slot] = (struct request){0};
    if (queued) /* the server never saw it */
        end_fence(s, fence, TN_EABORTED);
    else
        orphan_left(s, slot, client, deadline_ms);
}

/* Its sessions are free for others. */
static void free_channels(const struct process *client)
{
    for (uint32_t i = 0; i < channel_count; i++)
        if (channels[i].service && channels[i].identity.owner_epoch == client->epoch)
            channels[i].service = NULL;
}

void channels_client_ended(struct process *client)
{
    for (uint32_t i = 0; i < service_count; i++) {
        struct service *s = &services[i];
        for (uint32_t slot = 0; slot < s->queue.slots.count; slot++) {
            if (s->request[slot].client != client)
                continue;
            if (tn_fence_orphan_decide(&s->queue, tn_fence_name(&s->queue, slot)) != TN_OK)
                panic("channel: a fence of %s does not become an orphan", client->name);
            make_orphan(s, slot);
        }
    }
    free_channels(client);
}

enum tn_status channel_revoke(struct process *client, struct tn_cap *cap)
{
    struct service *s = pool_at(cap->object)->channel->service;
    enum tn_status status = tn_fence_orphan_decide(&s->queue, cap->detail);
    if (status != TN_OK)
        return status;
    make_orphan(s, tn_handle_slot(cap->detail));
    tn_ring_unreserve_commit(&client->ring, 1); /* of its end, which is not told */
    return TN_OK;
}

void services_server_stopped(const struct process *server)
{
    for (uint32_t i = 0; i < service_count; i++)
        if (services[i].server == server)
            services[i].credits = 0;
}

void services_device_stopped(const struct device *device)
{
    for (uint32_t i = 0; i < service_count; i++)
        if (services[i].device == device)
            services[i].credits -= SERVICE_PAUSED;
}

void services_device_ended(const struct device *device, bool is_silent)
{
    for (uint32_t i = 0; i < service_count; i++) {
        struct service *s = &services[i];
        if (s->device != device)
            continue;
        s->device = NULL;
        for (uint32_t slot = 0; slot < s->queue.slots.count; slot++) {
            uint64_t fence = tn_fence_name(&s->queue, slot);
            if (fence != TN_HANDLE_NONE && tn_queue_at(&s->queue, slot)->state == TN_FENCE_POSTED)
                end_fence(s, fence, is_silent ? TN_EABORTED : TN_EQUARANTINED);
        }
    }
}

void services_end_withheld(void)
{
    for (uint32_t i = 0; i < service_count; i++) {
        struct service *s = &services[i];
        for (uint32_t slot = 0; slot < s->queue.slots.count; slot++) {
            uint64_t fence = tn_fence_name(&s->queue, slot);
            const struct tn_fence_record *f = tn_queue_at(&s->queue, slot);
            if (fence != TN_HANDLE_NONE && f->state == TN_FENCE_QUEUED && f->pool && pool_of(f->pool)->is_withheld)
                end_fence(s, fence, TN_EABORTED);
        }
    }
}

void services_server_ended(struct process *server)
{
    for (uint32_t i = 0; i < service_count; i++) {
        struct service *s = &services[i];
        if (s->server != server)
            continue;
        s->server = NULL;
        s->awaited = process_may_come_back(server) ? server : NULL;
        for (uint32_t slot = 0; slot < s->queue.slots.count; slot++) {
            uint64_t fence = tn_fence_name(&s->queue, slot);
            if (fence == TN_HANDLE_NONE)
                continue;
            /* what no device has seen comes back, or waits for the server to; the rest came back with the device */
            uint32_t state = tn_queue_at(&s->queue, slot)->state;
            if (state != TN_FENCE_ENDED && (state != TN_FENCE_QUEUED || !s->awaited)) /* withheld; waits */
                end_fence(s, fence, TN_EABORTED);
        }
    }
}

void services_given_up(const struct process *server)
{
    for (uint32_t i = 0; i < service_count; i++) {
        struct service *s = &services[i];
        if (s->awaited != server)
            continue;
        s->awaited = NULL;
        while (tn_queue_has_queued(&s->queue))
            end_fence(s, tn_queue_oldest(&s->queue), TN_EABORTED);
    }
}
