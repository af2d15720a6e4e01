/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client whose driver dies while a slow disk has its reads: the buffers come back, aborted, and nothing is written
 * into them any more, however late the disk would have been (G10). A job.
 */
#include <blk_client.h>
#include <clock.h>
#include <mem.h>
#include <print.h>
#include <process.h>
#include <report.h>
#include <ring.h>

enum { BUFFERS = 4, BYTES = 65536, CANARY = 0xa7 };
static const uint64_t answer_ns = 60 * TN_SECOND, late_ns = 6 * TN_SECOND;

static struct tn_blk blk;
static struct tn_parked_buffer back[BUFFERS];
static uint8_t *data[BUFFERS];

static void read_all(const struct tn_dma_pool *pool)
{
    for (uint32_t i = 0; i < BUFFERS; i++) {
        TN_DMA_BUFFER(buffer);
        if (!tn_dma_buffer_alloc(pool, BYTES, &buffer))
            tn_die("late_read: FAIL no buffer: %s", tn_status_name(tn_dma_buffer_status(&buffer)));
        const struct tn_blk_transfer transfer = {
            .opcode = TN_BLK_READ, .length = BYTES, .address = (uint64_t)i * BYTES, .cookie = i, .once = true};
        tn_blk_enqueue(&blk, &buffer, &transfer);
    }
    for (uint32_t i = 0; i < BUFFERS; i++) {
        struct tn_dma_result result;
        TN_DMA_BUFFER(buffer);
        if (!tn_dma_queue_next(&blk.queue, tn_deadline_in(answer_ns), &buffer, &result))
            tn_die("late_read: FAIL no end of a read");
        report_status("read", result.status, TN_EABORTED);
        if (!tn_dma_buffer_is_held(&buffer))
            tn_die("late_read: FAIL a buffer did not come back: %s", tn_status_name(result.status));
        data[i] = tn_dma_buffer_data(&buffer);
        if (!tn_dma_buffer_park(&buffer, &back[i]))
            tn_die("late_read: FAIL place %u is taken", i);
    }
}

int tn_main(const struct tn_start *start)
{
    tn_blk_open(&blk, start, tn_deadline_in(answer_ns));
    struct tn_dma_pool pool = tn_blk_pool(&blk, BYTES, BUFFERS);
    read_all(&pool);
    for (uint32_t i = 0; i < BUFFERS; i++)
        memset(data[i], CANARY, BYTES);
    for (uint64_t end = tn_deadline_in(late_ns); tn_clock_now() < end;)
        (void)tn_ring_wait(1, end);
    uint64_t wrong = 0;
    for (uint32_t i = 0; i < BUFFERS; i++)
        for (uint32_t at = 0; at < BYTES; at++)
            wrong += data[i][at] != CANARY;
    report_count("bytes_written_late", wrong, 0);
    for (uint32_t i = 0; i < BUFFERS; i++) {
        TN_DMA_BUFFER(buffer);
        if (tn_dma_buffer_unpark(&back[i], &buffer))
            report_status("release", tn_dma_buffer_release(&buffer), TN_OK);
    }
    return report_end("late reads");
}
