/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One split virtqueue whose requests are chains of at most three descriptors: header, data, status (VIRTIO 1.2, 2.7 and
 * 5.2.6). Pure: works on shared memory and never on registers. The device writes the used ring and the status bytes:
 * both are input, each is read once, checked, then used.
 *
 * Request slot i owns header i, status byte i and a chain: in the direct form descriptors 3i to 3i+2 of the queue, in
 * the indirect form descriptor i, which names a table of three that only slot i uses. So a completion's id is the first
 * descriptor of a slot in flight, or a lie. What never changes in a chain is written once, at the start.
 */
#ifndef TENURE_VIRTQ_H
#define TENURE_VIRTQ_H

#include <stdint.h>

#include <dma.h>

#include "virtio.h"

enum {
    VIRTQ_SIZE_MIN = 4, /* a power of two with room for one request */
    VIRTQ_SIZE_MAX = 512,
    VIRTQ_REQUESTS_MAX = 128,
    VIRTQ_DESCRIPTORS_EACH = 3,
};

/* Offsets in the shared memory, for a queue size. */
struct virtq_layout {
    uint32_t desc;
    uint32_t avail;
    uint32_t used;
    uint32_t tables; /* indirect form only */
    uint32_t headers;
    uint32_t statuses;
    uint32_t bytes;
    uint32_t requests; /* how many may be in flight */
};

enum virtq_form {
    VIRTQ_DIRECT,   /* every device has it; a third of the queue's size in flight */
    VIRTQ_INDIRECT, /* with VIRTIO_F_INDIRECT_DESC (2.7.5.3): as many as the queue's size */
};

struct virtq_slot {
    uint32_t length; /* of the data; the device may write no more */
    uint16_t next_free;
    uint8_t in_flight;
    uint8_t direction;
};

struct virtq {
    struct tn_dma_shared memory;
    struct virtq_layout layout;
    uint32_t size;
    enum virtq_form form;
    uint32_t requests; /* layout.requests */
    uint32_t in_flight;
    uint16_t free_head;
    uint16_t avail_idx; /* ours; the shared one follows at virtq_publish */
    uint16_t used_idx;  /* next to look at */
    struct virtq_slot slot[VIRTQ_REQUESTS_MAX];
};

/* What a device said about one request, after the checks. */
struct virtq_done {
    uint16_t slot;
    uint8_t status;   /* enum virtio_blk_answer, nothing else */
    uint32_t written; /* bytes of data the device says it wrote; at most the length, 0 unless TN_FROM_DEVICE */
};

/* What a device may not say. `value` is what it said. */
enum virtq_lie {
    VIRTQ_HONEST,
    VIRTQ_TOO_MANY,      /* the used index is further than requests are in flight */
    VIRTQ_BAD_ID,        /* an id that is no first descriptor of a request */
    VIRTQ_NOT_IN_FLIGHT, /* the id of a request that is not with the device */
    VIRTQ_BAD_LENGTH,    /* more bytes than the request lets it write, or not even the status byte */
    VIRTQ_BAD_STATUS,    /* a status byte that 5.2.6 does not know */
};

/* How large a queue to use when the device offers up to `offered` (2.7: a power of two): 0 if none fits. */
uint32_t virtq_size(uint32_t offered);
struct virtq_layout virtq_layout(uint32_t size, enum virtq_form form);
/* `memory` must be zeroed and hold virtq_layout(size, form).bytes. */
void virtq_init(struct virtq *queue, struct tn_dma_shared memory, uint32_t size, enum virtq_form form);

/* A request for the device. */
struct virtq_request {
    uint32_t type; /* enum virtio_blk_type */
    uint64_t sector;
    struct tn_dma_token token; /* of the data */
    uint32_t length;           /* 0: no data */
    enum tn_direction direction;
};
/* Puts it into a free slot; there must be one (in_flight < requests). Returns the slot. The device sees it at
 * virtq_publish. */
uint16_t virtq_add(struct virtq *queue, const struct virtq_request *request);
enum virtq_doorbell {
    VIRTQ_QUIET,
    VIRTQ_NOTIFY,
};
/* Shows everything added to the device; says whether it wants to be notified. */
enum virtq_doorbell virtq_publish(struct virtq *queue);

/* TN_OK: *done is a request that has ended, its slot is free again. TN_EAGAIN: none. TN_EPROTOCOL: *lie and *value say
 * what the device did; the queue is not touched further, and the device is to be reset. */
TN_MUST_CHECK enum tn_status virtq_take(struct virtq *queue, struct virtq_done *done, enum virtq_lie *lie,
                                        uint32_t *value);
const char *virtq_lie_text(enum virtq_lie lie);

#endif
