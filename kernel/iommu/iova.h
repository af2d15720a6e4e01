/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device addresses of one domain, chosen by the kernel, in units of 2 MiB: first fit in the lower 4 GiB, which every
 * device can address, then above. What must not be used is marked before: the first 16 MiB, the interrupt messages at
 * 0xfee00000 (VT-d Specification 4.0, section 3.14), reserved memory, and the registers of devices, which a request
 * could reach without passing the IOMMU. Pure.
 */
#ifndef TENURE_KERNEL_IOVA_H
#define TENURE_KERNEL_IOVA_H

#include <stdbool.h>
#include <stdint.h>

#include <tenure/abi/status.h>

enum {
    IOVA_UNIT_SHIFT = 21,
    IOVA_UNITS = 1 << 16, /* 128 GiB */
};

struct iova_space {
    uint64_t taken[IOVA_UNITS / 64];
};

/* All free but the first 16 MiB and the interrupt messages; of `bits` address bits (at least 32). */
void iova_init(struct iova_space *space, uint32_t bits);
/* Nothing of [start, end) will be given out; end is not included. */
void iova_reserve(struct iova_space *space, uint64_t start, uint64_t end);
/* TN_EEXHAUSTED: no such piece is free. */
TN_MUST_CHECK enum tn_status iova_take(struct iova_space *space, uint64_t bytes, uint64_t *iova);
/* What iova_take gave, with the same length. */
void iova_give(struct iova_space *space, uint64_t iova, uint64_t bytes);

#endif
