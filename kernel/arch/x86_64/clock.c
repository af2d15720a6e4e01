/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See clock.h. PIT channel 2 counts down at 1.193182 MHz (8254) while the TSC runs; both are read at three moments, a
 * millisecond apart, then the LAPIC timer is measured against the TSC. A read that took long (an emulator that lost
 * the CPU) is repeated, so the windows may be short; so is all of it if the two windows do not agree.
 */
#include "arch/x86_64/clock.h"

#include "arch/x86_64/lapic.h"
#include "diag/log.h"
#include "diag/panic.h"

enum {
    PIT_HZ = 1193182,
    PIT_CHANNEL2 = 0x42,
    PIT_COMMAND = 0x43,
    PIT_GATE = 0x61,   /* bit 0: gate of channel 2, bit 1: speaker */
    PIT_OUT2 = 1 << 5, /* since the counter was started, it has run out */
    PIT_MODE0_CHANNEL2 = 0xb0,
    PIT_LATCH_CHANNEL2 = 0x80,
    PIT_WINDOW = 1193, /* 1 ms */
    WINDOWS = 2,
    TOLERANCE = 32, /* one part in so many */
    TRIES = 8,
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

/* Starts the counter and reads it at three moments, a window apart. False: it has run out on the way, as it does after
 * 55 ms, and counts from the top again: what it says is nothing. */
static bool watch_pit(struct moment at[WINDOWS + 1])
{
    outb(PIT_COMMAND, PIT_MODE0_CHANNEL2);
    outb(PIT_CHANNEL2, 0xff);
    outb(PIT_CHANNEL2, 0xff);
    bool tells = !(inb(PIT_GATE) & PIT_OUT2); /* a machine without this bit has it always on */
    uint32_t tries = 0;
    at[0] = read_moment(pit_read);
    for (uint32_t i = 1; i <= WINDOWS; i++) {
        do {
            at[i] = read_moment(pit_read);
            if (++tries > PATIENCE)
                panic("clock: PIT channel 2 does not count (it reads %u after %u tries)", at[i].counter, tries);
        } while (at[i - 1].counter - at[i].counter < PIT_WINDOW);
    }
    return !(tells && inb(PIT_GATE) & PIT_OUT2);
}

static uint64_t tsc_rate(const struct moment *from, const struct moment *to)
{
    return (to->tsc - from->tsc) * PIT_HZ / (from->counter - to->counter);
}

/* A machine that stalled within one of the two windows has another rate there. */
static bool agree(uint64_t a, uint64_t b)
{
    return (a < b ? b - a : a - b) <= a / TOLERANCE;
}

void clock_init(void)
{
    struct moment at[WINDOWS + 1];
    uint64_t first, second;
    uint32_t tries = 0;
    boot_clock.tsc_at_boot = rdtsc();
    outb(PIT_GATE, (uint8_t)((inb(PIT_GATE) & ~2u) | 1u));
    bool is_right;
    do {
        is_right = watch_pit(at);
        first = tsc_rate(&at[0], &at[1]);
        second = tsc_rate(&at[1], &at[2]);
        is_right = is_right && agree(first, second);
    } while (!is_right && ++tries < TRIES);
    boot_clock.tsc_hz = is_right ? tsc_rate(&at[0], &at[2]) : second;
    if (boot_clock.tsc_hz == 0)
        panic("clock: the time-stamp counter does not count");
    boot_clock.tsc_to_ns = (UINT64_C(1000000000) << 32) / boot_clock.tsc_hz;
    if (!is_right)
        log_line("clock: the machine stalls: %lu and %lu kHz in the last of %u tries; times may be wrong", first / 1000,
                 second / 1000, tries);
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
