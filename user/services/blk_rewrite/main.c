/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes in rounds, with a FLUSH behind each, and keeps what it needs to do a round again: on a device whose reset
 * loses its volatile cache, FLUSH fails once with TN_ECACHELOST, and then everything since the last one that was done
 * is written again. At the end all is read and compared. A job; it destroys what was on the disk.
 */
#include <args.h>
#include <blk_client.h>
#include <clock.h>
#include <print.h>
#include <process.h>

enum { BYTES = 4096, WORDS = BYTES / 8, BLOCKS_MAX = 256 };
static const uint64_t answer_ns = 60 * TN_SECOND;

static struct {
    struct tn_blk blk;
    uint64_t blocks, rounds, writes; /* of a round */
    uint64_t random;
    uint64_t version[BLOCKS_MAX];
    bool is_dirty[BLOCKS_MAX]; /* written since the last FLUSH that was done */
    uint64_t lost;
} job;

static uint64_t random_below(uint64_t n)
{
    job.random = job.random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (job.random >> 33) % n;
}

static uint64_t word_of(uint64_t block, uint64_t n)
{
    return job.version[block] << 32 ^ block << 16 ^ n;
}

/* To its end; the buffer is back. */
TN_OWN_HELPER void transfer(struct tn_dma_buffer *buffer, uint32_t opcode, uint64_t block) TN_OWN_NEEDS(buffer)
{
    struct tn_dma_result result;
    TN_FENCE(fence);
    tn_blk_submit(&job.blk, buffer,
                  &(struct tn_blk_transfer){.opcode = opcode, .length = BYTES, .address = block * BYTES}, &fence);
    if (!tn_fence_wait(&fence, tn_deadline_in(answer_ns), buffer, &result))
        tn_die("rewrite: FAIL block=%lu no end: %s", block, tn_status_name(result.status));
    if (result.status != TN_OK || !tn_dma_buffer_is_held(buffer))
        tn_die("rewrite: FAIL block=%lu status=%s", block, tn_status_name(result.status));
}

TN_OWN_HELPER void write_block(struct tn_dma_buffer *buffer, uint64_t block) TN_OWN_NEEDS(buffer)
{
    uint64_t *words = tn_dma_buffer_data(buffer);
    for (uint64_t n = 0; n < WORDS; n++)
        words[n] = word_of(block, n);
    job.is_dirty[block] = true;
    transfer(buffer, TN_BLK_WRITE, block);
}

TN_OWN_HELPER void flush(struct tn_dma_buffer *buffer) TN_OWN_NEEDS(buffer)
{
    const struct tn_blk_transfer request = {.opcode = TN_BLK_FLUSH};
    struct tn_dma_result result;
    enum tn_status status;
    while ((status = tn_blk_command(&job.blk, &request, tn_deadline_in(answer_ns), &result)) == TN_ECACHELOST) {
        job.lost++;
        for (uint64_t b = 0; b < job.blocks; b++)
            if (job.is_dirty[b])
                write_block(buffer, b);
    }
    if (status != TN_OK)
        tn_die("rewrite: FAIL flush status=%s", tn_status_name(status));
    for (uint64_t b = 0; b < job.blocks; b++)
        job.is_dirty[b] = false;
}

TN_OWN_HELPER void check_block(struct tn_dma_buffer *buffer, uint64_t block) TN_OWN_NEEDS(buffer)
{
    transfer(buffer, TN_BLK_READ, block);
    const uint64_t *words = tn_dma_buffer_data(buffer);
    for (uint64_t n = 0; n < WORDS; n++)
        if (words[n] != word_of(block, n))
            tn_die("rewrite: FAIL block=%lu word=%lu got=0x%lx want=0x%lx", block, n, words[n], word_of(block, n));
}

int tn_main(const struct tn_start *start)
{
    job.blocks = 64;
    job.rounds = 40;
    job.writes = 8;
    const struct tn_arg known[] = {
        {.key = "blocks", .value = &job.blocks, .min = 1, .max = BLOCKS_MAX},
        {.key = "rounds", .value = &job.rounds, .min = 1, .max = UINT32_MAX},
        {.key = "writes", .value = &job.writes, .min = 1, .max = UINT32_MAX},
        {.key = "seed", .value = &job.random, .max = UINT64_MAX},
    };
    tn_args_require(start->args, known, sizeof known / sizeof known[0]);
    tn_blk_open(&job.blk, start, tn_deadline_in(answer_ns));
    if (job.blk.flags & TN_BLK_READ_ONLY || BYTES % job.blk.block_bytes != 0 || job.blk.bytes < job.blocks * BYTES)
        tn_die("rewrite: FAIL a writable disk of %lu bytes in blocks of %u at most is needed", job.blocks * BYTES,
               (unsigned)BYTES);
    struct tn_dma_pool pool = tn_blk_pool(&job.blk, BYTES, 1);
    TN_DMA_BUFFER(buffer);
    if (!tn_dma_buffer_alloc(&pool, BYTES, &buffer))
        tn_die("rewrite: FAIL no buffer: %s", tn_status_name(tn_dma_buffer_status(&buffer)));
    for (uint64_t b = 0; b < job.blocks; b++)
        write_block(&buffer, b);
    flush(&buffer);
    for (uint64_t round = 0; round < job.rounds; round++) {
        for (uint64_t i = 0; i < job.writes; i++) {
            uint64_t block = random_below(job.blocks);
            job.version[block]++;
            write_block(&buffer, block);
        }
        flush(&buffer);
    }
    for (uint64_t b = 0; b < job.blocks; b++)
        check_block(&buffer, b);
    tn_print("rewrite: rounds=%lu lost=%lu ok", job.rounds, job.lost);
    return tn_dma_buffer_release(&buffer) == TN_OK ? 0 : 1;
}
