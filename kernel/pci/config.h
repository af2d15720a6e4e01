/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration space of one PCI function: registers by the specifications' names (PCI Local Bus 3.0, section 6.1; PCI
 * Express Base 5.0, section 7.5.1). Access goes through a function, so that all that reads it is tested on the host.
 */
#ifndef TENURE_KERNEL_PCI_CONFIG_H
#define TENURE_KERNEL_PCI_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include <tenure/abi/status.h>

enum pci_register {
    PCI_VENDOR_ID = 0x00, /* 16 bits; 0xffff: no function */
    PCI_DEVICE_ID = 0x02,
    PCI_COMMAND = 0x04,
    PCI_STATUS = 0x06,
    PCI_REVISION_ID = 0x08, /* with the class code in bits 8 to 31 */
    PCI_HEADER_TYPE = 0x0e,
    PCI_BAR0 = 0x10,
    PCI_ROM = 0x30,        /* header type 0 */
    PCI_BRIDGE_ROM = 0x38, /* header type 1 */
    PCI_CAPABILITIES = 0x34,
    PCI_CONFIG_BYTES = 256, /* of conventional PCI; 4096 through ECAM */
    PCI_EXTENDED_BYTES = 4096,
};

enum pci_bits {
    PCI_COMMAND_IO = 1 << 0,
    PCI_COMMAND_MEMORY = 1 << 1,
    PCI_COMMAND_BUS_MASTER = 1 << 2,
    PCI_COMMAND_INTX_DISABLE = 1 << 10,
    PCI_STATUS_CAPABILITIES = 1 << 4,
    PCI_HEADER_MULTIFUNCTION = 0x80,
    PCI_HEADER_TYPE_MASK = 0x7f,
    PCI_HEADER_ENDPOINT = 0,
    PCI_HEADER_BRIDGE = 1,
    PCI_HEADER_STUCK = 0x80, /* ours, in no register: an endpoint of which bus mastering does not go off */
    PCI_ROM_ENABLE = 1 << 0,
};

/* segment << 16 | bus << 8 | device << 3 | function */
static inline uint32_t pci_bdf(uint32_t bus, uint32_t device, uint32_t function)
{
    return bus << 8 | device << 3 | function;
}
static inline uint32_t pci_bus(uint32_t bdf)
{
    return bdf >> 8 & 0xff;
}
static inline uint32_t pci_segment(uint32_t bdf)
{
    return bdf >> 16;
}

struct pci_access {
    /* width 1, 2 or 4; offset a multiple of it, below 4096. Absent functions read as all ones. */
    uint32_t (*read)(void *context, uint32_t bdf, uint32_t offset, uint32_t width);
    void (*write)(void *context, uint32_t bdf, uint32_t offset, uint32_t width, uint32_t value);
    void *context;
};

static inline uint32_t pci_read(const struct pci_access *a, uint32_t bdf, uint32_t offset, uint32_t width)
{
    return a->read(a->context, bdf, offset, width);
}
static inline void pci_write(const struct pci_access *a, uint32_t bdf, uint32_t offset, uint32_t width, uint32_t value)
{
    a->write(a->context, bdf, offset, width, value);
}

#endif
