/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process's side of its ring pair. What the operations mean is left to the other files of lib/.
 */
#include "ring.h"

#include "clock.h"
#include "mem.h"
#include <enter.h> /* not "…": the simulated machine of host/sim has its own */

enum {
    RETRIES = 8, /* of an entry for which the kernel had no completion space */
};
static const uint64_t retry_ns = UINT64_C(1000000000);

static struct {
    struct tn_ring_header *header;
    struct tn_sqe *sq;
    const struct tn_cqe *cq;
    uint32_t sq_mask;
    uint32_t cq_mask;
    uint32_t sq_tail; /* ours; the shared one is written when we enter */
    uint32_t pushed;  /* entries the kernel has not consumed */
    uint32_t cq_head;
    uint32_t unseen; /* delivered since tn_ring_wait returned last */
} ring;

void tn_ring_init(const struct tn_start *start)
{
    /* The kernel's word, but a wrong mask would corrupt memory far away from here: better to trap now. */
    uint32_t sq = start->sq_entries, cq = start->cq_entries;
    if (sq == 0 || cq == 0 || (sq & (sq - 1)) != 0 || (cq & (cq - 1)) != 0 || start->ring == 0)
        __builtin_trap();
    ring.header = (struct tn_ring_header *)start->ring;
    ring.sq = (struct tn_sqe *)start->sq;
    ring.cq = (const struct tn_cqe *)start->cq;
    ring.sq_mask = sq - 1;
    ring.cq_mask = cq - 1;
}

static void deliver_all(void)
{
    /* Pairs with the kernel's release of cq_tail after it wrote the entries. */
    uint32_t tail = __atomic_load_n(&ring.header->cq_tail, __ATOMIC_ACQUIRE);
    const struct tn_cqe *cq = ring.cq;
    const uint32_t mask = ring.cq_mask;
    ring.unseen += tail - ring.cq_head;
    while (ring.cq_head != tail) {
        const struct tn_cqe *cqe = &cq[ring.cq_head++ & mask];
        struct tn_source *source = (struct tn_source *)cqe->user_data;
        if (source != NULL)
            source->deliver(source, cqe);
    }
    /* Only now may the kernel write over what was delivered. */
    __atomic_store_n(&ring.header->cq_head, ring.cq_head, __ATOMIC_RELEASE);
}

static enum tn_status enter(uint32_t submit, uint32_t min, uint64_t deadline)
{
    /* Pairs with the kernel's acquire of sq_tail: the entries are written before it. */
    __atomic_store_n(&ring.header->sq_tail, ring.sq_tail, __ATOMIC_RELEASE);
    struct tn_enter_result result = tn_enter(0, submit, min, deadline);
    if (result.consumed > ring.pushed)
        __builtin_trap();
    ring.pushed -= result.consumed;
    deliver_all();
    return result.status;
}

/* Makes the kernel take every pushed entry. It leaves one only for want of completion space, which we just freed by
 * delivering, unless all of it is promised: then a completion must come first. */
static void take_all(void)
{
    for (int i = 0; ring.pushed > 0; i++) {
        enum tn_status status = enter(ring.pushed, 0, TN_DEADLINE_NOW);
        if (status == TN_EAGAIN && i > 0)
            status = enter(0, 1, tn_clock_now() + retry_ns);
        if ((status != TN_OK && status != TN_EAGAIN && status != TN_ETIMEDOUT) || i == RETRIES)
            __builtin_trap(); /* the ring itself is broken: nothing can be said on it */
    }
}

struct tn_sqe *tn_ring_push(void)
{
    if (ring.pushed > ring.sq_mask)
        take_all();
    struct tn_sqe *sqe = &ring.sq[ring.sq_tail++ & ring.sq_mask];
    ring.pushed++;
    *sqe = (struct tn_sqe){.op = TN_OP_NOP};
    return sqe;
}

enum tn_status tn_ring_sleep(uint32_t min, uint64_t deadline)
{
    enum tn_status status = enter(ring.pushed, min, deadline);
    if (status == TN_OK || status == TN_ETIMEDOUT)
        return status;
    if (status != TN_EAGAIN)
        __builtin_trap();
    take_all(); /* completions came meanwhile, or nothing could have been consumed */
    return TN_OK;
}

enum tn_status tn_ring_wait(uint32_t min, uint64_t deadline)
{
#ifndef TN_TWIN_UNSEEN /* negative twin: what came meanwhile is slept over */
    min -= min < ring.unseen ? min : ring.unseen;
#endif
    enum tn_status status = tn_ring_sleep(min, deadline);
    ring.unseen = 0;
    return status;
}

void tn_ring_flush(void)
{
    if (ring.pushed > 0)
        take_all();
    else
        deliver_all();
}

struct call {
    struct tn_source source;
    struct tn_cqe answer;
    uint32_t answered;
};

static void answer_came(struct tn_source *source, const struct tn_cqe *cqe)
{
    struct call *call = (struct call *)source;
    call->answer = *cqe;
    call->answered = 1;
}

enum tn_status tn_ring_call(const struct tn_sqe *sqe, struct tn_cqe *answer)
{
    struct call call = {.source = {.deliver = answer_came}};
    struct tn_sqe *slot = tn_ring_push();
    *slot = *sqe;
    slot->flags &= ~(uint32_t)TN_SQE_QUIET; /* an answer must come: `call` lives on this stack */
    slot->user_data = tn_source_user_data(&call.source);
    take_all();
    while (!call.answered) /* as a device that is given up: its reset takes its time */
        (void)tn_ring_sleep(1, TN_DEADLINE_NEVER);
    ring.unseen--; /* the answer goes to the caller */
    if (call.answer.kind != TN_CQE_RESULT)
        __builtin_trap();
    if (answer != NULL)
        *answer = call.answer;
    return (enum tn_status)call.answer.status;
}
