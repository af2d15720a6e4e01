/* SPDX-License-Identifier: Apache-2.0 */
/* See cpu.h. Intel SDM volume 3A: section 3.4.5 (segments), 6.14 (IDT), 7.7 (TSS), 2.5 (control registers). */
#include "arch/x86_64/cpu.h"

#include <assert.h>
#include <stddef.h>

#include "arch/x86_64/frame.h"
#include "arch/x86_64/io.h"
#include "arch/x86_64/layout.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/usercopy.h"
#include "diag/log.h"
#include "diag/panic.h"

enum {
    MSR_EFER = 0xc0000080,
    MSR_STAR = 0xc0000081,
    MSR_LSTAR = 0xc0000082,
    MSR_CSTAR = 0xc0000083,
    MSR_SFMASK = 0xc0000084,
    MSR_GS_BASE = 0xc0000101,
    MSR_KERNEL_GS_BASE = 0xc0000102,
    EFER_SCE = 1 << 0,
    EFER_NXE = 1 << 11,
    RFLAGS_TF = 1 << 8,
    RFLAGS_IF = 1 << 9,
    RFLAGS_DF = 1 << 10,
    RFLAGS_IOPL = 3 << 12,
    RFLAGS_NT = 1 << 14,
    RFLAGS_AC = 1 << 18,
    CR0_MP = 1 << 1,
    CR0_EM = 1 << 2,
    CR0_TS = 1 << 3,
    CR0_NE = 1 << 5,
    CR0_WP = 1 << 16,
    CR4_UMIP = 1 << 11,
    CR4_SMEP = 1 << 20,
    CR4_SMAP = 1 << 21,
    GATE_INTERRUPT = 0x8e00, /* present, DPL 0, 64-bit interrupt gate: interrupts stay off */
    IST_DOUBLE_FAULT = 1,
    IST_NMI = 2,
    IST_MACHINE_CHECK = 3,
    ADDRESS_BITS_DEFAULT = 36,
    ADDRESS_BITS_MAX = 52, /* of a page table entry */
};

#define CPUID_ADDRESS_SIZES 0x80000008

static uint64_t physical_limit;

struct tss {
    uint32_t reserved0;
    uint32_t rsp[6]; /* rsp0, rsp1, rsp2: low and high halves */
    uint32_t reserved1[2];
    uint32_t ist[14]; /* IST 1 to 7 */
    uint32_t reserved2[2];
    uint16_t reserved3;
    uint16_t io_map;
};
static_assert(sizeof(struct tss) == 104, "SDM 7.7");

struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint16_t ist_type; /* bits 0 to 2: IST; 8 to 15: type, DPL, present */
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};
static_assert(sizeof(struct gate) == 16, "SDM 6.14.1");

struct table_pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

extern const uint64_t trap_stubs[256];
extern uint8_t ist_stacks[], kernel_stack_top[];
void syscall_entry(void);

struct percpu boot_cpu;
static struct tss tss __attribute__((aligned(16)));
static struct gate idt[256] __attribute__((aligned(16)));
/* null, kernel code, kernel data, user data, user code (SYSRET wants this order), TSS (two entries) */
static uint64_t gdt[7] = {0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cff3000000ffff, 0x00affb000000ffff};

static void set_stack(uint32_t *half, uint64_t top)
{
    half[0] = (uint32_t)top;
    half[1] = (uint32_t)(top >> 32);
}

static void load_gdt(void)
{
    uint64_t base = (uint64_t)(uintptr_t)&tss;
    gdt[5] = (sizeof tss - 1) | (base & 0xffffff) << 16 | UINT64_C(0x89) << 40 | (base >> 24 & 0xff) << 56;
    gdt[6] = base >> 32;
    struct table_pointer pointer = {sizeof gdt - 1, (uint64_t)(uintptr_t)gdt};
    __asm__ volatile("lgdt %0\n\t"
                     "pushq %1\n\t"
                     "lea 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "lretq\n"
                     "1:\n\t"
                     "mov %2, %%ds\n\tmov %2, %%es\n\tmov %2, %%ss\n\t"
                     "ltr %w3" ::"m"(pointer),
                     "i"(SEGMENT_KERNEL_CODE), "r"(SEGMENT_KERNEL_DATA), "r"(SEGMENT_TSS)
                     : "rax", "memory");
}

static uint16_t ist_of(uint32_t vector)
{
    return vector == 8 ? IST_DOUBLE_FAULT : vector == 2 ? IST_NMI : vector == 18 ? IST_MACHINE_CHECK : 0;
}

void cpu_init_tables(void)
{
    for (uint32_t i = 0; i < 3; i++) /* each: a guard page, then a page of stack */
        set_stack(&tss.ist[i * 2], (uint64_t)(uintptr_t)ist_stacks + (i + 1) * 2 * PAGE_SIZE);
    set_stack(&tss.rsp[0], (uint64_t)(uintptr_t)kernel_stack_top);
    tss.io_map = sizeof tss;
    load_gdt();
    for (uint32_t v = 0; v < 256; v++) {
        uint64_t stub = trap_stubs[v];
        idt[v] = (struct gate){(uint16_t)stub,         SEGMENT_KERNEL_CODE,    (uint16_t)(GATE_INTERRUPT | ist_of(v)),
                               (uint16_t)(stub >> 16), (uint32_t)(stub >> 32), 0};
    }
    struct table_pointer pointer = {sizeof idt - 1, (uint64_t)(uintptr_t)idt};
    __asm__ volatile("lidt %0" ::"m"(pointer) : "memory");

    this_cpu()->stack = (uint64_t)(uintptr_t)kernel_stack_top;
    /* in the kernel GS is ours; SWAPGS at the doors. The user side starts with 0 and has no way to change it */
    wrmsr(MSR_GS_BASE, (uint64_t)(uintptr_t)this_cpu());
    wrmsr(MSR_KERNEL_GS_BASE, 0);
}

static void init_syscall(void)
{
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE);
    /* SYSRET: CS = base + 16, SS = base + 8 */
    wrmsr(MSR_STAR, (uint64_t)((SEGMENT_USER_DATA - 8) | 3) << 48 | (uint64_t)SEGMENT_KERNEL_CODE << 32);
    wrmsr(MSR_LSTAR, (uint64_t)(uintptr_t)syscall_entry);
    wrmsr(MSR_CSTAR, 0);
    wrmsr(MSR_SFMASK, RFLAGS_TF | RFLAGS_IF | RFLAGS_DF | RFLAGS_IOPL | RFLAGS_NT | RFLAGS_AC);
}

/* Intel SDM 4.1.4: CPUID 80000008h, or 36 bits where it is not there. */
static void find_physical_limit(uint32_t extended)
{
    uint32_t bits = extended >= CPUID_ADDRESS_SIZES ? cpuid(CPUID_ADDRESS_SIZES, 0).eax & 0xff : ADDRESS_BITS_DEFAULT;
    physical_limit = UINT64_C(1) << (bits < ADDRESS_BITS_MAX ? bits : ADDRESS_BITS_MAX);
}

uint64_t cpu_physical_limit(void)
{
    return physical_limit;
}

void cpu_init_protection(void)
{
    uint32_t extended = cpuid(0x80000000, 0).eax;
    struct cpuid e = cpuid(0x80000001, 0);
    if (extended < 0x80000001 || !(e.edx & 1u << 20))
        panic("cpu: no NX; this kernel does not run without it");
    if (!(e.edx & 1u << 11))
        panic("cpu: no SYSCALL");
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_NXE);

    struct cpuid f = {0};
    if (cpuid(0, 0).eax >= 7)
        f = cpuid(7, 0);
    bool smep = f.ebx & 1u << 7, smap = f.ebx & 1u << 20, umip = f.ecx & 1u << 2;
    uint64_t cr4 = read_cr4();
    cr4 |= (smep ? CR4_SMEP : 0) | (smap ? CR4_SMAP : 0) | (umip ? CR4_UMIP : 0);
    write_cr4(cr4);
    /* No floating-point state is kept for processes: its instructions trap (TS, EM) and end the process. */
    write_cr0((read_cr0() | CR0_WP | CR0_NE | CR0_TS | CR0_EM) & ~(uint64_t)CR0_MP);
    usercopy_smap = smap;
    init_syscall();
    find_physical_limit(extended);
    log_line("cpu: NX, SMEP %s, SMAP %s, UMIP %s", smep ? "on" : "absent", smap ? "on" : "absent",
             umip ? "on" : "absent");
}

void cpu_set_frame(struct tn_frame *frame)
{
    this_cpu()->frame = frame;
    set_stack(&tss.rsp[0], (uint64_t)(uintptr_t)(frame + 1));
}
