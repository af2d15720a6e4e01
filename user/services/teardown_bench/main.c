/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a driver with requests at its device, for counting: from the kill to the moment at which its supervisor is
 * told, by when every request has ended and every buffer is back. Supervisor and client in one process. args:
 * requests=N, ops=N teardowns.
 */
#include <args.h>
#include <clock.h>
#include <marker.h>
#include <print.h>
#include <process.h>
#include <ring.h>
#include <tenure/dma.h>

#include "../keeper/keeper.h"

enum { BYTES = 4096, REQUESTS_MAX = 1000 };
static const uint64_t answer_ns = 60 * TN_SECOND;

static struct tn_source ends;
static bool has_ended;
static struct tn_dma_queue queue;
static struct tn_parked_buffer buffers[REQUESTS_MAX];

static void ended(struct tn_source *source, const struct tn_cqe *cqe)
{
    (void)source;
    has_ended = cqe->status == TN_OK;
}

static void order(uint64_t process, uint32_t op)
{
    struct tn_sqe sqe = {.op = op, .handle = process};
    enum tn_status status = tn_ring_call(&sqe, NULL);
    if (status != TN_OK)
        tn_die("bench: FAIL order %u: %s", op, tn_status_name(status));
}

/* All buffers are with the keeper. */
static void hand_over(uint32_t requests)
{
    for (uint32_t i = 0; i < requests; i++) {
        TN_DMA_BUFFER(buffer);
        const struct tn_dma_request hold = {
            .opcode = KEEPER_HOLD, .direction = TN_FROM_DEVICE, .length = BYTES, .cookie = i};
        if (!tn_dma_buffer_unpark(&buffers[i], &buffer))
            tn_die("bench: FAIL buffer %u is away", i);
        tn_dma_enqueue(&queue, &buffer, &hold);
    }
    TN_COMMAND(ask);
    struct tn_dma_result result;
    tn_dma_command(&queue, &(struct tn_dma_request){.opcode = KEEPER_RECALL}, &ask);
    if (!tn_command_wait(&ask, tn_deadline_in(answer_ns), &result)) {
        tn_command_abandon(&ask);
        tn_die("bench: FAIL the keeper does not answer");
    }
}

static void take_back(uint32_t requests)
{
    for (uint32_t i = 0; i < requests; i++) {
        struct tn_dma_result result;
        TN_DMA_BUFFER(buffer);
        if (!tn_dma_queue_next(&queue, TN_DEADLINE_NOW, &buffer, &result))
            tn_die("bench: FAIL %u requests have not ended with their driver", requests - i);
        if (result.status != TN_EABORTED || !tn_dma_buffer_is_held(&buffer))
            tn_die("bench: FAIL request %lu: %s", result.cookie, tn_status_name(result.status));
        if (!tn_dma_buffer_park(&buffer, &buffers[result.cookie]))
            tn_die("bench: FAIL buffer %lu came twice", result.cookie);
    }
}

static void tear_down(uint64_t process)
{
    struct tn_sqe *watch = tn_ring_push();
    watch->op = TN_OP_PROCESS_WATCH;
    watch->handle = process;
    watch->user_data = tn_source_user_data(&ends);
    has_ended = false;
    tn_ring_flush();
    tn_marker_begin();
    order(process, TN_OP_PROCESS_KILL);
    while (!has_ended)
        (void)tn_ring_wait(1, tn_deadline_in(answer_ns));
    tn_marker_end();
}

int tn_main(const struct tn_start *start)
{
    uint64_t requests = 250, ops = 5;
    struct tn_dma_pool pool;
    const struct tn_arg known[] = {{.key = "requests", .value = &requests, .min = 1, .max = REQUESTS_MAX},
                                   {.key = "ops", .value = &ops, .min = 1, .max = 1000}};
    tn_args_require(start->args, known, sizeof(known) / sizeof(known[0]));
    const struct tn_start_cap *process = tn_start_find_kind(start, TN_KIND_PROCESS);
    const struct tn_start_cap *channel = tn_start_find_kind(start, TN_KIND_CHANNEL);
    if (process == NULL || channel == NULL)
        tn_die("bench: FAIL nobody to tear down");
    ends.deliver = ended;
    tn_dma_queue_init(&queue, channel->handle);
    if (tn_dma_pool_create(&queue, BYTES, (uint32_t)requests, &pool) != TN_OK)
        tn_die("bench: FAIL no pool");
    for (uint32_t i = 0; i < requests; i++) {
        TN_DMA_BUFFER(buffer);
        if (!tn_dma_buffer_alloc(&pool, BYTES, &buffer))
            tn_die("bench: FAIL no buffer %u: %s", i, tn_status_name(tn_dma_buffer_status(&buffer)));
        if (!tn_dma_buffer_park(&buffer, &buffers[i]))
            tn_die("bench: FAIL place %u is taken", i);
    }
    for (uint64_t i = 0; i < ops; i++) {
        hand_over((uint32_t)requests);
        tear_down(process->handle);
        take_back((uint32_t)requests);
        order(process->handle, TN_OP_PROCESS_START);
    }
    tn_print("bench: ops=%lu depth=%lu", ops, requests);
    return 0;
}
