/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two things that the kernel itself asks a virtio device (VIRTIO 1.2, sections 4.1.4 and 6.1): whether its requests
 * go through the IOMMU, and to reset.
 */
#ifndef TENURE_KERNEL_DEVICE_VIRTIO_H
#define TENURE_KERNEL_DEVICE_VIRTIO_H

#include <stdbool.h>

struct pci_function;

bool virtio_is(const struct pci_function *function);
/* Does it offer VIRTIO_F_ACCESS_PLATFORM? A device that does not reaches memory past the IOMMU. False as well if it
 * cannot be asked. */
bool virtio_obeys_iommu(struct pci_function *function);
/* Writes device status 0; it reads so when the device has stopped. The device's word, no more: nothing else says it.
 * False: it has no such register. */
bool virtio_reset_begin(struct pci_function *function);
bool virtio_reset_ended(const struct pci_function *function);

#endif
