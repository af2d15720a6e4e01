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
static struct tn_parked_reply held[CREDITS];
static uint32_t held_count;
static uint32_t cq_entries;

static struct tn_answer try_release(uint64_t number)
{
    struct tn_sqe sqe = {.op = TN_OP_BUFFER_RELEASE, .handle = number};
    return (struct tn_answer){.status = TN_OK, .word = {tn_ring_call(&sqe, NULL)}};
}

static struct tn_answer try_submit(uint64_t number)
{
    struct tn_parked_buffer foreign = {.handle = number}, back;
    struct tn_parked_fence fence;
    struct tn_dma_result result;
    const struct tn_dma_request request =
        tn_blk_request(&(struct tn_blk_transfer){.opcode = TN_BLK_READ, .length = 512});
    tn_session_submit(&blk.queue, &foreign, &request, &fence);
    (void)!tn_session_take(&fence, tn_deadline_in(answer_ns), &back, &result);
    return (struct tn_answer){.status = TN_OK, .word = {result.status}};
}

static uint64_t dirt_in(const uint8_t *bytes, uint64_t count)
{
    uint64_t dirt = 0;
    for (uint64_t i = 0; i < count; i++)
        dirt += bytes[i] != 0;
    return dirt;
}

static struct tn_answer count_dirt(uint64_t what)
{
    struct tn_parked_buffer place[BUFFERS_MAX] = {{0}};
    uint32_t bytes = (uint32_t)what, count = (uint32_t)(what >> 32), n = 0;
    struct tn_dma_pool pool;
    if (count > BUFFERS_MAX)
        return (struct tn_answer){.status = TN_OK, .word = {TN_ERANGE}};
    enum tn_status status = tn_dma_pool_create(&blk.queue, bytes, count, &pool);
    if (status != TN_OK)
        return (struct tn_answer){.status = TN_OK, .word = {status}};
    uint64_t dirt = 0;
    for (; n < count && status == TN_OK; n++) {
        TN_DMA_BUFFER(buffer);
        if (!tn_dma_buffer_alloc(&pool, bytes, &buffer)) {
            status = tn_dma_buffer_status(&buffer);
            continue;
        }
        dirt += dirt_in(tn_dma_buffer_data(&buffer), tn_dma_buffer_bytes(&buffer));
        if (!tn_dma_buffer_park(&buffer, &place[n]) && tn_dma_buffer_release(&buffer) != TN_OK)
            status = TN_ESTATE;
    }
    while (n > 0) {
        TN_DMA_BUFFER(buffer);
        if (tn_dma_buffer_unpark(&place[--n], &buffer) && tn_dma_buffer_release(&buffer) != TN_OK)
            status = TN_ESTATE;
    }
    if (tn_dma_pool_release(&pool) != TN_OK)
        status = TN_ESTATE;
    return (struct tn_answer){.status = TN_OK, .word = {status, dirt}};
}

/* Keeps the duty until `together` of them are here, then answers all. */
TN_OWN_HELPER void hold(struct tn_reply *reply, uint64_t together) TN_OWN_TAKES(reply)
{
    if (!tn_reply_park(reply, &held[held_count])) {
        tn_service_complete(&service, reply, &(struct tn_answer){.status = TN_EEXHAUSTED});
        return;
    }
    held_count++;
    if (held_count < together && held_count < CREDITS)
        return;
    while (held_count > 0) {
        TN_REPLY(kept);
        if (tn_reply_unpark(&held[--held_count], &kept))
            tn_service_complete(&service, &kept, &(struct tn_answer){.status = TN_OK});
    }
}

static uint64_t wrongly(uint64_t id, uint64_t ticket, uint64_t word, enum tn_status want)
{
    struct tn_sqe sqe = {.op = TN_OP_COMPLETE, .handle = service.handle, .arg = {id, ticket, word}};
    return tn_ring_call(&sqe, NULL) != want;
}

/* A service that lies about its requests ends none of them; one that asks for more than its queue holds gets nothing.
 */
static struct tn_answer lie(struct tn_parked_reply r, uint32_t length)
{
    static struct tn_parked_reply before; /* completed long ago */
    uint64_t done = tn_complete_word(TN_OK, 0), generation = UINT64_C(1) << TN_HANDLE_SLOT_BITS, accepted = 0;
    struct tn_sqe serve_more = {.op = TN_OP_SERVE, .handle = service.handle, .arg = {0, cq_entries}};
    accepted += wrongly(r.id, r.ticket + 1, done, TN_ESTALE);
    accepted += wrongly(r.id, 0, done, TN_ESTALE);
    accepted += wrongly(r.id + generation, r.ticket, done, TN_ESTALE);
    accepted += wrongly(r.id | TN_HANDLE_SLOT_MASK, r.ticket, done, TN_ESTALE);
    accepted += wrongly(TN_HANDLE_NONE, r.ticket, done, TN_ESTALE);
    accepted += wrongly(before.id, before.ticket, done, TN_ESTALE);
    accepted += wrongly(r.id, r.ticket, tn_complete_word(TN_OK, length + 1), TN_EPROTOCOL);
    accepted += wrongly(r.id, r.ticket, tn_complete_word(TN_EABORTED, 0), TN_EPROTOCOL);
    accepted += wrongly(r.id, r.ticket, tn_complete_word(UINT32_MAX, 0), TN_EPROTOCOL);
    accepted += tn_ring_call(&serve_more, NULL) != TN_EAGAIN; /* its own answer takes one place */
    before = r;
    return (struct tn_answer){.status = TN_OK, .word = {accepted}};
}

static struct tn_answer answer_to(const struct tn_request *request, struct tn_parked_reply name)
{
    switch (request->opcode) {
    case PEER_TRY_RELEASE:
        return try_release(request->argument);
    case PEER_TRY_SUBMIT:
        return try_submit(request->argument);
    case PEER_COUNT_DIRT:
        return count_dirt(request->argument);
    case PEER_LIE:
        return lie(name, request->length);
    case PEER_USE_PART:
        return request->argument > request->length
                   ? (struct tn_answer){.status = TN_EINVAL}
                   : (struct tn_answer){.status = TN_OK, .used = (uint32_t)request->argument};
    default:
        return (struct tn_answer){.status = TN_ENOTSUP};
    }
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
        TN_REPLY(reply);
        while (tn_service_take(&service, &request, &reply)) {
            if (request.opcode == PEER_HOLD) {
                hold(&reply, request.argument);
                continue;
            }
            struct tn_answer answer = answer_to(&request, reply.name);
            tn_service_complete(&service, &reply, &answer);
        }
        (void)tn_ring_wait(1, TN_DEADLINE_NEVER);
    }
}
