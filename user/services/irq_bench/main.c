/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole cycle of an interrupt, for counting: a driver asks its device for one, sleeps, is woken by the event,
 * quiets the device, acknowledges, and sleeps again. QEMU's educational device raises it from a thread of its own. What
 * is counted is left to bench/.
 */
#include <args.h>
#include <clock.h>
#include <dma.h>
#include <irq.h>
#include <marker.h>
#include <mmio.h>
#include <print.h>
#include <process.h>
#include <ring.h>

#include "../../drivers/edu/edu.h"

static struct tn_mmio registers;
static struct tn_irq irq;

/* One wait without a deadline a cycle: a timer would be counted too. The machine's own time limit ends a run that
 * hangs.
 */
static void cycle(uint64_t count)
{
    for (; count > 0; count--) {
        mmio_write32(&registers, EDU_FACTORIAL, 1);
        while (!tn_irq_pending(&irq))
            (void)tn_ring_wait(1, TN_DEADLINE_NEVER);
        mmio_write32(&registers, EDU_INTERRUPT_ACKNOWLEDGE, EDU_DONE_FACTORIAL);
        tn_irq_acknowledge(&irq);
    }
}

int tn_main(const struct tn_start *start)
{
    uint64_t ops = 2000, pool;
    const struct tn_arg known[] = {{.key = "ops", .value = &ops, .min = 1, .max = UINT32_MAX}};
    tn_args_require(start->args, known, 1);
    const struct tn_start_cap *cap = tn_start_find_kind(start, TN_KIND_DEVICE);
    if (cap == NULL || tn_mmio_map(cap->handle, 0, 0, EDU_REGISTERS_BYTES, &registers) != TN_OK)
        tn_die("bench: FAIL no device");
    if (tn_dma_device_pool(cap->handle, 4096, &pool) != TN_OK ||
        tn_dma_bus_master(cap->handle, TN_BUS_MASTER_ON) != TN_OK || tn_irq_bind(cap->handle, 0, &irq) != TN_OK)
        tn_die("bench: FAIL no interrupt");
    mmio_write32(&registers, EDU_STATUS, EDU_INTERRUPT_AFTER_FACTORIAL);
    cycle(ops / 8);
    tn_marker_begin();
    cycle(ops);
    tn_marker_end();
    tn_print("bench: ops=%lu", ops);
    return 0;
}
