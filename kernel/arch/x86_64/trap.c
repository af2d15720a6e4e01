/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exceptions and interrupts, once their registers are saved. From user mode: an exception ends the process, an
 * interrupt may wake another one. From the kernel: an interrupt comes out of the idle loop's HLT, or of a window of the
 * revoke sequence (irq/route.c); an exception is a user copy with a fix-up, or our bug.
 */
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/frame.h"
#include "arch/x86_64/io.h"
#include "arch/x86_64/lapic.h"
#include "arch/x86_64/layout.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/usercopy.h"
#include "cap/pool.h"
#include "device/fault.h"
#include "diag/log.h"
#include "diag/panic.h"
#include "diag/provoke_kill.h"
#include "irq/route.h"
#include "proc/process.h"
#include "proc/sched.h"

enum {
    VECTOR_DEBUG = 1,
    VECTOR_PAGE_FAULT = 14,
    VECTOR_EXCEPTIONS = 32,
    PAGE_FAULT_PRESENT = 1 << 0,
    PAGE_FAULT_WRITE = 1 << 1,
    PAGE_FAULT_FETCH = 1 << 4,
    USER_BACKTRACE_DEPTH = 8,
};

struct tn_frame *trap_from_user(struct tn_frame *frame);
void trap_from_kernel(struct tn_frame *frame);
_Noreturn void trap_is_fatal(const struct tn_frame *frame);

static const char *exception_name(uint64_t vector)
{
    static const char *const name[VECTOR_EXCEPTIONS] = {
        [0] = "divide error",
        [1] = "debug exception",
        [2] = "NMI",
        [3] = "breakpoint",
        [4] = "overflow",
        [5] = "bound range exceeded",
        [6] = "invalid opcode",
        [7] = "device not available",
        [8] = "double fault",
        [10] = "invalid TSS",
        [11] = "segment not present",
        [12] = "stack-segment fault",
        [13] = "general protection",
        [14] = "page fault",
        [16] = "x87 floating point",
        [17] = "alignment check",
        [18] = "machine check",
        [19] = "SIMD floating point",
        [20] = "virtualization",
        [21] = "control protection",
    };
    return vector < VECTOR_EXCEPTIONS && name[vector] ? name[vector] : "reserved exception";
}

static __attribute__((noinline)) void interrupt_of_no_route(uint64_t vector)
{
    if (vector == VECTOR_TIMER) {
        lapic_eoi();
        sched_timer();
    } else if (vector == VECTOR_IOMMU) {
        lapic_eoi();
        sched_work_due = true; /* done on the way out: what runs below may hold locks */
    } else if (vector == VECTOR_SPURIOUS || (vector >= VECTOR_PIC && vector < VECTOR_PIC + 16)) {
        route_count_spurious(); /* neither wants an EOI */
    } else {
        route_count_spurious();
        lapic_eoi();
    }
}

static void interrupt(uint64_t vector)
{
    if (vector >= VECTOR_ROUTE_FIRST && vector <= VECTOR_ROUTE_LAST) {
        route_deliver((uint8_t)vector);
        lapic_eoi();
    } else {
        interrupt_of_no_route(vector);
    }
}

/* The chain of frame pointers, as far as the process keeps one: its memory is input. */
static void print_user_backtrace(const struct tn_frame *frame)
{
    uint64_t link[2] = {frame->rbp, 0};
    for (uint32_t depth = 0; depth < USER_BACKTRACE_DEPTH; depth++) {
        if (copy_from_user(link, link[0], sizeof link) != TN_OK || link[1] == 0)
            return;
        log_line("  #%u %016lx", depth, link[1]);
    }
}

static void report_user_fault(const struct process *process, const struct tn_frame *frame)
{
    if (frame->vector != VECTOR_PAGE_FAULT) {
        log_line("fault: %s: %s (vector %lu, error %lx) at rip %016lx", process->name, exception_name(frame->vector),
                 frame->vector, frame->error, frame->rip);
    } else {
        const char *access = frame->error & PAGE_FAULT_FETCH   ? "execute"
                             : frame->error & PAGE_FAULT_WRITE ? "write"
                                                               : "read";
        log_line("fault: %s: page fault, %s of %016lx (%s) at rip %016lx", process->name, access, read_cr2(),
                 frame->error & PAGE_FAULT_PRESENT ? "not permitted" : "not mapped", frame->rip);
        if (pools_hide(process, read_cr2()))
            log_line("fault: %s: the page is in a buffer that it submitted and that has not come back", process->name);
    }
    /* no general registers: they may hold payload (G5) */
    log_line("  rsp %016lx rbp %016lx rflags %08lx", frame->rsp, frame->rbp, frame->rflags);
    print_user_backtrace(frame);
}

static __attribute__((noinline)) void fault_from_user(const struct tn_frame *frame)
{
    struct process *process = this_cpu()->current;
    report_user_fault(process, frame);
    process_end(process, TN_END_FAULT, frame->vector);
}

struct tn_frame *trap_from_user(struct tn_frame *frame)
{
#ifdef TN_PROVOKE
    if (frame->vector == VECTOR_DEBUG && provoke_kill_at_instruction(this_cpu()->current))
        return sched_next();
#endif
    if (frame->vector < VECTOR_EXCEPTIONS)
        fault_from_user(frame);
    else
        interrupt(frame->vector);
    return sched_next();
}

void trap_from_kernel(struct tn_frame *frame)
{
    if (frame->vector >= VECTOR_EXCEPTIONS) {
        interrupt(frame->vector);
        return;
    }
    uint64_t landing = frame->vector == VECTOR_PAGE_FAULT ? usercopy_fixup(frame->rip) : 0;
    if (landing == 0)
        panic_frame(frame, exception_name(frame->vector));
    frame->rip = landing;
}

_Noreturn void trap_is_fatal(const struct tn_frame *frame)
{
    panic_frame(frame, exception_name(frame->vector));
}
