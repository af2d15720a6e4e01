/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts of a driver on the ring.
 */
#include "irq.h"

static void event_came(struct tn_source *source, const struct tn_cqe *cqe)
{
    struct tn_irq *irq = (struct tn_irq *)source;
    if (cqe->kind != TN_CQE_INTERRUPT)
        __builtin_trap();
    irq->sequence = cqe->value[0];
    irq->pending = 1;
}

static void acknowledgement_refused(struct tn_source *source, const struct tn_cqe *cqe)
{
    (void)source, (void)cqe;
    __builtin_trap(); /* we named the last sequence of our own interrupt: without it this driver would never wake */
}

enum tn_status tn_irq_bind(uint64_t device, uint32_t entry, struct tn_irq *irq)
{
    *irq = (struct tn_irq){.source = {.deliver = event_came}, .failure = {.deliver = acknowledgement_refused}};
    struct tn_sqe sqe = {
        .op = TN_OP_INTERRUPT_BIND, .handle = device, .arg = {entry, tn_source_user_data(&irq->source)}};
    struct tn_cqe answer;
    enum tn_status status = tn_ring_call(&sqe, &answer);
    if (status == TN_OK)
        irq->handle = answer.value[0];
    return status;
}

void tn_irq_acknowledge(struct tn_irq *irq)
{
    struct tn_sqe *sqe = tn_ring_push();
    sqe->op = TN_OP_INTERRUPT_ACK;
    sqe->flags = TN_SQE_QUIET;
    sqe->user_data = tn_source_user_data(&irq->failure);
    sqe->handle = irq->handle;
    sqe->arg[0] = irq->sequence;
    irq->pending = 0;
}
