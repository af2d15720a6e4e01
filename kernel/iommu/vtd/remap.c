/* SPDX-License-Identifier: Apache-2.0 */
/* See remap.h. */
#include "iommu/vtd/remap.h"

enum {
    PRESENT = 1 << 0,
    LEVEL = 1 << 4, /* trigger mode; destination mode physical, delivery mode fixed: 0 */
    VECTOR_SHIFT = 16,
    DESTINATION_SHIFT = 40,     /* an xAPIC id: bits 8 to 15 of the field at 32 */
    VERIFY_REQUESTER = 1 << 18, /* SVT 01, SQ 00 in the upper half: all 16 bits of the id */
    PAGE = 4096,
};

struct entry {
    uint64_t low, high;
};

static struct entry *entry_of(const struct vtd_remap *r, uint32_t index)
{
    return (struct entry *)r->host->at(r->host->context, r->physical) + index;
}

static void set(const struct vtd_remap *r, struct entry *e, struct entry value)
{
    __atomic_store_n(&e->low, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&e->high, value.high, __ATOMIC_RELEASE);
    __atomic_store_n(&e->low, value.low, __ATOMIC_RELEASE);
    if (!r->coherent)
        r->host->write_back(r->host->context, e, sizeof *e);
}

enum tn_status vtd_remap_init(struct vtd_remap *r, const struct vtd_host *host, bool coherent)
{
    *r = (struct vtd_remap){.host = host, .coherent = coherent};
    if (!host->take(host->context, 1, &r->physical))
        return TN_EEXHAUSTED;
    if (!coherent)
        host->write_back(host->context, entry_of(r, 0), PAGE);
    return TN_OK;
}

enum tn_status vtd_remap_set(struct vtd_remap *r, uint32_t index, uint8_t vector, uint8_t apic_id, bool level,
                             uint16_t requester)
{
    struct entry *e = entry_of(r, index);
    if (e->low & PRESENT)
        return TN_ESTATE;
    uint64_t low = (uint64_t)apic_id << DESTINATION_SHIFT | (uint64_t)vector << VECTOR_SHIFT | PRESENT;
#ifndef TN_TWIN_REQUESTER /* negative twin: whoever sends it */
    uint64_t high = VERIFY_REQUESTER | (uint64_t)requester;
#else
    uint64_t high = requester;
#endif
    set(r, e, (struct entry){level ? low | LEVEL : low, high});
    return TN_OK;
}

void vtd_remap_clear(struct vtd_remap *r, uint32_t index)
{
    set(r, entry_of(r, index), (struct entry){0, 0});
}
