/* SPDX-License-Identifier: Apache-2.0 */
/* See scan.h. PCI Express Base 5.0, section 7.5.1 (headers). */
#include "pci/scan.h"

#include <stddef.h>

#include "diag/log.h"
#ifdef TN_PROVOKE
#include "diag/provoke_pci.h"
#endif
#include "lib/string.h"
#include "mm/space.h"
#include "pci/assign.h"
#include "pci/group.h"
#include "pci/report.h"
#include <tn_format.h>

struct pci_inventory pci_machine;

static bool visited[PCI_BUS_RUNS_MAX]; /* runs of buses */

struct pci_name pci_name(uint32_t bdf)
{
    struct pci_name name;
    size_t n = pci_segment(bdf) == 0 ? 0 : tn_format(name.text, sizeof name.text, "%04x:", pci_segment(bdf));
    tn_format(name.text + n, sizeof name.text - n, "%02x:%02x.%u", pci_bus(bdf), bdf >> 3 & 31, bdf & 7);
    return name;
}

enum bus_master {
    WAS_OFF,
    CLEARED,
    STUCK,
};

/* Off, and read back. */
static enum bus_master clear_bus_master(uint32_t bdf)
{
    uint32_t command = pci_read(&pci_ecam, bdf, PCI_COMMAND, 2);
    if (!(command & PCI_COMMAND_BUS_MASTER))
        return WAS_OFF;
    pci_write(&pci_ecam, bdf, PCI_COMMAND, 2, command & ~(uint32_t)PCI_COMMAND_BUS_MASTER);
    if (!(pci_read(&pci_ecam, bdf, PCI_COMMAND, 2) & PCI_COMMAND_BUS_MASTER))
        return CLEARED;
    log_line(
        "pci: %s: bus mastering does not go off: it is not used, and reaches all memory unless an IOMMU is in front",
        pci_name(bdf).text);
    return STUCK;
}

static void found(uint32_t bdf, uint32_t id, uint32_t header)
{
    struct pci_function f = {
        .bdf = bdf,
        .vendor = (uint16_t)id,
        .device = (uint16_t)(id >> 16),
        .header = (uint8_t)(header & PCI_HEADER_TYPE_MASK),
        .multifunction = header & PCI_HEADER_MULTIFUNCTION,
        .parent = PCI_ROOT,
    };
    if (f.header != PCI_HEADER_BRIDGE) {
        enum bus_master was = clear_bus_master(bdf);
        f.firmware_bus_master = was == CLEARED;
        if (was == STUCK && f.header == PCI_HEADER_ENDPOINT)
            f.header = PCI_HEADER_STUCK; /* what is no endpoint is handed to nobody: there is no Device for it */
    }
    if (pci_machine.count < PCI_FUNCTIONS_MAX) {
        pci_machine.function[pci_machine.count++] = f;
        return;
    }
    /* nobody will know where it decodes, so it does not */
    uint32_t command = pci_read(&pci_ecam, bdf, PCI_COMMAND, 2);
    pci_write(&pci_ecam, bdf, PCI_COMMAND, 2, command & ~(uint32_t)PCI_COMMAND_MEMORY);
    pci_machine.left_out++;
}

/* All ones: nobody there. Some bridges answer with zeros instead. */
static bool is_nobody(uint32_t id)
{
    return (id & 0xffff) == 0xffff || (id & 0xffff) == 0;
}

static void visit_device(uint32_t bdf)
{
    uint32_t id = pci_read(&pci_ecam, bdf, PCI_VENDOR_ID, 4);
    if (is_nobody(id))
        return;
    uint32_t header = pci_read(&pci_ecam, bdf, PCI_HEADER_TYPE, 1);
    found(bdf, id, header);
    for (uint32_t function = 1; header & PCI_HEADER_MULTIFUNCTION && function < 8; function++) {
        id = pci_read(&pci_ecam, bdf | function, PCI_VENDOR_ID, 4);
        if (!is_nobody(id))
            found(bdf | function, id, pci_read(&pci_ecam, bdf | function, PCI_HEADER_TYPE, 1));
    }
}

/* Every device of the buses that can be reached and were not visited. An empty slot costs one read. */
static uint32_t visit_all(void)
{
    struct pci_buses b;
    uint32_t buses = 0;
    for (uint32_t n = 0; pci_host_buses(n, &b); n++) {
        if (visited[n] || !b.is_reachable)
            continue;
        visited[n] = true;
        buses += (uint32_t)b.last - b.first + 1;
        for (uint32_t bus = b.first; bus <= b.last; bus++)
            for (uint32_t device = 0; device < 32; device++)
                visit_device((uint32_t)b.segment << 16 | pci_bdf(bus, device, 0));
    }
    return buses;
}

void pci_silence(const struct acpi_info *acpi)
{
    struct pci_buses b;
    pci_host_init(acpi->has_mcfg ? &acpi->mcfg : NULL);
    (void)visit_all();
    for (uint32_t n = 0; pci_host_buses(n, &b); n++)
        if (!visited[n])
            log_line("pci: ECAM of segment %u above 4 GiB: bus mastering is cleared at the scan", b.segment);
}

/* What came late stands at the end; the order is that of bdf. */
static void sort(void)
{
    for (uint32_t i = 1; i < pci_machine.count; i++)
        for (uint32_t j = i; j > 0 && pci_machine.function[j - 1].bdf > pci_machine.function[j].bdf; j--) {
            struct pci_function f = pci_machine.function[j];
            pci_machine.function[j] = pci_machine.function[j - 1];
            pci_machine.function[j - 1] = f;
        }
}

static void read_function(struct pci_function *f)
{
    bool is_bridge = f->header == PCI_HEADER_BRIDGE;
    f->class_code = pci_read(&pci_ecam, f->bdf, PCI_REVISION_ID, 4) >> 8;
    f->features.express_type = PCI_EXPRESS_NONE;
    if (!is_bridge && f->header != PCI_HEADER_ENDPOINT && f->header != PCI_HEADER_STUCK)
        return;
    f->broken_bars = (uint8_t)pci_size_bars(&pci_ecam, f->bdf, is_bridge ? PCI_BRIDGE_BARS : PCI_BARS, f->bar);
    pci_disable_rom(&pci_ecam, f->bdf, is_bridge ? PCI_BRIDGE_ROM : PCI_ROM);
    pci_read_capabilities(&pci_ecam, f->bdf, &f->capabilities);
    pci_read_features(&pci_ecam, f->bdf, &f->capabilities, &f->features);
    f->firmware_msi = pci_disable_messages(&pci_ecam, f->bdf, &f->capabilities);
    f->acs = pci_enable_acs(&pci_ecam, f->bdf, &f->capabilities);
    if (is_bridge)
        pci_read_bridge(&pci_ecam, f->bdf, &f->bridge);
    else if (f->header == PCI_HEADER_ENDPOINT &&
             pci_read_msix(&pci_ecam, f->bdf, f->capabilities.msix, f->bar, &f->msix) == TN_EPROTOCOL)
        log_line("pci: %s: MSI-X table or PBA lies outside its BAR or over the other; no interrupts for it",
                 pci_name(f->bdf).text);
}

void pci_scan(const struct acpi_info *acpi, const struct memory_map *memory)
{
    pci_host_map();
    (void)visit_all();
    sort();
    for (uint32_t i = 0; i < pci_machine.count; i++)
        read_function(&pci_machine.function[i]);
    (void)pci_link_bridges(pci_machine.function, pci_machine.count);
    pci_machine.groups = pci_group(pci_machine.function, pci_machine.count);
#ifdef TN_PROVOKE
    if (!provoke_unassigned)
#endif
        pci_assign(acpi, memory);
    pci_report();
}
