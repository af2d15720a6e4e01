/* SPDX-License-Identifier: Apache-2.0 */
/* See context.h. */
#include "iommu/vtd/context.h"

#include <stddef.h>

#include "iommu/vtd/entry.h"

enum {
    PAGE = 4096,
    DOMAIN_SHIFT = 8, /* in the upper half */
    DOMAIN_MASK = 0xffff,
};
#define ADDRESS UINT64_C(0x000ffffffffff000)

static bool take_page(const struct vtd_contexts *c, uint64_t *physical)
{
    if (!c->host->take(c->host->context, 1, physical))
        return false;
    if (!c->coherent)
        vtd_host_write_back(c->host->context, c->host->at(c->host->context, *physical), PAGE);
    return true;
}

enum tn_status vtd_contexts_init(struct vtd_contexts *c, const struct vtd_host *host, bool coherent)
{
    *c = (struct vtd_contexts){.host = host, .coherent = coherent};
    return take_page(c, &c->root) ? TN_OK : TN_EEXHAUSTED;
}

static struct vtd_entry *entry_of(const struct vtd_contexts *c, uint16_t requester, bool make)
{
    struct vtd_entry *root = (struct vtd_entry *)c->host->at(c->host->context, c->root) + (requester >> 8);
    if (!(root->low & VTD_ENTRY_PRESENT)) {
        uint64_t physical;
        if (!make || !take_page(c, &physical))
            return NULL;
        vtd_entry_set(c->host, c->coherent, root, (struct vtd_entry){physical | VTD_ENTRY_PRESENT, 0});
    }
    return (struct vtd_entry *)c->host->at(c->host->context, root->low & ADDRESS) + (requester & 0xff);
}

enum tn_status vtd_context_set(struct vtd_contexts *c, uint16_t requester, uint16_t domain,
                               const struct vtd_table *table)
{
    struct vtd_entry *e = entry_of(c, requester, true);
    if (!e)
        return TN_EEXHAUSTED;
    if (e->low & VTD_ENTRY_PRESENT)
        return TN_ESTATE;
    /* translation type 0: what a device says to have translated itself faults */
    vtd_entry_set(
        c->host, c->coherent, e,
        (struct vtd_entry){table->root | VTD_ENTRY_PRESENT, (uint64_t)domain << DOMAIN_SHIFT | (table->levels - 2)});
    return TN_OK;
}

void vtd_context_clear(struct vtd_contexts *c, uint16_t requester, uint16_t domain)
{
    struct vtd_entry *e = entry_of(c, requester, false);
    if (e && e->low & VTD_ENTRY_PRESENT && (e->high >> DOMAIN_SHIFT & DOMAIN_MASK) == domain)
        vtd_entry_set(c->host, c->coherent, e, (struct vtd_entry){0, 0});
}
