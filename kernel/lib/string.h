/* SPDX-License-Identifier: Apache-2.0 */
/* The memory and string functions that a freestanding compiler may call, and the few that the kernel uses. */
#ifndef TENURE_KERNEL_LIB_STRING_H
#define TENURE_KERNEL_LIB_STRING_H

#include <stdbool.h>
#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);

/* Are the first n bytes of both the same? */
static inline bool bytes_equal(const void *a, const void *b, size_t n)
{
    return memcmp(a, b, n) == 0;
}
/* Same text, both NUL-terminated. */
bool text_equal(const char *a, const char *b);
/* Copies text, cut to size - 1 bytes; always terminated. */
void text_copy(char *to, const char *from, size_t size);
/* Does a NUL stand within the first n bytes? */
bool text_ends_within(const char *s, size_t n);

#endif
