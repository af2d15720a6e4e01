/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wrong programs, one for each number: buffers used by one who does not own them, and lost. Behind each name stands
 * what a checker must say: PROOF (gcc and clang, -O2), ANALYSIS (clang). "accepted" is a blind spot, listed in
 * docs/ownership-in-c.md. test_ownership.py compiles them.
 */
#include "wrong.h"

#if PROGRAM == 1 /* double submit; PROOF: not owned here; ANALYSIS: releasing ownership 'b' that was not held */
void wrong(struct driver *d, int x)
{
    TAKE(d->pool);
    TN_FENCE(g);
    SEND(b, f);
    SEND(b, g);
    BACK(f, b);
    BACK(g, b);
    (void)x;
}
#elif PROGRAM == 2 /* data after submit; PROOF: not owned here; ANALYSIS: calling function 'tn_dma_buffer_data'        \
                      requires holding ownership 'b' */
void wrong(struct driver *d, int x)
{
    TAKE(d->pool);
    SEND(b, f);
    *(int *)tn_dma_buffer_data(&b) = x;
    BACK(f, b);
}
#elif PROGRAM == 3 /* submitted on one branch, used on both; PROOF: not (owned here|proved to be owned); ANALYSIS: 'b' \
                      is not held on every path */
void wrong(struct driver *d, int x)
{
    TAKE(d->pool);
    if (x) {
        SEND(b, f);
    }
    *(int *)tn_dma_buffer_data(&b) = x;
    if (x && !tn_fence_complete(&f, 64, &b))
        return;
    tn_dma_buffer_release(&b);
}
#elif PROGRAM == 4 /* submitted in a loop; PROOF: not (owned here|proved to be owned); ANALYSIS: expecting             \
                      (ownership|mutex) 'b' to be held at start of each loop */
void wrong(struct driver *d, int x)
{
    TAKE(d->pool);
    for (int i = 0; i < x; i++)
        if (!tn_dma_submit(&b, 64, &f))
            break;
    BACK(f, b);
}
#elif PROGRAM == 5 /* leak; PROOF: may leave its scope; ANALYSIS: (ownership|mutex) 'b' is (still held at the end of   \
                      function|not held on every path) */
void wrong(struct driver *d, int x)
{
    TN_DMA_BUFFER(b);
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return;
    *(int *)tn_dma_buffer_data(&b) = x;
}
#elif PROGRAM == 6 /* leak on an error path; PROOF: may leave its scope; ANALYSIS: (ownership|mutex) 'b' is not held   \
                      on every path */
void wrong(struct driver *d, int x)
{
    TAKE(d->pool);
    if (x)
        return;
    SEND(b, f);
    BACK(f, b);
}
#elif PROGRAM == 7 /* completed twice; PROOF: not owned here; ANALYSIS: releasing ownership 'f' that was not held */
void wrong(struct driver *d, int x)
{
    TAKE(d->pool);
    SEND(b, f);
    BACK(f, b);
    BACK(f, b);
    (void)x;
}
#elif PROGRAM == 8 /* release in flight; PROOF: not owned here; ANALYSIS: releasing ownership 'b' that was not held */
void wrong(struct driver *d, int x)
{
    TAKE(d->pool);
    SEND(b, f);
    tn_dma_buffer_release(&b);
    BACK(f, b);
    (void)x;
}
#elif PROGRAM == 9 /* grant not checked before the use; PROOF: not (owned here|proved to be owned); ANALYSIS: calling  \
                      function 'tn_dma_buffer_data' requires holding ownership 'b' */
void wrong(struct driver *d, int x)
{
    TN_DMA_BUFFER(b);
    bool granted = tn_dma_buffer_alloc(d->pool, &b);
    *(int *)tn_dma_buffer_data(&b) = x;
    if (granted)
        tn_dma_buffer_release(&b);
}
#elif PROGRAM == 10 /* fence lost; PROOF: may leave its scope; ANALYSIS: (ownership|mutex) 'f' is (still held at the   \
                       end of function|not held on every path) */
void wrong(struct driver *d, int x)
{
    TAKE(d->pool);
    SEND(b, f);
    (void)x;
}
#elif PROGRAM == 11 /* data after release; PROOF: not owned here; ANALYSIS: calling function 'tn_dma_buffer_data'      \
                       requires holding ownership 'b' */
void wrong(struct driver *d, int x)
{
    TN_DMA_BUFFER(b);
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return;
    tn_dma_buffer_release(&b);
    *(int *)tn_dma_buffer_data(&b) = x;
}
#elif PROGRAM == 12 /* double release; PROOF: not owned here; ANALYSIS: releasing ownership 'b' that was not held */
void wrong(struct driver *d, int x)
{
    TN_DMA_BUFFER(b);
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return;
    tn_dma_buffer_release(&b);
    tn_dma_buffer_release(&b);
    (void)x;
}
#elif PROGRAM == 13 /* given away by a helper that says nothing; PROOF: not proved to be owned; ANALYSIS: releasing    \
                       ownership 'b' that was not held */
static __attribute__((noinline)) bool helper(struct tn_dma_buffer *b, struct tn_fence *f)
{
    return tn_dma_submit(b, 64, f);
}
void wrong(struct driver *d, int x)
{
    TAKE(d->pool);
    if (helper(&b, &f))
        *(int *)tn_dma_buffer_data(&b) = x;
    BACK(f, b);
}
#elif PROGRAM == 14 /* through an alias; PROOF: not owned here; ANALYSIS: (calling function 'tn_dma_buffer_data'       \
                       requires holding ownership 'b'|releasing ownership 'p') */
void wrong(struct driver *d, int x)
{
    TAKE(d->pool);
    struct tn_dma_buffer *p = &b;
    if (!tn_dma_submit(p, 64, &f)) {
        tn_dma_buffer_release(p);
        return;
    }
    *(int *)tn_dma_buffer_data(&b) = x;
    BACK(f, b);
}
#elif PROGRAM ==                                                                                                       \
    15 /* token copied, both submitted; PROOF: accepted; ANALYSIS: releasing ownership 'c' that was not held */
void wrong(struct driver *d, int x)
{
    TAKE(d->pool);
    TN_FENCE(g);
    struct tn_dma_buffer c = b;
    SEND(b, f);
    if (!tn_dma_submit(&c, 64, &g)) {
        tn_dma_buffer_release(&c);
        tn_fence_quarantine(&f);
        return;
    }
    BACK(f, b);
    BACK(g, b);
    (void)x;
}
#elif PROGRAM == 16 /* data after a move; PROOF: not owned here; ANALYSIS: calling function 'tn_dma_buffer_data'       \
                       requires holding ownership 'b' */
void callee(struct tn_dma_buffer b);
void wrong(struct driver *d, int x)
{
    TN_DMA_BUFFER(b);
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return;
    callee(tn_dma_buffer_move(&b));
    *(int *)tn_dma_buffer_data(&b) = x;
}
#elif PROGRAM ==                                                                                                       \
    17 /* completed after it was parked; PROOF: not owned here; ANALYSIS: releasing ownership 'f' that was not held */
void wrong(struct driver *d, int x)
{
    TAKE(d->pool);
    SEND(b, f);
    if (!tn_fence_park(&f, &d->request[x])) {
        tn_fence_quarantine(&f);
        return;
    }
    BACK(f, b);
}
#elif PROGRAM == 18 /* token written over, the first buffer lost; PROOF: may leave its scope or be overwritten;        \
                       ANALYSIS: acquiring ownership 'b' that is already held */
void wrong(struct driver *d, int x)
{
    TN_DMA_BUFFER(b);
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return;
    if (!tn_dma_buffer_alloc(d->pool, &b))
        return;
    tn_dma_buffer_release(&b);
    (void)x;
}
#elif PROGRAM == 19 /* the wrong one released on an error path; PROOF: not owned here; ANALYSIS: releasing ownership   \
                       'b' that was not held */
void wrong(struct driver *d, int x)
{
    TN_DMA_BUFFER(a);
    TN_DMA_BUFFER(b);
    if (!tn_dma_buffer_alloc(d->pool, &a))
        return;
    if (!tn_dma_buffer_alloc(d->pool, &b)) {
        tn_dma_buffer_release(&b);
        return;
    }
    tn_dma_buffer_release(&a);
    tn_dma_buffer_release(&b);
    (void)x;
}
#elif PROGRAM ==                                                                                                       \
    20 /* buffer used though the fence named nothing; PROOF: not (owned here|proved to be owned); ANALYSIS: (calling   \
          function 'tn_dma_buffer_data' requires holding ownership 'b'|'b' is not held on every path) */
void wrong(struct driver *d, int x)
{
    TAKE(d->pool);
    SEND(b, f);
    if (!tn_fence_complete(&f, 64, &b))
        d->errors++;
    *(int *)tn_dma_buffer_data(&b) = x;
    tn_dma_buffer_release(&b);
}
#elif PROGRAM == 21 /* released though the fence named nothing; PROOF: not (owned here|proved to be owned); ANALYSIS:  \
                       releasing ownership 'b' that was not held */
void wrong(struct driver *d, int x)
{
    TAKE(d->pool);
    SEND(b, f);
    if (!tn_fence_complete(&f, 64, &b)) {
        tn_dma_buffer_release(&b);
        return;
    }
    tn_dma_buffer_release(&b);
    (void)x;
}
#elif PROGRAM == 22 /* fence dropped when the wait timed out; PROOF: may leave its scope; ANALYSIS: (ownership|mutex)  \
                       'f' is not held on every path */
void wrong(struct driver *d, int x)
{
    TAKE(d->pool);
    SEND(b, f);
    if (!tn_fence_wait(&f, device_poll, d, 1000, &b))
        return;
    tn_dma_buffer_release(&b);
    (void)x;
}
#elif PROGRAM == 23 /* waited for twice; PROOF: not owned here; ANALYSIS: (releasing|calling function                  \
                       'tn_fence_wait').* ownership 'f' */
void wrong(struct driver *d, int x)
{
    TAKE(d->pool);
    SEND(b, f);
    if (!tn_fence_wait(&f, device_poll, d, 1000, &b)) {
        tn_fence_quarantine(&f);
        return;
    }
    tn_dma_buffer_release(&b);
    if (!tn_fence_wait(&f, device_poll, d, 1000, &b)) {
        tn_fence_quarantine(&f);
        return;
    }
    tn_dma_buffer_release(&b);
    (void)x;
}
#elif PROGRAM == 24 /* tag of a fence that has ended; PROOF: not owned here; ANALYSIS: calling function 'tn_fence_tag' \
                       requires holding ownership 'f' */
void wrong(struct driver *d, int x)
{
    TAKE(d->pool);
    SEND(b, f);
    BACK(f, b);
    device_post(0, 64, tn_fence_tag(&f));
    (void)x;
}
#endif
