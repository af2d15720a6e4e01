/* SPDX-License-Identifier: Apache-2.0 */
/* iommu.h for Intel VT-d: the units of the DMAR, how they are found and started, and their faults. */
#include "iommu/vtd/units.h"

#include <stddef.h>

#include "arch/x86_64/clock.h"
#include "arch/x86_64/io.h"
#include "arch/x86_64/lapic.h"
#include "diag/log.h"
#include "firmware/acpi.h"
#include "iommu/vtd/registers.h"
#include "iommu/vtd/scope.h"
#include "lib/lock.h"
#include "mm/frame.h"
#include "mm/space.h"
#include "pci/requester.h"
#include "pci/scan.h"

enum { UNITS_MAX = 16, CACHE_LINE = 64 };

static struct unit units[UNITS_MAX];
static uint32_t unit_count;
const struct dmar *vtd_dmar;
const struct memory_map *vtd_memory_map;
static const char *no_dmar_because;

/* ---- what the units' driver needs ---- */

static uint32_t read32(void *context, uint32_t offset)
{
    return *(volatile uint32_t *)(volatile void *)(((const struct unit *)context)->registers + offset);
}

static void write32(void *context, uint32_t offset, uint32_t value)
{
    *(volatile uint32_t *)(volatile void *)(((const struct unit *)context)->registers + offset) = value;
}

static uint64_t read64(void *context, uint32_t offset)
{
    return *(volatile uint64_t *)(volatile void *)(((const struct unit *)context)->registers + offset);
}

static void write64(void *context, uint32_t offset, uint64_t value)
{
    *(volatile uint64_t *)(volatile void *)(((const struct unit *)context)->registers + offset) = value;
}

static bool take(void *context, uint64_t pages, uint64_t *physical)
{
    (void)context;
    return frames_alloc(pages, physical) == TN_OK;
}

static void give(void *context, uint64_t physical, uint64_t pages)
{
    (void)context;
    frames_free(physical, pages);
}

static void *at(void *context, uint64_t physical)
{
    (void)context;
    return phys_to_virt(physical);
}

void vtd_host_write_back(void *context, const volatile void *from, uint64_t bytes)
{
    (void)context;
    uintptr_t line = (uintptr_t)from & ~(uintptr_t)(CACHE_LINE - 1);
    do
        clflush(line);
    while ((line += CACHE_LINE) < (uintptr_t)from + bytes);
}

static uint64_t now(void *context)
{
    (void)context;
    return clock_now();
}

/* ---- units ---- */

static void start_unit(struct unit *u, uint64_t base)
{
    const struct vtd_host host = {read32, write32, read64, write64, take, give, at, now, u};
    struct vtd_trouble trouble = {"no room to map its registers", VTD_REGISTERS_BYTES};
    u->registers = kernel_mmio_map(base, VTD_REGISTERS_BYTES);
    enum tn_status status = TN_EEXHAUSTED;
    if (u->registers) {
        uint32_t bytes = vtd_unit_bytes(read64(u, VTD_CAP));
        if (bytes > VTD_REGISTERS_BYTES)
            u->registers = kernel_mmio_map(base, bytes);
        status = u->registers ? vtd_unit_check(&u->vtd, &host, &trouble) : status;
    }
    if (status == TN_OK)
        status = vtd_unit_start(
            &u->vtd, vtd_dmar->flags & DMAR_INTERRUPT_REMAPPING && u->vtd.ecap & VTD_ECAP_INTERRUPT_REMAPPING,
            &trouble);
    if (status != TN_OK) {
        u->trouble = trouble.what;
        log_line("iommu: unit %u is not used: %s (0x%lx); the devices behind it get no remapped policy",
                 (uint32_t)(u - units), trouble.what, trouble.value);
        return;
    }
    u->domain_used[0] = 1; /* hardware with caching mode means its own by 0 */
    log_line("iommu: unit %u: VT-d, segment %u, %u levels, %u domains, %u fault records%s%s%s, interrupt remapping %s",
             (uint32_t)(u - units), u->segment, u->vtd.levels, VTD_CAP_DOMAINS(u->vtd.cap), VTD_CAP_FAULTS(u->vtd.cap),
             u->vtd.large ? ", 2 MiB pages" : "", u->vtd.coherent ? "" : ", walks past the caches",
             u->vtd.caching_mode ? ", caching mode" : "", u->vtd.remaps ? "on" : "off");
}

void iommu_init(const struct acpi_info *acpi, const struct memory_map *memory)
{
    vtd_memory_map = memory;
    if (!acpi->has_dmar) {
        no_dmar_because = acpi->dmar_refused   ? "its DMAR is refused"
                          : acpi->dmar_unknown ? "whether there is an IOMMU is not known"
                                               : "no IOMMU that this kernel drives";
        log_line("iommu: %s: no device is given a remapped policy",
                 acpi->dmar_refused   ? "the DMAR is refused"
                 : acpi->dmar_unknown ? "a table that cannot be read may be the DMAR"
                                      : "this machine has none that this kernel drives (DMAR)");
        return;
    }
    vtd_dmar = &acpi->dmar;
    for (uint32_t i = 0; i < vtd_dmar->count; i++) {
        const struct dmar_structure *s = &vtd_dmar->structure[i];
        if (s->type != DMAR_DRHD)
            continue;
        if (unit_count == UNITS_MAX) {
            log_line("iommu: more than %u units: the devices behind the others get no remapped policy", UNITS_MAX);
            return;
        }
        struct unit *u = &units[unit_count++];
        u->structure = (int32_t)i;
        u->segment = s->segment;
        start_unit(u, s->base);
    }
}

struct unit *unit_at(int32_t structure)
{
    for (uint32_t i = 0; i < unit_count; i++)
        if (units[i].structure == structure)
            return &units[i];
    return NULL;
}

uint32_t unit_index_of(const struct pci_function *function)
{
    return (uint32_t)(function - pci_machine.function);
}

struct unit *unit_of(const struct pci_function *function)
{
    return vtd_dmar ? unit_at(vtd_unit_of(vtd_dmar, pci_machine.function, pci_machine.count, unit_index_of(function)))
                    : NULL;
}

enum tn_status iommu_covers(const struct pci_function *function, const char **why)
{
    uint16_t id[PCI_REQUESTERS_MAX];
    const struct unit *u = unit_of(function);
    LOCK_SCOPE(LOCK_IOMMU);
    if (!u) {
        *why = vtd_dmar ? "no IOMMU unit is in front of it" : no_dmar_because;
        return TN_ENOENT;
    }
    if (u->trouble || u->vtd.queue.failed) {
        *why = "the IOMMU unit in front of it is not used";
        return TN_ENOTSUP;
    }
    if (pci_requesters(pci_machine.function, unit_index_of(function), id) == 0) {
        *why = "the bridges above it do not tell whose its requests are";
        return TN_ENOTSUP;
    }
    return TN_OK;
}

enum tn_status unit_order(struct unit *u, struct vtd_descriptor d)
{
    return vtd_queue_order(&u->vtd.queue, &d, 1);
}

/* ---- faults ---- */

void iommu_set_fault_vector(uint8_t vector, uint32_t apic_id)
{
    LOCK_SCOPE(LOCK_IOMMU);
    for (uint32_t i = 0; i < unit_count; i++)
        if (units[i].vtd.translates)
            vtd_unit_set_fault_message(&units[i].vtd, (uint32_t)LOCAL_APIC_START | apic_id << 12, vector);
}

bool iommu_next_fault(struct iommu_fault *fault)
{
    LOCK_SCOPE(LOCK_IOMMU);
    for (uint32_t i = 0; i < unit_count; i++)
        if (units[i].vtd.translates && vtd_unit_next_fault(&units[i].vtd, fault)) {
            fault->requester |= units[i].segment << 16;
            return true;
        }
    return false;
}

/* ---- views ---- */

bool iommu_view(uint32_t index, struct iommu_view *view)
{
    if (index >= unit_count)
        return false;
    LOCK_SCOPE(LOCK_IOMMU);
    const struct unit *u = &units[index];
    uint32_t domains = 0;
    for (uint32_t i = 0; i < sizeof u->domain_used / sizeof u->domain_used[0]; i++)
        for (uint64_t rest = u->domain_used[i]; rest != 0; rest &= rest - 1)
            domains++;
    *view = (struct iommu_view){
        .segment = u->segment,
        .levels = u->vtd.levels,
        .address_bits = VTD_CAP_ADDRESS_BITS(u->vtd.cap),
        .domains = domains == 0 ? 0 : domains - 1,
        .fault_records = VTD_CAP_FAULTS(u->vtd.cap),
        .translates = u->vtd.translates,
        .remaps = u->vtd.remaps,
        .coherent = u->vtd.coherent,
        .large = u->vtd.large,
        .caching_mode = u->vtd.caching_mode,
        .failed = u->vtd.queue.failed,
        .faults = u->vtd.faults,
        .overflows = u->vtd.overflows,
        .orders = u->vtd.queue.orders,
        .waits = u->vtd.queue.waits,
        .trouble = u->trouble,
    };
    return true;
}
