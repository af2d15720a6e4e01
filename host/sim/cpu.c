/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processor of the simulated machine: time, interrupts, and the processes, each on a stack of its own. The kernel
 * runs on the stack of the host's process, and is left and entered where the real one is: by tn_enter, by a fault, by
 * an interrupt while a process runs, or while nobody does.
 */
#include "machine.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include <tenure/abi/start.h>

#include "arch/x86_64/clock.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/lapic.h"
#include "arch/x86_64/layout.h"
#include "arch/x86_64/percpu.h"
#include "diag/log.h"
#include "diag/panic.h"
#include "irq/route.h"
#include "proc/process.h"
#include "proc/sched.h"

#include "boot.h"
#include "program.h"

/* ASan is told of each change of stacks. */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1 /* gcc's word for it */
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#define STACK_LEFT(keep, bottom, bytes)    __sanitizer_start_switch_fiber(keep, bottom, bytes)
#define STACK_ENTERED(kept, bottom, bytes) __sanitizer_finish_switch_fiber(kept, bottom, bytes)
#else
#define STACK_LEFT(keep, bottom, bytes)    ((void)(keep), (void)(bottom), (void)(bytes))
#define STACK_ENTERED(kept, bottom, bytes) ((void)(kept), (void)(bottom), (void)(bytes))
#endif

enum {
    STACK_BYTES = 256 * 1024,
    STEP_NS = 200, /* what an access to a register or an entry into the kernel costs */
    PAUSE_NS = 1000000,
    VECTORS = 256,
    VECTOR_INVALID_OPCODE = 6,
    VECTOR_PAGE_FAULT = 14,
};

struct percpu boot_cpu;
struct clock boot_clock = {.tsc_to_ns = UINT64_C(1) << 32, .ns_to_timer = UINT64_C(1) << 32};

struct tn_frame *syscall_from_user(struct tn_frame *frame);
uint64_t machine_enter(uint64_t ring, uint64_t to_submit, uint64_t min_complete, uint64_t deadline, uint64_t *consumed);

/* A process's stack and code, as long as its incarnation lives. */
struct task {
    uint64_t epoch; /* 0: none */
    ucontext_t context;
    uint8_t *stack;
    void *kept; /* ASan's, of the stack */
    void *object;
    void (*entry)(const struct tn_start *);
    uint64_t steps, kill_at;
};

static struct task tasks[TN_MANIFEST_PROCESSES_MAX];
static ucontext_t kernel;
static const void *kernel_stack;
static size_t kernel_stack_bytes;
static jmp_buf end;
static enum machine_end_kind outcome;
static enum left { LEFT_BY_ENTER, LEFT_BY_FAULT, LEFT_BY_KILL } left;
static uint64_t fault_vector;
static bool in_user;
static const struct machine_plan *plan;
static uint64_t kills;

/* ---- time ---- */

static uint64_t now, timer = UINT64_MAX;
static struct machine_event *events; /* by time */
static bool is_requested[VECTORS];

uint64_t machine_now(void)
{
    return now;
}

/* Somebody looks at the clock, perhaps until it has gone on. */
uint64_t machine_clock(void)
{
    return now += 10;
}

void machine_cancel(struct machine_event *event)
{
    for (struct machine_event **at = &events; *at; at = &(*at)->next)
        if (*at == event) {
            *at = event->next;
            break;
        }
    event->is_set = false;
}

void machine_at(struct machine_event *event, uint64_t when)
{
    machine_cancel(event);
    struct machine_event **at = &events;
    while (*at && (*at)->at <= when)
        at = &(*at)->next;
    event->at = when;
    event->next = *at;
    event->is_set = true;
    *at = event;
}

static void run_events(void)
{
    while (events && events->at <= now) {
        struct machine_event *event = events;
        events = event->next;
        event->is_set = false;
        event->run(event);
    }
    if (timer <= now) {
        timer = UINT64_MAX;
        machine_raise(VECTOR_TIMER);
    }
}

/* ---- the local APIC ---- */

void machine_raise(uint8_t vector)
{
    is_requested[vector] = true;
}

uint32_t lapic_id(void)
{
    return 0;
}

void lapic_timer_start(uint32_t counts)
{
    timer = counts == 0 ? UINT64_MAX : now + counts;
}

bool lapic_is_pending(uint8_t vector)
{
    return is_requested[vector];
}

bool lapic_is_in_service(uint8_t vector)
{
    (void)vector;
    return false; /* each is over before anybody can ask */
}

/* As arch/x86_64/trap.c does. */
static void interrupt(uint8_t vector)
{
    if (vector >= VECTOR_ROUTE_FIRST && vector <= VECTOR_ROUTE_LAST)
        route_deliver(vector);
    else if (vector == VECTOR_TIMER)
        sched_timer();
    else if (vector == VECTOR_IOMMU)
        sched_work_due = true;
    else
        route_count_spurious();
}

static bool take_interrupts(void)
{
    bool any = false;
    for (int vector = VECTORS - 1; vector >= 0; vector--)
        if (is_requested[vector]) {
            is_requested[vector] = false;
            interrupt((uint8_t)vector);
            any = true;
        }
    return any;
}

void machine_window(void)
{
    now += STEP_NS;
    run_events();
    (void)take_interrupts();
}

void machine_idle(void)
{
    while (!take_interrupts()) {
        uint64_t next = events && events->at < timer ? events->at : timer;
        if (next == UINT64_MAX) {
            outcome = MACHINE_STUCK;
            longjmp(end, 1);
        }
        now = next > now ? next : now;
        run_events();
    }
}

/* ---- processes ---- */

static struct task *task_of(const struct process *p)
{
    return &tasks[p->index];
}

static void begin(void)
{
    STACK_ENTERED(NULL, &kernel_stack, &kernel_stack_bytes);
    task_of(this_cpu()->current)->entry((const struct tn_start *)USER_START_BLOCK);
    abort(); /* tn_exit does not return */
}

static void start_task(struct process *p)
{
    struct task *t = task_of(p);
    if (t->object)
        dlclose(t->object); /* and with it all that the incarnation before has left in its variables */
    if (!t->stack)
        t->stack = malloc(STACK_BYTES);
    const char *image =
        plan->image && strcmp(plan->image, p->manifest->image) == 0 ? plan->instead : p->manifest->image;
    t->object = program_open(plan->programs, image, &t->entry);
    if (!t->object || !t->stack || getcontext(&t->context) != 0) {
        fprintf(stderr, "sim: %s/%s.so: %s\n", plan->programs, image, dlerror());
        abort();
    }
    t->context.uc_stack.ss_sp = t->stack;
    t->context.uc_stack.ss_size = STACK_BYTES;
    t->context.uc_link = NULL;
    makecontext(&t->context, begin, 0);
    t->epoch = p->epoch;
    t->steps = 0;
    if (plan->kill && strcmp(plan->kill, p->name) == 0)
        t->kill_at = t->kill_at == 0 ? plan->kill_first : t->kill_at + plan->kill_step;
}

static void leave_user(enum left how)
{
    struct task *t = task_of(this_cpu()->current);
    left = how;
    in_user = false;
    STACK_LEFT(&t->kept, kernel_stack, kernel_stack_bytes);
    if (swapcontext(&t->context, &kernel) != 0)
        abort();
    STACK_ENTERED(t->kept, NULL, NULL);
    in_user = true;
}

void machine_step(void)
{
    now += STEP_NS;
    if (in_user) {
        struct task *t = task_of(this_cpu()->current);
        if (t->kill_at != 0 && ++t->steps == t->kill_at) {
            kills++;
            leave_user(LEFT_BY_KILL);
        }
    }
    run_events();
}

void machine_pause(void)
{
    now += PAUSE_NS;
}

void machine_user_fault(uint64_t address, bool is_write)
{
    if (!in_user)
        panic("sim: the kernel has touched %016lx", address);
    log_line("fault: %s: page fault, %s of %016lx", this_cpu()->current->name, is_write ? "write" : "read", address);
    fault_vector = VECTOR_PAGE_FAULT;
    leave_user(LEFT_BY_FAULT);
}

void machine_user_trap(void)
{
    if (!in_user)
        return;
    log_line("fault: %s: invalid opcode", this_cpu()->current->name);
    fault_vector = VECTOR_INVALID_OPCODE;
    leave_user(LEFT_BY_FAULT);
}

uint64_t machine_enter(uint64_t ring, uint64_t to_submit, uint64_t min_complete, uint64_t deadline, uint64_t *consumed)
{
    struct tn_frame *frame = &this_cpu()->current->frame;
    machine_step();
    frame->rdi = ring;
    frame->rsi = to_submit;
    frame->rdx = min_complete;
    frame->r10 = deadline;
    leave_user(LEFT_BY_ENTER);
    *consumed = frame->rdx;
    return frame->rax;
}

uint64_t cpu_physical_limit(void)
{
    return UINT64_C(1) << cpuid(0x80000008, 0).eax;
}

void cpu_set_frame(struct tn_frame *frame)
{
    this_cpu()->frame = frame;
}

static void resume(struct process *p)
{
    struct task *t = task_of(p);
    if (t->epoch != p->epoch)
        start_task(p);
    in_user = true;
    void *kept = NULL;
    STACK_LEFT(&kept, t->stack, STACK_BYTES);
    if (swapcontext(&kernel, &t->context) != 0)
        abort();
    STACK_ENTERED(kept, NULL, NULL);
}

static _Noreturn void run(void)
{
    (void)sched_next();
    for (;;) {
        struct process *p = this_cpu()->current;
        resume(p);
        if (left == LEFT_BY_ENTER) {
            (void)syscall_from_user(&p->frame);
        } else {
            process_end(p, left == LEFT_BY_KILL ? TN_END_KILLED : TN_END_FAULT,
                        left == LEFT_BY_KILL ? 0 : fault_vector);
            (void)sched_next();
        }
        while (take_interrupts())
            (void)sched_next();
    }
}

/* ---- the end ---- */

void machine_end(enum machine_exit code)
{
    outcome = code == END_SUCCESS ? MACHINE_SUCCEEDED : code == END_PANIC ? MACHINE_PANICKED : MACHINE_FAILED;
    longjmp(end, 1);
}

uint64_t machine_kills(void)
{
    return kills;
}

enum machine_end_kind machine_run(const struct machine_plan *what)
{
    plan = what;
    log_is_quiet = what->quiet;
    if (setjmp(end) == 0) {
        boot(what);
        run();
    }
    return outcome;
}
