/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pools and shared memory of a driver.
 */
#include "dma.h"

#include "ring.h"

enum tn_status tn_dma_device_pool(uint64_t device, uint64_t bytes, uint64_t *pool)
{
    struct tn_sqe sqe = {.op = TN_OP_POOL_CREATE, .handle = device, .arg = {bytes, 1}};
    struct tn_cqe answer;
    enum tn_status status = tn_ring_call(&sqe, &answer);
    if (status == TN_OK)
        *pool = answer.value[0];
    return status;
}

enum tn_status tn_dma_shared_alloc(uint64_t pool, uint64_t length, struct tn_dma_shared *shared)
{
    struct tn_sqe sqe = {.op = TN_OP_SHARED_ALLOC, .handle = pool, .arg = {length}};
    struct tn_cqe answer;
    enum tn_status status = tn_ring_call(&sqe, &answer);
    if (status == TN_OK)
        *shared = (struct tn_dma_shared){
            .data = (uint8_t *)answer.value[1], .length = length, .token = {.bits = answer.value[2]}};
    return status;
}

enum tn_status tn_dma_bus_master(uint64_t device, enum tn_bus_master state)
{
    struct tn_sqe sqe = {.op = TN_OP_DEVICE_BUS_MASTER, .handle = device, .arg = {(uint64_t)state}};
    return tn_ring_call(&sqe, NULL);
}
