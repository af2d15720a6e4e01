/* SPDX-License-Identifier: Apache-2.0 */
/* iommu.h for Intel VT-d: domains, and what is mapped in them. */
#include <stddef.h>

#include <tenure/abi/ring.h>

#include "arch/x86_64/layout.h"
#include "diag/log.h"
#include "iommu/iommu.h"
#include "iommu/iova.h"
#include "iommu/vtd/registers.h"
#include "iommu/vtd/scope.h"
#include "iommu/vtd/units.h"
#include "lib/lock.h"
#include "mm/frame.h"
#include "pci/host.h"
#include "pci/requester.h"
#include "pci/scan.h"

enum { RESERVED_MAX = 8 }; /* RMRRs of one device */
/* Up to 4 GiB chipset registers (I/O APICs, HPET, TPM), interrupt messages and the BIOS; never memory for a device. */
#define CHIPSET_START UINT64_C(0xfec00000)
#define FOUR_GIB      (UINT64_C(1) << 32)

struct iommu_domain {
    struct unit *unit;
    struct vtd_table table;
    uint16_t id;
    uint16_t requester[PCI_REQUESTERS_MAX];
    uint32_t requesters;
    bool attached;
    struct iommu_run reserved[RESERVED_MAX];
    uint32_t reserved_count;
    struct iova_space iova;
};
#define DOMAIN_PAGES ((sizeof(struct iommu_domain) + PAGE_SIZE - 1) / PAGE_SIZE)

static uint16_t take_domain_id(struct unit *u)
{
    uint32_t limit = VTD_CAP_DOMAINS(u->vtd.cap);
    for (uint32_t id = 1; id < limit && id < 0x10000; id++)
        if (!(u->domain_used[id / 64] >> id % 64 & 1)) {
            u->domain_used[id / 64] |= UINT64_C(1) << id % 64;
            return (uint16_t)id;
        }
    return 0;
}

/* What a function decodes: its n-th BAR or, behind the BARs, its windows; false: no memory. */
static bool decodes(const struct pci_function *f, uint32_t n, uint64_t *start, uint64_t *end)
{
    if (n < PCI_BARS) {
        *start = f->bar[n].address;
        *end = *start + f->bar[n].size;
        return f->bar[n].flags & TN_BAR_MEMORY && *start != 0;
    }
    *start = f->bridge.window[n - PCI_BARS].start;
    *end = f->bridge.window[n - PCI_BARS].end;
    return f->header == PCI_HEADER_BRIDGE && n - PCI_BARS != RESOURCE_IO && *end != 0;
}
enum { DECODED_MAX = PCI_BARS + RESOURCE_KINDS };

/* Registers of every device: a request to such an address may turn round below the IOMMU. */
static void reserve_registers(struct iova_space *s)
{
    uint64_t start, end;
    for (uint32_t i = 0; i < pci_machine.count; i++)
        for (uint32_t n = 0; n < DECODED_MAX; n++)
            if (decodes(&pci_machine.function[i], n, &start, &end))
                iova_reserve(s, start, end);
}

/* Registers of devices, of the units themselves, configuration space: whoever reaches them undoes all of this. */
static bool has_registers(uint64_t first, uint64_t behind)
{
    uint64_t start, end;
    if (first < FOUR_GIB && CHIPSET_START < behind)
        return true;
    for (uint32_t n = 0; n < PCI_BUS_RUNS_MAX; n++)
        if (pci_host_window(n, &start, &end) && first < end && start < behind)
            return true;
    for (uint32_t i = 0; i < vtd_dmar->count; i++)
        if (vtd_dmar->structure[i].type == DMAR_DRHD && first < vtd_dmar->structure[i].base + PAGE_SIZE &&
            vtd_dmar->structure[i].base < behind)
            return true;
    for (uint32_t i = 0; i < pci_machine.count; i++)
        for (uint32_t n = 0; n < DECODED_MAX; n++)
            if (decodes(&pci_machine.function[i], n, &start, &end) && first < end && start < behind)
                return true;
    return false;
}

/* Reserved memory that firmware asks a device to keep: mapped one to one if it is memory, and nobody else has it. */
static bool is_firmware_memory(uint64_t start, uint64_t end)
{
    if (end <= start || end - start > UINT64_C(1) << 30)
        return false;
#ifdef TN_TWIN /* negative twin: what firmware says is done */
    return true;
#endif
    for (uint32_t i = 0; i < vtd_memory_map->count; i++) {
        const struct memory_range *r = &vtd_memory_map->range[i];
        if (r->type != MEMORY_RESERVED && r->type != MEMORY_FIRMWARE && start < r->end && r->start < end)
            return false;
    }
    return !has_registers(start, end);
}

static enum tn_status map_reserved(struct iommu_domain *d, const struct pci_function *f)
{
    for (uint32_t i = 0; i < vtd_dmar->count; i++) {
        const struct dmar_structure *s = &vtd_dmar->structure[i];
        if (s->type != DMAR_RMRR ||
            !vtd_scope_covers(vtd_dmar, s, pci_machine.function, pci_machine.count, unit_index_of(f)))
            continue;
        uint64_t start = s->base, pages = (s->limit + 1 - s->base) / PAGE_SIZE;
        uint64_t skip = start % (UINT64_C(1) << IOVA_UNIT_SHIFT) / PAGE_SIZE; /* runs begin on their border */
        if (!is_firmware_memory(s->base, s->limit + 1) || d->reserved_count == RESERVED_MAX) {
            log_line("iommu: %s: the memory that firmware reserved for it makes no sense (%lx to %lx): blocked",
                     pci_name(f->bdf).text, s->base, s->limit);
            return TN_EPOLICY;
        }
        struct iommu_run *run = &d->reserved[d->reserved_count];
        enum tn_status status = vtd_run_make(&d->table, start - skip * PAGE_SIZE, skip + pages, run);
        if (status != TN_OK)
            return status == TN_EINVAL ? TN_EPOLICY : status;
        d->reserved_count++;
        vtd_run_map(&d->table, run, skip, pages, start, IOMMU_READ | IOMMU_WRITE);
        iova_reserve(&d->iova, start, s->limit + 1);
        log_line("iommu: %s: %lu pages that firmware reserved for it stay in its reach", pci_name(f->bdf).text, pages);
    }
    return TN_OK;
}

static enum tn_status set_contexts(struct iommu_domain *d)
{
    struct unit *u = d->unit;
    enum tn_status status = TN_OK;
    for (uint32_t i = 0; status == TN_OK && i < d->requesters; i++)
        status = vtd_context_set(&u->vtd.contexts, d->requester[i], d->id, &d->table);
    if (status != TN_OK)
        return status;
    for (uint32_t i = 0; status == TN_OK && i < d->requesters; i++)
        status = unit_order(u, vtd_context_of(d->requester[i], u->vtd.caching_mode ? 0 : d->id));
    return status == TN_OK ? unit_order(u, vtd_iotlb_domain(d->id)) : status;
}

static void free_tables(struct iommu_domain *d)
{
    for (uint32_t i = 0; i < d->reserved_count; i++) {
        vtd_run_unlink(&d->table, &d->reserved[i]);
        vtd_run_free(&d->table, &d->reserved[i]);
    }
    if (d->table.root != 0)
        vtd_table_free(&d->table);
}

static enum tn_status block(struct iommu_domain *d)
{
    struct unit *u = d->unit;
    enum tn_status status = TN_OK;
    for (uint32_t i = 0; i < d->requesters; i++)
        vtd_context_clear(&u->vtd.contexts, d->requester[i], d->id);
    /* contexts before translations, each done before the next (section 6.5.3.2) */
    for (uint32_t i = 0; status == TN_OK && i < d->requesters; i++)
        status = unit_order(u, vtd_context_of(d->requester[i], d->id));
    return status == TN_OK ? unit_order(u, vtd_iotlb_domain(d->id)) : status;
}

static void free_domain(struct iommu_domain *d)
{
    struct unit *u = d->unit;
    free_tables(d);
    u->domain_used[d->id / 64] &= ~(UINT64_C(1) << d->id % 64) | (d->id == 0);
    frames_free((uint64_t)(uintptr_t)d - PHYSMAP_BASE, DOMAIN_PAGES);
}

enum tn_status iommu_attach(const struct pci_function *f, struct iommu_domain **domain)
{
    uint64_t physical;
    struct unit *u = unit_of(f);
    LOCK_SCOPE(LOCK_IOMMU);
    if (frames_alloc(DOMAIN_PAGES, &physical) != TN_OK)
        return TN_EEXHAUSTED;
    struct iommu_domain *d = phys_to_virt(physical);
    *d = (struct iommu_domain){.unit = u, .id = take_domain_id(u)};
    d->requesters = pci_requesters(pci_machine.function, unit_index_of(f), d->requester);
    uint32_t bits = 12 + 9 * u->vtd.levels;
    uint32_t width = VTD_CAP_ADDRESS_BITS(u->vtd.cap);
    iova_init(&d->iova, bits < width ? bits : width);
    reserve_registers(&d->iova);
    enum tn_status status = d->id == 0 ? TN_EEXHAUSTED : TN_OK;
    if (status == TN_OK)
        status = vtd_table_init(&d->table, &u->vtd.host, u->vtd.levels, u->vtd.coherent, u->vtd.large);
    if (status == TN_OK)
        status = map_reserved(d, f);
    if (status == TN_OK) {
        status = set_contexts(d);
        d->attached = true;
    }
    if (status == TN_OK) {
        *domain = d;
        return TN_OK;
    }
    if (!d->attached || block(d) == TN_OK)
        free_domain(d);
    return status;
}

enum tn_status iommu_block(struct iommu_domain *d)
{
    LOCK_SCOPE(LOCK_IOMMU);
    return block(d);
}

void iommu_free(struct iommu_domain *d)
{
    LOCK_SCOPE(LOCK_IOMMU);
    free_domain(d);
}

/* ---- memory ---- */

static enum tn_status sync(const struct iommu_domain *d)
{
    return unit_order(d->unit, vtd_iotlb_domain(d->id));
}

static enum tn_status made(struct iommu_domain *d, struct iommu_run *run, uint64_t bytes, enum tn_status status)
{
    if (status == TN_OK)
        status = d->unit->vtd.caching_mode ? sync(d) : TN_OK; /* tables above it may have been cached as missing */
    else
        iova_give(&d->iova, run->iova, bytes);
    return status;
}

enum tn_status iommu_run_make(struct iommu_domain *d, uint64_t pages, struct iommu_run *run)
{
    uint64_t iova;
    LOCK_SCOPE(LOCK_IOMMU);
    enum tn_status status = iova_take(&d->iova, pages * PAGE_SIZE, &iova);
    if (status != TN_OK)
        return status;
    return made(d, run, pages * PAGE_SIZE, vtd_run_make(&d->table, iova, pages, run));
}

enum tn_status iommu_run_make_mapped(struct iommu_domain *d, uint64_t physical, uint64_t pages, uint32_t rights,
                                     struct iommu_run *run)
{
    uint64_t iova;
    LOCK_SCOPE(LOCK_IOMMU);
    enum tn_status status = iova_take(&d->iova, pages * PAGE_SIZE, &iova);
    if (status != TN_OK)
        return status;
    return made(d, run, pages * PAGE_SIZE, vtd_run_make_mapped(&d->table, iova, physical, pages, rights, run));
}

enum tn_status iommu_run_release(struct iommu_domain *d, struct iommu_run *run)
{
    uint64_t iova = run->iova, bytes = run->pages * PAGE_SIZE;
    LOCK_SCOPE(LOCK_IOMMU);
    vtd_run_unlink(&d->table, run);
    enum tn_status status = sync(d);
    if (status != TN_OK)
        return status;
    vtd_run_free(&d->table, run);
    iova_give(&d->iova, iova, bytes);
    return TN_OK;
}

void iommu_map(struct iommu_domain *d, const struct iommu_run *run, uint64_t page, uint64_t pages, uint64_t physical,
               uint32_t rights)
{
    vtd_run_map(&d->table, run, page, pages, physical, rights);
}

void iommu_unmap(struct iommu_domain *d, const struct iommu_run *run, uint64_t page, uint64_t pages)
{
    vtd_run_unmap(&d->table, run, page, pages);
}

enum tn_status iommu_sync(struct iommu_domain *d)
{
    LOCK_SCOPE(LOCK_IOMMU);
    return sync(d);
}

enum tn_status iommu_sync_mapped(struct iommu_domain *d)
{
    return d->unit->vtd.caching_mode ? iommu_sync(d) : TN_OK;
}
