/* SPDX-License-Identifier: Apache-2.0 */
/* See acpi.h. */
#include "firmware/acpi.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/string.h"

struct rsdp {
    char signature[8];
    uint8_t checksum; /* of the first 20 bytes */
    char oem[6];
    uint8_t revision; /* 0: ACPI 1.0, no more than rsdt */
    uint32_t rsdt;
    uint32_t length; /* from here: revision 2 */
    uint64_t xsdt;
    uint8_t extended_checksum;
    uint8_t reserved[3];
} __attribute__((packed));
static_assert(sizeof(struct rsdp) == 36, "ACPI 6.5, table 5.3");

enum { RSDP_V1_BYTES = 20 };

struct header {
    char signature[4];
    uint32_t length;
    uint8_t revision;
    uint8_t checksum;
    char oem[6];
    char oem_table[8];
    uint32_t oem_revision;
    uint32_t creator;
    uint32_t creator_revision;
} __attribute__((packed));
static_assert(sizeof(struct header) == 36, "ACPI 6.5, table 5.4");

struct mcfg_allocation {
    uint64_t base;
    uint16_t segment;
    uint8_t start_bus;
    uint8_t end_bus;
    uint32_t reserved;
} __attribute__((packed));
static_assert(sizeof(struct mcfg_allocation) == 16, "PCI Firmware 3.3, table 4-3");

enum { MCFG_ALLOCATIONS_AT = 44 };

static uint8_t sum(const void *p, uint64_t n)
{
    const uint8_t *b = p;
    uint8_t total = 0;
    for (uint64_t i = 0; i < n; i++)
        total = (uint8_t)(total + b[i]);
    return total;
}

static void refuse(const struct acpi_access *a, const char *what, const char *signature, uint64_t physical,
                   uint64_t value)
{
    a->refuse(a->context, what, signature, physical, value);
}

/* A whole table with a right checksum, or NULL. `signature` gets its name, printable. */
static const struct header *table_at(const struct acpi_access *a, uint64_t physical, char signature[5])
{
    text_copy(signature, "????", 5);
    const struct header *h = a->map(a->context, physical, sizeof *h);
    if (!h) {
        refuse(a, "header not in memory, at", signature, physical, physical);
        return NULL;
    }
    for (uint32_t i = 0; i < 4; i++)
        signature[i] = h->signature[i] > ' ' && h->signature[i] <= '~' ? h->signature[i] : '?';
    uint32_t length = h->length;
    if (length < sizeof *h || length > ACPI_TABLE_BYTES_MAX) {
        refuse(a, "bad length", signature, physical, length);
        return NULL;
    }
    h = a->map(a->context, physical, length);
    if (!h) {
        refuse(a, "not wholly in memory, length", signature, physical, length);
        return NULL;
    }
    if (sum(h, length) != 0) {
        refuse(a, "bad checksum, sum of bytes", signature, physical, sum(h, length));
        return NULL;
    }
    return h;
}

static void read_mcfg(const struct acpi_access *a, const struct header *h, uint64_t physical, struct acpi_info *info)
{
    uint32_t bytes = h->length < MCFG_ALLOCATIONS_AT ? 0 : h->length - MCFG_ALLOCATIONS_AT;
    if (bytes % sizeof(struct mcfg_allocation) != 0)
        refuse(a, "length leaves part of an entry, bytes", "MCFG", physical, bytes % sizeof(struct mcfg_allocation));
    for (uint32_t i = 0; i < bytes / sizeof(struct mcfg_allocation); i++) {
        struct mcfg_allocation e;
        memcpy(&e, (const uint8_t *)h + MCFG_ALLOCATIONS_AT + i * sizeof e, sizeof e);
        uint64_t end = e.base + (((uint64_t)e.end_bus + 1) << 20);
        if (e.base == 0 || e.base % (1 << 20) != 0 || end < e.base || end > UINT64_C(1) << 52)
            refuse(a, "entry with a bad base", "MCFG", physical, e.base);
        else if (e.start_bus > e.end_bus)
            refuse(a, "entry with start bus above end bus", "MCFG", physical, e.start_bus);
        else if (info->ecam_count == ACPI_ECAM_MAX)
            refuse(a, "more entries than are kept", "MCFG", physical, ACPI_ECAM_MAX);
        else
            info->ecam[info->ecam_count++] = (struct acpi_ecam){e.base, e.segment, e.start_bus, e.end_bus};
    }
}

static void read_table(const struct acpi_access *a, uint64_t physical, struct acpi_info *info)
{
    char signature[5];
    const struct header *h = table_at(a, physical, signature);
    if (!h)
        return;
    for (uint32_t i = 0; i < info->table_count; i++)
        if (info->table[i].physical == physical)
            return; /* listed twice */
    if (info->table_count == ACPI_TABLES_MAX) {
        refuse(a, "more tables than are kept", signature, physical, ACPI_TABLES_MAX);
        return;
    }
    struct acpi_table *t = &info->table[info->table_count++];
    memcpy(t->signature, signature, sizeof t->signature);
    t->length = h->length;
    t->physical = physical;
    if (bytes_equal(h->signature, "MCFG", 4))
        read_mcfg(a, h, physical, info);
}

/* The root table's entries, of 4 bytes (RSDT) or 8 (XSDT). */
static bool read_root(const struct acpi_access *a, uint64_t physical, uint32_t width, struct acpi_info *info)
{
    char signature[5];
    const char *want = width == 8 ? "XSDT" : "RSDT";
    const struct header *h = table_at(a, physical, signature);
    if (!h)
        return false;
    if (!bytes_equal(h->signature, want, 4)) {
        refuse(a, "root table with another signature, wanted RSDT or XSDT", signature, physical, width);
        return false;
    }
    const uint8_t *entry = (const uint8_t *)h + sizeof *h;
    uint32_t count = (h->length - (uint32_t)sizeof *h) / width;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t at = 0;
        memcpy(&at, entry + (uint64_t)i * width, width);
        read_table(a, at, info);
    }
    return true;
}

static bool rsdp_is_valid(const struct rsdp *r)
{
    return bytes_equal(r->signature, "RSD PTR ", 8) && sum(r, RSDP_V1_BYTES) == 0;
}

enum tn_status acpi_read(const struct acpi_access *a, uint64_t physical, struct acpi_info *info)
{
    struct rsdp r = {0};
    const struct rsdp *at = a->map(a->context, physical, RSDP_V1_BYTES);
    *info = (struct acpi_info){0};
    if (!at || !rsdp_is_valid(at)) {
        refuse(a, at ? "bad signature or checksum" : "not in memory, at", "RSDP", physical, physical);
        return TN_ENOENT;
    }
    memcpy(&r, at, RSDP_V1_BYTES);
    if (r.revision >= 2) {
        at = a->map(a->context, physical, sizeof r);
        if (at && sum(at, sizeof r) == 0)
            memcpy(&r, at, sizeof r);
        else
            refuse(a, "bad extended checksum; using the RSDT, revision", "RSDP", physical, r.revision);
    }
    if (r.xsdt != 0 && read_root(a, r.xsdt, 8, info))
        return TN_OK;
    if (r.rsdt != 0 && read_root(a, r.rsdt, 4, info))
        return TN_OK;
    return TN_ENOENT;
}

uint64_t acpi_find_rsdp(const struct acpi_access *a, uint64_t start, uint64_t bytes)
{
    for (uint64_t p = start; p + RSDP_V1_BYTES <= start + bytes; p += 16) {
        const struct rsdp *r = a->map(a->context, p, RSDP_V1_BYTES);
        if (r && rsdp_is_valid(r))
            return p;
    }
    return 0;
}
