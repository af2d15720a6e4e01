/* SPDX-License-Identifier: Apache-2.0 */
/* See context.h. */
#include "iommu/vtd/context.h"

#include <stddef.h>

enum {
    PAGE = 4096,
    PRESENT = 1 << 0,
    DOMAIN_SHIFT = 8, /* in the upper half */
    DOMAIN_MASK = 0xffff,
};
#define ADDRESS UINT64_C(0x000ffffffffff000)

/* An entry of either table: the lower half holds PRESENT and an address. Translation type 0: only untranslated requests
 * are let through, so what a device says to have translated itself faults. */
struct entry {
    uint64_t low, high;
};

static void set(const struct vtd_contexts *c, struct entry *e, struct entry value)
{
    /* never a present entry with another one's upper half */
    __atomic_store_n(&e->low, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&e->high, value.high, __ATOMIC_RELEASE);
    __atomic_store_n(&e->low, value.low, __ATOMIC_RELEASE);
    if (!c->coherent)
        c->host->write_back(c->host->context, e, sizeof *e);
}

static bool take_page(const struct vtd_contexts *c, uint64_t *physical)
{
    if (!c->host->take(c->host->context, 1, physical))
        return false;
    if (!c->coherent)
        c->host->write_back(c->host->context, c->host->at(c->host->context, *physical), PAGE);
    return true;
}

enum tn_status vtd_contexts_init(struct vtd_contexts *c, const struct vtd_host *host, bool coherent)
{
    *c = (struct vtd_contexts){.host = host, .coherent = coherent};
    return take_page(c, &c->root) ? TN_OK : TN_EEXHAUSTED;
}

static struct entry *entry_of(const struct vtd_contexts *c, uint16_t requester, bool make)
{
    struct entry *root = (struct entry *)c->host->at(c->host->context, c->root) + (requester >> 8);
    if (!(root->low & PRESENT)) {
        uint64_t physical;
        if (!make || !take_page(c, &physical))
            return NULL;
        set(c, root, (struct entry){physical | PRESENT, 0});
    }
    return (struct entry *)c->host->at(c->host->context, root->low & ADDRESS) + (requester & 0xff);
}

enum tn_status vtd_context_set(struct vtd_contexts *c, uint16_t requester, uint16_t domain,
                               const struct vtd_table *table)
{
    struct entry *e = entry_of(c, requester, true);
    if (!e)
        return TN_EEXHAUSTED;
    if (e->low & PRESENT)
        return TN_ESTATE;
    set(c, e, (struct entry){table->root | PRESENT, (uint64_t)domain << DOMAIN_SHIFT | (table->levels - 2)});
    return TN_OK;
}

void vtd_context_clear(struct vtd_contexts *c, uint16_t requester, uint16_t domain)
{
    struct entry *e = entry_of(c, requester, false);
    if (e && e->low & PRESENT && (e->high >> DOMAIN_SHIFT & DOMAIN_MASK) == domain)
        set(c, e, (struct entry){0, 0});
}
