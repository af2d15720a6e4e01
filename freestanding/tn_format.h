/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded text formatting without a C library, for the kernel and for user programs. Pure; tested on the host.
 */
#ifndef TENURE_TN_FORMAT_H
#define TENURE_TN_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* Writes at most size - 1 characters and a NUL; returns the number of characters written. Conversions: %s %c %d %u %x
 * %%, a width with optional leading 0, length modifiers l, ll and z, and %.*s. Anything else prints '?'. A
 * fraction is printed as two integers. */
size_t tn_format(char *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
size_t tn_format_v(char *out, size_t size, const char *format, va_list args);

#endif
