/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk along a capability list that may lie.
 */
#include "pci_caps.h"

#include "virtio.h"

enum pci_header {
    PCI_STATUS = 0x06,
    PCI_STATUS_CAPABILITIES = 0x10,
    PCI_CAPABILITY_POINTER = 0x34,
    PCI_CAPABILITIES_START = 0x40,
    PCI_CAP_VENDOR = 0x09,
    /* Capabilities are 4-byte aligned behind the header: a longer list must visit one twice. */
    PCI_CAPABILITIES_MAX = (PCI_CONFIG_BYTES - PCI_CAPABILITIES_START) / 4,
};

/* 4.1.4: struct virtio_pci_cap, offsets */
enum virtio_pci_cap {
    CAP_NEXT = 1,
    CAP_LEN = 2,
    CAP_CFG_TYPE = 3,
    CAP_BAR = 4,
    CAP_OFFSET = 8,
    CAP_LENGTH = 12,
    CAP_BYTES = 16,
    CAP_NOTIFY_MULTIPLIER = 16,
    CAP_NOTIFY_BYTES = 20,
};

static uint32_t read32(const struct virtio_pci_function *function, uint32_t at)
{
    const uint8_t *c = function->config + at; /* callers checked at + 4 <= PCI_CONFIG_BYTES */
    return (uint32_t)c[0] | (uint32_t)c[1] << 8 | (uint32_t)c[2] << 16 | (uint32_t)c[3] << 24;
}

/* Takes the structure of one vendor capability in, if it is the first of its type that is in memory (4.1.4.1: earlier
 * ones are preferred). */
static enum virtio_pci_error take(const struct virtio_pci_function *function, uint32_t at,
                                  struct virtio_pci_regions *regions)
{
    if (at + CAP_BYTES > PCI_CONFIG_BYTES || function->config[at + CAP_LEN] < CAP_BYTES ||
        at + function->config[at + CAP_LEN] > PCI_CONFIG_BYTES)
        return VIRTIO_PCI_TRUNCATED;
    uint32_t type = function->config[at + CAP_CFG_TYPE];
    struct virtio_pci_region *region = type == VIRTIO_PCI_CAP_COMMON_CFG   ? &regions->common
                                       : type == VIRTIO_PCI_CAP_NOTIFY_CFG ? &regions->notify
                                       : type == VIRTIO_PCI_CAP_DEVICE_CFG ? &regions->device
                                                                           : NULL;
    uint32_t bar = function->config[at + CAP_BAR];
    /* 4.1.4: types we do not know and reserved BARs are ignored; 4.1.4.1: so is a structure that we cannot use, as one
     * in I/O ports, because there may be another of its type. ISR (4.1.4.5) is not used with MSI-X. */
    if (region == NULL || region->length != 0 || bar >= PCI_BARS || function->bar_bytes[bar] == 0)
        return VIRTIO_PCI_OK;
    uint32_t least = type == VIRTIO_PCI_CAP_COMMON_CFG ? COMMON_BYTES : type == VIRTIO_PCI_CAP_NOTIFY_CFG ? 2 : 8;
    uint32_t offset = read32(function, at + CAP_OFFSET), length = read32(function, at + CAP_LENGTH);
    if (length < least || offset % 4 != 0 || (uint64_t)offset + length > function->bar_bytes[bar])
        return VIRTIO_PCI_OUTSIDE;
    if (type == VIRTIO_PCI_CAP_NOTIFY_CFG) {
        if (function->config[at + CAP_LEN] < CAP_NOTIFY_BYTES)
            return VIRTIO_PCI_TRUNCATED;
        regions->notify_multiplier = read32(function, at + CAP_NOTIFY_MULTIPLIER);
    }
    *region = (struct virtio_pci_region){.bar = bar, .offset = offset, .length = length};
    return VIRTIO_PCI_OK;
}

static enum virtio_pci_error check_complete(const struct virtio_pci_regions *regions, uint32_t *where)
{
    *where = regions->common.length == 0   ? VIRTIO_PCI_CAP_COMMON_CFG
             : regions->notify.length == 0 ? VIRTIO_PCI_CAP_NOTIFY_CFG
             : regions->device.length == 0 ? VIRTIO_PCI_CAP_DEVICE_CFG
                                           : 0;
    return *where == 0 ? VIRTIO_PCI_OK : VIRTIO_PCI_MISSING;
}

enum virtio_pci_error virtio_pci_find(const struct virtio_pci_function *function, struct virtio_pci_regions *regions,
                                      uint32_t *where)
{
    struct virtio_pci_regions found = {.notify_multiplier = 0};
    *where = 0;
    if ((function->config[PCI_STATUS] & PCI_STATUS_CAPABILITIES) == 0)
        return VIRTIO_PCI_NO_LIST;
    uint32_t at = function->config[PCI_CAPABILITY_POINTER] & 0xfcu;
    for (uint32_t seen = 0; at != 0; seen++) {
        *where = at;
        if (seen == PCI_CAPABILITIES_MAX)
            return VIRTIO_PCI_LOOP;
        if (at < PCI_CAPABILITIES_START)
            return VIRTIO_PCI_POINTER;
        if (function->config[at] == PCI_CAP_VENDOR) {
            enum virtio_pci_error error = take(function, at, &found);
            if (error != VIRTIO_PCI_OK)
                return error;
        }
        at = function->config[at + CAP_NEXT] & 0xfcu;
    }
    enum virtio_pci_error error = check_complete(&found, where);
    if (error == VIRTIO_PCI_OK)
        *regions = found;
    return error;
}

const char *virtio_pci_error_text(enum virtio_pci_error error)
{
    static const char *const text[] = {
        [VIRTIO_PCI_OK] = "ok",
        [VIRTIO_PCI_NO_LIST] = "no PCI capability list, so no VIRTIO 1.x interface (VIRTIO_F_VERSION_1)",
        [VIRTIO_PCI_LOOP] = "the PCI capability list is a loop",
        [VIRTIO_PCI_POINTER] = "a PCI capability pointer leads into the header",
        [VIRTIO_PCI_TRUNCATED] = "a virtio capability is cut short",
        [VIRTIO_PCI_OUTSIDE] = "a virtio structure lies outside its BAR or is too small",
        [VIRTIO_PCI_MISSING] = "a virtio structure is not offered, so no VIRTIO 1.x interface (VIRTIO_F_VERSION_1)",
    };
    return (uint32_t)error < sizeof(text) / sizeof(text[0]) ? text[error] : "?";
}

enum tn_status virtio_pci_notify_offset(const struct virtio_pci_regions *regions, uint16_t notify_off, uint64_t *offset)
{
    uint64_t at = (uint64_t)notify_off * regions->notify_multiplier;
    if (at % 2 != 0 || at + 2 > regions->notify.length)
        return TN_ERANGE;
    *offset = at;
    return TN_OK;
}
