/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same ownership behind pointers, for programs that keep buffers where a token cannot be: in lists, in other
 * libraries' objects, in callbacks. gcc follows such pointers by its own warnings (-Wuse-after-free,
 * -Wmismatched-dealloc, -fanalyzer): submit ends a buffer's pointer as free ends one of malloc's. Warnings they are,
 * unless your flags say otherwise (pkg-config's strict_cflags). Every call is an ordinary function.
 *
 * A pool serves boxes if its configuration says so. A pointer that is used too late is refused at run time until its
 * buffer is 16 generations older (each completion and each release is one: seven lives with one journey each); after
 * that it may name another life. A token never does: where a token can be, use one.
 */
#ifndef TENURE_BOX_H
#define TENURE_BOX_H

#include <tenure/dma_pool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A buffer that the CPU owns, and one that a device owns. */
struct tn_dma_buffer_box;
struct tn_fence_box;

/* Ends the CPU's tenure. NULL is nothing to end. */
TN_NOTHROW void tn_box_release(struct tn_dma_buffer_box *buffer);
/* There is no evidence that the device is done: the buffer is lost. */
TN_NOTHROW void tn_box_quarantine(struct tn_fence_box *fence);
/* Hands `length` bytes to the device. The buffer's pointer ends here, always: a refusal (a length out of range) is told
 * by the status of what tn_box_complete gives back, and tn_box_address is then UINT64_MAX. NULL: the pointer named
 * nothing. */
TN_NOTHROW TN_MUST_CHECK struct tn_fence_box *tn_box_submit(struct tn_dma_buffer_box *buffer, uint32_t length);
/* The device is done, and used that many bytes; or it failed, with that status. The fence's pointer ends here. NULL: it
 * named nothing. */
TN_NOTHROW TN_MUST_CHECK struct tn_dma_buffer_box *tn_box_complete(struct tn_fence_box *fence, uint32_t used) TN_FRESH
    TN_ENDS_WITH(tn_box_release) TN_ENDS_WITH(tn_box_submit);
TN_NOTHROW TN_MUST_CHECK struct tn_dma_buffer_box *tn_box_fail(struct tn_fence_box *fence,
                                                               enum tn_status status) TN_FRESH
    TN_ENDS_WITH(tn_box_release) TN_ENDS_WITH(tn_box_submit);
#pragma GCC diagnostic push /* the two name each other, so one is declared twice */
#pragma GCC diagnostic ignored "-Wredundant-decls"
TN_NOTHROW TN_MUST_CHECK struct tn_fence_box *tn_box_submit(struct tn_dma_buffer_box *buffer, uint32_t length) TN_FRESH
    TN_ENDS_WITH(tn_box_complete) TN_ENDS_WITH(tn_box_fail) TN_ENDS_WITH(tn_box_quarantine);
#pragma GCC diagnostic pop
/* A free buffer. NULL: none is free, or the pool serves no boxes. */
TN_NOTHROW TN_MUST_CHECK struct tn_dma_buffer_box *tn_box_alloc(struct tn_dma_pool *pool) TN_FRESH
    TN_ENDS_WITH(tn_box_release) TN_ENDS_WITH(tn_box_submit);

/* The CPU's bytes. NULL: the pointer names nothing. */
TN_NOTHROW void *tn_box_data(const struct tn_dma_buffer_box *buffer);
/* Bytes that the device used, and how the last journey ended, as tn_dma_buffer_used and tn_dma_buffer_status. */
TN_NOTHROW uint32_t tn_box_used(const struct tn_dma_buffer_box *buffer);
TN_NOTHROW enum tn_status tn_box_status(const struct tn_dma_buffer_box *buffer);
/* Where the device finds it (UINT64_MAX: submit was refused), and its tag, as tn_fence_tag. */
TN_NOTHROW uint64_t tn_box_address(const struct tn_fence_box *fence);
TN_NOTHROW uint32_t tn_box_tag(const struct tn_fence_box *fence);

#ifdef __cplusplus
}
#endif

#endif
