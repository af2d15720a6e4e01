/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ACPI's static tables (ACPI 6.5, section 5.2), as hostile input: every length is checked before use, a table with a
 * wrong checksum is ignored and said so. Pure: memory comes through a function; tested on the host. AML is not
 * interpreted.
 */
#ifndef TENURE_KERNEL_FIRMWARE_ACPI_H
#define TENURE_KERNEL_FIRMWARE_ACPI_H

#include <stdint.h>

#include <tenure/abi/status.h>

enum {
    ACPI_TABLES_MAX = 64,
    ACPI_ECAM_MAX = 8,
    ACPI_TABLE_BYTES_MAX = 1 << 20, /* a longer one is refused: nothing static is that long */
};

struct acpi_table {
    char signature[5];
    uint32_t length;
    uint64_t physical;
};

/* One allocation of the MCFG: PCI Firmware Specification 3.3, section 4.1.2. */
struct acpi_ecam {
    uint64_t base; /* of bus 0 of the segment, whatever start_bus is */
    uint16_t segment;
    uint8_t start_bus;
    uint8_t end_bus;
};

struct acpi_info {
    uint32_t table_count;
    struct acpi_table table[ACPI_TABLES_MAX];
    uint32_t ecam_count;
    struct acpi_ecam ecam[ACPI_ECAM_MAX];
};

/* How the parser reads physical memory and says what it refuses. */
struct acpi_access {
    /* `bytes` bytes at `physical`, or NULL if they are not all readable memory. */
    const void *(*map)(void *context, uint64_t physical, uint64_t bytes);
    /* One complaint: what, where, the value. */
    void (*refuse)(void *context, const char *what, const char *signature, uint64_t physical, uint64_t value);
    void *context;
};

/* Reads all tables reachable from the RSDP. TN_ENOENT: no valid RSDP or root table there (said through refuse). Tables
 * that are refused are left out. */
TN_MUST_CHECK enum tn_status acpi_read(const struct acpi_access *access, uint64_t rsdp, struct acpi_info *info);
/* Looks for an RSDP in [start, start + bytes) on 16-byte borders; 0 if there is none. */
uint64_t acpi_find_rsdp(const struct acpi_access *access, uint64_t start, uint64_t bytes);

#endif
