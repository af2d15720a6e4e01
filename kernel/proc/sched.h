/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who runs next: round robin over ready processes, with a time slice. One timer shot serves slices and deadlines.
 */
#ifndef TENURE_KERNEL_PROC_SCHED_H
#define TENURE_KERNEL_PROC_SCHED_H

#include <stdbool.h>
#include <stdint.h>

struct process;
struct tn_frame;

/* The process becomes ready, at the end of the queue. Not for one that is ready already. */
void sched_ready(struct process *process);
/* The process no longer runs or waits for its turn (it blocks, or has ended). */
void sched_remove(struct process *process);
/* The running process waits until `deadline` at the latest; `now` counts only if there is one. */
void sched_wait(struct process *process, uint64_t deadline, uint64_t now);
/* The timer fires at `when` or before. */
void sched_wake_by(uint64_t when, uint64_t now);
/* Work for the way out of the kernel, with no lock held: a fault log that has something in it, the end of a process
 * that may go on. Set by interrupts, which may come in a window. */
extern bool sched_work_due;
/* The same at a time, at the latest. Who is called then says again what it still waits for. */
void sched_work_at(uint64_t when, uint64_t now);
/* The timer has fired: ends waits whose deadline has passed, and the slice. */
void sched_timer(void);
/* Picks the process to go on with and loads its space; waits for an interrupt if there is none. */
struct tn_frame *sched_next(void);

#endif
