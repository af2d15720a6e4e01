/* SPDX-License-Identifier: Apache-2.0 */
/* See table.h. */
#include "iommu/vtd/table.h"

#include <assert.h>
#include <stddef.h>

enum {
    ENTRIES = 512,
    ENTRY_LARGE = 1 << 7,
    ENTRY_RIGHTS = IOMMU_READ | IOMMU_WRITE, /* bits 0 and 1 */
    PAGE = 4096,
};
#define ENTRY_ADDRESS UINT64_C(0x000ffffffffff000)
#define LARGE_PAGE    UINT64_C(0x200000)

static_assert(IOMMU_READ == 1 && IOMMU_WRITE == 2, "as an entry has them");

static void set(const struct vtd_table *t, uint64_t *entry, uint64_t value)
{
    __atomic_store_n(entry, value, __ATOMIC_RELAXED); /* the unit reads whole entries */
    if (!t->coherent)
        vtd_host_write_back(t->host->context, entry, sizeof *entry);
}

static uint64_t *table_at(const struct vtd_table *t, uint64_t physical)
{
    return t->host->at(t->host->context, physical);
}

static uint64_t index_of(uint64_t iova, uint32_t level)
{
    return iova >> (12 + 9 * (level - 1)) & (ENTRIES - 1);
}

enum tn_status vtd_table_init(struct vtd_table *t, const struct vtd_host *host, uint32_t levels, bool coherent,
                              bool large)
{
    *t = (struct vtd_table){.host = host, .levels = levels, .coherent = coherent, .large = large};
    if (!host->take(host->context, 1, &t->root))
        return TN_EEXHAUSTED;
    if (!coherent)
        vtd_host_write_back(host->context, table_at(t, t->root), PAGE);
    return TN_OK;
}

static void free_level(struct vtd_table *t, uint64_t physical, uint32_t level)
{
    const uint64_t *table = table_at(t, physical);
    for (uint32_t i = 0; level > 2 && i < ENTRIES; i++)
        if (table[i] != 0)
            free_level(t, table[i] & ENTRY_ADDRESS, level - 1);
    t->host->give(t->host->context, physical, 1);
}

void vtd_table_free(struct vtd_table *t)
{
    free_level(t, t->root, t->levels);
    t->root = 0;
}

/* The entry of level 2 for `iova`, with tables made on the way if `make`; NULL: none, or no memory. */
static uint64_t *entry_of(struct vtd_table *t, uint64_t iova, bool make)
{
    uint64_t *table = table_at(t, t->root);
    for (uint32_t level = t->levels; level > 2; level--) {
        uint64_t *entry = &table[index_of(iova, level)];
        if (*entry == 0) {
            uint64_t physical;
            if (!make || !t->host->take(t->host->context, 1, &physical))
                return NULL;
            if (!t->coherent)
                vtd_host_write_back(t->host->context, table_at(t, physical), PAGE);
            set(t, entry, physical | ENTRY_RIGHTS);
        }
        table = table_at(t, *entry & ENTRY_ADDRESS);
    }
    return &table[index_of(iova, 2)];
}

static uint64_t chunks_of(uint64_t pages)
{
    return (pages + ENTRIES - 1) / ENTRIES;
}

/* Can the run be there? Makes the tables above its entries of level 2; they stay when it cannot. */
static enum tn_status prepare(struct vtd_table *t, uint64_t iova, uint64_t pages)
{
    uint64_t limit = UINT64_C(1) << (12 + 9 * t->levels);
    if (iova % LARGE_PAGE != 0 || pages == 0 || iova >= limit || pages > (limit - iova) / PAGE)
        return TN_EINVAL;
    for (uint64_t chunk = 0; chunk < chunks_of(pages); chunk++) {
        const uint64_t *entry = entry_of(t, iova + chunk * LARGE_PAGE, true);
        if (!entry)
            return TN_EEXHAUSTED;
        if (*entry != 0)
            return TN_EINVAL;
    }
    return TN_OK;
}

static enum tn_status take_leaves(struct vtd_table *t, uint64_t chunks, struct iommu_run *run)
{
    run->tables = chunks;
    if (chunks == 0)
        return TN_OK;
    if (!t->host->take(t->host->context, chunks, &run->tables_physical))
        return TN_EEXHAUSTED;
    run->entry = table_at(t, run->tables_physical);
    if (!t->coherent)
        vtd_host_write_back(t->host->context, run->entry, chunks * PAGE);
    return TN_OK;
}

static void link(struct vtd_table *t, const struct iommu_run *run, uint64_t chunk, uint64_t leaf)
{
    set(t, entry_of(t, run->iova + chunk * LARGE_PAGE, false), (run->tables_physical + leaf * PAGE) | ENTRY_RIGHTS);
}

enum tn_status vtd_run_make(struct vtd_table *t, uint64_t iova, uint64_t pages, struct iommu_run *run)
{
    *run = (struct iommu_run){.iova = iova, .pages = pages};
    enum tn_status status = prepare(t, iova, pages);
    if (status == TN_OK)
        status = take_leaves(t, chunks_of(pages), run);
    for (uint64_t chunk = 0; status == TN_OK && chunk < chunks_of(pages); chunk++)
        link(t, run, chunk, chunk);
    return status;
}

enum tn_status vtd_run_make_mapped(struct vtd_table *t, uint64_t iova, uint64_t physical, uint64_t pages,
                                   uint32_t rights, struct iommu_run *run)
{
    *run = (struct iommu_run){.iova = iova, .pages = pages};
    uint64_t chunks = chunks_of(pages);
    uint64_t large = t->large && physical % LARGE_PAGE == 0 ? pages / ENTRIES : 0;
    enum tn_status status = prepare(t, iova, pages);
    if (status == TN_OK)
        status = take_leaves(t, chunks - large, run);
    if (status != TN_OK)
        return status;
    for (uint64_t page = large * ENTRIES; page < pages; page++)
        set(t, &run->entry[page - large * ENTRIES], (physical + page * PAGE) | rights);
    for (uint64_t chunk = 0; chunk < large; chunk++)
        set(t, entry_of(t, iova + chunk * LARGE_PAGE, false), (physical + chunk * LARGE_PAGE) | rights | ENTRY_LARGE);
    for (uint64_t chunk = large; chunk < chunks; chunk++)
        link(t, run, chunk, chunk - large);
    return TN_OK;
}

void vtd_run_unlink(struct vtd_table *t, const struct iommu_run *run)
{
    for (uint64_t chunk = 0; chunk < chunks_of(run->pages); chunk++)
        set(t, entry_of(t, run->iova + chunk * LARGE_PAGE, false), 0);
}

void vtd_run_free(struct vtd_table *t, struct iommu_run *run)
{
    if (run->tables != 0)
        t->host->give(t->host->context, run->tables_physical, run->tables);
    *run = (struct iommu_run){0};
}

void vtd_run_map(const struct vtd_table *t, const struct iommu_run *run, uint64_t page, uint64_t pages,
                 uint64_t physical, uint32_t rights)
{
    for (uint64_t i = 0; i < pages; i++)
        set(t, &run->entry[page + i], (physical + i * PAGE) | rights);
}

void vtd_run_unmap(const struct vtd_table *t, const struct iommu_run *run, uint64_t page, uint64_t pages)
{
    for (uint64_t i = 0; i < pages; i++)
        set(t, &run->entry[page + i], 0);
}
