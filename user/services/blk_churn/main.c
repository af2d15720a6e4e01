/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mixed writes, reads and flushes at a constant depth, each checked word by word, for as long as it takes, while
 * somebody ends the driver. What was acknowledged is said on COM1 at once, so that the disk can be judged from outside
 * whenever the machine stops. It destroys what was on the disk.
 *
 * Block b in version v is the words splitmix64(seed, b, v, n), but for the first two: v and b. A block has one request
 * in flight at most, so a read must find the version that was acknowledged last. With once=1 no
 * request is submitted again.
 */
#include <args.h>
#include <blk_client.h>
#include <clock.h>
#include <print.h>
#include <process.h>
#include <tn_format.h>

enum {
    BYTES = 4096,
    WORDS = BYTES / 8,
    BLOCKS_MAX = 256,
    DEPTH_MAX = 64,
    LINE = 200,
    FLUSH_EVERY = 32, /* requests */
};
/* Longer than any test: a driver that is killed by the thousand takes as long as the host lets it. */
static const uint64_t answer_ns = 600 * TN_SECOND;

static struct {
    struct tn_blk blk;
    uint64_t seed, random;
    uint64_t blocks, depth, ops, once;
    uint64_t acked[BLOCKS_MAX];    /* version that was acknowledged; 0: none yet */
    uint64_t at_flush[BLOCKS_MAX]; /* the same when the flush under way was submitted */
    uint64_t durable[BLOCKS_MAX];
    bool is_busy[BLOCKS_MAX], is_write[BLOCKS_MAX];
    struct tn_parked_buffer spare[DEPTH_MAX];
    uint64_t spares;
    uint64_t submitted, ended, writes, reads, flushes;
    char line[LINE];
    uint64_t line_bytes;
} job;

static uint64_t splitmix64(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint64_t random_below(uint64_t n)
{
    job.random = splitmix64(job.random);
    return job.random % n;
}

static uint64_t word_of(uint64_t block, uint64_t version, uint64_t n)
{
    return n == 0 ? version : n == 1 ? block : splitmix64(job.seed ^ block << 48 ^ version << 16 ^ n);
}

/* ---- the log outside ---- */

static void log_end(void)
{
    if (job.line_bytes > 0)
        tn_print("%s", job.line);
    job.line_bytes = 0;
}

static void log_version(const char *what, uint64_t block, uint64_t version)
{
    if (job.line_bytes > LINE - 48)
        log_end();
    if (job.line_bytes == 0)
        job.line_bytes = tn_format(job.line, LINE, "churn: %s", what);
    job.line_bytes += tn_format(job.line + job.line_bytes, LINE - job.line_bytes, " %lu=%lu", block, version);
}

/* ---- requests ---- */

static void submit(void)
{
    uint64_t block = random_below(job.blocks);
    while (job.is_busy[block])
        block = (block + 1) % job.blocks;
    TN_DMA_BUFFER(buffer);
    if (!tn_dma_buffer_unpark(&job.spare[--job.spares], &buffer))
        __builtin_trap(); /* spares are counted */
    bool is_write = job.acked[block] == 0 || random_below(2) == 0;
    uint64_t *words = tn_dma_buffer_data(&buffer);
    for (uint64_t n = 0; is_write && n < WORDS; n++)
        words[n] = word_of(block, job.acked[block] + 1, n);
    job.is_busy[block] = true;
    job.is_write[block] = is_write;
    job.submitted++;
    tn_blk_enqueue(&job.blk, &buffer,
                   &(struct tn_blk_transfer){.opcode = is_write ? TN_BLK_WRITE : TN_BLK_READ,
                                             .length = BYTES,
                                             .address = block * BYTES,
                                             .cookie = block,
                                             .once = job.once});
}

static void check(const uint64_t *words, uint64_t block)
{
    for (uint64_t n = 0; n < WORDS; n++)
        if (words[n] != word_of(block, job.acked[block], n))
            tn_die("churn: FAIL block=%lu word=%lu got=0x%016lx want version %lu", block, n, words[n],
                   job.acked[block]);
}

static void take(void)
{
    TN_DMA_BUFFER(buffer);
    struct tn_dma_result result;
    if (!tn_dma_queue_next(&job.blk.queue, tn_deadline_in(answer_ns), &buffer, &result))
        tn_die("churn: FAIL no end: %s, %u in flight", tn_status_name(result.status), job.blk.queue.pending);
    uint64_t block = result.cookie;
    if (result.status != TN_OK || result.used != BYTES)
        tn_die("churn: FAIL block=%lu status=%s used=%u", block, tn_status_name(result.status), result.used);
    if (!tn_dma_buffer_is_held(&buffer))
        tn_die("churn: FAIL block=%lu its buffer did not come back", block);
    if (!job.is_busy[block])
        tn_die("churn: FAIL block=%lu ended twice", block);
    job.is_busy[block] = false;
    job.ended++;
    if (job.is_write[block]) {
        job.writes++;
        log_version("acked", block, ++job.acked[block]);
    } else {
        job.reads++;
        check(tn_dma_buffer_data(&buffer), block);
    }
    if (!tn_dma_buffer_park(&buffer, &job.spare[job.spares]))
        __builtin_trap();
    job.spares++;
}

static void fill_up(void)
{
    while (job.spares > 0 && job.submitted < job.ops)
        submit();
}

/* Among the other requests: it covers what was acknowledged before it was submitted. */
static void flush(void)
{
    struct tn_dma_result result;
    log_end();
    for (uint64_t b = 0; b < job.blocks; b++)
        job.at_flush[b] = job.acked[b];
    const struct tn_blk_transfer transfer = {.opcode = TN_BLK_FLUSH};
    enum tn_status status = tn_blk_command(&job.blk, &transfer, tn_deadline_in(answer_ns), &result);
    if (status != TN_OK)
        tn_die("churn: FAIL flush status=%s", tn_status_name(status));
    job.flushes++;
    for (uint64_t b = 0; b < job.blocks; b++)
        if (job.durable[b] != job.at_flush[b])
            log_version("durable", b, job.durable[b] = job.at_flush[b]);
    log_end();
}

int tn_main(const struct tn_start *start)
{
    job.seed = 0xc4u;
    job.blocks = 64;
    job.depth = 32;
    job.ops = 1000;
    const struct tn_arg known[] = {
        {.key = "seed", .value = &job.seed, .min = 0, .max = UINT64_MAX},
        {.key = "blocks", .value = &job.blocks, .min = DEPTH_MAX, .max = BLOCKS_MAX},
        {.key = "depth", .value = &job.depth, .min = 1, .max = DEPTH_MAX},
        {.key = "ops", .value = &job.ops, .min = 1, .max = UINT64_MAX},
        {.key = "once", .value = &job.once, .max = 1},
    };
    tn_args_require(start->args, known, sizeof(known) / sizeof(known[0]));
    job.random = job.seed;
    tn_blk_open(&job.blk, start, tn_deadline_in(answer_ns));
    if (job.blk.flags & TN_BLK_READ_ONLY || BYTES % job.blk.block_bytes != 0 || job.blk.bytes < job.blocks * BYTES)
        tn_die("churn: FAIL a writable disk of %lu bytes in blocks of %u at most is needed", job.blocks * BYTES,
               (unsigned)BYTES);
    struct tn_dma_pool pool = tn_blk_pool(&job.blk, BYTES, (uint32_t)job.depth);
    for (; job.spares < job.depth; job.spares++) {
        TN_DMA_BUFFER(buffer);
        if (!tn_dma_buffer_alloc(&pool, BYTES, &buffer))
            tn_die("churn: FAIL no buffer %lu: %s", job.spares, tn_status_name(tn_dma_buffer_status(&buffer)));
        if (!tn_dma_buffer_park(&buffer, &job.spare[job.spares]))
            __builtin_trap();
    }
    while (job.ended < job.ops) {
        fill_up();
        take();
        if (job.ended % FLUSH_EVERY == 0)
            flush();
    }
    flush();
    tn_print("churn: ops=%lu writes=%lu reads=%lu flushes=%lu ok", job.ended, job.writes, job.reads, job.flushes);
    return 0;
}
