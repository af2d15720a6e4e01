/* SPDX-License-Identifier: Apache-2.0 */
/* See string.h. Eight bytes at a time where alignment allows it: under emulation a repeat counts once an iteration. */
#include "lib/string.h"

#include <stdint.h>

/* Used: the compiler calls the first and the last by itself, after it has inlined all calls that were written. */
__attribute__((used)) void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    void *d = to;
    size_t words = n / 8, rest = n % 8;
    /* early clobbers: where words equals rest (36 bytes, for one), one register must not hold both */
    __asm__ volatile("rep movsq\n\tmov %3, %2\n\trep movsb"
                     : "+&D"(d), "+&S"(from), "+&c"(words)
                     : "r"(rest)
                     : "memory");
    return to;
}

void *memmove(void *to, const void *from, size_t n)
{
    uint8_t *d = to;
    const uint8_t *s = from;
    if (d <= s || d >= s + n)
        return memcpy(to, from, n);
    while (n-- > 0)
        d[n] = s[n];
    return to;
}

__attribute__((used)) void *memset(void *to, int byte, size_t n)
{
    void *d = to;
    uint64_t pattern = UINT64_C(0x0101010101010101) * (uint8_t)byte;
    size_t words = n / 8, rest = n % 8;
    __asm__ volatile("rep stosq\n\tmov %2, %1\n\trep stosb"
                     : "+&D"(d), "+&c"(words)
                     : "r"(rest), "a"(pattern)
                     : "memory");
    return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const uint8_t *x = a, *y = b;
    for (size_t i = 0; i < n; i++)
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    return 0;
}

size_t strlen(const char *s)
{
    size_t n = 0;
    while (s[n] != 0)
        n++;
    return n;
}
