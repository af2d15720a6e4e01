/* SPDX-License-Identifier: Apache-2.0 */
/* What the inline functions of batch.h leave: each buffer goes the way it would go alone. */
#include <tenure/batch.h>

#include "pool_inside.h"

void tn_dma_batch_alloc_otherwise(struct tn_dma_batch *batch)
{
    batch->status = TN_ERANGE;
    if (batch->count == 0 || batch->count > batch->room)
        return;
    for (uint32_t i = 0; i < batch->count; i++) {
        batch->entry[i] = tn_dma_alloc_otherwise(batch->pool);
        if (batch->entry[i].mark != 0)
            continue;
        batch->status = (uint32_t)batch->entry[i].slot;
        for (uint32_t k = 0; k < i; k++)
            tn_dma_release_otherwise(batch->pool, batch->entry[k].mark, (uint32_t)batch->entry[k].slot);
        return;
    }
    batch->status = TN_OK;
}

void tn_dma_batch_submit_otherwise(struct tn_dma_batch *batch, uint32_t first, uint32_t length)
{
    uint32_t kept = first;
    batch->status = length == 0 || length > tn_inside(batch->pool)->buffer_bytes ? TN_ERANGE : TN_OK;
    if (batch->status != TN_OK)
        return;
    for (uint32_t i = first; i < batch->count; i++) {
        const struct tn_buffer_name name = batch->entry[i];
        batch->entry[kept] = tn_dma_submit_otherwise(batch->pool, name.mark, (uint32_t)name.slot, length);
        if (batch->entry[kept].mark != 0)
            kept++;
    }
    batch->count = kept;
}

void tn_dma_batch_complete_otherwise(struct tn_fence_batch *fences, uint32_t first, uint32_t *used)
{
    uint32_t kept = first;
    for (uint32_t i = first; i < fences->count; i++) {
        const struct tn_buffer_name name = fences->entry[i];
        const uint32_t claimed = used != NULL ? used[i] : fences->length;
        enum tn_status status;
        fences->entry[kept] = tn_dma_complete_otherwise(fences->pool, name.mark, (uint32_t)name.slot, claimed, &status);
        if (fences->entry[kept].mark == 0)
            continue;
        if (used != NULL)
            used[kept] = status == TN_OK ? claimed : 0;
        kept++;
    }
    fences->count = kept;
}

void tn_dma_batch_release_otherwise(struct tn_dma_batch *batch, uint32_t first)
{
    for (uint32_t i = first; i < batch->count; i++)
        tn_dma_release_otherwise(batch->pool, batch->entry[i].mark, (uint32_t)batch->entry[i].slot);
}
