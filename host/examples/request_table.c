/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many requests in flight, ended in any order: each fence is parked in a table under the tag that the device will name,
 * and taken out when it does. The device here answers in a shuffled order, twice now and then, and claims too much.
 */
#include <stdio.h>
#include <stdlib.h>
#include <tenure/tenure.h>

enum { DEPTH = 32, REQUESTS = 10000, BYTES = 2048 };

struct driver {
    struct tn_dma_pool *pool;
    struct tn_parked_fence request[DEPTH]; /* by tag */
    unsigned done, lies, strangers;
};

/* The simulated device: tags it was given and has not answered. */
static uint32_t waiting[DEPTH];
static unsigned waiting_count;

static bool send_one(struct driver *d)
{
    TN_DMA_BUFFER(buffer);
    TN_FENCE(fence);
    if (!tn_dma_buffer_alloc(d->pool, &buffer))
        return false; /* as deep as the pool is large */
    if (!tn_dma_submit(&buffer, BYTES, &fence)) {
        tn_dma_buffer_release(&buffer);
        return false;
    }
    uint32_t tag = tn_fence_tag(&fence);
    if (!tn_fence_park(&fence, &d->request[tag])) {
        tn_fence_quarantine(&fence);
        return false;
    }
    waiting[waiting_count++] = tag;
    return true;
}

/* What the device says of one tag. Nothing of it is believed. */
static void on_answer(struct driver *d, uint32_t tag, uint32_t used)
{
    TN_FENCE(fence);
    TN_DMA_BUFFER(buffer);
    if (tag >= DEPTH || !tn_fence_unpark(&d->request[tag], &fence)) {
        d->strangers++; /* never asked, or answered before */
        return;
    }
    if (!tn_fence_complete(&fence, used, &buffer))
        return;
    if (tn_dma_buffer_status(&buffer) != TN_OK)
        d->lies++;
    d->done++;
    tn_dma_buffer_release(&buffer);
}

static void answer_one(struct driver *d)
{
    unsigned at = (unsigned)rand() % waiting_count;
    uint32_t tag = waiting[at];
    waiting[at] = waiting[--waiting_count];
    on_answer(d, tag, rand() % 100 == 0 ? BYTES + 1 : BYTES);
    if (rand() % 100 == 0)
        on_answer(d, tag, BYTES); /* once more */
}

int main(void)
{
    const struct tn_dma_pool_config config = {.label = "requests", .count = DEPTH, .buffer_bytes = BYTES};
    struct driver d = {.pool = tn_dma_pool_create(&config, NULL)};
    if (d.pool == NULL)
        return 1;
    unsigned sent = 0;
    srand(1);
    while (d.done < REQUESTS) {
        while (sent < REQUESTS && send_one(&d))
            sent++;
        answer_one(&d);
    }
    const struct tn_dma_counts counts = tn_dma_pool_counts(d.pool);
    printf("requests: %u done, %u lies, %u answers to nothing, %u of %u buffers free\n", d.done, d.lies, d.strangers,
           counts.free, counts.buffers);
    return tn_dma_pool_destroy(d.pool) != TN_OK || counts.free != counts.buffers || counts.lied != d.lies;
}
