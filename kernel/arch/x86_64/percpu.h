/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What belongs to one CPU, reached through the GS base while in the kernel. One CPU runs for now; nothing in here is
 * shared, so that a second one gets its own.
 */
#ifndef TENURE_KERNEL_ARCH_PERCPU_H
#define TENURE_KERNEL_ARCH_PERCPU_H

#define PERCPU_SCRATCH 0
#define PERCPU_FRAME   8
#define PERCPU_STACK   16

#ifndef __ASSEMBLER__
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/lock.h"

struct process;
struct tn_frame;

struct percpu {
    uint64_t scratch;        /* user rsp between SYSCALL and the frame */
    struct tn_frame *frame;  /* of the running process */
    uint64_t stack;          /* top of the kernel stack */
    struct process *current; /* running or last run; NULL before the first */
    uint32_t apic_id;
#ifdef LOCK_CHECKS
    struct lock_stack locks;
#endif
};
static_assert(offsetof(struct percpu, scratch) == PERCPU_SCRATCH, "entry.S");
static_assert(offsetof(struct percpu, frame) == PERCPU_FRAME, "entry.S");
static_assert(offsetof(struct percpu, stack) == PERCPU_STACK, "entry.S");

extern struct percpu boot_cpu;

static inline struct percpu *this_cpu(void)
{
    return &boot_cpu;
}
#endif

#endif
