/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wrong programs against the machine's own interfaces, one for each number: clients (tenure/dma.h) and services
 * (user/lib/service.h). The marks are those of wrong_buffers.c.
 */
#include <blk_client.h>
#include <service.h>

#define READ (&(struct tn_blk_transfer){.opcode = TN_BLK_READ, .length = 512})
#define OPEN(token)                                                                                                    \
    TN_DMA_BUFFER(token);                                                                                              \
    if (!tn_dma_buffer_alloc(pool, 512, &token))                                                                       \
    return

void wrong_client(struct tn_blk *blk, const struct tn_dma_pool *pool, struct tn_dma_result *result, uint64_t deadline);
void wrong_service(struct tn_service *service, struct tn_parked_reply *place, const struct tn_answer *answer);

#define CLIENT                                                                                                         \
    void wrong_client(struct tn_blk *blk, const struct tn_dma_pool *pool, struct tn_dma_result *result,                \
                      uint64_t deadline)
#define SERVICE                                                                                                        \
    void wrong_service(struct tn_service *service, struct tn_parked_reply *place, const struct tn_answer *answer)
#define USED ((void)result, (void)deadline, (void)blk)

#if PROGRAM == 1 /* data of a buffer that was enqueued; PROOF: not owned here; ANALYSIS: requires holding */
CLIENT
{
    OPEN(b);
    tn_blk_enqueue(blk, &b, READ);
    *(char *)tn_dma_buffer_data(&b) = 1;
    USED;
}
#elif PROGRAM == 2 /* enqueued twice; PROOF: not owned here; ANALYSIS: (releasing|requires) */
CLIENT
{
    OPEN(b);
    tn_blk_enqueue(blk, &b, READ);
    tn_blk_enqueue(blk, &b, READ);
    USED;
}
#elif PROGRAM ==                                                                                                       \
    3 /* a fence nobody waits for; PROOF: may leave its scope; ANALYSIS: (not held on every path|still held) */
CLIENT
{
    OPEN(b);
    TN_FENCE(f);
    tn_blk_submit(blk, &b, READ, &f);
    USED;
}
#elif PROGRAM ==                                                                                                       \
    4 /* a buffer that is never given back; PROOF: may leave its scope; ANALYSIS: (not held on every path|still held)  \
       */
CLIENT
{
    OPEN(b);
    USED;
}
#elif PROGRAM == 5 /* nobody asks whether the buffer came back; PROOF: may leave its scope; ANALYSIS: accepted */
CLIENT
{
    OPEN(b);
    TN_FENCE(f);
    tn_blk_submit(blk, &b, READ, &f);
    while (!tn_fence_wait(&f, deadline, &b, result)) {
    }
    USED;
}
#elif PROGRAM == 6 /* waited for twice; PROOF: not (owned here|proved to be owned); ANALYSIS: (releasing|requires) */
CLIENT
{
    OPEN(b);
    TN_FENCE(f);
    tn_blk_submit(blk, &b, READ, &f);
    while (!tn_fence_wait(&f, deadline, &b, result)) {
    }
    if (tn_dma_buffer_is_held(&b))
        (void)!tn_dma_buffer_release(&b);
    while (!tn_fence_wait(&f, deadline, &b, result)) {
    }
    USED;
}
#elif PROGRAM == 7 /* a time-out taken for an end; PROOF: may leave its scope; ANALYSIS: not held on every path */
CLIENT
{
    OPEN(b);
    TN_FENCE(f);
    tn_blk_submit(blk, &b, READ, &f);
    if (tn_fence_wait(&f, deadline, &b, result) && tn_dma_buffer_is_held(&b))
        (void)!tn_dma_buffer_release(&b);
    USED;
}
#elif PROGRAM == 8 /* the answer of a wait ignored; PROOF: (ignoring return value|unused); ANALYSIS: (ignoring return  \
                      value|unused) */
CLIENT
{
    OPEN(b);
    TN_FENCE(f);
    tn_blk_submit(blk, &b, READ, &f);
    tn_fence_wait(&f, deadline, &b, result);
    USED;
}
#elif PROGRAM ==                                                                                                       \
    9 /* a command where a fence belongs; PROOF: incompatible pointer type; ANALYSIS: incompatible pointer type */
CLIENT
{
    TN_DMA_BUFFER(b);
    TN_COMMAND(c);
    tn_dma_command(&blk->queue, &(struct tn_dma_request){.opcode = TN_BLK_FLUSH}, &c);
    if (!tn_fence_wait(&c, deadline, &b, result))
        tn_command_abandon(&c);
    (void)pool;
}
#elif PROGRAM ==                                                                                                       \
    10 /* a command that timed out is forgotten; PROOF: may leave its scope; ANALYSIS: not held on every path */
CLIENT
{
    TN_COMMAND(c);
    tn_dma_command(&blk->queue, &(struct tn_dma_request){.opcode = TN_BLK_FLUSH}, &c);
    if (tn_command_wait(&c, deadline, result))
        return;
    (void)pool;
}
#elif PROGRAM == 11 /* a refused alloc used; PROOF: (not owned here|not proved to be owned); ANALYSIS: (requires       \
                       holding|not held) */
CLIENT
{
    TN_DMA_BUFFER(b);
    if (tn_dma_buffer_alloc(pool, 512, &b))
        (void)!tn_dma_buffer_release(&b);
    *(char *)tn_dma_buffer_data(&b) = 1;
    USED;
}
#elif PROGRAM == 12 /* released after it was submitted; PROOF: not owned here; ANALYSIS: releasing */
CLIENT
{
    OPEN(b);
    TN_FENCE(f);
    tn_blk_submit(blk, &b, READ, &f);
    (void)!tn_dma_buffer_release(&b);
    while (!tn_fence_wait(&f, deadline, &b, result)) {
    }
    if (tn_dma_buffer_is_held(&b))
        (void)!tn_dma_buffer_release(&b);
    USED;
}
#elif PROGRAM == 13 /* a request nobody answers; PROOF: may leave its scope; ANALYSIS: not held on every path */
SERVICE
{
    struct tn_request request;
    TN_REPLY(reply);
    if (tn_service_take(service, &request, &reply) && request.opcode == TN_BLK_INFO)
        tn_service_complete(service, &reply, answer);
    (void)place;
}
#elif PROGRAM == 14 /* answered twice; PROOF: not owned here; ANALYSIS: (releasing|requires) */
SERVICE
{
    struct tn_request request;
    TN_REPLY(reply);
    if (!tn_service_take(service, &request, &reply))
        return;
    tn_service_complete(service, &reply, answer);
    tn_service_complete(service, &reply, answer);
    (void)place;
}
#elif PROGRAM == 15 /* answered after it was parked; PROOF: not owned here; ANALYSIS: (releasing|requires) */
SERVICE
{
    struct tn_request request;
    TN_REPLY(reply);
    if (!tn_service_take(service, &request, &reply))
        return;
    if (tn_reply_park(&reply, place))
        tn_service_complete(service, &reply, answer);
    else
        tn_service_complete(service, &reply, answer);
}
#elif PROGRAM == 16 /* a loop that drops what it took before; PROOF: may leave its scope; ANALYSIS: (held|acquir) */
SERVICE
{
    struct tn_request request;
    TN_REPLY(reply);
    while (tn_service_take(service, &request, &reply))
        if (request.opcode != TN_BLK_INFO)
            tn_service_complete(service, &reply, answer);
    (void)place;
}
#endif
