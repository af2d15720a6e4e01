/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Under which requester ids a function's transactions reach the root: its own, and those that bridges to conventional
 * PCI put in its place (PCI Express to PCI/PCI-X Bridge 1.0, section 2.3). Pure.
 */
#ifndef TENURE_KERNEL_PCI_REQUESTER_H
#define TENURE_KERNEL_PCI_REQUESTER_H

#include "pci/function.h"

enum { PCI_REQUESTERS_MAX = 8 };

/* Writes the ids (bus << 8 | device << 3 | function; the segment is the function's) of function `index`, its own first,
 * and returns how many; 0: more than PCI_REQUESTERS_MAX, or a bridge on the way whose bus numbers are broken, so that
 * nobody can say. Needs parents. */
uint32_t pci_requesters(const struct pci_function *function, uint32_t index, uint16_t id[PCI_REQUESTERS_MAX]);
/* The id under which its messages arrive: its own, or that of the topmost bridge to conventional PCI above it, to which
 * a message is a write like any other. */
uint16_t pci_message_requester(const struct pci_function *function, uint32_t index);

#endif
