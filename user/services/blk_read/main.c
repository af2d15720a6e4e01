/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a whole disk with many requests in flight and prints its SHA-256. Requests end in any order; the hash needs
 * them in order, so there are twice as many buffers as requests in flight: the ones ahead wait, and the device does
 * not.
 */
#include <args.h>
#include <blk_client.h>
#include <clock.h>
#include <print.h>
#include <process.h>

#include "sha256.h"

enum {
    DEPTH_MAX = 128,
    WINDOW_MAX = 2 * DEPTH_MAX,
};
static const uint64_t answer_ns = 60 * TN_SECOND;

struct place {
    struct tn_parked_buffer buffer; /* free while it is on its way */
    uint32_t length;
    uint32_t arrived;
};

static struct {
    struct tn_blk blk;
    uint64_t depth;
    uint64_t chunk;
    uint64_t progress;
    uint64_t window; /* buffers; chunk n has place n % window */
    struct place place[WINDOW_MAX];
    uint64_t chunks;
    uint64_t next;   /* to submit */
    uint64_t hashed; /* so many chunks */
    uint64_t depth_sum;
    uint64_t depth_max;
    uint64_t percent; /* last printed; 11 lines at most */
    struct sha256 hash;
} job;

/* Twice as many as requests in flight if the budget allows, at least as many. */
static void get_buffers(void)
{
    uint64_t wanted = 2 * job.depth;
    struct tn_dma_pool pool = {0};
    enum tn_status status = tn_dma_pool_create(&job.blk.queue, job.chunk, (uint32_t)wanted, &pool);
    if (status == TN_EBUDGET) {
        wanted = job.depth;
        pool = tn_blk_pool(&job.blk, job.chunk, (uint32_t)wanted);
    } else if (status != TN_OK) {
        tn_die("pool of %lu buffers of %lu bytes refused: %s", wanted, job.chunk, tn_status_name(status));
    }
    for (; job.window < wanted; job.window++) {
        TN_DMA_BUFFER(buffer);
        if (!tn_dma_buffer_alloc(&pool, job.chunk, &buffer)) {
            status = tn_dma_buffer_status(&buffer);
            if (status == TN_EBUDGET && job.window >= job.depth)
                return;
            tn_die("buffer %lu of %lu refused: %s; see buffers in the manifest's budget", job.window + 1, wanted,
                   tn_status_name(status));
        }
        if (!tn_dma_buffer_park(&buffer, &job.place[job.window].buffer))
            __builtin_trap();
    }
}

/* Keeps `depth` requests in flight as long as there are chunks and places. */
static void submit_more(void)
{
    while (job.next < job.chunks && job.next < job.hashed + job.window && job.blk.queue.pending < job.depth) {
        struct place *place = &job.place[job.next % job.window];
        uint64_t address = job.next * job.chunk;
        uint64_t rest = job.blk.bytes - address;
        place->length = (uint32_t)(rest < job.chunk ? rest : job.chunk);
        place->arrived = 0;
        TN_DMA_BUFFER(buffer);
        if (!tn_dma_buffer_unpark(&place->buffer, &buffer))
            __builtin_trap(); /* what was hashed is back in its place */
        tn_blk_enqueue(&job.blk, &buffer,
                       &(struct tn_blk_transfer){
                           .opcode = TN_BLK_READ, .length = place->length, .address = address, .cookie = job.next});
        job.depth_sum += job.blk.queue.pending;
        if (job.blk.queue.pending > job.depth_max)
            job.depth_max = job.blk.queue.pending;
        job.next++;
    }
}

static void show_progress(void)
{
    uint64_t percent = job.chunks > 0 ? job.hashed * 100 / job.chunks : 100;
    if (job.progress == 0 || percent < job.percent)
        return;
    percent = percent / 10 * 10;
    tn_print("progress: %lu %%", percent);
    job.percent = percent + 10;
}

/* Waits for one end. */
static void arrive(void)
{
    TN_DMA_BUFFER(buffer);
    struct tn_dma_result ended;
    if (!tn_dma_queue_next(&job.blk.queue, tn_deadline_in(answer_ns), &buffer, &ended))
        tn_die("error: no request has ended for %lu s: %s, %u in flight", answer_ns / TN_SECOND,
               tn_status_name(ended.status), job.blk.queue.pending);
    struct place *place = &job.place[ended.cookie % job.window];
    uint64_t address = ended.cookie * job.chunk;
    if (ended.status != TN_OK)
        tn_die("error: reading %u bytes at byte %lu: %s", place->length, address, tn_status_name(ended.status));
    if (ended.used != place->length)
        tn_die("error: reading %u bytes at byte %lu: only %u came", place->length, address, ended.used);
    if (!tn_dma_buffer_is_held(&buffer))
        tn_die("error: reading %u bytes at byte %lu: the buffer did not come back", place->length, address);
    if (!tn_dma_buffer_park(&buffer, &place->buffer))
        __builtin_trap(); /* submit_more took it out */
    place->arrived = 1;
}

static void hash_what_is_due(void)
{
    while (job.hashed < job.next && job.place[job.hashed % job.window].arrived) {
        struct place *place = &job.place[job.hashed % job.window];
        TN_DMA_BUFFER(buffer);
        if (!tn_dma_buffer_unpark(&place->buffer, &buffer))
            __builtin_trap(); /* it has arrived */
        sha256_update(&job.hash, tn_dma_buffer_data(&buffer), place->length);
        if (!tn_dma_buffer_park(&buffer, &place->buffer))
            __builtin_trap();
        place->arrived = 0;
        job.hashed++;
        show_progress();
    }
}

static void read_all(void)
{
    show_progress();
    submit_more();
    while (job.hashed < job.chunks) {
        arrive();
        submit_more(); /* before the hash, so that the device has work meanwhile */
        hash_what_is_due();
        submit_more();
    }
}

int tn_main(const struct tn_start *start)
{
    job.depth = 32;
    job.chunk = 65536;
    const struct tn_arg known[] = {
        {.key = "depth", .value = &job.depth, .min = 1, .max = DEPTH_MAX},
        {.key = "chunk", .value = &job.chunk, .min = 512, .max = 1u << 20},
        {.key = "progress", .value = &job.progress, .min = 0, .max = 1},
    };
    tn_args_require(start->args, known, sizeof(known) / sizeof(known[0]));
    tn_blk_open(&job.blk, start, tn_deadline_in(answer_ns));
    tn_print("disk: %lu bytes, block %u, %s", job.blk.bytes, job.blk.block_bytes,
             job.blk.flags & TN_BLK_READ_ONLY ? "read-only" : "read-write");
    if (job.chunk % job.blk.block_bytes != 0)
        tn_die("args: chunk=%lu: a multiple of the block size, %u, is needed", job.chunk, job.blk.block_bytes);
    if (job.depth > start->in_flight_max)
        tn_die("args: depth=%lu: the manifest's budget allows in_flight = %u", job.depth, start->in_flight_max);
    get_buffers();
    job.chunks = (job.blk.bytes + job.chunk - 1) / job.chunk;
    sha256_init(&job.hash);

    uint64_t begin = tn_clock_now();
    read_all();
    uint8_t digest[SHA256_DIGEST_BYTES];
    char text[2 * SHA256_DIGEST_BYTES + 1];
    sha256_final(&job.hash, digest);
    sha256_hex(digest, text);
    uint64_t us = (tn_clock_now() - begin) / 1000;
    uint64_t mean = job.chunks > 0 ? job.depth_sum * 100 / job.chunks : 0;
    tn_print("read: bytes=%lu sha256=%s requests=%lu depth_mean=%lu.%02lu depth_max=%lu us=%lu", job.blk.bytes, text,
             job.chunks, mean / 100, mean % 100, job.depth_max, us);
    return 0;
}
