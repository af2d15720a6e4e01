/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The block class protocol: what a client puts into TN_OP_SUBMIT on a channel to a block service.
 * Addresses and lengths are in bytes and must be multiples of the logical block size.
 */
#ifndef TENURE_ABI_BLK_H
#define TENURE_ABI_BLK_H

#include <stdint.h>

enum tn_blk_opcode {
    /* No buffer. Answer word 0 = capacity in bytes, word 1 = tn_blk_geometry(). */
    TN_BLK_INFO = 1,
    TN_BLK_READ = 2,  /* TN_FROM_DEVICE, arg3 = byte address */
    TN_BLK_WRITE = 3, /* TN_TO_DEVICE, arg3 = byte address */
    /* No buffer. Covers the writes acknowledged before it was submitted: done means durable. arg3 = the last loss of
     * the device's cache that the client has heard of, by number; 0: of none. TN_ECACHELOST: there was another since,
     * by a reset; answer word 0 = its number. What was acknowledged since the last FLUSH that was done may be gone, and
     * is to be written again; each FLUSH ends so until one names the number. A driver has it from TN_OP_DEVICE_QUERY:
     * with TN_DEVICE_LOST_CACHE, value1 is one that no reset of the device before had. */
    TN_BLK_FLUSH = 4,
};

enum tn_blk_flag {
    TN_BLK_READ_ONLY = 1u << 0,
    TN_BLK_HAS_FLUSH = 1u << 1, /* the device has a volatile cache and takes FLUSH */
};

static inline uint64_t tn_blk_geometry(uint32_t block_bytes, uint32_t flags)
{
    return (uint64_t)block_bytes | (uint64_t)flags << 32;
}
static inline uint32_t tn_blk_geometry_block_bytes(uint64_t word)
{
    return (uint32_t)word;
}
static inline uint32_t tn_blk_geometry_flags(uint64_t word)
{
    return (uint32_t)(word >> 32);
}

#endif
