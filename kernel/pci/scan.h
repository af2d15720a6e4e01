/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All PCI functions of the machine, in order of segment, bus, device and function: every bus that MCFG names, or all
 * 256 of CF8/CFC, whatever the bridges say. The scan clears bus mastering that firmware left on (bridges keep theirs)
 * before memory is handed out; later it reads each function, finds bridges and isolation groups, and gives addresses to
 * what has none.
 */
#ifndef TENURE_KERNEL_PCI_SCAN_H
#define TENURE_KERNEL_PCI_SCAN_H

#include <stdint.h>

#include "firmware/acpi.h"
#include "mm/memory_map.h"
#include "pci/function.h"
#include "pci/host.h"

struct pci_inventory {
    uint32_t count;
    uint32_t left_out; /* functions beyond PCI_FUNCTIONS_MAX: bus mastering cleared, not usable */
    uint32_t groups;
    struct pci_function function[PCI_FUNCTIONS_MAX];
};

extern struct pci_inventory pci_machine;

/* "00:1f.2", with the segment in front where it is not 0. */
struct pci_name {
    char text[16];
};
struct pci_name pci_name(uint32_t bdf);

/* Before any frame is handed out: finds every function and switches bus mastering off on all but bridges. An ECAM above
 * 4 GiB that the ports do not reach either is out of reach here; pci_scan then does it, and says so. */
void pci_silence(const struct acpi_info *acpi);
/* Maps configuration space, reads, links, groups and logs each function, assigns addresses. */
void pci_scan(const struct acpi_info *acpi, const struct memory_map *memory);

#endif
