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

enum box_state {
    BOX_NONE,    /* what it held went on, under another address or to nobody */
    BOX_BUFFER,  /* the CPU's: a buffer's pointer is good */
    BOX_FENCE,   /* the device's: a fence's pointer is good */
    BOX_REFUSED, /* its submit was: a fence's pointer is good, and gives the buffer back */
};
struct tn_box {
    enum box_state state;
    union { /* both begin with their pool, which stays readable */
        struct tn_dma_buffer buffer;
        struct tn_fence fence;
    };
};

size_t tn_boxes_bytes(uint32_t count)
{
    return (size_t)count * TN_BOX_LIVES * sizeof(struct tn_box);
}

/* The box behind a pointer of either kind, if it is in this state. NULL, and counted: the pointer names nothing. */
static struct tn_box *box_in(enum box_state state, const void *pointer)
{
    struct tn_box *box = (struct tn_box *)pointer;
    if (box == NULL || box->state == state)
        return box;
    (void)tn_dma_names_nothing(box->buffer.pool);
    return NULL;
}

/* Into the box of the life that the buffer has now. */
static struct tn_dma_buffer_box *boxed(const struct tn_dma_buffer *buffer)
{
    struct tn_box *boxes = tn_inside(buffer->pool)->boxes;
    struct tn_box *box = &boxes[(size_t)buffer->slot * TN_BOX_LIVES + tn_mark_generation(buffer->mark) % TN_BOX_LIVES];
    box->state = BOX_BUFFER;
    box->buffer = *buffer;
    return (struct tn_dma_buffer_box *)box;
}

static void release_from(struct tn_box *box, void *caller)
{
    struct tn_pool_inside *pool = tn_inside(box->buffer.pool);
    box->state = BOX_NONE;
    pool->caller = caller;
    tn_dma_buffer_release(&box->buffer);
    pool->caller = NULL;
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
    struct tn_box *box = box_in(BOX_BUFFER, buffer);
    if (box != NULL)
        release_from(box, TN_CALLER);
}

struct tn_fence_box *tn_box_submit(struct tn_dma_buffer_box *buffer, uint32_t length)
{
    struct tn_box *box = box_in(BOX_BUFFER, buffer);
    if (box == NULL)
        return NULL;
    struct tn_pool_inside *pool = tn_inside(box->buffer.pool);
    struct tn_fence fence = {0};
    pool->caller = TN_CALLER;
    const bool is_away = tn_dma_submit(&box->buffer, length, &fence);
    pool->caller = NULL;
    if (is_away) {
        box->state = BOX_FENCE;
        box->fence = fence;
    } else {
        box->state = box->buffer.status == TN_ESTALE ? BOX_NONE : BOX_REFUSED;
    }
    return box->state != BOX_NONE ? (struct tn_fence_box *)box : NULL;
}

static struct tn_dma_buffer_box *ended(struct tn_fence_box *fence, uint32_t used, enum tn_status status)
{
    struct tn_box *box = (struct tn_box *)fence;
    if (box != NULL && box->state == BOX_REFUSED) { /* it never left */
        box->state = BOX_BUFFER;
        return (struct tn_dma_buffer_box *)box;
    }
    box = box_in(BOX_FENCE, fence);
    if (box == NULL)
        return NULL;
    struct tn_dma_buffer back = {0};
    box->state = BOX_NONE;
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
    struct tn_box *box = (struct tn_box *)fence;
    if (box != NULL && box->state == BOX_REFUSED) { /* it never left */
        release_from(box, TN_CALLER);
        return;
    }
    box = box_in(BOX_FENCE, fence);
    if (box == NULL)
        return;
    box->state = BOX_NONE;
    tn_fence_quarantine(&box->fence);
}

void *tn_box_data(const struct tn_dma_buffer_box *buffer)
{
    const struct tn_box *box = box_in(BOX_BUFFER, buffer);
    return box != NULL ? tn_dma_buffer_data(&box->buffer) : NULL;
}

uint32_t tn_box_used(const struct tn_dma_buffer_box *buffer)
{
    const struct tn_box *box = box_in(BOX_BUFFER, buffer);
    return box != NULL ? box->buffer.used : 0;
}

enum tn_status tn_box_status(const struct tn_dma_buffer_box *buffer)
{
    const struct tn_box *box = box_in(BOX_BUFFER, buffer);
    return box != NULL ? tn_dma_buffer_status(&box->buffer) : TN_ESTALE;
}

/* Of a fence's pointer that may be read: NULL if its submit was refused, too, which is not counted. */
static const struct tn_fence *flying(const struct tn_fence_box *fence)
{
    const struct tn_box *box = (const struct tn_box *)fence;
    if (box != NULL && box->state == BOX_REFUSED)
        return NULL;
    box = box_in(BOX_FENCE, fence);
    return box != NULL ? &box->fence : NULL;
}

uint64_t tn_box_address(const struct tn_fence_box *fence)
{
    const struct tn_fence *token = flying(fence);
    return token != NULL ? tn_fence_address(token) : UINT64_MAX;
}

uint32_t tn_box_tag(const struct tn_fence_box *fence)
{
    const struct tn_fence *token = flying(fence);
    return token != NULL ? token->slot : UINT32_MAX;
}
