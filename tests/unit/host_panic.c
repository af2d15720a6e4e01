/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of kernel code that takes locks: on the host a panic ends the test, and there is one CPU. */
#include <stdarg.h>
#include <stdio.h>

#include <kernel/arch/x86_64/percpu.h>
#include <kernel/diag/panic.h>

struct percpu boot_cpu;

_Noreturn void panic(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    __builtin_abort();
}
