/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See clock.h. PIT channel 2 counts down at 1.193182 MHz (8254) while the TSC runs; both are read at two moments some
 * milliseconds apart, then the LAPIC timer is measured against the TSC. A read that took long (an emulator that lost
 * the CPU) is repeated, so the windows may be short.
 */
#include "arch/x86_64/clock.h"

#include "arch/x86_64/lapic.h"
#include "diag/log.h"
#include "diag/panic.h"

enum {
    PIT_HZ = 1193182,
    PIT_CHANNEL2 = 0x42,
    PIT_COMMAND = 0x43,
    PIT_GATE = 0x61, /* bit 0: gate of channel 2, bit 1: speaker */
    PIT_MODE0_CHANNEL2 = 0xb0,
    PIT_LATCH_CHANNEL2 = 0x80,
    PIT_WINDOW = 2386, /* 2 ms */
    TIMER_WINDOW_NS = 500000,
    READS = 8,
    PATIENCE = 10000000,
};

struct clock boot_clock;

/* A counter and the TSC, read together. */
struct moment {
    uint64_t tsc;
    uint32_t counter;
};

static uint32_t pit_read(void)
{
    outb(PIT_COMMAND, PIT_LATCH_CHANNEL2);
    uint32_t low = inb(PIT_CHANNEL2);
    return low | (uint32_t)inb(PIT_CHANNEL2) << 8;
}

/* The tightest of several reads. */
static struct moment read_moment(uint32_t (*counter)(void))
{
    struct moment best = {0};
    uint64_t best_width = UINT64_MAX;
    for (uint32_t i = 0; i < READS; i++) {
        uint64_t before = rdtsc();
        uint32_t value = counter();
        uint64_t after = rdtsc();
        if (after - before < best_width) {
            best_width = after - before;
            best = (struct moment){before + (after - before) / 2, value};
        }
    }
    return best;
}

void clock_init(void)
{
    boot_clock.tsc_at_boot = rdtsc();
    outb(PIT_GATE, (uint8_t)((inb(PIT_GATE) & ~2u) | 1u));
    outb(PIT_COMMAND, PIT_MODE0_CHANNEL2);
    outb(PIT_CHANNEL2, 0xff);
    outb(PIT_CHANNEL2, 0xff);

    struct moment from = read_moment(pit_read), to;
    uint32_t tries = 0;
    do {
        to = read_moment(pit_read);
        if (++tries > PATIENCE)
            panic("clock: PIT channel 2 does not count (it reads %u after %u tries)", to.counter, tries);
    } while (from.counter - to.counter < PIT_WINDOW);
    if (to.tsc == from.tsc)
        panic("clock: the time-stamp counter does not count");
    boot_clock.tsc_hz = (to.tsc - from.tsc) * PIT_HZ / (from.counter - to.counter);
    boot_clock.tsc_to_ns = (UINT64_C(1000000000) << 32) / boot_clock.tsc_hz;
    log_line("clock: TSC %lu kHz", boot_clock.tsc_hz / 1000);
}

void clock_calibrate_timer(void)
{
    lapic_timer_start(UINT32_MAX);
    struct moment from = read_moment(lapic_timer_read), to;
    do
        to = read_moment(lapic_timer_read);
    while (clock_scale(to.tsc - from.tsc, boot_clock.tsc_to_ns) < TIMER_WINDOW_NS);
    lapic_timer_start(0);
    if (from.counter == to.counter)
        panic("clock: the LAPIC timer does not count (it reads %u)", to.counter);
    uint64_t ns = clock_scale(to.tsc - from.tsc, boot_clock.tsc_to_ns);
    boot_clock.ns_to_timer = ((uint64_t)(from.counter - to.counter) << 32) / ns;
    log_line("clock: LAPIC timer %lu kHz", clock_scale(1000000, boot_clock.ns_to_timer));
}
