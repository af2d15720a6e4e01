/* SPDX-License-Identifier: Apache-2.0 */
/* See process.h. What a live process does and how it ends; proc/start.c makes one. */
#include "proc/process.h"

#include <stddef.h>

#include "arch/x86_64/clock.h"
#include "arch/x86_64/layout.h"
#include "cap/channel.h"
#include "cap/pool.h"
#include "device/device.h"
#include "diag/audit.h"
#include "diag/input.h"
#include "diag/log.h"
#include "diag/panic.h"
#include "irq/route.h"
#include "mm/frame.h"
#include "mm/kernel_space.h"
#include "proc/sched.h"

struct process process_table[TN_MANIFEST_PROCESSES_MAX];
uint32_t process_count;

uint64_t process_take_address(struct process *p, uint64_t bytes, uint64_t alignment)
{
    uint64_t at = (p->next_address + alignment - 1) & ~(alignment - 1);
    uint64_t rounded = page_up(bytes);
    if (rounded < bytes || at > USER_MAX || rounded + PAGE_SIZE > USER_MAX - at)
        return 0;
    p->next_address = at + rounded + PAGE_SIZE;
    return at;
}

enum tn_status process_take_frames(struct process *p, uint64_t pages, uint64_t *physical)
{
    if (p->region_count == PROCESS_REGIONS_MAX)
        return TN_EEXHAUSTED;
    enum tn_status status = tn_ledger_charge(&p->ledger, TN_CHARGE_MEMORY_PAGES, pages);
    if (status != TN_OK)
        return status;
    status = frames_alloc(pages, physical);
    if (status != TN_OK) {
        tn_ledger_refund(&p->ledger, TN_CHARGE_MEMORY_PAGES, pages);
        return status;
    }
    p->region[p->region_count++] = (struct region){*physical, pages};
    return TN_OK;
}

void process_post(struct process *p, const struct tn_cqe *cqe)
{
    *process_post_begin(p) = *cqe;
    process_post_end(p);
}

void process_post_end(struct process *p)
{
    /* pairs with the process's load-acquire of cq_tail: the entry before the index */
    __atomic_store_n(&p->header->cq_tail, p->ring.cq_tail, __ATOMIC_RELEASE);
    if (p->state == PROCESS_WAITING && tn_ring_unread(&p->ring, process_cq_head(p)) >= p->wait_min)
        sched_ready(p);
}

void process_audit(const struct process *p, uint32_t action, enum tn_status status, uint32_t kind, uint64_t generation,
                   uint32_t reason)
{
    const struct audit_event event = {
        .subject = p ? p->index : AUDIT_KERNEL,
        .label = p ? p->name : "kernel",
        .time_ns = clock_now(),
        .action = action,
        .status = status,
        .kind = kind,
        .generation = generation,
        .reason = reason,
    };
    audit_record(&event);
}

static void give_back_memory(struct process *p)
{
    kernel_space_activate(); /* it may be the running one */
    space_destroy(&p->space);
    for (uint32_t i = 0; i < p->region_count; i++) {
        frames_free(p->region[i].physical, p->region[i].pages);
        tn_ledger_refund(&p->ledger, TN_CHARGE_MEMORY_PAGES, p->region[i].pages);
    }
    p->region_count = 0;
}

/* The run ends with its jobs: success only if every one exited with status 0. */
static void end_with_last_job(void)
{
    bool failed = false;
    for (uint32_t i = 0; i < process_count; i++) {
        const struct process *p = &process_table[i];
        if (!(p->manifest->flags & TN_PROCESS_JOB))
            continue;
        if (p->state != PROCESS_ENDED)
            return;
        failed = failed || p->end != PROCESS_END_EXIT || p->end_value != 0;
    }
    struct frame_counts frames = frames_count();
    struct route_counts interrupts = route_counts();
    log_line("end: %lu pages free, %lu in quarantine, %lu spurious interrupts", frames.free, frames.quarantined,
             interrupts.stale + interrupts.spurious);
    log_line("MARK boot: end status=%u", failed ? 1 : 0);
    machine_end(failed ? EXIT_FAILURE : EXIT_SUCCESS);
}

void process_end(struct process *p, enum process_end how, uint64_t value)
{
    sched_remove(p);
    p->state = PROCESS_ENDED;
    p->end = how;
    p->end_value = value;
    if (how == PROCESS_END_EXIT)
        log_line("process: %s exited with status %lu", p->name, value);
    else
        log_line("process: %s was ended by exception %lu", p->name, value);
    process_audit(p, TN_AUDIT_PROCESS_END, TN_OK, TN_KIND_NONE, 0,
                  how == PROCESS_END_EXIT ? (uint32_t)value : TN_AUDIT_FAULT + (uint32_t)value);
    channels_settle(); /* what it has completed in this entry */
    input_reader_ended(p);
    /* first what writes into memory, then what the memory was for */
    device_holder_ended(p);
    services_server_ended(p);
    channels_client_ended(p);
    pools_owner_ended(p);
    give_back_memory(p);
    end_with_last_job();
}
