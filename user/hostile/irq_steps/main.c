/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A driver that gives its interrupt back and binds it again, once for each step at which a kernel for tests lets its
 * device raise (kernel/diag/provoke_irq.h), and tells what each binding heard. Which of it is right, the test knows.
 * args: rounds=N,raise=OFFSET,value=V,acknowledge=OFFSET (0: the device wants none)
 */
#include <args.h>
#include <clock.h>
#include <dma.h>
#include <irq.h>
#include <mmio.h>
#include <print.h>
#include <process.h>
#include <ring.h>

enum { REGISTERS_BYTES = 0x1000 };

static struct tn_mmio registers;
static uint64_t device, raise_offset, raise_value, acknowledge_offset;

/* An event, or time enough for one that must not come. */
static uint64_t hears(struct tn_irq *irq, uint64_t ns)
{
    uint64_t deadline = tn_deadline_in(ns);
    while (!tn_irq_pending(irq) && tn_clock_now() < deadline)
        (void)tn_ring_wait(1, deadline);
    return tn_irq_pending(irq) != 0;
}

static void bind(struct tn_irq *irq)
{
    enum tn_status status = tn_irq_bind(device, 0, irq);
    if (status != TN_OK)
        tn_die("irq_steps: FAIL the interrupt cannot be bound: %s", tn_status_name(status));
}

static void release(const struct tn_irq *irq)
{
    struct tn_sqe sqe = {.op = TN_OP_INTERRUPT_RELEASE, .handle = irq->handle};
    if (tn_ring_call(&sqe, NULL) != TN_OK)
        tn_die("irq_steps: FAIL the interrupt is not taken back");
}

/* Refused if the kernel knows of no event, which a twin does: then the test sees that there was one. */
static void acknowledge(struct tn_irq *irq)
{
    struct tn_sqe sqe = {.op = TN_OP_INTERRUPT_ACK, .handle = irq->handle, .arg = {irq->sequence}};
    irq->pending = 0;
    (void)!tn_ring_call(&sqe, NULL);
}

static void quiet(void)
{
    if (acknowledge_offset != 0)
        mmio_write32(&registers, (uint32_t)acknowledge_offset, UINT32_MAX);
}

static void round_of(uint64_t n)
{
    /* Each round has sources of its own, so that an event says which binding it is for. */
    static struct tn_irq first, second;
    bind(&first);
    uint64_t before = hears(&first, TN_SECOND / 5000);
    release(&first);
    uint64_t old = hears(&first, TN_SECOND / 5000);
    bind(&second);
    uint64_t unasked = hears(&second, TN_SECOND / 5000);
    old = old || tn_irq_pending(&first);
    quiet();
    if (unasked)
        acknowledge(&second);
    mmio_write32(&registers, (uint32_t)raise_offset, (uint32_t)raise_value);
    uint64_t asked = hears(&second, TN_SECOND);
    quiet();
    tn_print("irq_steps: round %lu before %lu old %lu unasked %lu asked %lu", n, before, old, unasked, asked);
    release(&second);
}

int tn_main(const struct tn_start *start)
{
    uint64_t rounds = 1, pool;
    const struct tn_arg known[] = {
        {.key = "rounds", .value = &rounds, .min = 1, .max = 100},
        {.key = "raise", .value = &raise_offset, .min = 0, .max = REGISTERS_BYTES - 4},
        {.key = "value", .value = &raise_value, .min = 0, .max = UINT32_MAX},
        {.key = "acknowledge", .value = &acknowledge_offset, .min = 0, .max = REGISTERS_BYTES - 4},
    };
    tn_args_require(start->args, known, sizeof known / sizeof known[0]);
    const struct tn_start_cap *cap = tn_start_find_kind(start, TN_KIND_DEVICE);
    if (cap == NULL)
        tn_die("irq_steps: FAIL no device");
    device = cap->handle;
    if (tn_mmio_map(device, 0, 0, REGISTERS_BYTES, &registers) != TN_OK)
        tn_die("irq_steps: FAIL no registers");
    if (tn_dma_device_pool(device, 4096, &pool) != TN_OK || tn_dma_bus_master(device, TN_BUS_MASTER_ON) != TN_OK)
        tn_die("irq_steps: FAIL no bus mastering");
    for (uint64_t n = 0; n < rounds; n++)
        round_of(n);
    return 0;
}
