/* SPDX-License-Identifier: Apache-2.0 */
/* The same, with the mistake that corrupts memory in every driver framework once. It does not compile. */
#include <stdio.h>
#include <tenure/tenure.h>

void send_greeting(struct tn_dma_pool *pool, struct tn_parked_fence *request);
void send_greeting(struct tn_dma_pool *pool, struct tn_parked_fence *request)
{
    TN_DMA_BUFFER(buffer);
    TN_FENCE(fence);
    if (!tn_dma_buffer_alloc(pool, &buffer))
        return;
    if (!tn_dma_submit(&buffer, 64, &fence)) {
        tn_dma_buffer_release(&buffer);
        return;
    }
    snprintf(tn_dma_buffer_data(&buffer), 64, "hello, device"); /* too late: the device has it */
    if (!tn_fence_park(&fence, request))
        tn_fence_quarantine(&fence);
}
