/* SPDX-License-Identifier: Apache-2.0 */
/* QEMU's educational device, as far as the kernel stops one: its documentation is docs/specs/edu.txt of QEMU. */
#ifndef TENURE_KERNEL_DEVICE_EDU_H
#define TENURE_KERNEL_DEVICE_EDU_H

#include <stdbool.h>

#include <tenure/abi/status.h>

struct pci_function;

bool edu_is(const struct pci_function *function);
/* It has no reset: waits until its transfer has ended, 250 ms at most (one takes 100), and takes its interrupts back.
 * TN_EIO: it has not ended; TN_ENOTSUP: its registers are not to be reached. */
TN_MUST_CHECK enum tn_status edu_stop(struct pci_function *function);

#endif
