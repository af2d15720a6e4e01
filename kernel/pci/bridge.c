/* SPDX-License-Identifier: Apache-2.0 */
/* See bridge.h. */
#include "pci/bridge.h"

#include <stddef.h>

#include "pci/function.h"

/* PCI-to-PCI Bridge 1.2, section 3.2.5 */
enum {
    PRIMARY_BUS = 0x18,
    SECONDARY_BUS = 0x19,
    SUBORDINATE_BUS = 0x1a,
    IO_BASE = 0x1c,     /* bits 7:4: address bits 15:12; bit 0: the upper registers count */
    MEMORY_BASE = 0x20, /* bits 15:4: address bits 31:20; the limit is two bytes behind */
    PREFETCHABLE_BASE = 0x24,
    PREFETCHABLE_UPPER = 0x28,
    PREFETCHABLE_LIMIT_UPPER = 0x2c,
    IO_UPPER = 0x30,
    TYPE_MASK = 15,
    TYPE_WIDE = 1,
    CLOSED_IO = 0x00f0,
    CLOSED_MEMORY = 0x0000fff0,
};

static void read_io(const struct pci_access *a, uint32_t bdf, struct pci_window *w)
{
    uint32_t value = pci_read(a, bdf, IO_BASE, 2);
    if (value == 0) { /* an open window from 0 to 0xfff, or none: no firmware means the first */
        pci_write(a, bdf, IO_BASE, 2, CLOSED_IO);
        value = pci_read(a, bdf, IO_BASE, 2);
        w->exists = value != 0;
        w->wide = w->exists && (value & TYPE_MASK) == TYPE_WIDE;
        return;
    }
    uint32_t upper = (value & TYPE_MASK) == TYPE_WIDE ? pci_read(a, bdf, IO_UPPER, 4) : 0;
    uint64_t start = (uint64_t)(upper & 0xffff) << 16 | (value & 0xf0) << 8;
    uint64_t end = ((uint64_t)(upper >> 16) << 16 | (value >> 8 & 0xf0) << 8) + RESOURCE_IO_STEP;
    *w = (struct pci_window){.exists = true, .wide = (value & TYPE_MASK) == TYPE_WIDE};
    if (start < end) {
        w->start = start;
        w->end = end;
    }
}

static void read_memory(const struct pci_access *a, uint32_t bdf, uint32_t at, struct pci_window *w)
{
    uint32_t value = pci_read(a, bdf, at, 4);
    if (value == 0) {
        pci_write(a, bdf, at, 4, CLOSED_MEMORY);
        value = pci_read(a, bdf, at, 4);
        w->exists = value != 0;
        w->wide = at == PREFETCHABLE_BASE && w->exists && (value & TYPE_MASK) == TYPE_WIDE;
        return;
    }
    bool wide = at == PREFETCHABLE_BASE && (value & TYPE_MASK) == TYPE_WIDE;
    uint64_t start = (uint64_t)(value & 0xfff0) << 16,
             end = ((uint64_t)(value >> 16 & 0xfff0) << 16) + RESOURCE_MEMORY_STEP;
    if (wide) {
        start |= (uint64_t)pci_read(a, bdf, PREFETCHABLE_UPPER, 4) << 32;
        end += (uint64_t)pci_read(a, bdf, PREFETCHABLE_LIMIT_UPPER, 4) << 32;
    }
    *w = (struct pci_window){.exists = true, .wide = wide};
    if (start < end) {
        w->start = start;
        w->end = end;
    }
}

void pci_read_bridge(const struct pci_access *a, uint32_t bdf, struct pci_bridge *b)
{
    *b = (struct pci_bridge){
        .primary = (uint8_t)pci_read(a, bdf, PRIMARY_BUS, 1),
        .secondary = (uint8_t)pci_read(a, bdf, SECONDARY_BUS, 1),
        .subordinate = (uint8_t)pci_read(a, bdf, SUBORDINATE_BUS, 1),
    };
    read_io(a, bdf, &b->window[RESOURCE_IO]);
    read_memory(a, bdf, MEMORY_BASE, &b->window[RESOURCE_MEMORY]);
    read_memory(a, bdf, PREFETCHABLE_BASE, &b->window[RESOURCE_PREFETCHABLE]);
}

static void write_io(const struct pci_access *a, uint32_t bdf, const struct pci_window *w, uint64_t start,
                     uint64_t last)
{
    pci_write(a, bdf, IO_BASE, 2, (uint32_t)((start >> 8 & 0xf0) | (last & 0xf000)));
    if (w->wide)
        pci_write(a, bdf, IO_UPPER, 4, (uint32_t)((start >> 16 & 0xffff) | (last & 0xffff0000)));
}

static void write_memory(const struct pci_access *a, uint32_t bdf, uint32_t at, const struct pci_window *w,
                         uint64_t start, uint64_t last)
{
    pci_write(a, bdf, at, 4, (uint32_t)((start >> 16 & 0xfff0) | (last & 0xfff00000)));
    if (w->wide) {
        pci_write(a, bdf, PREFETCHABLE_UPPER, 4, (uint32_t)(start >> 32));
        pci_write(a, bdf, PREFETCHABLE_LIMIT_UPPER, 4, (uint32_t)(last >> 32));
    }
}

enum tn_status pci_move_window(const struct pci_access *a, uint32_t bdf, enum resource_kind kind, struct pci_window *w,
                               uint64_t start, uint64_t bytes)
{
    struct pci_window now = {0};
    uint32_t at = kind == RESOURCE_MEMORY ? MEMORY_BASE : PREFETCHABLE_BASE;
    /* closed: a base above the limit */
    uint64_t first = bytes == 0 ? (kind == RESOURCE_IO ? 0xf000 : 0xfff00000) : start;
    uint64_t last = bytes == 0 ? 0 : start + bytes - 1;
    if (kind == RESOURCE_IO) {
        write_io(a, bdf, w, first, last);
        read_io(a, bdf, &now);
    } else {
        write_memory(a, bdf, at, w, first, last);
        read_memory(a, bdf, at, &now);
    }
    w->start = now.start;
    w->end = now.end;
    if (w->start == (bytes == 0 ? 0 : start) && w->end == (bytes == 0 ? 0 : start + bytes))
        return TN_OK;
    w->start = w->end = 0;
    return TN_EIO;
}

/* ---- the tree ---- */

static bool covers(const struct pci_bridge *b, uint32_t bus)
{
    return b->secondary <= bus && bus <= b->subordinate;
}

static const char *own_fault(const struct pci_function *f)
{
    const struct pci_bridge *b = &f->bridge;
    if (b->secondary == 0 && b->subordinate == 0)
        return "has no bus numbers; nothing behind it can be reached";
    if (b->primary != pci_bus(f->bdf))
        return "primary bus is not the bus it is on";
    if (b->secondary <= pci_bus(f->bdf))
        return "secondary bus is not above its own";
    return b->subordinate < b->secondary ? "subordinate bus is below the secondary" : NULL;
}

/* `inner` stands on a bus of `outer`: are all its buses buses of `outer`, and none of them outer's secondary? */
static bool is_nested(const struct pci_function *inner, const struct pci_function *outer)
{
    const struct pci_bridge *i = &inner->bridge, *o = &outer->bridge;
    return covers(o, pci_bus(inner->bdf)) && i->secondary > o->secondary && i->subordinate <= o->subordinate;
}

static bool are_apart(const struct pci_function *a, const struct pci_function *b)
{
    bool disjoint = a->bridge.subordinate < b->bridge.secondary || b->bridge.subordinate < a->bridge.secondary;
    bool stands_inside = covers(&a->bridge, pci_bus(b->bdf)) || covers(&b->bridge, pci_bus(a->bdf));
    return disjoint && !stands_inside;
}

static void find_faults(struct pci_function *f, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (f[i].header == PCI_HEADER_BRIDGE)
            f[i].bridge.fault = own_fault(&f[i]);
    for (uint32_t i = 0; i < count; i++) {
        if (f[i].header != PCI_HEADER_BRIDGE || f[i].bridge.secondary == 0)
            continue;
        for (uint32_t j = 0; j < i; j++) {
            if (f[j].header != PCI_HEADER_BRIDGE || f[j].bridge.secondary == 0 ||
                pci_segment(f[i].bdf) != pci_segment(f[j].bdf))
                continue;
            if (are_apart(&f[i], &f[j]) || is_nested(&f[i], &f[j]) || is_nested(&f[j], &f[i]))
                continue;
            /* which of the two lies is not to be told */
            for (uint32_t n = 0; n < 2; n++)
                if (!f[n == 0 ? i : j].bridge.fault)
                    f[n == 0 ? i : j].bridge.fault = "bus numbers overlap those of another bridge";
        }
    }
}

/* The bridge with the highest secondary bus that covers the function's, on a lower bus than the function. */
static uint32_t parent_of(const struct pci_function *f, uint32_t index)
{
    uint32_t parent = PCI_ROOT, bus = pci_bus(f[index].bdf);
    for (uint32_t i = 0; i < index; i++) {
        if (f[i].header != PCI_HEADER_BRIDGE || pci_segment(f[i].bdf) != pci_segment(f[index].bdf) ||
            pci_bus(f[i].bdf) >= bus || !covers(&f[i].bridge, bus))
            continue;
        if (parent == PCI_ROOT || f[i].bridge.secondary > f[parent].bridge.secondary)
            parent = i;
    }
    return parent;
}

uint32_t pci_link_bridges(struct pci_function *f, uint32_t count)
{
    uint32_t faults = 0;
    find_faults(f, count);
    for (uint32_t i = 0; i < count; i++) {
        f[i].parent = parent_of(f, i);
        if (f[i].header == PCI_HEADER_BRIDGE && f[i].bridge.fault)
            faults++;
    }
    return faults;
}

uint32_t pci_depth(const struct pci_function *f, uint32_t index)
{
    uint32_t depth = 0;
    while (f[index].parent != PCI_ROOT) {
        index = f[index].parent;
        depth++;
    }
    return depth;
}
