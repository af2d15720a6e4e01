/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nanoseconds since boot, from the time-stamp counter and the factors of the start block: the clock of all deadlines.
 */
#ifndef TENURE_USER_CLOCK_H
#define TENURE_USER_CLOCK_H

#include <stdint.h>

#include <tenure/abi/start.h>

#define TN_SECOND UINT64_C(1000000000)

void tn_clock_init(const struct tn_start *start);
uint64_t tn_clock_now(void);

static inline uint64_t tn_deadline_in(uint64_t ns)
{
    return tn_clock_now() + ns;
}

#endif
