/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a loader hands over, whichever protocol it speaks (pvh.h, multiboot2.h): the memory map, the RSDP, the archive,
 * the command line. Read before memory is handed out: it lies in memory that will be.
 */
#ifndef TENURE_KERNEL_BOOT_HANDOVER_H
#define TENURE_KERNEL_BOOT_HANDOVER_H

#include <stdint.h>

#include "boot/firmware.h"
#include "mm/memory_map.h"

struct boot_info {
    const char *protocol;
    struct memory_map memory;
    struct firmware_pointer firmware;
    uint64_t archive_physical; /* 0 bytes: none */
    uint64_t archive_bytes;
};

/* An entry of a memory map, in the layout and with the types that both protocols took from the BIOS (ACPI 6.5, section
 * 15): 1 RAM, 3 and 4 firmware's tables, everything else is reserved. */
struct boot_range {
    uint64_t address, bytes;
    uint32_t type, reserved;
};

enum { BOOT_RANGES_MAX = 128 };

/* `bytes` bytes at a physical address that the loader gave. Panics, with `what` it was, unless they lie below 4 GiB:
 * the boot mapping ends there. */
const void *boot_pointer(uint64_t physical, uint64_t bytes, const char *what);
/* Takes over the memory map. Panics if there is none, or one of more than BOOT_RANGES_MAX entries. */
void boot_take_memory(struct boot_info *info, const struct boot_range *range, uint32_t count);
/* Takes over the command line: `max` bytes at most, to the first NUL. */
void boot_take_command_line(const char *text, uint64_t max);
/* Marks what is not to be handed out: the kernel's image, page 0, the archive. */
void boot_keep(struct boot_info *info);

/* Reads the handover of the protocol whose magic number the entry code found (0: PVH). */
void boot_read(uint64_t physical, uint32_t magic, struct boot_info *info);

#endif
