/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two buffers in turn: while the device fills one, the program reads the other. The device is simulated by a function
 * that writes where a device would write, and only there.
 */
#include <stdio.h>
#include <string.h>
#include <tenure/tenure.h>

enum { BYTES = 4096, ROUNDS = 1000 };

/* A device: it knows addresses and lengths, no buffers. */
static uint32_t device_fill(uint64_t address, uint32_t length, unsigned round)
{
    memset((void *)(uintptr_t)address, (int)(round % 251), length);
    return length;
}

static unsigned sum_of(const unsigned char *bytes, uint32_t count)
{
    unsigned sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += bytes[i];
    return sum;
}

/* The sum of all that the device wrote, or -1. */
static long run(struct tn_dma_pool *pool)
{
    TN_DMA_BUFFER(front);
    TN_DMA_BUFFER(back);
    TN_FENCE(fence);
    long total = 0;
    if (!tn_dma_buffer_alloc(pool, &front))
        return -1;
    if (!tn_dma_buffer_alloc(pool, &back)) {
        tn_dma_buffer_release(&front);
        return -1;
    }
    for (unsigned round = 0; round < ROUNDS; round += 2) {
        if (!tn_dma_submit(&front, BYTES, &fence))
            break;
        total += sum_of(tn_dma_buffer_data(&back), tn_dma_buffer_used(&back)); /* ours, while `front` is not */
        if (!tn_fence_complete(&fence, device_fill(tn_fence_address(&fence), BYTES, round), &front)) {
            tn_dma_buffer_release(&back);
            return -1;
        }
        if (!tn_dma_submit(&back, BYTES, &fence))
            break;
        total += sum_of(tn_dma_buffer_data(&front), tn_dma_buffer_used(&front));
        if (!tn_fence_complete(&fence, device_fill(tn_fence_address(&fence), BYTES, round + 1), &back)) {
            tn_dma_buffer_release(&front);
            return -1;
        }
    }
    total += sum_of(tn_dma_buffer_data(&back), tn_dma_buffer_used(&back));
    tn_dma_buffer_release(&front);
    tn_dma_buffer_release(&back);
    return total;
}

int main(void)
{
    const struct tn_dma_pool_config config = {.label = "ping-pong", .count = 2, .buffer_bytes = BYTES};
    enum tn_status status;
    struct tn_dma_pool *pool = tn_dma_pool_create(&config, &status);
    if (pool == NULL) {
        fprintf(stderr, "no pool: %s\n", tn_status_name(status));
        return 1;
    }
    long expected = 0, total = run(pool);
    for (unsigned round = 0; round < ROUNDS; round++)
        expected += (long)(round % 251) * BYTES;
    printf("ping-pong: %d rounds, sum %ld, %s\n", ROUNDS, total, total == expected ? "right" : "wrong");
    return tn_dma_pool_destroy(pool) != TN_OK || total != expected;
}
