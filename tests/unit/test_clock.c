/* SPDX-License-Identifier: Apache-2.0 */
/* The clock is measured against a model of PIT channel 2, on a machine that stalls: the model stands in for io.h. */
#define TENURE_KERNEL_ARCH_IO_H

#include <stdbool.h>

#include "unit.h"

#define TSC_HZ UINT64_C(2500000000)

enum { ACCESS_NS = 1000, TSC_READ_NS = 20, PIT_RATE = 1193182, ROUND = 0x10000 };

static struct {
    uint64_t now, started;               /* ns */
    uint64_t stall_at, stall_ns, stalls; /* when, for how long, how often */
    uint16_t latch;
    bool reads_high, stuck; /* the bit of port 0x61 is always on */
    unsigned starts;
    char log[512];
} model;

static void pass(uint64_t ns)
{
    model.now += ns;
    if (model.stalls != 0 && model.now >= model.stall_at) {
        model.stalls--;
        model.stall_at += model.stall_ns + 1000000;
        model.now += model.stall_ns;
    }
}

static uint64_t counted(void)
{
    return (uint64_t)((unsigned __int128)(model.now - model.started) * PIT_RATE / 1000000000);
}

static inline void outb(uint16_t port, uint8_t value)
{
    pass(ACCESS_NS);
    if (port == 0x43 && value == 0xb0) {
        model.started = model.now;
        model.starts++;
    }
    if (port == 0x43 && value == 0x80) {
        model.latch = (uint16_t)(0xffff - counted() % ROUND);
        model.reads_high = false;
    }
}

static inline uint8_t inb(uint16_t port)
{
    pass(ACCESS_NS);
    if (port == 0x61)
        return model.stuck || counted() >= ROUND ? 0x20 : 0;
    uint8_t half = (uint8_t)(model.reads_high ? model.latch >> 8 : model.latch & 0xff);
    model.reads_high = !model.reads_high;
    return half;
}

static inline uint64_t rdtsc(void)
{
    pass(TSC_READ_NS);
    return (uint64_t)((unsigned __int128)model.now * TSC_HZ / 1000000000);
}

#include "arch/x86_64/clock.c"

void lapic_timer_start(uint32_t counts)
{
    (void)counts;
}

uint32_t lapic_timer_read(void)
{
    return 0;
}

void log_line(const char *format, ...)
{
    va_list args;
    size_t n = strlen(model.log);
    va_start(args, format);
    vsnprintf(model.log + n, sizeof model.log - n, format, args);
    va_end(args);
}

static void measure(uint64_t stall_at, uint64_t stall_ns, uint64_t stalls, bool stuck)
{
    memset(&model, 0, sizeof model);
    model.stall_at = stall_at;
    model.stall_ns = stall_ns;
    model.stalls = stalls;
    model.stuck = stuck;
    clock_init();
}

static void assert_right(void)
{
    assert_in_range(boot_clock.tsc_hz, TSC_HZ - TSC_HZ / 50, TSC_HZ + TSC_HZ / 50);
    assert_null(strstr(model.log, "stalls"));
}

static void a_machine_that_does_not_stall_is_measured_once(void **state)
{
    (void)state;
    for (unsigned stuck = 0; stuck < 2; stuck++) {
        measure(0, 0, 0, stuck);
        assert_right();
        assert_int_equal(model.starts, 1);
        assert_in_range(model.now, 2000000, 2200000);
    }
}

/* 54.9 ms is once round the counter: what it shows then is again what it showed before. */
static void a_stall_at_any_moment_changes_nothing(void **state)
{
    (void)state;
    static const uint64_t milliseconds[] = {1, 20, 53, 54, 55, 56, 57, 58, 100, 110, 111, 112, 200, 385, 1000};
    for (unsigned stuck = 0; stuck < 2; stuck++)
        for (uint64_t at = 0; at < 2300000; at += 7000)
            for (size_t i = 0; i < sizeof milliseconds / sizeof milliseconds[0]; i++) {
                measure(at, milliseconds[i] * 1000000, 1, stuck);
                assert_right();
                assert_in_range(model.starts, 1, 2);
            }
}

static void a_machine_that_stalls_all_the_time_is_given_up_and_said(void **state)
{
    (void)state;
    measure(500000, 60000000, UINT64_MAX, false);
    assert_int_equal(model.starts, 8);
    assert_non_null(strstr(model.log, "clock: the machine stalls"));
    assert_true(boot_clock.tsc_hz != 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_machine_that_does_not_stall_is_measured_once),
    cmocka_unit_test(a_stall_at_any_moment_changes_nothing),
    cmocka_unit_test(a_machine_that_stalls_all_the_time_is_given_up_and_said),
};
UNIT_MAIN(tests)
