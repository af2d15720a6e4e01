/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All PCI functions of the machine, in bus, device, function order. Scanning clears bus mastering on every endpoint
 * that firmware left on (bridges keep theirs) and masks all MSI-X entries; it runs before memory is handed out.
 */
#ifndef TENURE_KERNEL_PCI_SCAN_H
#define TENURE_KERNEL_PCI_SCAN_H

#include <stdint.h>

#include "firmware/acpi.h"
#include "pci/config.h"

enum { PCI_FUNCTIONS_MAX = 256 };

struct pci_function {
    uint32_t bdf;
    uint16_t vendor;
    uint16_t device;
    uint32_t class_code; /* 24 bits: base class, subclass, interface */
    uint8_t header;      /* PCI_HEADER_ENDPOINT or _BRIDGE */
    uint8_t express;     /* has the PCI Express capability */
    uint8_t firmware_bus_master;
    struct pci_bar bar[PCI_BARS];
    struct pci_msix msix;         /* count 0: none, or broken */
    volatile uint8_t *msix_table; /* kernel mapping; NULL without MSI-X */
};

struct pci_inventory {
    uint32_t count;
    uint32_t left_out; /* functions beyond PCI_FUNCTIONS_MAX: bus mastering cleared, not usable */
    struct pci_function function[PCI_FUNCTIONS_MAX];
};

extern struct pci_inventory pci_machine;
extern const struct pci_access pci_ecam;

/* Before any frame is handed out, through the boot mapping: bus mastering off on every endpoint. An ECAM above 4 GiB is
 * out of reach here; pci_scan then does it, and says so. */
void pci_silence(const struct acpi_info *acpi);
/* Maps the ECAM of segment 0, enumerates all its buses, logs each function. */
void pci_scan(const struct acpi_info *acpi);
/* Maps the MSI-X tables and masks every entry; needs frames. */
void pci_prepare_interrupts(void);

#endif
