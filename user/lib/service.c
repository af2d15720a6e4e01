/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The serving end of a service on the ring.
 */
#include "service.h"

#include "mem.h"
#include "print.h"
#include "process.h"

static void request_came(struct tn_source *source, const struct tn_cqe *cqe)
{
    struct tn_service *service = (struct tn_service *)source;
    if (cqe->kind != TN_CQE_REQUEST || service->arrived - service->taken >= TN_SERVICE_CREDITS_MAX)
        __builtin_trap(); /* the kernel sends one request for each credit */
    struct tn_arrival *arrival = &service->queue[service->arrived++ % TN_SERVICE_CREDITS_MAX];
    arrival->reply = (struct tn_parked_reply){.id = cqe->value[0], .ticket = cqe->value[1]};
    arrival->request = (struct tn_request){
        .argument = cqe->value[4],
        .token = {.bits = cqe->value[5]},
        .length = (uint32_t)cqe->value[3],
        .session = tn_request_session(cqe->value[2]),
        .direction = tn_submit_direction(cqe->value[2]),
        .rights = tn_request_rights(cqe->value[2]),
        .opcode = tn_submit_opcode(cqe->value[2]),
    };
}

/* Completions are sent quietly, so an answer to one is a refusal. Its request has ended otherwise (TN_ESTALE), or we
 * said something wrong about it: then the kernel has counted it and the client still waits, which is ours to report. */
static void completion_refused(struct tn_source *source, const struct tn_cqe *cqe)
{
    (void)source;
    if (cqe->status != TN_ESTALE)
        __builtin_trap();
}

enum tn_status tn_service_open(struct tn_service *service, const struct tn_start *start, uint32_t credits)
{
    const struct tn_start_cap *cap = tn_start_find_kind(start, TN_KIND_SERVICE);
    if (cap == NULL)
        return TN_ENOENT;
    if (credits == 0 || credits > TN_SERVICE_CREDITS_MAX)
        return TN_EINVAL;
    service->source.deliver = request_came;
    service->failure.deliver = completion_refused;
    service->handle = cap->handle;
    service->taken = 0;
    service->arrived = 0;
    struct tn_sqe sqe = {
        .op = TN_OP_SERVE, .handle = cap->handle, .arg = {tn_source_user_data(&service->source), credits}};
    return tn_ring_call(&sqe, NULL);
}

void tn_service_answer(struct tn_service *service, const struct tn_parked_reply *name, const struct tn_answer *answer)
{
    struct tn_sqe *sqe = tn_ring_push();
    sqe->op = TN_OP_COMPLETE;
    sqe->flags = TN_SQE_QUIET;
    sqe->user_data = tn_source_user_data(&service->failure);
    sqe->handle = service->handle;
    sqe->arg[0] = name->id;
    sqe->arg[1] = name->ticket;
    sqe->arg[2] = tn_complete_word((uint32_t)answer->status, answer->used);
    sqe->arg[3] = answer->word[0];
    sqe->arg[4] = answer->word[1];
}
