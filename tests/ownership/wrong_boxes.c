/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wrong programs that keep buffers behind pointers. WARN: what gcc's own warnings must say; ANALYSER: with -fanalyzer.
 * "accepted" is a blind spot.
 */
#include <tenure/box.h>

void wrong(struct tn_dma_pool *pool, int x);

#if PROGRAM == 1 /* double submit; WARN: pointer 'b' used after 'tn_box_submit'; ANALYSER: used after 'tn_box_submit'  \
                  */
void wrong(struct tn_dma_pool *pool, int x)
{
    struct tn_dma_buffer_box *b = tn_box_alloc(pool);
    struct tn_fence_box *f = tn_box_submit(b, 64), *g = tn_box_submit(b, 64);
    tn_box_release(tn_box_complete(f, 64));
    tn_box_release(tn_box_complete(g, 64));
    (void)x;
}
#elif PROGRAM ==                                                                                                       \
    2 /* data after submit; WARN: pointer 'b' used after 'tn_box_submit'; ANALYSER: used after 'tn_box_submit' */
void wrong(struct tn_dma_pool *pool, int x)
{
    struct tn_dma_buffer_box *b = tn_box_alloc(pool);
    struct tn_fence_box *f = tn_box_submit(b, 64);
    *(int *)tn_box_data(b) = x;
    tn_box_release(tn_box_complete(f, 64));
}
#elif PROGRAM == 3 /* data after submit on one path; WARN: pointer 'b' used after 'tn_box_submit'; ANALYSER: used      \
                      after 'tn_box_submit' */
void wrong(struct tn_dma_pool *pool, int x)
{
    struct tn_dma_buffer_box *b = tn_box_alloc(pool);
    struct tn_fence_box *f = NULL;
    if (x)
        f = tn_box_submit(b, 64);
    *(int *)tn_box_data(b) = x;
    if (x)
        b = tn_box_complete(f, 64);
    tn_box_release(b);
}
#elif PROGRAM ==                                                                                                       \
    4 /* completed twice; WARN: pointer 'f' used after 'tn_box_complete'; ANALYSER: used after 'tn_box_complete' */
void wrong(struct tn_dma_pool *pool, int x)
{
    struct tn_fence_box *f = tn_box_submit(tn_box_alloc(pool), 64);
    struct tn_dma_buffer_box *b = tn_box_complete(f, 64), *c = tn_box_complete(f, 64);
    tn_box_release(b);
    tn_box_release(c);
    (void)x;
}
#elif PROGRAM ==                                                                                                       \
    5 /* released in flight; WARN: pointer 'b' used after 'tn_box_submit'; ANALYSER: used after 'tn_box_submit' */
void wrong(struct tn_dma_pool *pool, int x)
{
    struct tn_dma_buffer_box *b = tn_box_alloc(pool);
    struct tn_fence_box *f = tn_box_submit(b, 64);
    tn_box_release(b);
    tn_box_release(tn_box_complete(f, 64));
    (void)x;
}
#elif PROGRAM ==                                                                                                       \
    6 /* released twice; WARN: pointer 'b' used after 'tn_box_release'; ANALYSER: used after 'tn_box_release' */
void wrong(struct tn_dma_pool *pool, int x)
{
    struct tn_dma_buffer_box *b = tn_box_alloc(pool);
    tn_box_release(b);
    tn_box_release(b);
    (void)x;
}
#elif PROGRAM == 7  /* a buffer where a fence belongs; WARN: mismatched; ANALYSER: mismatched */
void wrong(struct tn_dma_pool *pool, int x)
{
    struct tn_dma_buffer_box *b = tn_box_alloc(pool);
    tn_box_release(tn_box_complete((struct tn_fence_box *)b, 64));
    (void)x;
}
#elif PROGRAM == 8  /* fence dropped; WARN: ignoring return value of 'tn_box_submit'; ANALYSER: ignoring return value  \
                       of 'tn_box_submit' */
void wrong(struct tn_dma_pool *pool, int x)
{
    tn_box_submit(tn_box_alloc(pool), 64);
    (void)x;
}
#elif PROGRAM == 9  /* submitted in a loop; WARN: accepted; ANALYSER: (double|used after|leak) */
void wrong(struct tn_dma_pool *pool, int x)
{
    struct tn_dma_buffer_box *b = tn_box_alloc(pool);
    struct tn_fence_box *f = NULL;
    for (int i = 0; i < x; i++)
        f = tn_box_submit(b, 64);
    tn_box_release(tn_box_complete(f, 64));
}
#elif PROGRAM == 10 /* leak; WARN: accepted; ANALYSER: leak of 'b' */
void wrong(struct tn_dma_pool *pool, int x)
{
    struct tn_dma_buffer_box *b = tn_box_alloc(pool);
    if (b != NULL)
        *(int *)tn_box_data(b) = x;
}
#elif PROGRAM == 11 /* leak on an error path; WARN: accepted; ANALYSER: leak of 'b' */
void wrong(struct tn_dma_pool *pool, int x)
{
    struct tn_dma_buffer_box *b = tn_box_alloc(pool);
    if (x)
        return;
    tn_box_release(b);
}
#elif PROGRAM == 12 /* completed after the quarantine; WARN: pointer 'f' used after 'tn_box_quarantine'; ANALYSER:     \
                       used after 'tn_box_quarantine' */
void wrong(struct tn_dma_pool *pool, int x)
{
    struct tn_fence_box *f = tn_box_submit(tn_box_alloc(pool), 64);
    tn_box_quarantine(f);
    tn_box_release(tn_box_complete(f, 64));
    (void)x;
}
#elif PROGRAM == 13 /* through a structure; WARN: accepted; ANALYSER: accepted */
struct request {
    struct tn_dma_buffer_box *b;
    struct tn_fence_box *f;
};
void send(struct request *r, struct tn_dma_pool *pool, int x);
void send(struct request *r, struct tn_dma_pool *pool, int x)
{
    r->b = tn_box_alloc(pool);
    r->f = tn_box_submit(r->b, 64);
    *(int *)tn_box_data(r->b) = x;
}
#elif PROGRAM == 14 /* submitted by a function that is not inlined; WARN: accepted; ANALYSER: accepted */
__attribute__((noinline)) static struct tn_fence_box *send(struct tn_dma_buffer_box *b)
{
    return tn_box_submit(b, 64);
}
void wrong(struct tn_dma_pool *pool, int x)
{
    struct tn_dma_buffer_box *b = tn_box_alloc(pool);
    struct tn_fence_box *f = send(b);
    *(int *)tn_box_data(b) = x;
    tn_box_release(tn_box_complete(f, 64));
}
#elif PROGRAM == 15 /* a fence written over; WARN: accepted; ANALYSER: accepted */
void wrong(struct tn_dma_pool *pool, int x)
{
    struct tn_fence_box *f = tn_box_submit(tn_box_alloc(pool), 64);
    f = tn_box_submit(tn_box_alloc(pool), 64);
    tn_box_release(tn_box_complete(f, 64));
    (void)x;
}
#endif
