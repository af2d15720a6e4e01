/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual address space. Read by C, assembly and the linker script's reader; the script repeats KERNEL_BASE.
 *
 *   0000000000400000 … 00007fffffffefff  user
 *   ffff800000000000 … ffffbfffffffffff  PHYSMAP: RAM at PHYSMAP + physical address, never executable
 *   ffffc00000000000 … ffffc0ffffffffff  MMIO windows of the kernel itself, uncached
 *   ffffffff80000000 … ffffffffffffffff  the kernel image at KERNEL_BASE + physical address
 */
#ifndef TENURE_KERNEL_ARCH_LAYOUT_H
#define TENURE_KERNEL_ARCH_LAYOUT_H

#define KERNEL_BASE  0xffffffff80000000
#define PHYSMAP_BASE 0xffff800000000000
#define KMMIO_BASE   0xffffc00000000000
#define KMMIO_LIMIT  0xffffc10000000000

#define PAGE_SIZE  0x1000
#define PAGE_SHIFT 12

#define USER_MIN 0x0000000000400000
/* One page below the non-canonical hole, so that the instruction after a SYSCALL is always canonical. */
#define USER_MAX 0x00007fffffffe000
/* Where things are in a process; an unmapped page lies on both sides of each. Windows and pools lie from USER_WINDOWS
 * on, an image below. */
#define USER_STACK_TOP   0x00007fffffff0000
#define USER_STACK_PAGES 16
#define USER_START_BLOCK 0x00007ffff0000000
#define USER_RINGS       0x00007ffff0010000
#define USER_WINDOWS     0x0000100000000000

#define KERNEL_STACK_SIZE 0x4000

#define SEGMENT_KERNEL_CODE 0x08
#define SEGMENT_KERNEL_DATA 0x10
#define SEGMENT_USER_DATA   0x1b
#define SEGMENT_USER_CODE   0x23
#define SEGMENT_TSS         0x28

/* Vector recorded in a frame that entered by SYSCALL; beyond the 256 of the IDT. */
#define VECTOR_SYSCALL 0x100

#ifndef __ASSEMBLER__
#include <stdint.h>

/* Rounded to whole pages; page_up wraps to 0 in the last page of the 64-bit space. */
static inline uint64_t page_down(uint64_t address)
{
    return address & ~(uint64_t)(PAGE_SIZE - 1);
}
static inline uint64_t page_up(uint64_t address)
{
    return page_down(address + PAGE_SIZE - 1);
}
#endif

#endif
