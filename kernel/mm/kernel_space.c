/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's half of every address space: the image with one permission a segment, RAM in PHYSMAP (never executable,
 * and read-only where it holds the image's text and constants), device registers uncached. The root entries of the
 * three regions exist from the start, so that all spaces share what comes later.
 */
#include "mm/kernel_space.h"

#include <stdbool.h>
#include <stddef.h>

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/io.h"
#include "arch/x86_64/pte.h"
#include "diag/panic.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/space.h"

extern const uint8_t __text_start[], __text_end[], __rodata_start[], __rodata_end[], __data_start[], __data_end[],
    __image_start[], __image_end[], kernel_stack_guard[], ist_stacks[];

#define LARGE_PAGE UINT64_C(0x200000)

static uint64_t root; /* physical */
static uint64_t mmio_next = KMMIO_BASE;

static uint64_t image_physical(const uint8_t *p)
{
    return (uint64_t)(uintptr_t)p - KERNEL_BASE;
}

/* The entry for `virtual` at `level`, with tables made on the way; NULL if there are no frames. */
static uint64_t *entry_at(uint64_t virtual, uint32_t level)
{
    uint64_t *table = phys_to_virt(root);
    for (uint32_t l = 4; l > level; l--) {
        uint64_t *entry = &table[pte_index(virtual, l)];
        if (!(*entry & PTE_PRESENT)) {
            uint64_t frame;
            if (frames_alloc(1, &frame) != TN_OK)
                return NULL;
            *entry = frame | PTE_PRESENT | PTE_WRITE;
        }
        table = phys_to_virt(*entry & PTE_ADDRESS);
    }
    return &table[pte_index(virtual, level)];
}

static void map_or_panic(uint64_t virtual, uint64_t physical, uint64_t bits, uint32_t level)
{
    uint64_t *entry = entry_at(virtual, level);
    if (!entry)
        panic("memory: no frame for the kernel's page tables");
    *entry = physical | bits | PTE_PRESENT | PTE_GLOBAL | (level == 2 ? PTE_LARGE : 0);
}

static void map_image(const uint8_t *start, const uint8_t *end, uint64_t bits)
{
    for (const uint8_t *p = start; p < end; p += PAGE_SIZE)
        map_or_panic((uint64_t)(uintptr_t)p, image_physical(p), bits, 1);
}

/* Text and constants of the image are read-only under their PHYSMAP address as well. */
static uint64_t physmap_bits(uint64_t physical)
{
    bool constant = physical >= image_physical(__text_start) && physical < image_physical(__rodata_end);
    return constant ? PTE_NX : PTE_NX | PTE_WRITE;
}

static void map_physmap(uint64_t start, uint64_t end)
{
    uint64_t image_end = image_physical(__rodata_end);
    for (uint64_t p = start; p < end;) {
        bool large = p % LARGE_PAGE == 0 && end - p >= LARGE_PAGE &&
                     (p >= image_end || p + LARGE_PAGE <= image_physical(__text_start));
        map_or_panic(PHYSMAP_BASE + p, p, physmap_bits(p), large ? 2 : 1);
        p += large ? LARGE_PAGE : PAGE_SIZE;
    }
}

static void unmap_guard(const uint8_t *page)
{
    *entry_at((uint64_t)(uintptr_t)page, 1) = 0;
    *entry_at(PHYSMAP_BASE + image_physical(page), 1) = 0;
}

void kernel_space_init(const struct memory_map *map)
{
    if (frames_alloc(1, &root) != TN_OK)
        panic("memory: no frame for the kernel's root table");
    for (uint64_t region = 256; region < 512; region++) {
        /* one table a root entry that is in use: PHYSMAP (128 TiB is far more than RAM: 8 entries, 4 TiB), MMIO, image
         */
        bool used = region < 264 || region == pte_index(KMMIO_BASE, 4) || region == 511;
        uint64_t frame;
        if (!used)
            continue;
        if (frames_alloc(1, &frame) != TN_OK)
            panic("memory: no frame for the kernel's tables");
        ((uint64_t *)phys_to_virt(root))[region] = frame | PTE_PRESENT | PTE_WRITE;
    }
    map_image(__text_start, __text_end, 0);
    map_image(__rodata_start, __rodata_end, PTE_NX);
    map_image(__data_start, __data_end, PTE_NX | PTE_WRITE);
    for (uint32_t i = 0; i < map->count; i++)
        if (map->range[i].type != MEMORY_RESERVED)
            map_physmap(map->range[i].start, map->range[i].end);
    unmap_guard(kernel_stack_guard);
    for (uint32_t i = 0; i < 3; i++)
        unmap_guard(ist_stacks + i * 2 * PAGE_SIZE);
    write_cr3(root);
}

void kernel_space_share(uint64_t *to)
{
    memcpy(to + 256, (const uint64_t *)phys_to_virt(root) + 256, 256 * sizeof *to);
}

void kernel_space_activate(void)
{
    write_cr3(root);
}

void *kernel_mmio_map(uint64_t physical, uint64_t bytes)
{
    uint64_t start = page_down(physical);
    uint64_t end = page_up(physical + bytes);
    if (physical >= cpu_physical_limit() || bytes > cpu_physical_limit() - physical)
        return NULL;
    if (bytes == 0 || end - start > KMMIO_LIMIT - mmio_next - LARGE_PAGE)
        return NULL;
    /* keep the offset within 2 MiB, so that large windows (ECAM) get large pages */
    uint64_t virtual = (mmio_next & ~(LARGE_PAGE - 1)) + start % LARGE_PAGE;
    if (virtual < mmio_next)
        virtual += LARGE_PAGE;
    uint64_t v = virtual;
    for (uint64_t p = start; p < end;) {
        bool large = p % LARGE_PAGE == 0 && end - p >= LARGE_PAGE;
        uint64_t *entry = entry_at(v, large ? 2 : 1);
        if (!entry)
            return NULL;
        *entry = p | PTE_PRESENT | PTE_WRITE | PTE_NX | PTE_UNCACHED | PTE_GLOBAL | (large ? PTE_LARGE : 0);
        p += large ? LARGE_PAGE : PAGE_SIZE;
        v += large ? LARGE_PAGE : PAGE_SIZE;
    }
    mmio_next = v;
    return (uint8_t *)(uintptr_t) virtual + physical % PAGE_SIZE;
}
