/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device: bring-up, notification and the end. Every failure here ends the process with a message, for without its
 * device the driver has nothing to do.
 */
#ifndef TENURE_VIRTIO_BLK_DEVICE_H
#define TENURE_VIRTIO_BLK_DEVICE_H

#include <tenure/abi/start.h>

#include <irq.h>
#include <mmio.h>

#include "pci_caps.h"
#include "request.h"
#include "virtq.h"

struct device {
    uint64_t handle;
    struct virtio_pci_regions regions;
    struct tn_mmio common;
    struct tn_mmio notify;
    struct tn_mmio config;
    uint64_t notify_offset;
    uint64_t features; /* negotiated */
    struct tn_irq queue_irq;
    struct tn_irq config_irq;
    uint64_t sectors; /* its last word on its capacity; requests are judged by `geometry` */
    struct blk_geometry geometry;
    struct virtq queue;
};

/* VIRTIO 1.2, 3.1.1: from reset to DRIVER_OK. *device must stay where it is. */
void device_start(struct device *device, const struct tn_start *start);
/* 4.1.5.2: available buffers. */
void device_notify(struct device *device);
/* 4.1.5.4: a configuration change, or DEVICE_NEEDS_RESET. What is new is said; the driver goes on as it started. */
void device_config_changed(struct device *device);
/* Resets the device and ends the process: it said something it may not say. Nothing in flight is completed on a guess;
 * what happens to it is the kernel's decision. */
_Noreturn void device_broken(struct device *device, const char *what, uint32_t value);

#endif
