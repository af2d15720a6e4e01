/* SPDX-License-Identifier: Apache-2.0 */
/* See string.h: the part that no compiler calls by itself and no C library has. */
#include "lib/string.h"

bool text_equal(const char *a, const char *b)
{
    size_t i = 0;
    while (a[i] != 0 && a[i] == b[i])
        i++;
    return a[i] == b[i];
}

void text_copy(char *to, const char *from, size_t size)
{
    size_t i = 0;
    for (; i + 1 < size && from[i] != 0; i++)
        to[i] = from[i];
    to[i] = 0;
}

bool text_ends_within(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] == 0)
            return true;
    return false;
}
