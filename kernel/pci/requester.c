/* SPDX-License-Identifier: Apache-2.0 */
/* See requester.h. */
#include "pci/requester.h"

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
        bool fits = true;
        if (b->features.express_type == PCI_EXPRESS_TO_PCI) /* speaks for its secondary bus, or for itself */
            fits = add(id, &count, (uint32_t)b->bridge.secondary << 8) && add(id, &count, b->bdf);
        else if (b->features.express_type == PCI_EXPRESS_NONE || b->features.express_type == PCI_EXPRESS_FROM_PCI)
            fits = add(id, &count, b->bdf);
        if (!fits)
            return 0;
    }
    return count;
}
