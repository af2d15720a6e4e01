/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's clock: nanoseconds since clock_init, from the time-stamp counter, calibrated against the PIT. */
#ifndef TENURE_KERNEL_ARCH_CLOCK_H
#define TENURE_KERNEL_ARCH_CLOCK_H

#include <stdint.h>

#include "arch/x86_64/io.h"

struct clock {
    uint64_t tsc_at_boot;
    uint64_t tsc_to_ns;   /* ns = ticks * tsc_to_ns >> 32 */
    uint64_t ns_to_timer; /* counts of the LAPIC timer = ns * this >> 32 */
    uint64_t tsc_hz;
};
extern struct clock boot_clock;

/* ticks * scale >> 32 without losing the high bits. */
static inline uint64_t clock_scale(uint64_t ticks, uint64_t scale)
{
    return (uint64_t)((unsigned __int128)ticks * scale >> 32);
}

/* Before calibration the factor is 0, and so is the time. */
static inline uint64_t clock_now(void)
{
    return clock_scale(rdtsc() - boot_clock.tsc_at_boot, boot_clock.tsc_to_ns);
}

/* Calibrates the TSC: the clock runs from here. Panics if the PIT does not count. */
void clock_init(void);
/* Measures the LAPIC timer; needs lapic_init. */
void clock_calibrate_timer(void);

#endif
