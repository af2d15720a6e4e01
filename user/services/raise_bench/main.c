/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Raises the interrupt of a driver in another process, for counting: the store makes its device (QEMU's rocker, which
 * has a register for that) write into the register of another device that raises that one's interrupt, before the store
 * ends. args: ops=N,target=ADDRESS (of that register; bench/ asks QEMU)
 */
#include <args.h>
#include <clock.h>
#include <dma.h>
#include <mmio.h>
#include <print.h>
#include <process.h>
#include <ring.h>

enum rocker_register {
    ROCKER_TEST_DMA_ADDRESS = 0x28, /* 64 bits, as two halves */
    ROCKER_TEST_DMA_SIZE = 0x30,
    ROCKER_TEST_DMA_CONTROL = 0x34,
    ROCKER_TEST_DMA_FILL = 2, /* writes `size` bytes of a pattern */
    ROCKER_REGISTERS_BYTES = 0x1000,
};
#define NAP_NS UINT64_C(100000) /* the driver is asleep again long before */

/* The mark, the store, and at once the wait: what the driver waits for is not ours. */
static void raise_and_sleep(volatile uint32_t *control, uint64_t deadline)
{
    uint64_t status, rdx = 1;
    register uint64_t r10 __asm__("r10") = deadline;
    __asm__ volatile("nopl 0x4d4b0003(%%rax); movl %3, %2; syscall"
                     : "=a"(status), "+d"(rdx), "=m"(*control)
                     : "i"(ROCKER_TEST_DMA_FILL), "D"(UINT64_C(0)), "S"(UINT64_C(0)), "r"(r10)
                     : "rcx", "r11", "memory");
    if (status != TN_ETIMEDOUT)
        tn_die("raise: FAIL the wait ends with %s", tn_status_name((enum tn_status)status));
}

int tn_main(const struct tn_start *start)
{
    uint64_t ops = 2000, target = 0, pool;
    const struct tn_arg known[] = {{.key = "ops", .value = &ops, .min = 1, .max = UINT32_MAX},
                                   {.key = "target", .value = &target, .min = 1, .max = UINT64_MAX}};
    struct tn_mmio registers;
    tn_args_require(start->args, known, 2);
    if (target == 0)
        tn_die("raise: FAIL target=ADDRESS is missing: the register to write into");
    const struct tn_start_cap *cap = tn_start_find_kind(start, TN_KIND_DEVICE);
    if (cap == NULL || tn_mmio_map(cap->handle, 0, 0, ROCKER_REGISTERS_BYTES, &registers) != TN_OK ||
        tn_dma_device_pool(cap->handle, 4096, &pool) != TN_OK ||
        tn_dma_bus_master(cap->handle, TN_BUS_MASTER_ON) != TN_OK)
        tn_die("raise: FAIL no device");
    mmio_write32(&registers, ROCKER_TEST_DMA_ADDRESS, (uint32_t)target);
    mmio_write32(&registers, ROCKER_TEST_DMA_ADDRESS + 4, (uint32_t)(target >> 32));
    mmio_write32(&registers, ROCKER_TEST_DMA_SIZE, 4);
    volatile uint32_t *control =
        (volatile uint32_t *)(volatile void *)tn_mmio_at(&registers, ROCKER_TEST_DMA_CONTROL, 4);
    for (uint64_t i = 0; i < ops; i++)
        raise_and_sleep(control, tn_deadline_in(NAP_NS));
    return 0;
}
