/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MSI as a source: PCI Local Bus 3.0, section 6.8.1. One message, whatever the function could send. A function without
 * per-vector masking is masked by switching MSI off; what it raises then is lost, which a holder's next look at its
 * device makes up for: it is told of an event after every storm.
 */
#include <stddef.h>

#include "arch/x86_64/lapic.h"
#include "irq/kinds.h"
#include "pci/scan.h"

enum {
    MSI_CONTROL_MESSAGES_ENABLED = 7 << 4,
    MSI_ADDRESS_LOW = 4, /* from the capability's start */
    /* without, and with, a 64-bit address */
    MSI_DATA_32 = 8,
    MSI_ADDRESS_HIGH = 8,
    MSI_DATA_64 = 12,
    /* behind the data, at 4 and 8 bytes */
    MSI_MASK_BEHIND = 4,
    MSI_PENDING_BEHIND = 8,
};

static uint32_t read(const struct pci_function *f, uint32_t offset, uint32_t width)
{
    return pci_read(&pci_ecam, f->bdf, f->capabilities.msi + offset, width);
}

static void write(const struct pci_function *f, uint32_t offset, uint32_t width, uint32_t value)
{
    pci_write(&pci_ecam, f->bdf, f->capabilities.msi + offset, width, value);
}

static uint32_t data_offset(const struct pci_function *f)
{
    return f->features.msi_64bit ? MSI_DATA_64 : MSI_DATA_32;
}

static void enable(const struct pci_function *f, bool on)
{
    uint32_t control = read(f, PCI_MSI_CONTROL, 2) & ~(uint32_t)(PCI_MSI_CONTROL_ENABLE | MSI_CONTROL_MESSAGES_ENABLED);
    write(f, PCI_MSI_CONTROL, 2, on ? control | PCI_MSI_CONTROL_ENABLE : control);
}

static bool set_mask(const struct irq_source *source, bool masked)
{
    const struct pci_function *f = source->function;
    if (f->features.msi_maskable) {
        write(f, data_offset(f) + MSI_MASK_BEHIND, 4, masked ? 1 : 0);
        return (read(f, data_offset(f) + MSI_MASK_BEHIND, 4) & 1) == masked;
    }
    enable(f, !masked);
    return (read(f, PCI_MSI_CONTROL, 2) & PCI_MSI_CONTROL_ENABLE) == (masked ? 0 : PCI_MSI_CONTROL_ENABLE);
}

static enum tn_status program(const struct irq_source *source, uint8_t vector)
{
    const struct pci_function *f = source->function;
    struct irq_message message;
    (void)set_mask(source, true);
    enum tn_status status = irq_message_for(source, vector, &message);
    if (status != TN_OK)
        return status;
    write(f, MSI_ADDRESS_LOW, 4, message.address);
    if (f->features.msi_64bit)
        write(f, MSI_ADDRESS_HIGH, 4, 0);
    write(f, data_offset(f), 2, message.data);
    if (f->features.msi_maskable)
        enable(f, true);
    return TN_OK;
}

static bool is_idle(const struct irq_source *source)
{
    const struct pci_function *f = source->function;
    return !f->features.msi_maskable || (read(f, data_offset(f) + MSI_PENDING_BEHIND, 4) & 1) == 0;
}

const struct irq_source_operations msi_operations = {"MSI", program, set_mask, is_idle};

void msi_init(void)
{
    for (uint32_t i = 0; i < pci_machine.count; i++) {
        struct pci_function *f = &pci_machine.function[i];
        uint32_t command = pci_read(&pci_ecam, f->bdf, PCI_COMMAND, 2);
        pci_write(&pci_ecam, f->bdf, PCI_COMMAND, 2, command | PCI_COMMAND_INTX_DISABLE);
        if (f->features.msi_messages != 0 && f->features.msi_maskable) /* the scan has switched MSI itself off */
            write(f, data_offset(f) + MSI_MASK_BEHIND, 4, UINT32_MAX);
    }
}
