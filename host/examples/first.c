/* SPDX-License-Identifier: Apache-2.0 */
/* The shortest life of a buffer. The device is this program: it is done at once. */
#include <stdio.h>
#include <tenure/tenure.h>

int main(void)
{
    const struct tn_dma_pool_config config = {.count = 32, .buffer_bytes = 2048};
    struct tn_dma_pool *pool = tn_dma_pool_create(&config, NULL);
    TN_DMA_BUFFER(buffer);
    TN_FENCE(fence);
    if (pool == NULL || !tn_dma_buffer_alloc(pool, &buffer))
        return 1;
    snprintf(tn_dma_buffer_data(&buffer), 64, "hello, device");
    if (tn_dma_submit(&buffer, 64, &fence)) {
        /* here a driver writes tn_fence_address(&fence) into a descriptor, and later sees it done */
        if (!tn_fence_complete(&fence, 64, &buffer))
            return 2;
        printf("%s: %u bytes\n", (char *)tn_dma_buffer_data(&buffer), tn_dma_buffer_used(&buffer));
    }
    tn_dma_buffer_release(&buffer);
    return tn_dma_pool_destroy(pool) != TN_OK;
}
