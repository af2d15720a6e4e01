/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Printing, dying, and the names of status codes.
 */
#include "print.h"

#include <tenure/abi/handle.h>

#include "process.h"
#include "ring.h"
#include <tn_format.h>

static uint64_t console;

void tn_print_init(const struct tn_start *start)
{
    const struct tn_start_cap *cap = tn_start_find(start, "console");
    console = cap != NULL ? cap->handle : TN_HANDLE_NONE;
}

static void print(const char *format, va_list arguments)
{
    char line[TN_CONSOLE_WRITE_MAX + 1];
    size_t length = tn_format_v(line, sizeof(line), format, arguments);
    if (console == TN_HANDLE_NONE || length == 0)
        return;
    struct tn_sqe sqe = {.op = TN_OP_CONSOLE_WRITE, .handle = console, .arg = {(uint64_t)(uintptr_t)line, length}};
    /* A line that the console refuses cannot be reported anywhere. */
    (void)!tn_ring_call(&sqe, NULL);
}

void tn_print(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print(format, arguments);
    va_end(arguments);
}

void tn_die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print(format, arguments);
    va_end(arguments);
    tn_exit(1);
}
