/* SPDX-License-Identifier: Apache-2.0 */
/* See lapic.h. */
#include "arch/x86_64/lapic.h"

#include "arch/x86_64/io.h"
#include "arch/x86_64/percpu.h"
#include "diag/log.h"
#include "diag/panic.h"
#include "mm/space.h"

enum {
    MSR_APIC_BASE = 0x1b,
    APIC_BASE_ENABLE = 1 << 11,
    APIC_BASE_X2APIC = 1 << 10,

    APIC_ID = 0x020,
    APIC_TASK_PRIORITY = 0x080,
    APIC_EOI = 0x0b0,
    APIC_SPURIOUS = 0x0f0,
    APIC_IN_SERVICE = 0x100, /* eight registers, 16 bytes apart */
    APIC_REQUEST = 0x200,
    APIC_LVT_TIMER = 0x320,
    APIC_LVT_LINT0 = 0x350,
    APIC_LVT_LINT1 = 0x360,
    APIC_LVT_ERROR = 0x370,
    APIC_TIMER_INITIAL = 0x380,
    APIC_TIMER_CURRENT = 0x390,
    APIC_TIMER_DIVIDE = 0x3e0,

    SPURIOUS_ENABLE = 1 << 8,
    PRIORITY_OF_EXCEPTIONS = 1 << 4, /* of vectors 16 to 31 (SDM volume 3, Task and Processor Priorities) */

    LVT_MASKED = 1 << 16,
    LVT_NMI = 4 << 8,
    TIMER_DIVIDE_BY_1 = 0xb,
};

static volatile uint8_t *registers;

static uint32_t apic_read(uint32_t offset)
{
    return *(const volatile uint32_t *)(registers + offset);
}
static void apic_write(uint32_t offset, uint32_t value)
{
    *(volatile uint32_t *)(registers + offset) = value;
}

/* Both 8259s out of the way: remapped, so that a spurious one is not taken for an exception, and masked. */
static void pic_disable(void)
{
    outb(0x20, 0x11);
    outb(0xa0, 0x11);
    outb(0x21, VECTOR_PIC);
    outb(0xa1, VECTOR_PIC + 8);
    outb(0x21, 4);
    outb(0xa1, 2);
    outb(0x21, 1);
    outb(0xa1, 1);
    outb(0x21, 0xff);
    outb(0xa1, 0xff);
}

void lapic_init(void)
{
    pic_disable();
    if (!(cpuid(1, 0).edx & 1u << 9))
        panic("lapic: CPUID reports no local APIC");
    uint64_t base = rdmsr(MSR_APIC_BASE);
    if (base & APIC_BASE_X2APIC)
        panic("lapic: firmware left it in x2APIC mode (IA32_APIC_BASE %lx)", base);
    wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
    registers = kernel_mmio_map(base & 0x000ffffffffff000, 0x1000);
    if (!registers)
        panic("lapic: no room to map its registers");
    /* a message of a device may name any vector: none is taken for an exception */
    apic_write(APIC_TASK_PRIORITY, PRIORITY_OF_EXCEPTIONS);
    apic_write(APIC_LVT_TIMER, VECTOR_TIMER); /* one shot; fires only once a count is written */
    apic_write(APIC_LVT_LINT0, LVT_MASKED);
    apic_write(APIC_LVT_LINT1, LVT_NMI);
    apic_write(APIC_LVT_ERROR, LVT_MASKED | VECTOR_SPURIOUS);
    apic_write(APIC_TIMER_DIVIDE, TIMER_DIVIDE_BY_1);
    apic_write(APIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
    this_cpu()->apic_id = apic_read(APIC_ID) >> 24;
    log_line("lapic: id %u, xAPIC", this_cpu()->apic_id);
}

uint32_t lapic_id(void)
{
    return this_cpu()->apic_id;
}

void lapic_eoi(void)
{
    apic_write(APIC_EOI, 0);
}

void lapic_timer_start(uint32_t counts)
{
    apic_write(APIC_TIMER_INITIAL, counts);
}

uint32_t lapic_timer_read(void)
{
    return apic_read(APIC_TIMER_CURRENT);
}

static bool bit_of(uint32_t bank, uint8_t vector)
{
    return apic_read(bank + (uint32_t)vector / 32 * 16) >> (vector % 32) & 1;
}

bool lapic_is_pending(uint8_t vector)
{
    return bit_of(APIC_REQUEST, vector);
}

bool lapic_is_in_service(uint8_t vector)
{
    return bit_of(APIC_IN_SERVICE, vector);
}
