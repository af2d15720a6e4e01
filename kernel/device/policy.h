/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which DMA policy a device gets. Pure.
 */
#ifndef TENURE_KERNEL_DEVICE_POLICY_H
#define TENURE_KERNEL_DEVICE_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include <tenure/abi/manifest.h>

/* What the machine can do for one device. */
struct policy_means {
    bool has_unit;    /* an IOMMU unit in front of it is in use */
    bool obeys;       /* the device's requests go through it */
    bool is_isolated; /* no other process can speak with its requester ids */
};

/* The policy for a manifest that accepts `minimum`: never a weaker one; TN_POLICY_BLOCKED if there is none. */
uint32_t policy_choose(uint32_t minimum, const struct policy_means *means);

#endif
