/* SPDX-License-Identifier: Apache-2.0 */
/* What the boot log says of PCI: a line for each function, and what is wrong. Sizes, not addresses (G5). */
#ifndef TENURE_KERNEL_PCI_REPORT_H
#define TENURE_KERNEL_PCI_REPORT_H

void pci_report(void);

#endif
