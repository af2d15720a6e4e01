/* SPDX-License-Identifier: Apache-2.0 */
/* See sched.h. */
#include "proc/sched.h"

#include <stddef.h>

#include "arch/x86_64/clock.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/lapic.h"
#include "arch/x86_64/percpu.h"
#include "cap/operation.h"
#include "cap/orphan.h"
#include "cap/pool.h"
#include "device/device.h"
#include "device/fault.h"
#include "lib/lock.h"
#include "proc/process.h"

#define SLICE_NS UINT64_C(5000000)
/* The others run before the kernel goes on with what never ends: a device that nobody can stop, say. */
#define WORK_PAUSE_NS UINT64_C(100000)
/* An idle machine looks up at least this often: the LAPIC timer counts 32 bits. */
#define TIMER_MAX_NS UINT64_C(1000000000)

bool sched_work_due;
static struct process *ready_first, *ready_last; /* the running process is not in it */
static struct process *running;
static uint64_t timer_at = TN_DEADLINE_NEVER; /* when the timer will fire */
static uint64_t slice_end = TN_DEADLINE_NEVER;
static uint64_t work_at = TN_DEADLINE_NEVER;

/* A shot that is set already and comes before stays. */
void sched_wake_by(uint64_t when, uint64_t now)
{
    if (when >= timer_at)
        return;
    uint64_t ns = when > now ? when - now : 1;
    if (ns > TIMER_MAX_NS)
        ns = TIMER_MAX_NS;
    uint64_t counts = clock_scale(ns, boot_clock.ns_to_timer);
    timer_at = now + ns;
    lapic_timer_start(counts == 0 ? 1 : counts > UINT32_MAX ? UINT32_MAX : (uint32_t)counts);
}

void sched_work_at(uint64_t when, uint64_t now)
{
    if (when < work_at)
        work_at = when;
    sched_wake_by(when, now);
}

/* Others wait while one runs: it gets a slice from now. */
static void start_slice(void)
{
    if (slice_end != TN_DEADLINE_NEVER)
        return;
    uint64_t now = clock_now();
    slice_end = now + SLICE_NS;
    sched_wake_by(slice_end, now);
}

void sched_ready(struct process *process)
{
    process->state = PROCESS_READY;
    process->next_ready = NULL;
    if (ready_last)
        ready_last->next_ready = process;
    else
        ready_first = process;
    ready_last = process;
    if (running)
        start_slice();
}

/* The running process goes. */
static void give_up_cpu(void)
{
    running = NULL;
    this_cpu()->current = NULL; /* its registers and space are loaded again when it is picked again */
    slice_end = TN_DEADLINE_NEVER;
}

void sched_remove(struct process *process)
{
    if (running == process) {
        give_up_cpu();
        return;
    }
    struct process *before = NULL;
    for (struct process *p = ready_first; p; before = p, p = p->next_ready) {
        if (p != process)
            continue;
        if (before)
            before->next_ready = p->next_ready;
        else
            ready_first = p->next_ready;
        if (ready_last == p)
            ready_last = before;
        return;
    }
}

void sched_wait(struct process *process, uint64_t deadline, uint64_t now)
{
    if (__builtin_expect(running == process, 1))
        give_up_cpu();
#ifndef TN_TWIN /* negative twin: it stays in the queue, and goes on without what it waits for */
    else
        sched_remove(process); /* its slice ended in a window of its own call: it is in the queue */
#endif
    process->state = PROCESS_WAITING;
    process->deadline = deadline;
    sched_wake_by(deadline, now); /* never is later than any shot */
}

void sched_timer(void)
{
    uint64_t now = clock_now();
    uint64_t next = TN_DEADLINE_NEVER;
    timer_at = TN_DEADLINE_NEVER;
    for (uint32_t i = 0; i < process_count; i++) {
        struct process *p = &process_table[i];
        if (p->state != PROCESS_WAITING)
            continue;
        if (p->deadline <= now) {
            p->frame.rax = TN_ETIMEDOUT;
            sched_ready(p);
        } else if (p->deadline < next) {
            next = p->deadline;
        }
    }
    if (running && slice_end <= now) {
        struct process *p = running;
        slice_end = TN_DEADLINE_NEVER;
        running = NULL;
        sched_ready(p);
    }
    if (work_at <= now) {
        work_at = TN_DEADLINE_NEVER;
        sched_work_due = true;
    } else if (work_at < next) {
        next = work_at;
    }
    if (slice_end < next)
        next = slice_end;
    if (next != TN_DEADLINE_NEVER)
        sched_wake_by(next, now);
}

static __attribute__((noinline)) void work(void)
{
    sched_work_due = false;
    faults_handle();
    pools_zero_go_on();
    process_ends_go_on();
    devices_apart_go_on();
    orphans_handle();
    caps_forget_go_on();
    /* Some of it makes work for what came before it, or leaves some. It is still due at the next way out of the kernel,
     * but there may be none: the machine may be about to sleep, or to run one who makes no call. */
    if (sched_work_due) {
        uint64_t now = clock_now();
        sched_work_at(now + WORK_PAUSE_NS, now);
    }
}

struct tn_frame *sched_next(void)
{
    lock_check_none();
    if (__builtin_expect(sched_work_due, 0))
        work();
    struct process *next = running;
    if (!next) {
        while (!ready_first) {
            cpu_wait_for_interrupt();
            if (sched_work_due)
                work();
        }
        next = running = ready_first;
        ready_first = next->next_ready;
        if (ready_first)
            start_slice();
        else
            ready_last = NULL;
    }
    if (this_cpu()->current != next) {
        this_cpu()->current = next;
        space_activate(&next->space);
        cpu_set_frame(&next->frame);
    }
    return &next->frame;
}
