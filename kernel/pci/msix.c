/* SPDX-License-Identifier: Apache-2.0 */
/* MSI-X: where a function's table and PBA are; see capability.h. */
#include <tenure/abi/ring.h>

#include "pci/capability.h"

enum {
    MSIX_TABLE = 4,
    MSIX_PBA = 8,
    MSIX_BIR = 7,
    MSIX_COUNT = 0x7ff, /* less one */
    PBA_BITS = 64,
    PAGE = 4096,
};

static uint64_t table_bytes(const struct pci_msix *m)
{
    return (uint64_t)m->count * PCI_MSIX_ENTRY_BYTES;
}

static uint64_t pba_bytes(const struct pci_msix *m)
{
    return ((uint64_t)m->count + PBA_BITS - 1) / PBA_BITS * (PBA_BITS / 8);
}

static bool fits(const struct pci_bar bar[PCI_BARS], uint32_t index, uint64_t offset, uint64_t bytes)
{
    return index < PCI_BARS && bar[index].flags & TN_BAR_MEMORY && offset <= bar[index].size &&
           bytes <= bar[index].size - offset;
}

static bool collide(const struct pci_msix *m)
{
    return m->table_bar == m->pba_bar && m->table_offset < m->pba_offset + pba_bytes(m) &&
           m->pba_offset < m->table_offset + table_bytes(m);
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
    if (!fits(bar, m.table_bar, m.table_offset, table_bytes(&m)) ||
        !fits(bar, m.pba_bar, m.pba_offset, pba_bytes(&m)) || collide(&m))
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
    if (bar == m->table_bar && same_pages(offset, length, m->table_offset, table_bytes(m)))
        return true;
    return bar == m->pba_bar && same_pages(offset, length, m->pba_offset, pba_bytes(m));
}
