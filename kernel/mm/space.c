/* SPDX-License-Identifier: Apache-2.0 */
/* See space.h. User halves of address spaces. */
#include "mm/space.h"

#include <stdbool.h>

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/io.h"
#include "arch/x86_64/pte.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/kernel_space.h"

enum tn_status space_create(struct space *space, struct tn_ledger *ledger)
{
    enum tn_status status = tn_ledger_charge(ledger, TN_CHARGE_MEMORY_PAGES, 1);
    if (status != TN_OK)
        return status;
    uint64_t root;
    status = frames_alloc(1, &root);
    if (status != TN_OK) {
        tn_ledger_refund(ledger, TN_CHARGE_MEMORY_PAGES, 1);
        return status;
    }
    kernel_space_share((uint64_t *)phys_to_virt(root));
    space->root = root;
    space->ledger = ledger;
    return TN_OK;
}

enum { USER_ENTRIES = 256 }; /* of a root; the upper half is the kernel's */

static uint64_t count_tables(uint64_t table, uint32_t level)
{
    const uint64_t *entry = phys_to_virt(table);
    uint64_t count = 1;
    for (uint32_t i = 0; level > 1 && i < (level == 4 ? USER_ENTRIES : 512); i++)
        if (entry[i] & PTE_PRESENT)
            count += count_tables(entry[i] & PTE_ADDRESS, level - 1);
    return count;
}

uint64_t space_tables(const struct space *space)
{
    return space->root == 0 ? 0 : count_tables(space->root, 4);
}

static void free_table(struct space *space, uint64_t table, uint32_t level)
{
    const uint64_t *entry = phys_to_virt(table);
    uint32_t used = level == 4 ? USER_ENTRIES : 512;
    if (level > 1)
        for (uint32_t i = 0; i < used; i++)
            if (entry[i] & PTE_PRESENT)
                free_table(space, entry[i] & PTE_ADDRESS, level - 1);
    frames_free(table, 1);
    tn_ledger_refund(space->ledger, TN_CHARGE_MEMORY_PAGES, 1);
}

void space_destroy(struct space *space)
{
    free_table(space, space->root, 4);
    space->root = 0;
}

/* The entry for `virtual` at `lowest`, with tables made on the way. */
static enum tn_status entry_at(struct space *space, uint64_t virtual, uint32_t lowest, uint64_t **out)
{
    uint64_t *table = phys_to_virt(space->root);
    for (uint32_t level = 4; level > lowest; level--) {
        uint64_t *entry = &table[pte_index(virtual, level)];
        if (!(*entry & PTE_PRESENT)) {
            enum tn_status status = tn_ledger_charge(space->ledger, TN_CHARGE_MEMORY_PAGES, 1);
            if (status != TN_OK)
                return status;
            uint64_t frame;
            status = frames_alloc(1, &frame);
            if (status != TN_OK) {
                tn_ledger_refund(space->ledger, TN_CHARGE_MEMORY_PAGES, 1);
                return status;
            }
            *entry = frame | PTE_PRESENT | PTE_WRITE | PTE_USER;
        }
        table = phys_to_virt(*entry & PTE_ADDRESS);
    }
    *out = &table[pte_index(virtual, lowest)];
    return TN_OK;
}

enum tn_status space_directory_entry(struct space *space, uint64_t virtual, uint64_t **entry)
{
    return entry_at(space, virtual, 2, entry);
}

enum tn_status space_map(struct space *space, uint64_t virtual, uint64_t physical, uint64_t pages, uint32_t flags)
{
    if ((virtual | physical) % PAGE_SIZE != 0 || virtual < USER_MIN || virtual >= USER_MAX ||
        pages > (USER_MAX - virtual) / PAGE_SIZE)
        return TN_EINVAL;
    if (physical >= cpu_physical_limit() || pages > (cpu_physical_limit() - physical) / PAGE_SIZE)
        return TN_EINVAL;
    if ((flags & MAP_WRITE) && (flags & MAP_EXECUTE))
        return TN_EINVAL;
    uint64_t bits = PTE_PRESENT | PTE_USER;
    bits |= flags & MAP_WRITE ? PTE_WRITE : 0;
    bits |= flags & MAP_EXECUTE ? 0 : PTE_NX;
    bits |= flags & MAP_UNCACHED ? PTE_UNCACHED : 0;
    for (uint64_t i = 0; i < pages; i++) {
        uint64_t *entry;
        enum tn_status status = entry_at(space, virtual + i * PAGE_SIZE, 1, &entry);
        if (status == TN_OK && *entry != 0)
            status = TN_EINVAL;
        if (status != TN_OK) {
            space_unmap(space, virtual, i);
#ifndef TN_TWIN_ROLLBACK /* negative twin: tables of what was not mapped stay */
            space_prune(space, virtual, i + 1);
#endif
            return status;
        }
        *entry = (physical + i * PAGE_SIZE) | bits;
    }
    return TN_OK;
}

/* The last table on the way to `virtual`, or NULL. */
static uint64_t *last_table(const struct space *space, uint64_t virtual)
{
    uint64_t *table = phys_to_virt(space->root);
    for (uint32_t level = 4; level > 1 && table; level--) {
        uint64_t entry = table[pte_index(virtual, level)];
        table = entry & PTE_PRESENT ? phys_to_virt(entry & PTE_ADDRESS) : NULL;
    }
    return table;
}

void space_unmap(struct space *space, uint64_t virtual, uint64_t pages)
{
    for (uint64_t i = 0; i < pages; i++) {
        uint64_t at = virtual + i * PAGE_SIZE;
        uint64_t *table = last_table(space, at);
        if (!table)
            continue;
        table[pte_index(at, 1)] = 0;
        invlpg(at);
    }
}

static bool is_empty(const uint64_t *table)
{
    for (uint32_t i = 0; i < PAGE_SIZE / sizeof *table; i++)
        if (table[i] != 0)
            return false;
    return true;
}

/* Frees the tables on the way to `virtual` that are empty, from the last one up. The root stays. */
static void prune(struct space *space, uint64_t virtual)
{
    uint64_t *entry[4] = {0}; /* that names the table of a level */
    uint64_t *table = phys_to_virt(space->root);
    uint32_t level = 4;
    while (level > 1 && table[pte_index(virtual, level)] & PTE_PRESENT) {
        entry[level - 1] = &table[pte_index(virtual, level)];
        table = phys_to_virt(*entry[--level] & PTE_ADDRESS);
    }
    for (; level < 4 && is_empty(table); level++) {
        uint64_t frame = *entry[level] & PTE_ADDRESS;
        *entry[level] = 0;
        invlpg(virtual); /* and with it what the processor keeps of the way there */
        frames_free(frame, 1);
        tn_ledger_refund(space->ledger, TN_CHARGE_MEMORY_PAGES, 1);
        table = entry[level] - pte_index(virtual, level + 1);
    }
}

void space_prune(struct space *space, uint64_t virtual, uint64_t pages)
{
    const uint64_t step = PAGE_SIZE * (PAGE_SIZE / sizeof(uint64_t)); /* that one leaf table maps */
    for (uint64_t at = virtual - virtual % step; at < virtual + pages * PAGE_SIZE; at += step)
        prune(space, at);
}

void space_flush(void)
{
    write_cr3(read_cr3());
}

void space_activate(const struct space *space)
{
    if (read_cr3() != space->root)
        write_cr3(space->root);
}
