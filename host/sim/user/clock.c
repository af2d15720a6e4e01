/* SPDX-License-Identifier: Apache-2.0 */
/* user/lib/clock.c on the simulated machine: its time, which nothing but work and waiting moves. */
#include <clock.h>

uint64_t machine_clock(void);

void tn_clock_init(const struct tn_start *start)
{
    (void)start;
}

uint64_t tn_clock_now(void)
{
    return machine_clock();
}
