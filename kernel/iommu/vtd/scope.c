/* SPDX-License-Identifier: Apache-2.0 */
/* See scope.h. */
#include "iommu/vtd/scope.h"

#include <stddef.h>

static const struct pci_function *find(const struct pci_function *f, uint32_t count, uint32_t bdf)
{
    for (uint32_t i = 0; i < count; i++)
        if (f[i].bdf == bdf)
            return &f[i];
    return NULL;
}

/* The function at the end of a path; false: a step on the way is no bridge of this machine. The end itself need not be
 * a function that the scan has seen: I/O APICs have none. */
static bool follow(const struct dmar_scope *s, uint32_t segment, const struct pci_function *f, uint32_t count,
                   uint32_t *bdf)
{
    uint32_t bus = s->bus;
    for (uint32_t step = 0; step + 1u < s->steps; step++) {
        const struct pci_function *bridge = find(f, count, segment << 16 | bus << 8 | s->path[step]);
        if (!bridge || bridge->header != PCI_HEADER_BRIDGE || bridge->bridge.fault)
            return false;
        bus = bridge->bridge.secondary;
    }
    *bdf = segment << 16 | bus << 8 | s->path[s->steps - 1];
    return true;
}

bool vtd_scope_covers(const struct dmar *d, const struct dmar_structure *s, const struct pci_function *f,
                      uint32_t count, uint32_t index)
{
    if (s->segment != pci_segment(f[index].bdf))
        return false;
    for (uint32_t i = 0; i < s->scope_count; i++) {
        const struct dmar_scope *scope = &d->scope[s->first_scope + i];
        uint32_t bdf;
        if ((scope->type != DMAR_SCOPE_ENDPOINT && scope->type != DMAR_SCOPE_BRIDGE) ||
            !follow(scope, s->segment, f, count, &bdf))
            continue;
#ifdef TN_TWIN_SCOPE /* negative twin: whoever is on the bus is meant */
        if (pci_bus(f[index].bdf) == pci_bus(bdf))
            return true;
#endif
        if (f[index].bdf == bdf)
            return true;
        for (uint32_t up = f[index].parent; scope->type == DMAR_SCOPE_BRIDGE && up != PCI_ROOT; up = f[up].parent)
            if (f[up].bdf == bdf)
                return true;
    }
    return false;
}

int32_t vtd_unit_of(const struct dmar *d, const struct pci_function *f, uint32_t count, uint32_t index)
{
    int32_t everything_else = VTD_NO_STRUCTURE;
    for (uint32_t i = 0; i < d->count; i++) {
        const struct dmar_structure *s = &d->structure[i];
        if (s->type != DMAR_DRHD || s->segment != pci_segment(f[index].bdf))
            continue;
        if (vtd_scope_covers(d, s, f, count, index))
            return (int32_t)i;
        if (s->flags & DMAR_EVERYTHING_ELSE)
            everything_else = (int32_t)i;
    }
    return everything_else;
}

int32_t vtd_unit_of_ioapic(const struct dmar *d, const struct pci_function *f, uint32_t count, uint8_t id,
                           uint16_t *requester)
{
    for (uint32_t i = 0; i < d->count; i++) {
        const struct dmar_structure *s = &d->structure[i];
        for (uint32_t j = 0; s->type == DMAR_DRHD && j < s->scope_count; j++) {
            const struct dmar_scope *scope = &d->scope[s->first_scope + j];
            uint32_t bdf;
            if (scope->type == DMAR_SCOPE_IO_APIC && scope->id == id && follow(scope, s->segment, f, count, &bdf)) {
                *requester = (uint16_t)bdf;
                return (int32_t)i;
            }
        }
    }
    return VTD_NO_STRUCTURE;
}
