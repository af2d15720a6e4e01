/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inputs of I/O APICs as sources (Intel 82093AA datasheet, section 3). Only ISA interrupts are routed to them: what the
 * lines of PCI functions are connected to is told by AML alone.
 */
#include <stddef.h>

#include "arch/x86_64/lapic.h"
#include "diag/log.h"
#include "firmware/acpi.h"
#include "iommu/iommu.h"
#include "irq/kinds.h"
#include "mm/kernel_space.h"
#include "mm/space.h"

enum {
    IO_SELECT = 0x00,
    IO_WINDOW = 0x10,
    IO_APIC_VERSION = 1, /* number of the last input in bits 16 to 23 */
    REDIRECTION = 0x10,  /* two registers an input */
    REDIRECTION_ACTIVE_LOW = 1 << 13,
    REDIRECTION_SENDING = 1 << 12, /* delivery status */
    REDIRECTION_REMOTE_IRR = 1 << 14,
    REDIRECTION_LEVEL = 1 << 15,
    REDIRECTION_MASKED = 1 << 16,
    REMAPPABLE = 1 << 16, /* in the upper register */
    ISA_INTERRUPTS = 16,
};

struct ioapic {
    volatile uint8_t *registers;
    uint32_t gsi_base;
    uint32_t inputs;
    uint8_t id;
};

static struct ioapic table[MADT_IO_APICS_MAX];
static uint32_t count;
static struct {
    uint32_t gsi;
    uint32_t signal; /* bits of a redirection entry */
} isa[ISA_INTERRUPTS];

static uint32_t read(const struct ioapic *a, uint32_t index)
{
    *(volatile uint32_t *)(volatile void *)(a->registers + IO_SELECT) = index;
    return *(volatile uint32_t *)(volatile void *)(a->registers + IO_WINDOW);
}

static void write(const struct ioapic *a, uint32_t index, uint32_t value)
{
    *(volatile uint32_t *)(volatile void *)(a->registers + IO_SELECT) = index;
    *(volatile uint32_t *)(volatile void *)(a->registers + IO_WINDOW) = value;
}

static const struct ioapic *ioapic_of(uint32_t gsi)
{
    for (uint32_t i = 0; i < count; i++)
        if (gsi >= table[i].gsi_base && gsi - table[i].gsi_base < table[i].inputs)
            return &table[i];
    return NULL;
}

static uint32_t entry_of(const struct ioapic *a, uint32_t gsi)
{
    return REDIRECTION + 2 * (gsi - a->gsi_base);
}

static bool set_mask(const struct irq_source *source, bool masked)
{
    const struct ioapic *a = ioapic_of(source->entry);
    uint32_t at = entry_of(a, source->entry), low = read(a, at);
    write(a, at, masked ? low | REDIRECTION_MASKED : low & ~(uint32_t)REDIRECTION_MASKED);
    return ((read(a, at) & REDIRECTION_MASKED) != 0) == masked;
}

static uint32_t signal_of(uint32_t gsi)
{
    for (uint32_t irq = 0; irq < ISA_INTERRUPTS; irq++)
        if (isa[irq].gsi == gsi)
            return isa[irq].signal;
    return 0;
}

static enum tn_status program(const struct irq_source *source, uint8_t vector)
{
    const struct ioapic *a = ioapic_of(source->entry);
    uint32_t at = entry_of(a, source->entry), signal = signal_of(source->entry), index;
    (void)set_mask(source, true);
    enum tn_status status = iommu_route_set_ioapic(a->id, vector - (uint32_t)VECTOR_ROUTE_FIRST, vector, lapic_id(),
                                                   signal & REDIRECTION_LEVEL, &index);
    if (status != TN_OK && status != TN_ENOENT)
        return status;
    if (status == TN_OK) { /* VT-d Specification 4.0, section 5.1.5.1: the vector stays, for the end of a level */
        write(a, at + 1, (index & 0x7fff) << 17 | REMAPPABLE);
        signal |= (index >> 15 & 1) << 11;
    } else {
        write(a, at + 1, lapic_id() << 24); /* physical destination */
    }
    write(a, at, vector | signal | REDIRECTION_MASKED);
    return TN_OK;
}

static bool is_idle(const struct irq_source *source)
{
    const struct ioapic *a = ioapic_of(source->entry);
    return (read(a, entry_of(a, source->entry)) & (REDIRECTION_SENDING | REDIRECTION_REMOTE_IRR)) == 0;
}

const struct irq_source_operations ioapic_operations = {"I/O APIC", program, set_mask, is_idle};

/* ACPI 6.5, table 5.26; ISA's own is active high, edge. */
static uint32_t signal_bits(uint16_t signal)
{
    uint32_t bits = (signal & MADT_POLARITY_MASK) == MADT_POLARITY_MASK ? REDIRECTION_ACTIVE_LOW : 0;
    return (signal & MADT_TRIGGER_MASK) == MADT_TRIGGER_MASK ? bits | REDIRECTION_LEVEL : bits;
}

/* The I/O APIC that has an interrupt in [first, first + inputs), or NULL. */
static const struct ioapic *other_with(uint64_t first, uint32_t inputs)
{
    for (uint32_t i = 0; i < count; i++)
        if (first < (uint64_t)table[i].gsi_base + table[i].inputs && table[i].gsi_base < first + inputs)
            return &table[i];
    return NULL;
}

static void map(const struct madt_io_apic *told)
{
    struct ioapic *a = &table[count];
    a->registers = kernel_mmio_map(told->address, MADT_IO_APIC_BYTES);
    if (!a->registers) {
        log_line("irq: no room to map I/O APIC %u", told->id);
        return;
    }
    a->id = told->id;
    a->gsi_base = told->gsi_base;
    uint32_t version = read(a, IO_APIC_VERSION);
    if (version == 0 || version == UINT32_MAX) { /* as an address answers where nothing is */
        log_line("irq: I/O APIC %u is not there (its version register reads 0x%x): not used", told->id, version);
        return;
    }
    a->inputs = (version >> 16 & 0xff) + 1;
    const struct ioapic *other = other_with(a->gsi_base, a->inputs);
    if (other) {
        log_line("irq: I/O APIC %u, interrupts %u to %lu, has some of those of I/O APIC %u: not used", told->id,
                 a->gsi_base, (uint64_t)a->gsi_base + a->inputs - 1, other->id);
        return;
    }
    for (uint32_t input = 0; input < a->inputs; input++)
        write(a, REDIRECTION + 2 * input, REDIRECTION_MASKED);
    count++;
}

void ioapic_init(const struct acpi_info *acpi)
{
    for (uint32_t irq = 0; irq < ISA_INTERRUPTS; irq++)
        isa[irq].gsi = irq;
    if (!acpi->has_madt)
        return;
    for (uint32_t i = 0; i < acpi->madt.io_apic_count; i++)
        map(&acpi->madt.io_apic[i]);
    for (uint32_t i = 0; i < acpi->madt.override_count; i++) {
        const struct madt_override *o = &acpi->madt.override[i];
        isa[o->irq].gsi = o->gsi;
        isa[o->irq].signal = signal_bits(o->signal);
    }
}

bool ioapic_has_isa(uint32_t irq, uint32_t *gsi)
{
    *gsi = isa[irq].gsi;
    return ioapic_of(*gsi) != NULL;
}
