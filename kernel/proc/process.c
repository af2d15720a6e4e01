/* SPDX-License-Identifier: Apache-2.0 */
/* See process.h. What a live process has and gets; proc/start.c makes one, proc/end.c ends it. */
#include "proc/process.h"

#include <stddef.h>

#include "arch/x86_64/clock.h"
#include "arch/x86_64/layout.h"
#include "diag/audit.h"
#include "diag/log.h"
#include "mm/frame.h"
#include "proc/sched.h"

struct process process_table[TN_MANIFEST_PROCESSES_MAX];
uint32_t process_count;

uint64_t process_find_address(const struct process *p, uint64_t bytes, uint64_t alignment)
{
    uint64_t at = (p->next_address + alignment - 1) & ~(alignment - 1);
    uint64_t rounded = page_up(bytes);
    if (rounded < bytes || at > USER_MAX || rounded + PAGE_SIZE > USER_MAX - at)
        return 0;
    return at;
}

void process_take_address(struct process *p, uint64_t at, uint64_t bytes)
{
    p->next_address = at + page_up(bytes) + PAGE_SIZE;
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
