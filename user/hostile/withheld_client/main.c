/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client whose requests go into quarantine with their device, and whose driver goes on with another one: what is left
 * of the pool takes part in nothing any more, and a new pool does (G10). args: filled=N, the byte that the other disk
 * is full of; queued=1: the second half of the requests follows while the first device is on its way into quarantine,
 * when no pool is to be had. A job.
 */
#include <args.h>
#include <blk_client.h>
#include <clock.h>
#include <print.h>
#include <process.h>
#include <report.h>
#include <ring.h>

enum { AT_ONCE = 4, BYTES = 65536 };
static const uint64_t answer_ns = 60 * TN_SECOND, moment_ns = TN_SECOND / 10;

static struct tn_blk blk;

static void submit_some(const struct tn_dma_pool *pool)
{
    for (uint32_t i = 0; i < AT_ONCE; i++) {
        TN_DMA_BUFFER(buffer);
        if (!tn_dma_buffer_alloc(pool, BYTES, &buffer))
            tn_die("withheld_client: FAIL no buffer: %s", tn_status_name(tn_dma_buffer_status(&buffer)));
        const struct tn_blk_transfer transfer = {
            .opcode = TN_BLK_READ, .length = BYTES, .address = (uint64_t)i * BYTES, .cookie = i};
        tn_blk_enqueue(&blk, &buffer, &transfer);
    }
}

/* The ends of AT_ONCE; the number of bytes in what came back that are not `filled`. */
static uint64_t take_some(const char *name, enum tn_status want, uint64_t filled)
{
    uint64_t others = 0;
    for (uint32_t i = 0; i < AT_ONCE; i++) {
        struct tn_dma_result result;
        TN_DMA_BUFFER(buffer);
        if (!tn_dma_queue_next(&blk.queue, tn_deadline_in(answer_ns), &buffer, &result))
            tn_die("withheld_client: FAIL no end of a read");
        report_status(name, result.status, want);
        if (!tn_dma_buffer_is_held(&buffer))
            continue;
        const uint8_t *data = tn_dma_buffer_data(&buffer);
        for (uint32_t at = 0; at < BYTES; at++)
            others += data[at] != filled;
        report_status("release", tn_dma_buffer_release(&buffer), TN_OK);
    }
    return others;
}

static void wait_a_moment(void)
{
    tn_ring_flush();
    for (uint64_t end = tn_deadline_in(moment_ns); tn_clock_now() < end;)
        (void)tn_ring_wait(1, end);
}

int tn_main(const struct tn_start *start)
{
    uint64_t filled = 0, queued = 0;
    const struct tn_arg known[] = {{.key = "filled", .value = &filled, .max = UINT8_MAX},
                                   {.key = "queued", .value = &queued, .max = 1}};
    tn_args_require(start->args, known, sizeof(known) / sizeof(known[0]));
    tn_blk_open(&blk, start, tn_deadline_in(answer_ns));
    struct tn_dma_pool pool = tn_blk_pool(&blk, BYTES, 2 * AT_ONCE);
    submit_some(&pool);
    if (queued) {
        wait_a_moment();
        submit_some(&pool);
        struct tn_sqe create = {.op = TN_OP_POOL_CREATE, .handle = blk.queue.channel, .arg = {BYTES, 1}};
        report_status("pool_meanwhile", tn_ring_call(&create, NULL), TN_EAGAIN); /* for which device is not known */
    }
    (void)take_some("with_the_device", TN_EQUARANTINED, filled);
    if (!queued)
        submit_some(&pool);
    (void)take_some("withheld", TN_EQUARANTINED, filled);
    report_status("release_withheld", tn_dma_pool_release(&pool), TN_EQUARANTINED);
    struct tn_dma_pool next = tn_blk_pool(&blk, BYTES, AT_ONCE);
    submit_some(&next);
    report_count("bytes_of_another_disk", take_some("next_pool", TN_OK, filled), 0);
    return report_end("withheld pool");
}
