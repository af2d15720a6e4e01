/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the kill of a block driver to the end of the first read by the one that is started in its place, for counting:
 * its supervisor and its client in one process, so that nobody waits without a reason. A read is with the device when
 * its driver is killed. args: ops=N restarts.
 */
#include <args.h>
#include <blk_client.h>
#include <clock.h>
#include <marker.h>
#include <print.h>
#include <process.h>
#include <ring.h>

enum { BYTES = 4096 };
static const uint64_t answer_ns = 60 * TN_SECOND;

static struct tn_source ends;
static bool has_ended;

static void ended(struct tn_source *source, const struct tn_cqe *cqe)
{
    (void)source;
    if (cqe->status != TN_OK)
        tn_die("bench: FAIL the end is not told: %s", tn_status_name((enum tn_status)cqe->status));
    has_ended = true;
}

static void order(uint64_t process, uint32_t op)
{
    struct tn_sqe sqe = {.op = op, .handle = process};
    enum tn_status status = tn_ring_call(&sqe, NULL);
    if (status != TN_OK)
        tn_die("bench: FAIL order %u: %s", op, tn_status_name(status));
}

static void restart(uint64_t process)
{
    struct tn_sqe *watch = tn_ring_push();
    watch->op = TN_OP_PROCESS_WATCH;
    watch->handle = process;
    watch->user_data = tn_source_user_data(&ends);
    has_ended = false;
    order(process, TN_OP_PROCESS_KILL);
    while (!has_ended)
        (void)tn_ring_wait(1, tn_deadline_in(answer_ns));
    order(process, TN_OP_PROCESS_START);
}

int tn_main(const struct tn_start *start)
{
    uint64_t ops = 20;
    struct tn_blk blk;
    const struct tn_arg known[] = {{.key = "ops", .value = &ops, .min = 1, .max = 1u << 20}};
    tn_args_require(start->args, known, sizeof(known) / sizeof(known[0]));
    const struct tn_start_cap *process = tn_start_find_kind(start, TN_KIND_PROCESS);
    if (process == NULL)
        tn_die("bench: FAIL nobody to start again");
    ends.deliver = ended;
    tn_blk_open(&blk, start, tn_deadline_in(answer_ns));
    struct tn_dma_pool pool = tn_blk_pool(&blk, BYTES, 1);
    TN_DMA_BUFFER(buffer);
    if (!tn_dma_buffer_alloc(&pool, BYTES, &buffer))
        tn_die("bench: FAIL no buffer: %s", tn_status_name(tn_dma_buffer_status(&buffer)));
    tn_marker_begin();
    for (uint64_t i = 0; i < ops; i++) {
        struct tn_dma_result result;
        const struct tn_blk_transfer read = {.opcode = TN_BLK_READ, .length = BYTES, .address = i * BYTES};
        tn_blk_enqueue(&blk, &buffer, &read);
        restart(process->handle);
        if (!tn_dma_queue_next(&blk.queue, tn_deadline_in(answer_ns), &buffer, &result) || result.status != TN_OK ||
            !tn_dma_buffer_is_held(&buffer))
            tn_die("bench: FAIL read %lu: %s", i, tn_status_name(result.status));
    }
    tn_marker_end();
    tn_print("bench: ops=%lu depth=1", ops);
    return tn_dma_buffer_release(&buffer) == TN_OK ? 0 : 1;
}
