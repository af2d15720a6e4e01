/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The IOMMU as the rest of the kernel sees it: domains, what is mapped in them, interrupt remapping entries, faults.
 * Behind it is iommu/vtd/; nothing of it shows here.
 *
 * One domain a claimed device. A device without one reaches nothing. Device addresses are chosen here and never come
 * from a process. What was unmapped, unlinked or blocked can be used again only after a function here that waits has
 * said TN_OK; after anything else the memory stays out of use for good.
 */
#ifndef TENURE_KERNEL_IOMMU_H
#define TENURE_KERNEL_IOMMU_H

#include <stdbool.h>
#include <stdint.h>

#include <tenure/abi/status.h>

struct acpi_info;
struct iommu_domain;
struct memory_map;
struct pci_function;

enum iommu_right {
    IOMMU_READ = 1 << 0, /* the device may read */
    IOMMU_WRITE = 1 << 1,
};

/* A piece of a domain's addresses, for one pool. The fields are the IOMMU's, but for `iova` and `pages`. */
struct iommu_run {
    uint64_t iova;
    uint64_t pages; /* 0: none */
    uint64_t *entry;
    uint64_t tables_physical, tables;
};

/* Finds and starts every unit, with every device and every message blocked; says what it found and what it does not
 * use, and why. Before interrupt sources are programmed. */
void iommu_init(const struct acpi_info *acpi, const struct memory_map *memory);

/* May this function be given a domain? TN_ENOENT: no unit is in front of it. TN_ENOTSUP: there is one, and it is not
 * used, or the function's requests cannot be told apart from others'; *why says it. */
TN_MUST_CHECK enum tn_status iommu_covers(const struct pci_function *function, const char **why);
/* A new domain, which all of the function's requests go through; empty but for memory that firmware reserved for the
 * device. TN_EEXHAUSTED; TN_EIO; TN_EPOLICY: that reserved memory makes no sense. On failure the function stays
 * blocked. */
TN_MUST_CHECK enum tn_status iommu_attach(const struct pci_function *function, struct iommu_domain **domain);
/* The function reaches nothing any more, and nothing that it reached is cached. TN_EIO: nobody can say so. */
TN_MUST_CHECK enum tn_status iommu_block(struct iommu_domain *domain);
/* Frees a domain that was blocked with TN_OK. Its runs are released before. */
void iommu_free(struct iommu_domain *domain);

/* ---- memory ---- */

/* Addresses for `pages` pages, none of them mapped. TN_EEXHAUSTED, TN_EIO. */
TN_MUST_CHECK enum tn_status iommu_run_make(struct iommu_domain *domain, uint64_t pages, struct iommu_run *run);
/* The same, with all of [physical, …) mapped for as long as the run lives. */
TN_MUST_CHECK enum tn_status iommu_run_make_mapped(struct iommu_domain *domain, uint64_t physical, uint64_t pages,
                                                   uint32_t rights, struct iommu_run *run);
/* Unmaps, invalidates, waits, frees. TN_EIO: the device may still reach it; addresses and tables stay taken. */
TN_MUST_CHECK enum tn_status iommu_run_release(struct iommu_domain *domain, struct iommu_run *run);
/* Pages of a run of iommu_run_make. Before the device is told of them: iommu_sync_mapped. */
void iommu_map(struct iommu_domain *domain, const struct iommu_run *run, uint64_t page, uint64_t pages,
               uint64_t physical, uint32_t rights);
/* Before anybody gets the memory: iommu_sync. */
void iommu_unmap(struct iommu_domain *domain, const struct iommu_run *run, uint64_t page, uint64_t pages);
/* Nothing that was unmapped since the last one is reached any more. TN_EIO: nobody can say so. */
TN_MUST_CHECK enum tn_status iommu_sync(struct iommu_domain *domain);
/* The device reaches what was mapped. Only a unit that caches what is not there needs it (caching mode). */
TN_MUST_CHECK enum tn_status iommu_sync_mapped(struct iommu_domain *domain);

/* ---- interrupts ---- */

/* What a source writes to raise an interrupt; the upper half of the address is 0. */
struct iommu_message {
    uint32_t address;
    uint32_t data;
};
/* Entry `route` (0 to 255) of the unit in front of the function, for its messages alone, becomes `vector` on the CPU
 * `apic_id`. TN_ENOENT: no remapping is on there, and nothing was changed: the source sends messages of the old format.
 */
TN_MUST_CHECK enum tn_status iommu_route_set(const struct pci_function *function, uint32_t route, uint8_t vector,
                                             uint32_t apic_id, struct iommu_message *message);
/* The same for an input of I/O APIC `id`; *index is the entry for its redirection register. */
TN_MUST_CHECK enum tn_status iommu_route_set_ioapic(uint8_t id, uint32_t route, uint8_t vector, uint32_t apic_id,
                                                    bool level, uint32_t *index);
/* No message becomes this route's interrupt any more. TN_EIO: nobody can say so. TN_OK where no remapping is on. */
TN_MUST_CHECK enum tn_status iommu_route_clear(uint32_t route);

/* ---- faults ---- */

struct iommu_fault {
    uint32_t requester; /* as pci_function.bdf */
    const char *reason;
    uint8_t reason_number; /* the hardware's */
    bool is_read;
    bool is_overflow; /* of a log that was full: the rest means nothing */
};
/* The next fault of any unit; false: none is left. */
bool iommu_next_fault(struct iommu_fault *fault);
/* Faults come as this vector; a machine without a unit never sends it. */
void iommu_set_fault_vector(uint8_t vector, uint32_t apic_id);

/* ---- views ---- */

struct iommu_view {
    uint32_t segment;
    uint32_t levels, address_bits, domains, fault_records;
    bool translates, remaps, coherent, large, caching_mode, failed;
    uint64_t faults, overflows, orders, waits;
    const char *trouble; /* why it is not used, or NULL */
};
/* Unit `index`; false: there are not so many. */
bool iommu_view(uint32_t index, struct iommu_view *view);

#endif
