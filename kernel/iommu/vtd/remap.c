/* SPDX-License-Identifier: Apache-2.0 */
/* See remap.h. */
#include "iommu/vtd/remap.h"

#include "iommu/vtd/entry.h"

enum {
    LEVEL = 1 << 4, /* trigger mode; destination mode physical, delivery mode fixed: 0 */
    VECTOR_SHIFT = 16,
    DESTINATION_SHIFT = 40,     /* an xAPIC id: bits 8 to 15 of the field at 32 */
    VERIFY_REQUESTER = 1 << 18, /* SVT 01, SQ 00 in the upper half: all 16 bits of the id */
    PAGE = 4096,
};

static struct vtd_entry *entry_of(const struct vtd_remap *r, uint32_t index)
{
    return (struct vtd_entry *)r->host->at(r->host->context, r->physical) + index;
}

enum tn_status vtd_remap_init(struct vtd_remap *r, const struct vtd_host *host, bool coherent)
{
    *r = (struct vtd_remap){.host = host, .coherent = coherent};
    if (!host->take(host->context, 1, &r->physical))
        return TN_EEXHAUSTED;
    if (!coherent)
        vtd_host_write_back(host->context, entry_of(r, 0), PAGE);
    return TN_OK;
}

enum tn_status vtd_remap_set(struct vtd_remap *r, uint32_t index, uint8_t vector, uint8_t apic_id, bool level,
                             uint16_t requester)
{
    struct vtd_entry *e = entry_of(r, index);
    if (e->low & VTD_ENTRY_PRESENT)
        return TN_ESTATE;
    uint64_t low = (uint64_t)apic_id << DESTINATION_SHIFT | (uint64_t)vector << VECTOR_SHIFT | VTD_ENTRY_PRESENT;
#ifndef TN_TWIN_REQUESTER /* negative twin: whoever sends it */
    uint64_t high = VERIFY_REQUESTER | (uint64_t)requester;
#else
    uint64_t high = requester;
#endif
    vtd_entry_set(r->host, r->coherent, e, (struct vtd_entry){level ? low | LEVEL : low, high});
    return TN_OK;
}

void vtd_remap_clear(struct vtd_remap *r, uint32_t index)
{
    vtd_entry_set(r->host, r->coherent, entry_of(r, index), (struct vtd_entry){0, 0});
}
