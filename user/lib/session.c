/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client side of DmaBuffers on a Tenure process: tenure/dma.h on ring.h. Which requests there are is left to the
 * classes.
 *
 * Fences live in a table here, not in the caller's memory: a completion that comes after a time-out finds its record
 * even if the caller's struct tn_fence is long gone.
 */
#include <tenure/dma.h>

#include "clock.h"
#include "mem.h"
#include "ring.h"

enum {
    FENCES = 512,
    NOBODY = 0xffffffff,
};

enum fence_state {
    FENCE_FREE,
    FENCE_PENDING,
    FENCE_ENDED,
};

struct record {
    struct tn_source source; /* first: the ring delivers here */
    uint64_t generation;
    struct tn_dma_queue *queue;
    enum fence_state state;
    uint32_t next; /* FREE: in the free list. ENDED: in the queue's list of ended fences. */
    uint32_t previous;
    struct tn_fence_result result; /* .buffer: what was submitted, until the end says what came back */
};

static struct record records[FENCES];
static uint32_t free_head = NOBODY;
static uint32_t never_used;

static void fence_ended(struct tn_source *source, const struct tn_cqe *cqe);

static uint32_t record_take(void)
{
    if (free_head == NOBODY && never_used == FENCES)
        return NOBODY;
    uint32_t slot = free_head;
    if (slot == NOBODY)
        slot = never_used++;
    else
        free_head = records[slot].next;
    records[slot].source.deliver = fence_ended;
    records[slot].generation++; /* 64 bits: does not wrap in the life of a machine */
    return slot;
}

/* ---- the list of ended fences ---- */

static void ended_append(struct tn_dma_queue *queue, uint32_t slot)
{
    records[slot].next = NOBODY;
    records[slot].previous = queue->ended_tail;
    if (queue->ended_tail == NOBODY)
        queue->ended_head = slot;
    else
        records[queue->ended_tail].next = slot;
    queue->ended_tail = slot;
}

static void ended_remove(struct tn_dma_queue *queue, uint32_t slot)
{
    struct record *record = &records[slot];
    if (record->previous == NOBODY)
        queue->ended_head = record->next;
    else
        records[record->previous].next = record->next;
    if (record->next == NOBODY)
        queue->ended_tail = record->previous;
    else
        records[record->next].previous = record->previous;
}

static void fence_ended(struct tn_source *source, const struct tn_cqe *cqe)
{
    struct record *record = (struct record *)source;
    if (record->state != FENCE_PENDING || cqe->kind != TN_CQE_FENCE)
        __builtin_trap(); /* the kernel ends each fence once */
    struct tn_fence_result *result = &record->result;
    result->status = (enum tn_status)cqe->status;
    result->used = (uint32_t)cqe->value[1];
    result->answer[0] = cqe->value[2];
    result->answer[1] = cqe->value[3];
    /* The memory stays where it was; only the name is new. */
    result->buffer.handle = cqe->value[0];
    if (result->buffer.handle == TN_HANDLE_NONE)
        result->buffer = (struct tn_dma_buffer){0};
    record->state = FENCE_ENDED;
    ended_append(record->queue, (uint32_t)(record - records));
}

/* ---- pools and buffers ---- */

void tn_dma_queue_init(struct tn_dma_queue *queue, uint64_t channel)
{
    *queue = (struct tn_dma_queue){.channel = channel, .ended_head = NOBODY, .ended_tail = NOBODY};
}

enum tn_status tn_dma_pool_create(const struct tn_dma_queue *queue, uint64_t buffer_bytes, uint32_t count,
                                  struct tn_dma_pool *pool)
{
    struct tn_sqe sqe = {.op = TN_OP_POOL_CREATE, .handle = queue->channel, .arg = {buffer_bytes, count}};
    struct tn_cqe answer;
    enum tn_status status = tn_ring_call(&sqe, &answer);
    if (status == TN_OK)
        *pool = (struct tn_dma_pool){.handle = answer.value[0], .buffer_bytes = answer.value[1]};
    return status;
}

enum tn_status tn_dma_pool_release(struct tn_dma_pool *pool)
{
    struct tn_sqe sqe = {.op = TN_OP_POOL_RELEASE, .handle = pool->handle};
    enum tn_status status = tn_ring_call(&sqe, NULL);
    if (status == TN_OK)
        *pool = (struct tn_dma_pool){0};
    return status;
}

enum tn_status tn_dma_buffer_alloc(const struct tn_dma_pool *pool, uint64_t length, struct tn_dma_buffer *buffer)
{
    struct tn_sqe sqe = {.op = TN_OP_BUFFER_ALLOC, .handle = pool->handle, .arg = {length}};
    struct tn_cqe answer;
    enum tn_status status = tn_ring_call(&sqe, &answer);
    if (status == TN_OK)
        *buffer = (struct tn_dma_buffer){
            .handle = answer.value[0], .data = (void *)answer.value[1], .bytes = answer.value[2]};
    return status;
}

enum tn_status tn_dma_buffer_release(struct tn_dma_buffer *buffer)
{
    struct tn_sqe sqe = {.op = TN_OP_BUFFER_RELEASE, .handle = buffer->handle};
    *buffer = (struct tn_dma_buffer){0};
    return tn_ring_call(&sqe, NULL);
}

/* ---- fences ---- */

void tn_dma_submit(struct tn_dma_queue *queue, struct tn_dma_buffer *buffer, const struct tn_dma_request *request,
                   struct tn_fence *fence)
{
    uint32_t slot = record_take();
    if (slot == NOBODY)
        __builtin_trap(); /* far above any in-flight budget: this process loses count of its own fences */
    struct record *record = &records[slot];
    record->state = FENCE_PENDING;
    record->queue = queue;
    record->result = (struct tn_fence_result){.cookie = request->cookie};
    if (buffer != NULL) {
        record->result.buffer = *buffer;
        *buffer = (struct tn_dma_buffer){0};
    }
    queue->pending++;
    *fence = (struct tn_fence){.generation = record->generation, .slot = slot};

    struct tn_sqe *sqe = tn_ring_push();
    sqe->op = TN_OP_SUBMIT;
    sqe->user_data = tn_source_user_data(&record->source);
    sqe->handle = queue->channel;
    sqe->arg[0] = record->result.buffer.handle;
    sqe->arg[1] = tn_submit_word(request->opcode, (enum tn_direction)request->direction);
    sqe->arg[2] = request->length;
    sqe->arg[3] = request->argument;
}

static void take(uint32_t slot, struct tn_fence_result *result)
{
    struct record *record = &records[slot];
    ended_remove(record->queue, slot);
    record->queue->pending--;
    *result = record->result;
    record->result = (struct tn_fence_result){0};
    record->state = FENCE_FREE;
    record->next = free_head;
    free_head = slot;
}

static const struct record *find(const struct tn_fence *fence)
{
    if (fence->generation == 0 || fence->slot >= never_used)
        return NULL;
    const struct record *record = &records[fence->slot];
    return record->generation == fence->generation && record->state != FENCE_FREE ? record : NULL;
}

enum tn_status tn_fence_take(const struct tn_fence *fence, uint64_t deadline, struct tn_fence_result *result)
{
    if (deadline == TN_DEADLINE_NEVER)
        return TN_EINVAL;
    const struct record *record = find(fence);
    if (record == NULL)
        return TN_ESTALE;
    if (record->state == FENCE_PENDING)
        tn_ring_flush();
    while (record->state == FENCE_PENDING) {
        if (deadline <= tn_clock_now())
            return TN_ETIMEDOUT;
        (void)tn_ring_wait(1, deadline);
    }
    take(fence->slot, result);
    return TN_OK;
}

enum tn_status tn_fence_wait(const struct tn_fence *fence, uint64_t deadline, struct tn_dma_buffer *buffer,
                             size_t *used)
{
    struct tn_fence_result result;
    enum tn_status status = tn_fence_take(fence, deadline, &result);
    if (status != TN_OK)
        return status;
    if (buffer != NULL)
        *buffer = result.buffer;
    if (used != NULL)
        *used = result.used;
    return result.status;
}

enum tn_status tn_dma_queue_next(struct tn_dma_queue *queue, uint64_t deadline, struct tn_fence_result *result)
{
    if (deadline == TN_DEADLINE_NEVER)
        return TN_EINVAL;
    if (queue->pending == 0)
        return TN_ENOENT;
    while (queue->ended_head == NOBODY) {
        enum tn_status status = tn_ring_wait(1, deadline);
        if (queue->ended_head == NOBODY && (status == TN_ETIMEDOUT || deadline <= tn_clock_now()))
            return TN_ETIMEDOUT;
    }
    take(queue->ended_head, result);
    return TN_OK;
}
