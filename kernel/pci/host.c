/* SPDX-License-Identifier: Apache-2.0 */
/* See host.h. */
#include "pci/host.h"

#include <stddef.h>

#include "arch/x86_64/io.h"
#include "diag/log.h"
#include "lib/lock.h"
#include "mm/frame.h"
#include "mm/space.h"

enum {
    CONFIG_ADDRESS = 0xcf8,
    CONFIG_DATA = 0xcfc,
    BUSES = 256,
    PCI_NEXT_DEVICE = 8, /* function 0 of each */
};
#define CONFIG_ENABLE      UINT32_C(0x80000000)
#define BOOT_MAPPING_BYTES (UINT64_C(1) << 32)

struct window {
    struct mcfg_allocation ecam; /* base 0: only by the ports */
    uint32_t first, last;        /* segment << 8 | bus */
    volatile uint8_t *registers; /* of bus 0; NULL: not mapped (yet) */
};

static struct window windows[PCI_BUS_RUNS_MAX];
static uint32_t window_count;
static bool has_ports;

static struct window *window_of(uint32_t bdf)
{
    uint32_t bus = bdf >> 8;
    for (uint32_t i = 0; i < window_count; i++)
        if (bus >= windows[i].first && bus <= windows[i].last)
            return &windows[i];
    return NULL;
}

static volatile uint8_t *ecam_register(const struct window *w, uint32_t bdf, uint32_t offset)
{
    return w->registers + ((uint64_t)(bdf & 0xffff) << 12) + offset;
}

static bool is_in_reach_of_ports(uint32_t bdf, uint32_t offset)
{
    return has_ports && pci_segment(bdf) == 0 && offset < PCI_CONFIG_BYTES;
}

/* Selects a register, under LOCK_PCI_CONFIGURATION; returns the data port for it. */
static uint16_t select_port(uint32_t bdf, uint32_t offset)
{
    outl(CONFIG_ADDRESS, CONFIG_ENABLE | bdf << 8 | (offset & 0xfc));
    return (uint16_t)(CONFIG_DATA + offset % 4);
}

static uint32_t ports_read(uint32_t bdf, uint32_t offset, uint32_t width)
{
    lock_acquire(LOCK_PCI_CONFIGURATION);
    uint16_t port = select_port(bdf, offset);
    uint32_t value = width == 1 ? inb(port) : width == 2 ? inw(port) : inl(port);
    lock_release(LOCK_PCI_CONFIGURATION);
    return value;
}

static void ports_write(uint32_t bdf, uint32_t offset, uint32_t width, uint32_t value)
{
    lock_acquire(LOCK_PCI_CONFIGURATION);
    uint16_t port = select_port(bdf, offset);
    if (width == 1)
        outb(port, (uint8_t)value);
    else if (width == 2)
        outw(port, (uint16_t)value);
    else
        outl(port, value);
    lock_release(LOCK_PCI_CONFIGURATION);
}

static uint32_t config_read(void *context, uint32_t bdf, uint32_t offset, uint32_t width)
{
    (void)context;
    const struct window *w = window_of(bdf);
    uint32_t nothing = UINT32_MAX >> (32 - 8 * width);
    if (!w || offset >= PCI_EXTENDED_BYTES || offset % width != 0)
        return nothing;
    if (w->registers) {
        volatile uint8_t *at = ecam_register(w, bdf, offset);
        if (width == 1)
            return *at;
        return width == 2 ? *(volatile uint16_t *)(volatile void *)at : *(volatile uint32_t *)(volatile void *)at;
    }
    return is_in_reach_of_ports(bdf, offset) ? ports_read(bdf, offset, width) : nothing;
}

static void config_write(void *context, uint32_t bdf, uint32_t offset, uint32_t width, uint32_t value)
{
    (void)context;
    const struct window *w = window_of(bdf);
    if (!w || offset >= PCI_EXTENDED_BYTES || offset % width != 0)
        return;
    if (w->registers) {
        volatile uint8_t *at = ecam_register(w, bdf, offset);
        if (width == 1)
            *at = (uint8_t)value;
        else if (width == 2)
            *(volatile uint16_t *)(volatile void *)at = (uint16_t)value;
        else
            *(volatile uint32_t *)(volatile void *)at = value;
        return;
    }
    if (is_in_reach_of_ports(bdf, offset))
        ports_write(bdf, offset, width, value);
}

const struct pci_access pci_ecam = {config_read, config_write, NULL};

/* Configuration mechanism #1 answers with what was written. */
static bool probe_ports(void)
{
    uint32_t before = inl(CONFIG_ADDRESS);
    outl(CONFIG_ADDRESS, CONFIG_ENABLE);
    bool answers = inl(CONFIG_ADDRESS) == CONFIG_ENABLE;
    outl(CONFIG_ADDRESS, before);
    return answers;
}

static void add_window(struct mcfg_allocation ecam)
{
    struct window w = {.ecam = ecam,
                       .first = (uint32_t)ecam.segment << 8 | ecam.first_bus,
                       .last = (uint32_t)ecam.segment << 8 | ecam.last_bus};
    uint32_t at = window_count++;
    for (; at > 0 && windows[at - 1].first > w.first; at--)
        windows[at] = windows[at - 1];
    windows[at] = w;
}

static uint32_t read_id(struct window *w, uint32_t bdf, bool by_ports)
{
    volatile uint8_t *registers = w->registers;
    w->registers = by_ports ? NULL : registers;
    uint32_t id = pci_read(&pci_ecam, bdf, PCI_VENDOR_ID, 4);
    w->registers = registers;
    return id;
}

/* Does the window show what the ports show, at the first device that either of them shows? Only segment 0 can be asked
 * both ways. */
static bool tells_the_same(struct window *w)
{
    if (!has_ports || !w->registers || w->ecam.segment != 0)
        return true;
    for (uint32_t bdf = w->first << 8; bdf <= (w->last << 8 | 0xff); bdf += PCI_NEXT_DEVICE) {
        uint32_t through_ecam = read_id(w, bdf, false), through_ports = read_id(w, bdf, true);
        if (through_ecam == through_ports && through_ecam == UINT32_MAX)
            continue;
        if (through_ecam != through_ports)
            log_line("pci: the ECAM that MCFG names shows %08x at %02x:%02x.0, the ports show %08x: it is not used",
                     through_ecam, pci_bus(bdf), bdf >> 3 & 31, through_ports);
        return through_ecam == through_ports;
    }
    return true;
}

static void use_ports_only(void)
{
    window_count = 0;
    if (has_ports)
        add_window((struct mcfg_allocation){.last_bus = 255});
}

/* Buses of segment 0 that no window has: the ports reach them, and what is there must be silenced as well. False: bus 0
 * is among them, though something answers there. */
static bool add_what_is_left_out(void)
{
    if (!has_ports)
        return true;
    for (uint32_t bus = 0; bus < BUSES;) {
        const struct window *w = window_of(bus << 8);
        if (w) {
            bus = w->last + 1;
            continue;
        }
        uint32_t last = bus;
        while (last + 1 < BUSES && !window_of((last + 1) << 8))
            last++;
        if (bus == 0 && ports_read(0, PCI_VENDOR_ID, 4) != UINT32_MAX) {
            log_line("pci: MCFG leaves out bus 0, where the ports show %08x: it is not used",
                     ports_read(0, PCI_VENDOR_ID, 4));
            return false;
        }
        log_line("pci: MCFG leaves out buses %u to %u of segment 0: they are reached through CF8/CFC", bus, last);
        add_window((struct mcfg_allocation){.first_bus = (uint8_t)bus, .last_bus = (uint8_t)last});
        bus = last + 1;
    }
    return true;
}

void pci_host_init(const struct mcfg *mcfg)
{
    bool is_right = true;
    has_ports = probe_ports();
    for (uint32_t i = 0; mcfg && i < mcfg->count; i++)
        add_window(mcfg->allocation[i]);
    for (uint32_t i = 0; i < window_count && is_right; i++) {
        if (mcfg_end(&windows[i].ecam) <= BOOT_MAPPING_BYTES)
            windows[i].registers = phys_to_virt(windows[i].ecam.base);
        is_right = tells_the_same(&windows[i]);
    }
    if (window_count != 0 && is_right)
        is_right = add_what_is_left_out();
    if (window_count != 0 && is_right)
        return;
    use_ports_only();
    log_line(has_ports ? "pci: no ECAM (no usable MCFG): through CF8/CFC, without extended configuration space"
                       : "pci: no ECAM (no usable MCFG) and no CF8/CFC: no PCI device is reachable");
}

void pci_host_map(void)
{
    for (uint32_t i = 0; i < window_count; i++) {
        struct window *w = &windows[i];
        if (w->ecam.base == 0)
            continue;
        uint64_t start = mcfg_start(&w->ecam);
        volatile uint8_t *first = kernel_mmio_map(start, mcfg_end(&w->ecam) - start);
        w->registers = first ? first - (start - w->ecam.base) : NULL;
        if (!first)
            log_line("pci: no room to map the ECAM of segment %u, buses %u to %u", w->ecam.segment, w->ecam.first_bus,
                     w->ecam.last_bus);
        if (!tells_the_same(w)) { /* one above 4 GiB is seen here for the first time; the ports go on being used */
            w->registers = NULL;
            w->ecam.base = 0;
        }
    }
}

bool pci_host_buses(uint32_t n, struct pci_buses *buses)
{
    if (n >= window_count)
        return false;
    const struct window *w = &windows[n];
    *buses = (struct pci_buses){w->ecam.segment, w->ecam.first_bus, w->ecam.last_bus,
                                w->registers || (has_ports && w->ecam.segment == 0)};
    return true;
}

bool pci_host_window(uint32_t n, uint64_t *start, uint64_t *end)
{
    if (n >= window_count || windows[n].ecam.base == 0)
        return false;
    *start = mcfg_start(&windows[n].ecam);
    *end = mcfg_end(&windows[n].ecam);
    return true;
}
