/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of the machine: a wanted one, or a bug of ours. A harness never waits for a dead machine: QEMU leaves through
 * isa-debug-exit (I/O base 0xf4) with (code << 1) | 1; without that device the CPU halts.
 */
#ifndef TENURE_KERNEL_DIAG_PANIC_H
#define TENURE_KERNEL_DIAG_PANIC_H

#include <stdint.h>

enum machine_exit {
    END_SUCCESS = 0x10, /* QEMU's status 33: every job ended with status 0 */
    END_FAILURE = 0x11, /* 35: a job failed, or the manifest could not be carried out */
    END_PANIC = 0x12,   /* 37: a bug of ours, or a machine that this kernel cannot run on */
};

struct tn_frame;

_Noreturn void machine_end(enum machine_exit code);
/* Resets the machine as a PC is reset: the chipset's register, the keyboard controller, or a fault without a table. */
_Noreturn void machine_restart(void);
/* Our own bug, or no way on: says why, prints a backtrace, ends the machine. */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same for an exception in the kernel, with its registers. */
_Noreturn void panic_frame(const struct tn_frame *frame, const char *what);

#endif
