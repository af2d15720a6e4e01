/* SPDX-License-Identifier: Apache-2.0 */
/* What the refusals of the direct path are called. None of these is on it. */
#include "dma_direct.h"

enum tn_status tn_direct_submit_refusal(const struct tn_pool *pool, struct tn_buffer_name name, uint32_t length)
{
    if (pool->direct == 0)
        return TN_ENOTSUP;
    if (!tn_buffer_is_name(pool, name))
        return TN_ESTALE;
    if (tn_mark_state(name.mark) != TN_BUFFER_CPU || !pool->open)
        return TN_ESTATE;
    return length == 0 || length > pool->buffer_bytes ? TN_ERANGE : TN_ERETIRED;
}

enum tn_status tn_direct_complete_refusal(const struct tn_pool *pool, struct tn_buffer_name name)
{
    if (pool->direct == 0)
        return TN_ENOTSUP;
    return tn_buffer_is_name(pool, name) && tn_mark_state(name.mark) == TN_BUFFER_IN_FLIGHT ? TN_EPROTOCOL : TN_ESTALE;
}

enum tn_status tn_direct_release_refusal(const struct tn_pool *pool, struct tn_buffer_name name)
{
    if (pool->direct == 0)
        return TN_ENOTSUP;
    return tn_buffer_is_name(pool, name) ? TN_ESTATE : TN_ESTALE;
}
