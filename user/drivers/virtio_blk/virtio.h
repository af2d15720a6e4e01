/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers and layouts of VIRTIO 1.2 that this driver uses, under the specification's names and section numbers. All
 * fields are little endian, as is the only machine this is built for.
 */
#ifndef TENURE_VIRTIO_H
#define TENURE_VIRTIO_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/* 2.1 Device Status Field */
enum virtio_status {
    VIRTIO_STATUS_ACKNOWLEDGE = 1,
    VIRTIO_STATUS_DRIVER = 2,
    VIRTIO_STATUS_DRIVER_OK = 4,
    VIRTIO_STATUS_FEATURES_OK = 8,
    VIRTIO_STATUS_DEVICE_NEEDS_RESET = 64,
    VIRTIO_STATUS_FAILED = 128,
};

/* 5.2.3 and 6: Feature bits */
#define VIRTIO_BLK_F_SIZE_MAX    (UINT64_C(1) << 1)
#define VIRTIO_BLK_F_RO          (UINT64_C(1) << 5)
#define VIRTIO_BLK_F_BLK_SIZE    (UINT64_C(1) << 6)
#define VIRTIO_BLK_F_FLUSH       (UINT64_C(1) << 9)
#define VIRTIO_F_INDIRECT_DESC   (UINT64_C(1) << 28)
#define VIRTIO_F_VERSION_1       (UINT64_C(1) << 32)
#define VIRTIO_F_ACCESS_PLATFORM (UINT64_C(1) << 33)
#define VIRTIO_F_ORDER_PLATFORM  (UINT64_C(1) << 36)

/* 4.1.4 Virtio Structure PCI Capabilities */
enum virtio_pci_cap_type {
    VIRTIO_PCI_CAP_COMMON_CFG = 1,
    VIRTIO_PCI_CAP_NOTIFY_CFG = 2,
    VIRTIO_PCI_CAP_ISR_CFG = 3,
    VIRTIO_PCI_CAP_DEVICE_CFG = 4,
};

/* 4.1.4.3 Common configuration structure layout: offsets */
enum virtio_pci_common_cfg {
    COMMON_DEVICE_FEATURE_SELECT = 0x00, /* 32 */
    COMMON_DEVICE_FEATURE = 0x04,        /* 32 */
    COMMON_DRIVER_FEATURE_SELECT = 0x08, /* 32 */
    COMMON_DRIVER_FEATURE = 0x0c,        /* 32 */
    COMMON_CONFIG_MSIX_VECTOR = 0x10,    /* 16 */
    COMMON_NUM_QUEUES = 0x12,            /* 16 */
    COMMON_DEVICE_STATUS = 0x14,         /* 8 */
    COMMON_CONFIG_GENERATION = 0x15,     /* 8 */
    COMMON_QUEUE_SELECT = 0x16,          /* 16 */
    COMMON_QUEUE_SIZE = 0x18,            /* 16 */
    COMMON_QUEUE_MSIX_VECTOR = 0x1a,     /* 16 */
    COMMON_QUEUE_ENABLE = 0x1c,          /* 16 */
    COMMON_QUEUE_NOTIFY_OFF = 0x1e,      /* 16 */
    COMMON_QUEUE_DESC = 0x20,            /* 64, written as two halves */
    COMMON_QUEUE_DRIVER = 0x28,
    COMMON_QUEUE_DEVICE = 0x30,
    COMMON_BYTES = 0x38,
};
enum {
    VIRTIO_MSI_NO_VECTOR = 0xffff,
};

/* 5.2.4 Device configuration layout of a block device: offsets */
enum virtio_blk_config {
    BLK_CONFIG_CAPACITY = 0,  /* 64: in sectors of 512 bytes */
    BLK_CONFIG_SIZE_MAX = 8,  /* 32 */
    BLK_CONFIG_BLK_SIZE = 20, /* 32 */
    BLK_CONFIG_BYTES = 24,
};

/* 2.7.5 The Virtqueue Descriptor Table */
enum virtq_desc_flag {
    VIRTQ_DESC_F_NEXT = 1,
    VIRTQ_DESC_F_WRITE = 2,
    VIRTQ_DESC_F_INDIRECT = 4,
};
struct virtq_desc {
    uint64_t addr;
    uint32_t len;
    uint16_t flags;
    uint16_t next;
};
static_assert(sizeof(struct virtq_desc) == 16, "2.7.5");

/* 2.7.6 and 2.7.8: the rings; `ring` has queue-size elements and a trailing event index that we do not negotiate */
struct virtq_avail {
    uint16_t flags;
    uint16_t idx;
    uint16_t ring[];
};
struct virtq_used_elem {
    uint32_t id;
    uint32_t len;
};
static_assert(sizeof(struct virtq_used_elem) == 8, "2.7.8");
struct virtq_used {
    uint16_t flags;
    uint16_t idx;
    struct virtq_used_elem ring[];
};
enum {
    VIRTQ_USED_F_NO_NOTIFY = 1,
};

/* 5.2.6 Device Operation */
struct virtio_blk_req {
    uint32_t type;
    uint32_t reserved;
    uint64_t sector; /* in units of 512 bytes, whatever the block size */
};
static_assert(sizeof(struct virtio_blk_req) == 16, "5.2.6");
enum virtio_blk_type {
    VIRTIO_BLK_T_IN = 0,
    VIRTIO_BLK_T_OUT = 1,
    VIRTIO_BLK_T_FLUSH = 4,
};
enum virtio_blk_answer {
    VIRTIO_BLK_S_OK = 0,
    VIRTIO_BLK_S_IOERR = 1,
    VIRTIO_BLK_S_UNSUPP = 2,
};
enum {
    VIRTIO_BLK_SECTOR = 512,
};

#endif
