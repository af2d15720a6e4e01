/* SPDX-License-Identifier: Apache-2.0 */
/* What the boot log says of PCI: a line for each function, and what is wrong; and the words for it, which the console
 * uses too. Sizes, not addresses (G5). */
#ifndef TENURE_KERNEL_PCI_REPORT_H
#define TENURE_KERNEL_PCI_REPORT_H

#include <stddef.h>

#include "pci/function.h"

void pci_report(void);

/* ", MSI 1, FLR" and so on: what the function can. Empty: nothing. */
void pci_list_features(const struct pci_function *function, char *text, size_t size);
/* "bridge", "endpoint" … */
const char *pci_header_name(const struct pci_function *function);
/* "memory64 prefetchable" and so on, for a BAR with a size. */
const char *pci_bar_kind(const struct pci_bar *bar);
/* Of a bridge's window, by enum resource_kind. */
const char *pci_window_kind(uint32_t kind);

#endif
