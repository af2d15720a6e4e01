/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCI-to-PCI bridges: bus numbers, windows, and which function is behind which bridge (PCI-to-PCI Bridge 1.2, section
 * 3.2; PCI Express Base 5.0, section 7.5.1.3). Pure. Bus numbers are firmware's, and are not changed; the scan looks at
 * every bus, so that broken numbers hide nothing from it.
 */
#ifndef TENURE_KERNEL_PCI_BRIDGE_H
#define TENURE_KERNEL_PCI_BRIDGE_H

#include "pci/config.h"
#include "pci/resource.h"

#define PCI_ROOT UINT32_MAX

/* What a bridge forwards: [start, end); closed: start and end 0. */
struct pci_window {
    uint64_t start, end;
    bool exists; /* the bridge has registers for it */
    bool wide;   /* can be above 4 GiB (prefetchable), above 64 KiB (I/O) */
};

struct pci_bridge {
    uint8_t primary, secondary, subordinate;
    const char *fault; /* NULL, or what is wrong with its bus numbers */
    struct pci_window window[RESOURCE_KINDS];
};

/* Reads bus numbers and windows. A window register that reads as zero is written once, to see whether it exists, and is
 * left closed if it does. */
void pci_read_bridge(const struct pci_access *access, uint32_t bdf, struct pci_bridge *bridge);
/* Opens a window over [start, start + bytes), on 1 MiB (memory) or 4 KiB (I/O), or closes it (bytes 0), and reads it
 * back. The bridge's decoding must be off. TN_EIO: the registers do not hold it; the window is closed. */
TN_MUST_CHECK enum tn_status pci_move_window(const struct pci_access *access, uint32_t bdf, enum resource_kind kind,
                                             struct pci_window *window, uint64_t start, uint64_t bytes);

struct pci_function;
/*
 * Finds for each function the bridge that it is behind, and faults bridges whose bus numbers make no tree: no numbers,
 * a primary bus that is not its own, a secondary not above it, a subordinate below the secondary, ranges that overlap
 * without one being inside the other. `function` is in order of bdf. A parent's bus is always lower than that of what
 * is behind it, so every walk to the root ends after at most 255 steps, whatever the numbers say. Returns the number of
 * faults.
 */
uint32_t pci_link_bridges(struct pci_function *function, uint32_t count);
/* Bridges between the function and its root bus. */
uint32_t pci_depth(const struct pci_function *function, uint32_t index);

#endif
