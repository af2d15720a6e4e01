/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on Processes (tenure/abi/ring.h): what a supervisor does. When and how often is its own affair. */
#include "cap/operation.h"

#include "cap/channel.h"
#include "proc/process.h"

static struct process *target(const struct call *call)
{
    return &process_table[call->cap->object];
}

static enum tn_process_state state_of(const struct process *p)
{
    if (process_is_live(p))
        return TN_PROCESS_LIVES;
    if (p->state == PROCESS_ENDING)
        return TN_PROCESS_IS_ENDING;
    return p->given_up ? TN_PROCESS_IS_GIVEN_UP : TN_PROCESS_HAS_ENDED;
}

enum tn_status op_process_query(struct call *call)
{
    const struct process *p = target(call);
    call->value[0] = state_of(p);
    call->value[1] = p->entries;
    call->value[2] = process_is_live(p) ? tn_ring_unread(&p->ring, process_cq_head(p)) : 0;
    call->value[3] = p->restarts;
    return TN_OK;
}

void process_tell_end(struct process *p)
{
    p->untold = true;
    if (!p->watched)
        return;
    const struct tn_cqe cqe = {
        .user_data = p->watch,
        .kind = TN_CQE_RESULT,
        .status = TN_OK,
        .value = {p->end, p->end_value},
    };
    p->watched = p->untold = false;
    process_post(process_supervisor, &cqe);
}

enum tn_status op_process_watch(struct call *call)
{
    struct process *p = target(call);
    if (p->watched)
        return TN_ESTATE;
    p->watched = true;
    p->watch = call->sqe->user_data;
    if (p->untold)
        process_tell_end(p);
    return TN_OK;
}

enum tn_status op_process_start(struct call *call)
{
    return process_start_again(target(call));
}

enum tn_status op_process_kill(struct call *call)
{
    if (!process_is_live(target(call)))
        return TN_ESTATE;
    process_end(target(call), TN_END_KILLED, TN_KILLED);
    return TN_OK;
}

enum tn_status op_process_give_up(struct call *call)
{
    struct process *p = target(call);
    if (p->state != PROCESS_ENDED || p->given_up)
        return TN_ESTATE;
    p->given_up = true;
    services_given_up(p);
    return TN_OK;
}
