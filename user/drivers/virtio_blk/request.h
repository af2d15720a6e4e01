/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a request of the block class to one of the device, and back. Pure. What a client asks is input, and so is what a
 * device answers.
 */
#ifndef TENURE_VIRTIO_BLK_REQUEST_H
#define TENURE_VIRTIO_BLK_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include <tenure/abi/blk.h>
#include <tenure/abi/handle.h>
#include <tenure/abi/status.h>

#include <service.h>

#include "virtq.h"

/* What the device is, as checked at the start. */
struct blk_geometry {
    uint64_t bytes; /* whole blocks */
    uint32_t block_bytes;
    uint32_t request_bytes_max; /* VIRTIO_BLK_F_SIZE_MAX, or UINT32_MAX */
    uint32_t flags;             /* enum tn_blk_flag */
    uint64_t loss;              /* the last one of what its cache held, by number; 0: none since the machine started */
};

/* From capacity in sectors, block size and size_max (0: not offered) as the device states them. TN_EPROTOCOL: they make
 * no sense. */
TN_MUST_CHECK enum tn_status blk_geometry_check(uint64_t sectors, uint32_t block_bytes, uint32_t size_max,
                                                struct blk_geometry *geometry);

enum blk_next {
    BLK_TO_DEVICE, /* *out is to be added to the queue */
    BLK_ANSWER,    /* *answer completes the request at once */
};
/* Judges one request. */
enum blk_next blk_judge(const struct blk_geometry *geometry, const struct tn_request *request,
                        struct virtq_request *out, struct tn_answer *answer);

/* What the client of a request of that direction and length hears when the device is done. */
struct tn_answer blk_answer(uint32_t direction, uint32_t length, const struct virtq_done *done);

#endif
