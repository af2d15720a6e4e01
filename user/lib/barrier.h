/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ordering between the CPU and a device on memory they share. Each says what it pairs with. On x86 ordinary stores are
 * seen in order and loads are done in order, so the first two only hold the compiler back; stores to register windows
 * (uncached) come after all earlier stores.
 */
#ifndef TENURE_USER_BARRIER_H
#define TENURE_USER_BARRIER_H

/* Between filling what a device will read and publishing it (index, doorbell). Pairs with the device's read of the
 * index. */
static inline void dma_wmb(void)
{
    __asm__ volatile("" : : : "memory");
}

/* Between reading the index that a device published and reading what it covers. Pairs with the device's store of the
 * index. */
static inline void dma_rmb(void)
{
    __asm__ volatile("" : : : "memory");
}

/* Between publishing an index and reading what the device says about notifications: a store before a load, which even
 * x86 reorders. Pairs with the device's own full barrier between its flag and its look at the index. */
static inline void dma_mb(void)
{
    __asm__ volatile("lock; addl $0, -4(%%rsp)" : : : "memory", "cc");
}

#endif
