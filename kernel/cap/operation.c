/* SPDX-License-Identifier: Apache-2.0 */
/* See operation.h. */
#include "cap/operation.h"

#include <stdbool.h>
#include <stddef.h>

#include "arch/x86_64/usercopy.h"
#include "cap/channel.h"
#include "cap/pool.h"
#include "device/device.h"
#include "device/mmio.h"
#include "diag/audit.h"
#include "diag/log.h"
#include "irq/route.h"
#include "proc/process.h"
#include "proc/sched.h"

/* What becomes of the completion that was reserved for the entry. */
enum outcome {
    POST_RESULT, /* a TN_CQE_RESULT, unless quiet and successful */
    POSTS_ITSELF,
    POSTS_LATER, /* or itself, on TN_OK; a refusal is posted at once */
};

/* What the audit log keeps: of the data path, and of what only reads, what was refused; of the rest everything. An exit
 * is recorded where processes end. */
enum path {
    CONTROL,
    DATA,
};

struct operation {
    enum tn_status (*run)(struct call *call);
    uint32_t kind; /* enum tn_kind; TN_KIND_NONE: no handle is looked up (and it must be zero) */
    uint32_t rights;
    uint32_t outcome; /* enum outcome */
    uint32_t path;    /* enum path */
};

static enum tn_status op_nop(struct call *call)
{
    (void)call;
    return TN_OK;
}

static enum tn_status op_exit(struct call *call)
{
    process_end(call->process, TN_END_EXIT, call->sqe->arg[0]);
    return TN_OK;
}

static enum tn_status op_serve(struct call *call)
{
    struct process *p = call->process;
    uint64_t credits = call->sqe->arg[1];
    if (credits == 0 || credits > p->ring.cq_entries)
        return TN_ERANGE;
    enum tn_status status = tn_ring_reserve_decide(&p->ring, process_cq_head(p), (uint32_t)credits);
    if (status != TN_OK)
        return status;
    tn_ring_reserve_commit(&p->ring, (uint32_t)credits);
    service_serve(service_at(call->cap->object), call->sqe->arg[0], (uint32_t)credits);
    return TN_OK;
}

static enum tn_status op_complete(struct call *call)
{
    return service_complete(service_at(call->cap->object), call->sqe);
}

static enum tn_status op_audit_read(struct call *call)
{
    static struct tn_audit_record copy[TN_AUDIT_READ_MAX]; /* one CPU: nobody else is in here */
    const uint64_t *arg = call->sqe->arg;
    if (arg[1] == 0 || arg[1] > TN_AUDIT_READ_MAX)
        return TN_ERANGE;
    uint32_t count = audit_read(arg[2], copy, (uint32_t)arg[1], &call->value[1]);
    call->value[0] = count;
    call->value[2] = audit_counts(AUDIT_SUBJECTS).lost;
    return copy_to_user(arg[0], copy, count * sizeof copy[0]);
}

static const struct operation operations[] = {
    [TN_OP_NOP] = {op_nop, TN_KIND_NONE, 0, POST_RESULT, DATA},
    [TN_OP_CONSOLE_WRITE] = {op_console_write, TN_KIND_CONSOLE, TN_RIGHT_WRITE, POST_RESULT, DATA},
    [TN_OP_CONSOLE_READ] = {op_console_read, TN_KIND_CONSOLE, TN_RIGHT_READ, POSTS_LATER, CONTROL},
    [TN_OP_CONSOLE_COMMAND] = {op_console_command, TN_KIND_CONSOLE, TN_RIGHT_CONTROL, POST_RESULT, CONTROL},
    [TN_OP_EXIT] = {op_exit, TN_KIND_NONE, 0, POSTS_ITSELF, DATA},
    [TN_OP_DEVICE_CONFIG_READ] = {op_device_config_read, TN_KIND_DEVICE, TN_RIGHT_READ, POST_RESULT, DATA},
    [TN_OP_DEVICE_BAR] = {op_device_bar, TN_KIND_DEVICE, TN_RIGHT_READ, POST_RESULT, DATA},
    [TN_OP_DEVICE_BUS_MASTER] = {op_device_bus_master, TN_KIND_DEVICE, TN_RIGHT_CONTROL, POST_RESULT, CONTROL},
    [TN_OP_DEVICE_WATCH] = {op_device_watch, TN_KIND_DEVICE, TN_RIGHT_READ, POSTS_LATER, DATA},
    [TN_OP_DEVICE_RELEASE] = {op_device_release, TN_KIND_DEVICE, TN_RIGHT_CONTROL, POSTS_LATER, CONTROL},
    [TN_OP_DEVICE_QUERY] = {op_device_query, TN_KIND_DEVICE, TN_RIGHT_READ, POST_RESULT, DATA},
    [TN_OP_DEVICE_CLAIM] = {op_device_claim, TN_KIND_NONE, 0, POST_RESULT, CONTROL},
    [TN_OP_MMIO_MAP] = {op_mmio_map, TN_KIND_DEVICE, TN_RIGHT_CONTROL, POST_RESULT, CONTROL},
    [TN_OP_MMIO_RELEASE] = {op_mmio_release, TN_KIND_DEVICE_MMIO, TN_RIGHT_CONTROL, POST_RESULT, CONTROL},
    [TN_OP_INTERRUPT_BIND] = {op_interrupt_bind, TN_KIND_DEVICE, TN_RIGHT_CONTROL, POST_RESULT, CONTROL},
    [TN_OP_INTERRUPT_ACK] = {op_interrupt_acknowledge, TN_KIND_INTERRUPT, TN_RIGHT_CONTROL, POST_RESULT, DATA},
    [TN_OP_INTERRUPT_RELEASE] = {op_interrupt_release, TN_KIND_INTERRUPT, TN_RIGHT_CONTROL, POST_RESULT, CONTROL},
    /* of a Device or a Channel: it looks the handle up itself */
    [TN_OP_POOL_CREATE] = {op_pool_create, TN_KIND_COUNT, 0, POSTS_LATER, CONTROL},
    [TN_OP_POOL_RELEASE] = {op_pool_release, TN_KIND_DMA_POOL, TN_RIGHT_CONTROL, POSTS_LATER, CONTROL},
    [TN_OP_BUFFER_ALLOC] = {op_buffer_alloc, TN_KIND_DMA_POOL, TN_RIGHT_WRITE, POST_RESULT, DATA},
    [TN_OP_BUFFER_RELEASE] = {op_buffer_release, TN_KIND_DMA_BUFFER, 0, POST_RESULT, DATA},
    [TN_OP_SHARED_ALLOC] = {op_shared_alloc, TN_KIND_DMA_POOL, TN_RIGHT_WRITE, POST_RESULT, CONTROL},
    [TN_OP_SERVE] = {op_serve, TN_KIND_SERVICE, TN_RIGHT_CONTROL, POST_RESULT, CONTROL},
    [TN_OP_FENCE_REVOKE] = {op_fence_revoke, TN_KIND_FENCE, 0, POST_RESULT, CONTROL},
    [TN_OP_COMPLETE] = {op_complete, TN_KIND_SERVICE, TN_RIGHT_CONTROL, POST_RESULT, DATA},
    [TN_OP_PROCESS_QUERY] = {op_process_query, TN_KIND_PROCESS, TN_RIGHT_READ, POST_RESULT, DATA},
    [TN_OP_PROCESS_WATCH] = {op_process_watch, TN_KIND_PROCESS, TN_RIGHT_READ, POSTS_LATER, DATA},
    [TN_OP_PROCESS_START] = {op_process_start, TN_KIND_PROCESS, TN_RIGHT_CONTROL, POST_RESULT, CONTROL},
    [TN_OP_PROCESS_KILL] = {op_process_kill, TN_KIND_PROCESS, TN_RIGHT_CONTROL, POST_RESULT, CONTROL},
    [TN_OP_PROCESS_GIVE_UP] = {op_process_give_up, TN_KIND_PROCESS, TN_RIGHT_CONTROL, POST_RESULT, CONTROL},
    [TN_OP_AUDIT_READ] = {op_audit_read, TN_KIND_AUDIT_LOG, TN_RIGHT_READ, POST_RESULT, DATA},
};

/* The identity that a capability's object carries now; NULL: the object is gone. */
static const struct tn_identity *identity_of(const struct tn_cap *cap)
{
    switch (cap->kind) {
    case TN_KIND_DEVICE:
        return &device_at(cap->object)->identity;
    case TN_KIND_DEVICE_MMIO:
        return mmio_identity(cap->object);
    case TN_KIND_INTERRUPT:
        return route_identity(cap->object);
    case TN_KIND_DMA_POOL:
    case TN_KIND_DMA_BUFFER:
    case TN_KIND_FENCE:
    case TN_KIND_DMA_SHARED:
        return pool_identity(cap->object);
    case TN_KIND_CHANNEL:
        return channel_identity(cap->object);
    case TN_KIND_SERVICE:
        return service_identity(cap->object);
    case TN_KIND_PROCESS:
        return process_identity(cap->object);
    default:
        return NULL;
    }
}

enum tn_status cap_resolve(struct process *p, uint64_t handle, enum tn_kind kind, uint32_t rights, struct tn_cap **cap)
{
    struct tn_cap *found;
    enum tn_status status = tn_cap_lookup(&p->caps, handle, kind, rights, &found);
    if (status != TN_OK)
        return status;
    if (kind != TN_KIND_CONSOLE && kind != TN_KIND_AUDIT_LOG) { /* there is one of each, which never ends */
        static const struct tn_identity gone;
        const struct tn_identity *id = identity_of(found);
        status = tn_cap_check(&p->caps, found, id ? id : &gone);
        if (status != TN_OK)
            return status;
    }
    *cap = found;
    return TN_OK;
}

enum tn_kind cap_kind(const struct process *p, uint64_t handle)
{
    uint32_t slot = tn_handle_slot(handle);
    bool is_live = tn_slots_names(&p->caps.slots, slot, tn_handle_generation(handle));
    return is_live ? (enum tn_kind)p->caps.entry[slot].kind : TN_KIND_NONE;
}

static enum tn_status run(struct call *call, const struct operation **operation)
{
    const struct tn_sqe *sqe = call->sqe;
    if (sqe->op >= sizeof operations / sizeof operations[0] || !operations[sqe->op].run)
        return TN_EINVAL;
    const struct operation *o = &operations[sqe->op];
    if (sqe->flags & ~(uint32_t)TN_SQE_FLAGS && o->outcome != POSTS_ITSELF)
        return TN_EINVAL;
    *operation = o;
    if (o->kind == TN_KIND_NONE) {
        if (sqe->handle != TN_HANDLE_NONE) {
            *operation = NULL;
            return TN_EINVAL;
        }
    } else if (o->kind != TN_KIND_COUNT) {
        enum tn_status status = cap_resolve(call->process, sqe->handle, o->kind, o->rights, &call->cap);
        if (status != TN_OK)
            return status;
        call->kind = o->kind;
    }
    return o->run(call);
}

/* A control operation, or a refusal. A handle that was refused names nothing. */
static __attribute__((noinline)) void audit(const struct call *call, enum tn_status status)
{
#ifdef TN_TWIN /* negative twin: what was refused leaves no trace */
    if (status != TN_OK)
        return;
#endif
    uint64_t generation = call->kind != TN_KIND_NONE ? tn_handle_generation(call->sqe->handle) : 0;
    process_audit(call->process, call->sqe->op, status, call->kind, generation, 0);
}

static __attribute__((noinline)) void post_result(const struct call *call, enum tn_status status)
{
    struct tn_cqe cqe = {.user_data = call->sqe->user_data, .kind = TN_CQE_RESULT, .status = status};
    if (status == TN_OK)
        for (uint32_t i = 0; i < 6; i++)
            cqe.value[i] = call->value[i];
    process_post(call->process, &cqe);
}

/* What decides who runs an entry. */
struct head {
    uint32_t op, flags;
};

/* The rest of it, each field read once: the process may write them at any time. */
static inline struct tn_sqe copy_of(struct head head, const volatile struct tn_sqe *entry)
{
    return (struct tn_sqe){
        .op = head.op,
        .flags = head.flags,
        .user_data = entry->user_data,
        .handle = entry->handle,
        .arg = {entry->arg[0], entry->arg[1], entry->arg[2], entry->arg[3], entry->arg[4]},
    };
}

/* The entry by value, here and below: so the way of every request needs no copy of it in memory. */
static __attribute__((noinline)) void refuse_submission(struct process *p, struct tn_sqe sqe, enum tn_status status)
{
    audit(&(struct call){.process = p, .sqe = &sqe}, status);
}

static __attribute__((noinline)) void refuse_completion(struct process *p, struct tn_sqe sqe, enum tn_kind kind,
                                                        enum tn_status status)
{
    const struct call call = {.process = p, .sqe = &sqe, .kind = kind};
    audit(&call, status);
    post_result(&call, status);
}

/* A request ends, and its completion becomes a credit again: what run_any would do, in one line, because every request
 * takes it. */
static inline void complete_quietly(struct process *p, const struct tn_sqe *sqe)
{
    struct tn_cap *cap;
    enum tn_kind kind = TN_KIND_NONE;
    enum tn_status status = tn_cap_lookup(&p->caps, sqe->handle, TN_KIND_SERVICE, TN_RIGHT_CONTROL, &cap);
    if (status == TN_OK)
        status = tn_cap_check(&p->caps, cap, service_identity(cap->object));
    if (status == TN_OK) {
        struct service *service = service_at(cap->object);
        kind = TN_KIND_SERVICE;
        status = service_complete(service, sqe);
        if (status == TN_OK) {
            audit_allowed[p->index]++;
            service_serve_again(service);
            return;
        }
    }
    refuse_completion(p, *sqe, kind, status);
}

static __attribute__((noinline)) void run_any(struct process *p, struct head head, const volatile struct tn_sqe *entry)
{
    const struct tn_sqe copy = copy_of(head, entry), *sqe = &copy;
    struct call call = {.process = p, .sqe = sqe};
    const struct operation *operation = NULL;
    enum tn_status status = run(&call, &operation);
    if (status == TN_OK && operation->path == DATA)
        audit_allowed[p->index]++;
    else
        audit(&call, status);
    if (operation && (operation->outcome == POSTS_ITSELF || (operation->outcome == POSTS_LATER && status == TN_OK)))
        return;
    if (status == TN_OK && sqe->flags & TN_SQE_QUIET) {
        if (sqe->op != TN_OP_INTERRUPT_ACK) /* the route keeps its completion while it is armed */
            tn_ring_unreserve_commit(&p->ring, 1);
        return;
    }
    post_result(&call, status);
}

bool operation_run(struct process *p, const volatile struct tn_sqe *entry)
{
    const struct head head = {entry->op, entry->flags};
    if (head.op == TN_OP_SUBMIT) {
        const struct tn_sqe sqe = copy_of(head, entry);
        enum tn_status status = channel_submit(p, &sqe);
        if (status == TN_OK)
            audit_allowed[p->index]++;
        else
            refuse_submission(p, sqe, status);
    } else if (head.op == TN_OP_COMPLETE && head.flags == TN_SQE_QUIET) {
        const struct tn_sqe sqe = copy_of(head, entry);
        complete_quietly(p, &sqe);
    } else {
        run_any(p, head, entry);
        return process_is_live(p);
    }
    return true;
}

enum tn_status grant_decide(const struct process *p)
{
    enum tn_status status = tn_ledger_decide(&p->ledger, TN_CHARGE_CAP_SLOTS, 1);
    return status != TN_OK ? status : tn_cap_insert_decide(&p->caps);
}

uint64_t grant_commit(struct process *p, const struct tn_cap_grant *grant)
{
    tn_ledger_commit(&p->ledger, TN_CHARGE_CAP_SLOTS, 1);
    return tn_cap_insert_commit(&p->caps, grant);
}

void grant_end(struct process *p, struct tn_cap *cap)
{
    tn_cap_remove_commit(&p->caps, cap);
    tn_ledger_refund(&p->ledger, TN_CHARGE_CAP_SLOTS, 1);
}

static bool ends_with_a_device(uint32_t kind)
{
    return kind == TN_KIND_DEVICE || kind == TN_KIND_DEVICE_MMIO || kind == TN_KIND_INTERRUPT ||
           kind == TN_KIND_DMA_POOL || kind == TN_KIND_DMA_SHARED;
}

static bool forgetting_is_due;

void caps_forget_ended(struct process *p)
{
    for (uint32_t slot = 0; slot < p->caps.slots.count; slot++) {
        struct tn_cap *cap = &p->caps.entry[slot];
        if (!tn_slots_live(&p->caps.slots, slot) || !ends_with_a_device(cap->kind))
            continue;
        const struct tn_identity *id = identity_of(cap);
        if (!id || id->generation != cap->object_generation || id->owner_epoch != p->epoch)
            grant_end(p, cap);
    }
}

void caps_forget_ended_soon(void)
{
    forgetting_is_due = true;
    sched_work_due = true;
}

void caps_forget_go_on(void)
{
    if (!forgetting_is_due)
        return;
    forgetting_is_due = false;
    for (uint32_t i = 0; i < process_count; i++)
        if (process_is_live(&process_table[i]))
            caps_forget_ended(&process_table[i]);
}
