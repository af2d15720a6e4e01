/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gives addresses to BARs and bridge windows that firmware left without one, or put over memory, over other registers
 * or outside the bridge they are behind (resource.h makes the plan). I/O space at the root is never given away: without
 * AML nothing says which ports are free, and no driver gets any.
 */
#ifndef TENURE_KERNEL_PCI_ASSIGN_H
#define TENURE_KERNEL_PCI_ASSIGN_H

struct acpi_info;
struct memory_map;

/* Plans and writes, over pci_machine; each change is a line of the log. A function of which a memory BAR finds no room
 * keeps no memory BAR, and its decoding is off. */
void pci_assign(const struct acpi_info *acpi, const struct memory_map *memory);

#endif
