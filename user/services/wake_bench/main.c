/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A driver that sleeps until its interrupt, for counting: the way from the store that raises it, in another process
 * (raise_bench), to the first instruction here. The instruction behind SYSCALL is the mark. args: ops=N
 */
#include <args.h>
#include <dma.h>
#include <irq.h>
#include <mmio.h>
#include <print.h>
#include <process.h>
#include <ring.h>

#include "../../drivers/edu/edu.h"

static struct tn_irq irq;

/* tn_enter without the rest of the ring: nothing to submit, one completion to wait for, no deadline. */
static void sleep_until_woken(void)
{
    uint64_t status, rdx = 1;
    register uint64_t r10 __asm__("r10") = TN_DEADLINE_NEVER;
    __asm__ volatile("syscall; nopl 0x4d4b0004(%%rax)"
                     : "=a"(status), "+d"(rdx)
                     : "D"(UINT64_C(0)), "S"(UINT64_C(0)), "r"(r10)
                     : "rcx", "r11", "memory");
    if (status != TN_OK)
        tn_die("bench: FAIL the wait ends with %s", tn_status_name((enum tn_status)status));
}

int tn_main(const struct tn_start *start)
{
    uint64_t ops = 2000, pool;
    const struct tn_arg known[] = {{.key = "ops", .value = &ops, .min = 1, .max = UINT32_MAX}};
    tn_args_require(start->args, known, 1);
    const struct tn_start_cap *cap = tn_start_find_kind(start, TN_KIND_DEVICE);
    if (cap == NULL || tn_dma_device_pool(cap->handle, 4096, &pool) != TN_OK ||
        tn_dma_bus_master(cap->handle, TN_BUS_MASTER_ON) != TN_OK || tn_irq_bind(cap->handle, 0, &irq) != TN_OK)
        tn_die("bench: FAIL no interrupt");
    for (uint64_t i = 0; i < ops; i++) {
        sleep_until_woken();
        tn_ring_flush();
        if (!tn_irq_pending(&irq))
            tn_die("bench: FAIL woken without an event");
        tn_irq_acknowledge(&irq);
        tn_ring_flush();
    }
    tn_print("bench: ops=%lu", ops);
    return 0;
}
