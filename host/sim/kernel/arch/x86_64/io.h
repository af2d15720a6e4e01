/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's io.h on the simulated machine: the same words, answered by cpu.c and memory.c. It has no ports, and its
 * time-stamp counter counts nanoseconds.
 */
#ifndef TENURE_KERNEL_ARCH_IO_H
#define TENURE_KERNEL_ARCH_IO_H

#include <stdint.h>

uint64_t machine_clock(void);
void machine_write_cr3(uint64_t root);
uint64_t machine_read_cr3(void);
void machine_forget_page(uint64_t address);
void machine_idle(void);
void machine_window(void);

static inline void outb(uint16_t port, uint8_t value)
{
    (void)port, (void)value;
}
static inline void outw(uint16_t port, uint16_t value)
{
    (void)port, (void)value;
}
static inline void outl(uint16_t port, uint32_t value)
{
    (void)port, (void)value;
}
static inline uint8_t inb(uint16_t port)
{
    (void)port;
    return UINT8_MAX;
}
static inline uint16_t inw(uint16_t port)
{
    (void)port;
    return UINT16_MAX;
}
static inline uint32_t inl(uint16_t port)
{
    (void)port;
    return UINT32_MAX;
}

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};
/* A processor with 32 bits of physical addresses, of which nobody asks more. */
static inline struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
    (void)subleaf;
    return (struct cpuid){.eax = leaf == 0x80000000 ? 0x80000008 : leaf == 0x80000008 ? 32 : 0};
}

static inline uint64_t rdtsc(void)
{
    return machine_clock();
}
static inline uint64_t read_cr3(void)
{
    return machine_read_cr3();
}
static inline void write_cr3(uint64_t value)
{
    machine_write_cr3(value);
}
static inline void invlpg(uint64_t address)
{
    machine_forget_page(address);
}
static inline void cpu_wait_for_interrupt(void)
{
    machine_idle();
}
static inline void cpu_interrupt_window(void)
{
    machine_window();
}

#define TN_COUNT_MARK(n) ((void)0)

#endif
