/* SPDX-License-Identifier: Apache-2.0 */
/* See assign.h. */
#include "pci/assign.h"

#include <stddef.h>

#include <tenure/abi/ring.h>

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/lapic.h"
#include "diag/log.h"
#include "pci/resource.h"
#include "pci/scan.h"

enum {
    NODES_MAX = PCI_FUNCTIONS_MAX * PCI_BARS, /* a bridge has two BARs and three windows */
    TAKEN_MAX = MEMORY_RANGES_MAX + MCFG_ALLOCATIONS_MAX + MADT_IO_APICS_MAX + DMAR_STRUCTURES_MAX + 2,
    FREE_MAX = MEMORY_RANGES_MAX + 2,
    REGISTER_PAGE = 4096,
};
static_assert(PCI_BRIDGE_BARS + RESOURCE_KINDS <= PCI_BARS, "a bridge needs no more nodes than an endpoint");

#define LOW_START     UINT64_C(0x100000)
#define CHIPSET_START UINT64_C(0xfec00000) /* I/O APIC, HPET, TPM, firmware: up to 4 GiB */
#define FOUR_GIB      (UINT64_C(1) << 32)

static struct resource_node nodes[NODES_MAX];
static struct resource_range taken[TAKEN_MAX], unused[FREE_MAX];
static uint32_t node_count, taken_count, unused_count;

static void take(uint64_t start, uint64_t end)
{
    taken[taken_count++] = (struct resource_range){start, end, RESOURCE_MEMORY};
}

/* What no BAR may lie over: memory, and the registers that tables name. */
static void find_taken(const struct acpi_info *acpi, const struct memory_map *memory)
{
    uint64_t start, end;
    for (uint32_t i = 0; i < memory->count; i++)
        if (memory->range[i].type == MEMORY_RAM || memory->range[i].type == MEMORY_KERNEL)
            take(memory->range[i].start, memory->range[i].end);
    for (uint32_t n = 0; n < PCI_BUS_RUNS_MAX; n++)
        if (pci_host_window(n, &start, &end))
            take(start, end);
    take(LOCAL_APIC_START, LOCAL_APIC_END);
    for (uint32_t i = 0; acpi->has_madt && i < acpi->madt.io_apic_count; i++)
        take(acpi->madt.io_apic[i].address, (uint64_t)acpi->madt.io_apic[i].address + REGISTER_PAGE);
    if (acpi->has_hpet)
        take(acpi->hpet.base, acpi->hpet.base + REGISTER_PAGE);
    for (uint32_t i = 0; acpi->has_dmar && i < acpi->dmar.count; i++)
        if (acpi->dmar.structure[i].type == DMAR_DRHD)
            take(acpi->dmar.structure[i].base, acpi->dmar.structure[i].base + REGISTER_PAGE);
}

/* The gaps of the memory map in [floor, ceiling), the highest first (firmware puts devices there as well), down to RAM:
 * holes in RAM are none for devices. */
static void add_gaps(const struct memory_map *memory, uint64_t floor, uint64_t ceiling, enum resource_kind kind)
{
    uint64_t above = ceiling;
    for (uint32_t i = memory->count; i-- > 0 && memory->range[i].end > floor;) {
        const struct memory_range *r = &memory->range[i];
        if (r->start >= ceiling)
            continue;
        if (r->end < above)
            unused[unused_count++] = (struct resource_range){r->end, above, (uint8_t)kind};
        if (r->type == MEMORY_RAM)
            return;
        above = r->start < above ? r->start : above;
    }
    if (floor < above)
        unused[unused_count++] = (struct resource_range){floor, above, (uint8_t)kind};
}

/* Where new places come from: addresses above RAM that the memory map does not speak of. */
static void find_unused(const struct memory_map *memory)
{
    add_gaps(memory, LOW_START, CHIPSET_START, RESOURCE_MEMORY);
    add_gaps(memory, FOUR_GIB, cpu_physical_limit(), RESOURCE_PREFETCHABLE);
}

static uint32_t domain_of(const struct pci_function *f)
{
    return f->parent == PCI_ROOT ? 0 : f->parent + 1;
}

static void add_bars(const struct pci_function *f)
{
    for (uint32_t i = 0; i < PCI_BARS; i++) {
        const struct pci_bar *b = &f->bar[i];
        if (b->size == 0)
            continue;
        bool is_memory = b->flags & TN_BAR_MEMORY;
        bool is_prefetchable = b->flags & TN_BAR_PREFETCHABLE;
        nodes[node_count++] = (struct resource_node){
            .start = b->address == 0 ? RESOURCE_NOWHERE : b->address,
            .size = b->size,
            .align = b->size,
            .domain = domain_of(f),
            .kind = !is_memory        ? RESOURCE_IO
                    : is_prefetchable ? RESOURCE_PREFETCHABLE
                                      : RESOURCE_MEMORY,
            .wide = b->flags & TN_BAR_64BIT,
        };
    }
}

static void add_windows(const struct pci_function *f, uint32_t index)
{
    for (uint32_t kind = 0; kind < RESOURCE_KINDS; kind++) {
        const struct pci_window *w = &f->bridge.window[kind];
        if (!w->exists)
            continue;
        nodes[node_count++] = (struct resource_node){
            .start = w->end == 0 ? RESOURCE_NOWHERE : w->start,
            .size = w->end - w->start,
            .align = kind == RESOURCE_IO ? RESOURCE_IO_STEP : RESOURCE_MEMORY_STEP,
            .domain = domain_of(f),
            .provides = index + 1,
            .kind = (uint8_t)kind,
            .wide = kind == RESOURCE_PREFETCHABLE && w->wide,
        };
    }
}

/* Decoding off while BARs and windows move; returns the command register as it was. */
static uint32_t stop_decoding(uint32_t bdf)
{
    uint32_t command = pci_read(&pci_ecam, bdf, PCI_COMMAND, 2);
    pci_write(&pci_ecam, bdf, PCI_COMMAND, 2, command & ~(uint32_t)(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
    return command;
}

static const char *place_name(enum tn_status status, const struct resource_node *n)
{
    if (status != TN_OK)
        return "does not hold a new address; not used";
    return n->state == RESOURCE_PLACED ? "had no usable address: placed" : "has no usable address and finds no room";
}

/* One BAR as the plan has it. False: it ends without an address. */
static bool apply_bar(struct pci_function *f, uint32_t bar, const struct resource_node *n)
{
    struct pci_bar *b = &f->bar[bar];
    enum tn_status status = TN_OK;
    if (n->state == RESOURCE_KEPT)
        return true;
    if (n->state == RESOURCE_PLACED || b->address != 0)
        status = pci_move_bar(&pci_ecam, f->bdf, bar, b, n->state == RESOURCE_PLACED ? n->start : 0);
    log_line("pci: %s: BAR%u %s", pci_name(f->bdf).text, bar, place_name(status, n));
    return status == TN_OK && n->state == RESOURCE_PLACED;
}

static uint32_t apply_bars(struct pci_function *f, const struct resource_node *n, uint32_t command)
{
    bool memory = true, io = true, placed = false;
    for (uint32_t i = 0; i < PCI_BARS; i++) {
        if (f->bar[i].size == 0)
            continue;
        bool is_memory = f->bar[i].flags & TN_BAR_MEMORY;
        bool has_place = apply_bar(f, i, n);
        placed = placed || (n->state == RESOURCE_PLACED && is_memory);
        memory = memory && (has_place || !is_memory);
        io = io && (has_place || is_memory);
        n++;
    }
    for (uint32_t i = 0; !memory && i < PCI_BARS; i++)
        if (f->bar[i].flags & TN_BAR_MEMORY)
            f->bar[i].address = 0; /* decoding is one bit for all of them */
    command |= placed ? PCI_COMMAND_MEMORY : 0;
    return command & ~(uint32_t)((memory ? 0 : PCI_COMMAND_MEMORY) | (io ? 0 : PCI_COMMAND_IO));
}

/* A bridge forwards for what is behind it: decoding on, and requests upwards (the endpoints' own bits are off). */
static uint32_t apply_windows(struct pci_function *f, const struct resource_node *n, uint32_t command)
{
    static const char *const name[RESOURCE_KINDS] = {"io", "memory", "prefetchable"};
    for (uint32_t kind = 0; kind < RESOURCE_KINDS; kind++) {
        struct pci_window *w = &f->bridge.window[kind];
        if (!w->exists)
            continue;
        if (n->state != RESOURCE_KEPT && (n->state != RESOURCE_UNPLACED || w->end != 0)) {
            uint64_t bytes = n->state == RESOURCE_PLACED ? n->size : 0;
            enum tn_status status = pci_move_window(&pci_ecam, f->bdf, (enum resource_kind)kind, w, n->start, bytes);
            log_line("pci: %s: %s window %s", pci_name(f->bdf).text, name[kind], place_name(status, n));
            command |= n->state == RESOURCE_PLACED ? PCI_COMMAND_MEMORY | PCI_COMMAND_BUS_MASTER : 0;
        }
        n++;
    }
    return command;
}

static bool is_changed(const struct resource_node *n, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (n[i].state == RESOURCE_PLACED || n[i].state == RESOURCE_NO_ROOM)
            return true;
    return false;
}

void pci_assign(const struct acpi_info *acpi, const struct memory_map *memory)
{
    static uint16_t first[PCI_FUNCTIONS_MAX + 1];
    find_taken(acpi, memory);
    find_unused(memory);
    for (uint32_t i = 0; i < pci_machine.count; i++) {
        const struct pci_function *f = &pci_machine.function[i];
        first[i] = (uint16_t)node_count;
        if (f->header == PCI_HEADER_BRIDGE)
            add_windows(f, i);
        add_bars(f);
    }
    first[pci_machine.count] = (uint16_t)node_count;
    const struct resource_plan plan = {nodes,       node_count,          unused, unused_count, taken,
                                       taken_count, cpu_physical_limit()};
    (void)resource_plan(&plan);
    for (uint32_t i = 0; i < pci_machine.count; i++) {
        struct pci_function *f = &pci_machine.function[i];
        const struct resource_node *n = &nodes[first[i]];
        if (!is_changed(n, (uint32_t)first[i + 1] - first[i]))
            continue;
        uint32_t command = stop_decoding(f->bdf);
        if (f->header == PCI_HEADER_BRIDGE)
            command = apply_windows(f, n, command);
        for (uint32_t kind = 0; f->header == PCI_HEADER_BRIDGE && kind < RESOURCE_KINDS; kind++)
            n += f->bridge.window[kind].exists;
        command = apply_bars(f, n, command);
        pci_write(&pci_ecam, f->bdf, PCI_COMMAND, 2, command);
    }
}
