/* SPDX-License-Identifier: Apache-2.0 */
/* Inside irq/: the three kinds of sources, for source.c. */
#ifndef TENURE_KERNEL_IRQ_KINDS_H
#define TENURE_KERNEL_IRQ_KINDS_H

#include "irq/source.h"

/* Where a message goes, and what it says: Intel SDM volume 3A, section 10.11. Fixed, edge, to this CPU. */
struct irq_message {
    uint32_t address; /* the upper half is 0 */
    uint32_t data;
};
/* The message of a PCI function's source that becomes `vector`: a remappable one, or, where no remapping is on, one
 * that names the vector itself. TN_EIO: nobody can say that it does. */
TN_MUST_CHECK enum tn_status irq_message_for(const struct irq_source *source, uint8_t vector,
                                             struct irq_message *message);

extern const struct irq_source_operations msix_operations, msi_operations, ioapic_operations;

/* Maps every MSI-X table and pending-bit array, and masks every entry. */
void msix_init(void);
bool msix_is_there(const struct pci_function *function);
/* Lines off; every message masked where it can be. */
void msi_init(void);
/* Maps the I/O APICs of the MADT and masks every input. */
void ioapic_init(const struct acpi_info *acpi);
/* The global system interrupt of ISA interrupt `irq`; false: no I/O APIC has it. */
bool ioapic_has_isa(uint32_t irq, uint32_t *gsi);

#endif
