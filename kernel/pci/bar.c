/* SPDX-License-Identifier: Apache-2.0 */
/* See bar.h. */
#include "pci/bar.h"

#include <tenure/abi/ring.h>

enum {
    BAR_IO = 1 << 0,
    BAR_TYPE_64 = 2 << 1,
    BAR_TYPE_RESERVED = 3 << 1,
    BAR_TYPE_MASK = 3 << 1,
    BAR_PREFETCHABLE = 1 << 3,
    IO_BITS = 0xffff, /* x86 has 16 bits of ports; the upper half of an I/O BAR may be wired to zero */
};

/* The size in an all-ones answer; 0: nothing there, or no power of two. */
static uint64_t size_of(uint64_t mask, uint64_t width_mask)
{
    mask &= width_mask;
    uint64_t size = (~mask & width_mask) + 1;
    return mask == 0 || (size & (size - 1)) != 0 ? 0 : size;
}

static uint32_t ask(const struct pci_access *a, uint32_t bdf, uint32_t at, uint32_t *now)
{
    *now = pci_read(a, bdf, at, 4);
    pci_write(a, bdf, at, 4, UINT32_MAX);
    uint32_t mask = pci_read(a, bdf, at, 4);
    pci_write(a, bdf, at, 4, *now);
    return mask;
}

/* Sizes BAR i; returns how many registers it takes. `*broken`: it answers as none can. */
static uint32_t size_bar(const struct pci_access *a, uint32_t bdf, uint32_t i, uint32_t count, struct pci_bar *bar,
                         bool *broken)
{
    uint32_t low, high, at = PCI_BAR0 + i * 4;
    uint32_t mask = ask(a, bdf, at, &low), taken = 1;
    *bar = (struct pci_bar){0};
    *broken = false;
    if (mask == 0)
        return taken;
    uint32_t flags = TN_BAR_MEMORY | (mask & BAR_PREFETCHABLE ? TN_BAR_PREFETCHABLE : 0);
    if (mask & BAR_IO) {
        *bar = (struct pci_bar){low & ~3u, size_of(mask & ~3u, IO_BITS), 0};
    } else if ((mask & BAR_TYPE_MASK) == BAR_TYPE_64 && i + 1 < count) {
        uint64_t wide = (uint64_t)ask(a, bdf, at + 4, &high) << 32 | (mask & ~15u);
        *bar = (struct pci_bar){(uint64_t)high << 32 | (low & ~15u), size_of(wide, UINT64_MAX), flags | TN_BAR_64BIT};
        taken = 2;
    } else if ((mask & BAR_TYPE_MASK) != BAR_TYPE_64 && (mask & BAR_TYPE_MASK) != BAR_TYPE_RESERVED) {
        *bar = (struct pci_bar){low & ~15u, size_of(mask & ~15u, UINT32_MAX), flags};
    }
    *broken = bar->size == 0;
    if (*broken)
        *bar = (struct pci_bar){0};
    return taken;
}

uint32_t pci_size_bars(const struct pci_access *a, uint32_t bdf, uint32_t count, struct pci_bar bar[PCI_BARS])
{
    uint32_t all_broken = 0;
    uint32_t command = pci_read(a, bdf, PCI_COMMAND, 2);
    pci_write(a, bdf, PCI_COMMAND, 2, command & ~(uint32_t)(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
    for (uint32_t i = 0; i < PCI_BARS; i++)
        bar[i] = (struct pci_bar){0};
    for (uint32_t i = 0; i < count;) {
        bool broken;
        uint32_t taken = size_bar(a, bdf, i, count, &bar[i], &broken);
        all_broken |= broken ? UINT32_C(1) << i : 0;
        i += taken;
    }
    pci_write(a, bdf, PCI_COMMAND, 2, command);
    return all_broken;
}

enum tn_status pci_move_bar(const struct pci_access *a, uint32_t bdf, uint32_t index, struct pci_bar *bar,
                            uint64_t address)
{
    uint32_t at = PCI_BAR0 + index * 4;
    pci_write(a, bdf, at, 4, (uint32_t)address);
    uint64_t now = pci_read(a, bdf, at, 4) & (bar->flags & TN_BAR_MEMORY ? ~15u : ~3u);
    if (bar->flags & TN_BAR_64BIT) {
        pci_write(a, bdf, at + 4, 4, (uint32_t)(address >> 32));
        now |= (uint64_t)pci_read(a, bdf, at + 4, 4) << 32;
    }
    bar->address = now == address ? address : 0;
    return now == address ? TN_OK : TN_EIO;
}

void pci_disable_rom(const struct pci_access *a, uint32_t bdf, uint32_t rom_register)
{
    uint32_t rom = pci_read(a, bdf, rom_register, 4);
    if (rom & PCI_ROM_ENABLE)
        pci_write(a, bdf, rom_register, 4, rom & ~(uint32_t)PCI_ROM_ENABLE);
}
