/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resets that PCI itself defines, for one function: Function Level Reset by the PCI Express capability or by Advanced
 * Features, D3hot to D0, reset of the secondary bus above it (PCI Express Base 5.0, sections 6.6.2 and 5.3.1.4; PCI
 * Advanced Capabilities for Conventional PCI, section 3; PCI-to-PCI Bridge 1.2, section 3.2.5.18). A step machine: what
 * has to be waited for is told, so that nobody else has to wait. Pure.
 */
#ifndef TENURE_KERNEL_PCI_RESET_H
#define TENURE_KERNEL_PCI_RESET_H

#include "pci/function.h"

enum pci_reset_method {
    PCI_RESET_NONE,
    PCI_RESET_FUNCTION, /* FLR */
    PCI_RESET_ADVANCED, /* FLR through Advanced Features */
    PCI_RESET_POWER,    /* D3hot and back, for a function that forgets its state there */
    PCI_RESET_BUS,      /* the secondary bus of the bridge above, if everything behind it may be reset */
    PCI_RESET_METHODS
};
const char *pci_reset_name(uint32_t method);

struct pci_reset {
    const struct pci_function *function;
    const struct pci_function *bridge; /* of PCI_RESET_BUS */
    const struct pci_function *machine;
    uint32_t count;  /* of functions in it */
    uint32_t method; /* enum pci_reset_method */
    uint32_t step;
    uint32_t forgets; /* bits of the command register that were on before: a reset takes them */
    uint64_t until;   /* ns: the time of the next step */
    uint64_t limit;
    bool transactions_ended; /* the function said so before it was reset; of FLR */
};

enum pci_reset_result {
    PCI_RESET_WAIT, /* call again at reset->until */
    PCI_RESET_DONE, /* it was reset and answers again, with its registers written back, and those of all that were reset
                       with it */
    PCI_RESET_FAILED,
};

/* The best method that function `index` has. `may_reset` says whether another function may be reset with it. */
void pci_reset_begin(struct pci_reset *reset, const struct pci_function *function, uint32_t count, uint32_t index,
                     bool (*may_reset)(void *context, const struct pci_function *function), void *context);
/* Are its registers where the kernel thinks, and does it answer there? What is read there otherwise says nothing of it.
 */
bool pci_decodes(const struct pci_function *function, const struct pci_access *access);
/* Is function `i` below this bridge, at any depth? */
bool pci_is_behind(const struct pci_function *function, uint32_t i, uint32_t bridge);
/* One step. PCI_RESET_NONE fails at once. Takes at most 1.3 seconds of waits in all. */
enum pci_reset_result pci_reset_step(struct pci_reset *reset, const struct pci_access *access, uint64_t now);

#endif
