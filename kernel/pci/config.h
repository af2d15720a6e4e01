/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration space of one PCI function: registers by the specification's names (PCI Local Bus 3.0, section 6; PCI
 * Express Base 5.0, section 7.5) and the capability list. Access goes through a function, so that all of this is tested
 * on the host.
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
    PCI_SECONDARY_BUS = 0x19, /* header type 1 */
    PCI_SUBORDINATE_BUS = 0x1a,
    PCI_CAPABILITIES = 0x34,
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
    PCI_CAP_MSI = 0x05,
    PCI_CAP_VENDOR = 0x09,
    PCI_CAP_EXPRESS = 0x10,
    PCI_CAP_MSIX = 0x11,
    PCI_CAPS_MAX = 48, /* 192 bytes behind the header, four a capability */
    PCI_BARS = 6,
};

/* bus << 8 | device << 3 | function */
static inline uint32_t pci_bdf(uint32_t bus, uint32_t device, uint32_t function)
{
    return bus << 8 | device << 3 | function;
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

/* Offset of the first capability `id`, 0 if there is none. *bad is set to the
 * offset of a pointer that leaves the list's area or closes a loop; the search ends there. */
uint32_t pci_find_capability(const struct pci_access *access, uint32_t bdf, uint32_t id, uint32_t *bad);

struct pci_bar {
    uint64_t address;
    uint64_t size;  /* 0: not implemented, or the upper half of the one before */
    uint32_t flags; /* enum tn_bar_flag; 0 with a size: I/O space */
};

/* Sizes all BARs of an endpoint with decoding off, and restores everything it wrote (section 6.2.5.1). */
void pci_size_bars(const struct pci_access *access, uint32_t bdf, struct pci_bar bar[PCI_BARS]);

struct pci_msix {
    uint32_t capability; /* offset, 0: none */
    uint32_t count;      /* entries, 1 to 2048 */
    uint32_t table_bar;
    uint64_t table_offset;
    uint32_t pba_bar;
    uint64_t pba_offset;
};

enum {
    PCI_MSIX_CONTROL = 2, /* from the capability's start */
    PCI_MSIX_CONTROL_ENABLE = 1 << 15,
    PCI_MSIX_CONTROL_MASK_ALL = 1 << 14,
    PCI_MSIX_ENTRY_BYTES = 16,
    PCI_MSIX_ENTRY_ADDRESS_LOW = 0,
    PCI_MSIX_ENTRY_ADDRESS_HIGH = 4,
    PCI_MSIX_ENTRY_DATA = 8,
    PCI_MSIX_ENTRY_CONTROL = 12, /* bit 0: masked */
};

/* Reads and checks the MSI-X capability against the BARs: TN_ENOENT (none), TN_EPROTOCOL (table or PBA outside its
 * BAR). */
TN_MUST_CHECK enum tn_status pci_read_msix(const struct pci_access *access, uint32_t bdf, uint32_t capability,
                                           const struct pci_bar bar[PCI_BARS], struct pci_msix *msix);

/* Does [offset, offset + length) of BAR `bar` touch a page of the MSI-X table or the PBA? */
bool pci_touches_msix(const struct pci_msix *msix, uint32_t bar, uint64_t offset, uint64_t length);

#endif
