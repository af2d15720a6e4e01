/* SPDX-License-Identifier: Apache-2.0 */
/* See edu.h. */
#include "device/edu.h"

#include <stddef.h>

#include <tenure/abi/ring.h>

#include "mm/space.h"
#include "pci/scan.h"

enum {
    VENDOR = 0x1234,
    DEVICE = 0x11e8,
    INTERRUPT_STATUS = 0x24,
    INTERRUPT_ACKNOWLEDGE = 0x64,
    DMA_COMMAND = 0x98, /* 64 bits; bit 0: start, or at work */
    REGISTERS_BYTES = 0x1000,
};

bool edu_is(const struct pci_function *f)
{
    return f->vendor == VENDOR && f->device == DEVICE;
}

static volatile uint32_t *at(const struct pci_function *f, uint32_t offset)
{
    return (volatile uint32_t *)(volatile void *)(f->registers + offset);
}

bool edu_stop_begin(struct pci_function *f)
{
    if (!f->registers && f->bar[0].flags & TN_BAR_MEMORY && f->bar[0].size >= REGISTERS_BYTES && f->bar[0].address != 0)
        f->registers = kernel_mmio_map(f->bar[0].address, REGISTERS_BYTES);
    return f->registers && pci_read(&pci_ecam, f->bdf, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY;
}

bool edu_stop_ended(const struct pci_function *f)
{
    if (*at(f, DMA_COMMAND) & 1)
        return false;
    *at(f, INTERRUPT_ACKNOWLEDGE) = *at(f, INTERRUPT_STATUS);
    return true;
}
