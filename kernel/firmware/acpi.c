/* SPDX-License-Identifier: Apache-2.0 */
/* See acpi.h. */
#include "firmware/acpi.h"

#include <stddef.h>

#include "firmware/conflict.h"
#include "lib/string.h"

enum {
    BDA_EBDA_SEGMENT = 0x40e, /* the EBDA's real-mode segment, in the BIOS data area */
    EBDA_SEARCH_BYTES = 1024,
    LEGACY_START = 0xe0000,
    LEGACY_END = 0x100000,
    RSDP_ALIGNMENT = 16,
};

static void refuse(const struct acpi_access *a, const char *signature, uint64_t physical, const char *what,
                   uint64_t value)
{
    const struct acpi_fault fault = {what, value, 0};
    a->refuse(a->context, signature, physical, &fault);
}

/* ---- the RSDP ---- */

static enum tn_status take_rsdp(const struct acpi_access *a, const void *bytes, uint64_t length, uint64_t physical,
                                struct rsdp *rsdp)
{
    struct acpi_fault fault;
    enum tn_status status = rsdp_read(bytes, length, rsdp, &fault);
    if (fault.what)
        a->refuse(a->context, "RSDP", physical, &fault);
    return status == TN_OK ? TN_OK : TN_ENOENT;
}

enum tn_status acpi_rsdp_at(const struct acpi_access *a, uint64_t physical, struct rsdp *rsdp)
{
    uint64_t length = RSDP_V2_BYTES;
    const void *at = a->map(a->context, physical, length);
    if (!at) {
        length = RSDP_V1_BYTES;
        at = a->map(a->context, physical, length);
    }
    if (!at) {
        refuse(a, "RSDP", physical, "not in memory, at", physical);
        return TN_ENOENT;
    }
    memcpy(a->copy, at, length);
    return take_rsdp(a, a->copy, length, physical, rsdp);
}

enum tn_status acpi_rsdp_from_tag(const struct acpi_access *a, const void *copy, uint64_t bytes, struct rsdp *rsdp)
{
    return take_rsdp(a, copy, bytes, 0, rsdp);
}

static uint64_t find_in(const struct acpi_access *a, uint64_t start, uint64_t end)
{
    for (uint64_t p = start; p + RSDP_V1_BYTES <= end; p += RSDP_ALIGNMENT) {
        const void *at = a->map(a->context, p, RSDP_V1_BYTES);
        if (at && rsdp_is_at(at))
            return p;
    }
    return 0;
}

enum tn_status acpi_rsdp_search(const struct acpi_access *a, struct rsdp *rsdp)
{
    uint16_t segment = 0;
    const void *bda = a->map(a->context, BDA_EBDA_SEGMENT, sizeof segment);
    if (bda)
        memcpy(&segment, bda, sizeof segment);
    uint64_t ebda = (uint64_t)segment << 4;
    uint64_t found = ebda == 0 ? 0 : find_in(a, ebda, ebda + EBDA_SEARCH_BYTES);
    if (found == 0)
        found = find_in(a, LEGACY_START, LEGACY_END);
    return found == 0 ? TN_ENOENT : acpi_rsdp_at(a, found, rsdp);
}

/* ---- tables ---- */

/* The header of the table there, with lengths that can be; `signature` gets its name, printable. */
static enum tn_status header_at(const struct acpi_access *a, uint64_t physical, char signature[5],
                                struct acpi_header *h)
{
    text_copy(signature, "????", 5);
    const void *at = a->map(a->context, physical, sizeof *h);
    if (!at) {
        refuse(a, signature, physical, "header not in memory, at", physical);
        return TN_ENOENT;
    }
    memcpy(h, at, sizeof *h);
    for (uint32_t i = 0; i < 4; i++)
        signature[i] = h->signature[i] > ' ' && h->signature[i] <= '~' ? h->signature[i] : '?';
    if (h->length < sizeof *h || h->length > ACPI_TABLE_BYTES_MAX) {
        refuse(a, signature, physical, "bad length", h->length);
        return TN_EPROTOCOL;
    }
    if (!a->map(a->context, physical, h->length)) {
        refuse(a, signature, physical, "not wholly in memory, length", h->length);
        return TN_EPROTOCOL;
    }
    return TN_OK;
}

/* A table that is decoded, copied and whole; its length, or 0. */
static uint32_t copy_table(const struct acpi_access *a, uint64_t physical, const char *signature, uint32_t length)
{
    struct acpi_fault fault;
    if (length > ACPI_DECODED_BYTES_MAX) {
        refuse(a, signature, physical, "longer than is decoded, length", length);
        return 0;
    }
    memcpy(a->copy, a->map(a->context, physical, length), length);
    if (acpi_check_table(a->copy, length, signature, sizeof(struct acpi_header), &fault) != TN_OK) {
        a->refuse(a->context, signature, physical, &fault);
        return 0;
    }
    return length;
}

/* Registers that a table names must not be memory: who drives them would write into it. What the processor cannot
 * address would be a page fault of who reads them. */
static enum tn_status registers(const struct acpi_access *a, uint64_t start, uint64_t bytes, struct acpi_fault *fault)
{
    if (start >= a->limit || bytes > a->limit - start)
        return acpi_refuse(fault, "registers beyond what this processor addresses, at", start, 0);
    return a->is_memory(a->context, start, bytes) ? acpi_refuse(fault, "registers where memory is, at", start, 0)
                                                  : TN_OK;
}

static enum tn_status decode_madt(const struct acpi_access *a, uint32_t length, struct acpi_info *info,
                                  struct acpi_fault *fault)
{
    enum tn_status status = madt_read(a->copy, length, &info->madt, fault);
    if (status == TN_OK)
        status = registers(a, info->madt.local_apic, 4096, fault);
    for (uint32_t i = 0; status == TN_OK && i < info->madt.io_apic_count; i++)
        status = registers(a, info->madt.io_apic[i].address, 4096, fault);
    info->has_madt = status == TN_OK;
    return status;
}

static enum tn_status decode_mcfg(const struct acpi_access *a, uint32_t length, struct acpi_info *info,
                                  struct acpi_fault *fault)
{
    enum tn_status status = mcfg_read(a->copy, length, &info->mcfg, fault);
    for (uint32_t i = 0; status == TN_OK && i < info->mcfg.count; i++) {
        const struct mcfg_allocation *e = &info->mcfg.allocation[i];
        status = registers(a, mcfg_start(e), mcfg_end(e) - mcfg_start(e), fault);
    }
    info->has_mcfg = status == TN_OK;
    return status;
}

static enum tn_status decode_dmar(const struct acpi_access *a, uint32_t length, struct acpi_info *info,
                                  struct acpi_fault *fault)
{
    enum tn_status status = dmar_read(a->copy, length, &info->dmar, fault);
    for (uint32_t i = 0; status == TN_OK && i < info->dmar.count; i++)
        if (info->dmar.structure[i].type == DMAR_DRHD)
            status = registers(a, info->dmar.structure[i].base, 4096, fault);
    info->has_dmar = status == TN_OK;
    return status;
}

static enum tn_status decode_fadt(const struct acpi_access *a, uint32_t length, struct acpi_info *info,
                                  struct acpi_fault *fault)
{
    enum tn_status status = fadt_read(a->copy, length, &info->fadt, fault);
    if (status == TN_OK && info->fadt.reset_register.address != 0 &&
        info->fadt.reset_register.space == ACPI_SPACE_MEMORY)
        status = registers(a, info->fadt.reset_register.address, 1, fault);
    info->has_fadt = status == TN_OK;
    return status;
}

static enum tn_status decode_hpet(const struct acpi_access *a, uint32_t length, struct acpi_info *info,
                                  struct acpi_fault *fault)
{
    enum tn_status status = hpet_read(a->copy, length, &info->hpet, fault);
    if (status == TN_OK)
        status = registers(a, info->hpet.base, 1024, fault);
    info->has_hpet = status == TN_OK;
    return status;
}

typedef enum tn_status decode_table(const struct acpi_access *a, uint32_t length, struct acpi_info *info,
                                    struct acpi_fault *fault);

static const struct {
    char signature[5];
    decode_table *decode;
    size_t has; /* offset of the flag in struct acpi_info */
} decoded[] = {
    {"APIC", decode_madt, offsetof(struct acpi_info, has_madt)},
    {"MCFG", decode_mcfg, offsetof(struct acpi_info, has_mcfg)},
    {"DMAR", decode_dmar, offsetof(struct acpi_info, has_dmar)},
    {"FACP", decode_fadt, offsetof(struct acpi_info, has_fadt)},
    {"HPET", decode_hpet, offsetof(struct acpi_info, has_hpet)},
};
enum { DECODED = sizeof decoded / sizeof decoded[0] };

static uint32_t decoder_of(const char *signature)
{
    uint32_t i = 0;
    while (i < DECODED && !bytes_equal(decoded[i].signature, signature, 4))
        i++;
    return i;
}

/* Decodes a table with a known signature. False: it is refused, and that is said. */
static bool decode(const struct acpi_access *a, uint64_t physical, uint32_t kind, uint32_t length,
                   struct acpi_info *info)
{
    struct acpi_fault fault;
    const char *signature = decoded[kind].signature;
    if (*((const bool *)((const uint8_t *)info + decoded[kind].has))) {
        refuse(a, signature, physical, "a second one, length", length);
        return false;
    }
    if (copy_table(a, physical, signature, length) == 0)
        return false;
    if (decoded[kind].decode(a, length, info, &fault) == TN_OK)
        return true;
    a->refuse(a->context, signature, physical, &fault);
    return false;
}

/* A table that is only listed: large ones (SSDT) are summed where they are. */
static bool is_whole(const struct acpi_access *a, uint64_t physical, const char *signature, uint32_t length)
{
    uint8_t sum = acpi_sum(a->map(a->context, physical, length), length);
    if (sum != 0)
        refuse(a, signature, physical, "bad checksum, sum of bytes", sum);
    return sum == 0;
}

static void read_table(const struct acpi_access *a, uint64_t physical, struct acpi_info *info)
{
    char signature[5];
    struct acpi_header h;
    for (uint32_t i = 0; i < info->table_count; i++)
        if (info->table[i].physical == physical)
            return; /* listed twice */
    enum tn_status status = header_at(a, physical, signature, &h);
    info->dmar_unknown = info->dmar_unknown || status == TN_ENOENT;
    bool is_right = status == TN_OK;
    if (is_right && info->table_count == ACPI_TABLES_MAX) {
        refuse(a, signature, physical, "more tables than are kept, limit", ACPI_TABLES_MAX);
        is_right = false;
    }
    uint32_t kind = decoder_of(signature);
    is_right = is_right && (kind < DECODED ? decode(a, physical, kind, h.length, info)
                                           : is_whole(a, physical, signature, h.length));
    if (!is_right) {
        info->dmar_refused = info->dmar_refused || bytes_equal(signature, "DMAR", 4);
        return;
    }
    struct acpi_table *t = &info->table[info->table_count++];
    memcpy(t->signature, signature, sizeof t->signature);
    t->length = h.length;
    t->physical = physical;
}

/* The root table's entries, of 4 bytes (RSDT) or 8 (XSDT). */
static bool read_root(const struct acpi_access *a, uint64_t physical, uint32_t width, struct acpi_info *info)
{
    char signature[5];
    struct acpi_header h;
    const char *want = width == 8 ? "XSDT" : "RSDT";
    if (header_at(a, physical, signature, &h) != TN_OK)
        return false;
    if (!bytes_equal(signature, want, 4)) {
        refuse(a, signature, physical, "root table with another signature, bytes an entry", width);
        return false;
    }
    if (!is_whole(a, physical, signature, h.length))
        return false;
    uint32_t bytes = h.length - (uint32_t)sizeof h;
    if (bytes % width != 0) {
        refuse(a, signature, physical, "length leaves part of an entry, length", h.length);
        return false;
    }
    /* each entry is judged by itself, so the list needs no copy */
    const uint8_t *entry = (const uint8_t *)a->map(a->context, physical, h.length) + sizeof h;
    for (uint32_t i = 0; i < bytes / width; i++) {
        uint64_t at = 0;
        memcpy(&at, entry + (uint64_t)i * width, width);
        read_table(a, at, info);
    }
    return true;
}

/* Takes a table that was decoded back. */
static void leave_out(const struct acpi_access *a, struct acpi_info *info, const char *signature,
                      const struct acpi_fault *fault)
{
    uint32_t kind = decoder_of(signature), i = 0;
    *((bool *)((uint8_t *)info + decoded[kind].has)) = false;
    while (!bytes_equal(info->table[i].signature, signature, 4))
        i++;
    a->refuse(a->context, signature, info->table[i].physical, fault);
    for (info->table_count--; i < info->table_count; i++)
        info->table[i] = info->table[i + 1];
}

/* What only all tables together tell. Of a window and an I/O APIC in one place nobody knows which is there: both go. */
static void compare_tables(const struct acpi_access *a, struct acpi_info *info)
{
    struct acpi_fault mcfg, madt;
    bool mcfg_conflicts = acpi_mcfg_conflicts(info, &mcfg), madt_conflicts = acpi_madt_conflicts(info, &madt);
    if (mcfg_conflicts)
        leave_out(a, info, "MCFG", &mcfg);
    if (madt_conflicts)
        leave_out(a, info, "APIC", &madt);
    const struct acpi_fault second = {"another DMAR is refused; structures", info->dmar.count, 0};
    if (info->has_dmar && info->dmar_refused)
        leave_out(a, info, "DMAR", &second);
}

static bool read_any_root(const struct acpi_access *a, const struct rsdp *rsdp, struct acpi_info *info)
{
    if (rsdp->xsdt != 0 && read_root(a, rsdp->xsdt, 8, info))
        return true;
    info->dmar_unknown = info->dmar_unknown || rsdp->xsdt != 0;
    if (rsdp->rsdt != 0 && read_root(a, rsdp->rsdt, 4, info))
        return true;
    info->dmar_unknown = info->dmar_unknown || rsdp->rsdt != 0;
    return false;
}

enum tn_status acpi_read(const struct acpi_access *a, const struct rsdp *rsdp, struct acpi_info *info)
{
    memset(info, 0, sizeof *info);
    bool has_root = read_any_root(a, rsdp, info);
    compare_tables(a, info);
    return has_root ? TN_OK : TN_ENOENT;
}
