/* SPDX-License-Identifier: Apache-2.0 */
/* QEMU's educational device, as far as the kernel stops one: its documentation is docs/specs/edu.txt of QEMU. */
#ifndef TENURE_KERNEL_DEVICE_EDU_H
#define TENURE_KERNEL_DEVICE_EDU_H

#include <stdbool.h>

struct pci_function;

bool edu_is(const struct pci_function *function);
/* It has no reset: its transfer, of 100 ms at most, has to end; then its interrupts are taken back. False: its
 * registers are not to be reached. */
bool edu_stop_begin(struct pci_function *function);
bool edu_stop_ended(const struct pci_function *function);

#endif
