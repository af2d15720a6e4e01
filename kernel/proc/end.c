/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a process: one way for every reason, in steps that nobody can stop. First nothing of it runs any more and
 * nobody is told to do anything for it; then its devices are made silent, which takes as long as the specifications say
 * and holds nobody up; then, by the evidence, what it had in flight ends, and its memory goes.
 */
#include <stddef.h>

#include "arch/x86_64/clock.h"
#include "arch/x86_64/io.h"
#include "arch/x86_64/layout.h"
#include "cap/channel.h"
#include "cap/pool.h"
#include "device/device.h"
#include "diag/audit.h"
#include "diag/books.h"
#include "diag/input.h"
#include "diag/log.h"
#include "diag/panic.h"
#include "irq/route.h"
#include "mm/frame.h"
#include "mm/kernel_space.h"
#include "proc/process.h"
#include "proc/sched.h"

static void give_back_memory(struct process *p)
{
    if (read_cr3() == p->space.root)
        kernel_space_activate();
    if (p->space.root != 0) /* not if it did not come so far */
        space_destroy(&p->space);
    for (uint32_t i = 0; i < p->region_count; i++) {
        frames_free(p->region[i].physical, p->region[i].pages);
        tn_ledger_refund(&p->ledger, TN_CHARGE_MEMORY_PAGES, p->region[i].pages);
    }
    p->region_count = 0;
    /* capabilities and channels end with it */
    tn_ledger_refund(&p->ledger, TN_CHARGE_CAP_SLOTS, p->ledger.used[TN_CHARGE_CAP_SLOTS]);
    tn_ledger_refund(&p->ledger, TN_CHARGE_CHANNELS, p->ledger.used[TN_CHARGE_CHANNELS]);
}

/* Nobody starts anything again: what waits for those who do not live any more ends. Its next incarnation, if a person
 * starts one, hears of them again: what this one knew is gone. */
static void supervisor_ended(const struct process *p)
{
    if (!(p->manifest->flags & TN_PROCESS_SUPERVISOR))
        return;
    for (uint32_t i = 0; i < process_count; i++) {
        process_table[i].watched = false;
        if (process_table[i].state != PROCESS_ENDED)
            continue;
        if (!process_table[i].given_up)
            process_table[i].untold = true;
        services_given_up(&process_table[i]);
    }
}

/* What an ended process still pays for is in quarantine, or it is lost. */
static void log_charges(void)
{
    bool any = false;
    for (uint32_t i = 0; i < process_count; i++)
        for (uint32_t c = 0; process_table[i].state == PROCESS_ENDED && c < TN_CHARGE_COUNT; c++)
            if (process_table[i].ledger.used[c] != 0) {
                log_line("end: %s still has %s: %lu", process_table[i].name, tn_charge_name((enum tn_charge)c),
                         process_table[i].ledger.used[c]);
                any = true;
            }
    if (!any)
        log_line("end: nothing is charged to a process that has ended");
}

/* The run ends with its jobs, once nothing is on its way out: success only if every one exited with status 0. */
static void end_with_last_job(void)
{
    bool failed = false;
    for (uint32_t i = 0; i < process_count; i++) {
        const struct process *p = &process_table[i];
        if (p->state == PROCESS_ENDING)
            return;
        if (!(p->manifest->flags & TN_PROCESS_JOB))
            continue;
        if (p->state != PROCESS_ENDED)
            return;
        failed = failed || p->end != TN_END_EXIT || p->end_value != 0;
    }
    struct frame_counts frames = frames_count();
    struct route_counts interrupts = route_counts();
    log_charges();
    log_line("end: %lu pages free, %lu in quarantine, %lu spurious interrupts", frames.free, frames.quarantined,
             interrupts.stale + interrupts.spurious);
    log_line("MARK boot: end status=%u", failed ? 1 : 0);
    machine_end(failed ? END_FAILURE : END_SUCCESS);
}

/* Its devices are silent, or in quarantine. */
static void leave(struct process *p)
{
    p->has_left = true;
    services_server_ended(p);
    channels_client_ended(p);
    pools_owner_ended(p);
}

static void finish(struct process *p)
{
    give_back_memory(p);
    p->state = PROCESS_ENDED;
    if (!process_may_come_back(p)) /* decided while its memory went: what waits for it ends */
        services_given_up(p);
    supervisor_ended(p);
    process_tell_end(p);
    books_check();
    end_with_last_job();
}

static void go_on(struct process *p)
{
    uint64_t now = clock_now();
    if (!p->has_left && !devices_silenced(p, now, &p->deadline)) {
        sched_work_at(p->deadline, now);
        return;
    }
    if (!p->has_left)
        leave(p);
    if (pools_of_are_gone(p)) /* or pools_zero_go_on comes by again */
        finish(p);
}

void process_ends_go_on(void)
{
    for (uint32_t i = 0; i < process_count; i++)
        if (process_table[i].state == PROCESS_ENDING)
            go_on(&process_table[i]);
}

static void log_end(const struct process *p)
{
    switch (p->end) {
    case TN_END_EXIT:
        log_line("process: %s exited with status %lu", p->name, p->end_value);
        break;
    case TN_END_FAULT:
        log_line("process: %s was ended by exception %lu", p->name, p->end_value);
        break;
    case TN_END_KILLED:
        log_line("process: %s was killed", p->name);
        break;
    case TN_END_RESET:
        log_line("process: %s was ended for a reset that %s caused", p->name, process_table[p->end_value].name);
        break;
    default:
        log_line("process: %s could not be started again: status %lu", p->name, p->end_value);
    }
}

static uint32_t audit_reason(const struct process *p)
{
    static const uint32_t base[TN_END_KINDS] = {
        [TN_END_FAULT] = TN_AUDIT_FAULT,
        [TN_END_KILLED] = TN_AUDIT_KILLED,
        [TN_END_START] = TN_AUDIT_START,
        [TN_END_RESET] = TN_AUDIT_RESET,
    };
    return base[p->end] + (uint32_t)p->end_value;
}

void process_end(struct process *p, enum tn_process_end how, uint64_t value)
{
    sched_remove(p);
    p->state = PROCESS_ENDING;
    p->has_left = false;
    p->end = how;
    p->end_value = value;
    log_end(p);
    process_audit(p, TN_AUDIT_PROCESS_END, TN_OK, TN_KIND_NONE, 0, audit_reason(p));
    channels_settle(); /* what it has completed in this entry */
    input_reader_ended(p);
    services_server_stopped(p);
    /* first what writes into memory, then what the memory was for */
    devices_holder_ended(p);
    go_on(p);
}
