/* SPDX-License-Identifier: Apache-2.0 */
/* See report.h. */
#include "pci/report.h"

#include <stddef.h>
#include <stdint.h>

#include <tenure/abi/ring.h>

#include "diag/log.h"
#include "pci/scan.h"
#include <tn_format.h>

enum { LINE = 200 };

void pci_list_features(const struct pci_function *f, char *text, size_t size)
{
    size_t n = 0;
    const struct pci_features *x = &f->features;
    text[0] = 0;
    if (f->capabilities.express != 0)
        n += tn_format(text + n, size - n, ", express %s", pci_express_type_name(x->express_type));
    if (x->express_flr || x->advanced_flr)
        n += tn_format(text + n, size - n, ", %s", x->express_flr ? "FLR" : "AF FLR");
    if (x->msi_messages != 0)
        n += tn_format(text + n, size - n, ", MSI %u%s", x->msi_messages, x->msi_maskable ? " maskable" : "");
    if (f->capabilities.acs != 0)
        n += tn_format(text + n, size - n, ", ACS %x", f->acs);
    if (f->capabilities.power != 0)
        n += tn_format(text + n, size - n, ", PM D%u", x->power_state);
}

const char *pci_header_name(const struct pci_function *f)
{
    if (f->header == PCI_HEADER_BRIDGE)
        return "bridge";
    if (f->header == PCI_HEADER_STUCK)
        return "endpoint that keeps mastering the bus, not used";
    return f->header == PCI_HEADER_ENDPOINT ? "endpoint" : "unknown header, not used";
}

const char *pci_bar_kind(const struct pci_bar *bar)
{
    bool prefetchable = bar->flags & TN_BAR_PREFETCHABLE;
    if (!(bar->flags & TN_BAR_MEMORY))
        return "io";
    if (bar->flags & TN_BAR_64BIT)
        return prefetchable ? "memory64 prefetchable" : "memory64";
    return prefetchable ? "memory prefetchable" : "memory";
}

const char *pci_window_kind(uint32_t kind)
{
    static const char *const name[RESOURCE_KINDS] = {"io", "memory", "prefetchable"};
    return name[kind];
}

static void report_bars(const struct pci_function *f)
{
    for (uint32_t i = 0; i < PCI_BARS; i++) {
        const struct pci_bar *b = &f->bar[i];
        if (f->broken_bars >> i & 1)
            log_line("pci:   BAR%u answers as no BAR can: not used", i);
        if (b->size != 0)
            log_line("pci:   BAR%u %s size %lx%s", i, pci_bar_kind(b), b->size, b->address == 0 ? ", no address" : "");
    }
}

static void report_bridge(const struct pci_function *f)
{
    const struct pci_bridge *b = &f->bridge;
    if (b->fault)
        log_line("pci: %s: bridge %s: buses %u, %u to %u; its buses are one group", pci_name(f->bdf).text, b->fault,
                 b->primary, b->secondary, b->subordinate);
    else
        log_line("pci:   buses %u to %u", b->secondary, b->subordinate);
    for (uint32_t k = 0; k < RESOURCE_KINDS; k++)
        if (b->window[k].end != 0)
            log_line("pci:   window %s size %lx", pci_window_kind(k), b->window[k].end - b->window[k].start);
}

static void report_function(const struct pci_function *f)
{
    char features[LINE];
    pci_list_features(f, features, sizeof features);
    log_line("pci: %s %04x:%04x class %06x %s%s, group %u%s%s", pci_name(f->bdf).text, f->vendor, f->device,
             f->class_code, pci_header_name(f), features, f->group,
             f->firmware_msi ? ", firmware left MSI or MSI-X on: cleared" : "",
             f->firmware_bus_master ? ", firmware left bus mastering on: cleared" : "");
    if (f->capabilities.broken != 0)
        log_line("pci: %s: capability list is broken at offset %x; what follows is ignored", pci_name(f->bdf).text,
                 f->capabilities.broken);
    report_bars(f);
    if (f->header == PCI_HEADER_BRIDGE)
        report_bridge(f);
    if (f->msix.count != 0)
        log_line("pci:   MSI-X %u entries, table BAR%u+%lx, PBA BAR%u+%lx", f->msix.count, f->msix.table_bar,
                 f->msix.table_offset, f->msix.pba_bar, f->msix.pba_offset);
}

void pci_report(void)
{
    struct pci_buses b;
    uint32_t depth = 0;
    for (uint32_t i = 0; i < pci_machine.count; i++) {
        uint32_t own = pci_depth(pci_machine.function, i);
        depth = own > depth ? own : depth;
        report_function(&pci_machine.function[i]);
    }
    for (uint32_t n = 0; pci_host_buses(n, &b); n++)
        if (b.segment == 0)
            log_line("pci: buses %u to %u", b.first, b.last);
        else
            log_line("pci: segment %u, buses %u to %u", b.segment, b.first, b.last);
    log_line("pci: %u functions in %u isolation groups, at most %u bridges deep", pci_machine.count, pci_machine.groups,
             depth);
    if (pci_machine.left_out != 0)
        log_line("pci: %u functions beyond the first %u are not usable", pci_machine.left_out, PCI_FUNCTIONS_MAX);
}
