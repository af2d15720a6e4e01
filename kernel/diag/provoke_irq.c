/* SPDX-License-Identifier: Apache-2.0 */
/* See provoke_irq.h. */
#include "diag/provoke_irq.h"

#include <stddef.h>

#include "arch/x86_64/clock.h"
#include "boot/command_line.h"
#include "diag/log.h"
#include "irq/route.h"
#include "lib/string.h"
#include "mm/space.h"
#include "pci/scan.h"
#include "proc/process.h"

/* Devices of QEMU with a register that raises, at once. */
static const struct raiser {
    uint16_t vendor, device;
    uint32_t offset, value; /* in BAR 0 */
} raisers[] = {
    {0x1234, 0x11e8, 0x60, 1}, /* edu: MSI, without a mask of its own */
    {0x1b36, 0x0006, 0x20, 0}, /* rocker: MSI-X, entry 0 */
};

/* Round k is point k. A window opens only if something has arrived, so its points raise before `also` as well. */
static const struct point {
    const char *name;
    enum provoke_step step, also;
    bool is_release;
} points[] = {
    {"bind: before it is programmed", STEP_PROGRAM, STEP_PROGRAM, false},
    {"bind: after it is programmed", STEP_SILENCE, STEP_SILENCE, false},
    {"bind: masked, before the read back", STEP_READ_BACK, STEP_READ_BACK, false},
    {"bind: in the window", STEP_WINDOW, STEP_SILENCE, false},
    {"bind: before it is armed", STEP_ARM, STEP_ARM, false},
    {"bind: armed, before it is unmasked", STEP_UNMASK, STEP_UNMASK, false},
    {"bind: after it is unmasked", STEP_BOUND, STEP_BOUND, false},
    {"release: before it is revoked", STEP_REVOKE, STEP_REVOKE, true},
    {"release: revoked, before it is masked", STEP_MASK, STEP_MASK, true},
    {"release: masked, before the read back", STEP_READ_BACK, STEP_READ_BACK, true},
    {"release: in the window", STEP_WINDOW, STEP_MASK, true},
    {"release: before it is drained", STEP_DRAINED, STEP_DRAINED, true},
    {"release: drained, before it is free", STEP_FREE, STEP_FREE, true},
    {"release: after it is free", STEP_FREED, STEP_FREED, true},
};
#define SLOW_NS UINT64_C(6000000) /* more than a slice */

enum { POINTS = sizeof points / sizeof points[0] };

static bool is_on, is_undrained, is_delivered, is_slow, is_release;
static uint32_t binds;        /* begun; two a round */
static uint32_t raised, done; /* in this round; bits of the steps that have raised */
static uint64_t stale_before;

static const struct raiser *raiser_of(const struct irq_source *source)
{
    const struct pci_function *f = source->function;
    for (uint32_t i = 0; f && i < sizeof raisers / sizeof raisers[0]; i++)
        if (f->vendor == raisers[i].vendor && f->device == raisers[i].device)
            return &raisers[i];
    return NULL;
}

static void raise(const struct irq_source *source, const struct raiser *raiser)
{
    static volatile uint8_t *registers;
    if (!registers)
        registers = kernel_mmio_map(source->function->bar[0].address, 0x1000);
    if (!registers) {
        log_line("provoke: no room to map the registers that raise");
        return;
    }
    *(volatile uint32_t *)(volatile void *)(registers + raiser->offset) = raiser->value;
    raised++;
}

/* A binding has begun: of a new round if it is the first of two. The last round raises nothing. */
static void begin_binding(void)
{
    uint64_t stale = route_counts().stale;
    if (binds % 2 == 0 && binds != 0) {
        uint32_t round = binds / 2 - 1;
        log_line("provoke: round %u raised %u stale %lu at %s", round, raised, stale - stale_before,
                 round < POINTS ? points[round].name : "no step");
    }
    if (binds % 2 == 0) {
        stale_before = stale;
        raised = done = 0;
    }
    binds++;
}

static void slow_step(enum provoke_step step, const struct irq_source *source, const struct raiser *raiser)
{
    if (step == STEP_SILENCE && raised == 0)
        raise(source, raiser);
    if (step == STEP_WINDOW && done == 0) {
        uint64_t end = clock_now() + SLOW_NS;
        while (clock_now() < end)
            cpu_relax();
        done = 1;
        log_line("provoke: a slow window");
    }
}

void provoke_irq_step(enum provoke_step step, const struct irq_source *source)
{
    const struct raiser *raiser = is_on ? raiser_of(source) : NULL;
    if (!raiser)
        return;
    if (is_slow) {
        slow_step(step, source, raiser);
        return;
    }
    if (step == STEP_PROGRAM)
        begin_binding();
    if (step == STEP_PROGRAM || step == STEP_REVOKE)
        is_release = step == STEP_REVOKE;
    uint32_t round = (binds - 1) / 2;
    bool is_first = binds % 2 != 0;
    if (round >= POINTS || points[round].is_release != is_release || is_release != is_first)
        return;
    if ((step == points[round].step || step == points[round].also) && (done >> step & 1) == 0) {
        done |= 1u << step;
        raise(source, raiser);
    }
}

bool provoke_undrained(void)
{
    return is_undrained;
}

/* The ring keeps its account: the completion is reserved and used. */
void provoke_stale(struct process *holder, uint64_t user_data)
{
    if (!is_delivered || !holder)
        return;
    tn_ring_reserve_commit(&holder->ring, 1);
    process_post(holder, &(struct tn_cqe){.user_data = user_data, .kind = TN_CQE_INTERRUPT, .value = {1, 1}});
}

void provoke_irq_from_command_line(void)
{
    char value[16];
    if (!command_line_value("provoke", value, sizeof value))
        return;
    is_undrained = text_equal(value, "irq-undrained");
    is_delivered = text_equal(value, "irq-delivered");
    is_slow = text_equal(value, "irq-slow");
    is_on = is_undrained || is_delivered || is_slow || text_equal(value, "irq-steps");
}
