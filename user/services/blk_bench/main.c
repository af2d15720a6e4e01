/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads at a constant depth, for counting: a warm-up of an eighth, then `ops` reads between the two markers, then the
 * rest is taken in. What is counted is left to bench/.
 */
#include <args.h>
#include <blk_client.h>
#include <clock.h>
#include <marker.h>
#include <print.h>
#include <process.h>

enum {
    DEPTH_MAX = 128,
};
static const uint64_t answer_ns = 60 * TN_SECOND;

static struct {
    struct tn_blk blk;
    uint64_t depth;
    uint64_t ops;
    uint64_t bytes;
    uint64_t address;
} job;

TN_OWN_HELPER void submit(struct tn_dma_buffer *buffer) TN_OWN_TAKES(buffer)
{
    tn_blk_enqueue(
        &job.blk, buffer,
        &(struct tn_blk_transfer){.opcode = TN_BLK_READ, .length = (uint32_t)job.bytes, .address = job.address});
    job.address += job.bytes;
    if (job.address + job.bytes > job.blk.bytes)
        job.address = 0;
}

TN_OWN_HELPER void next_ended(struct tn_dma_buffer *buffer, uint64_t deadline) TN_OWN_GIVES(buffer)
{
    struct tn_dma_result result;
    if (!tn_dma_queue_next(&job.blk.queue, deadline, buffer, &result) || result.status != TN_OK)
        tn_die("bench: FAIL status=%s", tn_status_name(result.status));
    if (!tn_dma_buffer_is_held(buffer))
        tn_die("bench: FAIL a buffer did not come back");
}

/* `count` reads end, and as many begin. */
static void run(uint64_t count)
{
    while (count > 0) {
        uint64_t round = count < job.depth ? count : job.depth, deadline = tn_deadline_in(answer_ns);
        for (count -= round; round > 0; round--) {
            TN_DMA_BUFFER(buffer);
            next_ended(&buffer, deadline);
            submit(&buffer);
        }
    }
}

/* `count` reads end, and their buffers go back. */
static void drain(uint64_t count)
{
    for (; count > 0; count--) {
        TN_DMA_BUFFER(buffer);
        next_ended(&buffer, tn_deadline_in(answer_ns));
        enum tn_status status = tn_dma_buffer_release(&buffer);
        if (status != TN_OK)
            tn_die("bench: FAIL a buffer was not taken back: %s", tn_status_name(status));
    }
}

int tn_main(const struct tn_start *start)
{
    job.depth = 32;
    job.ops = 4000;
    job.bytes = 4096;
    const struct tn_arg known[] = {
        {.key = "depth", .value = &job.depth, .min = 1, .max = DEPTH_MAX},
        {.key = "ops", .value = &job.ops, .min = 1, .max = UINT32_MAX},
        {.key = "bytes", .value = &job.bytes, .min = 512, .max = 1u << 20},
    };
    tn_args_require(start->args, known, sizeof(known) / sizeof(known[0]));
    tn_blk_open(&job.blk, start, tn_deadline_in(answer_ns));
    if (job.bytes % job.blk.block_bytes != 0 || job.bytes > job.blk.bytes)
        tn_die("args: bytes=%lu: a multiple of the block size, %u, up to the disk's %lu is needed", job.bytes,
               job.blk.block_bytes, job.blk.bytes);
    struct tn_dma_pool pool = tn_blk_pool(&job.blk, job.bytes, (uint32_t)job.depth);
    for (uint64_t i = 0; i < job.depth; i++) {
        TN_DMA_BUFFER(buffer);
        if (!tn_dma_buffer_alloc(&pool, job.bytes, &buffer))
            tn_die("buffer %lu of %lu refused: %s", i + 1, job.depth, tn_status_name(tn_dma_buffer_status(&buffer)));
        submit(&buffer);
    }
    run(job.ops / 8);
    tn_marker_begin();
    run(job.ops);
    tn_marker_end();
    drain(job.depth);
    tn_print("bench: ops=%lu depth=%lu", job.ops, job.depth);
    return 0;
}
