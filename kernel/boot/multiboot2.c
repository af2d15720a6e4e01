/* SPDX-License-Identifier: Apache-2.0 */
/* See multiboot2.h. */
#include "boot/multiboot2.h"

#include <stdbool.h>
#include <stddef.h>

#include "lib/string.h"

enum {
    HEADER_BYTES = 8, /* total size and a reserved word; the same of a tag: type and size */
    TAG_ALIGNMENT = 8,
    TAG_END = 0,
    TAG_COMMAND_LINE = 1,
    TAG_MODULE = 3,
    TAG_MEMORY_MAP = 6,
    TAG_ACPI_OLD = 14,
    TAG_ACPI_NEW = 15,
    MODULE_BYTES = 16,     /* up to its string */
    MEMORY_MAP_BYTES = 16, /* up to its entries */
    RSDP_OLD_BYTES = 20,   /* ACPI 1.0; firmware/rsdp.h judges the rest */
};

static uint32_t word(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static bool wrong(struct multiboot2_fault *fault, const char *what, uint32_t value)
{
    fault->what = what;
    fault->value = value;
    return false;
}

static bool read_memory_map(const uint8_t *tag, uint32_t size, struct multiboot2 *out, struct multiboot2_fault *fault)
{
    if (size < MEMORY_MAP_BYTES)
        return wrong(fault, "memory map of bytes", size);
    uint32_t each = word(tag + 8);
    if (each < sizeof(struct boot_range) || each % 8 != 0)
        return wrong(fault, "memory map with entries of bytes", each);
    out->ranges = tag + MEMORY_MAP_BYTES;
    out->range_bytes = each;
    out->range_count = (size - MEMORY_MAP_BYTES) / each;
    return true;
}

/* One tag of `size` bytes, all of them there. */
static bool read_tag(const uint8_t *tag, uint32_t size, struct multiboot2 *out, struct multiboot2_fault *fault)
{
    switch (word(tag)) {
    case TAG_COMMAND_LINE:
        if (size == HEADER_BYTES || tag[size - 1] != 0)
            return wrong(fault, "command line without an end, bytes", size);
        out->command_line = (const char *)tag + HEADER_BYTES;
        return true;
    case TAG_MODULE:
        if (size < MODULE_BYTES)
            return wrong(fault, "module of bytes", size);
        if (out->module_count++ == 0) {
            out->module_start = word(tag + 8);
            out->module_end = word(tag + 12);
        }
        return out->module_end >= out->module_start || wrong(fault, "module that ends at", word(tag + 12));
    case TAG_MEMORY_MAP:
        return read_memory_map(tag, size, out, fault);
    case TAG_ACPI_OLD:
    case TAG_ACPI_NEW:
        if (size < HEADER_BYTES + RSDP_OLD_BYTES)
            return wrong(fault, "RSDP of bytes", size - HEADER_BYTES);
        if (out->rsdp == NULL || word(tag) == TAG_ACPI_NEW) {
            out->rsdp = tag + HEADER_BYTES;
            out->rsdp_bytes = size - HEADER_BYTES;
        }
        return true;
    default:
        return true;
    }
}

enum tn_status multiboot2_read(const void *information, uint32_t bytes, struct multiboot2 *out,
                               struct multiboot2_fault *fault)
{
    const uint8_t *start = information;
    *out = (struct multiboot2){0};
    *fault = (struct multiboot2_fault){0};
    if (bytes < HEADER_BYTES || word(start) != bytes) {
        (void)wrong(fault, "information of bytes", bytes);
        return TN_EPROTOCOL;
    }
    for (uint32_t at = HEADER_BYTES;;) {
        fault->offset = at;
        if (bytes - at < HEADER_BYTES) {
            (void)wrong(fault, "no end tag, bytes left", bytes - at);
            return TN_EPROTOCOL;
        }
        uint32_t size = word(start + at + 4);
        if (size < HEADER_BYTES || size > bytes - at) {
            (void)wrong(fault, "tag of bytes", size);
            return TN_EPROTOCOL;
        }
        if (word(start + at) == TAG_END)
            break;
        if (!read_tag(start + at, size, out, fault))
            return TN_EPROTOCOL;
        uint32_t padded = size + (-size & (TAG_ALIGNMENT - 1u));
        if (padded > bytes - at) {
            (void)wrong(fault, "tag whose padding leaves the information, bytes", size);
            return TN_EPROTOCOL;
        }
        at += padded;
    }
    if (out->range_count != 0)
        return TN_OK;
    (void)wrong(fault, "no memory map, entries", 0);
    return TN_EPROTOCOL;
}
