/* SPDX-License-Identifier: Apache-2.0 */
/* See device.h. */
#include "device/device.h"

#include <stddef.h>

#include "device/mmio.h"
#include "diag/audit.h"
#include "diag/log.h"
#include "diag/panic.h"
#include "irq/route.h"
#include "lib/lock.h"
#include "proc/process.h"

static struct device table[PCI_FUNCTIONS_MAX];
static uint32_t count;

void device_init(void)
{
    for (uint32_t i = 0; i < pci_machine.count; i++) {
        struct pci_function *f = &pci_machine.function[i];
        if (f->header != PCI_HEADER_ENDPOINT)
            continue;
        table[count] = (struct device){.identity = {1, 0}, .function = f, .index = count};
        count++;
    }
}

static bool matches(const struct pci_function *f, const struct tn_manifest_device *wanted)
{
    if (wanted->match == TN_MATCH_CLASS)
        return f->class_code == wanted->value;
    return ((uint32_t)f->vendor << 16 | f->device) == wanted->value;
}

struct device *device_find(const struct tn_manifest_device *wanted)
{
    uint32_t nth = 0;
    for (uint32_t i = 0; i < count; i++)
        if (matches(table[i].function, wanted) && nth++ == wanted->index)
            return &table[i];
    return NULL;
}

struct device *device_at(uint32_t index)
{
    return index < count ? &table[index] : NULL;
}

static void move(struct device *device, enum tn_device_state to)
{
    if (!tn_device_may_move(device->state, (uint32_t)to))
        panic("device: no move from %s to %s", tn_device_state_name(device->state), tn_device_state_name((uint32_t)to));
    device->state = (uint32_t)to;
}

enum tn_status device_claim(struct device *device, struct process *holder, uint32_t policy)
{
    lock_acquire(LOCK_DEVICE_MANAGER);
    bool is_free = device->state == TN_DEVICE_UNCLAIMED;
    if (is_free) {
        move(device, TN_DEVICE_CLAIMED);
        device->holder = holder;
        device->policy = policy;
        device->identity.owner_epoch = holder->epoch;
    }
    lock_release(LOCK_DEVICE_MANAGER);
    return is_free ? TN_OK : TN_ESTATE;
}

enum tn_status device_allows_dma(const struct device *device)
{
    return device->state == TN_DEVICE_CLAIMED && device->policy == TN_POLICY_TRUSTED ? TN_OK : TN_EPOLICY;
}

static enum tn_status write_bus_master(const struct device *device, bool on)
{
    uint32_t bdf = device->function->bdf;
    uint32_t command = pci_read(&pci_ecam, bdf, PCI_COMMAND, 2);
    command = on ? command | PCI_COMMAND_BUS_MASTER : command & ~(uint32_t)PCI_COMMAND_BUS_MASTER;
    pci_write(&pci_ecam, bdf, PCI_COMMAND, 2, command);
    bool is_on = pci_read(&pci_ecam, bdf, PCI_COMMAND, 2) & PCI_COMMAND_BUS_MASTER;
    return is_on == on ? TN_OK : TN_EIO;
}

enum tn_status device_set_bus_master(struct device *device, bool on)
{
    enum tn_status status = TN_EPOLICY;
    lock_acquire(LOCK_DEVICE_MANAGER);
    if (!on || (device_allows_dma(device) == TN_OK && device->has_pool))
        status = write_bus_master(device, on);
    lock_release(LOCK_DEVICE_MANAGER);
    return status;
}

void device_lost(struct device *device)
{
    const struct pci_function *f = device->function;
    lock_acquire(LOCK_DEVICE_MANAGER);
    move(device, TN_DEVICE_QUIESCING);
    enum tn_status off = write_bus_master(device, false);
    route_release_device(device);
    mmio_release_device(device);
    move(device, TN_DEVICE_QUARANTINED); /* bus mastering off is not yet evidence enough */
    device->identity.generation++;       /* every capability to it is stale from here */
    process_audit(device->holder, TN_AUDIT_DEVICE_LOST, off == TN_OK ? TN_OK : TN_EIO, TN_KIND_DEVICE,
                  device->identity.generation, 0);
    device->holder = NULL;
    log_line("device: %s lost its driver: bus mastering %s, in quarantine until reboot", pci_name(f->bdf).text,
             off == TN_OK ? "off" : "does not go off");
    lock_release(LOCK_DEVICE_MANAGER);
}

const struct device *device_first_of(const struct process *process)
{
    for (uint32_t i = 0; i < count; i++)
        if (table[i].holder == process)
            return &table[i];
    return NULL;
}

void device_holder_ended(struct process *process)
{
    for (uint32_t i = 0; i < count; i++)
        if (table[i].holder == process)
            device_lost(&table[i]);
}
