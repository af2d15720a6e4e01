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

static const char *const status_names[TN_STATUS_COUNT] = {
    [TN_OK] = "TN_OK",
    [TN_EINVAL] = "TN_EINVAL",
    [TN_ESTALE] = "TN_ESTALE",
    [TN_EKIND] = "TN_EKIND",
    [TN_EDENIED] = "TN_EDENIED",
    [TN_EBUDGET] = "TN_EBUDGET",
    [TN_EEXHAUSTED] = "TN_EEXHAUSTED",
    [TN_EAGAIN] = "TN_EAGAIN",
    [TN_ESTATE] = "TN_ESTATE",
    [TN_ERANGE] = "TN_ERANGE",
    [TN_EPOLICY] = "TN_EPOLICY",
    [TN_ENOENT] = "TN_ENOENT",
    [TN_EIO] = "TN_EIO",
    [TN_EREADONLY] = "TN_EREADONLY",
    [TN_ETIMEDOUT] = "TN_ETIMEDOUT",
    [TN_EABORTED] = "TN_EABORTED",
    [TN_EQUARANTINED] = "TN_EQUARANTINED",
    [TN_EPEERGONE] = "TN_EPEERGONE",
    [TN_EFAULT] = "TN_EFAULT",
    [TN_ENOTSUP] = "TN_ENOTSUP",
    [TN_ERETIRED] = "TN_ERETIRED",
    [TN_EPROTOCOL] = "TN_EPROTOCOL",
};

const char *tn_status_name(enum tn_status status)
{
    return (unsigned)status < TN_STATUS_COUNT ? status_names[status] : "TN_?";
}
