/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other process of the ownership self-test: it tries what it may not do with numbers it was told, and looks for
 * what others left in memory. The verdicts are selftest_dma's.
 */
#include <blk_client.h>
#include <clock.h>
#include <print.h>
#include <process.h>
#include <ring.h>
#include <service.h>

#include "protocol.h"

enum {
    CREDITS = 32,
    BUFFERS_MAX = 64,
};
static const uint64_t answer_ns = 10 * TN_SECOND;

static struct tn_service service;
static struct tn_blk blk; /* only its queue: no question is asked of the disk */
static struct tn_request held[CREDITS];
static uint32_t held_count;
static uint32_t cq_entries;

static struct tn_answer try_release(uint64_t number)
{
    struct tn_sqe sqe = {.op = TN_OP_BUFFER_RELEASE, .handle = number};
    return (struct tn_answer){.status = TN_OK, .word = {tn_ring_call(&sqe, NULL)}};
}

static struct tn_answer try_submit(uint64_t number)
{
    struct tn_dma_buffer foreign = {.handle = number};
    struct tn_fence fence;
    struct tn_fence_result result;
    tn_blk_submit(&blk, &foreign, &(struct tn_blk_transfer){.opcode = TN_BLK_READ, .length = 512}, &fence);
    enum tn_status status = tn_fence_take(&fence, tn_deadline_in(answer_ns), &result);
    return (struct tn_answer){.status = TN_OK, .word = {status == TN_OK ? result.status : status}};
}

static uint64_t dirt_in(const struct tn_dma_buffer *buffer)
{
    const uint8_t *bytes = tn_dma_buffer_data(buffer);
    uint64_t dirt = 0;
    for (uint64_t i = 0; i < tn_dma_buffer_bytes(buffer); i++)
        dirt += bytes[i] != 0;
    return dirt;
}

static struct tn_answer count_dirt(uint64_t what)
{
    struct tn_dma_buffer buffer[BUFFERS_MAX] = {{0}};
    uint32_t bytes = (uint32_t)what, count = (uint32_t)(what >> 32), n = 0;
    struct tn_dma_pool pool;
    if (count > BUFFERS_MAX)
        return (struct tn_answer){.status = TN_OK, .word = {TN_ERANGE}};
    enum tn_status status = tn_dma_pool_create(&blk.queue, bytes, count, &pool);
    if (status != TN_OK)
        return (struct tn_answer){.status = TN_OK, .word = {status}};
    uint64_t dirt = 0;
    for (; n < count && status == TN_OK; n++) {
        status = tn_dma_buffer_alloc(&pool, bytes, &buffer[n]);
        if (status == TN_OK)
            dirt += dirt_in(&buffer[n]);
    }
    while (n > 0)
        if (buffer[--n].handle != TN_HANDLE_NONE && tn_dma_buffer_release(&buffer[n]) != TN_OK)
            status = TN_ESTATE;
    if (tn_dma_pool_release(&pool) != TN_OK)
        status = TN_ESTATE;
    return (struct tn_answer){.status = TN_OK, .word = {status, dirt}};
}

static void hold(const struct tn_request *request)
{
    held[held_count++] = *request;
    if (held_count < request->argument && held_count < CREDITS)
        return;
    while (held_count > 0)
        tn_service_complete(&service, &held[--held_count], &(struct tn_answer){.status = TN_OK});
}

static uint64_t wrongly(uint64_t id, uint64_t ticket, uint64_t word, enum tn_status want)
{
    struct tn_sqe sqe = {.op = TN_OP_COMPLETE, .handle = service.handle, .arg = {id, ticket, word}};
    return tn_ring_call(&sqe, NULL) != want;
}

/* A service that lies about its requests ends none of them; one that asks for more than its queue holds gets nothing.
 */
static struct tn_answer lie(const struct tn_request *r)
{
    static struct tn_request before; /* completed long ago */
    uint64_t done = tn_complete_word(TN_OK, 0), generation = UINT64_C(1) << TN_HANDLE_SLOT_BITS, accepted = 0;
    struct tn_sqe serve_more = {.op = TN_OP_SERVE, .handle = service.handle, .arg = {0, cq_entries}};
    accepted += wrongly(r->id, r->ticket + 1, done, TN_ESTALE);
    accepted += wrongly(r->id, 0, done, TN_ESTALE);
    accepted += wrongly(r->id + generation, r->ticket, done, TN_ESTALE);
    accepted += wrongly(r->id | TN_HANDLE_SLOT_MASK, r->ticket, done, TN_ESTALE);
    accepted += wrongly(TN_HANDLE_NONE, r->ticket, done, TN_ESTALE);
    accepted += wrongly(before.id, before.ticket, done, TN_ESTALE);
    accepted += wrongly(r->id, r->ticket, tn_complete_word(TN_OK, r->length + 1), TN_EPROTOCOL);
    accepted += wrongly(r->id, r->ticket, tn_complete_word(TN_EABORTED, 0), TN_EPROTOCOL);
    accepted += wrongly(r->id, r->ticket, tn_complete_word(UINT32_MAX, 0), TN_EPROTOCOL);
    accepted += tn_ring_call(&serve_more, NULL) != TN_EAGAIN; /* its own answer takes one place */
    before = *r;
    return (struct tn_answer){.status = TN_OK, .word = {accepted}};
}

static void serve(const struct tn_request *request)
{
    struct tn_answer answer = {.status = TN_ENOTSUP};
    switch (request->opcode) {
    case PEER_TRY_RELEASE:
        answer = try_release(request->argument);
        break;
    case PEER_TRY_SUBMIT:
        answer = try_submit(request->argument);
        break;
    case PEER_HOLD:
        hold(request);
        return;
    case PEER_COUNT_DIRT:
        answer = count_dirt(request->argument);
        break;
    case PEER_LIE:
        answer = lie(request);
        break;
    case PEER_USE_PART:
        answer = request->argument > request->length
                     ? (struct tn_answer){.status = TN_EINVAL}
                     : (struct tn_answer){.status = TN_OK, .used = (uint32_t)request->argument};
        break;
    default:
        break;
    }
    tn_service_complete(&service, request, &answer);
}

int tn_main(const struct tn_start *start)
{
    const struct tn_start_cap *channel = tn_start_find_kind(start, TN_KIND_CHANNEL);
    if (channel == NULL)
        tn_die("no channel to a block service: the manifest needs uses = [{ service = \"blk0\", … }]");
    tn_dma_queue_init(&blk.queue, channel->handle);
    cq_entries = start->cq_entries;
    enum tn_status status = tn_service_open(&service, start, CREDITS);
    if (status != TN_OK)
        tn_die("no service to serve: %s", tn_status_name(status));
    for (;;) {
        struct tn_request request;
        while (tn_service_take(&service, &request) == TN_OK)
            serve(&request);
        (void)tn_ring_wait(1, TN_DEADLINE_NEVER);
    }
}
