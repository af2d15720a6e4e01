/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first instructions. The loader enters in 32-bit protected mode with paging off: Xen PVH start of day, ebx = start
 * info; or multiboot2, eax = its magic number and ebx = its information. Builds throw-away page tables (4 GiB at 0, at PHYSMAP_BASE; 1 GiB at KERNEL_BASE) and enters long mode.
 * kernel_main replaces the tables with the real ones (mm/kernel_space.c).
 */
#include "layout.h"

#define PHYS(symbol) ((symbol) - KERNEL_BASE)
#define CR4_PAE   (1 << 5)
#define CR4_PGE   (1 << 7)
#define MSR_EFER  0xc0000080
#define EFER_SCE  (1 << 0)
#define EFER_LME  (1 << 8)
#define EFER_NXE  (1 << 11)
#define CR0_PE    (1 << 0)
#define CR0_WP    (1 << 16)
#define CR0_PG    (1 << 31)
#define PTE_P_RW       3
#define PTE_P_RW_LARGE 0x83

    .section .note.pvh, "a", @note
    .align 4
    .long 4, 4, 18                  /* name size, descriptor size, XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz "Xen"
    .long PHYS(tn_pvh_entry)

/* Multiboot2 Specification 2.0, section 3.1: in the first 32 KiB of the file. */
#define MULTIBOOT2_HEADER_MAGIC 0xe85250d6
#define MULTIBOOT2_I386         0
#define TAG_END                 0
#define TAG_ENTRY_ADDRESS       3
#define TAG_MODULE_ALIGNMENT    6
    .section .multiboot2, "a"
    .align 8
multiboot2_header:
    .long MULTIBOOT2_HEADER_MAGIC, MULTIBOOT2_I386, multiboot2_header_end - multiboot2_header
    .long -(MULTIBOOT2_HEADER_MAGIC + MULTIBOOT2_I386 + (multiboot2_header_end - multiboot2_header))
    .short TAG_ENTRY_ADDRESS, 0
    .long 12, PHYS(tn_multiboot2_entry)
    .align 8
    .short TAG_MODULE_ALIGNMENT, 0
    .long 8
    .short TAG_END, 0
    .long 8
multiboot2_header_end:

    .section .text.boot, "ax"
    .code32
tn_multiboot2_entry:                /* eax: magic, ebx: information */
    mov %eax, %ebp
    jmp 0f
    .globl tn_pvh_entry
tn_pvh_entry:
    xor %ebp, %ebp
0:  .byte 0x0f, 0x1f, 0x80, 0x10, 0x00, 0x4b, 0x4d  /* count mark 10: kernel entry */
    cld
    mov %ebp, PHYS(boot_magic)
    mov %ebx, %esi
    mov $PHYS(boot_pml4), %edi

    /* page directories: 4 GiB of 2 MiB pages */
    mov $PHYS(boot_pd), %edi
    mov $PTE_P_RW_LARGE, %eax
    mov $(4 * 512), %ecx
1:  mov %eax, (%edi)
    movl $0, 4(%edi)
    add $0x200000, %eax
    add $8, %edi
    dec %ecx
    jnz 1b

    mov $PHYS(boot_pdpt_low), %edi
    mov $PHYS(boot_pd) + PTE_P_RW, %eax
    mov $4, %ecx
2:  mov %eax, (%edi)
    add $0x1000, %eax
    add $8, %edi
    dec %ecx
    jnz 2b
    movl $PHYS(boot_pd) + PTE_P_RW, PHYS(boot_pdpt_high) + 510 * 8

    mov $PHYS(boot_pml4), %edi
    movl $PHYS(boot_pdpt_low) + PTE_P_RW, (%edi)
    movl $PHYS(boot_pdpt_low) + PTE_P_RW, 256 * 8(%edi)
    movl $PHYS(boot_pdpt_high) + PTE_P_RW, 511 * 8(%edi)
    mov %edi, %cr3

    mov %cr4, %eax
    or $(CR4_PAE | CR4_PGE), %eax
    mov %eax, %cr4
    /* NX exists on every CPU this kernel accepts; kernel_main checks CPUID again and says so if it is missing */
    mov $0x80000001, %eax
    cpuid
    mov %edx, %ebp
    mov $MSR_EFER, %ecx
    rdmsr
    or $(EFER_SCE | EFER_LME), %eax
    test $(1 << 20), %ebp
    jz 3f
    or $EFER_NXE, %eax
3:  wrmsr
    mov %cr0, %eax
    or $(CR0_PG | CR0_WP | CR0_PE), %eax
    mov %eax, %cr0
    lgdt PHYS(boot_gdt_pointer)
    ljmp $SEGMENT_KERNEL_CODE, $PHYS(boot_long)

    .code64
boot_long:
    movabs $boot_high, %rax
    jmp *%rax
boot_high:
    mov $SEGMENT_KERNEL_DATA, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    xor %eax, %eax
    mov %eax, %fs
    mov %eax, %gs
    lea kernel_stack_top(%rip), %rsp
    xor %ebp, %ebp                  /* a backtrace ends here */
    mov %esi, %edi                  /* physical address of what the loader hands over */
    mov boot_magic(%rip), %esi      /* by which protocol: 0 is PVH */
    call kernel_main
    ud2

    .section .rodata
    .align 8
boot_gdt:
    .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff
boot_gdt_pointer:
    .word 23
    .long PHYS(boot_gdt)

    .section .bss
    .align 4096
boot_pml4:      .skip 4096
boot_pdpt_low:  .skip 4096
boot_pdpt_high: .skip 4096
boot_pd:        .skip 4 * 4096
boot_magic:     .skip 4
    .align 4096
kernel_stack_guard: .skip 4096      /* unmapped by the real page tables */
    .globl kernel_stack_guard
    .skip KERNEL_STACK_SIZE
    .globl kernel_stack_top
kernel_stack_top:
    .globl ist_stacks
    .align 4096
ist_stacks: .skip 3 * 8192          /* #DF, NMI, #MC: each a guard page and one page of stack */
