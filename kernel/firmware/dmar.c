/* SPDX-License-Identifier: Apache-2.0 */
/* See dmar.h. Section numbers: VT-d Specification 4.0. */
#include "firmware/dmar.h"

#include <stddef.h>

#include "lib/string.h"

/* 8.1 */
struct layout {
    struct acpi_header header;
    uint8_t host_address_width; /* less one */
    uint8_t flags;
    uint8_t reserved[10];
} __attribute__((packed));
static_assert(sizeof(struct layout) == 48, "8.1");

/* 8.2: every structure begins with type and length. 8.3 to 8.9, up to the device scopes. */
struct structure {
    uint16_t type, length;
    union {
        struct {
            uint8_t flags, size;
            uint16_t segment;
            uint64_t base;
        } __attribute__((packed)) drhd;
        struct {
            uint16_t reserved, segment;
            uint64_t base, limit;
        } __attribute__((packed)) rmrr;
        struct {
            uint8_t flags, reserved;
            uint16_t segment;
        } __attribute__((packed)) atsr; /* SATC and SIDP as well */
        struct {
            uint32_t reserved;
            uint64_t base;
            uint32_t domain;
        } __attribute__((packed)) rhsa;
        struct {
            uint8_t reserved[3], device;
        } __attribute__((packed)) andd;
    };
} __attribute__((packed));
enum { STRUCTURE_HEADER_BYTES = 4 };

/* Bytes before the scopes or, where there are none, of the whole structure; 0: not a type of this table. */
static const struct {
    const char *name;
    uint8_t bytes;
    bool has_scopes;
} known[] = {
    [DMAR_DRHD] = {"DRHD", 16, true},  [DMAR_RMRR] = {"RMRR", 24, true}, [DMAR_ATSR] = {"ATSR", 8, true},
    [DMAR_RHSA] = {"RHSA", 20, false}, [DMAR_ANDD] = {"ANDD", 8, false}, [DMAR_SATC] = {"SATC", 8, true},
    [DMAR_SIDP] = {"SIDP", 8, true},
};
enum { KNOWN = sizeof known / sizeof known[0] };
static_assert(offsetof(struct structure, drhd.base) == 8 && offsetof(struct structure, rmrr.limit) == 16 &&
                  offsetof(struct structure, atsr.segment) == 6 && offsetof(struct structure, rhsa.domain) == 16 &&
                  offsetof(struct structure, andd.device) == 7 && sizeof(struct structure) == 24,
              "8.3 to 8.7");

/* 8.3.1 */
struct scope {
    uint8_t type, length, flags, reserved, id, bus;
} __attribute__((packed));
static_assert(sizeof(struct scope) == 6, "8.3.1");

enum { STEP_BYTES = 2, PCI_DEVICES = 32, PCI_FUNCTIONS = 8, PAGE = 4096, ADDRESS_BITS_MIN = 12, ADDRESS_BITS_MAX = 64 };

const char *dmar_type_name(uint32_t type)
{
    return type < KNOWN ? known[type].name : "?";
}

static enum tn_status read_scope(const uint8_t *entry, const struct scope *s, uint32_t at, struct dmar *d,
                                 struct acpi_fault *fault)
{
    uint32_t steps = (uint32_t)(s->length - sizeof *s) / STEP_BYTES;
    if (steps > DMAR_PATH_MAX)
        return acpi_refuse(fault, "device scope with a longer path than is kept, steps", steps, at);
    if (d->scope_count == DMAR_SCOPES_MAX)
        return acpi_refuse(fault, "more device scopes than are kept, limit", DMAR_SCOPES_MAX, at);
    struct dmar_scope *out = &d->scope[d->scope_count++];
    *out = (struct dmar_scope){.type = s->type, .id = s->id, .bus = s->bus, .steps = (uint8_t)steps};
    for (uint32_t i = 0; i < steps; i++) {
        uint8_t device = entry[sizeof *s + i * STEP_BYTES], function = entry[sizeof *s + i * STEP_BYTES + 1];
        if (device >= PCI_DEVICES || function >= PCI_FUNCTIONS)
            return acpi_refuse(fault, "path step that is no device and function, bytes",
                               (uint64_t)device << 8 | function, at);
        out->path[i] = (uint8_t)(device << 3 | function);
    }
    return TN_OK;
}

/* The scopes in table[at, end). */
static enum tn_status read_scopes(const uint8_t *table, uint32_t at, uint32_t end, struct dmar *d,
                                  struct dmar_structure *of, struct acpi_fault *fault)
{
    of->first_scope = d->scope_count;
    while (at < end) {
        struct scope s;
        if (end - at < sizeof s)
            return acpi_refuse(fault, "length leaves part of a device scope, bytes", end - at, at);
        memcpy(&s, table + at, sizeof s);
        if (s.length < sizeof s + STEP_BYTES || s.length > end - at || (s.length - sizeof s) % STEP_BYTES != 0)
            return acpi_refuse(fault, "device scope with a bad length", s.length, at);
        enum tn_status status = read_scope(table + at, &s, at, d, fault);
        if (status != TN_OK)
            return status;
        at += s.length;
    }
    of->scope_count = d->scope_count - of->first_scope;
    return TN_OK;
}

static enum tn_status check_unit(const struct dmar *d, const struct dmar_structure *unit, uint32_t at,
                                 struct acpi_fault *fault)
{
    if (unit->base == 0 || unit->base % PAGE != 0 || unit->base >> 52 != 0)
        return acpi_refuse(fault, "DRHD with a bad base", unit->base, at);
    for (uint32_t i = 0; i < d->count; i++) {
        const struct dmar_structure *other = &d->structure[i];
        if (other->type != DMAR_DRHD)
            continue;
        if (other->base == unit->base)
            return acpi_refuse(fault, "two DRHDs at one address, base", unit->base, at);
        if (other->segment == unit->segment && other->flags & DMAR_EVERYTHING_ELSE)
            return acpi_refuse(fault, "DRHD behind the one that takes everything else, segment", unit->segment, at);
    }
    return TN_OK;
}

/* The part before the scopes. */
static enum tn_status read_fixed(const struct structure *s, const struct dmar *d, uint32_t at,
                                 struct dmar_structure *out, struct acpi_fault *fault)
{
    switch (s->type) {
    case DMAR_DRHD:
        out->flags = s->drhd.flags;
        out->segment = s->drhd.segment;
        out->base = s->drhd.base;
        return check_unit(d, out, at, fault);
    case DMAR_RMRR:
        out->segment = s->rmrr.segment;
        out->base = s->rmrr.base;
        out->limit = s->rmrr.limit;
        if (out->base % PAGE != 0 || out->limit % PAGE != PAGE - 1 || out->base > out->limit || out->limit >> 52 != 0)
            return acpi_refuse(fault, "RMRR that is empty or not on 4 KiB, base", out->base, at);
        return TN_OK;
    case DMAR_RHSA:
        out->base = s->rhsa.base;
        out->domain = s->rhsa.domain;
        return TN_OK;
    case DMAR_ANDD:
        out->domain = s->andd.device;
        return TN_OK;
    default: /* ATSR, SATC, SIDP */
        out->flags = s->type == DMAR_SIDP ? 0 : s->atsr.flags;
        out->segment = s->atsr.segment;
        return TN_OK;
    }
}

static enum tn_status read_structure(const uint8_t *table, uint32_t at, const struct structure *s, struct dmar *d,
                                     struct acpi_fault *fault)
{
    struct dmar_structure out = {.type = (uint8_t)s->type};
    if (d->count == DMAR_STRUCTURES_MAX)
        return acpi_refuse(fault, "more structures than are kept, limit", DMAR_STRUCTURES_MAX, at);
    enum tn_status status = read_fixed(s, d, at, &out, fault);
    if (status == TN_OK && known[s->type].has_scopes)
        status = read_scopes(table, at + known[s->type].bytes, at + s->length, d, &out, fault);
    if (status == TN_OK)
        d->structure[d->count++] = out;
    return status;
}

static enum tn_status read_all(const uint8_t *table, uint32_t length, struct dmar *d, struct acpi_fault *fault)
{
    bool has_unit = false;
    for (uint32_t at = sizeof(struct layout); at < length;) {
        struct structure s = {0};
        if (length - at < STRUCTURE_HEADER_BYTES)
            return acpi_refuse(fault, "length leaves part of a structure, length", length, at);
        memcpy(&s, table + at, STRUCTURE_HEADER_BYTES);
        bool is_known = s.type < KNOWN;
        if (s.length < STRUCTURE_HEADER_BYTES || s.length > length - at || (is_known && s.length < known[s.type].bytes))
            return acpi_refuse(fault, "structure with a bad length", s.length, at);
        if (is_known) {
            memcpy(&s, table + at, known[s.type].bytes);
            enum tn_status status = read_structure(table, at, &s, d, fault);
            if (status != TN_OK)
                return status;
        } else {
            d->unknown++;
        }
        has_unit = has_unit || s.type == DMAR_DRHD;
        at += s.length;
    }
    return has_unit ? TN_OK : acpi_refuse(fault, "no DRHD, structures", d->count, 0);
}

enum tn_status dmar_read(const void *table, uint32_t length, struct dmar *d, struct acpi_fault *fault)
{
    struct layout l;
    enum tn_status status = acpi_check_table(table, length, "DMAR", sizeof l, fault);
    if (status != TN_OK)
        return status;
    memcpy(&l, table, sizeof l);
    memset(d, 0, sizeof *d);
    d->address_bits = (uint32_t)l.host_address_width + 1;
    d->flags = l.flags;
    if (d->address_bits < ADDRESS_BITS_MIN || d->address_bits > ADDRESS_BITS_MAX)
        status = acpi_refuse(fault, "host address width that is none, bits", d->address_bits, 0);
    else
        status = read_all(table, length, d, fault);
    if (status != TN_OK)
        memset(d, 0, sizeof *d);
    return status;
}
