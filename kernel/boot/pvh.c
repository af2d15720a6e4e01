/* SPDX-License-Identifier: Apache-2.0 */
/* See pvh.h. */
#include "boot/pvh.h"

#include <assert.h>

#include "boot/command_line.h"
#include "diag/panic.h"

enum { START_INFO_MAGIC = 0x336ec578 };

struct start_info {
    uint32_t magic, version, flags, module_count;
    uint64_t modules, command_line, rsdp;
    uint64_t memory_map; /* from version 1 on; of struct boot_range */
    uint32_t memory_map_entries, reserved;
};
static_assert(sizeof(struct start_info) == 56, "start_info.h");

struct module {
    uint64_t address, bytes, command_line, reserved;
};

void pvh_take(uint64_t physical, struct boot_info *info)
{
    const struct start_info *si = boot_pointer(physical, sizeof *si, "start info");
    if (si->magic != START_INFO_MAGIC)
        panic("boot: start info magic %x, wanted %x", si->magic, START_INFO_MAGIC);
    info->protocol = "PVH";
    info->firmware.rsdp = si->rsdp;
    if (si->command_line != 0)
        boot_take_command_line(boot_pointer(si->command_line, COMMAND_LINE_MAX, "command line"), COMMAND_LINE_MAX);
    if (si->module_count > 0) {
        const struct module *m = boot_pointer(si->modules, sizeof *m, "module list");
        (void)boot_pointer(m->address, m->bytes, "archive");
        info->archive_physical = m->address;
        info->archive_bytes = m->bytes;
    }
    uint32_t count = si->version >= 1 ? si->memory_map_entries : 0;
    if (count > BOOT_RANGES_MAX)
        panic("boot: the loader's memory map has %u entries (1 to %u)", count, BOOT_RANGES_MAX);
    const struct boot_range *map = count == 0 ? NULL : boot_pointer(si->memory_map, count * sizeof *map, "memory map");
    boot_take_memory(info, map, count);
}
