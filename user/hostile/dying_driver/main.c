/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtio block driver's own device code under a main that dies: it hands the first requests to the device and then
 * executes an invalid instruction, with the device at work on its clients' buffers. args: requests=N (default 1);
 * hang=1: it does nothing any more instead.
 */
#include <args.h>
#include <process.h>
#include <ring.h>
#include <service.h>

#include "../../drivers/virtio_blk/device.h"
#include "../../drivers/virtio_blk/request.h"
#include "../../drivers/virtio_blk/virtq.h"

static struct device device;
static struct tn_service service;
static struct tn_parked_reply never[VIRTQ_REQUESTS_MAX]; /* nobody will answer these */

int tn_main(const struct tn_start *start)
{
    uint64_t requests = 1, hang = 0;
    struct tn_request request;
    TN_REPLY(reply);
    const struct tn_arg known[] = {{.key = "requests", .value = &requests, .min = 1, .max = 64},
                                   {.key = "hang", .value = &hang, .max = 1}};
    tn_args_require(start->args, known, sizeof(known) / sizeof(known[0]));
    device_start(&device, start);
    if (tn_service_open(&service, start, device.queue.requests) != TN_OK)
        return 1;
    for (uint64_t posted = 0; posted < requests;) {
        while (posted < requests && tn_service_take(&service, &request, &reply)) {
            struct virtq_request out;
            struct tn_answer answer;
            if (blk_judge(&device.geometry, &request, &out, &answer) == BLK_ANSWER) {
                tn_service_complete(&service, &reply, &answer);
                continue;
            }
            if (!tn_reply_park(&reply, &never[virtq_add(&device.queue, &out)]))
                __builtin_trap();
            posted++;
        }
        if (posted > 0 && virtq_publish(&device.queue) == VIRTQ_NOTIFY)
            device_notify(&device);
        if (posted < requests)
            (void)tn_ring_wait(1, TN_DEADLINE_NEVER);
    }
    while (hang)
        __builtin_ia32_pause();
    __asm__ volatile("ud2");
    return 1;
}
