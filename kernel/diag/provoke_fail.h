/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the machine run out of memory at a chosen moment: for the tests of what then becomes of everything. Only in the
 * kernels for tests. */
#ifndef TENURE_KERNEL_DIAG_PROVOKE_FAIL_H
#define TENURE_KERNEL_DIAG_PROVOKE_FAIL_H

#include <stdbool.h>

struct process;

/* `fail=LABEL,FIRST,STEP`: while incarnation i (1, 2, … of those that are started again) of the process is being made,
 * its allocation of frames number FIRST + (i - 1) * STEP (from 1) fails. `fail=all,FIRST,0`: the allocation of that
 * number fails, counted from the first process that is made on, whoever asks. */
void provoke_fail_from_command_line(void);
/* Processes are being made, or one again. */
void provoke_fail_begin(const struct process *process);
void provoke_fail_end(void);
/* True: this allocation fails. */
bool provoke_fail_now(void);

#endif
