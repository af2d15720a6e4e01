/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ownership-based DMA buffers, as a client of a device service sees them.
 *
 * A buffer is owned by the CPU (struct tn_dma_buffer), or it is on its way and a fence stands for it (struct tn_fence),
 * or neither. These structs are tokens: they live in their holder's frame, declared with TN_DMA_BUFFER and TN_FENCE,
 * and what gives ownership away empties them. The compiler checks that (tenure/own.h), the library and the kernel check
 * it again at run time, and the machine takes the pages of a buffer on its way out of the client's reach.
 *
 * Submit always consumes; whatever goes wrong, a refusal too, is told at the end, together with the buffer. Only
 * TN_EQUARANTINED keeps it. A request without data has no buffer: its token is a struct tn_command.
 *
 * All of it belongs to one thread of one process. Waits have a deadline. What the requests mean is left to the classes
 * (tenure/abi/blk.h).
 */
#ifndef TENURE_DMA_H
#define TENURE_DMA_H

#include <tenure/dma_session.h>
#include <tenure/own.h>

/* ---- tokens. The fields are the library's. ---- */

/* A buffer that the CPU owns. */
struct TN_OWN_TOKEN tn_dma_buffer {
    struct tn_parked_buffer name;
    uint32_t status;
    unsigned held; /* 0: empty, 1: not */
};
/* A request on its way, with its buffer. */
struct TN_OWN_TOKEN tn_fence {
    struct tn_parked_fence name;
    unsigned held;
};
/* A request on its way that carries no data. */
struct TN_OWN_TOKEN tn_command {
    struct tn_parked_fence name;
    unsigned held;
};

/* At the end of a token's scope: nothing may be lost. */
TN_OWN_INLINE void tn_dma_buffer_end(const struct tn_dma_buffer *buffer)
{
    TN_OWN_EMPTY(buffer->held);
}
TN_OWN_INLINE void tn_fence_end(const struct tn_fence *fence)
{
    TN_OWN_EMPTY(fence->held);
}
TN_OWN_INLINE void tn_command_end(const struct tn_command *command)
{
    TN_OWN_EMPTY(command->held);
}
/* An empty token of this name, which must be empty again at the end of its scope. */
#define TN_DMA_BUFFER(token)                                                                                           \
    __attribute__((cleanup(tn_dma_buffer_end))) struct tn_dma_buffer token = {{TN_HANDLE_NONE, NULL, 0}, 0, 0}
#define TN_FENCE(token)   __attribute__((cleanup(tn_fence_end))) struct tn_fence token = {{0, 0}, 0}
#define TN_COMMAND(token) __attribute__((cleanup(tn_command_end))) struct tn_command token = {{0, 0}, 0}

/* ---- queues and pools ---- */

/* The queue on a channel this process was given. */
void tn_dma_queue_init(struct tn_dma_queue *queue, uint64_t channel);
/* `count` zeroed buffers of at least `buffer_bytes` for requests on this queue. TN_EBUDGET, TN_EEXHAUSTED, TN_EINVAL,
 * TN_EPOLICY. */
TN_MUST_CHECK enum tn_status tn_dma_pool_create(const struct tn_dma_queue *queue, uint64_t buffer_bytes, uint32_t count,
                                                struct tn_dma_pool *pool);
/* TN_ESTATE while a buffer of it is not free; the pool is then still there. On TN_OK *pool is empty. */
TN_MUST_CHECK enum tn_status tn_dma_pool_release(struct tn_dma_pool *pool);

/* ---- buffers ---- */

/* A zeroed buffer, owned by the CPU. False: tn_dma_buffer_status tells TN_ERANGE (length 0 or above the pool's),
 * TN_EBUDGET, TN_EEXHAUSTED. */
TN_OWN_INLINE TN_MUST_CHECK bool tn_dma_buffer_alloc(const struct tn_dma_pool *pool, uint64_t length,
                                                     struct tn_dma_buffer *buffer) TN_OWN_IF_TRUE(buffer);
TN_OWN_INLINE bool tn_dma_buffer_alloc(const struct tn_dma_pool *pool, uint64_t length, struct tn_dma_buffer *buffer)
{
    TN_OWN_EMPTY(buffer->held);
    struct tn_parked_buffer place = {TN_HANDLE_NONE, NULL, 0};
    unsigned held = 1;
    buffer->status = (uint32_t)tn_session_alloc(pool, length, &place);
    if (buffer->status != TN_OK) {
        TN_OWN_APART();
        held = 0;
    }
    buffer->name = place;
    buffer->held = held;
    return buffer->held;
}
/* Scrubs and gives back. *buffer is empty afterwards, whatever the status. */
TN_OWN_INLINE TN_MUST_CHECK enum tn_status tn_dma_buffer_release(struct tn_dma_buffer *buffer) TN_OWN_TAKES(buffer);
TN_OWN_INLINE enum tn_status tn_dma_buffer_release(struct tn_dma_buffer *buffer)
{
    TN_OWN_REQUIRE(buffer->held);
    uint64_t handle = buffer->held ? buffer->name.handle : TN_HANDLE_NONE;
    buffer->held = 0;
    return tn_session_release(handle);
}
/* The bytes, and how many; NULL and 0 once the buffer was submitted or released. */
TN_OWN_INLINE void *tn_dma_buffer_data(const struct tn_dma_buffer *buffer) TN_OWN_NEEDS(buffer);
TN_OWN_INLINE void *tn_dma_buffer_data(const struct tn_dma_buffer *buffer)
{
    TN_OWN_REQUIRE(buffer->held);
    return buffer->held ? buffer->name.data : NULL;
}
TN_OWN_INLINE uint64_t tn_dma_buffer_bytes(const struct tn_dma_buffer *buffer) TN_OWN_NEEDS(buffer);
TN_OWN_INLINE uint64_t tn_dma_buffer_bytes(const struct tn_dma_buffer *buffer)
{
    TN_OWN_REQUIRE(buffer->held);
    return buffer->held ? buffer->name.bytes : 0;
}
/* Of a buffer that alloc refused: why. */
TN_OWN_INLINE enum tn_status tn_dma_buffer_status(const struct tn_dma_buffer *buffer)
{
    return (enum tn_status)buffer->status;
}
/* Whether the end of a request brought the buffer back: it does, unless the status is TN_EQUARANTINED, or TN_ESTALE
 * because what was submitted named nothing. To be asked after tn_fence_wait and tn_dma_queue_next. */
TN_OWN_INLINE TN_MUST_CHECK bool tn_dma_buffer_is_held(struct tn_dma_buffer *buffer) TN_OWN_IF_TRUE(buffer);
TN_OWN_INLINE bool tn_dma_buffer_is_held(struct tn_dma_buffer *buffer)
{
    if (!buffer->held)
        return false;
    buffer->held = 1; /* the compiler's knowledge, not a store */
    return true;
}

/* ---- requests ---- */

/* Hands *buffer to the service: it is empty, *fence stands for it. Submissions travel together at the next wait. */
TN_OWN_INLINE void tn_dma_submit(struct tn_dma_queue *queue, struct tn_dma_buffer *buffer,
                                 const struct tn_dma_request *request, struct tn_fence *fence) TN_OWN_TAKES(buffer)
    TN_OWN_GIVES(fence);
TN_OWN_INLINE void tn_dma_submit(struct tn_dma_queue *queue, struct tn_dma_buffer *buffer,
                                 const struct tn_dma_request *request, struct tn_fence *fence)
{
    TN_OWN_REQUIRE(buffer->held);
    TN_OWN_EMPTY(fence->held);
    const struct tn_parked_buffer place =
        buffer->held ? buffer->name : (struct tn_parked_buffer){TN_HANDLE_NONE, NULL, 0};
    struct tn_parked_fence name;
    tn_session_submit(queue, &place, request, &name);
    buffer->held = 0;
    fence->name = name;
    fence->held = 1;
}
/* The same, and the queue keeps the fence: the end comes through tn_dma_queue_next, told apart by its cookie. */
TN_OWN_INLINE void tn_dma_enqueue(struct tn_dma_queue *queue, struct tn_dma_buffer *buffer,
                                  const struct tn_dma_request *request) TN_OWN_TAKES(buffer);
TN_OWN_INLINE void tn_dma_enqueue(struct tn_dma_queue *queue, struct tn_dma_buffer *buffer,
                                  const struct tn_dma_request *request)
{
    TN_OWN_REQUIRE(buffer->held);
    const struct tn_parked_buffer place =
        buffer->held ? buffer->name : (struct tn_parked_buffer){TN_HANDLE_NONE, NULL, 0};
    tn_session_submit(queue, &place, request, NULL);
    buffer->held = 0;
}
/* A request without data. */
TN_OWN_INLINE void tn_dma_command(struct tn_dma_queue *queue, const struct tn_dma_request *request,
                                  struct tn_command *command) TN_OWN_GIVES(command);
TN_OWN_INLINE void tn_dma_command(struct tn_dma_queue *queue, const struct tn_dma_request *request,
                                  struct tn_command *command)
{
    TN_OWN_EMPTY(command->held);
    struct tn_parked_fence name;
    tn_session_submit(queue, NULL, request, &name);
    command->name = name;
    command->held = 1;
}

/* Waits for the end of one request. True: it has ended, the fence is gone, *result says how, and
 * tn_dma_buffer_is_held(buffer) whether the buffer is back: on errors, too. False: not ended, and the fence is still
 * held; result->status is TN_ETIMEDOUT, or TN_EINVAL (TN_DEADLINE_NEVER: no wait is without an end). TN_DEADLINE_NOW
 * looks without waiting. */
TN_OWN_INLINE TN_MUST_CHECK bool tn_fence_wait(struct tn_fence *fence, uint64_t deadline, struct tn_dma_buffer *buffer,
                                               struct tn_dma_result *result) TN_OWN_TAKES(fence) TN_OWN_IF_FALSE(fence);
TN_OWN_INLINE bool tn_fence_wait(struct tn_fence *fence, uint64_t deadline, struct tn_dma_buffer *buffer,
                                 struct tn_dma_result *result)
{
    TN_OWN_REQUIRE(fence->held);
    TN_OWN_EMPTY(buffer->held);
    const struct tn_parked_fence name = fence->held ? fence->name : (struct tn_parked_fence){0, 0};
    struct tn_parked_buffer place;
    buffer->held = 0;
    if (!tn_session_take(&name, deadline, &place, result)) {
        TN_OWN_APART();
        fence->held = 1;
        return false;
    }
    fence->held = 0;
    if (place.handle != TN_HANDLE_NONE) {
        buffer->name = place;
        buffer->held = 1;
    } else {
        TN_OWN_APART();
    }
    return true;
}
/* Gives up the request, and the buffer with it: its device keeps the buffer until it is done with it, and then it is
 * scrubbed and free in its pool, which cannot be released before. True: the fence is gone. False: it has ended, and is
 * still held: tn_fence_wait takes it. */
TN_OWN_INLINE TN_MUST_CHECK bool tn_fence_revoke(struct tn_fence *fence) TN_OWN_TAKES(fence) TN_OWN_IF_FALSE(fence);
TN_OWN_INLINE bool tn_fence_revoke(struct tn_fence *fence)
{
    TN_OWN_REQUIRE(fence->held);
    const struct tn_parked_fence name = fence->held ? fence->name : (struct tn_parked_fence){0, 0};
    if (tn_session_revoke(&name) == TN_ESTATE) {
        TN_OWN_APART();
        fence->held = 1;
        return false;
    }
    fence->held = 0;
    return true;
}
/* The same for a request without data. */
TN_OWN_INLINE TN_MUST_CHECK bool tn_command_wait(struct tn_command *command, uint64_t deadline,
                                                 struct tn_dma_result *result) TN_OWN_TAKES(command)
    TN_OWN_IF_FALSE(command);
TN_OWN_INLINE bool tn_command_wait(struct tn_command *command, uint64_t deadline, struct tn_dma_result *result)
{
    TN_OWN_REQUIRE(command->held);
    const struct tn_parked_fence name = command->held ? command->name : (struct tn_parked_fence){0, 0};
    struct tn_parked_buffer none;
    if (!tn_session_take(&name, deadline, &none, result)) {
        TN_OWN_APART();
        command->held = 1;
        return false;
    }
    command->held = 0;
    return true;
}
/* Nobody waits for it any more: its end will not be told. */
TN_OWN_INLINE void tn_command_abandon(struct tn_command *command) TN_OWN_TAKES(command);
TN_OWN_INLINE void tn_command_abandon(struct tn_command *command)
{
    TN_OWN_REQUIRE(command->held);
    const struct tn_parked_fence name = command->held ? command->name : (struct tn_parked_fence){0, 0};
    tn_session_abandon(&name);
    command->held = 0;
}
/* Waits for the oldest end among the requests that tn_dma_enqueue sent. True: *result says how it ended, and
 * tn_dma_buffer_is_held(buffer) whether its buffer is back. False: result->status is TN_ETIMEDOUT, TN_ENOENT (there is
 * no such request) or TN_EINVAL (TN_DEADLINE_NEVER). */
TN_OWN_INLINE TN_MUST_CHECK bool tn_dma_queue_next(struct tn_dma_queue *queue, uint64_t deadline,
                                                   struct tn_dma_buffer *buffer, struct tn_dma_result *result);
TN_OWN_INLINE bool tn_dma_queue_next(struct tn_dma_queue *queue, uint64_t deadline, struct tn_dma_buffer *buffer,
                                     struct tn_dma_result *result)
{
    TN_OWN_EMPTY(buffer->held);
    struct tn_parked_buffer place;
    buffer->held = 0;
    if (!tn_session_next(queue, deadline, &place, result))
        return false;
    if (place.handle != TN_HANDLE_NONE) {
        buffer->name = place;
        buffer->held = 1;
    } else {
        TN_OWN_APART();
    }
    return true;
}

/* ---- parking ---- */

/* Puts a token into a free place of a table. False: the place is taken, and the token still held. */
TN_OWN_INLINE TN_MUST_CHECK bool tn_dma_buffer_park(struct tn_dma_buffer *buffer, struct tn_parked_buffer *place)
    TN_OWN_TAKES(buffer) TN_OWN_IF_FALSE(buffer);
TN_OWN_INLINE bool tn_dma_buffer_park(struct tn_dma_buffer *buffer, struct tn_parked_buffer *place)
{
    TN_OWN_REQUIRE(buffer->held);
    if (__builtin_expect(place->handle != TN_HANDLE_NONE, 0))
        return false;
    *place = buffer->name;
    buffer->held = 0;
    return true;
}
/* Takes out what is there. False: nothing is. */
TN_OWN_INLINE TN_MUST_CHECK bool tn_dma_buffer_unpark(struct tn_parked_buffer *place, struct tn_dma_buffer *buffer)
    TN_OWN_IF_TRUE(buffer);
TN_OWN_INLINE bool tn_dma_buffer_unpark(struct tn_parked_buffer *place, struct tn_dma_buffer *buffer)
{
    TN_OWN_EMPTY(buffer->held);
    if (place->handle == TN_HANDLE_NONE)
        return false;
    buffer->name = *place;
    buffer->held = 1;
    place->handle = TN_HANDLE_NONE;
    return true;
}
TN_OWN_INLINE TN_MUST_CHECK bool tn_fence_park(struct tn_fence *fence, struct tn_parked_fence *place)
    TN_OWN_TAKES(fence) TN_OWN_IF_FALSE(fence);
TN_OWN_INLINE bool tn_fence_park(struct tn_fence *fence, struct tn_parked_fence *place)
{
    TN_OWN_REQUIRE(fence->held);
    if (__builtin_expect(place->generation != 0, 0))
        return false;
    *place = fence->name;
    fence->held = 0;
    return true;
}
TN_OWN_INLINE TN_MUST_CHECK bool tn_fence_unpark(struct tn_parked_fence *place, struct tn_fence *fence)
    TN_OWN_IF_TRUE(fence);
TN_OWN_INLINE bool tn_fence_unpark(struct tn_parked_fence *place, struct tn_fence *fence)
{
    TN_OWN_EMPTY(fence->held);
    if (place->generation == 0)
        return false;
    fence->name = *place;
    fence->held = 1;
    place->generation = 0;
    return true;
}

#endif
