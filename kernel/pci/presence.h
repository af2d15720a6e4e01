/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a function is still there (PCI Express Base 5.0, sections 7.5.3.6, 7.5.3.8 and 7.5.3.11). One that does not
 * answer may be there all the same: only the port above it can say that nothing is. Pure.
 */
#ifndef TENURE_KERNEL_PCI_PRESENCE_H
#define TENURE_KERNEL_PCI_PRESENCE_H

#include "pci/function.h"

/* Function `index` reads as all ones, and the nearest port above it that answers says that its slot is empty or its
 * link is down. */
bool pci_is_gone(const struct pci_function *function, uint32_t index, const struct pci_access *access);

#endif
