/* SPDX-License-Identifier: Apache-2.0 */
/* See route.h. MSI-X: PCI Express Base 5.0, section 7.7.2; message format: Intel SDM volume 3A, section 11.11. */
#include "irq/route.h"

#include <stdbool.h>
#include <stddef.h>

#include "arch/x86_64/clock.h"
#include "arch/x86_64/lapic.h"
#include "device/device.h"
#include "diag/panic.h"
#include "pci/scan.h"
#include "proc/process.h"

#define MSI_ADDRESS UINT32_C(0xfee00000)

enum route_state {
    ROUTE_FREE,
    ROUTE_ARMED,   /* holds one reserved completion */
    ROUTE_PENDING, /* its event is posted and not acknowledged */
};

struct route {
    struct tn_identity identity;
    struct device *device;
    struct process *holder;
    uint64_t user_data;
    uint64_t sequence; /* of the last event; 0: none yet */
    uint64_t waiting;  /* interrupts since then */
    uint32_t entry;
    uint32_t state;
};

static struct route table[ROUTES_MAX];
static struct tn_slot table_slot[ROUTES_MAX]; /* generations of the routes */
static struct tn_slots slots;
static uint64_t spurious;
static_assert(VECTOR_ROUTE_FIRST + ROUTES_MAX - 1 <= VECTOR_ROUTE_LAST, "a vector for each route");

static volatile uint32_t *entry_register(const struct route *r, uint32_t offset)
{
    return (volatile uint32_t *)(volatile void *)(r->device->function->msix_table + r->entry * PCI_MSIX_ENTRY_BYTES +
                                                  offset);
}

/* Masked before it changes, unmasked only when it is whole; the read pushes the write to the device. */
static void program_entry(const struct route *r, uint8_t vector)
{
    *entry_register(r, PCI_MSIX_ENTRY_CONTROL) = 1;
    *entry_register(r, PCI_MSIX_ENTRY_ADDRESS_LOW) = MSI_ADDRESS | lapic_id() << 12;
    *entry_register(r, PCI_MSIX_ENTRY_ADDRESS_HIGH) = 0;
    *entry_register(r, PCI_MSIX_ENTRY_DATA) = vector; /* fixed, edge */
    *entry_register(r, PCI_MSIX_ENTRY_CONTROL) = 0;
    (void)*entry_register(r, PCI_MSIX_ENTRY_CONTROL);
}

static void enable_function(const struct pci_function *f)
{
    uint32_t at = f->msix.capability + PCI_MSIX_CONTROL;
    uint32_t control = pci_read(&pci_ecam, f->bdf, at, 2);
    pci_write(&pci_ecam, f->bdf, at, 2, (control | PCI_MSIX_CONTROL_ENABLE) & ~(uint32_t)PCI_MSIX_CONTROL_MASK_ALL);
}

void route_init(void)
{
    if (!tn_slots_init(&slots, table_slot, ROUTES_MAX, TN_HANDLE_GENERATION_MAX))
        panic("irq: the route table does not initialise");
}

enum tn_status route_bind(struct device *device, uint32_t entry, struct process *holder, uint64_t user_data,
                          uint32_t *route)
{
    if (!device->function->msix_table || entry >= device->function->msix.count)
        return TN_ERANGE;
    for (uint32_t i = 0; i < ROUTES_MAX; i++)
        if (table[i].state != ROUTE_FREE && table[i].device == device && table[i].entry == entry)
            return TN_ESTATE;
    if (slots.free == 0)
        return TN_EEXHAUSTED;
    uint32_t index = tn_slots_take(&slots);
    struct route *r = &table[index];
    r->identity = (struct tn_identity){table_slot[index].generation, holder->epoch};
    r->device = device;
    r->holder = holder;
    r->user_data = user_data;
    r->sequence = 0;
    r->waiting = 0;
    r->entry = entry;
    r->state = ROUTE_ARMED;
    program_entry(r, (uint8_t)(VECTOR_ROUTE_FIRST + index));
    enable_function(device->function);
    *route = index;
    return TN_OK;
}

const struct tn_identity *route_identity(uint32_t route)
{
    return route < ROUTES_MAX && table[route].state != ROUTE_FREE ? &table[route].identity : NULL;
}

static void post_event(struct route *r)
{
    r->sequence++;
    r->state = ROUTE_PENDING;
    struct tn_cqe cqe = {
        .user_data = r->user_data,
        .kind = TN_CQE_INTERRUPT,
        .status = TN_OK,
        .value = {r->sequence, r->waiting, clock_now()},
    };
    r->waiting = 0;
    process_post(r->holder, &cqe);
}

enum tn_status route_acknowledge_decide(uint32_t route, uint64_t sequence)
{
    const struct route *r = &table[route];
    return r->state == ROUTE_PENDING && r->sequence == sequence ? TN_OK : TN_EINVAL;
}

void route_acknowledge_commit(uint32_t route)
{
    struct route *r = &table[route];
    r->state = ROUTE_ARMED;
    if (r->waiting != 0)
        post_event(r);
}

void route_release(uint32_t route)
{
    struct route *r = &table[route];
    *entry_register(r, PCI_MSIX_ENTRY_CONTROL) = 1;
    (void)*entry_register(r, PCI_MSIX_ENTRY_CONTROL);
    if (r->state == ROUTE_ARMED)
        tn_ring_unreserve_commit(&r->holder->ring, 1);
    tn_ledger_refund(&r->holder->ledger, TN_CHARGE_INTERRUPTS, 1);
    r->state = ROUTE_FREE;
    r->holder = NULL;
    tn_slots_give(&slots, route);
}

void route_release_device(const struct device *device)
{
    for (uint32_t i = 0; i < ROUTES_MAX; i++)
        if (table[i].state != ROUTE_FREE && table[i].device == device)
            route_release(i);
}

void route_deliver(uint8_t vector)
{
    uint32_t index = (uint32_t)vector - VECTOR_ROUTE_FIRST;
    if (index >= ROUTES_MAX || table[index].state == ROUTE_FREE) {
        spurious++;
        return;
    }
    struct route *r = &table[index];
    r->waiting++;
    if (r->state == ROUTE_ARMED)
        post_event(r);
}

void route_count_spurious(void)
{
    spurious++;
}

uint64_t route_spurious(void)
{
    return spurious;
}
