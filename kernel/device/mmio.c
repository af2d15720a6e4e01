/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DeviceMmio: windows on a device's registers. Whole pages, never those of the MSI-X table or the PBA, never a page in
 * which another function's registers live (G9).
 */
#include "device/mmio.h"

#include <stdbool.h>
#include <stddef.h>

#include "arch/x86_64/layout.h"
#include "device/device.h"
#include "diag/panic.h"
#include "lib/lock.h"
#include "proc/process.h"

struct window {
    struct tn_identity identity;
    struct device *device;
    uint64_t address;
    uint64_t offset; /* in BAR `bar` */
    uint64_t length;
    uint32_t bar;
    uint32_t state; /* enum tn_mmio_state */
};

static struct window windows[MMIO_WINDOWS_MAX];
static struct tn_slot window_slot[MMIO_WINDOWS_MAX]; /* generations of the mappings */
static struct tn_slots window_slots;

void mmio_init(void)
{
    if (!tn_slots_init(&window_slots, window_slot, MMIO_WINDOWS_MAX, TN_HANDLE_GENERATION_MAX))
        panic("mmio: the window table does not initialise");
}

static void move(struct window *window, enum tn_mmio_state to)
{
    if (!tn_mmio_may_move(window->state, (uint32_t)to))
        panic("mmio: no move from %s to %s", tn_mmio_state_name(window->state), tn_mmio_state_name((uint32_t)to));
    window->state = (uint32_t)to;
}

/* Does another memory BAR of the machine lie in the pages of this one? Only one smaller than a page can have such a
 * neighbour. */
static bool has_neighbour(const struct pci_bar *bar)
{
    for (uint32_t i = 0; i < pci_machine.count; i++)
        for (uint32_t b = 0; b < PCI_BARS; b++) {
            const struct pci_bar *other = &pci_machine.function[i].bar[b];
            if (other != bar && other->size != 0 && other->flags & TN_BAR_MEMORY && other->address != 0 &&
                other->address < bar->address + page_up(bar->size) && bar->address < other->address + other->size)
                return true;
        }
    return false;
}

static enum tn_status check_window(const struct device *device, uint32_t bar, uint64_t offset, uint64_t length)
{
    const struct pci_function *f = device->function;
    if (bar >= PCI_BARS || f->bar[bar].size == 0 || !(f->bar[bar].flags & TN_BAR_MEMORY) || f->bar[bar].address == 0)
        return TN_ENOENT;
    if (length == 0 || (offset | length) % PAGE_SIZE != 0 || f->bar[bar].address % PAGE_SIZE != 0)
        return TN_EINVAL;
    uint64_t size = page_up(f->bar[bar].size);
    if (offset > size || length > size - offset)
        return TN_ERANGE;
    if (has_neighbour(&f->bar[bar]))
        return TN_EDENIED;
    return pci_touches_msix(&f->msix, bar, offset, length) ? TN_EDENIED : TN_OK;
}

/* Firmware leaves what it does not use itself deaf. Not where a BAR has no address: it would answer at 0. */
static void start_decoding(const struct pci_function *f)
{
    for (uint32_t b = 0; b < PCI_BARS; b++)
        if (f->bar[b].flags & TN_BAR_MEMORY && f->bar[b].size != 0 && f->bar[b].address == 0)
            return;
    uint32_t command = pci_read(&pci_ecam, f->bdf, PCI_COMMAND, 2);
    if (!(command & PCI_COMMAND_MEMORY))
        pci_write(&pci_ecam, f->bdf, PCI_COMMAND, 2, command | PCI_COMMAND_MEMORY);
}

static enum tn_status map(struct device *device, uint32_t bar, uint64_t offset, uint64_t length, uint32_t *window,
                          uint64_t *address)
{
    struct process *p = device->holder;
    enum tn_status status = check_window(device, bar, offset, length);
    if (status != TN_OK)
        return status;
    if (p->window_count == MMIO_WINDOWS_PER_OWNER)
        return TN_EBUDGET;
    if (window_slots.free == 0)
        return TN_EEXHAUSTED;
    status = tn_ledger_charge(&p->ledger, TN_CHARGE_MMIO_BYTES, length);
    if (status != TN_OK)
        return status;
    uint64_t at = process_find_address(p, length, PAGE_SIZE);
    status = at == 0 ? TN_EEXHAUSTED
                     : space_map(&p->space, at, device->function->bar[bar].address + offset, length / PAGE_SIZE,
                                 MAP_WRITE | MAP_UNCACHED);
    if (status != TN_OK) {
        tn_ledger_refund(&p->ledger, TN_CHARGE_MMIO_BYTES, length);
        return status;
    }
    process_take_address(p, at, length);
    uint32_t index = tn_slots_take(&window_slots);
    p->window_count++;
    struct window *w = &windows[index];
    w->identity = (struct tn_identity){window_slot[index].generation, p->epoch};
    w->device = device;
    w->address = at;
    w->offset = offset;
    w->length = length;
    w->bar = bar;
    move(w, TN_MMIO_MAPPED);
    start_decoding(device->function);
    *window = index;
    *address = at;
    return TN_OK;
}

enum tn_status mmio_map(struct device *device, uint32_t bar, uint64_t offset, uint64_t length, uint32_t *window,
                        uint64_t *address)
{
    lock_acquire(LOCK_DEVICE_MANAGER);
    enum tn_status status = map(device, bar, offset, length, window, address);
    lock_release(LOCK_DEVICE_MANAGER);
    return status;
}

const struct tn_identity *mmio_identity(uint32_t window)
{
    return window < MMIO_WINDOWS_MAX && windows[window].state == TN_MMIO_MAPPED ? &windows[window].identity : NULL;
}

static void release(uint32_t window)
{
    struct window *w = &windows[window];
    struct process *p = w->device->holder;
    space_unmap(&p->space, w->address, w->length / PAGE_SIZE);
    if (process_is_live(p))
        space_prune(&p->space, w->address, w->length / PAGE_SIZE);
    move(w, TN_MMIO_REVOKED);
    tn_ledger_refund(&p->ledger, TN_CHARGE_MMIO_BYTES, w->length);
    w->device = NULL;
    move(w, TN_MMIO_FREE);
    p->window_count--;
    tn_slots_give(&window_slots, window);
}

void mmio_release(uint32_t window)
{
    lock_acquire(LOCK_DEVICE_MANAGER);
    release(window);
    lock_release(LOCK_DEVICE_MANAGER);
}

void mmio_release_device(const struct device *device)
{
    for (uint32_t i = 0; i < MMIO_WINDOWS_MAX; i++)
        if (windows[i].device == device)
            release(i);
}

bool mmio_view(uint32_t window, struct mmio_view *view)
{
    const struct window *w = &windows[window];
    lock_acquire(LOCK_DEVICE_MANAGER);
    bool is_mapped = w->state == TN_MMIO_MAPPED;
    if (is_mapped)
        *view = (struct mmio_view){w->device, w->device->function, w->device->holder, w->bar, w->offset, w->length};
    lock_release(LOCK_DEVICE_MANAGER);
    return is_mapped;
}
