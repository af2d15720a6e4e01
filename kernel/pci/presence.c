/* SPDX-License-Identifier: Apache-2.0 */
/* See presence.h. */
#include "pci/presence.h"

enum {
    NOBODY = 0xffff,
    /* from the PCI Express capability's start */
    FLAGS = 0x02,
    FLAGS_HAS_SLOT = 1 << 8,
    LINK_CAPABILITIES = 0x0c,
    LINK_REPORTS = 1 << 20, /* it says whether its link is active */
    LINK_STATUS = 0x12,
    LINK_ACTIVE = 1 << 13,
    SLOT_STATUS = 0x1a,
    SLOT_OCCUPIED = 1 << 6,
};

static bool answers(const struct pci_function *f, const struct pci_access *a)
{
    return pci_read(a, f->bdf, PCI_VENDOR_ID, 2) != NOBODY;
}

static bool has_nothing_below(const struct pci_function *port, const struct pci_access *a)
{
    uint32_t at = port->capabilities.express, type = port->features.express_type;
    if (at == 0 || (type != PCI_EXPRESS_ROOT_PORT && type != PCI_EXPRESS_DOWNSTREAM))
        return false;
    bool has_slot = pci_read(a, port->bdf, at + FLAGS, 2) & FLAGS_HAS_SLOT;
    bool reports = pci_read(a, port->bdf, at + LINK_CAPABILITIES, 4) & LINK_REPORTS;
    return (has_slot && !(pci_read(a, port->bdf, at + SLOT_STATUS, 2) & SLOT_OCCUPIED)) ||
           (reports && !(pci_read(a, port->bdf, at + LINK_STATUS, 2) & LINK_ACTIVE));
}

bool pci_is_gone(const struct pci_function *f, uint32_t index, const struct pci_access *a)
{
    if (answers(&f[index], a))
        return false;
#ifdef TN_TWIN_PRESENCE /* negative twin: who does not answer is taken for gone */
    return true;
#endif
    uint32_t up = f[index].parent;
    while (up != PCI_ROOT && !answers(&f[up], a))
        up = f[up].parent; /* gone with what it is on */
    return up != PCI_ROOT && has_nothing_below(&f[up], a);
}
