/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The boot log and everything after it, on COM1: `[    0.123456] text`, one line a call, at most LOG_LINE characters.
 * No payload, no physical address of memory that has an owner or of a device's registers, no owner identity beyond a
 * label goes in here (G5). What firmware said of itself does: its memory map before there are owners, and what is wrong
 * in its tables.
 */
#ifndef TENURE_KERNEL_DIAG_LOG_H
#define TENURE_KERNEL_DIAG_LOG_H

#include <stddef.h>

enum { LOG_LINE = 320 };

void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Text of a process, under its name; bytes that are not printable ASCII become '?', line ends become spaces. */
void log_from(const char *name, const char *text, size_t n);

#endif
