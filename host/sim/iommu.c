/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An IOMMU behind the kernel's iommu/iommu.h. It caches what it has translated until it is told to forget, so that a
 * kernel which forgets to tell it is found out; it never gives an address twice.
 */
#include "iommu/iommu.h"

#include <stdlib.h>
#include <string.h>

#include "arch/x86_64/lapic.h"
#include "arch/x86_64/layout.h"
#include "diag/panic.h"
#include "machine.h"
#include "pci/function.h"

enum {
    DOMAINS = 16,
    RUNS = 256,
    ROUTES = 256,
    FAULTS = 64,
    REMAPPABLE = 1 << 4, /* in a message's address; the route is in bits 5 to 19 (VT-d Specification 4.0, 5.1.5.1) */
    ROUTE_SHIFT = 5,
    REASON_READ = 6,
    REASON_WRITE = 5,
    REASON_NONE = 2,
};

struct mapped {
    uint64_t iova, pages;
    uint64_t *entry;  /* physical | rights */
    uint64_t *cached; /* what the unit believes */
};

struct iommu_domain {
    uint32_t bdf;
    bool is_used, is_blocked;
    struct mapped run[RUNS];
};

static struct iommu_domain domains[DOMAINS];
static uint64_t next_iova = UINT64_C(0x100000000);
static struct {
    bool is_there;
    uint32_t bdf;
    uint8_t vector;
} remap[ROUTES];
static struct iommu_fault fault_log[FAULTS];
static uint32_t log_first, log_count;
static uint64_t faults, interrupts;

static void *must(void *memory)
{
    if (!memory)
        panic("sim: no memory of the host for the IOMMU");
    return memory;
}

/* ---- domains ---- */

enum tn_status iommu_covers(const struct pci_function *function, const char **why)
{
    (void)function, (void)why;
    return TN_OK;
}

enum tn_status iommu_attach(const struct pci_function *function, struct iommu_domain **domain)
{
    for (uint32_t i = 0; i < DOMAINS; i++)
        if (!domains[i].is_used) {
            domains[i] = (struct iommu_domain){.bdf = function->bdf, .is_used = true};
            *domain = &domains[i];
            return TN_OK;
        }
    return TN_EEXHAUSTED;
}

enum tn_status iommu_block(struct iommu_domain *domain)
{
    domain->is_blocked = true;
    return TN_OK;
}

void iommu_free(struct iommu_domain *domain)
{
    for (uint32_t i = 0; i < RUNS; i++)
        if (domain->run[i].pages != 0)
            panic("sim: a domain is freed with %lu pages of a run", domain->run[i].pages);
    domain->is_used = false;
}

/* ---- memory ---- */

static struct mapped *mapped_of(struct iommu_domain *domain, const struct iommu_run *run)
{
    for (uint32_t i = 0; i < RUNS; i++)
        if (domain->run[i].pages != 0 && domain->run[i].iova == run->iova)
            return &domain->run[i];
    panic("sim: no run at %016lx", run->iova);
}

enum tn_status iommu_run_make(struct iommu_domain *domain, uint64_t pages, struct iommu_run *run)
{
    struct mapped *m = NULL;
    for (uint32_t i = 0; i < RUNS && !m; i++)
        if (domain->run[i].pages == 0)
            m = &domain->run[i];
    if (!m)
        return TN_EEXHAUSTED;
    *m = (struct mapped){next_iova, pages, must(calloc(pages, 8)), must(calloc(pages, 8))};
    *run = (struct iommu_run){.iova = next_iova, .pages = pages};
    next_iova += (pages + 1) * PAGE_SIZE;
    return TN_OK;
}

enum tn_status iommu_run_make_mapped(struct iommu_domain *domain, uint64_t physical, uint64_t pages, uint32_t rights,
                                     struct iommu_run *run)
{
    enum tn_status status = iommu_run_make(domain, pages, run);
    if (status == TN_OK)
        iommu_map(domain, run, 0, pages, physical, rights);
    return status;
}

enum tn_status iommu_run_release(struct iommu_domain *domain, struct iommu_run *run)
{
    struct mapped *m = mapped_of(domain, run);
    free(m->entry);
    free(m->cached);
    *m = (struct mapped){0};
    *run = (struct iommu_run){0};
    return TN_OK;
}

void iommu_map(struct iommu_domain *domain, const struct iommu_run *run, uint64_t page, uint64_t pages,
               uint64_t physical, uint32_t rights)
{
    struct mapped *m = mapped_of(domain, run);
    for (uint64_t i = 0; i < pages; i++)
        m->entry[page + i] = (physical + i * PAGE_SIZE) | rights;
}

void iommu_unmap(struct iommu_domain *domain, const struct iommu_run *run, uint64_t page, uint64_t pages)
{
    struct mapped *m = mapped_of(domain, run);
    memset(m->entry + page, 0, pages * sizeof *m->entry);
}

enum tn_status iommu_sync(struct iommu_domain *domain)
{
    for (uint32_t i = 0; i < RUNS; i++)
        if (domain->run[i].pages != 0)
            memset(domain->run[i].cached, 0, domain->run[i].pages * sizeof *domain->run[i].cached);
    return TN_OK;
}

enum tn_status iommu_sync_mapped(struct iommu_domain *domain)
{
    (void)domain; /* what is not there is not cached */
    return TN_OK;
}

/* ---- interrupts ---- */

enum tn_status iommu_route_set(const struct pci_function *function, uint32_t route, uint8_t vector, uint32_t apic_id,
                               struct iommu_message *message)
{
    (void)apic_id;
    remap[route].is_there = true;
    remap[route].bdf = function->bdf;
    remap[route].vector = vector;
    *message =
        (struct iommu_message){.address = (uint32_t)LOCAL_APIC_START | REMAPPABLE | route << ROUTE_SHIFT, .data = 0};
    return TN_OK;
}

enum tn_status iommu_route_clear(uint32_t route)
{
    remap[route].is_there = false;
    return TN_OK;
}

/* ---- the devices' side ---- */

static void record(uint32_t bdf, bool is_write, uint8_t number, const char *reason)
{
    faults++;
    if (log_count == FAULTS)
        return;
    fault_log[(log_first + log_count++) % FAULTS] =
        (struct iommu_fault){.requester = bdf, .reason = reason, .reason_number = number, .is_read = !is_write};
    machine_raise(VECTOR_IOMMU);
}

bool iommu_next_fault(struct iommu_fault *fault)
{
    if (log_count == 0)
        return false;
    *fault = fault_log[log_first];
    log_first = (log_first + 1) % FAULTS;
    log_count--;
    return true;
}

uint64_t machine_faults(void)
{
    return faults;
}

void machine_message(uint32_t bdf, uint64_t address, uint32_t data)
{
    uint32_t route = (uint32_t)(address >> ROUTE_SHIFT) + data;
    if (address < LOCAL_APIC_START || address >= LOCAL_APIC_END || !(address & REMAPPABLE) ||
        (route &= 0x7fff) >= ROUTES || !remap[route].is_there || remap[route].bdf != bdf)
        record(bdf, true, 0x22, "interrupt remapping entry not present");
    else
        interrupts++, machine_raise(remap[route].vector);
}

uint64_t machine_interrupts(void)
{
    return interrupts;
}

static struct iommu_domain *domain_of(uint32_t bdf)
{
    for (uint32_t i = 0; i < DOMAINS; i++)
        if (domains[i].is_used && !domains[i].is_blocked && domains[i].bdf == bdf)
            return &domains[i];
    return NULL;
}

bool machine_translate(uint32_t bdf, uint64_t iova, bool is_write, uint64_t *physical)
{
    const uint64_t right = is_write ? IOMMU_WRITE : IOMMU_READ;
    struct iommu_domain *d = domain_of(bdf);
    for (uint32_t i = 0; d && i < RUNS; i++) {
        struct mapped *m = &d->run[i];
        if (m->pages == 0 || iova < m->iova || iova - m->iova >= m->pages * PAGE_SIZE)
            continue;
        uint64_t page = (iova - m->iova) / PAGE_SIZE;
        if (m->cached[page] == 0)
            m->cached[page] = m->entry[page];
        if (!(m->cached[page] & right))
            break;
        *physical = page_down(m->cached[page]) + iova % PAGE_SIZE;
        return true;
    }
    record(bdf, is_write, d ? (is_write ? REASON_WRITE : REASON_READ) : REASON_NONE,
           !d         ? "no domain"
           : is_write ? "no right to write"
                      : "no right to read");
    return false;
}
