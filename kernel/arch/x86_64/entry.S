/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Doors between user mode and the kernel.
 *
 * The registers of a process are saved in its own struct tn_frame: the TSS's rsp0 points just behind it, so an interrupt from
 * user mode pushes straight into it, and SYSCALL stores into it by hand. The C side returns the frame to resume, maybe
 * another process's. In the kernel interrupts are off, but for the HLT of the idle loop; an interrupt there uses the kernel stack.
 */
#include "layout.h"
#include "percpu.h"

/* offsets in struct tn_frame, checked in frame.h */
#define F_R15 0
#define F_R14 8
#define F_R13 16
#define F_R12 24
#define F_RBP 32
#define F_RBX 40
#define F_R11 48
#define F_R10 56
#define F_R9 64
#define F_R8 72
#define F_RAX 80
#define F_RCX 88
#define F_RDX 96
#define F_RSI 104
#define F_RDI 112
#define F_VECTOR 120
#define F_ERROR 128
#define F_RIP 136
#define F_CS 144
#define F_RFLAGS 152
#define F_RSP 160
#define F_SS 168

    .section .text, "ax"
    .code64

    .macro SAVE_REGISTERS
    push %rdi
    push %rsi
    push %rdx
    push %rcx
    push %rax
    push %r8
    push %r9
    push %r10
    push %r11
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    .endm

    /* ends with rsp at the frame's rip, as IRET wants it */
    .macro RESTORE_REGISTERS
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rax
    pop %rcx
    pop %rdx
    pop %rsi
    pop %rdi
    add $16, %rsp
    .endm

    .globl syscall_entry
syscall_entry:
    swapgs
    mov %rsp, %gs:PERCPU_SCRATCH
    mov %gs:PERCPU_FRAME, %rsp
    mov %r15, F_R15(%rsp)
    mov %r14, F_R14(%rsp)
    mov %r13, F_R13(%rsp)
    mov %r12, F_R12(%rsp)
    mov %rbp, F_RBP(%rsp)
    mov %rbx, F_RBX(%rsp)
    mov %r10, F_R10(%rsp)
    mov %r9, F_R9(%rsp)
    mov %r8, F_R8(%rsp)
    mov %rax, F_RAX(%rsp)
    mov %rdx, F_RDX(%rsp)
    mov %rsi, F_RSI(%rsp)
    mov %rdi, F_RDI(%rsp)
    movq $VECTOR_SYSCALL, F_VECTOR(%rsp)
    mov %rcx, F_RIP(%rsp)
    mov %r11, F_RFLAGS(%rsp)
    mov %gs:PERCPU_SCRATCH, %rax
    mov %rax, F_RSP(%rsp)
    mov %rsp, %rdi
    mov %gs:PERCPU_STACK, %rsp
    xor %ebp, %ebp
    call syscall_from_user
    /* falls through */

/* rax: the frame to resume */
resume:
    mov %rax, %rsp
    cmpq $VECTOR_SYSCALL, F_VECTOR(%rsp)
    jne resume_interrupted
    mov F_R15(%rsp), %r15
    mov F_R14(%rsp), %r14
    mov F_R13(%rsp), %r13
    mov F_R12(%rsp), %r12
    mov F_RBP(%rsp), %rbp
    mov F_RBX(%rsp), %rbx
    mov F_R10(%rsp), %r10
    mov F_R9(%rsp), %r9
    mov F_R8(%rsp), %r8
    mov F_RAX(%rsp), %rax
    mov F_RDX(%rsp), %rdx
    mov F_RSI(%rsp), %rsi
    mov F_RDI(%rsp), %rdi
    mov F_RIP(%rsp), %rcx
    mov F_RFLAGS(%rsp), %r11
    mov F_RSP(%rsp), %rsp
    swapgs
    sysretq

    .globl resume_interrupted
resume_interrupted:
    RESTORE_REGISTERS
    swapgs
    iretq

    /* The first process: rdi = its frame. */
    .globl enter_user
enter_user:
    mov %rdi, %rax
    jmp resume

/* User mode may have set DF, and AC, which would switch SMAP off in here; CLAC does not exist on every CPU. Only on a kernel
 * stack: in front of a process's frame lies another process. */
.macro CLEAR_FLAGS
    pushq $2
    popfq
.endm

trap_common:
    SAVE_REGISTERS
    testb $3, F_CS(%rsp)
    jz trap_in_kernel
    swapgs
    mov %rsp, %rdi
    mov %gs:PERCPU_STACK, %rsp
    CLEAR_FLAGS
    xor %ebp, %ebp
    call trap_from_user
    jmp resume

    /* A fault of ours (does not return, or lands on a fix-up address), or an interrupt in the idle loop's HLT or in a window of
     * irq/route.c. */
trap_in_kernel:
    CLEAR_FLAGS
    mov %rsp, %rdi
    mov %rsp, %rbx
    and $-16, %rsp
    call trap_from_kernel
    mov %rbx, %rsp
    RESTORE_REGISTERS
    iretq

    /* NMI, #DF and #MC can come between SYSCALL and SWAPGS; they end the machine and need no gs. */
trap_fatal:
    SAVE_REGISTERS
    cld
    mov %rsp, %rdi
    and $-16, %rsp
    call trap_is_fatal
    ud2

    .altmacro
    .macro STUB vector
stub_\vector:
    .if !((\vector == 8) || (\vector >= 10 && \vector <= 14) || (\vector == 17) || (\vector == 21) || (\vector == 29) || (\vector == 30))
    push $0
    .endif
    push $\vector
    .if (\vector == 2) || (\vector == 8) || (\vector == 18)
    jmp trap_fatal
    .else
    jmp trap_common
    .endif
    .endm
    .macro STUB_ADDRESS vector
    .quad stub_\vector
    .endm

    .set i, 0
    .rept 256
    STUB %i
    .set i, i + 1
    .endr

    .section .rodata
    .align 8
    .globl trap_stubs
trap_stubs:
    .set i, 0
    .rept 256
    STUB_ADDRESS %i
    .set i, i + 1
    .endr
