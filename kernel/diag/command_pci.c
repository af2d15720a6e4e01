/* SPDX-License-Identifier: Apache-2.0 */
/* `pci`: functions, and with -v what they ask for. Sizes and kinds, never addresses (G5). */
#include <stddef.h>

#include <tenure/abi/ring.h>

#include "diag/command.h"
#include "lib/string.h"
#include "pci/scan.h"
#include <tn_format.h>

enum { FEATURES_MAX = 160 };

static const char *header_name(const struct pci_function *f)
{
    if (f->header == PCI_HEADER_BRIDGE)
        return "bridge";
    return f->header == PCI_HEADER_ENDPOINT ? "endpoint" : "unknown header";
}

static const char *bar_kind(const struct pci_bar *bar)
{
    if (!(bar->flags & TN_BAR_MEMORY))
        return "io";
    return bar->flags & TN_BAR_64BIT ? "memory64" : "memory";
}

static void print_bars(struct command_call *call, const struct pci_function *f)
{
    for (uint32_t i = 0; i < PCI_BARS; i++) {
        const struct pci_bar *b = &f->bar[i];
        if (f->broken_bars >> i & 1)
            command_print(call, "  BAR%u answers as no BAR can: not used", i);
        if (b->size == 0)
            continue;
#ifdef TN_TWIN /* negative twin: where it is gets out, and the test must say so */
        command_print(call, "  BAR%u at %lx", i, b->address);
#endif
        command_print(call, "  BAR%u %s%s size %lx%s", i, bar_kind(b),
                      b->flags & TN_BAR_PREFETCHABLE ? " prefetchable" : "", b->size,
                      b->address == 0 ? ", no address" : "");
    }
}

static void print_bridge(struct command_call *call, const struct pci_bridge *b)
{
    static const char *const name[RESOURCE_KINDS] = {"io", "memory", "prefetchable"};
    if (b->fault)
        command_print(call, "  bridge %s", b->fault);
    command_print(call, "  buses %u to %u", b->secondary, b->subordinate);
    for (uint32_t k = 0; k < RESOURCE_KINDS; k++)
        if (b->window[k].end != 0)
            command_print(call, "  window %s size %lx", name[k], b->window[k].end - b->window[k].start);
}

static void print_features(struct command_call *call, const struct pci_function *f)
{
    char text[FEATURES_MAX];
    size_t n = 0;
    const struct pci_features *x = &f->features;
    text[0] = '\0';
    if (f->capabilities.express != 0)
        n += tn_format(text + n, sizeof text - n, ", express %s", pci_express_type_name(x->express_type));
    if (x->express_flr || x->advanced_flr)
        n += tn_format(text + n, sizeof text - n, ", %s", x->express_flr ? "FLR" : "AF FLR");
    if (x->msi_messages != 0)
        n += tn_format(text + n, sizeof text - n, ", MSI %u%s", x->msi_messages, x->msi_maskable ? " maskable" : "");
    if (f->msix.count != 0)
        n += tn_format(text + n, sizeof text - n, ", MSI-X %u entries, table BAR%u, PBA BAR%u", f->msix.count,
                       f->msix.table_bar, f->msix.pba_bar);
    if (f->capabilities.acs != 0)
        n += tn_format(text + n, sizeof text - n, ", ACS %x", f->acs);
    if (f->capabilities.power != 0)
        n += tn_format(text + n, sizeof text - n, ", PM D%u", x->power_state);
    if (n != 0)
        command_print(call, "  %s", text + 2);
}

void command_pci_run(struct command_call *call)
{
    bool in_full = text_equal(call->argument, "-v");
    if (!in_full && call->argument[0] != '\0') {
        command_print(call, "pci: `pci` or `pci -v`");
        return;
    }
    for (uint32_t i = 0; i < pci_machine.count; i++) {
        const struct pci_function *f = &pci_machine.function[i];
        command_print(call, "%s %04x:%04x class %06x %s, group %u", pci_name(f->bdf).text, f->vendor, f->device,
                      f->class_code, header_name(f), f->group);
        if (!in_full)
            continue;
        print_features(call, f);
        print_bars(call, f);
        if (f->header == PCI_HEADER_BRIDGE)
            print_bridge(call, &f->bridge);
    }
    command_print(call, "%u functions in %u isolation groups%s", pci_machine.count, pci_machine.groups,
                  pci_machine.left_out != 0 ? "; others are beyond the table and not usable" : "");
}
