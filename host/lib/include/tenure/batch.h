/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many buffers as one token, for drivers that fill a ring at once. A batch is the CPU's (struct tn_dma_batch) or the
 * device's (struct tn_fence_batch) as a whole, and single buffers and fences can be taken out of it. Each buffer is
 * checked as if it were alone; only the way to it is shared. One that names nothing any more (a copied batch) is
 * counted as refused and leaves the batch.
 */
#ifndef TENURE_BATCH_H
#define TENURE_BATCH_H

#include <tenure/tenure.h>

#ifdef __cplusplus
extern "C" {
#pragma GCC diagnostic push /* C that is also C++: for users who have these as errors, and until the end of it */
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wzero-as-null-pointer-constant"
#endif

/* ---- batches ---- */

/* Buffers that the CPU owns. The fields are the library's. */
struct TN_OWN_TOKEN tn_dma_batch {
    struct tn_dma_pool *pool;
    struct tn_buffer_name *entry; /* what TN_DMA_BATCH declares */
    uint32_t room;
    uint32_t count;
    uint32_t status;
    unsigned held; /* 0: empty, 1: not */
};
/* The same buffers while a device owns them. */
struct TN_OWN_TOKEN tn_fence_batch {
    struct tn_dma_pool *pool;
    struct tn_buffer_name *entry; /* the batch's: it stays where it is */
    uint32_t room;
    uint32_t count;
    uint32_t length;
    unsigned held; /* 0: empty, 1: not */
};

/* At the end of a token's scope, and before it is written over: nothing may be lost. */
TN_OWN_INLINE void tn_dma_batch_end(const struct tn_dma_batch *batch)
{
    TN_OWN_EMPTY(batch->held);
}
TN_OWN_INLINE void tn_fence_batch_end(const struct tn_fence_batch *fences)
{
    TN_OWN_EMPTY(fences->held);
}
/* An empty token with room for `size` buffers. The room goes with the buffers: to the fences at submit, and to the
 * batch that they are completed into. It must outlive them all. */
#define TN_DMA_BATCH(name, size)                                                                                       \
    struct tn_buffer_name name##_room[size];                                                                           \
    __attribute__((cleanup(tn_dma_batch_end))) struct tn_dma_batch name = {NULL, name##_room, size, 0, 0, 0}
#define TN_FENCE_BATCH(name)                                                                                           \
    __attribute__((cleanup(tn_fence_batch_end))) struct tn_fence_batch name = {NULL, NULL, 0, 0, 0, 0}

/* ---- what the short way leaves to the library: each buffer of a batch, checked as if it were alone ---- */

TN_NOTHROW enum tn_status tn_dma_each_alloc(struct tn_dma_pool *pool, struct tn_buffer_name *entry, uint32_t count);
TN_NOTHROW enum tn_status tn_dma_each_submit(struct tn_dma_pool *pool, struct tn_buffer_name *entry, uint32_t *count,
                                             uint32_t length);
TN_NOTHROW uint32_t tn_dma_each_complete(struct tn_dma_pool *pool, struct tn_buffer_name *entry, uint32_t count,
                                         uint32_t length, uint32_t *used);
TN_NOTHROW void tn_dma_each_release(struct tn_dma_pool *pool, const struct tn_buffer_name *entry, uint32_t count);

/* ---- a batch's life ---- */

/* `count` free buffers, or none: false, and tn_dma_batch_status tells TN_EEXHAUSTED, TN_ERETIRED, TN_ERANGE (0, or more
 * than the batch has room for), or TN_ESTATE (its room went with its fences, and is back once they are complete). */
TN_OWN_INLINE TN_MUST_CHECK bool tn_dma_batch_alloc(struct tn_dma_pool *pool, uint32_t count,
                                                    struct tn_dma_batch *batch) TN_OWN_IF_TRUE(batch);
TN_OWN_INLINE bool tn_dma_batch_alloc(struct tn_dma_pool *pool, uint32_t count, struct tn_dma_batch *batch)
{
    TN_OWN_EMPTY(batch->held);
    unsigned held = 1;
    enum tn_status status = batch->room == 0 ? TN_ESTATE : TN_ERANGE;
    if (count - 1 < batch->room)
        status = tn_dma_each_alloc(pool, batch->entry, count);
    if (status != TN_OK) {
        TN_OWN_APART();
        held = 0;
    }
    batch->pool = pool;
    batch->count = count;
    batch->status = (uint32_t)status;
    batch->held = held;
    return batch->held;
}
/* Why a batch could not be filled or submitted. */
TN_OWN_INLINE enum tn_status tn_dma_batch_status(const struct tn_dma_batch *batch)
{
    return (enum tn_status)batch->status;
}
/* How many buffers are in it. */
TN_OWN_INLINE uint32_t tn_dma_batch_count(const struct tn_dma_batch *batch) TN_OWN_NEEDS(batch);
TN_OWN_INLINE uint32_t tn_dma_batch_count(const struct tn_dma_batch *batch)
{
    TN_OWN_REQUIRE(batch->held);
    TN_STILL_HELD(tn_dma_batch, batch);
    if (!batch->held) {
        (void)tn_dma_names_nothing(batch->pool);
        return 0;
    }
    return batch->count;
}
/* Where buffer `index` is for the CPU: NULL if there is none, or if it names nothing. */
TN_OWN_INLINE void *tn_dma_batch_data(const struct tn_dma_batch *batch, uint32_t index) TN_OWN_NEEDS(batch);
TN_OWN_INLINE void *tn_dma_batch_data(const struct tn_dma_batch *batch, uint32_t index)
{
    TN_OWN_REQUIRE(batch->held);
    TN_STILL_HELD(tn_dma_batch, batch);
    if (!batch->held)
        (void)tn_dma_names_nothing(batch->pool);
    if (!batch->held || index >= batch->count)
        return NULL;
    const struct tn_buffer_name name = batch->entry[index];
    if (__builtin_expect(!tn_direct_can_release(&batch->pool->core, name), 0) &&
        !tn_dma_is_cpus(batch->pool, name.mark, (uint32_t)name.slot))
        return NULL;
    return batch->pool->memory + name.slot * batch->pool->stride;
}

/* Hands `length` bytes of each buffer to the device. False: none of them, the batch is still held, and
 * tn_dma_batch_status tells TN_ERANGE (length), TN_ERETIRED, or TN_EEXHAUSTED (the guard, as with tn_dma_submit). */
TN_OWN_INLINE TN_MUST_CHECK bool tn_dma_batch_submit(struct tn_dma_batch *batch, uint32_t length,
                                                     struct tn_fence_batch *fences) TN_OWN_TAKES(batch)
    TN_OWN_IF_TRUE(fences) TN_OWN_IF_FALSE(batch);
TN_OWN_INLINE bool tn_dma_batch_submit(struct tn_dma_batch *batch, uint32_t length, struct tn_fence_batch *fences)
{
    TN_OWN_REQUIRE(batch->held);
    TN_OWN_EMPTY(fences->held);
    if (!batch->held) {
        (void)tn_dma_names_nothing(batch->pool);
        fences->held = 0;
        return false;
    }
    unsigned held = 1;
    uint32_t count = batch->count, room = 0; /* what is filled again must not write over the names of what flies */
    const enum tn_status status = tn_dma_each_submit(batch->pool, batch->entry, &count, length);
    if (status != TN_OK) {
        TN_OWN_APART();
        room = batch->room;
        held = 0;
    }
    fences->count = count;
    fences->pool = batch->pool;
    fences->entry = batch->entry;
    fences->room = batch->room;
    fences->length = length;
    fences->held = held;
    batch->room = room;
    batch->count = count;
    batch->status = (uint32_t)status;
    batch->held = held ^ 1;
    return fences->held;
}
/* How many are in flight; where the device finds buffer `index` (UINT64_MAX: there is none, or it names nothing); and
 * its tag, as tn_fence_tag. */
TN_OWN_INLINE uint32_t tn_fence_batch_count(const struct tn_fence_batch *fences) TN_OWN_NEEDS(fences);
TN_OWN_INLINE uint32_t tn_fence_batch_count(const struct tn_fence_batch *fences)
{
    TN_OWN_REQUIRE(fences->held);
    TN_STILL_HELD(tn_fence_batch, fences);
    if (!fences->held) {
        (void)tn_dma_names_nothing(fences->pool);
        return 0;
    }
    return fences->count;
}
TN_OWN_INLINE uint64_t tn_fence_batch_address(const struct tn_fence_batch *fences, uint32_t index) TN_OWN_NEEDS(fences);
TN_OWN_INLINE uint64_t tn_fence_batch_address(const struct tn_fence_batch *fences, uint32_t index)
{
    TN_OWN_REQUIRE(fences->held);
    TN_STILL_HELD(tn_fence_batch, fences);
    if (fences->held && index >= fences->count)
        return UINT64_MAX;
    if (__builtin_expect(!fences->held || !tn_dma_names(fences->pool, fences->entry[index], TN_BUFFER_IN_FLIGHT), 0))
        return tn_dma_names_nothing(fences->pool);
    return fences->pool->address[fences->entry[index].slot];
}
TN_OWN_INLINE uint32_t tn_fence_batch_tag(const struct tn_fence_batch *fences, uint32_t index) TN_OWN_NEEDS(fences);
TN_OWN_INLINE uint32_t tn_fence_batch_tag(const struct tn_fence_batch *fences, uint32_t index)
{
    TN_OWN_REQUIRE(fences->held);
    TN_STILL_HELD(tn_fence_batch, fences);
    if (!fences->held)
        return (uint32_t)tn_dma_names_nothing(fences->pool);
    return index < fences->count ? (uint32_t)fences->entry[index].slot : UINT32_MAX;
}

/* The device is done with all of them. used[i] are the bytes of buffer i; a claim above the length becomes 0 and is
 * counted. NULL: all of each. The room of `fences` is the batch's from here on. */
TN_OWN_INLINE void tn_fence_batch_complete(struct tn_fence_batch *fences, uint32_t *used, struct tn_dma_batch *batch)
    TN_OWN_TAKES(fences) TN_OWN_GIVES(batch);
TN_OWN_INLINE void tn_fence_batch_complete(struct tn_fence_batch *fences, uint32_t *used, struct tn_dma_batch *batch)
{
    TN_OWN_REQUIRE(fences->held);
    TN_OWN_EMPTY(batch->held);
    if (!fences->held) { /* their room may be somebody's */
        (void)tn_dma_names_nothing(fences->pool);
        return;
    }
    batch->count = tn_dma_each_complete(fences->pool, fences->entry, fences->count, fences->length, used);
    batch->pool = fences->pool;
    batch->entry = fences->entry;
    batch->room = fences->room;
    batch->status = TN_OK;
    batch->held = 1;
    fences->held = 0;
}

/* Ends the CPU's tenure of all of them. */
TN_OWN_INLINE void tn_dma_batch_release(struct tn_dma_batch *batch) TN_OWN_TAKES(batch);
TN_OWN_INLINE void tn_dma_batch_release(struct tn_dma_batch *batch)
{
    TN_OWN_REQUIRE(batch->held);
    if (batch->held)
        tn_dma_each_release(batch->pool, batch->entry, batch->count);
    else
        (void)tn_dma_names_nothing(batch->pool);
    batch->held = 0;
}

/* ---- one of many ---- */

/* Takes the last buffer out. False: there is none left; release the batch all the same. */
TN_OWN_INLINE TN_MUST_CHECK bool tn_dma_batch_take(struct tn_dma_batch *batch, struct tn_dma_buffer *buffer)
    TN_OWN_NEEDS(batch) TN_OWN_IF_TRUE(buffer);
TN_OWN_INLINE bool tn_dma_batch_take(struct tn_dma_batch *batch, struct tn_dma_buffer *buffer)
{
    TN_OWN_REQUIRE(batch->held);
    TN_OWN_EMPTY(buffer->held);
    unsigned held = 0;
    if (!batch->held)
        (void)tn_dma_names_nothing(batch->pool);
    if (batch->held && batch->count > 0) {
        const struct tn_buffer_name name = batch->entry[--batch->count];
        buffer->pool = batch->pool;
        buffer->mark = name.mark;
        buffer->slot = (uint32_t)name.slot;
        buffer->used = 0;
        buffer->status = TN_OK;
        held = 1;
    }
    buffer->held = held;
    return buffer->held;
}
/* The same for a fence, to be parked, say. An empty batch of fences is still completed. */
TN_OWN_INLINE TN_MUST_CHECK bool tn_fence_batch_take(struct tn_fence_batch *fences, struct tn_fence *fence)
    TN_OWN_NEEDS(fences) TN_OWN_IF_TRUE(fence);
TN_OWN_INLINE bool tn_fence_batch_take(struct tn_fence_batch *fences, struct tn_fence *fence)
{
    TN_OWN_REQUIRE(fences->held);
    TN_OWN_EMPTY(fence->held);
    unsigned held = 0;
    if (!fences->held)
        (void)tn_dma_names_nothing(fences->pool);
    if (fences->held && fences->count > 0) {
        const struct tn_buffer_name name = fences->entry[--fences->count];
        fence->pool = fences->pool;
        fence->mark = name.mark;
        fence->slot = (uint32_t)name.slot;
        fence->length = fences->length;
        held = 1;
    }
    fence->held = held;
    return fence->held;
}

#ifdef __cplusplus
#pragma GCC diagnostic pop
}
#endif

#endif
