/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kills a process at chosen points of its life, again in each of its incarnations: for the tests of what survives. Only
 * in the kernels for tests.
 */
#ifndef TENURE_KERNEL_DIAG_PROVOKE_KILL_H
#define TENURE_KERNEL_DIAG_PROVOKE_KILL_H

#include <stdbool.h>

struct process;

/* `kill=LABEL,entry,FIRST,STEP`: incarnation i (0, 1, …) is killed at its call number FIRST + i * STEP (from 1), before
 * the call does anything. `kill=LABEL,insn,FIRST,STEP,AFTER`: before its user instruction of that number, counted from
 * its call number AFTER on (0: from its start). */
void provoke_kill_from_command_line(void);
/* An incarnation is about to run. */
void provoke_kill_started(struct process *process);
/* The process has made a call. True: it has been killed. */
bool provoke_kill_at_entry(struct process *process);
/* A debug exception from user mode. True: it was of a process that is counted, which goes on or has been killed. */
bool provoke_kill_at_instruction(struct process *process);

#endif
