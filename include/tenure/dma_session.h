/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tenure/dma.h stands on: the calls of a client's session, on names instead of tokens. A name says who is meant
 * and not who owns it, so no compiler can check its use; the library and the kernel refuse what is stale. Programs use
 * tenure/dma.h. This is for what takes names apart on purpose: tests, and the classes' own inline functions.
 */
#ifndef TENURE_DMA_SESSION_H
#define TENURE_DMA_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tenure/abi/handle.h>
#include <tenure/abi/ring.h>
#include <tenure/abi/status.h>

/* A client's way to one service. Stays where it is while requests of it are pending. */
struct tn_dma_queue {
    uint64_t channel;
    uint32_t ended_head; /* ended requests of the queue's own that nobody has taken, oldest end first */
    uint32_t ended_tail;
    uint32_t pending; /* requests that nobody has taken the end of */
    uint32_t own;     /* of these, the ones whose fence the queue holds */
};

struct tn_dma_pool {
    uint64_t handle;
    uint64_t buffer_bytes; /* size of each buffer, whole pages */
};

/* A buffer in a table, an array, a list: nobody's until it is taken out again. handle TN_HANDLE_NONE: the place is
 * free. */
struct tn_parked_buffer {
    uint64_t handle;
    void *data;
    uint64_t bytes;
};

/* The same for a fence. generation 0: the place is free. */
struct tn_parked_fence {
    uint64_t generation;
    uint32_t slot;
};

enum tn_dma_flag {
    /* Doing it twice is the same as doing it once: if its driver ends before it has answered, and is started again, the
     * request is submitted again, and its end comes from the new one. Without it, it ends TN_EABORTED. */
    TN_DMA_REPEATABLE = 1u << 0,
};

struct tn_dma_request {
    uint16_t opcode;    /* the class's */
    uint16_t flags;     /* enum tn_dma_flag */
    uint32_t direction; /* enum tn_direction; TN_NO_DATA exactly without a buffer */
    uint64_t length;    /* bytes of the buffer that take part */
    uint64_t argument;  /* the class's, such as an address */
    uint64_t cookie;    /* comes back in the result; the caller's own */
};

/* How a request ended. */
struct tn_dma_result {
    enum tn_status status;
    uint32_t used; /* bytes the device says it wrote or read; beyond them a received buffer is zero */
    uint64_t answer[2];
    uint64_t cookie;
};

/* A zeroed buffer in *place. TN_ERANGE (length 0 or above the pool's), TN_EBUDGET, TN_EEXHAUSTED. */
TN_MUST_CHECK enum tn_status tn_session_alloc(const struct tn_dma_pool *pool, uint64_t length,
                                              struct tn_parked_buffer *place);
/* Scrubs and gives back. TN_ESTALE: the handle names no buffer that this process owns. */
TN_MUST_CHECK enum tn_status tn_session_release(uint64_t handle);
/* Sends `request` with the buffer of that name (NULL: without data). *fence names it; NULL: the queue keeps the fence,
 * and the end comes through tn_session_next. */
void tn_session_submit(struct tn_dma_queue *queue, const struct tn_parked_buffer *buffer,
                       const struct tn_dma_request *request, struct tn_parked_fence *fence);
/* Waits for the end of one fence and takes it. True: it is over; *result says how, and *buffer names what came back, if
 * anything did. result->status is TN_ESTALE also if there is no such fence, or it was taken before, or the queue holds
 * it. False: not over; result->status is TN_ETIMEDOUT, or TN_EINVAL (TN_DEADLINE_NEVER; no wait is unbounded).
 * TN_DEADLINE_NOW looks without waiting. */
TN_MUST_CHECK bool tn_session_take(const struct tn_parked_fence *fence, uint64_t deadline,
                                   struct tn_parked_buffer *buffer, struct tn_dma_result *result);
/* Gives up a request and its buffer (TN_OP_FENCE_REVOKE). TN_ESTATE: it has ended or is about to be submitted again,
 * and is still to be taken. TN_ESTALE: there is no such fence, or no buffer travels with it. */
TN_MUST_CHECK enum tn_status tn_session_revoke(const struct tn_parked_fence *fence);
/* Nobody waits any more for a request without data: its end will not be told. */
void tn_session_abandon(const struct tn_parked_fence *fence);
/* The same as tn_session_take for the oldest end among the requests whose fence the queue keeps. False with TN_ENOENT:
 * there is no such request. */
TN_MUST_CHECK bool tn_session_next(struct tn_dma_queue *queue, uint64_t deadline, struct tn_parked_buffer *buffer,
                                   struct tn_dma_result *result);

#endif
