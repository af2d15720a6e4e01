/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory and string helpers of a user process: rt/mem.c and, for strings, lib/process.c. There is no libc.
 */
#ifndef TENURE_USER_MEM_H
#define TENURE_USER_MEM_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int value, size_t size);
void *memmove(void *to, const void *from, size_t size);
int memcmp(const void *a, const void *b, size_t size);

#endif
