/* SPDX-License-Identifier: Apache-2.0 */
/* See command.h: the table, and the commands that are about the console itself. */
#include "diag/command.h"

#include <stdarg.h>
#include <stddef.h>

#include "diag/log.h"
#include "diag/panic.h"
#include "diag/serial.h"
#include "lib/string.h"
#include <tn_format.h>

const struct acpi_info *command_acpi;
const struct memory_map *command_memory;
static bool is_unpaged;

void command_set_machine(const struct acpi_info *acpi, const struct memory_map *memory)
{
    command_acpi = acpi;
    command_memory = memory;
}

bool command_is_paged(void)
{
    return !is_unpaged;
}

void command_print(struct command_call *call, const char *format, ...)
{
    char line[LOG_LINE + 2];
    if (!pager_takes(&call->pager))
        return;
    va_list args;
    va_start(args, format);
    size_t n = tn_format_v(line, LOG_LINE, format, args);
    va_end(args);
    line[n] = '\n';
    serial_write(line, n + 1);
}

static void run_help(struct command_call *call);

static void run_page(struct command_call *call)
{
    if (text_equal(call->argument, "on") || text_equal(call->argument, "off"))
        is_unpaged = text_equal(call->argument, "off");
    else
        command_print(call, "page: it is %s; `page on` or `page off`", is_unpaged ? "off" : "on");
}

static void run_continue(struct command_call *call)
{
    if (call->is_early)
        call->goes_on = true;
    else
        command_print(call, "continue: the processes of the manifest have been started already");
}

static void run_halt(struct command_call *call)
{
    (void)call;
    log_line("console: halt");
    machine_end(END_SUCCESS);
}

static void run_reboot(struct command_call *call)
{
    (void)call;
    log_line("console: reboot");
    machine_restart();
}

static const struct command {
    const char *name;
    const char *help;
    void (*run)(struct command_call *call);
    bool takes_argument;
} commands[] = {
    {"pci", "the PCI functions; -v: with registers, windows and features", command_pci_run, true},
    {"acpi", "the firmware's tables, and what the missing ones mean", command_acpi_run, false},
    {"irq", "interrupt sources, routes and counts", command_irq_run, false},
    {"locks", "the kernel's locks, by rank", command_locks_run, false},
    {"iommu", "the remapping units: what they can do, and have done", command_iommu_run, false},
    {"dma", "the DMA policy of each device, and the pools", command_dma_run, false},
    {"mmio", "windows on device registers, by holder", command_mmio_run, false},
    {"mem", "memory by purpose", command_mem_run, false},
    {"ps", "the processes", command_ps_run, false},
    {"caps", "capabilities, by process, kind and rights", command_caps_run, false},
    {"ledger", "what each process has of its budget, and each device; do the books agree?", command_ledger_run, false},
    {"audit", "the audit log, newest last; audit LABEL: of one process, or of `kernel`", command_audit_run, true},
    {"kill", "kill LABEL: ends a process; its supervisor, if it has one, starts it again", command_kill_run, true},
    {"stop", "stop LABEL: ends a process for good", command_stop_run, true},
    {"restart", "restart LABEL: starts a process again, also one that was given up", command_restart_run, true},
    {"retry", "retry BB:DD.F: has a device in quarantine silenced once more", command_retry_run, true},
    {"page", "on or off: ask after each page", run_page, true},
    {"continue", "at the early prompt: starts the processes of the manifest", run_continue, false},
    {"reboot", "restarts the machine", run_reboot, false},
    {"halt", "ends the machine", run_halt, false},
    {"help", "this list", run_help, false},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void run_help(struct command_call *call)
{
    for (uint32_t i = 0; i < COMMANDS; i++)
        command_print(call, "%s%.*s %s", commands[i].name, (int)(9 - strlen(commands[i].name)), "         ",
                      commands[i].help);
}

void command_run(const char *line, struct command_call *call)
{
    size_t n = 0;
    while (*line == ' ')
        line++;
    while (line[n] != '\0' && line[n] != ' ')
        n++;
    if (n == 0)
        return;
    call->argument = line + n;
    while (*call->argument == ' ')
        call->argument++;
    for (uint32_t i = 0; i < COMMANDS; i++)
        if (strlen(commands[i].name) == n && bytes_equal(commands[i].name, line, n)) {
            if (*call->argument != '\0' && !commands[i].takes_argument)
                command_print(call, "%s: it takes no argument", commands[i].name);
            else
                commands[i].run(call);
            return;
        }
    command_print(call, "unknown command %.*s; `help` lists them", (int)n, line);
}
