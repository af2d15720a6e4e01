/* SPDX-License-Identifier: Apache-2.0 */
/* See panic.h. */
#include "diag/panic.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "arch/x86_64/frame.h"
#include "arch/x86_64/io.h"
#include "arch/x86_64/layout.h"
#include "diag/log.h"
#include "lib/lock.h"
#include <tn_format.h>

enum {
    DEBUG_EXIT_PORT = 0xf4,
    RESET_PORT = 0xcf9, /* bit 1: the whole system, bit 2: now */
    KEYBOARD_PORT = 0x64,
    KEYBOARD_RESET = 0xfe,
    BACKTRACE_DEPTH = 16,
};

extern const uint8_t __text_start[], __text_end[], __data_start[], __data_end[];

_Noreturn void machine_end(enum machine_exit code)
{
    outl(DEBUG_EXIT_PORT, (uint32_t)code);
    for (;;)
        __asm__ volatile("cli; hlt");
}

_Noreturn void machine_restart(void)
{
    static const struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) no_table;
    outb(RESET_PORT, 0x02);
    outb(RESET_PORT, 0x06);
    outb(KEYBOARD_PORT, KEYBOARD_RESET);
    for (;;)
        __asm__ volatile("lidt %0; int3" ::"m"(no_table));
}

/* Frame pointers are kept; the chain ends at 0 (boot.S, entry.S) or at the first thing that is not one of ours. */
static void backtrace(uint64_t rbp)
{
    for (uint32_t depth = 0; depth < BACKTRACE_DEPTH; depth++) {
        if (rbp % 8 != 0 || rbp < (uint64_t)(uintptr_t)__data_start || rbp + 16 > (uint64_t)(uintptr_t)__data_end)
            return;
        const uint64_t *link = (const uint64_t *)(uintptr_t)rbp;
        if (link[1] < (uint64_t)(uintptr_t)__text_start || link[1] >= (uint64_t)(uintptr_t)__text_end)
            return;
        log_line("panic:   #%u %016lx", depth, link[1]);
        rbp = link[0];
    }
}

/* Where each lock was taken that the panic found held. */
static const struct lock_place *held[LOCK_COUNT];

/* Whatever was held, the log's lock too, is given up: nothing but the report runs from here on. */
static void begin(void)
{
    static bool already;
    if (already) /* a fault in the report: leave at once */
        machine_end(END_PANIC);
    already = true;
    lock_abandon_all(held);
}

static void print_locks(void)
{
    for (uint32_t i = 0; i < LOCK_COUNT; i++)
        if (held[i])
            log_line("panic: held: %s, since %s:%u", locks[i].name, lock_file(held[i]), held[i]->line);
}

_Noreturn void panic(const char *format, ...)
{
    char text[LOG_LINE - 32];
    begin();
    va_list args;
    va_start(args, format);
    tn_format_v(text, sizeof text, format, args);
    va_end(args);
    log_line("panic: %s", text);
    print_locks();
    log_line("panic: backtrace (addr2line -e tenure.elf):");
    backtrace((uint64_t)(uintptr_t)__builtin_frame_address(0));
    log_line("panic: end");
    machine_end(END_PANIC);
}

static void print_frame(const struct tn_frame *f)
{
    log_line("  rip %016lx cs %02lx rflags %08lx rsp %016lx ss %02lx", f->rip, f->cs, f->rflags, f->rsp, f->ss);
    log_line("  rax %016lx rbx %016lx rcx %016lx rdx %016lx", f->rax, f->rbx, f->rcx, f->rdx);
    log_line("  rsi %016lx rdi %016lx rbp %016lx r8  %016lx", f->rsi, f->rdi, f->rbp, f->r8);
    log_line("  r9  %016lx r10 %016lx r11 %016lx r12 %016lx", f->r9, f->r10, f->r11, f->r12);
    log_line("  r13 %016lx r14 %016lx r15 %016lx error %lx", f->r13, f->r14, f->r15, f->error);
}

_Noreturn void panic_frame(const struct tn_frame *frame, const char *what)
{
    begin();
    log_line("panic: %s (vector %lu) in the kernel, cr2 %016lx cr3 %016lx", what, frame->vector, read_cr2(),
             read_cr3());
    print_frame(frame);
    print_locks();
    log_line("panic: backtrace (addr2line -e tenure.elf):");
    log_line("panic:   at %016lx", frame->rip);
    backtrace(frame->rbp);
    log_line("panic: end");
    machine_end(END_PANIC);
}
