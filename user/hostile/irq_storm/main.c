/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A driver whose device raises without end while it never acknowledges: the source is masked, one event is all it
 * hears, and after its acknowledgement the device is heard again. args: raises=N
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
static struct tn_irq irq;

static bool has_event(void)
{
    if (!tn_irq_pending(&irq))
        (void)tn_ring_wait(1, tn_deadline_in(TN_SECOND / 100));
    return tn_irq_pending(&irq) != 0;
}

static void raise(void)
{
    mmio_write32(&registers, EDU_INTERRUPT_RAISE, 2);
    mmio_write32(&registers, EDU_INTERRUPT_ACKNOWLEDGE, 2);
}

int tn_main(const struct tn_start *start)
{
    uint64_t raises = 3000, pool;
    const struct tn_arg known[] = {{.key = "raises", .value = &raises, .min = 1, .max = UINT32_MAX}};
    tn_args_require(start->args, known, 1);
    const struct tn_start_cap *cap = tn_start_find_kind(start, TN_KIND_DEVICE);
    if (cap == NULL || tn_mmio_map(cap->handle, 0, 0, EDU_REGISTERS_BYTES, &registers) != TN_OK)
        tn_die("irq_storm: FAIL no device");
    if (tn_dma_device_pool(cap->handle, 4096, &pool) != TN_OK ||
        tn_dma_bus_master(cap->handle, TN_BUS_MASTER_ON) != TN_OK || tn_irq_bind(cap->handle, 0, &irq) != TN_OK)
        tn_die("irq_storm: FAIL no interrupt");
    for (uint64_t i = 0; i < raises; i++)
        raise();
    report_count("first_event", has_event(), 1);
    report_count("its_sequence", irq.sequence, 1);
    tn_irq_acknowledge(&irq);
    report_count("those_that_waited_are_one_event", has_event(), 1);
    report_count("next_sequence", irq.sequence, 2);
    tn_irq_acknowledge(&irq);
    report_count("nothing_more", has_event(), 0);
    raise();
    report_count("heard_again", has_event(), 1);
    report_count("last_sequence", irq.sequence, 3);
    return report_end("interrupt storm");
}
