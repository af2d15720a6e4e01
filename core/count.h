/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside core/ only: counters of refusals. They stop at their end instead of starting again at 0.
 */
#ifndef TENURE_CORE_COUNT_H
#define TENURE_CORE_COUNT_H

#include <stdint.h>

/*@ assigns \nothing;
    ensures \result == (n < UINT64_MAX ? n + 1 : n); */
static inline uint64_t tn_count_one(uint64_t n)
{
    return n < UINT64_MAX ? n + 1 : n;
}

#endif
