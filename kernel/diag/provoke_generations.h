/* SPDX-License-Identifier: Apache-2.0 */
/* Brings the end of a table's generations near, which takes days otherwise: for the tests of retirement (G4). Only in
 * the kernels for tests. */
#ifndef TENURE_KERNEL_DIAG_PROVOKE_GENERATIONS_H
#define TENURE_KERNEL_DIAG_PROVOKE_GENERATIONS_H

#include <stdint.h>

struct process;

/* `generations=LABEL,N`: the capability table of that process has N generations. */
void provoke_generations_from_command_line(void);
uint64_t provoke_generations(const struct process *process);

#endif
