/* SPDX-License-Identifier: Apache-2.0 */
/* Right programs: ownership parked in request tables, arrays and rings, and taken back. Every checker accepts them. */
#include "driver.h"

int right_send(struct driver *d, const void *bytes, uint32_t length);
int right_send(struct driver *d, const void *bytes, uint32_t length)
{
    TN_DMA_BUFFER(b);
    TN_FENCE(f);
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return -1;
    __builtin_memcpy(tn_dma_buffer_data(&b), bytes, length);
    if (!tn_dma_submit(&b, length, &f)) {
        tn_dma_buffer_release(&b);
        return -2;
    }
    uint32_t tag = tn_fence_tag(&f);
    device_post(tn_fence_address(&f), length, tag);
    if (!tn_fence_park(&f, &d->request[tag % RING])) {
        tn_fence_quarantine(&f);
        return -4;
    }
    return 0;
}

int right_reap(struct driver *d);
int right_reap(struct driver *d)
{
    uint32_t tag, used;
    int bytes = 0;
    while (device_next(&tag, &used)) {
        TN_FENCE(f);
        TN_DMA_BUFFER(b);
        if (tag >= RING || !tn_fence_unpark(&d->request[tag], &f)) {
            d->errors++;
            continue;
        }
        if (!tn_fence_complete(&f, used, &b)) {
            d->errors++;
            continue;
        }
        bytes += consume(tn_dma_buffer_data(&b), tn_dma_buffer_used(&b));
        tn_dma_buffer_release(&b);
    }
    return bytes;
}

int right_receive_and_repost(struct driver *d);
int right_receive_and_repost(struct driver *d)
{
    uint32_t tag, used;
    int frames = 0;
    while (device_next(&tag, &used)) {
        TN_FENCE(f);
        TN_DMA_BUFFER(b);
        if (!tn_fence_unpark(&d->request[tag % RING], &f))
            continue;
        if (!tn_fence_complete(&f, used, &b))
            continue;
        frames += consume(tn_dma_buffer_data(&b), tn_dma_buffer_used(&b));
        TN_FENCE(next);
        if (!tn_dma_submit(&b, 2048, &next)) {
            tn_dma_buffer_release(&b);
            continue;
        }
        if (!tn_fence_park(&next, &d->request[tag % RING]))
            tn_fence_quarantine(&next);
    }
    return frames;
}

int right_fill_the_ring(struct driver *d);
int right_fill_the_ring(struct driver *d)
{
    for (int i = 0; i < RING; i++) {
        TN_DMA_BUFFER(b);
        TN_FENCE(f);
        if (!tn_dma_buffer_alloc(d->pool, &b))
            return i == 0 ? -1 : i;
        if (!tn_dma_submit(&b, 2048, &f)) {
            tn_dma_buffer_release(&b);
            return -2;
        }
        device_post(tn_fence_address(&f), 2048, (uint32_t)i);
        if (!tn_fence_park(&f, &d->request[i])) {
            tn_fence_quarantine(&f);
            return -4;
        }
    }
    return RING;
}

void right_tear_down(struct driver *d);
void right_tear_down(struct driver *d)
{
    bool silent = device_is_silent();
    for (int i = 0; i < RING; i++) {
        TN_FENCE(f);
        TN_DMA_BUFFER(b);
        if (!tn_fence_unpark(&d->request[i], &f))
            continue;
        if (!silent) {
            tn_fence_quarantine(&f);
            continue;
        }
        if (tn_fence_fail(&f, TN_EABORTED, &b))
            tn_dma_buffer_release(&b);
    }
}

int right_replace_then_post(struct driver *d);
int right_replace_then_post(struct driver *d)
{
    TN_DMA_BUFFER(b);
    TN_FENCE(f);
    if (!tn_fence_unpark(&d->request[0], &f))
        return -2;
    if (!tn_fence_complete(&f, 64, &b))
        return -3;
    if (!tn_fence_unpark(&d->request[1], &f)) {
        tn_dma_buffer_release(&b);
        return -2;
    }
    while (device_has_room()) {
        if (!tn_fence_park(&f, &d->request[1]))
            tn_fence_quarantine(&f);
        if (!tn_fence_unpark(&d->request[2], &f)) {
            tn_dma_buffer_release(&b);
            return -2;
        }
    }
    device_post(tn_fence_address(&f), tn_fence_length(&f), tn_fence_tag(&f));
    tn_fence_quarantine(&f);
    tn_dma_buffer_release(&b);
    return 0;
}

int right_spare(struct driver *d);
int right_spare(struct driver *d)
{
    TN_DMA_BUFFER(b);
    if (!tn_dma_buffer_unpark(&d->spare, &b) && !tn_dma_buffer_alloc(d->pool, &b))
        return -1;
    int sum = consume(tn_dma_buffer_data(&b), 64);
    if (!tn_dma_buffer_park(&b, &d->spare))
        tn_dma_buffer_release(&b);
    return sum;
}

int right_put_back_what_is_not_ready(struct driver *d, int at);
int right_put_back_what_is_not_ready(struct driver *d, int at)
{
    TN_FENCE(f);
    TN_DMA_BUFFER(b);
    if (!tn_fence_unpark(&d->request[at], &f))
        return 0;
    if (!device_has_room()) {
        if (!tn_fence_park(&f, &d->request[at]))
            tn_fence_quarantine(&f);
        return 0;
    }
    if (!tn_fence_complete(&f, 64, &b))
        return -3;
    tn_dma_buffer_release(&b);
    return 1;
}

int right_oldest_first(struct driver *d, uint32_t *head, uint32_t tail);
int right_oldest_first(struct driver *d, uint32_t *head, uint32_t tail)
{
    int ended = 0;
    for (; *head != tail; ++*head) {
        TN_FENCE(f);
        TN_DMA_BUFFER(b);
        if (!tn_fence_unpark(&d->request[*head % RING], &f))
            continue;
        if (!tn_fence_wait(&f, device_poll, d, 0, &b)) {
            if (!tn_fence_park(&f, &d->request[*head % RING]))
                tn_fence_quarantine(&f);
            break;
        }
        tn_dma_buffer_release(&b);
        ended++;
    }
    return ended;
}

int right_move_between_tables(struct driver *from, struct driver *to, int at);
int right_move_between_tables(struct driver *from, struct driver *to, int at)
{
    TN_FENCE(f);
    if (!tn_fence_unpark(&from->request[at], &f))
        return 0;
    if (tn_fence_park(&f, &to->request[at]))
        return 1;
    if (!tn_fence_park(&f, &from->request[at]))
        tn_fence_quarantine(&f);
    return 0;
}

int right_swap_the_spare(struct driver *d, int at);
int right_swap_the_spare(struct driver *d, int at)
{
    TN_FENCE(f);
    TN_FENCE(g);
    TN_DMA_BUFFER(a);
    TN_DMA_BUFFER(b);
    if (!tn_fence_unpark(&d->request[at], &f))
        return 0;
    if (!tn_fence_complete(&f, 64, &a))
        return -3;
    if (tn_dma_buffer_unpark(&d->spare, &b)) {
        if (!tn_dma_submit(&b, 64, &g)) {
            tn_dma_buffer_release(&b);
        } else if (!tn_fence_park(&g, &d->request[at])) {
            tn_fence_quarantine(&g);
        }
    }
    if (!tn_dma_buffer_park(&a, &d->spare))
        tn_dma_buffer_release(&a);
    return 1;
}

struct connection {
    struct driver *driver;
    struct tn_parked_buffer header;
    struct tn_parked_buffer body;
};
int right_open(struct connection *c);
int right_open(struct connection *c)
{
    TN_DMA_BUFFER(header);
    TN_DMA_BUFFER(body);
    if (!tn_dma_buffer_alloc(c->driver->pool, &header))
        return -1;
    if (!tn_dma_buffer_alloc(c->driver->pool, &body)) {
        tn_dma_buffer_release(&header);
        return -1;
    }
    if (!tn_dma_buffer_park(&header, &c->header))
        tn_dma_buffer_release(&header);
    if (!tn_dma_buffer_park(&body, &c->body))
        tn_dma_buffer_release(&body);
    return 0;
}
void right_close(struct connection *c);
void right_close(struct connection *c)
{
    TN_DMA_BUFFER(header);
    TN_DMA_BUFFER(body);
    if (tn_dma_buffer_unpark(&c->header, &header))
        tn_dma_buffer_release(&header);
    if (tn_dma_buffer_unpark(&c->body, &body))
        tn_dma_buffer_release(&body);
}

int right_echo(struct driver *d);
int right_echo(struct driver *d)
{
    uint32_t tag, used;
    int echoed = 0;
    while (device_has_room() && device_next(&tag, &used)) {
        TN_FENCE(f);
        TN_FENCE(out);
        TN_DMA_BUFFER(b);
        if (!tn_fence_unpark(&d->request[tag % RING], &f) || !tn_fence_complete(&f, used, &b))
            continue;
        uint32_t length = tn_dma_buffer_used(&b);
        if (length == 0 || !tn_dma_submit(&b, length, &out)) {
            tn_dma_buffer_release(&b);
            continue;
        }
        device_post(tn_fence_address(&out), length, tn_fence_tag(&out));
        if (!tn_fence_park(&out, &d->request[tag % RING]))
            tn_fence_quarantine(&out);
        echoed++;
    }
    return echoed;
}
