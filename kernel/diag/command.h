/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of the console: what the kernel knows, for people. They only read, but for those that end the machine, a
 * process, or let one go on. No physical address, no payload and no owner beyond a public label is printed (G5); output
 * is bounded by the tables that it shows. A new command is one row in command.c; command_*.c are the groups.
 */
#ifndef TENURE_KERNEL_DIAG_COMMAND_H
#define TENURE_KERNEL_DIAG_COMMAND_H

#include <stdbool.h>

#include "diag/pager.h"

struct acpi_info;
struct memory_map;

/* One run of a command, for one page of its output. */
struct command_call {
    struct pager pager;
    const char *argument; /* what follows the name; "": nothing */
    bool is_early;        /* no process of the manifest has been started */
    bool goes_on;         /* set by `continue` */
};

/* What the firmware said, which `acpi` and `mem` show. Before the first command. */
void command_set_machine(const struct acpi_info *acpi, const struct memory_map *memory);
/* Runs what the line says; a command that there is not is answered. An empty line does nothing. */
void command_run(const char *line, struct command_call *call);
/* `page on`, as at first, or `page off`: does a person want to be asked after each page? */
bool command_is_paged(void);

/* ---- for command_*.c ---- */

extern const struct acpi_info *command_acpi;
extern const struct memory_map *command_memory;
/* One line of output, at most LOG_LINE characters. */
void command_print(struct command_call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));

void command_acpi_run(struct command_call *call);
void command_audit_run(struct command_call *call);
void command_caps_run(struct command_call *call);
void command_dma_run(struct command_call *call);
void command_iommu_run(struct command_call *call);
void command_irq_run(struct command_call *call);
void command_kill_run(struct command_call *call);
void command_ledger_run(struct command_call *call);
void command_locks_run(struct command_call *call);
void command_mem_run(struct command_call *call);
void command_mmio_run(struct command_call *call);
void command_pci_run(struct command_call *call);
void command_ps_run(struct command_call *call);
void command_restart_run(struct command_call *call);
void command_retry_run(struct command_call *call);
void command_stop_run(struct command_call *call);

#endif
