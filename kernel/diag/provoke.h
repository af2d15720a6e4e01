/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of the kernel on purpose, for the tests of its reports. Only in the kernels for tests: no release has this
 * file in it. */
#ifndef TENURE_KERNEL_DIAG_PROVOKE_H
#define TENURE_KERNEL_DIAG_PROVOKE_H

/* `provoke=panic|write|execute|stack|nmi` on the command line: does it. So do `lock-order`, `lock-release`,
 * `lock-window` and `lock-twice`, which break the order of locks, and `lock-right`, which keeps it. Otherwise nothing.
 */
void provoke_from_command_line(void);

#endif
