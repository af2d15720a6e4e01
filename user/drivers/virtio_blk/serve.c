/* SPDX-License-Identifier: Apache-2.0 */
/* See serve.h. */
#include "serve.h"

#include <print.h>
#include <process.h>

#include "request.h"
#include "virtq.h"

static void complete_done(struct server *s)
{
    struct virtq_done done;
    enum virtq_lie lie;
    uint32_t value;
    enum tn_status status;
    while ((status = virtq_take(&s->device.queue, &done, &lie, &value)) == TN_OK) {
        TN_REPLY(reply);
        if (!tn_reply_unpark(&s->with_device[done.slot].reply, &reply))
            __builtin_trap(); /* virtq_take gives slots in flight only */
        struct tn_answer answer =
            blk_answer(s->with_device[done.slot].direction, s->with_device[done.slot].length, &done);
        tn_service_complete(&s->service, &reply, &answer);
    }
    if (status == TN_EPROTOCOL)
        device_broken(&s->device, virtq_lie_text(lie), value);
}

static void acknowledge(struct server *s)
{
    if (tn_irq_pending(&s->device.queue_irq))
        tn_irq_acknowledge(&s->device.queue_irq);
    if (tn_irq_pending(&s->device.config_irq)) {
        device_config_changed(&s->device);
        tn_irq_acknowledge(&s->device.config_irq);
    }
}

static void take_requests(struct server *s)
{
    struct tn_request request;
    TN_REPLY(reply);
    uint32_t added = 0;
    while (tn_service_take(&s->service, &request, &reply)) {
        struct virtq_request out;
        struct tn_answer answer;
        if (blk_judge(&s->device.geometry, &request, &out, &answer) == BLK_ANSWER) {
            tn_service_complete(&s->service, &reply, &answer);
            continue;
        }
        uint16_t slot = virtq_add(&s->device.queue, &out);
        if (!tn_reply_park(&reply, &s->with_device[slot].reply))
            __builtin_trap(); /* virtq_add gives free slots only */
        s->with_device[slot].length = request.length;
        s->with_device[slot].direction = request.direction;
        added++;
    }
    s->taken += added;
    if (added > 0 && virtq_publish(&s->device.queue) == VIRTQ_NOTIFY)
        device_notify(&s->device);
}

void serve_round(struct server *s)
{
    complete_done(s);
    acknowledge(s);
    take_requests(s);
}

void serve_open(struct server *s, const struct tn_start *start)
{
    device_start(&s->device, start);
    /* As many credits as slots: a request that arrives always finds one. */
    enum tn_status status = tn_service_open(&s->service, start, s->device.queue.requests);
    if (status != TN_OK)
        tn_die("no service to serve: %s; the manifest needs serves = \"…\"", tn_status_name(status));
}
