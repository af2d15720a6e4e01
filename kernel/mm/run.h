/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs: pieces of a user half on a border of 2 MiB with leaf tables of their own, whose entries lie in a row, so that a
 * page is taken out of the user's reach with one store and given back with another. DmaPools are mapped so.
 */
#ifndef TENURE_KERNEL_MM_RUN_H
#define TENURE_KERNEL_MM_RUN_H

#include "arch/x86_64/layout.h"
#include "arch/x86_64/pte.h"
#include "mm/space.h"

enum { SPACE_RUN_ALIGNMENT = 512 * PAGE_SIZE };

struct space_run {
    uint64_t virtual;
    uint64_t pages; /* 0: none */
    uint64_t *entry;
    uint64_t tables_physical;
};

/* Of the user half, for a run of so many pages: what its leaf tables map is for nobody else. */
static inline uint64_t space_run_bytes(uint64_t pages)
{
    return (pages * PAGE_SIZE + SPACE_RUN_ALIGNMENT - 1) / SPACE_RUN_ALIGNMENT * SPACE_RUN_ALIGNMENT;
}

/* Maps [physical, …) writable at `virtual`. TN_EINVAL: not on the border, outside the user half, or something is there.
 * TN_EBUDGET, TN_EEXHAUSTED for tables. Nothing stays mapped unless TN_OK. */
TN_MUST_CHECK enum tn_status space_run_map(struct space *space, uint64_t virtual, uint64_t physical, uint64_t pages,
                                           struct space_run *run);
/* Unmaps it, flushes, and gives its tables back. Not after space_destroy, which has them already. */
void space_run_unmap(struct space *space, struct space_run *run);

/* Takes pages out of the user's reach, and gives them back: an entry keeps everything but the bit that makes it one.
 * Nothing is flushed: giving needs none, and after taking the caller flushes once for all. */
static inline void space_run_hide(const struct space_run *run, uint64_t page, uint64_t pages)
{
    for (uint64_t i = page; i < page + pages; i++)
        run->entry[i] &= ~(uint64_t)PTE_PRESENT;
}
static inline void space_run_show(const struct space_run *run, uint64_t page, uint64_t pages)
{
    for (uint64_t i = page; i < page + pages; i++)
        run->entry[i] |= PTE_PRESENT;
}

#endif
