/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Second-level page tables of one domain (VT-d Specification 4.0, sections 3.7 and 9.8), in runs: a run is a piece of
 * device addresses on a border of 2 MiB, with tables of its own whose entries lie in a row, so that a page is mapped
 * with one store and unmapped with another. Nothing is invalidated here.
 */
#ifndef TENURE_KERNEL_VTD_TABLE_H
#define TENURE_KERNEL_VTD_TABLE_H

#include <tenure/abi/status.h>

#include "iommu/iommu.h"
#include "iommu/vtd/host.h"

struct vtd_table {
    const struct vtd_host *host;
    uint64_t root; /* physical */
    uint32_t levels;
    bool coherent;
    bool large; /* the unit knows pages of 2 MiB */
};

/* levels 3 (39 bits) or 4 (48). TN_EEXHAUSTED. */
TN_MUST_CHECK enum tn_status vtd_table_init(struct vtd_table *table, const struct vtd_host *host, uint32_t levels,
                                            bool coherent, bool large);
/* Frees every table; runs are released before. */
void vtd_table_free(struct vtd_table *table);

/* Tables for `pages` pages from `iova` on, all unmapped. TN_EINVAL: not on 2 MiB, no pages, beyond the address width,
 * or something is there. TN_EEXHAUSTED. Nothing is changed unless TN_OK. */
TN_MUST_CHECK enum tn_status vtd_run_make(struct vtd_table *table, uint64_t iova, uint64_t pages,
                                          struct iommu_run *run);
/* The same, mapped as a whole from `physical` on, for as long as it is: with pages of 2 MiB where both sides allow. */
TN_MUST_CHECK enum tn_status vtd_run_make_mapped(struct vtd_table *table, uint64_t iova, uint64_t physical,
                                                 uint64_t pages, uint32_t rights, struct iommu_run *run);
/* Unlinks it. Its tables are kept until vtd_run_free: the unit may read them until it is invalidated. */
void vtd_run_unlink(struct vtd_table *table, const struct iommu_run *run);
void vtd_run_free(struct vtd_table *table, struct iommu_run *run);

/* Pages [page, page + pages) of a run of vtd_run_make. */
void vtd_run_map(const struct vtd_table *table, const struct iommu_run *run, uint64_t page, uint64_t pages,
                 uint64_t physical, uint32_t rights);
void vtd_run_unmap(const struct vtd_table *table, const struct iommu_run *run, uint64_t page, uint64_t pages);

#endif
