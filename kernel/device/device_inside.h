/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the device manager: what device.c and device_end.c share. See device.h. */
#ifndef TENURE_KERNEL_DEVICE_DEVICE_INSIDE_H
#define TENURE_KERNEL_DEVICE_DEVICE_INSIDE_H

#include "device/device.h"

extern struct device device_table[PCI_FUNCTIONS_MAX];
extern uint32_t device_count;

/* A bus that is being reset takes whoever is on it along, also one that was free, or in quarantine, when it began. */
bool device_is_in_bus_reset(const struct device *device);
/* A move that the table of core/ must have. */
void device_move(struct device *device, enum tn_device_state to);

#endif
