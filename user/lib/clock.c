/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock of a process. Waiting is left to ring.h.
 */
#include "clock.h"

static uint64_t tsc_at_boot;
static uint64_t tsc_to_ns;

void tn_clock_init(const struct tn_start *start)
{
    tsc_at_boot = start->tsc_at_boot;
    tsc_to_ns = start->tsc_to_ns;
}

uint64_t tn_clock_now(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    uint64_t ticks = ((uint64_t)high << 32 | low) - tsc_at_boot;
    /* 128 bits: in 64 the product would wrap after a few seconds. */
    return (uint64_t)((unsigned __int128)ticks * tsc_to_ns >> 32);
}
