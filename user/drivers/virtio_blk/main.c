/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event loop of the virtio block driver: one wake-up completes what the device has done, acknowledges the
 * interrupt, hands new requests over, notifies once, and sleeps, with one kernel entry.
 */
#include <print.h>
#include <process.h>
#include <ring.h>
#include <service.h>

#include "device.h"
#include "request.h"
#include "virtq.h"

static struct device device;
static struct tn_service service;
/* What the device works on, by slot. */
static struct {
    struct tn_parked_reply reply;
    uint32_t length;
    uint32_t direction;
} with_device[VIRTQ_REQUESTS_MAX];

static void complete_done(void)
{
    struct virtq_done done;
    enum virtq_lie lie;
    uint32_t value;
    enum tn_status status;
    while ((status = virtq_take(&device.queue, &done, &lie, &value)) == TN_OK) {
        TN_REPLY(reply);
        if (!tn_reply_unpark(&with_device[done.slot].reply, &reply))
            __builtin_trap(); /* virtq_take gives slots in flight only */
        struct tn_answer answer = blk_answer(with_device[done.slot].direction, with_device[done.slot].length, &done);
        tn_service_complete(&service, &reply, &answer);
    }
    if (status == TN_EPROTOCOL)
        device_broken(&device, virtq_lie_text(lie), value);
}

static void acknowledge(void)
{
    if (tn_irq_pending(&device.queue_irq))
        tn_irq_acknowledge(&device.queue_irq);
    if (tn_irq_pending(&device.config_irq)) {
        device_config_changed(&device);
        tn_irq_acknowledge(&device.config_irq);
    }
}

static void take_requests(void)
{
    struct tn_request request;
    TN_REPLY(reply);
    uint32_t added = 0;
    while (tn_service_take(&service, &request, &reply)) {
        struct virtq_request out;
        struct tn_answer answer;
        if (blk_judge(&device.geometry, &request, &out, &answer) == BLK_ANSWER) {
            tn_service_complete(&service, &reply, &answer);
            continue;
        }
        uint16_t slot = virtq_add(&device.queue, &out);
        if (!tn_reply_park(&reply, &with_device[slot].reply))
            __builtin_trap(); /* virtq_add gives free slots only */
        with_device[slot].length = request.length;
        with_device[slot].direction = request.direction;
        added++;
    }
    if (added > 0 && virtq_publish(&device.queue) == VIRTQ_NOTIFY)
        device_notify(&device);
}

int tn_main(const struct tn_start *start)
{
    device_start(&device, start);
    /* As many credits as slots: a request that arrives always finds one. */
    enum tn_status status = tn_service_open(&service, start, device.queue.requests);
    if (status != TN_OK)
        tn_die("no service to serve: %s; the manifest needs serves = \"…\"", tn_status_name(status));
    for (;;) {
        complete_done();
        acknowledge();
        take_requests();
        (void)tn_ring_wait(1, TN_DEADLINE_NEVER);
    }
}
