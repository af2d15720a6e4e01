/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of a block service: the requests of tenure/abi/blk.h on a DmaBuffer queue.
 */
#ifndef TENURE_USER_BLK_CLIENT_H
#define TENURE_USER_BLK_CLIENT_H

#include <stdint.h>

#include <tenure/abi/blk.h>
#include <tenure/abi/start.h>
#include <tenure/dma.h>

struct tn_blk {
    struct tn_dma_queue queue;
    uint64_t bytes; /* capacity */
    uint32_t block_bytes;
    uint32_t flags; /* enum tn_blk_flag */
    uint64_t loss;  /* of the device's cache, the last one that a FLUSH's caller was told of; 0: none */
};

/* The first channel of this process, asked for its geometry. Ends the process with a message if there is no channel, no
 * answer before the deadline, or one that makes no sense. *blk must stay where it is. */
void tn_blk_open(struct tn_blk *blk, const struct tn_start *start, uint64_t deadline);
/* A pool for requests on it; ends the process with a message if it is refused. */
struct tn_dma_pool tn_blk_pool(const struct tn_blk *blk, uint64_t buffer_bytes, uint32_t count);

struct tn_blk_transfer {
    uint32_t opcode; /* enum tn_blk_opcode */
    uint32_t length;
    uint64_t address; /* of FLUSH the loss that is known of; tn_blk_command sees to that itself */
    uint64_t cookie;  /* comes back with the result */
    bool once;        /* not submitted again when the driver ends before it has answered: then TN_EABORTED */
};
/* The same in the words of tenure/dma.h. */
struct tn_dma_request tn_blk_request(const struct tn_blk_transfer *transfer);

/* READ and WRITE; see tn_dma_submit and tn_dma_enqueue. */
TN_OWN_INLINE void tn_blk_submit(struct tn_blk *blk, struct tn_dma_buffer *buffer,
                                 const struct tn_blk_transfer *transfer, struct tn_fence *fence) TN_OWN_TAKES(buffer)
    TN_OWN_GIVES(fence);
TN_OWN_INLINE void tn_blk_submit(struct tn_blk *blk, struct tn_dma_buffer *buffer,
                                 const struct tn_blk_transfer *transfer, struct tn_fence *fence)
{
    const struct tn_dma_request request = tn_blk_request(transfer);
    tn_dma_submit(&blk->queue, buffer, &request, fence);
}
TN_OWN_INLINE void tn_blk_enqueue(struct tn_blk *blk, struct tn_dma_buffer *buffer,
                                  const struct tn_blk_transfer *transfer) TN_OWN_TAKES(buffer);
TN_OWN_INLINE void tn_blk_enqueue(struct tn_blk *blk, struct tn_dma_buffer *buffer,
                                  const struct tn_blk_transfer *transfer)
{
    const struct tn_dma_request request = tn_blk_request(transfer);
    tn_dma_enqueue(&blk->queue, buffer, &request);
}
/* INFO and FLUSH, to their end. TN_ETIMEDOUT: none in time; the request is then nobody's, and its end is not told.
 * TN_ECACHELOST of a FLUSH is told once for each loss, by the first that ends in time. */
TN_MUST_CHECK enum tn_status tn_blk_command(struct tn_blk *blk, const struct tn_blk_transfer *transfer,
                                            uint64_t deadline, struct tn_dma_result *result);

#endif
