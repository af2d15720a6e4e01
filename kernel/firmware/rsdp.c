/* SPDX-License-Identifier: Apache-2.0 */
/* See rsdp.h. */
#include "firmware/rsdp.h"

#include <stddef.h>

#include "lib/string.h"

struct layout {
    char signature[8];
    uint8_t checksum; /* of the first 20 bytes */
    char oem[6];
    uint8_t revision;
    uint32_t rsdt;
    uint32_t length; /* from here: revision 2 */
    uint64_t xsdt;
    uint8_t extended_checksum;
    uint8_t reserved[3];
} __attribute__((packed));
static_assert(sizeof(struct layout) == RSDP_V2_BYTES && offsetof(struct layout, length) == RSDP_V1_BYTES,
              "ACPI 6.5, table 5.3");

bool rsdp_is_at(const void *bytes)
{
    return bytes_equal(bytes, "RSD PTR ", 8) && acpi_sum(bytes, RSDP_V1_BYTES) == 0;
}

enum tn_status rsdp_read(const void *bytes, uint64_t length, struct rsdp *rsdp, struct acpi_fault *fault)
{
    struct layout l = {0};
    *fault = (struct acpi_fault){0};
    if (length < RSDP_V1_BYTES)
        return acpi_refuse(fault, "bad length", length, 0);
    memcpy(&l, bytes, RSDP_V1_BYTES);
    if (!bytes_equal(l.signature, "RSD PTR ", 8))
        return acpi_refuse(fault, "bad signature, its first byte", (uint8_t)l.signature[0], 0);
    if (acpi_sum(&l, RSDP_V1_BYTES) != 0)
        return acpi_refuse(fault, "bad checksum, sum of bytes", acpi_sum(&l, RSDP_V1_BYTES), 0);
    if (l.revision >= 2) {
        if (length >= RSDP_V2_BYTES)
            memcpy(&l, bytes, RSDP_V2_BYTES);
        if (length < RSDP_V2_BYTES || l.length < RSDP_V2_BYTES || acpi_sum(&l, RSDP_V2_BYTES) != 0) {
            (void)acpi_refuse(fault, "bad extended part; the RSDT is used; revision", l.revision, 0);
            l.xsdt = 0;
        }
    }
    if (l.rsdt == 0 && l.xsdt == 0)
        return acpi_refuse(fault, "no root table, revision", l.revision, 0);
    *rsdp = (struct rsdp){l.revision, l.rsdt, l.xsdt};
    return TN_OK;
}
