/* SPDX-License-Identifier: Apache-2.0 */
/* Right programs: what is not to be had at once is asked for again. Every checker accepts all of them. */
#include "driver.h"

static int use(struct tn_dma_buffer *b) TN_OWN_TAKES(b);
TN_OWN_HELPER int use(struct tn_dma_buffer *b)
{
    int sum = consume(tn_dma_buffer_data(b), 64);
    tn_dma_buffer_release(b);
    return sum;
}

int right_retry_for_ever(struct driver *d);
int right_retry_for_ever(struct driver *d)
{
    TN_DMA_BUFFER(b);
    while (!tn_dma_buffer_alloc(d->pool, &b))
        wait_a_little();
    return use(&b);
}

int right_retry_some_times(struct driver *d, int patience);
int right_retry_some_times(struct driver *d, int patience)
{
    TN_DMA_BUFFER(b);
    while (!tn_dma_buffer_alloc(d->pool, &b)) {
        if (patience-- == 0)
            return -1;
        wait_a_little();
    }
    return use(&b);
}

int right_retry_while_it_may_help(struct driver *d);
int right_retry_while_it_may_help(struct driver *d)
{
    TN_DMA_BUFFER(b);
    while (!tn_dma_buffer_alloc(d->pool, &b)) {
        if (tn_dma_buffer_status(&b) != TN_EEXHAUSTED)
            return -1;
        wait_a_little();
    }
    return use(&b);
}

int right_retry_from_the_middle(struct driver *d);
int right_retry_from_the_middle(struct driver *d)
{
    TN_DMA_BUFFER(b);
    for (;;) {
        if (tn_dma_buffer_alloc(d->pool, &b))
            break;
        if (!device_has_room())
            return -1;
        device_kick();
    }
    return use(&b);
}

int right_wait_before_each_try(struct driver *d, int patience);
int right_wait_before_each_try(struct driver *d, int patience)
{
    TN_DMA_BUFFER(b);
    do {
        if (patience-- == 0)
            return -1;
        wait_a_little();
    } while (!tn_dma_buffer_alloc(d->pool, &b));
    return use(&b);
}

/* What is done meanwhile gives buffers back. */
int right_reap_until_one_is_free(struct driver *d);
int right_reap_until_one_is_free(struct driver *d)
{
    TN_DMA_BUFFER(b);
    while (!tn_dma_buffer_alloc(d->pool, &b)) {
        TN_FENCE(old);
        TN_DMA_BUFFER(back);
        uint32_t tag, used;
        if (!device_next(&tag, &used))
            return -1;
        if (tag < RING && tn_fence_unpark(&d->request[tag], &old) && tn_fence_complete(&old, used, &back))
            tn_dma_buffer_release(&back);
    }
    return use(&b);
}

int right_submit_again(struct driver *d, int patience);
int right_submit_again(struct driver *d, int patience)
{
    TN_DMA_BUFFER(b);
    TN_FENCE(f);
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return -1;
    while (!tn_dma_submit(&b, 64, &f)) { /* the guard, say, has no more pieces of memory */
        if (patience-- == 0) {
            tn_dma_buffer_release(&b);
            return -2;
        }
        wait_a_little();
    }
    if (!tn_fence_complete(&f, 64, &b))
        return -3;
    return use(&b);
}

int right_batch_again(struct driver *d, int patience);
int right_batch_again(struct driver *d, int patience)
{
    TN_DMA_BATCH(b, 8);
    while (!tn_dma_batch_alloc(d->pool, 8, &b)) {
        if (patience-- == 0)
            return -1;
        wait_a_little();
    }
    tn_dma_batch_release(&b);
    return 0;
}

/* In a helper the loop is left with break, and what it got is asked for behind it. */
static bool get(struct driver *d, struct tn_dma_buffer *b, int tries) TN_OWN_IF_TRUE(b);
TN_OWN_INLINE bool get(struct driver *d, struct tn_dma_buffer *b, int tries)
{
    for (int i = 0; i < tries; i++) {
        if (tn_dma_buffer_alloc(d->pool, b))
            break;
        wait_a_little();
    }
    return tn_dma_buffer_is_held(b);
}

int right_retry_in_a_helper(struct driver *d, int tries);
int right_retry_in_a_helper(struct driver *d, int tries)
{
    TN_DMA_BUFFER(b);
    if (!get(d, &b, tries))
        return -1;
    return use(&b);
}
