/* SPDX-License-Identifier: Apache-2.0 */
/* See table.h. */
#include "firmware/table.h"

#include "lib/string.h"

uint8_t acpi_sum(const void *bytes, uint64_t count)
{
    const uint8_t *b = bytes;
    uint8_t total = 0;
    for (uint64_t i = 0; i < count; i++)
        total = (uint8_t)(total + b[i]);
    return total;
}

enum tn_status acpi_refuse(struct acpi_fault *fault, const char *what, uint64_t value, uint32_t offset)
{
    *fault = (struct acpi_fault){what, value, offset};
    return TN_EPROTOCOL;
}

enum tn_status acpi_check_table(const void *table, uint32_t length, const char *signature, uint32_t minimum,
                                struct acpi_fault *fault)
{
    struct acpi_header h;
    if (length < sizeof h)
        return acpi_refuse(fault, "bad length", length, 0);
    memcpy(&h, table, sizeof h);
    if (h.length != length)
        return acpi_refuse(fault, "bad length", h.length, 0);
    if (!bytes_equal(h.signature, signature, sizeof h.signature))
        return acpi_refuse(fault, "another signature, its first byte", (uint8_t)h.signature[0], 0);
    if (acpi_sum(table, length) != 0)
        return acpi_refuse(fault, "bad checksum, sum of bytes", acpi_sum(table, length), 0);
    if (length < minimum)
        return acpi_refuse(fault, "too short for its fixed part, length", length, 0);
    return TN_OK;
}
