/* SPDX-License-Identifier: Apache-2.0 */
/* See run.h. */
#include "mm/run.h"

#include "arch/x86_64/io.h"
#include "mm/frame.h"

enum { ENTRIES = 512 };

static uint64_t tables_of(const struct space_run *run)
{
    return (run->pages + ENTRIES - 1) / ENTRIES;
}

static enum tn_status take_tables(struct space *space, struct space_run *run)
{
    enum tn_status status = tn_ledger_charge(space->ledger, TN_CHARGE_MEMORY_PAGES, tables_of(run));
    if (status != TN_OK)
        return status;
    status = frames_alloc(tables_of(run), &run->tables_physical);
    if (status != TN_OK)
        tn_ledger_refund(space->ledger, TN_CHARGE_MEMORY_PAGES, tables_of(run));
    return status;
}

static void give_tables(struct space *space, const struct space_run *run)
{
    frames_free(run->tables_physical, tables_of(run));
    tn_ledger_refund(space->ledger, TN_CHARGE_MEMORY_PAGES, tables_of(run));
}

/* Takes the first `tables` tables out of the space again, and what had to be made for one more. */
static void unlink(struct space *space, const struct space_run *run, uint64_t tables)
{
    for (uint64_t i = 0; i < tables; i++) {
        uint64_t *entry;
        if (space_directory_entry(space, run->virtual + i * SPACE_RUN_ALIGNMENT, &entry) == TN_OK)
            *entry = 0;
    }
    space_prune(space, run->virtual, run->pages);
}

static enum tn_status link(struct space *space, const struct space_run *run)
{
    for (uint64_t i = 0; i < tables_of(run); i++) {
        uint64_t *entry;
        enum tn_status status = space_directory_entry(space, run->virtual + i * SPACE_RUN_ALIGNMENT, &entry);
        if (status == TN_OK && *entry != 0)
            status = TN_EINVAL;
        if (status != TN_OK) {
            unlink(space, run, i);
            return status;
        }
        *entry = (run->tables_physical + i * PAGE_SIZE) | PTE_PRESENT | PTE_WRITE | PTE_USER;
    }
    return TN_OK;
}

enum tn_status space_run_map(struct space *space, uint64_t virtual, uint64_t physical, uint64_t pages,
                             struct space_run *run)
{
    *run = (struct space_run){.virtual = virtual, .pages = pages};
    if (virtual % SPACE_RUN_ALIGNMENT != 0 || physical % PAGE_SIZE != 0 || virtual < USER_MIN || virtual >= USER_MAX ||
        pages == 0 || pages > (USER_MAX - virtual) / PAGE_SIZE)
        return TN_EINVAL;
    enum tn_status status = take_tables(space, run);
    if (status != TN_OK)
        return status;
    run->entry = phys_to_virt(run->tables_physical);
    for (uint64_t i = 0; i < pages; i++)
        run->entry[i] = (physical + i * PAGE_SIZE) | PTE_PRESENT | PTE_USER | PTE_WRITE | PTE_NX;
    status = link(space, run);
    if (status != TN_OK)
        give_tables(space, run);
    return status;
}

void space_run_unmap(struct space *space, struct space_run *run)
{
    unlink(space, run, tables_of(run));
    if (read_cr3() == space->root)
        space_flush();
    give_tables(space, run);
    *run = (struct space_run){0};
}
