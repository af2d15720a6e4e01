/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client whose device loses its cache while FLUSHes are under way: two at once behind one acknowledged write, or,
 * with abandon=1, one that is given up before it has ended and one after it. None may say "done" before the client has
 * said that it knows of the loss. A job.
 */
#include <args.h>
#include <blk_client.h>
#include <clock.h>
#include <mem.h>
#include <print.h>
#include <process.h>
#include <report.h>
#include <ring.h>

enum { BYTES = 65536, READS = 2 };
static const uint64_t answer_ns = 60 * TN_SECOND, short_ns = TN_SECOND / 50;
static const struct tn_blk_transfer plain = {.opcode = TN_BLK_FLUSH};

static struct tn_blk blk;
static struct tn_dma_pool pool;

static void enqueue(uint32_t opcode, uint64_t address)
{
    TN_DMA_BUFFER(buffer);
    if (!tn_dma_buffer_alloc(&pool, BYTES, &buffer))
        tn_die("two_flushes: FAIL no buffer: %s", tn_status_name(tn_dma_buffer_status(&buffer)));
    if (opcode == TN_BLK_WRITE)
        memset(tn_dma_buffer_data(&buffer), 0x5a, BYTES);
    tn_blk_enqueue(&blk, &buffer, &(struct tn_blk_transfer){.opcode = opcode, .length = BYTES, .address = address});
}

static void write_acknowledged(void)
{
    struct tn_dma_result result;
    TN_DMA_BUFFER(buffer);
    enqueue(TN_BLK_WRITE, 0);
    if (!tn_dma_queue_next(&blk.queue, tn_deadline_in(answer_ns), &buffer, &result))
        tn_die("two_flushes: FAIL no end of the write");
    report_status("write", result.status, TN_OK);
    if (tn_dma_buffer_is_held(&buffer))
        report_status("release", tn_dma_buffer_release(&buffer), TN_OK);
}

static void flush(const char *name, uint64_t wait_ns, enum tn_status want)
{
    struct tn_dma_result result;
    report_status(name, tn_blk_command(&blk, &plain, tn_deadline_in(wait_ns), &result), want);
}

/* Both at the device when it is reset. */
static void flush_both(void)
{
    const struct tn_dma_request request = tn_blk_request(&plain);
    struct tn_dma_result result;
    TN_COMMAND(first);
    TN_COMMAND(second);
    tn_dma_command(&blk.queue, &request, &first);
    tn_dma_command(&blk.queue, &request, &second);
    if (!tn_command_wait(&first, tn_deadline_in(answer_ns), &result))
        tn_command_abandon(&first);
    report_status("first", result.status, TN_ECACHELOST);
    if (!tn_command_wait(&second, tn_deadline_in(answer_ns), &result))
        tn_command_abandon(&second);
    report_status("second", result.status, TN_ECACHELOST);
    /* the library sent neither */
    flush("third", answer_ns, TN_ECACHELOST);
}

/* The reads have the device reset; the first FLUSH is given up while that goes on. */
static void flush_and_abandon(void)
{
    for (uint64_t i = 1; i <= READS; i++)
        enqueue(TN_BLK_READ, i * BYTES);
    tn_ring_flush();
    for (uint64_t end = tn_deadline_in(short_ns); tn_clock_now() < end;)
        (void)tn_ring_wait(1, end);
    flush("first", short_ns, TN_ETIMEDOUT);
    flush("second", answer_ns, TN_ECACHELOST);
}

int tn_main(const struct tn_start *start)
{
    uint64_t abandon = 0;
    const struct tn_arg known[] = {{.key = "abandon", .value = &abandon, .max = 1}};
    tn_args_require(start->args, known, sizeof known / sizeof known[0]);
    tn_blk_open(&blk, start, tn_deadline_in(answer_ns));
    pool = tn_blk_pool(&blk, BYTES, 1 + READS);
    write_acknowledged();
    if (abandon)
        flush_and_abandon();
    else
        flush_both();
    flush("once it is known", answer_ns, TN_OK);
    return report_end("lost cache");
}
