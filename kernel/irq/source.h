/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupt sources: what can raise an interrupt, whatever its kind, behind one set of operations. A source is masked
 * from boot on, programmed while it is masked, and unmasked only when its route is armed. All of it stays with the
 * kernel; a driver names a source by its device and a number (G9).
 */
#ifndef TENURE_KERNEL_IRQ_SOURCE_H
#define TENURE_KERNEL_IRQ_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include <tenure/abi/status.h>

struct acpi_info;
struct pci_function;

enum irq_kind {
    IRQ_MSIX,    /* an entry of a function's MSI-X table */
    IRQ_MSI,     /* a function's MSI, one message */
    IRQ_IO_APIC, /* an input of an I/O APIC */
    IRQ_KINDS
};

struct irq_source {
    uint32_t kind;                 /* enum irq_kind */
    uint32_t entry;                /* MSI-X: of the table; MSI: 0; I/O APIC: global system interrupt */
    struct pci_function *function; /* NULL for an I/O APIC's */
};

struct irq_source_operations {
    const char *name;
    /* Makes it raise `vector` on this CPU, through the vector's entry of interrupt remapping where that is on. Masked
     * before, masked after. Not TN_OK: it raises nothing. */
    enum tn_status (*program)(const struct irq_source *source, uint8_t vector);
    /* Masks or unmasks; true: it reads back so. The read also pushes messages on their way ahead of it (PCI Express
     * Base 5.0, section 2.4). */
    bool (*set_mask)(const struct irq_source *source, bool masked);
    /* Does it hold no interrupt back that unmasking would send? */
    bool (*is_idle)(const struct irq_source *source);
};
const struct irq_source_operations *irq_operations(const struct irq_source *source);

/* Masks every source of the machine. Needs frames. */
void irq_sources_init(const struct acpi_info *acpi);
/* Says which functions have no source that this kernel can route, and why. */
void irq_sources_report(void);

/* Source `entry` of a function: an MSI-X entry, or MSI with entry 0. TN_ERANGE: it has no such entry. TN_ENOTSUP: it
 * has neither, or the FADT forbids both (ACPI 6.5, section 5.2.9.3); where its line goes only AML tells, which this
 * kernel does not interpret. */
TN_MUST_CHECK enum tn_status irq_source_of(struct pci_function *function, uint32_t entry, struct irq_source *source);
/* The source behind ISA interrupt `irq`, 0 to 15, with the overrides of the MADT. TN_ENOENT: no I/O APIC has it. */
TN_MUST_CHECK enum tn_status irq_source_of_isa(uint32_t irq, struct irq_source *source);
bool irq_source_is_same(const struct irq_source *one, const struct irq_source *other);
/* How many sources a function has, and of which kind: 0 if it is unroutable. */
uint32_t irq_source_count(const struct pci_function *function, enum irq_kind *kind);
/* Why a function has none. */
const char *irq_source_lack(void);

#endif
