/* SPDX-License-Identifier: Apache-2.0 */
/* See scan.h. PCI Express Base 5.0, section 7.2.2 (ECAM), 7.5.1 (headers). */
#include "pci/scan.h"

#include <stddef.h>

#include <tenure/abi/ring.h>

#include "diag/log.h"
#include "mm/frame.h"
#include "mm/space.h"

struct pci_inventory pci_machine;

static volatile uint8_t *ecam; /* of bus 0 */
static uint32_t bus_first, bus_last;
/* Endpoints that pci_silence found mastering the bus, for the report of pci_scan. */
static uint32_t silenced[PCI_FUNCTIONS_MAX], silenced_count;

static volatile uint8_t *ecam_register(uint32_t bdf, uint32_t offset)
{
    uint32_t bus = bdf >> 8;
    if (!ecam || bus < bus_first || bus > bus_last || offset >= 4096)
        return NULL;
    return ecam + ((uint64_t)bdf << 12) + offset;
}

static uint32_t ecam_read(void *context, uint32_t bdf, uint32_t offset, uint32_t width)
{
    (void)context;
    volatile uint8_t *at = ecam_register(bdf, offset);
    if (!at || offset % width != 0)
        return UINT32_MAX >> (32 - 8 * width);
    if (width == 1)
        return *at;
    return width == 2 ? *(volatile uint16_t *)(volatile void *)at : *(volatile uint32_t *)(volatile void *)at;
}

static void ecam_write(void *context, uint32_t bdf, uint32_t offset, uint32_t width, uint32_t value)
{
    (void)context;
    volatile uint8_t *at = ecam_register(bdf, offset);
    if (!at || offset % width != 0)
        return;
    if (width == 1)
        *at = (uint8_t)value;
    else if (width == 2)
        *(volatile uint16_t *)(volatile void *)at = (uint16_t)value;
    else
        *(volatile uint32_t *)(volatile void *)at = value;
}

const struct pci_access pci_ecam = {ecam_read, ecam_write, NULL};

static void log_function(const struct pci_function *f)
{
    log_line("pci: %02x:%02x.%u %04x:%04x class %06x %s%s%s", f->bdf >> 8, f->bdf >> 3 & 31, f->bdf & 7, f->vendor,
             f->device, f->class_code, f->header == PCI_HEADER_BRIDGE ? "bridge" : "endpoint",
             f->express ? ", express" : "", f->firmware_bus_master ? ", firmware left bus mastering on: cleared" : "");
    for (uint32_t i = 0; i < PCI_BARS; i++)
        if (f->bar[i].size != 0)
            log_line("pci:   BAR%u %s%s size %lx", i,
                     f->bar[i].flags & TN_BAR_MEMORY ? f->bar[i].flags & TN_BAR_64BIT ? "memory64" : "memory" : "io",
                     f->bar[i].flags & TN_BAR_PREFETCHABLE ? " prefetchable" : "", f->bar[i].size);
    if (f->msix.count != 0)
        log_line("pci:   MSI-X %u entries, table BAR%u+%lx, PBA BAR%u+%lx", f->msix.count, f->msix.table_bar,
                 f->msix.table_offset, f->msix.pba_bar, f->msix.pba_offset);
}

/* Off, and read back. Returns whether it was on. */
static bool clear_bus_master(uint32_t bdf)
{
    uint32_t command = pci_read(&pci_ecam, bdf, PCI_COMMAND, 2);
    if (!(command & PCI_COMMAND_BUS_MASTER))
        return false;
    pci_write(&pci_ecam, bdf, PCI_COMMAND, 2, command & ~(uint32_t)PCI_COMMAND_BUS_MASTER);
    if (pci_read(&pci_ecam, bdf, PCI_COMMAND, 2) & PCI_COMMAND_BUS_MASTER)
        log_line("pci: %02x:%02x.%u: bus mastering does not go off", bdf >> 8, bdf >> 3 & 31, bdf & 7);
    return true;
}

static bool was_silenced(uint32_t bdf)
{
    for (uint32_t i = 0; i < silenced_count; i++)
        if (silenced[i] == bdf)
            return true;
    return false;
}

static void read_endpoint(struct pci_function *f)
{
    uint32_t bad;
    pci_size_bars(&pci_ecam, f->bdf, f->bar);
    uint32_t at = pci_find_capability(&pci_ecam, f->bdf, PCI_CAP_MSIX, &bad);
    if (bad != 0)
        log_line("pci: %02x:%02x.%u: capability list is broken at offset %x; what follows is ignored", f->bdf >> 8,
                 f->bdf >> 3 & 31, f->bdf & 7, bad);
    if (pci_read_msix(&pci_ecam, f->bdf, at, f->bar, &f->msix) == TN_EPROTOCOL)
        log_line("pci: %02x:%02x.%u: MSI-X table or PBA lies outside its BAR; no interrupts for it", f->bdf >> 8,
                 f->bdf >> 3 & 31, f->bdf & 7);
    f->express = pci_find_capability(&pci_ecam, f->bdf, PCI_CAP_EXPRESS, &bad) != 0;
}

static void found(uint32_t bdf, uint32_t id, uint32_t header)
{
    struct pci_function extra = {0};
    struct pci_function *f = &extra;
    if (pci_machine.count < PCI_FUNCTIONS_MAX)
        f = &pci_machine.function[pci_machine.count++];
    else
        pci_machine.left_out++;
    *f = (struct pci_function){
        .bdf = bdf,
        .vendor = (uint16_t)id,
        .device = (uint16_t)(id >> 16),
        .class_code = pci_read(&pci_ecam, bdf, PCI_REVISION_ID, 4) >> 8,
        .header = (uint8_t)(header & PCI_HEADER_TYPE_MASK),
    };
    if (f->header == PCI_HEADER_ENDPOINT) {
        f->firmware_bus_master = clear_bus_master(bdf) || was_silenced(bdf);
        if (f != &extra)
            read_endpoint(f);
    }
    if (f != &extra)
        log_function(f);
}

typedef void visit_function(uint32_t bdf, uint32_t id, uint32_t header);

static void visit_device(uint32_t bus, uint32_t device, visit_function *visit)
{
    for (uint32_t function = 0; function < 8; function++) {
        uint32_t bdf = pci_bdf(bus, device, function);
        uint32_t id = pci_read(&pci_ecam, bdf, PCI_VENDOR_ID, 4);
        if ((id & 0xffff) == 0xffff) {
            if (function == 0)
                return;
            continue;
        }
        uint32_t header = pci_read(&pci_ecam, bdf, PCI_HEADER_TYPE, 1);
        visit(bdf, id, header);
        if (function == 0 && !(header & PCI_HEADER_MULTIFUNCTION))
            return;
    }
}

static void visit_all(visit_function *visit)
{
    for (uint32_t bus = bus_first; bus <= bus_last; bus++)
        for (uint32_t device = 0; device < 32; device++)
            visit_device(bus, device, visit);
}

static void silence(uint32_t bdf, uint32_t id, uint32_t header)
{
    (void)id;
    if ((header & PCI_HEADER_TYPE_MASK) == PCI_HEADER_ENDPOINT && clear_bus_master(bdf) &&
        silenced_count < PCI_FUNCTIONS_MAX)
        silenced[silenced_count++] = bdf;
}

/* The ECAM of segment 0, or NULL. */
static const struct acpi_ecam *segment_0(const struct acpi_info *acpi)
{
    for (uint32_t i = 0; i < acpi->ecam_count; i++)
        if (acpi->ecam[i].segment == 0)
            return &acpi->ecam[i];
    return NULL;
}

void pci_silence(const struct acpi_info *acpi)
{
    const struct acpi_ecam *e = segment_0(acpi);
    if (!e)
        return;
    bus_first = e->start_bus;
    bus_last = e->end_bus;
    if (e->base + (((uint64_t)bus_last + 1) << 20) > UINT64_C(1) << 32) {
        log_line("pci: ECAM above 4 GiB: bus mastering is cleared at the scan");
        return;
    }
    ecam = phys_to_virt(e->base);
    visit_all(silence);
    ecam = NULL;
}

void pci_scan(const struct acpi_info *acpi)
{
    const struct acpi_ecam *e = segment_0(acpi);
    for (uint32_t i = 0; i < acpi->ecam_count; i++)
        if (acpi->ecam[i].segment != 0)
            log_line("pci: segment %u is not scanned (one segment is supported)", acpi->ecam[i].segment);
    if (!e) {
        log_line("pci: no ECAM for segment 0 (no usable MCFG): no PCI device is reachable");
        return;
    }
    bus_first = e->start_bus;
    bus_last = e->end_bus;
    ecam = kernel_mmio_map(e->base, ((uint64_t)bus_last + 1) << 20);
    if (!ecam) {
        log_line("pci: no room to map the ECAM of buses %u to %u", bus_first, bus_last);
        return;
    }
    visit_all(found);
    log_line("pci: buses %u to %u, %u functions", bus_first, bus_last, pci_machine.count);
    if (pci_machine.left_out != 0)
        log_line("pci: %u functions beyond the first %u are not usable", pci_machine.left_out, PCI_FUNCTIONS_MAX);
}

void pci_prepare_interrupts(void)
{
    for (uint32_t i = 0; i < pci_machine.count; i++) {
        struct pci_function *f = &pci_machine.function[i];
        if (f->msix.count == 0 || f->bar[f->msix.table_bar].address == 0)
            continue;
        uint64_t at = f->bar[f->msix.table_bar].address + f->msix.table_offset;
        f->msix_table = kernel_mmio_map(at, (uint64_t)f->msix.count * PCI_MSIX_ENTRY_BYTES);
        if (!f->msix_table) {
            log_line("pci: %02x:%02x.%u: no room to map its MSI-X table", f->bdf >> 8, f->bdf >> 3 & 31, f->bdf & 7);
            continue;
        }
        /* memory decoding must be on to reach the table; interrupts stay off function-wide until a route is bound */
        uint32_t command = pci_read(&pci_ecam, f->bdf, PCI_COMMAND, 2);
        pci_write(&pci_ecam, f->bdf, PCI_COMMAND, 2, command | PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE);
        uint32_t control = pci_read(&pci_ecam, f->bdf, f->msix.capability + PCI_MSIX_CONTROL, 2);
        pci_write(&pci_ecam, f->bdf, f->msix.capability + PCI_MSIX_CONTROL, 2,
                  (control | PCI_MSIX_CONTROL_MASK_ALL) & ~(uint32_t)PCI_MSIX_CONTROL_ENABLE);
        for (uint32_t e = 0; e < f->msix.count; e++)
            *(volatile uint32_t *)(volatile void *)(f->msix_table + e * PCI_MSIX_ENTRY_BYTES + PCI_MSIX_ENTRY_CONTROL) =
                1;
    }
}
