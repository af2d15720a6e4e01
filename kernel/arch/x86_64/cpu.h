/* SPDX-License-Identifier: Apache-2.0 */
/* Sets the CPU up: segments, TSS, IDT, SYSCALL, and every protection it has. */
#ifndef TENURE_KERNEL_ARCH_CPU_H
#define TENURE_KERNEL_ARCH_CPU_H

#include <stdbool.h>
#include <stdint.h>

struct tn_frame;

/* Segments, TSS and IDT: exceptions are readable from here on. */
void cpu_init_tables(void);
/* NX (required), SMEP, SMAP, UMIP, write protection, SYSCALL. Panics if the CPU lacks what the kernel cannot do
 * without. */
void cpu_init_protection(void);
/* The first physical address that the CPU cannot form. A page table entry beyond it has reserved bits set: its use is a
 * page fault in the kernel, so nothing that firmware or a device names is mapped there. */
uint64_t cpu_physical_limit(void);
/* Where the next entry from user mode saves its registers. */
void cpu_set_frame(struct tn_frame *frame);
/* Continues in user mode; does not return. */
_Noreturn void enter_user(struct tn_frame *frame);

#endif
