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
    FENCES = 1280, /* a manifest allows 1,024 in flight */
    NOBODY = 0xffffffff,
};
/* A pool that cannot be made because its driver is being started again: how long that is waited for. */
static const uint64_t restart_ns = 60 * TN_SECOND, pause_ns = TN_SECOND / 100;

enum fence_state {
    FENCE_FREE,
    FENCE_PENDING,
    FENCE_ENDED,
};

enum fence_holder {
    HOLDER_PROGRAM,
    HOLDER_QUEUE,
    HOLDER_NOBODY, /* abandoned: its end is not told */
};

/* What was submitted, for once more. */
struct again {
    bool is_wanted;
    uint64_t word, length, argument;
};

struct record {
    struct tn_source source; /* first: the ring delivers here */
    uint64_t generation;
    struct tn_dma_queue *queue;
    enum fence_state state;
    uint32_t next; /* FREE: in the free list. PENDING: in the list of those to be submitted again. ENDED and held by the
                    * queue: in its list of ended fences. */
    enum fence_holder holder;
    struct tn_parked_buffer buffer; /* what was submitted, until the end says what came back */
    struct tn_dma_result result;
    struct again again;
};

static struct record records[FENCES];
static uint32_t free_head = NOBODY;
static uint32_t never_used;
static uint32_t again_head = NOBODY, again_tail; /* to be submitted again, in the order of their ends */

static void fence_ended(struct tn_source *source, const struct tn_cqe *cqe);

static uint32_t record_take(void)
{
    if (free_head == NOBODY && never_used == FENCES)
        return NOBODY;
    uint32_t slot = free_head;
    if (slot == NOBODY) {
        slot = never_used++;
        records[slot].source.deliver = fence_ended;
    } else {
        free_head = records[slot].next;
    }
    records[slot].generation++; /* 64 bits: does not wrap in the life of a machine */
    return slot;
}

static void record_give(uint32_t slot)
{
    records[slot].queue->pending--;
    records[slot].state = FENCE_FREE;
    records[slot].next = free_head;
    free_head = slot;
}

static void ended_append(struct tn_dma_queue *queue, uint32_t slot)
{
    records[slot].next = NOBODY;
    if (queue->ended_tail == NOBODY)
        queue->ended_head = slot;
    else
        records[queue->ended_tail].next = slot;
    queue->ended_tail = slot;
}

static void fence_ended(struct tn_source *source, const struct tn_cqe *cqe)
{
    struct record *record = (struct record *)source;
    if (record->state != FENCE_PENDING || cqe->kind != TN_CQE_FENCE)
        __builtin_trap(); /* the kernel ends each fence once */
    struct tn_dma_result *result = &record->result;
    if (__builtin_expect(cqe->status == TN_EABORTED && record->again.is_wanted && record->holder != HOLDER_NOBODY, 0)) {
        record->buffer.handle = cqe->value[0];
        record->next = NOBODY;
        if (again_head == NOBODY)
            again_head = (uint32_t)(record - records);
        else
            records[again_tail].next = (uint32_t)(record - records);
        again_tail = (uint32_t)(record - records);
        return;
    }
    result->status = (enum tn_status)cqe->status;
    result->used = (uint32_t)cqe->value[1];
    result->answer[0] = cqe->value[2];
    result->answer[1] = cqe->value[3];
    /* The memory stays where it was; only the name is new. */
    record->buffer.handle = cqe->value[0];
    if (record->buffer.handle == TN_HANDLE_NONE)
        record->buffer = (struct tn_parked_buffer){0};
    record->state = FENCE_ENDED;
    if (record->holder == HOLDER_QUEUE)
        ended_append(record->queue, (uint32_t)(record - records));
    else if (record->holder == HOLDER_NOBODY)
        record_give((uint32_t)(record - records));
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
    for (uint64_t end = tn_deadline_in(restart_ns); status == TN_EAGAIN && tn_clock_now() < end;) {
        (void)tn_ring_sleep(1, tn_deadline_in(pause_ns)); /* the driver is being started again */
        status = tn_ring_call(&sqe, &answer);
    }
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

enum tn_status tn_session_alloc(const struct tn_dma_pool *pool, uint64_t length, struct tn_parked_buffer *place)
{
    struct tn_sqe sqe = {.op = TN_OP_BUFFER_ALLOC, .handle = pool->handle, .arg = {length}};
    struct tn_cqe answer;
    enum tn_status status = tn_ring_call(&sqe, &answer);
    if (status == TN_OK)
        *place = (struct tn_parked_buffer){
            .handle = answer.value[0], .data = (void *)answer.value[1], .bytes = answer.value[2]};
    return status;
}

enum tn_status tn_session_release(uint64_t handle)
{
    struct tn_sqe sqe = {.op = TN_OP_BUFFER_RELEASE, .handle = handle};
    return tn_ring_call(&sqe, NULL);
}

/* ---- fences ---- */

static void push(struct record *record)
{
    struct tn_sqe *sqe = tn_ring_push();
    sqe->op = TN_OP_SUBMIT;
    sqe->user_data = tn_source_user_data(&record->source);
    sqe->handle = record->queue->channel;
    sqe->arg[0] = record->buffer.handle;
    sqe->arg[1] = record->again.word;
    sqe->arg[2] = record->again.length;
    sqe->arg[3] = record->again.argument;
}

/* Not where they end: the ring is being emptied there. */
static void submit_again(void)
{
    while (again_head != NOBODY) {
        struct record *record = &records[again_head];
        again_head = record->next;
        push(record);
    }
}

/* This and tn_session_next are `inline` for the linker's sake: every request takes them. */
inline void tn_session_submit(struct tn_dma_queue *queue, const struct tn_parked_buffer *buffer,
                              const struct tn_dma_request *request, struct tn_parked_fence *fence)
{
    uint32_t slot = record_take();
    if (slot == NOBODY)
        __builtin_trap(); /* far above any in-flight budget: this process loses count of its own fences */
    struct record *record = &records[slot];
    record->state = FENCE_PENDING;
    record->queue = queue;
    record->buffer = buffer != NULL ? *buffer : (struct tn_parked_buffer){0};
    record->result.cookie = request->cookie;
    record->again = (struct again){.is_wanted = request->flags & TN_DMA_REPEATABLE,
                                   .word = tn_submit_word(request->opcode, (enum tn_direction)request->direction),
                                   .length = request->length,
                                   .argument = request->argument};
    record->holder = fence != NULL ? HOLDER_PROGRAM : HOLDER_QUEUE;
    queue->pending++;
    if (fence == NULL)
        queue->own++;
    else
        *fence = (struct tn_parked_fence){.generation = record->generation, .slot = slot};

    push(record);
}

static void take(uint32_t slot, struct tn_parked_buffer *buffer, struct tn_dma_result *result)
{
    *buffer = records[slot].buffer;
    *result = records[slot].result;
    record_give(slot);
}

/* A fence that somebody outside may hold; what the queue keeps, only the queue takes. */
static struct record *find(const struct tn_parked_fence *fence)
{
    if (fence->generation == 0 || fence->slot >= never_used)
        return NULL;
    struct record *record = &records[fence->slot];
    bool is_it = record->generation == fence->generation && record->state != FENCE_FREE;
    return is_it && record->holder == HOLDER_PROGRAM ? record : NULL;
}

/* A wait that took nothing. */
static void say(enum tn_status status, struct tn_parked_buffer *buffer, struct tn_dma_result *result)
{
    *buffer = (struct tn_parked_buffer){0};
    *result = (struct tn_dma_result){.status = status};
}

bool tn_session_take(const struct tn_parked_fence *fence, uint64_t deadline, struct tn_parked_buffer *buffer,
                     struct tn_dma_result *result)
{
    if (deadline == TN_DEADLINE_NEVER) {
        say(TN_EINVAL, buffer, result);
        return false;
    }
    const struct record *record = find(fence);
    if (record == NULL) {
        say(TN_ESTALE, buffer, result);
        return true;
    }
    if (record->state == FENCE_PENDING)
        tn_ring_flush();
    while (record->state == FENCE_PENDING) {
        submit_again();
        if (deadline <= tn_clock_now()) {
            say(TN_ETIMEDOUT, buffer, result);
            return false;
        }
        (void)tn_ring_sleep(1, deadline);
    }
    take(fence->slot, buffer, result);
    return true;
}

enum tn_status tn_session_revoke(const struct tn_parked_fence *fence)
{
    struct record *record = find(fence);
    if (record == NULL || record->buffer.handle == TN_HANDLE_NONE)
        return TN_ESTALE;
    if (record->state != FENCE_PENDING)
        return TN_ESTATE;
    submit_again();
    uint64_t submitted = record->buffer.handle;
    struct tn_sqe sqe = {
        .op = TN_OP_FENCE_REVOKE,
        .handle = tn_handle_make(tn_handle_slot(submitted), tn_handle_generation(submitted) + 1),
    };
    enum tn_status status = tn_ring_call(&sqe, NULL);
    if (status == TN_OK)
        record_give(fence->slot);
    return status == TN_ESTALE ? TN_ESTATE : status; /* it has ended meanwhile, or will be submitted again */
}

void tn_session_abandon(const struct tn_parked_fence *fence)
{
    struct record *record = find(fence);
    if (record == NULL)
        return;
    record->holder = HOLDER_NOBODY;
    if (record->state == FENCE_ENDED)
        record_give(fence->slot);
}

/* TN_OK: an end is there. */
static enum tn_status wait_for_end(const struct tn_dma_queue *queue, uint64_t deadline)
{
    if (deadline == TN_DEADLINE_NEVER)
        return TN_EINVAL;
    if (queue->own == 0)
        return TN_ENOENT;
    while (queue->ended_head == NOBODY) {
        submit_again();
        enum tn_status status = tn_ring_sleep(1, deadline);
        if (queue->ended_head == NOBODY && (status == TN_ETIMEDOUT || deadline <= tn_clock_now()))
            return TN_ETIMEDOUT;
    }
    return TN_OK;
}

inline bool tn_session_next(struct tn_dma_queue *queue, uint64_t deadline, struct tn_parked_buffer *buffer,
                            struct tn_dma_result *result)
{
    enum tn_status status = wait_for_end(queue, deadline);
    if (status != TN_OK) {
        say(status, buffer, result);
        return false;
    }
    uint32_t slot = queue->ended_head;
    queue->ended_head = records[slot].next;
    if (queue->ended_head == NOBODY)
        queue->ended_tail = NOBODY;
    queue->own--;
    take(slot, buffer, result);
    return true;
}
