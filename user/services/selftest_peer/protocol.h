/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What selftest_dma asks of selftest_peer. The peer is another process with its own capability table and its own
 * memory.
 */
#ifndef TENURE_SELFTEST_PROTOCOL_H
#define TENURE_SELFTEST_PROTOCOL_H

#include <stdint.h>

enum selftest_op {
    PEER_TRY_RELEASE = 1, /* argument = a number: release it as a buffer. Answer 0 = status. */
    PEER_TRY_SUBMIT =
        2,         /* argument = a number: submit it to the peer's own block service. Answer 0 = status at the fence. */
    PEER_HOLD = 3, /* argument = n: answered when n of these are there, all at once */
    PEER_COUNT_DIRT =
        4, /* argument = peer_pool(): allocates such a pool. Answer 0 = status, 1 = bytes that are not zero. */
    PEER_USE_PART =
        5,        /* a buffer TN_FROM_DEVICE; argument = n: completed with n bytes used, which the peer cannot write */
    PEER_LIE = 6, /* completes this very request wrongly in every way, asks for too many credits; answer 0 = how many of
                     these were not refused as they must be */
};

static inline uint64_t peer_pool(uint32_t buffer_bytes, uint32_t count)
{
    return (uint64_t)buffer_bytes | (uint64_t)count << 32;
}

#endif
