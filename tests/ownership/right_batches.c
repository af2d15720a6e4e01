/* SPDX-License-Identifier: Apache-2.0 */
/* Right programs: many buffers at once. Every checker accepts all of them. */
#include "driver.h"

enum { BATCH = 32 };

int right_batch(struct driver *d);
int right_batch(struct driver *d)
{
    TN_DMA_BATCH(b, BATCH);
    TN_FENCE_BATCH(f);
    int sum = 0;
    if (!tn_dma_batch_alloc(d->pool, BATCH, &b))
        return -1;
    if (!tn_dma_batch_submit(&b, 2048, &f)) {
        tn_dma_batch_release(&b);
        return -2;
    }
    for (uint32_t i = 0; i < tn_fence_batch_count(&f); i++)
        device_post(tn_fence_batch_address(&f, i), 2048, tn_fence_batch_tag(&f, i));
    device_kick();
    tn_fence_batch_complete(&f, NULL, &b);
    for (uint32_t i = 0; i < tn_dma_batch_count(&b); i++)
        sum += consume(tn_dma_batch_data(&b, i), 2048);
    tn_dma_batch_release(&b);
    return sum;
}

int right_batches_in_a_loop(struct driver *d, int n);
int right_batches_in_a_loop(struct driver *d, int n)
{
    TN_DMA_BATCH(b, BATCH);
    TN_FENCE_BATCH(f);
    uint32_t used[BATCH] = {0};
    if (!tn_dma_batch_alloc(d->pool, BATCH, &b))
        return -1;
    for (int i = 0; i < n; i++) {
        if (!tn_dma_batch_submit(&b, 64, &f))
            break;
        tn_fence_batch_complete(&f, used, &b);
    }
    tn_dma_batch_release(&b);
    return 0;
}

int right_fill_at_once_and_park_each(struct driver *d);
int right_fill_at_once_and_park_each(struct driver *d)
{
    TN_DMA_BATCH(b, BATCH);
    TN_FENCE_BATCH(f);
    int parked = 0;
    if (!tn_dma_batch_alloc(d->pool, BATCH, &b))
        return -1;
    if (!tn_dma_batch_submit(&b, 2048, &f)) {
        tn_dma_batch_release(&b);
        return -2;
    }
    for (;;) {
        TN_FENCE(one);
        if (!tn_fence_batch_take(&f, &one))
            break;
        uint32_t tag = tn_fence_tag(&one);
        if (!tn_fence_park(&one, &d->request[tag % RING])) {
            tn_fence_quarantine(&one);
            continue;
        }
        parked++;
    }
    tn_fence_batch_complete(&f, NULL, &b);
    tn_dma_batch_release(&b);
    return parked;
}

int right_one_of_many(struct driver *d);
int right_one_of_many(struct driver *d)
{
    TN_DMA_BATCH(b, BATCH);
    TN_DMA_BUFFER(one);
    if (!tn_dma_batch_alloc(d->pool, 4, &b))
        return -1;
    if (tn_dma_batch_take(&b, &one)) {
        d->errors += (unsigned)consume(tn_dma_buffer_data(&one), 1);
        tn_dma_buffer_release(&one);
    }
    tn_dma_batch_release(&b);
    return 0;
}
