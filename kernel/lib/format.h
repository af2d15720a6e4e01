/* SPDX-License-Identifier: Apache-2.0 */
/* Bounded text formatting: %s %c %u %d %x %p-less, with width and zero padding, l and ll. Pure; tested on the host. */
#ifndef TENURE_KERNEL_LIB_FORMAT_H
#define TENURE_KERNEL_LIB_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* Writes at most size - 1 characters and a NUL; returns the number of characters written. Conversions: %s %c %d %u %x
 * %%, a width with optional leading 0, length modifiers l, ll and z, and %.*s. Anything else prints itself. */
size_t format_text(char *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
size_t format_text_v(char *out, size_t size, const char *format, va_list args);

#endif
