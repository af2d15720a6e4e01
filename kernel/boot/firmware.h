/* SPDX-License-Identifier: Apache-2.0 */
/* Firmware's tables at boot: finds them, reads them, says what they hold and what they lack. */
#ifndef TENURE_KERNEL_BOOT_FIRMWARE_H
#define TENURE_KERNEL_BOOT_FIRMWARE_H

#include "firmware/acpi.h"
#include "mm/memory_map.h"

/* Where the loader says that the RSDP is. */
struct firmware_pointer {
    uint64_t rsdp;       /* physical address (PVH start info); 0: not told */
    const void *copy;    /* of the RSDP (multiboot2 tag 15, or 14, behind the tag's type and size); NULL: none */
    uint64_t copy_bytes; /* the tag's size less 8 */
};

/* Reads all tables. A pointer that leads nowhere is said, and the legacy areas are searched; without tables `acpi` is
 * empty. Runs on the boot mapping: memory above 4 GiB is not read. */
void firmware_read(const struct memory_map *memory, const struct firmware_pointer *pointer, struct acpi_info *acpi);

/* A table that was refused. */
struct firmware_refusal {
    char signature[5];
    struct acpi_fault fault;
};

/* More are counted only: how many there are is firmware's choice. */
enum { FIRMWARE_REFUSALS_MAX = 64 };

/* How many tables were refused; `refusal` becomes the list of the first FIRMWARE_REFUSALS_MAX. */
uint32_t firmware_refusals(const struct firmware_refusal **refusal);

#endif
