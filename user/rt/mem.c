/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The four functions the compiler may call on its own. String instructions: no vector registers exist here, and
 * processors move whole lines with them.
 */
#include <stddef.h>
#include <stdint.h>

#include <mem.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    void *start = to;
    size_t words = size / 8, rest = size % 8;
    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(rest) : : "memory");
    return start;
}

void *memset(void *to, int value, size_t size)
{
    void *start = to;
    size_t words = size / 8, rest = size % 8;
    uint64_t pattern = (uint8_t)value * UINT64_C(0x0101010101010101);
    __asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(pattern) : "memory");
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(rest) : "a"(pattern) : "memory");
    return start;
}

void *memmove(void *to, const void *from, size_t size)
{
    if ((uintptr_t)to - (uintptr_t)from >= size)
        return memcpy(to, from, size);
    unsigned char *end_to = (unsigned char *)to + size;
    const unsigned char *end_from = (const unsigned char *)from + size;
    for (; size > 0; size--) {
        *--end_to = *--end_from;
        __asm__ volatile("" : : : "memory"); /* keeps the compiler from seeing memmove in here */
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const unsigned char *left = a, *right = b;
    for (size_t i = 0; i < size; i++)
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    return 0;
}
