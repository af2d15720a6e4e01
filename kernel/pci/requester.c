/* SPDX-License-Identifier: Apache-2.0 */
/* See requester.h. */
#include "pci/requester.h"

/* The id that a bridge puts in place of those below it; false: it passes them on. */
static bool takes_over(const struct pci_function *bridge, uint16_t *id)
{
    uint8_t type = bridge->features.express_type;
#ifdef TN_TWIN_REQUESTER /* negative twin: bridges are taken to pass every id on */
    type = PCI_EXPRESS_ROOT_PORT;
#endif
    if (type == PCI_EXPRESS_TO_PCI)
        *id = (uint16_t)(bridge->bridge.secondary << 8);
    else if (type == PCI_EXPRESS_NONE || type == PCI_EXPRESS_FROM_PCI)
        *id = (uint16_t)bridge->bdf;
    else
        return false;
    return true;
}

static bool add(uint16_t *id, uint32_t *count, uint32_t value)
{
    for (uint32_t i = 0; i < *count; i++)
        if (id[i] == (uint16_t)value)
            return true;
    if (*count == PCI_REQUESTERS_MAX)
        return false;
    id[(*count)++] = (uint16_t)value;
    return true;
}

uint32_t pci_requesters(const struct pci_function *f, uint32_t index, uint16_t id[PCI_REQUESTERS_MAX])
{
    uint32_t count = 0;
    (void)add(id, &count, f[index].bdf);
    for (uint32_t bridge = f[index].parent; bridge != PCI_ROOT; bridge = f[bridge].parent) {
        const struct pci_function *b = &f[bridge];
        if (b->bridge.fault)
            return 0;
        uint16_t taken;
        if (!takes_over(b, &taken))
            continue;
        /* one from Express to PCI speaks for its secondary bus, or for itself */
        if (!add(id, &count, taken) || !add(id, &count, b->bdf))
            return 0;
    }
    return count;
}

uint16_t pci_message_requester(const struct pci_function *f, uint32_t index)
{
    uint16_t id = (uint16_t)f[index].bdf;
    for (uint32_t bridge = f[index].parent; bridge != PCI_ROOT; bridge = f[bridge].parent)
        (void)takes_over(&f[bridge], &id);
    return id;
}
