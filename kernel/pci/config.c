/* SPDX-License-Identifier: Apache-2.0 */
/* See config.h. */
#include "pci/config.h"

#include <stddef.h>

#include <tenure/abi/ring.h>

enum {
    CAPABILITY_FIRST = 0x40, /* capabilities live behind the header */
    CAPABILITY_LAST = 0xfc,
    BAR_IO = 1 << 0,
    BAR_TYPE_64 = 2 << 1,
    BAR_TYPE_MASK = 3 << 1,
    BAR_PREFETCHABLE = 1 << 3,
    MSIX_TABLE = 4,
    MSIX_PBA = 8,
    MSIX_BIR = 7,
    MSIX_COUNT = 0x7ff,
    PAGE = 4096,
};

uint32_t pci_find_capability(const struct pci_access *a, uint32_t bdf, uint32_t id, uint32_t *bad)
{
    *bad = 0;
    if (!(pci_read(a, bdf, PCI_STATUS, 2) & PCI_STATUS_CAPABILITIES))
        return 0;
    uint32_t at = pci_read(a, bdf, PCI_CAPABILITIES, 1) & ~3u;
    for (uint32_t n = 0; at != 0; n++) {
        if (at < CAPABILITY_FIRST || at > CAPABILITY_LAST || n == PCI_CAPS_MAX) {
            *bad = at;
            return 0;
        }
        uint32_t header = pci_read(a, bdf, at, 2);
        if ((header & 0xff) == id)
            return at;
        at = header >> 8 & ~3u;
    }
    return 0;
}

static uint64_t size_of(uint64_t mask, uint64_t width_mask)
{
    mask &= width_mask;
    return mask == 0 ? 0 : (~mask & width_mask) + 1;
}

void pci_size_bars(const struct pci_access *a, uint32_t bdf, struct pci_bar bar[PCI_BARS])
{
    uint32_t command = pci_read(a, bdf, PCI_COMMAND, 2);
    pci_write(a, bdf, PCI_COMMAND, 2, command & ~(uint32_t)(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
    for (uint32_t i = 0; i < PCI_BARS; i++)
        bar[i] = (struct pci_bar){0};
    for (uint32_t i = 0; i < PCI_BARS; i++) {
        uint32_t at = PCI_BAR0 + i * 4;
        uint32_t low = pci_read(a, bdf, at, 4);
        pci_write(a, bdf, at, 4, UINT32_MAX);
        uint32_t mask = pci_read(a, bdf, at, 4);
        pci_write(a, bdf, at, 4, low);
        if (mask == 0)
            continue;
        if (low & BAR_IO) {
            bar[i] = (struct pci_bar){low & ~3u, size_of(mask & ~3u, 0xffff), 0};
            continue;
        }
        uint32_t flags = TN_BAR_MEMORY | (low & BAR_PREFETCHABLE ? TN_BAR_PREFETCHABLE : 0);
        if ((low & BAR_TYPE_MASK) != BAR_TYPE_64 || i + 1 == PCI_BARS) {
            bar[i] = (struct pci_bar){low & ~15u, size_of(mask & ~15u, UINT32_MAX), flags};
            continue;
        }
        uint32_t high = pci_read(a, bdf, at + 4, 4);
        pci_write(a, bdf, at + 4, 4, UINT32_MAX);
        uint64_t wide = (uint64_t)pci_read(a, bdf, at + 4, 4) << 32 | (mask & ~15u);
        pci_write(a, bdf, at + 4, 4, high);
        bar[i] = (struct pci_bar){(uint64_t)high << 32 | (low & ~15u), size_of(wide, UINT64_MAX), flags | TN_BAR_64BIT};
        i++;
    }
    pci_write(a, bdf, PCI_COMMAND, 2, command);
}

static bool fits(const struct pci_bar bar[PCI_BARS], uint32_t index, uint64_t offset, uint64_t bytes)
{
    return index < PCI_BARS && bar[index].flags & TN_BAR_MEMORY && offset <= bar[index].size &&
           bytes <= bar[index].size - offset;
}

enum tn_status pci_read_msix(const struct pci_access *a, uint32_t bdf, uint32_t capability,
                             const struct pci_bar bar[PCI_BARS], struct pci_msix *msix)
{
    *msix = (struct pci_msix){0};
    if (capability == 0)
        return TN_ENOENT;
    uint32_t table = pci_read(a, bdf, capability + MSIX_TABLE, 4);
    uint32_t pba = pci_read(a, bdf, capability + MSIX_PBA, 4);
    struct pci_msix m = {
        .capability = capability,
        .count = (pci_read(a, bdf, capability + PCI_MSIX_CONTROL, 2) & MSIX_COUNT) + 1,
        .table_bar = table & MSIX_BIR,
        .table_offset = table & ~(uint32_t)MSIX_BIR,
        .pba_bar = pba & MSIX_BIR,
        .pba_offset = pba & ~(uint32_t)MSIX_BIR,
    };
    if (!fits(bar, m.table_bar, m.table_offset, (uint64_t)m.count * PCI_MSIX_ENTRY_BYTES) ||
        !fits(bar, m.pba_bar, m.pba_offset, ((uint64_t)m.count + 63) / 64 * 8))
        return TN_EPROTOCOL;
    *msix = m;
    return TN_OK;
}

static bool same_pages(uint64_t a, uint64_t a_bytes, uint64_t b, uint64_t b_bytes)
{
    uint64_t a_first = a / PAGE, a_last = (a + a_bytes - 1) / PAGE;
    uint64_t b_first = b / PAGE, b_last = (b + b_bytes - 1) / PAGE;
    return a_first <= b_last && b_first <= a_last;
}

bool pci_touches_msix(const struct pci_msix *m, uint32_t bar, uint64_t offset, uint64_t length)
{
    if (m->count == 0 || length == 0)
        return false;
    if (bar == m->table_bar && same_pages(offset, length, m->table_offset, (uint64_t)m->count * PCI_MSIX_ENTRY_BYTES))
        return true;
    return bar == m->pba_bar && same_pages(offset, length, m->pba_offset, ((uint64_t)m->count + 63) / 64 * 8);
}
