/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel knows of one PCI function. Filled by scan.c; linked by bridge.c; grouped by group.c. */
#ifndef TENURE_KERNEL_PCI_FUNCTION_H
#define TENURE_KERNEL_PCI_FUNCTION_H

#include <stdint.h>

#include "pci/bar.h"
#include "pci/bridge.h"
#include "pci/capability.h"
#include "pci/config.h"

enum { PCI_FUNCTIONS_MAX = 256 };

struct pci_function {
    uint32_t bdf;
    uint16_t vendor;
    uint16_t device;
    uint32_t class_code; /* 24 bits: base class, subclass, interface */
    uint8_t header;      /* PCI_HEADER_ENDPOINT or _BRIDGE; others are silenced and not used, _STUCK is not even that */
    bool multifunction;  /* the device may have more than this function */
    bool firmware_bus_master; /* it was on, and is off */
    bool firmware_msi;
    uint8_t broken_bars; /* a bit for each */
    uint16_t acs;        /* enum pci_acs: what is on */
    uint16_t group;      /* isolation group, from 0 */
    uint32_t parent;     /* index of the bridge it is behind, or PCI_ROOT; always lower than its own */
    struct pci_bar bar[PCI_BARS];
    struct pci_bridge bridge; /* of bridges */
    struct pci_capabilities capabilities;
    struct pci_features features;
    struct pci_msix msix; /* count 0: none, or broken */
    /* kernel mappings, made by irq/msix.c; NULL without MSI-X */
    volatile uint8_t *msix_table;
    volatile uint8_t *msix_pending;
    volatile uint8_t *registers; /* the kernel's own, made by device/virtio.c or edu.c; NULL: not looked at, or none */
};

#endif
