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
static struct tn_request with_device[VIRTQ_REQUESTS_MAX]; /* by slot */

static void complete_done(void)
{
    struct virtq_done done;
    enum virtq_lie lie;
    uint32_t value;
    enum tn_status status;
    while ((status = virtq_take(&device.queue, &done, &lie, &value)) == TN_OK) {
        const struct tn_request *request = &with_device[done.slot];
        struct tn_answer answer = blk_answer(request, &done);
        tn_service_complete(&service, request, &answer);
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
    uint32_t added = 0;
    while (tn_service_take(&service, &request) == TN_OK) {
        struct virtq_request out;
        struct tn_answer answer;
        if (blk_judge(&device.geometry, &request, &out, &answer) == BLK_ANSWER) {
            tn_service_complete(&service, &request, &answer);
            continue;
        }
        with_device[virtq_add(&device.queue, &out)] = request;
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
