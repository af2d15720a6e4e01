/* SPDX-License-Identifier: Apache-2.0 */
/* `irq`: which function has which sources, and the routes that are not free. */
#include <stddef.h>

#include <core/machine.h>

#include "diag/command.h"
#include "irq/route.h"
#include "pci/scan.h"
#include "proc/process.h"
#include <tn_format.h>

static void print_sources(struct command_call *call)
{
    for (uint32_t i = 0; i < pci_machine.count; i++) {
        const struct pci_function *f = &pci_machine.function[i];
        enum irq_kind kind;
        uint32_t count = irq_source_count(f, &kind);
        if (f->header != PCI_HEADER_ENDPOINT)
            continue;
        if (count == 0)
            command_print(call, "source %s unroutable: %s", pci_name(f->bdf).text, irq_source_lack());
        else
            command_print(call, "source %s %s, %u", pci_name(f->bdf).text,
                          irq_operations(&(struct irq_source){.kind = kind})->name, count);
    }
}

/* Public labels only. */
static const char *holder_name(const struct route_view *view)
{
    if (view->holder)
        return view->holder->name;
    return view->state == TN_ROUTE_MASKED || view->state == TN_ROUTE_ARMED || view->state == TN_ROUTE_PENDING
               ? "kernel"
               : "nobody";
}

static void print_route(struct command_call *call, const struct route_view *v)
{
    char source[48];
    if (v->source.function)
        tn_format(source, sizeof source, "%s %s entry %u", pci_name(v->source.function->bdf).text,
                  irq_operations(&v->source)->name, v->source.entry);
    else
        tn_format(source, sizeof source, "%s input %u", irq_operations(&v->source)->name, v->source.entry);
    command_print(call, "route vector %u %s, %s, holder %s, arrived %lu events %lu storms %lu", v->vector, source,
                  tn_route_state_name(v->state), holder_name(v), v->arrived, v->events, v->storms);
}

void command_irq_run(struct command_call *call)
{
    struct route_view view;
    uint32_t used = 0;
    print_sources(call);
    for (uint32_t i = 0; i < ROUTES_MAX; i++)
        if (route_view(i, &view)) {
            print_route(call, &view);
            used++;
        }
    struct route_counts counts = route_counts();
    command_print(call, "%u of %u routes in use; stale %lu, spurious %lu, lost %lu", used, ROUTES_MAX, counts.stale,
                  counts.spurious, counts.lost);
}
