/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A driver's DMA: ring memory that it shares with its device, and the one seam at which the token of a buffer becomes
 * the address in a descriptor. What a client owns is tenure/dma.h's subject.
 */
#ifndef TENURE_USER_DMA_H
#define TENURE_USER_DMA_H

#include <stdint.h>

#include <tenure/abi/ring.h>
#include <tenure/abi/status.h>

#include "service.h"

/* Zeroed memory that CPU and device both see while the driver lives. */
struct tn_dma_shared {
    uint8_t *data;
    uint64_t length;
    struct tn_dma_token token;
};

/* A pool of the device itself, for ring memory. TN_EPOLICY: the manifest gives this device no DMA. */
TN_MUST_CHECK enum tn_status tn_dma_device_pool(uint64_t device, uint64_t bytes, uint64_t *pool);
TN_MUST_CHECK enum tn_status tn_dma_shared_alloc(uint64_t pool, uint64_t length, struct tn_dma_shared *shared);
/* Lets the device access memory, or stops it. Only after a pool was granted. */
enum tn_bus_master {
    TN_BUS_MASTER_OFF = 0,
    TN_BUS_MASTER_ON = 1,
};
TN_MUST_CHECK enum tn_status tn_dma_bus_master(uint64_t device, enum tn_bus_master state);

/* The seam: the address to write into a descriptor that makes the device read (TN_TO_DEVICE) or write (TN_FROM_DEVICE)
 * at `offset` of what the token names. The token of a request names it from its arrival to its completion, in its
 * direction and length; a policy under which the token is no address changes this function and no driver. */
static inline uint64_t tn_dma_post(struct tn_dma_token token, uint64_t offset, enum tn_direction direction)
{
    (void)direction;
    return token.bits + offset;
}

#endif
