/* SPDX-License-Identifier: Apache-2.0 */
/* Multiboot2 boot information (Multiboot2 Specification 2.0, section 3.6), as GRUB gives it on BIOS and on UEFI. */
#ifndef TENURE_KERNEL_BOOT_MULTIBOOT2_H
#define TENURE_KERNEL_BOOT_MULTIBOOT2_H

#include <stdint.h>

#include <tenure/abi/status.h>

#include "boot/handover.h"

#define MULTIBOOT2_MAGIC UINT32_C(0x36d76289) /* in eax at entry */

/* What this kernel uses of it; pointers go into the information itself. */
struct multiboot2 {
    const char *command_line; /* ends with a NUL; NULL: none */
    uint32_t module_count;
    uint64_t module_start, module_end; /* of the first */
    const uint8_t *ranges;             /* of `range_bytes` each, at least sizeof(struct boot_range) */
    uint32_t range_count, range_bytes;
    const void *rsdp; /* the newest copy; NULL: none */
    uint32_t rsdp_bytes;
};
struct multiboot2_fault {
    uint32_t offset; /* of the tag */
    const char *what;
    uint32_t value;
};

/* Decodes the `bytes` bytes at `information`, of which the first four say the same number. Pure. TN_EPROTOCOL: *fault
 * says what is wrong: a tag that leaves the information or is too short for its type, a command line without an end, no
 * end tag, no memory map. Tags that this kernel does not know are skipped. */
TN_MUST_CHECK enum tn_status multiboot2_read(const void *information, uint32_t bytes, struct multiboot2 *out,
                                             struct multiboot2_fault *fault);
/* Takes over everything from the information. Panics if it makes no sense. */
void multiboot2_take(uint64_t physical, struct boot_info *info);

#endif
