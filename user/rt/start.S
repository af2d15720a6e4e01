/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first instructions of a process. The kernel enters with the address of struct tn_start in rdi and rsp at the
 * 16-byte aligned top of the stack; everything after is rt/process.c's.
 */
    .section .text.start, "ax"
    .globl _start
    .type _start, @function
_start:
    xorl %ebp, %ebp /* the end of every backtrace */
    cld
    call tn_process_start
    ud2 /* tn_process_start does not return */
    .size _start, . - _start
