/* SPDX-License-Identifier: Apache-2.0 */
/* Takes over what multiboot2_read found; apart from it, which is pure. */
#include <stddef.h>

#include "boot/command_line.h"
#include "boot/multiboot2.h"
#include "diag/panic.h"
#include "lib/string.h"

enum { INFORMATION_MAX = 1 << 20 };

void multiboot2_take(uint64_t physical, struct boot_info *info)
{
    static struct boot_range range[BOOT_RANGES_MAX];
    struct multiboot2 found;
    struct multiboot2_fault fault;
    uint32_t bytes;
    memcpy(&bytes, boot_pointer(physical, sizeof bytes, "multiboot2 information"), sizeof bytes);
    if (physical % 8 != 0 || bytes > INFORMATION_MAX)
        panic("boot: multiboot2 information of %u bytes at %lx", bytes, physical);
    if (multiboot2_read(boot_pointer(physical, bytes, "multiboot2 information"), bytes, &found, &fault) != TN_OK)
        panic("boot: multiboot2 information, offset %u: %s %u", fault.offset, fault.what, fault.value);
    info->protocol = "multiboot2";
    info->firmware.copy = found.rsdp;
    info->firmware.copy_bytes = found.rsdp_bytes;
    if (found.command_line)
        boot_take_command_line(found.command_line, COMMAND_LINE_MAX);
    if (found.module_count != 0) {
        (void)boot_pointer(found.module_start, found.module_end - found.module_start, "archive");
        info->archive_physical = found.module_start;
        info->archive_bytes = found.module_end - found.module_start;
    }
    if (found.range_count > BOOT_RANGES_MAX)
        panic("boot: the loader's memory map has %u entries (1 to %u)", found.range_count, BOOT_RANGES_MAX);
    for (uint32_t i = 0; i < found.range_count; i++)
        memcpy(&range[i], found.ranges + (uint64_t)i * found.range_bytes, sizeof range[i]);
    boot_take_memory(info, range, found.range_count);
}
