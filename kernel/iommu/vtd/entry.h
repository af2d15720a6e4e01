/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of 128 bits that a unit reads on its own: root, context, interrupt remapping. Bit 0 says that one is there.
 */
#ifndef TENURE_KERNEL_VTD_ENTRY_H
#define TENURE_KERNEL_VTD_ENTRY_H

#include "iommu/vtd/host.h"

enum { VTD_ENTRY_PRESENT = 1 << 0 };

struct vtd_entry {
    uint64_t low, high;
};

/* In an order in which the unit never sees a present entry with another one's upper half. */
static inline void vtd_entry_set(const struct vtd_host *host, bool coherent, struct vtd_entry *entry,
                                 struct vtd_entry value)
{
    __atomic_store_n(&entry->low, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&entry->high, value.high, __ATOMIC_RELEASE);
    __atomic_store_n(&entry->low, value.low, __ATOMIC_RELEASE);
    if (!coherent)
        vtd_host_write_back(host->context, entry, sizeof *entry);
}

#endif
