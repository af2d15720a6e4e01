/* SPDX-License-Identifier: Apache-2.0 */
/* Firmware that did its work badly, on purpose: only in the negative twin. */
#ifndef TENURE_KERNEL_DIAG_PROVOKE_PCI_H
#define TENURE_KERNEL_DIAG_PROVOKE_PCI_H

#include <stdbool.h>

/* Set by `provoke=unassigned`: pci_scan gives no addresses. */
extern bool provoke_unassigned;

/*
 * Before anything looks at PCI. `provoke=unplaced`: no BAR and no bridge window has an address; `unassigned`: the same,
 * and the kernel gives none. `buses-loop`, `buses-overlap`, `buses-none`: the bridges at 00:08.0 and 00:09.0 get bus
 * numbers that make no tree. Otherwise nothing.
 */
void provoke_pci_from_command_line(void);

#endif
