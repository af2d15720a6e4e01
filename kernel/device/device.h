/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device manager: which process holds which PCI function, under which DMA policy. Giving a device back (quiescing
 * to unclaimed, core/machine.h) needs evidence that it is silent, which this kernel does not gather yet, so a device
 * whose holder has ended stays quarantined until reboot, and so do the pages it could reach.
 */
#ifndef TENURE_KERNEL_DEVICE_DEVICE_H
#define TENURE_KERNEL_DEVICE_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include <core/cap.h>
#include <core/machine.h>
#include <tenure/abi/manifest.h>
#include <tenure/abi/status.h>

#include "pci/scan.h"

struct process;

struct device {
    struct tn_identity identity;
    struct pci_function *function;
    struct process *holder;
    uint32_t state;  /* enum tn_device_state */
    uint32_t policy; /* enum tn_policy */
    uint32_t index;  /* in the table */
    bool has_pool;   /* bus mastering is granted only then */
};

/* Makes the table from the PCI inventory: endpoints only. */
void device_init(void);
/* The n-th unclaimed or claimed device that the manifest entry describes, in bus order; NULL: the machine has none. */
struct device *device_find(const struct tn_manifest_device *wanted);
struct device *device_at(uint32_t index);
/* TN_ESTATE: claimed or quarantined already. */
TN_MUST_CHECK enum tn_status device_claim(struct device *device, struct process *holder, uint32_t policy);
/* Says whether a pool may be made for this device; TN_EPOLICY unless its manifest asked for `trusted`. */
TN_MUST_CHECK enum tn_status device_allows_dma(const struct device *device);
/* Bus mastering on (TN_EPOLICY before a pool was granted) or off, read back: TN_EIO if it does not follow. */
TN_MUST_CHECK enum tn_status device_set_bus_master(struct device *device, bool on);
/* The holder has ended: bus mastering off, routes retired, windows forgotten, device in quarantine. */
void device_lost(struct device *device);
/* The first device that the process holds, or NULL. */
const struct device *device_first_of(const struct process *process);
/* Ends the claims of a process. */
void device_holder_ended(struct process *process);

#endif
