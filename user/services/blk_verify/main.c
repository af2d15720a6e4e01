/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a disk, flushes, reads it back and verifies: the little-endian word at byte address A is splitmix64(seed + A),
 * which a program outside can check too. It destroys what was on the disk.
 */
#include <args.h>
#include <blk_client.h>
#include <clock.h>
#include <print.h>
#include <process.h>

enum {
    DEPTH_MAX = 128,
};
static const uint64_t answer_ns = 60 * TN_SECOND;

static struct {
    struct tn_blk blk;
    uint64_t seed;
    uint64_t bytes;
    uint64_t depth;
    uint64_t chunk;
    struct tn_parked_buffer spare[DEPTH_MAX];
    uint64_t spares;
    uint64_t writes;
    uint64_t flushes;
    uint64_t reads;
} job;

static uint64_t splitmix64(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint32_t length_at(uint64_t address)
{
    uint64_t rest = job.bytes - address;
    return (uint32_t)(rest < job.chunk ? rest : job.chunk);
}

static void fill(uint64_t *words, uint64_t address)
{
    for (uint32_t at = 0; at < length_at(address); at += 8)
        words[at / 8] = splitmix64(job.seed + address + at);
}

static void verify(const uint64_t *words, uint64_t address)
{
    for (uint32_t at = 0; at < length_at(address); at += 8) {
        uint64_t want = splitmix64(job.seed + address + at);
        if (words[at / 8] != want)
            tn_die("verify: FAIL address=%lu got=0x%016lx want=0x%016lx seed=0x%lx", address + at, words[at / 8], want,
                   job.seed);
    }
}

static void submit(uint32_t opcode, uint64_t address)
{
    TN_DMA_BUFFER(buffer);
    if (!tn_dma_buffer_unpark(&job.spare[--job.spares], &buffer))
        __builtin_trap(); /* spares are counted */
    if (opcode == TN_BLK_WRITE)
        fill(tn_dma_buffer_data(&buffer), address);
    tn_blk_enqueue(&job.blk, &buffer,
                   &(struct tn_blk_transfer){
                       .opcode = opcode, .length = length_at(address), .address = address, .cookie = address});
}

static void check(const char *what, const struct tn_dma_result *result)
{
    uint32_t length = length_at(result->cookie);
    if (result->status != TN_OK)
        tn_die("verify: FAIL at=%s address=%lu status=%s", what, result->cookie, tn_status_name(result->status));
    if (result->used != length)
        tn_die("verify: FAIL at=%s address=%lu used=%u want=%u", what, result->cookie, result->used, length);
}

/* One request has ended, well; its buffer is spare again. Returns its length. */
static uint32_t take(uint32_t opcode)
{
    const char *what = opcode == TN_BLK_WRITE ? "write" : "read";
    TN_DMA_BUFFER(buffer);
    struct tn_dma_result result;
    if (!tn_dma_queue_next(&job.blk.queue, tn_deadline_in(answer_ns), &buffer, &result))
        tn_die("verify: FAIL at=%s status=%s in_flight=%u", what, tn_status_name(result.status), job.blk.queue.pending);
    check(what, &result);
    if (!tn_dma_buffer_is_held(&buffer))
        tn_die("verify: FAIL at=%s address=%lu its buffer did not come back", what, result.cookie);
    if (opcode == TN_BLK_READ)
        verify(tn_dma_buffer_data(&buffer), result.cookie);
    if (!tn_dma_buffer_park(&buffer, &job.spare[job.spares]))
        __builtin_trap();
    job.spares++;
    return length_at(result.cookie);
}

static void pass(uint32_t opcode)
{
    uint64_t next = 0, ended = 0;
    while (ended < job.bytes) {
        while (next < job.bytes && job.spares > 0) {
            submit(opcode, next);
            next += length_at(next);
        }
        ended += take(opcode);
        *(opcode == TN_BLK_WRITE ? &job.writes : &job.reads) += 1;
    }
}

static void flush(void)
{
    struct tn_dma_result result;
    enum tn_status status =
        tn_blk_command(&job.blk, &(struct tn_blk_transfer){.opcode = TN_BLK_FLUSH}, tn_deadline_in(answer_ns), &result);
    if (status != TN_OK)
        tn_die("verify: FAIL at=flush status=%s", tn_status_name(status));
    job.flushes++;
}

static void check_arguments(const struct tn_start *start)
{
    if (job.blk.flags & TN_BLK_READ_ONLY)
        tn_die("verify: FAIL reason=read-only status=TN_EREADONLY");
    if (job.bytes == 0)
        job.bytes = job.blk.bytes;
    if (job.bytes > job.blk.bytes || job.bytes % job.blk.block_bytes != 0)
        tn_die("args: bytes=%lu: a multiple of %u up to %lu is needed", job.bytes, job.blk.block_bytes, job.blk.bytes);
    if (job.chunk % job.blk.block_bytes != 0)
        tn_die("args: chunk=%lu: a multiple of the block size, %u, is needed", job.chunk, job.blk.block_bytes);
    if (job.depth > start->in_flight_max)
        tn_die("args: depth=%lu: the manifest's budget allows in_flight = %u", job.depth, start->in_flight_max);
}

int tn_main(const struct tn_start *start)
{
    job.seed = 0x7e17e;
    job.depth = 32;
    job.chunk = 65536;
    const struct tn_arg known[] = {
        {.key = "seed", .value = &job.seed, .min = 0, .max = UINT64_MAX},
        {.key = "bytes", .value = &job.bytes, .min = 0, .max = UINT64_MAX},
        {.key = "depth", .value = &job.depth, .min = 1, .max = DEPTH_MAX},
        {.key = "chunk", .value = &job.chunk, .min = 512, .max = 1u << 20},
    };
    tn_args_require(start->args, known, sizeof(known) / sizeof(known[0]));
    tn_blk_open(&job.blk, start, tn_deadline_in(answer_ns));
    check_arguments(start);
    struct tn_dma_pool pool = tn_blk_pool(&job.blk, job.chunk, (uint32_t)job.depth);
    for (; job.spares < job.depth; job.spares++) {
        TN_DMA_BUFFER(buffer);
        if (!tn_dma_buffer_alloc(&pool, job.chunk, &buffer))
            tn_die("buffer %lu of %lu refused: %s; see buffers in the manifest's budget", job.spares + 1, job.depth,
                   tn_status_name(tn_dma_buffer_status(&buffer)));
        if (!tn_dma_buffer_park(&buffer, &job.spare[job.spares]))
            __builtin_trap();
    }
    pass(TN_BLK_WRITE);
    flush();
    pass(TN_BLK_READ);
    tn_print("verify: bytes=%lu seed=0x%lx writes=%lu flushes=%lu reads=%lu ok", job.bytes, job.seed, job.writes,
             job.flushes, job.reads);
    return 0;
}
