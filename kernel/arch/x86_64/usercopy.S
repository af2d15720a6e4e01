/* SPDX-License-Identifier: Apache-2.0 */
/* The two instructions that touch user memory from the kernel. rdi = to, rsi = from, rdx = n; rax = bytes left. */
    .macro FIXUP from to
    .pushsection .fixup, "a"
    .quad \from, \to
    .popsection
    .endm

    .section .text, "ax"
    .globl usercopy_bytes
usercopy_bytes:
    mov %rdx, %rcx
1:  rep movsb
2:  mov %rcx, %rax
    ret
    FIXUP 1b, 2b

    .globl usercopy_bytes_smap
usercopy_bytes_smap:
    mov %rdx, %rcx
    stac
1:  rep movsb
2:  clac
    mov %rcx, %rax
    ret
    FIXUP 1b, 2b
