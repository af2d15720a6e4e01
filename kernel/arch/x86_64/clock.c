/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See clock.h. PIT channel 2 counts down at 1.193182 MHz (8254) while TSC and LAPIC timer run; both are read at two
 * moments some milliseconds apart. A read that took long (an emulator that lost the CPU) is repeated, so the window may
 * be short.
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
    WINDOW_TICKS = 2386, /* 2 ms */
    READS = 8,
    PATIENCE = 10000000,
};

struct clock boot_clock;

struct moment {
    uint64_t tsc;
    uint32_t timer;
    uint32_t pit;
};

static uint32_t pit_read(void)
{
    outb(PIT_COMMAND, PIT_LATCH_CHANNEL2);
    uint32_t low = inb(PIT_CHANNEL2);
    return low | (uint32_t)inb(PIT_CHANNEL2) << 8;
}

/* The tightest of several reads of all three counters. */
static struct moment read_moment(void)
{
    struct moment best = {0};
    uint64_t best_width = UINT64_MAX;
    for (uint32_t i = 0; i < READS; i++) {
        uint64_t before = rdtsc();
        uint32_t pit = pit_read();
        uint32_t timer = lapic_timer_read();
        uint64_t after = rdtsc();
        if (after - before < best_width) {
            best_width = after - before;
            best = (struct moment){before + (after - before) / 2, timer, pit};
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
    lapic_timer_start(UINT32_MAX);

    struct moment from = read_moment(), to;
    uint32_t tries = 0;
    do {
        to = read_moment();
        if (++tries > PATIENCE)
            panic("clock: PIT channel 2 does not count (it reads %u after %u tries)", to.pit, tries);
    } while (from.pit - to.pit < WINDOW_TICKS);
    lapic_timer_start(0);

    uint64_t pit = from.pit - to.pit;
    uint64_t tsc = to.tsc - from.tsc;
    uint64_t timer = from.timer - to.timer;
    if (tsc == 0 || timer == 0)
        panic("clock: %s does not count", tsc == 0 ? "the time-stamp counter" : "the LAPIC timer");
    boot_clock.tsc_hz = tsc * PIT_HZ / pit;
    boot_clock.tsc_to_ns = (UINT64_C(1000000000) << 32) / boot_clock.tsc_hz;
    uint64_t timer_hz = timer * PIT_HZ / pit;
    boot_clock.ns_to_timer = (timer_hz << 32) / 1000000000;
    log_line("clock: TSC %lu kHz, LAPIC timer %lu kHz", boot_clock.tsc_hz / 1000, timer_hz / 1000);
}
