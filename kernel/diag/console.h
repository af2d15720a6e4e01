/* SPDX-License-Identifier: Apache-2.0 */
/* The early prompt: `diag` on the command line stops the boot before the first process, with the commands of command.h
 * on COM1. Polled: nothing of it needs an interrupt that could be lost. */
#ifndef TENURE_KERNEL_DIAG_CONSOLE_H
#define TENURE_KERNEL_DIAG_CONSOLE_H

/* Returns at `continue`. */
void console_early(void);

#endif
