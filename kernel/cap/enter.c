/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tn_enter, the one system call: takes submissions, runs them, and lets the process wait for completions. What the
 * process wrote into the shared indices is input; each field of an entry is read once, and judged as it was read.
 */
#include <stdbool.h>

#include "arch/x86_64/clock.h"
#include "arch/x86_64/percpu.h"
#include "cap/channel.h"
#include "cap/operation.h"
#include "diag/provoke_kill.h"
#include "proc/process.h"
#include "proc/sched.h"

struct tn_frame *syscall_from_user(struct tn_frame *frame);

/* Without completion space nothing is taken from the queue, but for the one operation that needs none: a process that
 * has promised all its space away can still end. */
static __attribute__((noinline)) bool leave_if_asked(struct process *p)
{
    const struct tn_sqe sqe = *(const volatile struct tn_sqe *)&p->sq[p->ring.sq_head & (p->ring.sq_entries - 1)];
    if (sqe.op != TN_OP_EXIT || sqe.handle != TN_HANDLE_NONE)
        return false;
    return !operation_run(p, &sqe);
}

/* Inlined as a whole with the two operations of every request, which are counted (blk.virtio.read4k). */
__attribute__((flatten)) static enum tn_status consume(struct process *p, uint64_t to_submit, uint64_t *consumed)
{
    uint32_t pending;
    uint32_t tail = __atomic_load_n(&p->header->sq_tail, __ATOMIC_ACQUIRE);
    enum tn_status status = tn_ring_pending(&p->ring, tail, &pending);
    if (status != TN_OK)
        return status;
    if (to_submit > pending)
        return TN_EINVAL;
    uint64_t done = 0;
    while (done < to_submit) {
        status = tn_ring_reserve_decide(&p->ring, process_cq_head(p), 1);
        if (status != TN_OK) {
            if (leave_if_asked(p))
                return TN_OK;
            break;
        }
        tn_ring_reserve_commit(&p->ring, 1);
        done++;
        if (!operation_run(p, &p->sq[tn_ring_consume_commit(&p->ring)]))
            return TN_OK;
    }
    *consumed = done;
    __atomic_store_n(&p->header->sq_head, p->ring.sq_head, __ATOMIC_RELEASE); /* once they have been read */
    return status;
}

struct tn_frame *syscall_from_user(struct tn_frame *frame)
{
    struct process *p = this_cpu()->current;
    uint64_t ring = frame->rdi, to_submit = frame->rsi, min_complete = frame->rdx, deadline = frame->r10;
    enum tn_status status = TN_OK;
    frame->rdx = 0; /* entries consumed */
    p->entries++;
#ifdef TN_PROVOKE
    if (provoke_kill_at_entry(p))
        return sched_next();
#endif
    if (ring != 0)
        status = TN_ESTALE;
    else if (min_complete > p->ring.cq_entries)
        status = TN_EINVAL;
    else if (to_submit != 0) {
        status = consume(p, to_submit, &frame->rdx);
        channels_settle();
        if (!process_is_live(p))
            return sched_next();
    }
    if (p->flush_due) { /* once for all that it submitted */
        p->flush_due = false;
        space_flush();
    }
    frame->rax = status;
    if (status != TN_OK || min_complete == 0 || tn_ring_unread(&p->ring, process_cq_head(p)) >= min_complete)
        return sched_next();
    uint64_t now = deadline != TN_DEADLINE_NEVER && deadline != TN_DEADLINE_NOW ? clock_now() : 0;
    if (deadline <= now) {
        frame->rax = TN_ETIMEDOUT;
        return sched_next();
    }
    p->wait_min = (uint32_t)min_complete;
    sched_wait(p, deadline, now);
    return sched_next();
}
