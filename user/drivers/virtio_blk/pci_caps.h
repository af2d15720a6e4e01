/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding the virtio structures of a PCI function (VIRTIO 1.2, 4.1.4). Pure: the configuration space and the sizes of
 * the BARs come in as data, and both are input. Mapping is left to device.c.
 */
#ifndef TENURE_VIRTIO_PCI_CAPS_H
#define TENURE_VIRTIO_PCI_CAPS_H

#include <stdint.h>

#include <tenure/abi/status.h>

enum {
    PCI_CONFIG_BYTES = 256, /* capabilities live in the first 256 bytes */
    PCI_BARS = 6,
};

struct virtio_pci_function {
    uint8_t config[PCI_CONFIG_BYTES];
    uint64_t bar_bytes[PCI_BARS]; /* 0: no memory BAR */
};

/* One structure: `length` bytes at `offset` of a BAR, wholly inside it. length 0: there is none. */
struct virtio_pci_region {
    uint32_t bar;
    uint32_t offset;
    uint32_t length;
};

struct virtio_pci_regions {
    struct virtio_pci_region common;
    struct virtio_pci_region notify;
    struct virtio_pci_region device;
    uint32_t notify_multiplier; /* 4.1.4.4 */
};

enum virtio_pci_error {
    VIRTIO_PCI_OK,
    VIRTIO_PCI_NO_LIST,   /* the function has no capability list */
    VIRTIO_PCI_LOOP,      /* the list does not end; where = the pointer seen too often */
    VIRTIO_PCI_POINTER,   /* a pointer into the header; where = its value */
    VIRTIO_PCI_TRUNCATED, /* a capability shorter than its structure, or past the end; where = its offset */
    VIRTIO_PCI_OUTSIDE,   /* a structure outside its BAR, or too small; where = offset of the capability */
    VIRTIO_PCI_MISSING,   /* common, notify or device structure not offered; where = its cfg_type */
};

/* *where is the value a message should name. *regions is written on VIRTIO_PCI_OK only. */
TN_MUST_CHECK enum virtio_pci_error virtio_pci_find(const struct virtio_pci_function *function,
                                                    struct virtio_pci_regions *regions, uint32_t *where);
const char *virtio_pci_error_text(enum virtio_pci_error error);

/* Where queue `notify_off` is notified, as an offset in the notify region (4.1.4.4); TN_ERANGE if it lies outside. */
TN_MUST_CHECK enum tn_status virtio_pci_notify_offset(const struct virtio_pci_regions *regions, uint16_t notify_off,
                                                      uint64_t *offset);

#endif
