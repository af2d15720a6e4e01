/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of the kernel on purpose, for the tests of its reports. Only in the negative twin: no release has this file in
 * it. */
#ifndef TENURE_KERNEL_DIAG_PROVOKE_H
#define TENURE_KERNEL_DIAG_PROVOKE_H

/* `provoke=panic|write|execute|stack|nmi` on the command line: does it. Otherwise nothing. */
void provoke_from_command_line(void);

#endif
