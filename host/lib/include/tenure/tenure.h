/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libtenure: DMA buffers with one owner, for drivers on Linux hosts.
 *
 * A buffer belongs to the CPU (struct tn_dma_buffer), or to a device, and a fence stands for it (struct tn_fence), or
 * to nobody. These structs are tokens: they live in their holder's frame, declared with TN_DMA_BUFFER and TN_FENCE, and
 * what gives ownership away empties them. The compiler checks that (tenure/own.h), the library checks it again at run
 * time, and a guard mode has the hardware check it.
 *
 *     alloc        nobody's -> the CPU's
 *     submit       the CPU's -> the device's: from here only the fence stands for it
 *     complete     the device's -> the CPU's: the device says that it is done
 *     fail         the same: the device reported an error, or was silenced
 *     quarantine   the device's, for good: nobody knows whether it is done
 *     release      the CPU's -> nobody's
 *
 * A pool and everything of it belong to one thread at a time. Nothing locks, and nothing allocates once a pool is made.
 * The buffers' owners are decided by core/dma_direct.h and core/dma_pool.h, whose contracts are proved (docs/proof.md).
 */
#ifndef TENURE_TENURE_H
#define TENURE_TENURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tenure/dma_pool.h>
#include <tenure/own.h>

#ifdef __cplusplus
extern "C" {
#pragma GCC diagnostic push /* C that is also C++: for users who have these as errors, and until the end of it */
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wzero-as-null-pointer-constant"
#endif

/* ---- tokens ---- */

/* A buffer that the CPU owns. The fields are the library's. */
struct TN_OWN_TOKEN tn_dma_buffer {
    struct tn_dma_pool *pool;
    uint64_t mark;
    uint32_t slot;
    uint32_t used;
    uint32_t status;
    unsigned held; /* 0: empty, 1: not */
};
/* A buffer that a device owns. */
struct TN_OWN_TOKEN tn_fence {
    struct tn_dma_pool *pool;
    uint64_t mark;
    uint32_t slot;
    uint32_t length;
    unsigned held; /* 0: empty, 1: not */
};
/* A fence in a request table, an array, a list: nobody's until it is taken out again. All zero: the place is free. */
struct tn_parked_fence {
    struct tn_dma_pool *pool;
    uint64_t mark;
    uint32_t slot;
    uint32_t length;
};
struct tn_parked_buffer {
    struct tn_dma_pool *pool;
    uint64_t mark;
    uint32_t slot;
    uint32_t used;
    uint32_t status;
};

/* At the end of a token's scope, and before it is written over: nothing may be lost. */
TN_OWN_INLINE void tn_dma_buffer_end(const struct tn_dma_buffer *buffer)
{
    TN_OWN_EMPTY(buffer->held);
}
TN_OWN_INLINE void tn_fence_end(const struct tn_fence *fence)
{
    TN_OWN_EMPTY(fence->held);
}
/* An empty token of this name, which must be empty again at the end of its scope. */
#define TN_DMA_BUFFER(name)                                                                                            \
    __attribute__((cleanup(tn_dma_buffer_end))) struct tn_dma_buffer name = {NULL, 0, 0, 0, 0, false}
#define TN_FENCE(name) __attribute__((cleanup(tn_fence_end))) struct tn_fence name = {NULL, 0, 0, 0, false}

/* ---- what the short way leaves: guards, scrubbing, refusals. A mark of 0: refused, and slot is the status. ---- */

TN_NOTHROW struct tn_buffer_name tn_dma_alloc_otherwise(struct tn_dma_pool *pool);
TN_NOTHROW struct tn_buffer_name tn_dma_submit_otherwise(struct tn_dma_pool *pool, uint64_t mark, uint32_t slot,
                                                         uint32_t length);
TN_NOTHROW struct tn_buffer_name tn_dma_complete_otherwise(struct tn_dma_pool *pool, uint64_t mark, uint32_t slot,
                                                           uint32_t used, enum tn_status *status);
TN_NOTHROW void tn_dma_release_otherwise(struct tn_dma_pool *pool, uint64_t mark, uint32_t slot);
TN_NOTHROW bool tn_dma_is_cpus(struct tn_dma_pool *pool, uint64_t mark, uint32_t slot);
TN_NOTHROW void tn_dma_quarantine(struct tn_dma_pool *pool, uint64_t mark, uint32_t slot);
/* Counts a use of what names nothing. UINT64_MAX, which is no address. */
TN_NOTHROW uint64_t tn_dma_names_nothing(struct tn_dma_pool *pool);

/* Behind a call that remembers its caller: no instruction, but the compiler must not make it the function's last jump,
 * for then it would return to somebody else. */
#define TN_RETURNS_HERE() __asm__ volatile("")

/* In a function that only asks, behind TN_OWN_REQUIRE: what was proved here need not be proved again further on, where
 * gcc may have lost sight of it. No store: it is 1. */
#ifdef TN_OWN_PROOF
#define TN_STILL_HELD(kind, token) ((void)(((struct kind *)(uintptr_t)(token))->held = 1))
#else
#define TN_STILL_HELD(kind, token) ((void)0)
#endif

/* What a token names. An empty one names nothing, whatever is left in it: a mark of 0 is never a buffer's. */
TN_OWN_INLINE struct tn_buffer_name tn_dma_name(unsigned held, uint64_t mark, uint32_t slot)
{
    const struct tn_buffer_name name = {held ? mark : 0, slot};
    return name;
}
/* Does it name a buffer in this state, in a pool of whatever kind? */
TN_OWN_INLINE bool tn_dma_names(const struct tn_dma_pool *pool, struct tn_buffer_name name, uint32_t state)
{
    return tn_direct_is(&pool->core, pool->core.count, name, state);
}

/* ---- a buffer's life ---- */

/* A free buffer. False: tn_dma_buffer_status tells TN_EEXHAUSTED (none is free, or none could be guarded), TN_ERETIRED
 * (none ever will be). What is in it: zeroes at first, and always with TN_SCRUB_ON_RELEASE; else what its last owner
 * left. */
TN_OWN_INLINE TN_MUST_CHECK bool tn_dma_buffer_alloc(struct tn_dma_pool *pool, struct tn_dma_buffer *buffer)
    TN_OWN_IF_TRUE(buffer);
TN_OWN_INLINE bool tn_dma_buffer_alloc(struct tn_dma_pool *pool, struct tn_dma_buffer *buffer)
{
    TN_OWN_EMPTY(buffer->held);
    struct tn_buffer_name name;
    uint32_t status = TN_OK;
    unsigned held = 1;
    if (__builtin_expect(tn_direct_can_alloc(&pool->core), 1)) {
        name = tn_direct_alloc_commit(&pool->core);
    } else {
        name = tn_dma_alloc_otherwise(pool);
        if (name.mark == 0) {
            TN_OWN_APART();
            status = (uint32_t)name.slot;
            held = 0;
        }
    }
    buffer->pool = pool;
    buffer->mark = name.mark;
    buffer->slot = (uint32_t)name.slot;
    buffer->used = 0;
    buffer->status = status;
    buffer->held = held;
    return buffer->held;
}

/* Ends the CPU's tenure. A token that names nothing any more is counted as refused. */
TN_OWN_INLINE void tn_dma_buffer_release(struct tn_dma_buffer *buffer) TN_OWN_TAKES(buffer);
TN_OWN_INLINE void tn_dma_buffer_release(struct tn_dma_buffer *buffer)
{
    TN_OWN_REQUIRE(buffer->held);
    const struct tn_buffer_name name = tn_dma_name(buffer->held, buffer->mark, buffer->slot);
    if (__builtin_expect(buffer->held && tn_direct_can_release(&buffer->pool->core, name), 1)) {
        tn_direct_release_commit(&buffer->pool->core, name);
    } else {
        tn_dma_release_otherwise(buffer->pool, name.mark, (uint32_t)name.slot);
        TN_RETURNS_HERE();
    }
    buffer->held = 0;
    buffer->status = TN_ESTALE;
}

/* The CPU's bytes. NULL if the token names nothing: submitted, released, copied. */
TN_OWN_INLINE void *tn_dma_buffer_data(const struct tn_dma_buffer *buffer) TN_OWN_NEEDS(buffer);
TN_OWN_INLINE void *tn_dma_buffer_data(const struct tn_dma_buffer *buffer)
{
    TN_OWN_REQUIRE(buffer->held);
    TN_STILL_HELD(tn_dma_buffer, buffer);
    const struct tn_buffer_name name = tn_dma_name(buffer->held, buffer->mark, buffer->slot);
    if (__builtin_expect(!buffer->held || !tn_direct_can_release(&buffer->pool->core, name), 0) &&
        !tn_dma_is_cpus(buffer->pool, name.mark, (uint32_t)name.slot))
        return NULL;
    return buffer->pool->memory + name.slot * buffer->pool->stride;
}
/* The same place as the device knows it. UINT64_MAX if the token names nothing. */
TN_OWN_INLINE uint64_t tn_dma_buffer_address(const struct tn_dma_buffer *buffer) TN_OWN_NEEDS(buffer);
TN_OWN_INLINE uint64_t tn_dma_buffer_address(const struct tn_dma_buffer *buffer)
{
    TN_OWN_REQUIRE(buffer->held);
    TN_STILL_HELD(tn_dma_buffer, buffer);
    const struct tn_buffer_name name = tn_dma_name(buffer->held, buffer->mark, buffer->slot);
    if (__builtin_expect(!buffer->held || !tn_dma_names(buffer->pool, name, TN_BUFFER_CPU), 0))
        return tn_dma_names_nothing(buffer->pool);
    return buffer->pool->address[name.slot];
}
/* Bytes that the device says it wrote, never more than were submitted; 0 after a failure and after alloc. */
TN_OWN_INLINE uint32_t tn_dma_buffer_used(const struct tn_dma_buffer *buffer) TN_OWN_NEEDS(buffer);
TN_OWN_INLINE uint32_t tn_dma_buffer_used(const struct tn_dma_buffer *buffer)
{
    TN_OWN_REQUIRE(buffer->held);
    TN_STILL_HELD(tn_dma_buffer, buffer);
    if (!buffer->held) {
        (void)tn_dma_names_nothing(buffer->pool);
        return 0;
    }
    return buffer->used;
}
/* Of a buffer that is held: how its last journey ended; TN_EPROTOCOL: the device claimed more bytes than it was given.
 * Of one that is not: why not. */
TN_OWN_INLINE enum tn_status tn_dma_buffer_status(const struct tn_dma_buffer *buffer)
{
    return (enum tn_status)buffer->status;
}
/* For what the compiler cannot know. */
TN_OWN_INLINE TN_MUST_CHECK bool tn_dma_buffer_is_held(struct tn_dma_buffer *buffer) TN_OWN_IF_TRUE(buffer);
TN_OWN_INLINE bool tn_dma_buffer_is_held(struct tn_dma_buffer *buffer)
{
    if (!buffer->held)
        return false;
    buffer->held = 1; /* the compiler's knowledge, not a store */
    return true;
}

/* Hands `length` bytes, 1 to the pool's buffer_bytes, to the device: *buffer is empty, *fence stands for it. False: the
 * buffer is still held, and tn_dma_buffer_status tells TN_ERANGE (length), TN_ESTALE (names nothing), TN_ERETIRED, or
 * TN_EEXHAUSTED (TN_GUARD_MPROTECT: the system has no more pieces of memory, see vm.max_map_count). Tell the device
 * only after it. */
TN_OWN_INLINE TN_MUST_CHECK bool tn_dma_submit(struct tn_dma_buffer *buffer, uint32_t length, struct tn_fence *fence)
    TN_OWN_TAKES(buffer) TN_OWN_IF_TRUE(fence) TN_OWN_IF_FALSE(buffer);
TN_OWN_INLINE bool tn_dma_submit(struct tn_dma_buffer *buffer, uint32_t length, struct tn_fence *fence)
{
    TN_OWN_REQUIRE(buffer->held);
    TN_OWN_EMPTY(fence->held);
    const struct tn_buffer_name name = tn_dma_name(buffer->held, buffer->mark, buffer->slot);
    struct tn_buffer_name flying;
    uint32_t status = TN_ESTALE;
    unsigned held = 1;
    if (__builtin_expect(buffer->held && tn_direct_can_submit(&buffer->pool->core, name, length), 1)) {
        flying = tn_direct_submit_commit(&buffer->pool->core, name, length);
    } else {
        flying = tn_dma_submit_otherwise(buffer->pool, name.mark, (uint32_t)name.slot, length);
        if (flying.mark == 0) {
            TN_OWN_APART();
            buffer->mark = name.mark; /* held again below: an empty one comes to name nothing */
            status = (uint32_t)flying.slot;
            held = 0;
        }
    }
    fence->pool = buffer->pool;
    fence->mark = flying.mark;
    fence->slot = (uint32_t)flying.slot;
    fence->length = length;
    fence->held = held;
    buffer->status = status;
    buffer->held = held ^ 1;
    return fence->held;
}

/* Where the device finds the buffer (UINT64_MAX if the fence names nothing), how many bytes of it, and a number below
 * the pool's count that no other fence of the pool has meanwhile: a tag for the device's queue, an index for a request
 * table. */
TN_OWN_INLINE uint64_t tn_fence_address(const struct tn_fence *fence) TN_OWN_NEEDS(fence);
TN_OWN_INLINE uint64_t tn_fence_address(const struct tn_fence *fence)
{
    TN_OWN_REQUIRE(fence->held);
    TN_STILL_HELD(tn_fence, fence);
    const struct tn_buffer_name name = tn_dma_name(fence->held, fence->mark, fence->slot);
    if (__builtin_expect(!fence->held || !tn_dma_names(fence->pool, name, TN_BUFFER_IN_FLIGHT), 0))
        return tn_dma_names_nothing(fence->pool);
    return fence->pool->address[name.slot];
}
TN_OWN_INLINE uint32_t tn_fence_length(const struct tn_fence *fence) TN_OWN_NEEDS(fence);
TN_OWN_INLINE uint32_t tn_fence_length(const struct tn_fence *fence)
{
    TN_OWN_REQUIRE(fence->held);
    TN_STILL_HELD(tn_fence, fence);
    if (!fence->held) {
        (void)tn_dma_names_nothing(fence->pool);
        return 0;
    }
    return fence->length;
}
TN_OWN_INLINE uint32_t tn_fence_tag(const struct tn_fence *fence) TN_OWN_NEEDS(fence);
TN_OWN_INLINE uint32_t tn_fence_tag(const struct tn_fence *fence)
{
    TN_OWN_REQUIRE(fence->held);
    TN_STILL_HELD(tn_fence, fence);
    return fence->held ? fence->slot : (uint32_t)tn_dma_names_nothing(fence->pool);
}
TN_OWN_INLINE TN_MUST_CHECK bool tn_fence_is_held(struct tn_fence *fence) TN_OWN_IF_TRUE(fence);
TN_OWN_INLINE bool tn_fence_is_held(struct tn_fence *fence)
{
    if (!fence->held)
        return false;
    fence->held = 1;
    return true;
}

/* The device is done, and has used `used` bytes: *buffer is the CPU's. A device that claims more than it was given ends
 * it too, with TN_EPROTOCOL and nothing used. The fence is gone in any case. False: it named nothing, for it was a
 * copy; *buffer is empty. */
TN_OWN_INLINE TN_MUST_CHECK bool tn_fence_complete(struct tn_fence *fence, uint32_t used, struct tn_dma_buffer *buffer)
    TN_OWN_TAKES(fence) TN_OWN_IF_TRUE(buffer);
TN_OWN_INLINE bool tn_fence_complete(struct tn_fence *fence, uint32_t used, struct tn_dma_buffer *buffer)
{
    TN_OWN_REQUIRE(fence->held);
    TN_OWN_EMPTY(buffer->held);
    struct tn_dma_pool *pool = fence->pool;
    const struct tn_buffer_name flying = tn_dma_name(fence->held, fence->mark, fence->slot);
    struct tn_buffer_name name;
    enum tn_status status = TN_OK;
    unsigned held = 1;
    if (__builtin_expect(fence->held && tn_direct_can_complete(&pool->core, flying, used), 1)) {
        name = tn_direct_complete_commit(&pool->core, flying);
    } else {
        enum tn_status told;
        name = tn_dma_complete_otherwise(pool, flying.mark, (uint32_t)flying.slot, used, &told);
        status = told;
        if (told != TN_OK)
            used = 0;
        if (name.mark == 0) {
            TN_OWN_APART();
            held = 0;
        }
    }
    fence->held = 0;
    buffer->pool = pool;
    buffer->mark = name.mark;
    buffer->slot = (uint32_t)name.slot;
    buffer->used = used;
    buffer->status = (uint32_t)status;
    buffer->held = held;
    return buffer->held;
}
/* The device reported an error (TN_EIO …), or there is evidence that it will not touch the buffer any more: it was
 * reset and its bus mastering is off (TN_EABORTED). The buffer is the CPU's again, with this status and nothing used;
 * TN_OK, which no failure is, becomes TN_EABORTED. */
TN_OWN_INLINE TN_MUST_CHECK bool tn_fence_fail(struct tn_fence *fence, enum tn_status status,
                                               struct tn_dma_buffer *buffer) TN_OWN_TAKES(fence) TN_OWN_IF_TRUE(buffer);
TN_OWN_INLINE bool tn_fence_fail(struct tn_fence *fence, enum tn_status status, struct tn_dma_buffer *buffer)
{
    if (!tn_fence_complete(fence, 0, buffer))
        return false;
    buffer->status = (uint32_t)(status != TN_OK ? status : TN_EABORTED);
    return true;
}
/* There is no such evidence: the buffer is lost, for nobody may have it while a device may write to it. */
TN_OWN_INLINE void tn_fence_quarantine(struct tn_fence *fence) TN_OWN_TAKES(fence);
TN_OWN_INLINE void tn_fence_quarantine(struct tn_fence *fence)
{
    TN_OWN_REQUIRE(fence->held);
    const struct tn_buffer_name name = tn_dma_name(fence->held, fence->mark, fence->slot);
    tn_dma_quarantine(fence->pool, name.mark, (uint32_t)name.slot);
    fence->held = 0;
}

/* What a device says about the request with this tag. TN_EAGAIN: not done yet. TN_OK: done, and *used is written. Any
 * other status: it failed. */
typedef enum tn_status tn_poll(void *context, uint32_t tag, uint32_t *used);
/* Polls until the request has ended: true, and *status is the device's answer, whatever it is. False: not ended, and
 * *status is TN_ETIMEDOUT (`timeout_ns` have passed), or TN_EINVAL (UINT64_MAX: no wait is without an end). */
TN_NOTHROW TN_MUST_CHECK bool tn_dma_poll(tn_poll *poll, void *context, uint32_t tag, uint64_t timeout_ns,
                                          uint32_t *used, enum tn_status *status);
/* Polls the device, then completes or fails the fence as it says. False: the fence is still held, and
 * tn_dma_buffer_status(buffer) tells why. TN_ETIMEDOUT, TN_EINVAL: not ended, as tn_dma_poll; wait again, fail it after
 * a reset, or put it into quarantine. TN_ESTALE: it names nothing, for it was a copy; the device is not asked, and
 * there is nothing to wait for. */
TN_OWN_INLINE TN_MUST_CHECK bool tn_fence_wait(struct tn_fence *fence, tn_poll *poll, void *context,
                                               uint64_t timeout_ns, struct tn_dma_buffer *buffer) TN_OWN_TAKES(fence)
    TN_OWN_IF_TRUE(buffer) TN_OWN_IF_FALSE(fence);
TN_OWN_INLINE bool tn_fence_wait(struct tn_fence *fence, tn_poll *poll, void *context, uint64_t timeout_ns,
                                 struct tn_dma_buffer *buffer)
{
    TN_OWN_REQUIRE(fence->held);
    TN_OWN_EMPTY(buffer->held);
    uint32_t used = 0, held = 0;
    enum tn_status status = TN_ESTALE;
    const struct tn_buffer_name name = tn_dma_name(fence->held, fence->mark, fence->slot);
    if (!fence->held || !tn_dma_names(fence->pool, name, TN_BUFFER_IN_FLIGHT)) {
        (void)tn_dma_names_nothing(fence->pool);
        fence->mark = name.mark; /* held again below: an empty one comes to name nothing */
        buffer->status = TN_ESTALE;
    } else if (!tn_dma_poll(poll, context, fence->slot, timeout_ns, &used, &status)) {
        buffer->status = (uint32_t)status;
    } else {
        struct tn_fence rest = *fence;
        if (tn_fence_complete(&rest, status == TN_OK ? used : 0, buffer)) {
            held = 1;
            if (status != TN_OK)
                buffer->status = (uint32_t)status;
        }
    }
    buffer->held = held;
    fence->held = held ^ 1;
    return buffer->held;
}

/* ---- parking ---- */

/* Puts a fence into a free place. False: the place is taken, and the fence still held; an empty one stays empty. */
TN_OWN_INLINE TN_MUST_CHECK bool tn_fence_park(struct tn_fence *fence, struct tn_parked_fence *place)
    TN_OWN_TAKES(fence) TN_OWN_IF_FALSE(fence);
TN_OWN_INLINE bool tn_fence_park(struct tn_fence *fence, struct tn_parked_fence *place)
{
    TN_OWN_REQUIRE(fence->held);
    if (!fence->held) {
        (void)tn_dma_names_nothing(fence->pool);
        return false;
    }
    if (__builtin_expect(place->mark != 0, 0))
        return false;
    place->pool = fence->pool;
    place->mark = fence->mark;
    place->slot = fence->slot;
    place->length = fence->length;
    fence->held = 0;
    return true;
}
/* Takes out what is there. False: nothing is; a completion of a request nobody has made, or made twice. */
TN_OWN_INLINE TN_MUST_CHECK bool tn_fence_unpark(struct tn_parked_fence *place, struct tn_fence *fence)
    TN_OWN_IF_TRUE(fence);
TN_OWN_INLINE bool tn_fence_unpark(struct tn_parked_fence *place, struct tn_fence *fence)
{
    TN_OWN_EMPTY(fence->held);
    if (place->mark == 0)
        return false;
    fence->pool = place->pool;
    fence->mark = place->mark;
    fence->slot = place->slot;
    fence->length = place->length;
    fence->held = 1;
    place->mark = 0;
    return true;
}
TN_OWN_INLINE TN_MUST_CHECK bool tn_dma_buffer_park(struct tn_dma_buffer *buffer, struct tn_parked_buffer *place)
    TN_OWN_TAKES(buffer) TN_OWN_IF_FALSE(buffer);
TN_OWN_INLINE bool tn_dma_buffer_park(struct tn_dma_buffer *buffer, struct tn_parked_buffer *place)
{
    TN_OWN_REQUIRE(buffer->held);
    if (!buffer->held) {
        (void)tn_dma_names_nothing(buffer->pool);
        return false;
    }
    if (__builtin_expect(place->mark != 0, 0))
        return false;
    place->pool = buffer->pool;
    place->mark = buffer->mark;
    place->slot = buffer->slot;
    place->used = buffer->used;
    place->status = buffer->status;
    buffer->held = 0;
    return true;
}
TN_OWN_INLINE TN_MUST_CHECK bool tn_dma_buffer_unpark(struct tn_parked_buffer *place, struct tn_dma_buffer *buffer)
    TN_OWN_IF_TRUE(buffer);
TN_OWN_INLINE bool tn_dma_buffer_unpark(struct tn_parked_buffer *place, struct tn_dma_buffer *buffer)
{
    TN_OWN_EMPTY(buffer->held);
    if (place->mark == 0)
        return false;
    buffer->pool = place->pool;
    buffer->mark = place->mark;
    buffer->slot = place->slot;
    buffer->used = place->used;
    buffer->status = place->status;
    buffer->held = 1;
    place->mark = 0;
    return true;
}

/* ---- to another function ---- */

/* By value into a function that the compiler does not inline: f(tn_dma_buffer_move(&b)), and there, first of all,
 * tn_dma_buffer_arrived(&its_parameter). False: what came was empty. */
TN_OWN_INLINE TN_MUST_CHECK struct tn_dma_buffer tn_dma_buffer_move(struct tn_dma_buffer *buffer) TN_OWN_TAKES(buffer);
TN_OWN_INLINE struct tn_dma_buffer tn_dma_buffer_move(struct tn_dma_buffer *buffer)
{
    TN_OWN_REQUIRE(buffer->held);
    const struct tn_dma_buffer moved = *buffer;
    buffer->held = 0;
    return moved;
}
TN_OWN_INLINE TN_MUST_CHECK struct tn_fence tn_fence_move(struct tn_fence *fence) TN_OWN_TAKES(fence);
TN_OWN_INLINE struct tn_fence tn_fence_move(struct tn_fence *fence)
{
    TN_OWN_REQUIRE(fence->held);
    const struct tn_fence moved = *fence;
    fence->held = 0;
    return moved;
}
#define tn_dma_buffer_arrived(buffer) tn_dma_buffer_is_held(buffer)
#define tn_fence_arrived(fence)       tn_fence_is_held(fence)

#ifdef __cplusplus
#pragma GCC diagnostic pop
}
#endif

#endif
