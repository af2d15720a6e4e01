/* SPDX-License-Identifier: Apache-2.0 */
/* See handover.h. Runs on the boot mapping: physical memory below 4 GiB is at PHYSMAP_BASE. */
#include "boot/handover.h"

#include <stdbool.h>
#include <stddef.h>

#include "boot/command_line.h"
#include "boot/multiboot2.h"
#include "boot/pvh.h"
#include "diag/log.h"
#include "diag/panic.h"
#include "mm/frame.h"

enum {
    RANGE_RAM = 1,
    RANGE_ACPI = 3,
    RANGE_NVS = 4,
};

extern const uint8_t __image_start[], __image_end[];

const void *boot_pointer(uint64_t physical, uint64_t bytes, const char *what)
{
    if (physical == 0 || physical > UINT32_MAX || bytes > UINT32_MAX - physical)
        panic("boot: %s at %lx lies outside the first 4 GiB", what, physical);
    return phys_to_virt(physical);
}

static void add(struct boot_info *info, uint64_t start, uint64_t bytes, enum memory_type type)
{
    enum tn_status status = memory_map_add(&info->memory, start, bytes, type);
    if (status != TN_OK)
        log_line("boot: memory map entry %lx + %lx ignored (status %u)", start, bytes, status);
}

/* Reserved memory that touches RAM is where firmware keeps its tables; farther away there may be devices, not to be
 * read. */
static bool touches_ram(const struct boot_range *range, uint32_t count, const struct boot_range *r)
{
    for (uint32_t i = 0; i < count; i++)
        if (range[i].type == RANGE_RAM &&
            (range[i].address + range[i].bytes == r->address || r->address + r->bytes == range[i].address))
            return true;
    return false;
}

void boot_take_memory(struct boot_info *info, const struct boot_range *range, uint32_t count)
{
    if (count == 0 || count > BOOT_RANGES_MAX)
        panic("boot: the loader's memory map has %u entries (1 to %u)", count, BOOT_RANGES_MAX);
    for (uint32_t i = 0; i < count; i++) {
        enum memory_type type = MEMORY_RESERVED;
        if (range[i].type == RANGE_RAM)
            type = MEMORY_RAM;
        else if (range[i].type == RANGE_ACPI || range[i].type == RANGE_NVS || touches_ram(range, count, &range[i]))
            type = MEMORY_FIRMWARE;
        add(info, range[i].address, range[i].bytes, type);
    }
}

void boot_take_command_line(const char *text, uint64_t max)
{
    /* what is cut off may be the word that counts: another manifest than the one that was asked for must not run */
    if (!command_line_set(text, max))
        panic("boot: the command line is longer than %u characters", COMMAND_LINE_MAX - 1);
}

void boot_keep(struct boot_info *info)
{
    uint64_t image = (uint64_t)(uintptr_t)__image_start - KERNEL_BASE;
    add(info, image, (uint64_t)(__image_end - __image_start), MEMORY_KERNEL);
    add(info, 0, PAGE_SIZE, MEMORY_KERNEL); /* physical address 0 is nobody's */
    if (info->archive_bytes != 0)
        add(info, info->archive_physical, info->archive_bytes, MEMORY_KERNEL);
}

void boot_read(uint64_t physical, uint32_t magic, struct boot_info *info)
{
    *info = (struct boot_info){0};
    if (magic == MULTIBOOT2_MAGIC)
        multiboot2_take(physical, info);
    else
        pvh_take(physical, info);
    boot_keep(info);
}
