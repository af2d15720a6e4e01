/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupt remapping entries (VT-d Specification 4.0, sections 5.1 and 9.9): a message names an entry, the entry says
 * who may send it and which vector it becomes. One entry a route; what has none is blocked.
 */
#ifndef TENURE_KERNEL_VTD_REMAP_H
#define TENURE_KERNEL_VTD_REMAP_H

#include <tenure/abi/status.h>

#include "arch/x86_64/lapic.h"
#include "iommu/vtd/host.h"

enum {
    VTD_REMAP_ENTRIES = 256, /* one page */
    VTD_REMAP_SIZE = 7,      /* the same as IRTA has it: 2 to the power of this and 1 */
};

struct vtd_remap {
    const struct vtd_host *host;
    uint64_t physical;
    bool coherent;
};

/* No entry present. TN_EEXHAUSTED. */
TN_MUST_CHECK enum tn_status vtd_remap_init(struct vtd_remap *remap, const struct vtd_host *host, bool coherent);
/* Entry `index` becomes `vector` on the CPU with this (xAPIC) id, fixed, for messages of `requester` alone. TN_ESTATE:
 * it is in use. The caller invalidates. */
TN_MUST_CHECK enum tn_status vtd_remap_set(struct vtd_remap *remap, uint32_t index, uint8_t vector, uint8_t apic_id,
                                           bool level, uint16_t requester);
/* The caller invalidates, and waits, before anybody uses the vector again. */
void vtd_remap_clear(struct vtd_remap *remap, uint32_t index);

/* What a source sends to name entry `index`: address, with data 0 (section 5.1.5.2). */
static inline uint32_t vtd_remap_address(uint32_t index)
{
    return (uint32_t)LOCAL_APIC_START | (index & 0x7fff) << 5 | 1u << 4 | (index >> 15 & 1) << 2;
}

#endif
