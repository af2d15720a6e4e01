/* SPDX-License-Identifier: Apache-2.0 */
/* Right programs: loops, polling, retries. Every checker accepts all of them. */
#include "driver.h"

int right_loop(struct driver *d, int n);
int right_loop(struct driver *d, int n)
{
    TN_DMA_BUFFER(b);
    TN_FENCE(f);
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return -1;
    for (int i = 0; i < n; i++) {
        if (!tn_dma_submit(&b, 64, &f))
            break;
        device_kick();
        if (!tn_fence_complete(&f, 64, &b))
            return -3;
        if (consume(tn_dma_buffer_data(&b), 64) == 7)
            break;
    }
    tn_dma_buffer_release(&b);
    return 0;
}

int right_fresh_buffer_each_time(struct driver *d, int n);
int right_fresh_buffer_each_time(struct driver *d, int n)
{
    int done = 0;
    for (int i = 0; i < n; i++) {
        TN_DMA_BUFFER(b);
        TN_FENCE(f);
        if (!tn_dma_buffer_alloc(d->pool, &b))
            break;
        if (consume(tn_dma_buffer_data(&b), 1) < 0) {
            tn_dma_buffer_release(&b);
            continue;
        }
        if (!tn_dma_submit(&b, 64, &f)) {
            tn_dma_buffer_release(&b);
            continue;
        }
        if (!tn_fence_complete(&f, 64, &b))
            return -3;
        tn_dma_buffer_release(&b);
        done++;
    }
    return done;
}

int right_while_polling(struct driver *d);
int right_while_polling(struct driver *d)
{
    TN_DMA_BUFFER(b);
    TN_FENCE(f);
    uint32_t tag, used;
    int spins = 0;
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return -1;
    if (!tn_dma_submit(&b, 64, &f)) {
        tn_dma_buffer_release(&b);
        return -2;
    }
    while (!device_next(&tag, &used)) {
        wait_a_little();
        spins++;
    }
    if (!tn_fence_complete(&f, used, &b))
        return -3;
    tn_dma_buffer_release(&b);
    return spins;
}

int right_ping_pong(struct driver *d, int n);
int right_ping_pong(struct driver *d, int n)
{
    TN_DMA_BUFFER(a);
    TN_DMA_BUFFER(b);
    TN_FENCE(f);
    int sum = 0;
    if (!tn_dma_buffer_alloc(d->pool, &a))
        return -1;
    if (!tn_dma_buffer_alloc(d->pool, &b)) {
        tn_dma_buffer_release(&a);
        return -1;
    }
    while (n-- > 0) {
        if (!tn_dma_submit(&a, 64, &f))
            break;
        sum += consume(tn_dma_buffer_data(&b), 64);
        if (!tn_fence_complete(&f, 64, &a)) {
            tn_dma_buffer_release(&b);
            return -3;
        }
        if (!tn_dma_submit(&b, 64, &f))
            break;
        sum += consume(tn_dma_buffer_data(&a), 64);
        if (!tn_fence_complete(&f, 64, &b)) {
            tn_dma_buffer_release(&a);
            return -3;
        }
    }
    tn_dma_buffer_release(&a);
    tn_dma_buffer_release(&b);
    return sum;
}

int right_three_tries(struct driver *d);
int right_three_tries(struct driver *d)
{
    TN_DMA_BUFFER(b);
    TN_FENCE(f);
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return -1;
    for (int i = 0; i < 3; i++) {
        if (!tn_dma_submit(&b, 64, &f))
            break;
        if (!tn_fence_complete(&f, 64, &b))
            return -3;
        if (tn_dma_buffer_status(&b) == TN_OK) {
            tn_dma_buffer_release(&b);
            return 0;
        }
    }
    tn_dma_buffer_release(&b);
    return -5;
}

int right_do_while(struct driver *d);
int right_do_while(struct driver *d)
{
    TN_DMA_BUFFER(b);
    TN_FENCE(f);
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return -1;
    do {
        if (!tn_dma_submit(&b, 64, &f)) {
            tn_dma_buffer_release(&b);
            return -2;
        }
        if (!tn_fence_complete(&f, 64, &b))
            return -3;
    } while (device_has_room());
    tn_dma_buffer_release(&b);
    return 0;
}

int right_until_the_pool_is_empty(struct driver *d);
int right_until_the_pool_is_empty(struct driver *d)
{
    int sent = 0;
    for (;;) {
        TN_DMA_BUFFER(b);
        TN_FENCE(f);
        if (!tn_dma_buffer_alloc(d->pool, &b))
            return sent;
        if (!tn_dma_submit(&b, 2048, &f)) {
            tn_dma_buffer_release(&b);
            return -2;
        }
        if (!tn_fence_park(&f, &d->request[sent % RING])) {
            tn_fence_quarantine(&f);
            return -4;
        }
        sent++;
    }
}

int right_wait_again(struct driver *d, int patience);
int right_wait_again(struct driver *d, int patience)
{
    TN_DMA_BUFFER(b);
    TN_FENCE(f);
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return -1;
    if (!tn_dma_submit(&b, 64, &f)) {
        tn_dma_buffer_release(&b);
        return -2;
    }
    while (!tn_fence_wait(&f, device_poll, d, 1000, &b)) {
        if (patience-- == 0) {
            tn_fence_quarantine(&f);
            return -4;
        }
    }
    tn_dma_buffer_release(&b);
    return 0;
}

int right_loop_in_a_loop(struct driver *d, int rows, int columns);
int right_loop_in_a_loop(struct driver *d, int rows, int columns)
{
    int sum = 0;
    for (int y = 0; y < rows; y++) {
        TN_DMA_BUFFER(b);
        TN_FENCE(f);
        if (!tn_dma_buffer_alloc(d->pool, &b))
            return -1;
        for (int x = 0; x < columns; x++) {
            if (!tn_dma_submit(&b, 64, &f))
                break;
            if (!tn_fence_complete(&f, 64, &b))
                return -3;
            sum += consume(tn_dma_buffer_data(&b), tn_dma_buffer_used(&b));
        }
        tn_dma_buffer_release(&b);
    }
    return sum;
}

int right_continue(struct driver *d, int n);
int right_continue(struct driver *d, int n)
{
    int odd = 0;
    for (int i = 0; i < n; i++) {
        TN_DMA_BUFFER(b);
        if (!tn_dma_buffer_alloc(d->pool, &b))
            continue;
        if (consume(tn_dma_buffer_data(&b), 64) % 2 == 0) {
            tn_dma_buffer_release(&b);
            continue;
        }
        odd++;
        tn_dma_buffer_release(&b);
    }
    return odd;
}

int right_first_that_fits(struct driver *d, struct tn_dma_pool *pools[4]);
int right_first_that_fits(struct driver *d, struct tn_dma_pool *pools[4])
{
    for (int i = 0; i < 4; i++) {
        TN_DMA_BUFFER(b);
        if (!tn_dma_buffer_alloc(pools[i], &b))
            continue;
        int sum = consume(tn_dma_buffer_data(&b), 64);
        tn_dma_buffer_release(&b);
        return sum;
    }
    d->errors++;
    return -1;
}

int right_drain_then_release(struct driver *d, int n);
int right_drain_then_release(struct driver *d, int n)
{
    TN_DMA_BUFFER(b);
    TN_FENCE(f);
    int drained = 0;
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return -1;
    while (drained < n && tn_dma_submit(&b, 64, &f)) {
        if (!tn_fence_complete(&f, 64, &b))
            return -3;
        drained++;
    }
    tn_dma_buffer_release(&b);
    return drained;
}

int right_doubling_lengths(struct driver *d);
int right_doubling_lengths(struct driver *d)
{
    TN_DMA_BUFFER(b);
    TN_FENCE(f);
    uint32_t length = 1;
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return -1;
    for (;;) {
        if (!tn_dma_submit(&b, length, &f)) /* beyond the buffer: refused, and still ours */
            break;
        if (!tn_fence_complete(&f, length, &b))
            return -3;
        length *= 2;
    }
    int why = (int)tn_dma_buffer_status(&b);
    tn_dma_buffer_release(&b);
    return why;
}
