/* SPDX-License-Identifier: Apache-2.0 */
/* Inside iommu/vtd/: the units of this machine, for the files that implement iommu/iommu.h. */
#ifndef TENURE_KERNEL_VTD_UNITS_H
#define TENURE_KERNEL_VTD_UNITS_H

#include "firmware/dmar.h"
#include "iommu/vtd/unit.h"

struct memory_map;
struct pci_function;

struct unit {
    struct vtd_unit vtd;
    volatile uint8_t *registers;
    int32_t structure; /* of the DMAR */
    uint32_t segment;
    uint64_t domain_used[1024]; /* a bit for each domain id; 0 is never given out */
    const char *trouble;        /* why it is not used, or NULL */
};

/* What iommu_init was given; dmar is NULL if there is none that is used. */
extern const struct dmar *vtd_dmar;
extern const struct memory_map *vtd_memory_map;

uint32_t unit_index_of(const struct pci_function *function);
/* The unit of this structure of the DMAR; NULL: it is not kept. */
struct unit *unit_at(int32_t structure);
/* The unit in front of a function, whether it is used or not; NULL: none. */
struct unit *unit_of(const struct pci_function *function);
/* One invalidation, done. TN_EIO. */
TN_MUST_CHECK enum tn_status unit_order(struct unit *unit, struct vtd_descriptor order);

#endif
