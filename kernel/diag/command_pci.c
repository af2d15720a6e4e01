/* SPDX-License-Identifier: Apache-2.0 */
/* `pci`: functions, and with -v what they ask for. Sizes and kinds, never addresses (G5). */
#include <stddef.h>

#include <tenure/abi/ring.h>

#include "diag/command.h"
#include "lib/string.h"
#include "pci/report.h"
#include "pci/scan.h"

enum { FEATURES_MAX = 160 };

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
        command_print(call, "  BAR%u %s size %lx%s", i, pci_bar_kind(b), b->size,
                      b->address == 0 ? ", no address" : "");
    }
}

static void print_bridge(struct command_call *call, const struct pci_bridge *b)
{
    if (b->fault)
        command_print(call, "  bridge %s", b->fault);
    command_print(call, "  buses %u to %u", b->secondary, b->subordinate);
    for (uint32_t k = 0; k < RESOURCE_KINDS; k++)
        if (b->window[k].end != 0)
            command_print(call, "  window %s size %lx", pci_window_kind(k), b->window[k].end - b->window[k].start);
}

static void print_features(struct command_call *call, const struct pci_function *f)
{
    char text[FEATURES_MAX];
    pci_list_features(f, text, sizeof text);
    if (text[0] != '\0')
        command_print(call, "  %s", text + 2);
    if (f->msix.count != 0)
        command_print(call, "  MSI-X %u entries, table BAR%u, PBA BAR%u", f->msix.count, f->msix.table_bar,
                      f->msix.pba_bar);
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
                      f->class_code, pci_header_name(f), f->group);
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
