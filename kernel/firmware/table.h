/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all ACPI tables share: the header, its checksum, Generic Address Structures, and how a parser says what is
 * wrong. A parser is a pure function over (pointer, length); it reads nothing outside, keeps no pointer, and writes its
 * result only when the whole table is right. The caller hands it a copy that nobody else can change.
 */
#ifndef TENURE_KERNEL_FIRMWARE_TABLE_H
#define TENURE_KERNEL_FIRMWARE_TABLE_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include <tenure/abi/status.h>

/* The one thing that is wrong with a table: the first that was found. */
struct acpi_fault {
    const char *what; /* ends in the name of the value */
    uint64_t value;
    uint32_t offset; /* of the entry in the table; 0: the table itself */
};

/* System Description Table Header: ACPI 6.5, table 5.4. */
struct acpi_header {
    char signature[4];
    uint32_t length; /* of the whole table, this header included */
    uint8_t revision;
    uint8_t checksum; /* all bytes of the table add up to 0 */
    char oem[6];
    char oem_table[8];
    uint32_t oem_revision;
    uint32_t creator;
    uint32_t creator_revision;
} __attribute__((packed));
static_assert(sizeof(struct acpi_header) == 36, "ACPI 6.5, table 5.4");

enum acpi_address_space {
    ACPI_SPACE_MEMORY = 0,
    ACPI_SPACE_IO = 1,
    ACPI_SPACE_PCI = 2, /* bus 0: device in bits 32 to 47, function in 16 to 31, offset in 0 to 15 */
};

/* Generic Address Structure: ACPI 6.5, section 5.2.3.2. */
struct acpi_address {
    uint8_t space; /* enum acpi_address_space, or others */
    uint8_t bits;
    uint8_t bit_offset;
    uint8_t access_size;
    uint64_t address;
} __attribute__((packed));
static_assert(sizeof(struct acpi_address) == 12, "ACPI 6.5, table 5.1");

/* What the bytes add up to, modulo 256. */
uint8_t acpi_sum(const void *bytes, uint64_t count);
/* Fills `fault` and returns TN_EPROTOCOL, so that a parser can `return` it. */
enum tn_status acpi_refuse(struct acpi_fault *fault, const char *what, uint64_t value, uint32_t offset);
/* Is this a whole table of `length` bytes: a header that says so, and the right checksum? `minimum`: bytes that every
 * table with this signature has. TN_EPROTOCOL: no, see `fault`. */
TN_MUST_CHECK enum tn_status acpi_check_table(const void *table, uint32_t length, const char *signature,
                                              uint32_t minimum, struct acpi_fault *fault);

#endif
