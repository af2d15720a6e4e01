/* SPDX-License-Identifier: Apache-2.0 */
/* Base address registers: what they ask for and where they are (PCI Local Bus 3.0, section 6.2.5). Pure. */
#ifndef TENURE_KERNEL_PCI_BAR_H
#define TENURE_KERNEL_PCI_BAR_H

#include "pci/config.h"

enum {
    PCI_BARS = 6,        /* header type 0 */
    PCI_BRIDGE_BARS = 2, /* header type 1 */
};

struct pci_bar {
    uint64_t address; /* 0: none, or one that cannot be used */
    uint64_t size;    /* power of two; 0: there is none, or it is the upper half of the one before */
    uint32_t flags;   /* enum tn_bar_flag; 0 with a size: I/O space */
};

/* Sizes the first `count` BARs with decoding off, and restores everything it wrote. Returns 0, or a bit for each BAR
 * that answers as none can (a size that is no power of two, a reserved type, 64 bits in the last register): its size is
 * 0. */
uint32_t pci_size_bars(const struct pci_access *access, uint32_t bdf, uint32_t count, struct pci_bar bar[PCI_BARS]);
/* Puts a BAR elsewhere and reads it back. The function's decoding must be off. TN_EIO: the BAR does not hold it. */
TN_MUST_CHECK enum tn_status pci_move_bar(const struct pci_access *access, uint32_t bdf, uint32_t index,
                                          struct pci_bar *bar, uint64_t address);
/* Ends the decoding of the expansion ROM: the kernel runs none, and its window could lie over other registers. */
void pci_disable_rom(const struct pci_access *access, uint32_t bdf, uint32_t rom_register);

#endif
