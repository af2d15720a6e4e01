/* SPDX-License-Identifier: Apache-2.0 */
/* MSI-X as a source: PCI Express Base 5.0, section 7.7.2. */
#include <stddef.h>

#include "diag/log.h"
#include "irq/kinds.h"
#include "mm/kernel_space.h"
#include "mm/space.h"
#include "pci/scan.h"

static volatile uint32_t *entry_register(const struct pci_function *f, uint32_t entry, uint32_t offset)
{
    return (volatile uint32_t *)(volatile void *)(f->msix_table + entry * PCI_MSIX_ENTRY_BYTES + offset);
}

static bool set_mask(const struct irq_source *source, bool masked)
{
    volatile uint32_t *control = entry_register(source->function, source->entry, PCI_MSIX_ENTRY_CONTROL);
    *control = masked ? 1 : 0;
    return (*control & 1) == masked;
}

static enum tn_status program(const struct irq_source *source, uint8_t vector)
{
    const struct pci_function *f = source->function;
    struct irq_message message;
    (void)set_mask(source, true);
    enum tn_status status = irq_message_for(source, vector, &message);
    if (status != TN_OK)
        return status;
    *entry_register(f, source->entry, PCI_MSIX_ENTRY_ADDRESS_LOW) = message.address;
    *entry_register(f, source->entry, PCI_MSIX_ENTRY_ADDRESS_HIGH) = 0;
    *entry_register(f, source->entry, PCI_MSIX_ENTRY_DATA) = message.data;
    uint32_t at = f->msix.capability + PCI_MSIX_CONTROL;
    uint32_t control = pci_read(&pci_ecam, f->bdf, at, 2);
    pci_write(&pci_ecam, f->bdf, at, 2, (control | PCI_MSIX_CONTROL_ENABLE) & ~(uint32_t)PCI_MSIX_CONTROL_MASK_ALL);
    return TN_OK;
}

/* Its pending bit: an interrupt raised while the entry was masked. */
static bool is_idle(const struct irq_source *source)
{
    const volatile uint32_t *bits =
        (const volatile uint32_t *)(const volatile void *)(source->function->msix_pending + source->entry / 32 * 4);
    return (*bits >> source->entry % 32 & 1) == 0;
}

const struct irq_source_operations msix_operations = {"MSI-X", program, set_mask, is_idle};

bool msix_is_there(const struct pci_function *function)
{
    return function->msix_table != NULL;
}

static void prepare(struct pci_function *f)
{
    const struct pci_msix *msix = &f->msix;
    uint64_t table = f->bar[msix->table_bar].address, pending = f->bar[msix->pba_bar].address;
    if (table == 0 || pending == 0)
        return;
    volatile uint8_t *entries =
        kernel_mmio_map(table + msix->table_offset, (uint64_t)msix->count * PCI_MSIX_ENTRY_BYTES);
    f->msix_pending = kernel_mmio_map(pending + msix->pba_offset, ((uint64_t)msix->count + 63) / 64 * 8);
    if (!entries || !f->msix_pending) {
        log_line("irq: %s: no room to map its MSI-X table", pci_name(f->bdf).text);
        return;
    }
    f->msix_table = entries;
    /* memory decoding must be on to reach the table; interrupts stay off function-wide until a route is bound */
    uint32_t command = pci_read(&pci_ecam, f->bdf, PCI_COMMAND, 2);
    pci_write(&pci_ecam, f->bdf, PCI_COMMAND, 2, command | PCI_COMMAND_MEMORY);
    uint32_t control = pci_read(&pci_ecam, f->bdf, msix->capability + PCI_MSIX_CONTROL, 2);
    pci_write(&pci_ecam, f->bdf, msix->capability + PCI_MSIX_CONTROL, 2,
              (control | PCI_MSIX_CONTROL_MASK_ALL) & ~(uint32_t)PCI_MSIX_CONTROL_ENABLE);
    for (uint32_t entry = 0; entry < msix->count; entry++)
        *entry_register(f, entry, PCI_MSIX_ENTRY_CONTROL) = 1;
}

void msix_init(void)
{
    for (uint32_t i = 0; i < pci_machine.count; i++)
        if (pci_machine.function[i].msix.count != 0)
            prepare(&pci_machine.function[i]);
}
