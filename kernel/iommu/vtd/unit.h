/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One remapping unit: what it can do, how it is switched on with everything blocked, and its fault log. Whatever fails
 * leaves a unit that is not used, and then no device behind it is given a remapped policy.
 */
#ifndef TENURE_KERNEL_VTD_UNIT_H
#define TENURE_KERNEL_VTD_UNIT_H

#include <tenure/abi/status.h>

#include "iommu/iommu.h"
#include "iommu/vtd/context.h"
#include "iommu/vtd/host.h"
#include "iommu/vtd/queue.h"
#include "iommu/vtd/remap.h"

struct vtd_unit {
    struct vtd_host host;
    uint64_t cap, ecap;
    uint32_t levels; /* of page tables: 3 or 4 */
    bool coherent, large, caching_mode;
    bool translates, remaps; /* both on and read back */
    struct vtd_contexts contexts;
    struct vtd_queue queue;
    struct vtd_remap remap;
    uint64_t faults, overflows;
};

/* What is wrong with a unit: for the log. */
struct vtd_trouble {
    const char *what;
    uint64_t value;
};

/* How many bytes of registers there are, from CAP and ECAP; 0: they make no sense (all ones: nobody there). */
uint32_t vtd_unit_bytes(uint64_t cap);
/* Checks what the unit can do. TN_ENOTSUP: it lacks something that isolation needs; `trouble` says what. */
TN_MUST_CHECK enum tn_status vtd_unit_check(struct vtd_unit *unit, const struct vtd_host *host,
                                            struct vtd_trouble *trouble);
/* Translation on, every requester blocked; with `remap` interrupt remapping as well, every message blocked. TN_EIO,
 * TN_EEXHAUSTED: `trouble` says which step; the unit must not be used. */
TN_MUST_CHECK enum tn_status vtd_unit_start(struct vtd_unit *unit, bool remap, struct vtd_trouble *trouble);
/* Fault events come as this message. */
void vtd_unit_set_fault_message(struct vtd_unit *unit, uint32_t address, uint32_t data);
/* Takes the next fault out of the log; false: none is left. Call until false. */
bool vtd_unit_next_fault(struct vtd_unit *unit, struct iommu_fault *fault);
#endif
