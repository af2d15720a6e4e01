/* SPDX-License-Identifier: Apache-2.0 */
/* What the loader handed over: Xen's PVH start info (xen/include/public/arch-x86/hvm/start_info.h, versions 0 and 1).
 */
#ifndef TENURE_KERNEL_BOOT_PVH_H
#define TENURE_KERNEL_BOOT_PVH_H

#include <stdint.h>

#include "mm/memory_map.h"
#include "proc/archive.h"

struct boot_info {
    struct memory_map memory;
    uint64_t rsdp;             /* 0: not told */
    uint64_t archive_physical; /* 0 bytes: none */
    uint64_t archive_bytes;
};

/* Reads everything out of the start info, which lives in memory that is handed out later. Panics if it makes no sense.
 */
void pvh_read(uint64_t start_info, struct boot_info *info);

#endif
