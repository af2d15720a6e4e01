/* SPDX-License-Identifier: Apache-2.0 */
/* iommu.h for Intel VT-d: which entry of interrupt remapping a route has, and whose messages may use it. */
#include <stddef.h>

#include "iommu/iommu.h"
#include "iommu/vtd/scope.h"
#include "iommu/vtd/units.h"
#include "lib/lock.h"
#include "pci/requester.h"
#include "pci/scan.h"

static struct unit *route_unit[VTD_REMAP_ENTRIES]; /* whose entry a route has */

static enum tn_status set_route(struct unit *u, uint32_t route, uint8_t vector, uint32_t apic_id, bool level,
                                uint16_t requester)
{
    LOCK_SCOPE(LOCK_IOMMU);
    if (!u || !u->vtd.remaps)
        return TN_ENOENT;
    enum tn_status status = vtd_remap_set(&u->vtd.remap, route, vector, (uint8_t)apic_id, level, requester);
    if (status != TN_OK)
        return status;
    route_unit[route] = u;
    return unit_order(u, vtd_interrupt_of((uint16_t)route));
}

enum tn_status iommu_route_set(const struct pci_function *function, uint32_t route, uint8_t vector, uint32_t apic_id,
                               struct iommu_message *message)
{
    *message = (struct iommu_message){vtd_remap_address(route), 0};
    return set_route(unit_of(function), route, vector, apic_id, false,
                     pci_message_requester(pci_machine.function, unit_index_of(function)));
}

enum tn_status iommu_route_set_ioapic(uint8_t id, uint32_t route, uint8_t vector, uint32_t apic_id, bool level,
                                      uint32_t *index)
{
    uint16_t requester = 0;
    struct unit *u =
        vtd_dmar ? unit_at(vtd_unit_of_ioapic(vtd_dmar, pci_machine.function, pci_machine.count, id, &requester))
                 : NULL;
    *index = route;
    return set_route(u, route, vector, apic_id, level, requester);
}

enum tn_status iommu_route_clear(uint32_t route)
{
    struct unit *u = route_unit[route];
    LOCK_SCOPE(LOCK_IOMMU);
    if (!u)
        return TN_OK;
    vtd_remap_clear(&u->vtd.remap, route);
    enum tn_status status = unit_order(u, vtd_interrupt_of((uint16_t)route));
    if (status == TN_OK)
        route_unit[route] = NULL;
    return status;
}
