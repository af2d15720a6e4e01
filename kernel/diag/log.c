/* SPDX-License-Identifier: Apache-2.0 */
/* See log.h. */
#include "diag/log.h"

#include <stdarg.h>

#include "arch/x86_64/clock.h"
#include "diag/serial.h"
#include <tn_format.h>

static size_t put_time(char *out, size_t size)
{
    uint64_t us = clock_now() / 1000;
    return tn_format(out, size, "[%5lu.%06lu] ", us / 1000000, us % 1000000);
}

static void finish(char *line, size_t n)
{
    line[n] = '\n';
    serial_write_line(line, n + 1);
}

void log_line(const char *format, ...)
{
    char line[LOG_LINE + 2];
    size_t n = put_time(line, LOG_LINE);
    va_list args;
    va_start(args, format);
    n += tn_format_v(line + n, LOG_LINE - n, format, args);
    va_end(args);
    finish(line, n);
}

void log_from(const char *name, const char *text, size_t length)
{
    char line[LOG_LINE + 2];
    size_t n = put_time(line, LOG_LINE);
    n += tn_format(line + n, LOG_LINE - n, "%s: ", name);
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
        length--;
    for (size_t i = 0; i < length && n < LOG_LINE; i++) {
        char c = text[i];
        line[n++] = c == '\n' || c == '\r' || c == '\t' ? ' ' : c >= ' ' && c <= '~' ? c : '?';
    }
    finish(line, n);
}
