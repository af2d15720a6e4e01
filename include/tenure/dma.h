/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ownership-based DMA buffers, as a client of a device service sees them.
 *
 * A buffer is owned by the CPU, or it is on its way and a fence stands for it, or neither: after tn_dma_submit and
 * tn_dma_buffer_release the caller's struct tn_dma_buffer is empty, and a copy of it names nothing. Submit always
 * consumes; whatever goes wrong, a refusal too, is told at the fence, together with the buffer. Only TN_EQUARANTINED
 * keeps it.
 *
 * All of it belongs to one thread of one process. Waits have a deadline. What the requests mean is left to the classes
 * (tenure/abi/blk.h).
 */
#ifndef TENURE_DMA_H
#define TENURE_DMA_H

#include <stddef.h>
#include <stdint.h>

#include <tenure/abi/handle.h>
#include <tenure/abi/ring.h>
#include <tenure/abi/status.h>

/* A client's way to one service. Stays where it is while fences of it are pending. */
struct tn_dma_queue {
    uint64_t channel;
    uint32_t ended_head; /* ended fences nobody has taken, oldest first */
    uint32_t ended_tail;
    uint32_t pending;
};

struct tn_dma_pool {
    uint64_t handle;
    uint64_t buffer_bytes; /* size of each buffer, whole pages */
};

struct tn_dma_buffer {
    uint64_t handle; /* TN_HANDLE_NONE: empty */
    void *data;
    uint64_t bytes;
};

/* Stands for one submission. A copy is the same fence: the first wait that sees its end takes it. */
struct tn_fence {
    uint64_t generation; /* 0: none */
    uint32_t slot;
};

struct tn_dma_request {
    uint16_t opcode; /* the class's */
    uint16_t reserved;
    uint32_t direction; /* enum tn_direction; TN_NO_DATA exactly without a buffer */
    uint64_t length;    /* bytes of the buffer that take part */
    uint64_t argument;  /* the class's, such as an address */
    uint64_t cookie;    /* comes back in the result; the caller's own */
};

struct tn_fence_result {
    enum tn_status status;
    uint32_t used; /* bytes the device says it wrote or read; beyond them a received buffer is zero */
    struct tn_dma_buffer buffer;
    uint64_t answer[2];
    uint64_t cookie;
};

/* The queue on a channel this process was given. */
void tn_dma_queue_init(struct tn_dma_queue *queue, uint64_t channel);

/* `count` zeroed buffers of at least `buffer_bytes` for requests on this queue. TN_EBUDGET, TN_EEXHAUSTED, TN_EINVAL,
 * TN_EPOLICY. */
TN_MUST_CHECK enum tn_status tn_dma_pool_create(const struct tn_dma_queue *queue, uint64_t buffer_bytes, uint32_t count,
                                                struct tn_dma_pool *pool);
/* TN_ESTATE while a buffer of it is not free; the pool is then still there. On TN_OK *pool is empty. */
TN_MUST_CHECK enum tn_status tn_dma_pool_release(struct tn_dma_pool *pool);

/* A zeroed buffer, owned by the CPU. TN_ERANGE (length 0 or above the pool's), TN_EBUDGET, TN_EEXHAUSTED. */
TN_MUST_CHECK enum tn_status tn_dma_buffer_alloc(const struct tn_dma_pool *pool, uint64_t length,
                                                 struct tn_dma_buffer *buffer);
/* Scrubs and gives back. *buffer is empty afterwards, whatever the status. */
TN_MUST_CHECK enum tn_status tn_dma_buffer_release(struct tn_dma_buffer *buffer);
/* The bytes; NULL once the buffer was submitted or released. */
static inline void *tn_dma_buffer_data(const struct tn_dma_buffer *buffer)
{
    return buffer->handle != TN_HANDLE_NONE ? buffer->data : NULL;
}
static inline uint64_t tn_dma_buffer_bytes(const struct tn_dma_buffer *buffer)
{
    return buffer->handle != TN_HANDLE_NONE ? buffer->bytes : 0;
}

/* Hands *buffer (NULL: no data) to the service. *buffer is empty afterwards; *fence stands for it. Submissions travel
 * together at the next wait. */
void tn_dma_submit(struct tn_dma_queue *queue, struct tn_dma_buffer *buffer, const struct tn_dma_request *request,
                   struct tn_fence *fence);

/* Waits for the end of one fence and takes it. TN_OK: it has ended, *result is written; how, is in result->status.
 * TN_ETIMEDOUT: still pending. TN_ESTALE: no such fence, or taken before. TN_EINVAL: TN_DEADLINE_NEVER; no wait is
 * unbounded. TN_DEADLINE_NOW looks without waiting. */
TN_MUST_CHECK enum tn_status tn_fence_take(const struct tn_fence *fence, uint64_t deadline,
                                           struct tn_fence_result *result);
/* The same for the common case: the status of the request itself, the buffer and the used length. While the fence is
 * pending (TN_ETIMEDOUT) or wrong (TN_ESTALE, TN_EINVAL) *buffer and *used are not written. A submission that was
 * refused because its handle was stale also ends with TN_ESTALE: then *buffer is empty. `buffer` and `used` may be NULL
 * if there is no data. */
TN_MUST_CHECK enum tn_status tn_fence_wait(const struct tn_fence *fence, uint64_t deadline,
                                           struct tn_dma_buffer *buffer, size_t *used);
/* Waits for the end of any fence of the queue, oldest end first, and takes it. TN_ENOENT: none is pending. */
TN_MUST_CHECK enum tn_status tn_dma_queue_next(struct tn_dma_queue *queue, uint64_t deadline,
                                               struct tn_fence_result *result);

#endif
