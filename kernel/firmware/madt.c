/* SPDX-License-Identifier: Apache-2.0 */
/* See madt.h. Section and table numbers: ACPI 6.5. */
#include "firmware/madt.h"

#include "lib/string.h"

struct layout {
    struct acpi_header header;
    uint32_t local_apic;
    uint32_t flags;
} __attribute__((packed));
static_assert(sizeof(struct layout) == 44, "table 5.19");

enum {
    FLAG_PCAT_COMPAT = 1 << 0,
    ENTRY_HEADER_BYTES = 2,
    UID_EVERY_LOCAL_APIC = 0xff,
    ISA_IRQS = 16,
    ENTRY_BYTES_MAX = 16, /* of the types below */
};

enum type {
    LOCAL_APIC = 0,
    IO_APIC = 1,
    SOURCE_OVERRIDE = 2,
    NMI_SOURCE = 3,
    LOCAL_APIC_NMI = 4,
    LOCAL_APIC_ADDRESS = 5,
    LOCAL_X2APIC = 9,
    LOCAL_X2APIC_NMI = 10,
};

/* Sections 5.2.12.2 to 5.2.12.13, each with its two header bytes. */
struct local_apic {
    uint8_t type, length, uid, id;
    uint32_t flags;
} __attribute__((packed));
struct io_apic {
    uint8_t type, length, id, reserved;
    uint32_t address, gsi_base;
} __attribute__((packed));
struct source_override {
    uint8_t type, length, bus, source;
    uint32_t gsi;
    uint16_t signal;
} __attribute__((packed));
struct nmi_source {
    uint8_t type, length;
    uint16_t signal;
    uint32_t gsi;
} __attribute__((packed));
struct local_apic_nmi {
    uint8_t type, length, uid;
    uint16_t signal;
    uint8_t lint;
} __attribute__((packed));
struct local_apic_address {
    uint8_t type, length;
    uint16_t reserved;
    uint64_t address;
} __attribute__((packed));
struct local_x2apic {
    uint8_t type, length;
    uint16_t reserved;
    uint32_t id, flags, uid;
} __attribute__((packed));
struct local_x2apic_nmi {
    uint8_t type, length;
    uint16_t signal;
    uint32_t uid;
    uint8_t lint, reserved[3];
} __attribute__((packed));
static_assert(sizeof(struct local_apic) == 8 && sizeof(struct io_apic) == 12 && sizeof(struct source_override) == 10 &&
                  sizeof(struct nmi_source) == 8 && sizeof(struct local_apic_nmi) == 6 &&
                  sizeof(struct local_apic_address) == 12 && sizeof(struct local_x2apic) == 16 &&
                  sizeof(struct local_x2apic_nmi) == 12,
              "sections 5.2.12.2 to 5.2.12.13");

/* One entry under the parser's hands: long enough for any of the types, zero behind its end. */
struct entry {
    union {
        uint8_t bytes[ENTRY_BYTES_MAX];
        struct local_apic local_apic;
        struct io_apic io_apic;
        struct source_override source_override;
        struct nmi_source nmi_source;
        struct local_apic_nmi local_apic_nmi;
        struct local_apic_address local_apic_address;
        struct local_x2apic local_x2apic;
        struct local_x2apic_nmi local_x2apic_nmi;
    };
    uint32_t at; /* in the table */
};

static enum tn_status add_cpu(struct madt *m, uint32_t id, uint32_t uid, uint32_t flags, bool is_x2apic)
{
    uint8_t usable = (uint8_t)(flags & (MADT_CPU_ENABLED | MADT_CPU_ONLINE_CAPABLE));
    if (usable == 0)
        return TN_OK; /* a socket without a processor: the id means nothing */
    for (uint32_t i = 0; i < m->cpu_count; i++)
        if (m->cpu[i].apic_id == id) {
            m->repeated++;
            return TN_OK;
        }
    if (m->cpu_count == MADT_CPUS_MAX)
        m->left_out++;
    else
        m->cpu[m->cpu_count++] = (struct madt_cpu){id, uid, usable, is_x2apic};
    return TN_OK;
}

static bool signal_is_reserved(uint16_t signal)
{
    return (signal & MADT_POLARITY_MASK) == MADT_POLARITY_RESERVED ||
           (signal & MADT_TRIGGER_MASK) == MADT_TRIGGER_RESERVED;
}

static bool are_together(uint64_t a, uint64_t b)
{
    return a < b + MADT_IO_APIC_BYTES && b < a + MADT_IO_APIC_BYTES;
}

static enum tn_status add_io_apic(struct madt *m, const struct entry *e, struct acpi_fault *fault)
{
    const struct io_apic *a = &e->io_apic;
    if (a->address == 0 || a->address % 16 != 0)
        return acpi_refuse(fault, "I/O APIC with a bad address", a->address, e->at);
    for (uint32_t i = 0; i < m->io_apic_count; i++)
        if (m->io_apic[i].gsi_base == a->gsi_base || are_together(m->io_apic[i].address, a->address))
            return acpi_refuse(fault, "two I/O APICs for one interrupt or address, base", a->gsi_base, e->at);
    if (m->io_apic_count == MADT_IO_APICS_MAX)
        m->left_out++;
    else
        m->io_apic[m->io_apic_count++] = (struct madt_io_apic){a->address, a->gsi_base, a->id};
    return TN_OK;
}

static enum tn_status add_override(struct madt *m, const struct entry *e, struct acpi_fault *fault)
{
    const struct source_override *o = &e->source_override;
    if (o->bus != 0 || o->source >= ISA_IRQS)
        return acpi_refuse(fault, "override of what is no ISA interrupt, source", o->source, e->at);
    if (signal_is_reserved(o->signal))
        return acpi_refuse(fault, "reserved polarity or trigger, flags", o->signal, e->at);
    for (uint32_t i = 0; i < m->override_count; i++)
        if (m->override[i].irq == o->source)
            return acpi_refuse(fault, "two overrides of one interrupt, source", o->source, e->at);
    /* at most one for each of the 16, so there is room */
    m->override[m->override_count++] = (struct madt_override){o->gsi, o->signal, o->source};
    return TN_OK;
}

static enum tn_status add_nmi_source(struct madt *m, const struct entry *e, struct acpi_fault *fault)
{
    if (signal_is_reserved(e->nmi_source.signal))
        return acpi_refuse(fault, "reserved polarity or trigger, flags", e->nmi_source.signal, e->at);
    if (m->nmi_source_count == MADT_NMI_SOURCES_MAX)
        m->left_out++;
    else
        m->nmi_source[m->nmi_source_count++] = (struct madt_nmi_source){e->nmi_source.gsi, e->nmi_source.signal};
    return TN_OK;
}

static enum tn_status add_local_nmi(struct madt *m, const struct entry *e, struct madt_local_nmi nmi,
                                    struct acpi_fault *fault)
{
    if (signal_is_reserved(nmi.signal))
        return acpi_refuse(fault, "reserved polarity or trigger, flags", nmi.signal, e->at);
    if (nmi.lint > 1)
        return acpi_refuse(fault, "local NMI at a pin that is none, LINT", nmi.lint, e->at);
    if (m->local_nmi_count == MADT_LOCAL_NMIS_MAX)
        m->left_out++;
    else
        m->local_nmi[m->local_nmi_count++] = nmi;
    return TN_OK;
}

static enum tn_status add_local_apic_nmi(struct madt *m, const struct entry *e, struct acpi_fault *fault)
{
    const struct local_apic_nmi *n = &e->local_apic_nmi;
    uint32_t uid = n->uid == UID_EVERY_LOCAL_APIC ? MADT_EVERY_CPU : n->uid;
    return add_local_nmi(m, e, (struct madt_local_nmi){uid, n->signal, n->lint}, fault);
}

static enum tn_status move_local_apic(struct madt *m, const struct entry *e, struct acpi_fault *fault)
{
    uint64_t address = e->local_apic_address.address;
    if (address == 0 || address % 4096 != 0 || address >> 52 != 0)
        return acpi_refuse(fault, "bad local APIC address", address, e->at);
    m->local_apic = address;
    return TN_OK;
}

/* 0: a type that is skipped. */
static uint32_t bytes_of(uint8_t type)
{
    static const uint8_t bytes[] = {
        [LOCAL_APIC] = sizeof(struct local_apic),           [IO_APIC] = sizeof(struct io_apic),
        [SOURCE_OVERRIDE] = sizeof(struct source_override), [NMI_SOURCE] = sizeof(struct nmi_source),
        [LOCAL_APIC_NMI] = sizeof(struct local_apic_nmi),   [LOCAL_APIC_ADDRESS] = sizeof(struct local_apic_address),
        [LOCAL_X2APIC] = sizeof(struct local_x2apic),       [LOCAL_X2APIC_NMI] = sizeof(struct local_x2apic_nmi),
    };
    return type < sizeof bytes ? bytes[type] : 0;
}

static enum tn_status add(struct madt *m, const struct entry *e, struct acpi_fault *fault)
{
    const struct local_apic *l = &e->local_apic;
    const struct local_x2apic *x = &e->local_x2apic;
    const struct local_x2apic_nmi *n = &e->local_x2apic_nmi;
    switch (e->bytes[0]) {
    case LOCAL_APIC:
        return add_cpu(m, l->id, l->uid, l->flags, false);
    case LOCAL_X2APIC:
        return add_cpu(m, x->id, x->uid, x->flags, true);
    case IO_APIC:
        return add_io_apic(m, e, fault);
    case SOURCE_OVERRIDE:
        return add_override(m, e, fault);
    case NMI_SOURCE:
        return add_nmi_source(m, e, fault);
    case LOCAL_APIC_NMI:
        return add_local_apic_nmi(m, e, fault);
    case LOCAL_X2APIC_NMI:
        return add_local_nmi(m, e, (struct madt_local_nmi){n->uid, n->signal, n->lint}, fault);
    case LOCAL_APIC_ADDRESS:
        return move_local_apic(m, e, fault);
    default:
        return TN_OK;
    }
}

enum tn_status madt_read(const void *table, uint32_t length, struct madt *m, struct acpi_fault *fault)
{
    struct layout l;
    enum tn_status status = acpi_check_table(table, length, "APIC", sizeof l, fault);
    if (status != TN_OK)
        return status;
    memcpy(&l, table, sizeof l);
    memset(m, 0, sizeof *m);
    m->local_apic = l.local_apic;
    m->has_8259 = l.flags & FLAG_PCAT_COMPAT;
    for (uint32_t at = sizeof l; at < length && status == TN_OK;) {
        const uint8_t *entry = (const uint8_t *)table + at;
        struct entry e = {.at = at};
        if (length - at < ENTRY_HEADER_BYTES) {
            status = acpi_refuse(fault, "length leaves part of an entry, length", length, at);
            break;
        }
        uint32_t bytes = entry[1], wanted = bytes_of(entry[0]);
        if (bytes < ENTRY_HEADER_BYTES || bytes > length - at || (wanted != 0 && bytes != wanted)) {
            status = acpi_refuse(fault, "entry with a bad length", bytes, at);
            break;
        }
        memcpy(e.bytes, entry, wanted == 0 ? ENTRY_HEADER_BYTES : wanted);
        status = add(m, &e, fault);
        at += bytes;
    }
    if (status == TN_OK && m->cpu_count == 0)
        status = acpi_refuse(fault, "no processor that can run, entries' bytes", length - sizeof l, 0);
    if (status != TN_OK)
        memset(m, 0, sizeof *m);
    return status;
}
