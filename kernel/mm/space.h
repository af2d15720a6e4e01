/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Address spaces: 4-level page tables. Every space shares the kernel's upper half. No mapping is both writable and
 * executable.
 */
#ifndef TENURE_KERNEL_MM_SPACE_H
#define TENURE_KERNEL_MM_SPACE_H

#include <stdint.h>

#include <core/ledger.h>
#include <tenure/abi/status.h>

enum map_flag {
    MAP_WRITE = 1u << 0,
    MAP_EXECUTE = 1u << 1,
    MAP_UNCACHED = 1u << 2,
};

struct space {
    uint64_t root;            /* physical address of the PML4 */
    struct tn_ledger *ledger; /* pays for page tables: TN_CHARGE_MEMORY_PAGES */
};

/* An empty user half. TN_EBUDGET, TN_EEXHAUSTED. */
TN_MUST_CHECK enum tn_status space_create(struct space *space, struct tn_ledger *ledger);
/* Frees all page tables of the user half; the frames mapped there belong to others. Not for the running space. */
void space_destroy(struct space *space);
/* Page tables that it has, which its ledger pays for; none before space_create and after space_destroy. */
uint64_t space_tables(const struct space *space);

/* Maps `pages` pages at user address `virtual`. TN_EINVAL: unaligned, outside the user half, writable and executable,
 * or something is mapped there already. TN_EBUDGET, TN_EEXHAUSTED for page tables. On failure no page stays mapped,
 * and no table that was made for it. */
TN_MUST_CHECK enum tn_status space_map(struct space *space, uint64_t virtual, uint64_t physical, uint64_t pages,
                                       uint32_t flags);
/* Unmaps and flushes; what is not mapped is skipped. */
void space_unmap(struct space *space, uint64_t virtual, uint64_t pages);
/* Gives back the page tables that these pages have left empty, as all who unmap do unless the space is at its end. */
void space_prune(struct space *space, uint64_t virtual, uint64_t pages);
/* Forgets every cached translation of user pages of the running space. */
void space_flush(void);
/* For run.c: where the leaf table of the 2 MiB at `virtual` stands, or would stand. TN_EBUDGET, TN_EEXHAUSTED. */
TN_MUST_CHECK enum tn_status space_directory_entry(struct space *space, uint64_t virtual, uint64_t **entry);
void space_activate(const struct space *space);

/* The kernel's own half, from the boot map. Call once, before frames_init's frames are used for anything else. */
struct memory_map;
void kernel_space_init(const struct memory_map *map);
/* `bytes` of device registers for the kernel itself, uncached, never unmapped. NULL: no room or no page tables. */
void *kernel_mmio_map(uint64_t physical, uint64_t bytes);

#endif
