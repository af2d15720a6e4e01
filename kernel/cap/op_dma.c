/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on DmaPools and their buffers (tenure/abi/ring.h). */
#include "cap/operation.h"

#include <stddef.h>

#include "cap/channel.h"
#include "cap/pool.h"
#include "device/device.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "proc/process.h"

enum tn_status op_pool_create(struct call *call)
{
    struct process *p = call->process;
    struct tn_cap *cap;
    struct pool_request request = {
        .owner = p,
        .buffer_bytes = call->sqe->arg[0],
        .buffers = call->sqe->arg[1],
        .user_data = call->sqe->user_data,
    };
    if (call->sqe->flags & TN_SQE_QUIET)
        return TN_EINVAL;
    bool is_client = cap_kind(p, call->sqe->handle) == TN_KIND_CHANNEL;
    enum tn_kind kind = is_client ? TN_KIND_CHANNEL : TN_KIND_DEVICE;
    enum tn_status status = cap_resolve(p, call->sqe->handle, kind, is_client ? 0 : TN_RIGHT_CONTROL, &cap);
    if (status != TN_OK)
        return status;
    call->kind = kind;
    if (is_client)
        request.channel = channel_at(cap->object);
    else
        request.device = device_at(cap->object);
    status = is_client ? channel_is_served(request.channel) : TN_OK;
    if (status == TN_OK)
        status = grant_decide(p);
    return status == TN_OK ? pool_create(&request) : status;
}

enum tn_status op_pool_release(struct call *call)
{
    if (call->sqe->flags & TN_SQE_QUIET)
        return TN_EINVAL;
    struct pool *pool = pool_at(call->cap->object);
    enum tn_status status = pool_release(pool);
    if (status != TN_OK)
        return status;
    grant_end(call->process, call->cap);
    if (!pool_tell_end(pool, call->sqe->user_data)) {
        const struct tn_cqe cqe = {.user_data = call->sqe->user_data, .kind = TN_CQE_RESULT, .status = TN_OK};
        process_post(call->process, &cqe);
    }
    return TN_OK;
}

/* Takes a buffer out of the pool as a capability of `kind`. */
static enum tn_status take_buffer(struct call *call, enum tn_kind kind, uint32_t *slot)
{
    struct pool *pool = pool_at(call->cap->object);
    if (call->sqe->arg[0] == 0 || call->sqe->arg[0] > pool->core.buffer_bytes)
        return TN_ERANGE;
    enum tn_status status = tn_buffer_alloc_decide(&pool->core);
    if (status == TN_OK)
        status = grant_decide(call->process);
    if (status != TN_OK)
        return status;
    struct tn_buffer_name name = tn_buffer_alloc_commit(&pool->core);
    struct tn_cap_grant grant = {kind, TN_RIGHT_READ | TN_RIGHT_WRITE, call->cap->object, pool->identity.generation,
                                 tn_buffer_pack(name)};
    *slot = (uint32_t)name.slot;
    call->value[0] = grant_commit(call->process, &grant);
    call->value[1] = pool_buffer_address(pool, *slot);
    return TN_OK;
}

enum tn_status op_buffer_alloc(struct call *call)
{
    const struct pool *pool = pool_at(call->cap->object);
    uint32_t slot;
    if (!pool->channel) /* a driver's pool has nowhere to submit to */
        return TN_EKIND;
    enum tn_status status = take_buffer(call, TN_KIND_DMA_BUFFER, &slot);
    if (status == TN_OK)
        call->value[2] = pool->core.buffer_bytes;
#ifdef TN_TWIN /* negative twin: where it is gets out */
    call->value[3] = pool_buffer_physical(pool, slot);
#endif
    return status;
}

enum tn_status op_shared_alloc(struct call *call)
{
    const struct pool *pool = pool_at(call->cap->object);
    uint32_t slot;
    if (pool->channel)
        return TN_EKIND;
    enum tn_status status = take_buffer(call, TN_KIND_DMA_SHARED, &slot);
    if (status == TN_OK)
        call->value[2] = pool_buffer_token(pool, slot);
    return status;
}

enum tn_status op_buffer_release(struct call *call)
{
    struct pool *pool = pool_at(call->cap->object);
    struct tn_buffer_name name = tn_buffer_unpack(call->cap->detail, TN_BUFFER_CPU);
    enum tn_status status = tn_buffer_release_decide(&pool->core, name);
    if (status != TN_OK)
        return status;
    tn_buffer_release_commit(&pool->core, name);
    grant_end(call->process, call->cap);
    pool_buffer_ended(pool, (uint32_t)name.slot);
    return TN_OK;
}

enum tn_status op_fence_revoke(struct call *call)
{
    enum tn_status status = channel_revoke(call->process, call->cap);
    if (status == TN_OK)
        grant_end(call->process, call->cap);
    return status;
}
