/* SPDX-License-Identifier: Apache-2.0 */
/* The saved registers of a process, in the order in which entry.S and the CPU push them. */
#ifndef TENURE_KERNEL_ARCH_FRAME_H
#define TENURE_KERNEL_ARCH_FRAME_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

struct tn_frame {
    uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    uint64_t vector; /* VECTOR_SYSCALL: resumed by SYSRET, otherwise by IRET */
    uint64_t error;
    uint64_t rip, cs, rflags, rsp, ss;
};
static_assert(offsetof(struct tn_frame, rdi) == 112, "entry.S");
static_assert(offsetof(struct tn_frame, rip) == 136, "entry.S");
static_assert(sizeof(struct tn_frame) == 176,
              "the CPU aligns the stack to 16 before it pushes: the end must be aligned");

#endif
