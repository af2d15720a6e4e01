/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process as its own code sees it: where it begins, what it was given, how it ends.
 */
#ifndef TENURE_USER_PROCESS_H
#define TENURE_USER_PROCESS_H

#include <stddef.h>

#include <tenure/abi/handle.h>
#include <tenure/abi/start.h>

/* Written by each program. The result is the exit status; 0 is success. */
int tn_main(const struct tn_start *start);

/* Called by rt/ before tn_main. */
void tn_process_init(const struct tn_start *start);

_Noreturn void tn_exit(int status);

/* The grant of this name, or NULL. */
const struct tn_start_cap *tn_start_find(const struct tn_start *start, const char *name);
/* The first grant of this kind, or NULL. */
const struct tn_start_cap *tn_start_find_kind(const struct tn_start *start, enum tn_kind kind);

/* Text comparison: the only string function anybody here needs. */
static inline int tn_text_equal(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b)
        a++, b++;
    return *a == *b;
}

#endif
