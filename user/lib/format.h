/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded formatter: %u %d %x %s %c %% with l and ll, a width, and 0 as padding. Pure; host-tested. No floating
 * point: print a fraction as two integers.
 */
#ifndef TENURE_USER_FORMAT_H
#define TENURE_USER_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* Writes at most `size` bytes including the final NUL (size at least 1); what does not fit is cut off. Returns the
 * length. */
size_t tn_format(char *out, size_t size, const char *format, va_list arguments);

#endif
