/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boxes: a token in the pool's memory, and its address in the user's hands. Each life of a buffer uses the next of its
 * LIVES boxes, so that an address from before finds a token that is no longer good.
 */
#ifndef TN_OWN_OFF
#define TN_OWN_OFF /* tokens in an array are what the checkers cannot follow; the run-time checks are what remains */
#endif
#include <tenure/box.h>
#include <tenure/tenure.h>

#include "pool_inside.h"

/* One of them at a time: the buffer's token, or its fence's. */
struct tn_box {
    struct tn_dma_buffer buffer;
    struct tn_fence fence;
};

size_t tn_boxes_bytes(uint32_t count)
{
    return (size_t)count * TN_BOX_LIVES * sizeof(struct tn_box);
}

static struct tn_box *of_buffer(const struct tn_dma_buffer_box *buffer)
{
    return (struct tn_box *)buffer;
}

static struct tn_box *of_fence(const struct tn_fence_box *fence)
{
    return (struct tn_box *)fence;
}

/* The box of the life that a buffer has now. */
static struct tn_box *box_for(struct tn_dma_pool *pool, const struct tn_dma_buffer *buffer)
{
    struct tn_box *boxes = tn_inside(pool)->boxes;
    return &boxes[(size_t)buffer->slot * TN_BOX_LIVES + tn_mark_generation(buffer->mark) % TN_BOX_LIVES];
}

static struct tn_dma_buffer_box *boxed(const struct tn_dma_buffer *buffer)
{
    struct tn_box *box = box_for(buffer->pool, buffer);
    box->buffer = *buffer;
    box->fence.held = 0;
    return (struct tn_dma_buffer_box *)box;
}

struct tn_dma_buffer_box *tn_box_alloc(struct tn_dma_pool *pool)
{
    struct tn_dma_buffer buffer = {0};
    if (tn_inside(pool)->boxes == NULL || !tn_dma_buffer_alloc(pool, &buffer))
        return NULL;
    return boxed(&buffer);
}

void tn_box_release(struct tn_dma_buffer_box *buffer)
{
    if (buffer != NULL)
        tn_dma_buffer_release(&of_buffer(buffer)->buffer);
}

struct tn_fence_box *tn_box_submit(struct tn_dma_buffer_box *buffer, uint32_t length)
{
    if (buffer == NULL)
        return NULL;
    struct tn_box *box = of_buffer(buffer);
    struct tn_fence fence = {0}; /* a second submit must not touch the first one's */
    if (tn_dma_submit(&box->buffer, length, &fence)) {
        box->fence = fence;
        return (struct tn_fence_box *)box;
    }
    return box->buffer.held && box->buffer.status != TN_ESTALE ? (struct tn_fence_box *)box : NULL;
}

static struct tn_dma_buffer_box *ended(struct tn_fence_box *fence, uint32_t used, enum tn_status status)
{
    if (fence == NULL)
        return NULL;
    struct tn_box *box = of_fence(fence);
    if (box->buffer.held && !box->fence.held) /* refused at its submit: it never left */
        return (struct tn_dma_buffer_box *)box;
    struct tn_dma_buffer back = {0};
    if (status == TN_OK ? !tn_fence_complete(&box->fence, used, &back) : !tn_fence_fail(&box->fence, status, &back))
        return NULL;
    return boxed(&back);
}

struct tn_dma_buffer_box *tn_box_complete(struct tn_fence_box *fence, uint32_t used)
{
    return ended(fence, used, TN_OK);
}

struct tn_dma_buffer_box *tn_box_fail(struct tn_fence_box *fence, enum tn_status status)
{
    return ended(fence, 0, status == TN_OK ? TN_EABORTED : status);
}

void tn_box_quarantine(struct tn_fence_box *fence)
{
    if (fence == NULL)
        return;
    struct tn_box *box = of_fence(fence);
    if (box->fence.held)
        tn_fence_quarantine(&box->fence);
    else
        tn_dma_buffer_release(&box->buffer); /* it never left */
}

void *tn_box_data(const struct tn_dma_buffer_box *buffer)
{
    return buffer != NULL ? tn_dma_buffer_data(&of_buffer(buffer)->buffer) : NULL;
}

uint32_t tn_box_used(const struct tn_dma_buffer_box *buffer)
{
    return buffer != NULL && of_buffer(buffer)->buffer.held ? of_buffer(buffer)->buffer.used : 0;
}

enum tn_status tn_box_status(const struct tn_dma_buffer_box *buffer)
{
    return buffer != NULL ? tn_dma_buffer_status(&of_buffer(buffer)->buffer) : TN_ESTALE;
}

uint64_t tn_box_address(const struct tn_fence_box *fence)
{
    return fence != NULL && of_fence(fence)->fence.held ? tn_fence_address(&of_fence(fence)->fence) : UINT64_MAX;
}

uint32_t tn_box_tag(const struct tn_fence_box *fence)
{
    return fence != NULL && of_fence(fence)->fence.held ? of_fence(fence)->fence.slot : UINT32_MAX;
}
