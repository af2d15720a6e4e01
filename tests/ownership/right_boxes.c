/* SPDX-License-Identifier: Apache-2.0 */
/* Right programs that keep buffers behind pointers: gcc says nothing, with the analyser neither. */
#include <tenure/box.h>

int right_box(struct tn_dma_pool *pool);
int right_box(struct tn_dma_pool *pool)
{
    struct tn_dma_buffer_box *b = tn_box_alloc(pool);
    if (b == NULL)
        return -1;
    struct tn_fence_box *f = tn_box_submit(b, 64);
    b = tn_box_complete(f, 64);
    int used = (int)tn_box_used(b);
    tn_box_release(b);
    return used;
}

int right_boxes_in_a_loop(struct tn_dma_pool *pool, int n);
int right_boxes_in_a_loop(struct tn_dma_pool *pool, int n)
{
    struct tn_dma_buffer_box *b = tn_box_alloc(pool);
    for (int i = 0; i < n; i++)
        b = tn_box_complete(tn_box_submit(b, 64), 64);
    tn_box_release(b);
    return 0;
}

struct request {
    struct request *next;
    struct tn_fence_box *fence;
};
void right_list(struct request *list);
void right_list(struct request *list)
{
    for (; list != NULL; list = list->next) {
        tn_box_release(tn_box_complete(list->fence, 1));
        list->fence = NULL;
    }
}

int right_reset(struct tn_dma_pool *pool, int silent);
int right_reset(struct tn_dma_pool *pool, int silent)
{
    struct tn_fence_box *f = tn_box_submit(tn_box_alloc(pool), 64);
    if (!silent) {
        tn_box_quarantine(f);
        return -1;
    }
    tn_box_release(tn_box_fail(f, TN_EABORTED));
    return 0;
}

/* A pool that is not empty yet is not gone: it may be asked, and destroyed later. */
int right_end_of_a_pool(void (*drain)(struct tn_dma_pool *pool), int patience);
int right_end_of_a_pool(void (*drain)(struct tn_dma_pool *pool), int patience)
{
    const struct tn_dma_pool_config config = {.count = 1, .buffer_bytes = 64};
    struct tn_dma_pool *pool = tn_dma_pool_create(&config, NULL);
    if (pool == NULL)
        return -1;
    while (tn_dma_pool_destroy(pool) == TN_ESTATE) {
        if (patience-- == 0)
            return (int)tn_dma_pool_counts(pool).in_flight;
        drain(pool);
    }
    return 0;
}
