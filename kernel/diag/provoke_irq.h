/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device that raises its interrupt exactly before a step of binding or revoking a route, on purpose. Only in the
 * kernels for tests: irq/steps.h makes nothing of the steps that irq/route.c names in a release.
 *
 * `provoke=irq-steps` on the command line: for a driver that binds, releases, binds and releases again, once a step
 * (user/hostile/irq_steps), the first release or the second bind of round k meets its device raising before step k, and
 * each round is told on the log. `irq-undrained`: the same, in a kernel that takes masked for silent; `irq-delivered`:
 * in one that tells whoever holds, or held, a route of what arrives for nobody.
 *
 * `irq-slow`: the first binding meets an interrupt, and the window that lets it out comes only when the slice of who
 * binds has ended (user/hostile/slow_bind).
 */
#ifndef TENURE_KERNEL_DIAG_PROVOKE_IRQ_H
#define TENURE_KERNEL_DIAG_PROVOKE_IRQ_H

#include <stdbool.h>

#include "irq/source.h"

struct process;

enum provoke_step {
    STEP_PROGRAM,   /* a binding: before the source is programmed */
    STEP_SILENCE,   /* before it falls silent */
    STEP_ARM,       /* before the route is armed */
    STEP_UNMASK,    /* before the source is unmasked */
    STEP_BOUND,     /* after it */
    STEP_REVOKE,    /* a release: before the route is nobody's */
    STEP_MASK,      /* before the source is masked */
    STEP_DRAINED,   /* before the route counts as drained */
    STEP_FREE,      /* before its vector can be used again */
    STEP_FREED,     /* after it */
    STEP_READ_BACK, /* in either: masked, before the rest is read back */
    STEP_WINDOW,    /* read back and not silent, before interrupts are let in */
};
void provoke_irq_step(enum provoke_step step, const struct irq_source *source);
bool provoke_undrained(void);
void provoke_stale(struct process *holder, uint64_t user_data);
void provoke_irq_from_command_line(void);

#endif
