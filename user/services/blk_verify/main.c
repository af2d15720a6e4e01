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
    struct tn_dma_buffer spare[DEPTH_MAX];
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

static void fill(const struct tn_dma_buffer *buffer, uint64_t address)
{
    uint64_t *words = tn_dma_buffer_data(buffer);
    for (uint32_t at = 0; at < length_at(address); at += 8)
        words[at / 8] = splitmix64(job.seed + address + at);
}

static void verify(const struct tn_dma_buffer *buffer, uint64_t address)
{
    const uint64_t *words = tn_dma_buffer_data(buffer);
    for (uint32_t at = 0; at < length_at(address); at += 8) {
        uint64_t want = splitmix64(job.seed + address + at);
        if (words[at / 8] != want)
            tn_die("verify: FAIL address=%lu got=0x%016lx want=0x%016lx seed=0x%lx", address + at, words[at / 8], want,
                   job.seed);
    }
}

static void submit(uint32_t opcode, uint64_t address)
{
    struct tn_dma_buffer *buffer = &job.spare[--job.spares];
    if (opcode == TN_BLK_WRITE)
        fill(buffer, address);
    struct tn_fence fence;
    tn_blk_submit(&job.blk, buffer,
                  &(struct tn_blk_transfer){
                      .opcode = opcode, .length = length_at(address), .address = address, .cookie = address},
                  &fence);
}

/* One request has ended; `what` names it in a message. */
static void take(const char *what, struct tn_fence_result *result)
{
    enum tn_status status = tn_dma_queue_next(&job.blk.queue, tn_deadline_in(answer_ns), result);
    if (status != TN_OK)
        tn_die("verify: FAIL at=%s status=%s in_flight=%u", what, tn_status_name(status), job.blk.queue.pending);
    if (result->status != TN_OK)
        tn_die("verify: FAIL at=%s address=%lu status=%s", what, result->cookie, tn_status_name(result->status));
}

static void pass(uint32_t opcode)
{
    const char *what = opcode == TN_BLK_WRITE ? "write" : "read";
    uint64_t next = 0, ended = 0;
    while (ended < job.bytes) {
        while (next < job.bytes && job.spares > 0) {
            submit(opcode, next);
            next += length_at(next);
        }
        struct tn_fence_result result;
        take(what, &result);
        uint32_t length = length_at(result.cookie);
        if (result.used != length)
            tn_die("verify: FAIL at=%s address=%lu used=%u want=%u", what, result.cookie, result.used, length);
        if (opcode == TN_BLK_READ)
            verify(&result.buffer, result.cookie);
        job.spare[job.spares++] = result.buffer;
        ended += length;
        *(opcode == TN_BLK_WRITE ? &job.writes : &job.reads) += 1;
    }
}

static void flush(void)
{
    struct tn_fence fence;
    struct tn_fence_result result;
    tn_blk_submit(&job.blk, NULL, &(struct tn_blk_transfer){.opcode = TN_BLK_FLUSH}, &fence);
    take("flush", &result);
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
        enum tn_status status = tn_dma_buffer_alloc(&pool, job.chunk, &job.spare[job.spares]);
        if (status != TN_OK)
            tn_die("buffer %lu of %lu refused: %s; see buffers in the manifest's budget", job.spares + 1, job.depth,
                   tn_status_name(status));
    }
    pass(TN_BLK_WRITE);
    flush();
    pass(TN_BLK_READ);
    tn_print("verify: bytes=%lu seed=0x%lx writes=%lu flushes=%lu reads=%lu ok", job.bytes, job.seed, job.writes,
             job.flushes, job.reads);
    return 0;
}
