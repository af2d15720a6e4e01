/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A driver that gives its interrupt back while its device is about to raise it, binds it again, and sees whether
 * anything from before reaches it (G7): QEMU's educational device computes a factorial on a thread of its own, so over
 * many rounds its interrupt comes before, during and after each step of the release. args: rounds=N
 */
#include <args.h>
#include <clock.h>
#include <dma.h>
#include <irq.h>
#include <mmio.h>
#include <print.h>
#include <process.h>
#include <report.h>
#include <ring.h>

#include "../../drivers/edu/edu.h"

static struct tn_mmio registers;
static uint64_t device;
static struct {
    uint64_t before_release; /* rounds whose interrupt came as an event */
    uint64_t after_release;  /* rounds in which it had not when the interrupt was given back */
    uint64_t stale_events;   /* events of a route that had been given back: there must be none */
    uint64_t early_events;   /* events of a fresh route that nobody has raised: there must be none */
    uint64_t missing;        /* raised under the fresh route and not delivered: there must be none */
} seen;

static enum tn_status release(const struct tn_irq *irq)
{
    struct tn_sqe sqe = {.op = TN_OP_INTERRUPT_RELEASE, .handle = irq->handle};
    return tn_ring_call(&sqe, NULL);
}

static void spin(uint64_t n)
{
    for (; n > 0; n--)
        __builtin_ia32_pause();
}

/* Computed, and raised: the device clears the one before it does the other. */
static void wait_until_raised(void)
{
    while ((mmio_read32(&registers, EDU_STATUS) & EDU_COMPUTING) != 0 ||
           (mmio_read32(&registers, EDU_INTERRUPT_STATUS) & EDU_DONE_FACTORIAL) == 0)
        __builtin_ia32_pause();
}

static void bind(struct tn_irq *irq)
{
    enum tn_status status = tn_irq_bind(device, 0, irq);
    if (status != TN_OK)
        tn_die("stale_irq: FAIL the interrupt cannot be bound again: %s", tn_status_name(status));
}

static void round_of(uint64_t n)
{
    /* Each round has sources of its own, so that an event says which tenure it is for. */
    static struct tn_irq irq[2];
    bind(&irq[0]);
    mmio_write32(&registers, EDU_STATUS, EDU_INTERRUPT_AFTER_FACTORIAL);
    mmio_write32(&registers, EDU_FACTORIAL, (uint32_t)(1 + n % 50));
    spin(n % 2 == 0 ? n * 7 % 64 : n * 37 % 4000); /* around the moment, and well after it */
    tn_ring_flush();
    if (tn_irq_pending(&irq[0]))
        seen.before_release++;
    else
        seen.after_release++;
    irq[0].pending = 0;
    if (release(&irq[0]) != TN_OK)
        tn_die("stale_irq: FAIL the interrupt is not taken back");
    wait_until_raised();
    (void)tn_ring_wait(1, tn_deadline_in(200000));
    /* What came up to the release may have been on the ring; after it, nothing. */
    irq[0].pending = 0;
    mmio_write32(&registers, EDU_INTERRUPT_ACKNOWLEDGE, UINT32_MAX);

    bind(&irq[1]);
    (void)tn_ring_wait(1, tn_deadline_in(200000));
    seen.stale_events += tn_irq_pending(&irq[0]) != 0;
    seen.early_events += tn_irq_pending(&irq[1]) != 0;
    irq[1].pending = 0;
    mmio_write32(&registers, EDU_INTERRUPT_RAISE, 2);
    (void)tn_ring_wait(1, tn_deadline_in(TN_SECOND));
    seen.missing += tn_irq_pending(&irq[1]) == 0;
    mmio_write32(&registers, EDU_INTERRUPT_ACKNOWLEDGE, UINT32_MAX);
    /* Raised once more, and given back without a look: the next round must not hear of it. */
    mmio_write32(&registers, EDU_STATUS, EDU_INTERRUPT_AFTER_FACTORIAL);
    mmio_write32(&registers, EDU_FACTORIAL, (uint32_t)(1 + n % 50));
    if (release(&irq[1]) != TN_OK)
        tn_die("stale_irq: FAIL the interrupt is not taken back");
    wait_until_raised();
    mmio_write32(&registers, EDU_INTERRUPT_ACKNOWLEDGE, UINT32_MAX);
}

int tn_main(const struct tn_start *start)
{
    uint64_t rounds = 200;
    const struct tn_arg known[] = {{.key = "rounds", .value = &rounds, .min = 1, .max = 100000}};
    tn_args_require(start->args, known, 1);
    const struct tn_start_cap *cap = tn_start_find_kind(start, TN_KIND_DEVICE);
    if (cap == NULL)
        tn_die("stale_irq: FAIL no device");
    device = cap->handle;
    if (tn_mmio_map(device, 0, 0, EDU_REGISTERS_BYTES, &registers) != TN_OK)
        tn_die("stale_irq: FAIL no registers");
    uint64_t pool;
    if (tn_dma_device_pool(device, 4096, &pool) != TN_OK || tn_dma_bus_master(device, TN_BUS_MASTER_ON) != TN_OK)
        tn_die("stale_irq: FAIL no bus mastering");
    for (uint64_t n = 0; n < rounds; n++)
        round_of(n);
    tn_print("stale_irq: rounds=%lu before=%lu after=%lu", rounds, seen.before_release, seen.after_release);
    report_count("stale_events", seen.stale_events, 0);
    report_count("early_events", seen.early_events, 0);
    report_count("missing_events", seen.missing, 0);
    return report_end("stale interrupts");
}
