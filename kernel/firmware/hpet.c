/* SPDX-License-Identifier: Apache-2.0 */
/* See hpet.h. */
#include "firmware/hpet.h"

#include "lib/string.h"

struct layout {
    struct acpi_header header;
    uint32_t block_id;
    struct acpi_address base;
    uint8_t number;
    uint16_t minimum_tick;
    uint8_t page_protection;
} __attribute__((packed));
static_assert(sizeof(struct layout) == 56, "IA-PC HPET 1.0a, table 3");

enum block_id {
    LAST_COMPARATOR_SHIFT = 8, /* five bits */
    LAST_COMPARATOR_MASK = 31,
    COUNTER_64BIT = 1 << 13,
    LEGACY_REPLACEMENT = 1 << 15,
    VENDOR_SHIFT = 16,
};

enum tn_status hpet_read(const void *table, uint32_t length, struct hpet *hpet, struct acpi_fault *fault)
{
    struct layout l;
    enum tn_status status = acpi_check_table(table, length, "HPET", sizeof l, fault);
    if (status != TN_OK)
        return status;
    memcpy(&l, table, sizeof l);
    if (l.base.space != ACPI_SPACE_MEMORY)
        return acpi_refuse(fault, "registers not in memory, address space", l.base.space, 0);
    if (l.base.address == 0 || l.base.address % 8 != 0 || l.base.address >> 52 != 0)
        return acpi_refuse(fault, "bad base", l.base.address, 0);
    *hpet = (struct hpet){
        .base = l.base.address,
        .vendor = (uint16_t)(l.block_id >> VENDOR_SHIFT),
        .comparators = (uint8_t)((l.block_id >> LAST_COMPARATOR_SHIFT & LAST_COMPARATOR_MASK) + 1),
        .number = l.number,
        .minimum_tick = l.minimum_tick,
        .counter_64bit = l.block_id & COUNTER_64BIT,
        .legacy_replacement = l.block_id & LEGACY_REPLACEMENT,
    };
    return TN_OK;
}
