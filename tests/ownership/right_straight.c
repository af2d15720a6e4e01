/* SPDX-License-Identifier: Apache-2.0 */
/* Right programs: straight lines, branches, error unwinding, helpers. Every checker accepts all of them. */
#include "driver.h"

int right_plain(struct driver *d);
int right_plain(struct driver *d)
{
    TN_DMA_BUFFER(b);
    TN_FENCE(f);
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return -1;
    *(int *)tn_dma_buffer_data(&b) = 7;
    if (!tn_dma_submit(&b, 64, &f)) {
        tn_dma_buffer_release(&b);
        return -2;
    }
    device_post(tn_fence_address(&f), tn_fence_length(&f), tn_fence_tag(&f));
    if (!tn_fence_complete(&f, 64, &b))
        return -3;
    int sum = consume(tn_dma_buffer_data(&b), tn_dma_buffer_used(&b));
    tn_dma_buffer_release(&b);
    return sum;
}

int right_only_allocated(struct driver *d);
int right_only_allocated(struct driver *d)
{
    TN_DMA_BUFFER(b);
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return (int)tn_dma_buffer_status(&b);
    int first = *(int *)tn_dma_buffer_data(&b);
    tn_dma_buffer_release(&b);
    return first;
}

int right_early_returns(struct driver *d, int early);
int right_early_returns(struct driver *d, int early)
{
    TN_DMA_BUFFER(b);
    TN_FENCE(f);
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return -1;
    if (early) {
        tn_dma_buffer_release(&b);
        return 0;
    }
    if (!tn_dma_submit(&b, 64, &f)) {
        tn_dma_buffer_release(&b);
        return -2;
    }
    if (!tn_fence_complete(&f, 0, &b))
        return -3;
    tn_dma_buffer_release(&b);
    return 1;
}

int right_goto_unwinding(struct driver *d);
int right_goto_unwinding(struct driver *d)
{
    TN_DMA_BUFFER(a);
    TN_DMA_BUFFER(b);
    int result = -1;
    if (!tn_dma_buffer_alloc(d->pool, &a))
        return -1;
    if (!tn_dma_buffer_alloc(d->pool, &b))
        goto drop_a;
    if (consume(tn_dma_buffer_data(&a), 64) < 0)
        goto drop_both;
    result = consume(tn_dma_buffer_data(&b), 64);
drop_both:
    tn_dma_buffer_release(&b);
drop_a:
    tn_dma_buffer_release(&a);
    return result;
}

int right_two_in_flight(struct driver *d);
int right_two_in_flight(struct driver *d)
{
    TN_DMA_BUFFER(a);
    TN_DMA_BUFFER(b);
    TN_FENCE(fa);
    TN_FENCE(fb);
    if (!tn_dma_buffer_alloc(d->pool, &a))
        return -1;
    if (!tn_dma_buffer_alloc(d->pool, &b)) {
        tn_dma_buffer_release(&a);
        return -1;
    }
    if (!tn_dma_submit(&a, 64, &fa)) {
        tn_dma_buffer_release(&a);
        tn_dma_buffer_release(&b);
        return -2;
    }
    if (!tn_dma_submit(&b, 64, &fb)) {
        tn_dma_buffer_release(&b);
        if (tn_fence_complete(&fa, 64, &a))
            tn_dma_buffer_release(&a);
        return -2;
    }
    device_kick();
    if (tn_fence_complete(&fb, 64, &b))
        tn_dma_buffer_release(&b);
    if (tn_fence_complete(&fa, 64, &a))
        tn_dma_buffer_release(&a);
    return 0;
}

int right_switch(struct driver *d, int operation);
int right_switch(struct driver *d, int operation)
{
    TN_DMA_BUFFER(b);
    TN_FENCE(f);
    int value = 0;
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return -1;
    switch (operation) {
    case 0:
        *(int *)tn_dma_buffer_data(&b) = 1;
        break;
    case 1:
        if (tn_dma_submit(&b, 64, &f) && !tn_fence_complete(&f, 64, &b))
            return -3;
        break;
    case 2:
        tn_dma_buffer_release(&b);
        return 2;
    default:
        value = consume(tn_dma_buffer_data(&b), 64);
        break;
    }
    tn_dma_buffer_release(&b);
    return value;
}

int right_error_from_the_device(struct driver *d, bool failed);
int right_error_from_the_device(struct driver *d, bool failed)
{
    TN_DMA_BUFFER(b);
    TN_FENCE(f);
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return -1;
    if (!tn_dma_submit(&b, 512, &f)) {
        tn_dma_buffer_release(&b);
        return -2;
    }
    if (failed) {
        if (!tn_fence_fail(&f, TN_EIO, &b))
            return -3;
    } else if (!tn_fence_complete(&f, 512, &b)) {
        return -3;
    }
    enum tn_status status = tn_dma_buffer_status(&b);
    tn_dma_buffer_release(&b);
    return status == TN_OK ? 0 : -5;
}

int right_wait(struct driver *d);
int right_wait(struct driver *d)
{
    TN_DMA_BUFFER(b);
    TN_FENCE(f);
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return -1;
    if (!tn_dma_submit(&b, 64, &f)) {
        tn_dma_buffer_release(&b);
        return -2;
    }
    if (!tn_fence_wait(&f, device_poll, d, 1000000, &b)) {
        tn_fence_quarantine(&f);
        return -4;
    }
    tn_dma_buffer_release(&b);
    return 0;
}

int right_reset_after_a_timeout(struct driver *d);
int right_reset_after_a_timeout(struct driver *d)
{
    TN_DMA_BUFFER(b);
    TN_FENCE(f);
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return -1;
    if (!tn_dma_submit(&b, 64, &f)) {
        tn_dma_buffer_release(&b);
        return -2;
    }
    if (!tn_fence_wait(&f, device_poll, d, 1000000, &b)) {
        if (!device_is_silent()) {
            tn_fence_quarantine(&f);
            return -4;
        }
        if (!tn_fence_fail(&f, TN_EABORTED, &b))
            return -3;
    }
    tn_dma_buffer_release(&b);
    return 0;
}

TN_OWN_HELPER void fill(struct tn_dma_buffer *b) TN_OWN_NEEDS(b);
TN_OWN_HELPER void fill(struct tn_dma_buffer *b)
{
    unsigned char *bytes = (unsigned char *)tn_dma_buffer_data(b);
    for (int i = 0; i < 64; i++)
        bytes[i] = (unsigned char)i;
}
TN_OWN_HELPER bool send(struct tn_dma_buffer *b, struct tn_fence *f) TN_OWN_TAKES(b) TN_OWN_IF_TRUE(f)
    TN_OWN_IF_FALSE(b);
TN_OWN_INLINE bool send(struct tn_dma_buffer *b, struct tn_fence *f)
{
    if (!tn_dma_submit(b, 64, f))
        return false;
    device_post(tn_fence_address(f), 64, tn_fence_tag(f));
    return true;
}
int right_helpers_that_say_so(struct driver *d);
int right_helpers_that_say_so(struct driver *d)
{
    TN_DMA_BUFFER(b);
    TN_FENCE(f);
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return -1;
    fill(&b);
    if (!send(&b, &f)) {
        tn_dma_buffer_release(&b);
        return -2;
    }
    if (!tn_fence_complete(&f, 64, &b))
        return -3;
    tn_dma_buffer_release(&b);
    return 0;
}

static __attribute__((noinline)) int callee(struct tn_dma_buffer b, struct driver *d)
{
    TN_FENCE(f);
    TN_DMA_BUFFER(back);
    if (!tn_dma_buffer_arrived(&b))
        return -1;
    if (!tn_dma_submit(&b, 64, &f)) {
        tn_dma_buffer_release(&b);
        return -2;
    }
    if (!tn_fence_complete(&f, 64, &back)) {
        d->errors++;
        return -3;
    }
    int sum = consume(tn_dma_buffer_data(&back), 64);
    tn_dma_buffer_release(&back);
    return sum;
}
int right_move_by_value(struct driver *d);
int right_move_by_value(struct driver *d)
{
    TN_DMA_BUFFER(b);
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return -1;
    return callee(tn_dma_buffer_move(&b), d);
}

static __attribute__((noinline)) void finish(struct tn_fence f)
{
    TN_DMA_BUFFER(b);
    if (!tn_fence_arrived(&f))
        return;
    if (tn_fence_complete(&f, 1, &b))
        tn_dma_buffer_release(&b);
}
void right_fence_by_value(struct driver *d);
void right_fence_by_value(struct driver *d)
{
    TN_DMA_BUFFER(b);
    TN_FENCE(f);
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return;
    if (tn_dma_submit(&b, 64, &f))
        finish(tn_fence_move(&f));
    else
        tn_dma_buffer_release(&b);
}

int right_nested_branches(struct driver *d, int second, int send_it);
int right_nested_branches(struct driver *d, int second, int send_it)
{
    TN_DMA_BUFFER(x);
    TN_DMA_BUFFER(y);
    TN_FENCE(f);
    if (!tn_dma_buffer_alloc(d->pool, &x))
        return -1;
    if (second) {
        if (!tn_dma_buffer_alloc(d->pool, &y)) {
            tn_dma_buffer_release(&x);
            return -1;
        }
        if (send_it && tn_dma_submit(&x, 64, &f)) {
            *(int *)tn_dma_buffer_data(&y) = 3;
            if (!tn_fence_complete(&f, 64, &x)) {
                tn_dma_buffer_release(&y);
                return -3;
            }
        }
        tn_dma_buffer_release(&y);
    }
    tn_dma_buffer_release(&x);
    return 0;
}

int right_scopes_in_a_row(struct driver *d);
int right_scopes_in_a_row(struct driver *d)
{
    int sum = 0;
    {
        TN_DMA_BUFFER(b);
        if (!tn_dma_buffer_alloc(d->pool, &b))
            return -1;
        sum += consume(tn_dma_buffer_data(&b), 1);
        tn_dma_buffer_release(&b);
    }
    {
        TN_DMA_BUFFER(b);
        if (!tn_dma_buffer_alloc(d->pool, &b))
            return -1;
        sum += consume(tn_dma_buffer_data(&b), 2);
        tn_dma_buffer_release(&b);
    }
    return sum;
}

int right_token_reused(struct driver *d);
int right_token_reused(struct driver *d)
{
    TN_DMA_BUFFER(b);
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return -1;
    tn_dma_buffer_release(&b);
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return -1;
    tn_dma_buffer_release(&b);
    return 0;
}
