/* SPDX-License-Identifier: Apache-2.0 */
/* See source.h. */
#include "irq/source.h"

#include <stddef.h>

#include "arch/x86_64/lapic.h"
#include "diag/log.h"
#include "iommu/iommu.h"
#include "irq/kinds.h"
#include "pci/scan.h"

enum { ISA_INTERRUPTS = 16 };

static bool has_no_messages; /* firmware says that MSI and MSI-X must not be used */

static const struct irq_source_operations *const kinds[IRQ_KINDS] = {
    [IRQ_MSIX] = &msix_operations,
    [IRQ_MSI] = &msi_operations,
    [IRQ_IO_APIC] = &ioapic_operations,
};

const struct irq_source_operations *irq_operations(const struct irq_source *source)
{
    return kinds[source->kind];
}

enum tn_status irq_message_for(const struct irq_source *source, uint8_t vector, struct irq_message *message)
{
    struct iommu_message remapped;
    enum tn_status status =
        iommu_route_set(source->function, vector - (uint32_t)VECTOR_ROUTE_FIRST, vector, lapic_id(), &remapped);
    if (status == TN_OK)
        *message = (struct irq_message){remapped.address, remapped.data};
    else if (status == TN_ENOENT)
        *message = (struct irq_message){(uint32_t)LOCAL_APIC_START | lapic_id() << 12, vector};
    return status == TN_ENOENT ? TN_OK : status;
}

uint32_t irq_source_count(const struct pci_function *function, enum irq_kind *kind)
{
    *kind = IRQ_MSI;
    if (has_no_messages)
        return 0;
    if (msix_is_there(function)) {
        *kind = IRQ_MSIX;
        return function->msix.count;
    }
    return function->features.msi_messages != 0 ? 1 : 0;
}

const char *irq_source_lack(void)
{
    return has_no_messages ? "the FADT forbids MSI" : "neither MSI-X nor MSI";
}

enum tn_status irq_source_of(struct pci_function *function, uint32_t entry, struct irq_source *source)
{
    enum irq_kind kind;
    uint32_t count = irq_source_count(function, &kind);
    if (count == 0)
        return TN_ENOTSUP;
    if (entry >= count)
        return TN_ERANGE;
    *source = (struct irq_source){kind, entry, function};
    return TN_OK;
}

enum tn_status irq_source_of_isa(uint32_t irq, struct irq_source *source)
{
    uint32_t gsi;
    if (irq >= ISA_INTERRUPTS || !ioapic_has_isa(irq, &gsi))
        return TN_ENOENT;
    *source = (struct irq_source){IRQ_IO_APIC, gsi, NULL};
    return TN_OK;
}

bool irq_source_is_same(const struct irq_source *one, const struct irq_source *other)
{
    return one->kind == other->kind && one->entry == other->entry && one->function == other->function;
}

void irq_sources_init(const struct acpi_info *acpi)
{
    has_no_messages = acpi->has_fadt && acpi->fadt.boot_flags & FADT_BOOT_NO_MSI;
    msi_init();
    msix_init();
    ioapic_init(acpi);
}

void irq_sources_report(void)
{
    for (uint32_t i = 0; i < pci_machine.count; i++) {
        const struct pci_function *f = &pci_machine.function[i];
        enum irq_kind kind;
        if (f->header == PCI_HEADER_ENDPOINT && irq_source_count(f, &kind) == 0)
            log_line("irq: %s: unroutable: %s, and where its line goes only AML tells", pci_name(f->bdf).text,
                     irq_source_lack());
    }
}
