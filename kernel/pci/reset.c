/* SPDX-License-Identifier: Apache-2.0 */
/* See reset.h. */
#include "pci/reset.h"

#include <stddef.h>

#include <tenure/abi/ring.h>

enum {
    EXPRESS_CONTROL = 8, /* from the capability's start */
    EXPRESS_CONTROL_RESET = 1 << 15,
    EXPRESS_STATUS = 10,
    EXPRESS_STATUS_PENDING = 1 << 5,
    ADVANCED_CONTROL = 4,
    ADVANCED_CONTROL_RESET = 1 << 0,
    ADVANCED_STATUS = 5,
    ADVANCED_STATUS_PENDING = 1 << 0,
    POWER_CONTROL = 4,
    POWER_STATE = 3,
    POWER_D3HOT = 3,
    BRIDGE_CONTROL = 0x3e,
    BRIDGE_CONTROL_RESET = 1 << 6,
};

/* Nanoseconds. */
static const uint64_t ms = 1000000, pending_limit = 100 * 1000000ull, reset_wait = 100 * 1000000ull,
                      power_wait = 10 * 1000000ull, answer_limit = 1000 * 1000000ull;

/* Zero after every reset (PCI Express Base 5.0, section 7.5.1.1.3; the kernel sets the last one in every function). */
enum { FORGOTTEN = PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE };

enum step { STEP_PENDING, STEP_START, STEP_HELD, STEP_ANSWER };

const char *pci_reset_name(uint32_t method)
{
    static const char *const name[PCI_RESET_METHODS] = {
        [PCI_RESET_NONE] = "none",         [PCI_RESET_FUNCTION] = "FLR",      [PCI_RESET_ADVANCED] = "AF FLR",
        [PCI_RESET_POWER] = "D3hot to D0", [PCI_RESET_BUS] = "secondary bus",
    };
    return method < PCI_RESET_METHODS ? name[method] : "?";
}

bool pci_is_behind(const struct pci_function *f, uint32_t i, uint32_t bridge)
{
    for (uint32_t up = f[i].parent; up != PCI_ROOT; up = f[up].parent)
        if (up == bridge)
            return true;
    return false;
}

static bool bus_may_be_reset(const struct pci_function *f, uint32_t count, uint32_t bridge,
                             bool (*may_reset)(void *, const struct pci_function *), void *context)
{
    if (bridge == PCI_ROOT || f[bridge].bridge.fault)
        return false;
#ifndef TN_TWIN_RESET /* negative twin: who else is there does not matter, nor whether anybody answers */
    for (uint32_t i = 0; i < count; i++)
        if (pci_is_behind(f, i, bridge) && (f[i].header != PCI_HEADER_ENDPOINT || !may_reset(context, &f[i])))
            return false; /* bridges below would lose their bus numbers */
#else
    (void)count, (void)may_reset, (void)context;
#endif
    return true;
}

void pci_reset_begin(struct pci_reset *r, const struct pci_function *f, uint32_t count, uint32_t index,
                     bool (*may_reset)(void *, const struct pci_function *), void *context)
{
    const struct pci_function *own = &f[index];
    *r = (struct pci_reset){.function = own, .machine = f, .count = count, .method = PCI_RESET_NONE};
    if (own->features.express_flr)
        r->method = PCI_RESET_FUNCTION;
    else if (own->features.advanced_flr)
        r->method = PCI_RESET_ADVANCED;
    else if (own->capabilities.power != 0 && !own->features.no_soft_reset)
        r->method = PCI_RESET_POWER;
    else if (bus_may_be_reset(f, count, own->parent, may_reset, context)) {
        r->method = PCI_RESET_BUS;
        r->bridge = &f[own->parent];
    }
    r->step = r->method == PCI_RESET_FUNCTION || r->method == PCI_RESET_ADVANCED ? STEP_PENDING : STEP_START;
}

static bool is_pending(const struct pci_reset *r, const struct pci_access *a)
{
    const struct pci_function *f = r->function;
    if (r->method == PCI_RESET_FUNCTION)
        return pci_read(a, f->bdf, f->capabilities.express + EXPRESS_STATUS, 2) & EXPRESS_STATUS_PENDING;
    return pci_read(a, f->bdf, f->capabilities.advanced + ADVANCED_STATUS, 1) & ADVANCED_STATUS_PENDING;
}

static void set_power(const struct pci_function *f, const struct pci_access *a, uint32_t state)
{
    uint32_t at = f->capabilities.power + POWER_CONTROL;
    pci_write(a, f->bdf, at, 2, (pci_read(a, f->bdf, at, 2) & ~(uint32_t)POWER_STATE) | state);
}

static void set_bus_reset(const struct pci_function *bridge, const struct pci_access *a, bool on)
{
    uint32_t control = pci_read(a, bridge->bdf, BRIDGE_CONTROL, 2) & ~(uint32_t)BRIDGE_CONTROL_RESET;
    pci_write(a, bridge->bdf, BRIDGE_CONTROL, 2, on ? control | BRIDGE_CONTROL_RESET : control);
}

/* Returns how long it is held before STEP_HELD. */
static uint64_t start(const struct pci_reset *r, const struct pci_access *a)
{
    const struct pci_function *f = r->function;
    switch (r->method) {
    case PCI_RESET_FUNCTION: {
        uint32_t at = f->capabilities.express + EXPRESS_CONTROL;
        pci_write(a, f->bdf, at, 2, pci_read(a, f->bdf, at, 2) | EXPRESS_CONTROL_RESET);
        return reset_wait;
    }
    case PCI_RESET_ADVANCED:
        pci_write(a, f->bdf, f->capabilities.advanced + ADVANCED_CONTROL, 1, ADVANCED_CONTROL_RESET);
        return reset_wait;
    case PCI_RESET_POWER:
        set_power(f, a, POWER_D3HOT);
        return power_wait;
    default:
        set_bus_reset(r->bridge, a, true);
        return 2 * ms;
    }
}

/* Returns how long it takes until the function may be asked. */
static uint64_t release(const struct pci_reset *r, const struct pci_access *a)
{
    if (r->method == PCI_RESET_POWER) {
        set_power(r->function, a, 0);
        return power_wait;
    }
    if (r->method == PCI_RESET_BUS) {
        set_bus_reset(r->bridge, a, false);
        return reset_wait;
    }
    return 0;
}

/* BARs and what the kernel wants to be on or off; bus mastering and messages stay off. What has a BAR without a place
 * does not decode: it would at 0. False: what keeps it apart from the other functions of its device (ACS) does not come
 * on again. */
static bool write_back(const struct pci_function *f, const struct pci_access *a)
{
    uint32_t command = PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE;
    for (uint32_t b = 0; b < PCI_BARS; b++) {
        const struct pci_bar *bar = &f->bar[b];
        if (bar->size == 0)
            continue;
        if (bar->flags & TN_BAR_MEMORY && bar->address == 0)
            command &= ~(uint32_t)PCI_COMMAND_MEMORY;
        pci_write(a, f->bdf, PCI_BAR0 + 4 * b, 4, (uint32_t)bar->address);
        if (bar->flags & TN_BAR_64BIT)
            pci_write(a, f->bdf, PCI_BAR0 + 4 * (b + 1), 4, (uint32_t)(bar->address >> 32));
    }
    uint16_t acs = pci_enable_acs(a, f->bdf, &f->capabilities); /* a reset switches it off */
    pci_write(a, f->bdf, PCI_COMMAND, 2, command);
    return (f->acs & ~acs & PCI_ACS_ISOLATES_PORT) == 0;
}

bool pci_decodes(const struct pci_function *f, const struct pci_access *a)
{
    bool stands = pci_read(a, f->bdf, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY;
    for (uint32_t b = 0; b < PCI_BARS; b++) {
        const struct pci_bar *bar = &f->bar[b];
        if (bar->size == 0 || !(bar->flags & TN_BAR_MEMORY))
            continue;
        uint64_t at = pci_read(a, f->bdf, PCI_BAR0 + 4 * b, 4) & ~UINT32_C(0xf);
        if (bar->flags & TN_BAR_64BIT)
            at |= (uint64_t)pci_read(a, f->bdf, PCI_BAR0 + 4 * (b + 1), 4) << 32;
        stands = stands && at == bar->address;
    }
    return stands;
}

/* Everything that was reset. A neighbour that does not answer yet is written in vain; nobody holds it. */
static bool write_all_back(const struct pci_reset *r, const struct pci_access *a)
{
    bool is_apart = write_back(r->function, a);
    for (uint32_t i = 0; r->method == PCI_RESET_BUS && i < r->count; i++)
        if (&r->machine[i] != r->function && pci_is_behind(r->machine, i, (uint32_t)(r->bridge - r->machine)))
            (void)write_back(&r->machine[i], a);
    return is_apart;
}

enum pci_reset_result pci_reset_step(struct pci_reset *r, const struct pci_access *a, uint64_t now)
{
    switch (r->step) {
    case STEP_PENDING:
        if (r->limit == 0)
            r->limit = now + pending_limit;
        r->transactions_ended = !is_pending(r, a);
        if (!r->transactions_ended && now < r->limit) {
            r->until = now + ms;
            return PCI_RESET_WAIT;
        }
        r->step = STEP_START;
        __attribute__((fallthrough)); /* section 6.6.2: after the limit it is reset all the same */
    case STEP_START:
        if (r->method == PCI_RESET_NONE)
            return PCI_RESET_FAILED;
        r->forgets = pci_read(a, r->function->bdf, PCI_COMMAND, 2) & FORGOTTEN;
        r->until = now + start(r, a);
        r->step = STEP_HELD;
        return PCI_RESET_WAIT;
    case STEP_HELD:
        r->until = now + release(r, a);
        r->limit = r->until + answer_limit;
        r->step = STEP_ANSWER;
        return PCI_RESET_WAIT;
    default:
#ifdef TN_TWIN_RESET
        return PCI_RESET_DONE;
#endif
        if (pci_read(a, r->function->bdf, PCI_VENDOR_ID, 2) == r->function->vendor) {
            bool is_reset = (pci_read(a, r->function->bdf, PCI_COMMAND, 2) & r->forgets) == 0;
            return write_all_back(r, a) && is_reset ? PCI_RESET_DONE : PCI_RESET_FAILED;
        }
        r->until = now + ms;
        return now < r->limit ? PCI_RESET_WAIT : PCI_RESET_FAILED;
    }
}
