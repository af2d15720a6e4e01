/* SPDX-License-Identifier: Apache-2.0 */
/* One virtio block device as one service: requests in, descriptors out, and back. */
#ifndef TENURE_VIRTIO_BLK_SERVE_H
#define TENURE_VIRTIO_BLK_SERVE_H

#include <service.h>

#include "device.h"

struct server {
    struct device device;
    struct tn_service service;
    /* What the device works on, by slot. */
    struct {
        struct tn_parked_reply reply;
        uint32_t length;
        uint32_t direction;
    } with_device[VIRTQ_REQUESTS_MAX];
    uint64_t taken; /* requests that the device was given, ever */
};

/* Starts the device and asks for requests, as many as the device takes at once; ends the process if either fails. */
void serve_open(struct server *server, const struct tn_start *start);
/* One wake-up: completes what the device has done, acknowledges the interrupt, hands new requests over, notifies once.
 * What it answers travels with the next entry of the ring. */
void serve_round(struct server *server);

#endif
