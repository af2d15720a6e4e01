/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wrong programs, one for each number: fences, refusals, request tables, helpers. Behind each name stands what a
 * checker must say: PROOF (gcc and clang, -O2), ANALYSIS (clang). "accepted" is a blind spot, listed in
 * docs/ownership-in-c.md. test_ownership.py compiles them.
 */
#include "wrong.h"

#if PROGRAM == 25 /* refusal of the submit ignored; PROOF: (ignoring return value|unused); ANALYSIS: (ignoring return  \
                     value|unused) */
void wrong(struct driver *d, int x)
{
    TAKE(d->pool);
    tn_dma_submit(&b, 64, &f);
    BACK(f, b);
    (void)x;
}
#elif PROGRAM == 26 /* refused submit forgotten: the buffer leaks; PROOF: may leave its scope; ANALYSIS:               \
                       (ownership|mutex) 'b' is not held on every path */
void wrong(struct driver *d, int x)
{
    TAKE(d->pool);
    if (!tn_dma_submit(&b, 64, &f))
        return;
    BACK(f, b);
    (void)x;
}
#elif PROGRAM == 27 /* refused submit treated as sent; PROOF: not (owned here|proved to be owned); ANALYSIS:           \
                       (releasing ownership 'f' that was not held|'f' is not held on every path) */
void wrong(struct driver *d, int x)
{
    TAKE(d->pool);
    if (!tn_dma_submit(&b, 64, &f))
        d->errors++;
    BACK(f, b);
    (void)x;
}
#elif PROGRAM ==                                                                                                       \
    28 /* a fence where a buffer belongs; PROOF: incompatible pointer type; ANALYSIS: incompatible pointer type */
void wrong(struct driver *d, int x)
{
    TAKE(d->pool);
    SEND(b, f);
    tn_dma_buffer_release(&f);
    (void)x;
}
#elif PROGRAM == 29 /* address of a buffer that was sent; PROOF: not owned here; ANALYSIS: calling function            \
                       'tn_dma_buffer_address' requires holding ownership 'b' */
void wrong(struct driver *d, int x)
{
    TAKE(d->pool);
    SEND(b, f);
    device_post(tn_dma_buffer_address(&b), 64, (uint32_t)x);
    BACK(f, b);
}
#elif PROGRAM ==                                                                                                       \
    30 /* failed after it was completed; PROOF: not owned here; ANALYSIS: releasing ownership 'f' that was not held */
void wrong(struct driver *d, int x)
{
    TAKE(d->pool);
    SEND(b, f);
    BACK(f, b);
    if (x && tn_fence_fail(&f, TN_EIO, &b))
        tn_dma_buffer_release(&b);
}
#elif PROGRAM == 31 /* quarantined after it was completed; PROOF: not owned here; ANALYSIS: releasing ownership 'f'    \
                       that was not held */
void wrong(struct driver *d, int x)
{
    TAKE(d->pool);
    SEND(b, f);
    BACK(f, b);
    tn_fence_quarantine(&f);
    (void)x;
}
#elif PROGRAM == 32 /* buffer taken back after the quarantine; PROOF: not owned here; ANALYSIS: releasing ownership    \
                       'f' that was not held */
void wrong(struct driver *d, int x)
{
    TAKE(d->pool);
    SEND(b, f);
    tn_fence_quarantine(&f);
    BACK(f, b);
    (void)x;
}
#elif PROGRAM == 33 /* a place that was taken loses the fence; PROOF: may leave its scope; ANALYSIS: (ownership|mutex) \
                       'f' is not held on every path */
void wrong(struct driver *d, int x)
{
    TAKE(d->pool);
    SEND(b, f);
    if (!tn_fence_park(&f, &d->request[x]))
        d->errors++;
}
#elif PROGRAM == 34 /* whether there was room is not asked; PROOF: (ignoring return value|unused); ANALYSIS: (ignoring \
                       return value|unused) */
void wrong(struct driver *d, int x)
{
    TAKE(d->pool);
    SEND(b, f);
    tn_fence_park(&f, &d->request[x]);
}
#elif PROGRAM == 35 /* taken out of the table and dropped; PROOF: may leave its scope; ANALYSIS: (ownership|mutex) 'f' \
                       is (still held at the end of function|not held on every path) */
void wrong(struct driver *d, int x)
{
    TN_FENCE(f);
    if (!tn_fence_unpark(&d->request[x], &f))
        return;
    d->errors++;
}
#elif PROGRAM == 36 /* an empty place completed; PROOF: not (owned here|proved to be owned); ANALYSIS: (releasing      \
                       ownership 'f' that was not held|'f' is not held on every path) */
void wrong(struct driver *d, int x)
{
    TN_FENCE(f);
    TN_DMA_BUFFER(b);
    if (!tn_fence_unpark(&d->request[x], &f))
        d->errors++;
    BACK(f, b);
}
#elif PROGRAM == 37 /* leak by break out of a loop; PROOF: may leave its scope; ANALYSIS: (ownership|mutex) 'b' is not \
                       held on every path */
void wrong(struct driver *d, int x)
{
    for (int i = 0; i < x; i++) {
        TN_DMA_BUFFER(b);
        if (!tn_dma_buffer_alloc(d->pool, &b))
            return;
        if (consume(tn_dma_buffer_data(&b), 64) < 0)
            break;
        tn_dma_buffer_release(&b);
    }
}
#elif PROGRAM == 38 /* leak by goto past the release; PROOF: may leave its scope; ANALYSIS: (ownership|mutex) 'b' is   \
                       not held on every path */
void wrong(struct driver *d, int x)
{
    TN_DMA_BUFFER(a);
    TN_DMA_BUFFER(b);
    if (!tn_dma_buffer_alloc(d->pool, &a))
        return;
    if (!tn_dma_buffer_alloc(d->pool, &b))
        goto out;
    if (consume(tn_dma_buffer_data(&b), 64) == x)
        goto out;
    tn_dma_buffer_release(&b);
out:
    tn_dma_buffer_release(&a);
}
#elif PROGRAM == 39 /* one case of a switch forgets; PROOF: may leave its scope; ANALYSIS: (ownership|mutex) 'b' is    \
                       not held on every path */
void wrong(struct driver *d, int x)
{
    TAKE(d->pool);
    switch (x) {
    case 0:
        tn_dma_buffer_release(&b);
        break;
    case 1:
        d->errors++;
        break;
    default:
        SEND(b, f);
        BACK(f, b);
        break;
    }
}
#elif PROGRAM == 40 /* sent again before it came back; PROOF: not (owned here|proved to be owned); ANALYSIS:           \
                       (releasing ownership 'b' that was not held|expecting (ownership|mutex) 'f' to be not held|is    \
                       not held on every path|'b' to be held at start of each loop) */
void wrong(struct driver *d, int x)
{
    TAKE(d->pool);
    SEND(b, f);
    while (x-- > 0) {
        if (device_has_room() && !tn_fence_complete(&f, 64, &b))
            return;
        SEND(b, f);
    }
    BACK(f, b);
}
#elif PROGRAM == 41 /* used bytes of a buffer that was released; PROOF: not owned here; ANALYSIS: calling function     \
                       'tn_dma_buffer_used' requires holding ownership 'b' */
void wrong(struct driver *d, int x)
{
    TAKE(d->pool);
    SEND(b, f);
    BACK(f, b);
    d->errors += tn_dma_buffer_used(&b);
    (void)x;
}
#elif PROGRAM == 42 /* moved twice; PROOF: not owned here; ANALYSIS: releasing ownership 'b' that was not held */
void callee(struct tn_dma_buffer b);
void wrong(struct driver *d, int x)
{
    TN_DMA_BUFFER(b);
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return;
    callee(tn_dma_buffer_move(&b));
    callee(tn_dma_buffer_move(&b));
    (void)x;
}
#elif PROGRAM ==                                                                                                       \
    43 /* what a helper takes, called twice; PROOF: accepted; ANALYSIS: releasing ownership 'b' that was not held */
void send(struct driver *d, struct tn_dma_buffer *b) TN_OWN_TAKES(b);
void wrong(struct driver *d, int x)
{
    struct tn_dma_buffer b = {0};
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return;
    send(d, &b);
    send(d, &b);
    (void)x;
}
#elif PROGRAM == 44 /* a helper says that it takes the buffer and keeps it on one path; PROOF: accepted; ANALYSIS:     \
                       (ownership|mutex) 'b' is not held on every path */
void send(struct driver *d, struct tn_dma_buffer *b, int now) TN_OWN_TAKES(b);
void send(struct driver *d, struct tn_dma_buffer *b, int now)
{
    d->errors++;
    if (now && tn_dma_buffer_is_held(b))
        tn_dma_buffer_release(b);
}
#elif PROGRAM == 45 /* a helper that needs the buffer, after it was sent; PROOF: (not proved to be owned|may leave its \
                       scope); ANALYSIS: calling function 'fill' requires holding ownership 'b' */
void fill(struct tn_dma_buffer *b) TN_OWN_NEEDS(b);
void wrong(struct driver *d, int x)
{
    struct tn_dma_buffer b = {0};
    struct tn_fence f = {0};
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return;
    if (!tn_dma_submit(&b, 64, &f)) {
        tn_dma_buffer_release(&b);
        return;
    }
    fill(&b);
    BACK(f, b);
    (void)x;
}
#elif PROGRAM == 46 /* parked and used; PROOF: not owned here; ANALYSIS: calling function 'tn_dma_buffer_data'         \
                       requires holding ownership 'b' */
void wrong(struct driver *d, int x)
{
    TN_DMA_BUFFER(b);
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return;
    if (!tn_dma_buffer_park(&b, &d->spare)) {
        tn_dma_buffer_release(&b);
        return;
    }
    *(int *)tn_dma_buffer_data(&b) = x;
}
#elif PROGRAM == 47 /* fence written over by the next submit; PROOF: may leave its scope or be overwritten; ANALYSIS:  \
                       acquiring ownership 'f' that is already held */
void wrong(struct driver *d, int x)
{
    TN_DMA_BUFFER(a);
    TAKE(d->pool);
    SEND(b, f);
    if (!tn_dma_buffer_alloc(d->pool, &a)) {
        tn_fence_quarantine(&f);
        return;
    }
    SEND(a, f);
    BACK(f, b);
    (void)x;
}
#elif PROGRAM == 48 /* buffer written over by a completion; PROOF: may leave its scope or be overwritten; ANALYSIS:    \
                       acquiring ownership 'b' that is already held */
void wrong(struct driver *d, int x)
{
    TN_DMA_BUFFER(a);
    TAKE(d->pool);
    if (!tn_dma_buffer_alloc(d->pool, &a)) {
        tn_dma_buffer_release(&b);
        return;
    }
    SEND(a, f);
    BACK(f, b);
    (void)x;
}
#elif PROGRAM == 49 /* status of the pool's end ignored; PROOF: (ignoring return value|unused); ANALYSIS: (ignoring    \
                       return value|unused) */
void wrong(struct driver *d, int x)
{
    tn_dma_pool_destroy(d->pool);
    (void)x;
}
#elif PROGRAM ==                                                                                                       \
    50 /* a batch released twice; PROOF: not owned here; ANALYSIS: releasing ownership 'b' that was not held */
void wrong(struct driver *d, int x)
{
    TN_DMA_BATCH(b, 8);
    TN_FENCE_BATCH(f);
    if (!tn_dma_batch_alloc(d->pool, 8, &b))
        return;
    if (tn_dma_batch_submit(&b, 64, &f))
        tn_fence_batch_complete(&f, NULL, &b);
    tn_dma_batch_release(&b);
    tn_dma_batch_release(&b);
    (void)x;
}
#elif PROGRAM == 51 /* a batch of fences lost; PROOF: may leave its scope; ANALYSIS: (ownership|mutex) 'f' is (still   \
                       held at the end of function|not held on every path) */
void wrong(struct driver *d, int x)
{
    TN_DMA_BATCH(b, 8);
    TN_FENCE_BATCH(f);
    if (!tn_dma_batch_alloc(d->pool, 8, &b))
        return;
    if (!tn_dma_batch_submit(&b, 64, &f))
        tn_dma_batch_release(&b);
    (void)x;
}
#elif PROGRAM == 52 /* given up, and used all the same; PROOF: not (owned here|proved to be owned); ANALYSIS: requires \
                       holding|not held */
void wrong(struct driver *d, int x)
{
    TN_DMA_BUFFER(b);
    while (!tn_dma_buffer_alloc(d->pool, &b)) {
        if (x-- == 0)
            break;
        wait_a_little();
    }
    consume(tn_dma_buffer_data(&b), 64);
    tn_dma_buffer_release(&b);
}
#elif PROGRAM ==                                                                                                       \
    53 /* tried again though it was granted; PROOF: may leave its scope or be overwritten; ANALYSIS: (held|acquir) */
void wrong(struct driver *d, int x)
{
    TN_DMA_BUFFER(b);
    while (tn_dma_buffer_alloc(d->pool, &b))
        wait_a_little();
    (void)x;
}
#elif PROGRAM ==                                                                                                       \
    54 /* given up after it was granted; PROOF: may leave its scope; ANALYSIS: (held|not held on every path) */
void wrong(struct driver *d, int x)
{
    TN_DMA_BUFFER(b);
    while (!tn_dma_buffer_alloc(d->pool, &b))
        wait_a_little();
    if (x == 0)
        return;
    tn_dma_buffer_release(&b);
}
#endif
