/* SPDX-License-Identifier: Apache-2.0 */
/* See virtio.h. */
#include "device/virtio.h"

#include <stddef.h>
#include <stdint.h>

#include <tenure/abi/ring.h>

#include "mm/space.h"
#include "pci/reset.h"
#include "pci/scan.h"

enum {
    VENDOR = 0x1af4,
    DEVICE_FIRST = 0x1000,
    DEVICE_LAST = 0x107f,
    CAPABILITY_VENDOR = 0x09,
    CAPABILITIES_MAX = 48, /* as many as fit */
    /* struct virtio_pci_cap, from the capability's start */
    CAP_TYPE = 3,
    CAP_BAR = 4,
    CAP_OFFSET = 8,
    CAP_COMMON = 1,
    /* struct virtio_pci_common_cfg */
    FEATURE_SELECT = 0,
    FEATURE = 4,
    DEVICE_STATUS = 20,
    COMMON_BYTES = 56,
    ACCESS_PLATFORM_WORD = 1,
    ACCESS_PLATFORM_BIT = 1 << 1, /* feature 33 */
};

bool virtio_is(const struct pci_function *f)
{
    return f->vendor == VENDOR && f->device >= DEVICE_FIRST && f->device <= DEVICE_LAST;
}

/* The common configuration structure, mapped once for each device and kept. NULL: there is none that makes sense. */
static volatile uint8_t *common_of(struct pci_function *f)
{
    if (f->registers)
        return f->registers;
    uint32_t at = pci_read(&pci_ecam, f->bdf, PCI_CAPABILITIES, 1) & ~3u;
    if (!(pci_read(&pci_ecam, f->bdf, PCI_STATUS, 2) & PCI_STATUS_CAPABILITIES))
        return NULL;
    for (uint32_t i = 0; i < CAPABILITIES_MAX && at >= 0x40; i++) {
        uint32_t head = pci_read(&pci_ecam, f->bdf, at, 4);
        uint32_t bar = pci_read(&pci_ecam, f->bdf, at + CAP_BAR, 1);
        uint32_t offset = pci_read(&pci_ecam, f->bdf, at + CAP_OFFSET, 4);
        if ((head & 0xff) == CAPABILITY_VENDOR && head >> 8 * CAP_TYPE == CAP_COMMON && bar < PCI_BARS &&
            f->bar[bar].flags & TN_BAR_MEMORY && f->bar[bar].address != 0 && f->bar[bar].size >= COMMON_BYTES &&
            offset <= f->bar[bar].size - COMMON_BYTES && offset % 4 == 0) {
            uint32_t command = pci_read(&pci_ecam, f->bdf, PCI_COMMAND, 2);
            pci_write(&pci_ecam, f->bdf, PCI_COMMAND, 2, command | PCI_COMMAND_MEMORY);
            f->registers = kernel_mmio_map(f->bar[bar].address + offset, COMMON_BYTES);
            return f->registers;
        }
        at = head >> 8 & 0xfc;
    }
    return NULL;
}

bool virtio_obeys_iommu(struct pci_function *f)
{
    volatile uint8_t *common = common_of(f);
    if (!common || !pci_decodes(f, &pci_ecam))
        return false;
    *(volatile uint32_t *)(volatile void *)(common + FEATURE_SELECT) = ACCESS_PLATFORM_WORD;
    return *(volatile uint32_t *)(volatile void *)(common + FEATURE) & ACCESS_PLATFORM_BIT;
}

bool virtio_reset_begin(struct pci_function *f)
{
    volatile uint8_t *common = common_of(f);
    if (common)
        common[DEVICE_STATUS] = 0;
    return common;
}

bool virtio_reset_ended(const struct pci_function *f)
{
    return f->registers[DEVICE_STATUS] == 0;
}
