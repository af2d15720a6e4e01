/* SPDX-License-Identifier: Apache-2.0 */
/* What the wrong programs have in common. */
#ifndef TENURE_TESTS_OWNERSHIP_WRONG_H
#define TENURE_TESTS_OWNERSHIP_WRONG_H

#include "driver.h"

/* A buffer `b`, and an empty fence `f`. */
#define TAKE(pool)                                                                                                     \
    TN_DMA_BUFFER(b);                                                                                                  \
    TN_FENCE(f);                                                                                                       \
    if (!tn_dma_buffer_alloc(pool, &b))                                                                                \
    return
#define SEND(buffer, fence)                                                                                            \
    if (!tn_dma_submit(&buffer, 64, &fence)) {                                                                         \
        tn_dma_buffer_release(&buffer);                                                                                \
        return;                                                                                                        \
    }
#define BACK(fence, buffer)                                                                                            \
    if (tn_fence_complete(&fence, 64, &buffer))                                                                        \
    tn_dma_buffer_release(&buffer)

void wrong(struct driver *d, int x);

#endif
