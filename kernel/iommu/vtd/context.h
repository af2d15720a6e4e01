/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Root and context entries: which table a requester's addresses go through (VT-d Specification 4.0, sections 3.4, 9.1
 * and 9.3). What has no entry reaches nothing: its requests fault.
 */
#ifndef TENURE_KERNEL_VTD_CONTEXT_H
#define TENURE_KERNEL_VTD_CONTEXT_H

#include <tenure/abi/status.h>

#include "iommu/vtd/host.h"
#include "iommu/vtd/table.h"

struct vtd_contexts {
    const struct vtd_host *host;
    uint64_t root; /* physical */
    bool coherent;
};

/* Everything blocked. TN_EEXHAUSTED. */
TN_MUST_CHECK enum tn_status vtd_contexts_init(struct vtd_contexts *contexts, const struct vtd_host *host,
                                               bool coherent);
/* Leads a requester (bus << 8 | device << 3 | function) through a table, as domain `domain`. TN_ESTATE: it goes through
 * one already. TN_EEXHAUSTED. The caller invalidates. */
TN_MUST_CHECK enum tn_status vtd_context_set(struct vtd_contexts *contexts, uint16_t requester, uint16_t domain,
                                             const struct vtd_table *table);
/* Blocks a requester if it goes through domain `domain`; the caller invalidates. */
void vtd_context_clear(struct vtd_contexts *contexts, uint16_t requester, uint16_t domain);

#endif
