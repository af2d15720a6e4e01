/* SPDX-License-Identifier: Apache-2.0 */
/* `ps`, `caps` and `ledger`: processes by their public labels. */
#include <stddef.h>

#include "device/device.h"
#include "diag/audit.h"
#include "diag/books.h"
#include "diag/command.h"
#include "lib/string.h"
#include "proc/process.h"
#include <tn_format.h>

enum { RIGHTS = (TN_RIGHT_READ | TN_RIGHT_WRITE | TN_RIGHT_CONTROL) + 1 };

static bool has_processes(struct command_call *call)
{
    if (process_count == 0)
        command_print(call, "no process has been started; `continue` starts those of the manifest");
    return process_count != 0;
}

void command_ps_run(struct command_call *call)
{
    static const char *const state[] = {"none", "ready", "waiting", "ending", "ended"};
    static const char *const ended_how[TN_END_KINDS] = {"",
                                                        " with status %lu",
                                                        " by exception %lu",
                                                        ", killed",
                                                        ", could not be started again: status %lu",
                                                        ", for a reset that process %lu caused"};
    char how[60], caused[40];
    if (!has_processes(call))
        return;
    for (uint32_t i = 0; i < process_count; i++) {
        const struct process *p = &process_table[i];
        how[0] = '\0';
        if (p->state == PROCESS_ENDED)
            tn_format(how, sizeof how, ended_how[p->end], p->end_value);
        caused[0] = '\0';
        if (p->resets != 0)
            tn_format(caused, sizeof caused, ", caused %u resets", p->resets);
        command_print(call, "%s %s%s, %lu pages%s%s", p->name, state[p->state], how,
                      p->ledger.used[TN_CHARGE_MEMORY_PAGES], p->manifest->flags & TN_PROCESS_JOB ? ", job" : "",
                      caused);
    }
}

static const char *rights_name(uint32_t rights)
{
    static const char *const name[RIGHTS] = {
        [0] = "no rights",
        [TN_RIGHT_READ] = "read",
        [TN_RIGHT_WRITE] = "write",
        [TN_RIGHT_READ | TN_RIGHT_WRITE] = "read write",
        [TN_RIGHT_CONTROL] = "control",
        [TN_RIGHT_READ | TN_RIGHT_CONTROL] = "read control",
        [TN_RIGHT_WRITE | TN_RIGHT_CONTROL] = "write control",
        [TN_RIGHT_READ | TN_RIGHT_WRITE | TN_RIGHT_CONTROL] = "read write control",
    };
    return name[rights % RIGHTS];
}

static void print_caps(struct command_call *call, const struct process *p)
{
    uint32_t count[TN_KIND_COUNT][RIGHTS];
    memset(count, 0, sizeof count);
    for (uint32_t slot = 0; slot < p->caps.slots.count; slot++)
        if (tn_slots_live(&p->caps.slots, slot) && p->caps.entry[slot].kind < TN_KIND_COUNT)
            count[p->caps.entry[slot].kind][p->caps.entry[slot].rights % RIGHTS]++;
    for (uint32_t kind = 0; kind < TN_KIND_COUNT; kind++)
        for (uint32_t rights = 0; rights < RIGHTS; rights++)
            if (count[kind][rights] != 0)
                command_print(call, "%s %s, %s: %u", p->name, audit_kind_name(kind), rights_name(rights),
                              count[kind][rights]);
    command_print(call, "%s: %lu uses of a handle refused", p->name, p->caps.refused);
}

void command_caps_run(struct command_call *call)
{
    if (!has_processes(call))
        return;
    for (uint32_t i = 0; i < process_count; i++)
        if (process_is_live(&process_table[i])) /* the table of an ended one is gone */
            print_caps(call, &process_table[i]);
        else
            command_print(call, "%s: ended, none", process_table[i].name);
}

/* One line for each device that has something, and one for what no device has to do with. */
static void print_device_books(struct command_call *call, const struct device *d)
{
    struct books b;
    books_of_device(d, &b);
    if (d && d->state == TN_DEVICE_UNCLAIMED && b.held[TN_CHARGE_BUFFERS] == 0)
        return;
    command_print(call, "%s: pool_bytes %lu, mmio_bytes %lu, buffers %lu, interrupts %lu, in_flight %lu",
                  d ? pci_name(d->function->bdf).text : "no device", b.held[TN_CHARGE_POOL_BYTES],
                  b.held[TN_CHARGE_MMIO_BYTES], b.held[TN_CHARGE_BUFFERS], b.held[TN_CHARGE_INTERRUPTS],
                  b.held[TN_CHARGE_IN_FLIGHT]);
}

static void print_books(struct command_call *call)
{
    struct books_error e;
    for (uint32_t i = 0; device_at(i); i++)
        print_device_books(call, device_at(i));
    print_device_books(call, NULL);
    if (books_agree(&e))
        command_print(call, "the ledgers and the objects agree");
    else
        command_print(call, "%s: %lu %s in the ledger, objects for %lu", e.process ? e.process->name : "all processes",
                      e.ledger, tn_charge_name((enum tn_charge)e.charge), e.objects);
}

void command_ledger_run(struct command_call *call)
{
    if (!has_processes(call))
        return;
    for (uint32_t i = 0; i < process_count; i++)
        for (uint32_t c = 0; c < TN_CHARGE_COUNT; c++) {
            const struct tn_ledger *l = &process_table[i].ledger;
            if (l->limit[c] != 0 || l->refused[c] != 0)
                command_print(call, "%s %s: %lu of %lu, refused %lu", process_table[i].name,
                              tn_charge_name((enum tn_charge)c), l->used[c], l->limit[c], l->refused[c]);
        }
    print_books(call);
}
