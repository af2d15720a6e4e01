/* SPDX-License-Identifier: Apache-2.0 */
/* See pvh.h. Runs on the boot mapping: physical memory below 4 GiB is at PHYSMAP_BASE. */
#include "boot/pvh.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

#include "boot/command_line.h"
#include "diag/log.h"
#include "diag/panic.h"
#include "mm/frame.h"

enum {
    START_INFO_MAGIC = 0x336ec578,
    MAP_ENTRIES_MAX = 128,
    E820_RAM = 1,
    E820_ACPI = 3,
    E820_NVS = 4,
};

struct start_info {
    uint32_t magic, version, flags, module_count;
    uint64_t modules, command_line, rsdp;
    uint64_t memory_map; /* from version 1 on */
    uint32_t memory_map_entries, reserved;
};
static_assert(sizeof(struct start_info) == 56, "start_info.h");

struct module {
    uint64_t address, bytes, command_line, reserved;
};

struct map_entry {
    uint64_t address, bytes;
    uint32_t type, reserved;
};

extern const uint8_t __image_start[], __image_end[];

static const void *boot_pointer(uint64_t physical, uint64_t bytes, const char *what)
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
static bool touches_ram(const struct map_entry *map, uint32_t count, const struct map_entry *e)
{
    for (uint32_t i = 0; i < count; i++)
        if (map[i].type == E820_RAM &&
            (map[i].address + map[i].bytes == e->address || e->address + e->bytes == map[i].address))
            return true;
    return false;
}

static void read_memory_map(const struct start_info *si, struct boot_info *info)
{
    uint32_t count = si->version >= 1 ? si->memory_map_entries : 0;
    if (count == 0 || count > MAP_ENTRIES_MAX)
        panic("boot: the loader's memory map has %u entries (1 to %u)", count, MAP_ENTRIES_MAX);
    const struct map_entry *map = boot_pointer(si->memory_map, count * sizeof *map, "memory map");
    for (uint32_t i = 0; i < count; i++) {
        enum memory_type type = MEMORY_RESERVED;
        if (map[i].type == E820_RAM)
            type = MEMORY_RAM;
        else if (map[i].type == E820_ACPI || map[i].type == E820_NVS || touches_ram(map, count, &map[i]))
            type = MEMORY_FIRMWARE;
        add(info, map[i].address, map[i].bytes, type);
    }
}

void pvh_read(uint64_t physical, struct boot_info *info)
{
    const struct start_info *si = boot_pointer(physical, sizeof *si, "start info");
    if (si->magic != START_INFO_MAGIC)
        panic("boot: start info magic %x, wanted %x", si->magic, START_INFO_MAGIC);
    *info = (struct boot_info){.rsdp = si->rsdp};
    if (si->command_line != 0) {
        const char *text = boot_pointer(si->command_line, COMMAND_LINE_MAX, "command line");
        if (!command_line_set(text, COMMAND_LINE_MAX - 1))
            log_line("boot: the command line is longer than %u characters; the rest is ignored", COMMAND_LINE_MAX - 1);
    }
    if (si->module_count > 0) {
        const struct module *m = boot_pointer(si->modules, sizeof *m, "module list");
        (void)boot_pointer(m->address, m->bytes, "archive");
        info->archive_physical = m->address;
        info->archive_bytes = m->bytes;
    }
    read_memory_map(si, info);
    uint64_t image = (uint64_t)(uintptr_t)__image_start - KERNEL_BASE;
    add(info, image, (uint64_t)(__image_end - __image_start), MEMORY_KERNEL);
    add(info, 0, PAGE_SIZE, MEMORY_KERNEL); /* physical address 0 is nobody's */
    if (info->archive_bytes != 0)
        add(info, info->archive_physical, info->archive_bytes, MEMORY_KERNEL);
}
