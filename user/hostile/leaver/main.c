/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client that does not wait for what it has asked for: it reads, and ends at once. With revoke=1 it goes on without
 * the fences that it had, and looks at what becomes of their buffers. args: requests=N (default 8, at most 64),
 * revoke=1.
 */
#include <args.h>
#include <blk_client.h>
#include <clock.h>
#include <print.h>
#include <process.h>
#include <report.h>
#include <ring.h>

enum { REQUESTS_MAX = 64, BYTES = 65536 };
static const uint64_t answer_ns = 60 * TN_SECOND, pause_ns = TN_SECOND / 100;

static struct tn_blk blk;
static struct tn_parked_fence fences[REQUESTS_MAX];

static void read_all(const struct tn_dma_pool *pool, uint32_t requests)
{
    for (uint32_t i = 0; i < requests; i++) {
        TN_DMA_BUFFER(buffer);
        TN_FENCE(fence);
        if (!tn_dma_buffer_alloc(pool, BYTES, &buffer))
            tn_die("leaver: FAIL no buffer: %s", tn_status_name(tn_dma_buffer_status(&buffer)));
        const struct tn_blk_transfer transfer = {
            .opcode = TN_BLK_READ, .length = BYTES, .address = (uint64_t)i * BYTES, .once = true};
        tn_blk_submit(&blk, &buffer, &transfer, &fence);
        if (!tn_fence_park(&fence, &fences[i]))
            tn_die("leaver: FAIL place %u is taken", i);
    }
    tn_ring_flush();
}

/* How many had ended before. */
static uint32_t revoke_all(uint32_t requests)
{
    uint32_t ended = 0;
    for (uint32_t i = 0; i < requests; i++) {
        struct tn_dma_result result;
        TN_FENCE(fence);
        TN_DMA_BUFFER(buffer);
        if (!tn_fence_unpark(&fences[i], &fence))
            tn_die("leaver: FAIL no fence %u", i);
        const struct tn_parked_fence again = fence.name;
        if (tn_fence_revoke(&fence)) {
            if (tn_session_revoke(&again) != TN_ESTALE)
                tn_die("leaver: FAIL fence %u can be revoked twice", i);
            continue;
        }
        ended++;
        if (!tn_fence_wait(&fence, tn_deadline_in(answer_ns), &buffer, &result))
            tn_die("leaver: FAIL fence %u neither ended nor revoked", i);
        if (tn_dma_buffer_is_held(&buffer) && tn_dma_buffer_release(&buffer) != TN_OK)
            tn_die("leaver: FAIL buffer %u is not released", i);
    }
    return ended;
}

/* They come back to the pool one after the other, empty. */
static uint64_t take_all_again(const struct tn_dma_pool *pool, uint32_t requests)
{
    static struct tn_parked_buffer taken[REQUESTS_MAX];
    uint64_t not_zero = 0, end = tn_deadline_in(answer_ns);
    for (uint32_t i = 0; i < requests;) {
        TN_DMA_BUFFER(buffer);
        if (!tn_dma_buffer_alloc(pool, BYTES, &buffer)) {
            if (tn_dma_buffer_status(&buffer) != TN_EEXHAUSTED || end <= tn_clock_now())
                tn_die("leaver: FAIL buffer %u: %s", i, tn_status_name(tn_dma_buffer_status(&buffer)));
            (void)tn_ring_wait(1, tn_deadline_in(pause_ns));
            continue;
        }
        const uint8_t *data = tn_dma_buffer_data(&buffer);
        for (uint32_t at = 0; at < BYTES; at++)
            not_zero += data[at] != 0;
        if (!tn_dma_buffer_park(&buffer, &taken[i++]))
            tn_die("leaver: FAIL place %u is taken", i);
    }
    for (uint32_t i = 0; i < requests; i++) {
        TN_DMA_BUFFER(buffer);
        if (tn_dma_buffer_unpark(&taken[i], &buffer))
            report_status("release", tn_dma_buffer_release(&buffer), TN_OK);
    }
    return not_zero;
}

int tn_main(const struct tn_start *start)
{
    uint64_t requests = 8, revoke = 0;
    const struct tn_arg known[] = {{.key = "requests", .value = &requests, .min = 1, .max = REQUESTS_MAX},
                                   {.key = "revoke", .value = &revoke, .max = 1}};
    tn_args_require(start->args, known, sizeof(known) / sizeof(known[0]));
    tn_blk_open(&blk, start, tn_deadline_in(answer_ns));
    struct tn_dma_pool pool = tn_blk_pool(&blk, BYTES, (uint32_t)requests);
    read_all(&pool, (uint32_t)requests);
    if (!revoke) {
        tn_print("left %lu requests", requests);
        return 0;
    }
    uint32_t ended = revoke_all((uint32_t)requests);
    report_count("some_were_in_flight", ended < requests, 1);
    report_status("pool_release_in_flight", tn_dma_pool_release(&pool), TN_ESTATE);
    report_count("bytes_not_zero", take_all_again(&pool, (uint32_t)requests), 0);
    report_status("pool_release", tn_dma_pool_release(&pool), TN_OK);
    return report_end("revoked fences");
}
