/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Row F8 in the machine: this process makes one object of each kind, lets something happen to it, and tries every name
 * from before (tests/unit/test_stale.c has the same cells on the host). It is a driver, of a device for windows,
 * interrupts and pools, and a client, whose buffers and fences are with a server of its own device; a second server
 * remembers names when this process is started again. args: retire=1: instead of all that, it makes and releases
 * objects until no capability is left in its table, which must have been given few generations.
 */
#include <args.h>
#include <clock.h>
#include <print.h>
#include <process.h>
#include <report.h>
#include <ring.h>
#include <tenure/dma_session.h>

#include "../../services/keeper/keeper.h"

enum kind { POOL, BUFFER, FENCE, WINDOW, INTERRUPT, KINDS };
enum { BYTES = 4096, PLENTY = 512 };
static const uint64_t answer_ns = 10 * TN_SECOND, pause_ns = TN_SECOND / 100;
static const char *const kind_name[KINDS] = {"dma_pool", "dma_buffer", "fence", "device_mmio", "interrupt"};

static uint64_t device, holder, memory; /* Device, and the channels to the two servers */
static uint64_t client_pool;            /* of `holder` */

/* ---- calls ---- */

static struct tn_cqe answer;
static enum tn_status call(uint32_t op, uint64_t handle, uint64_t arg0, uint64_t arg1, uint64_t arg2)
{
    const struct tn_sqe sqe = {.op = op, .handle = handle, .arg = {arg0, arg1, arg2}};
    return tn_ring_call(&sqe, &answer);
}

static uint64_t must(const char *what, enum tn_status status)
{
    if (status != TN_OK)
        tn_die("stale: FAIL %s: %s", what, tn_status_name(status));
    return answer.value[0];
}

static struct end {
    struct tn_source source; /* first */
    bool is_there;
    struct tn_cqe cqe;
} fence_end, event;

static void deliver(struct tn_source *source, const struct tn_cqe *cqe)
{
    struct end *end = (struct end *)source;
    end->is_there = true;
    end->cqe = *cqe;
}

static bool came(const struct end *end)
{
    for (uint64_t until = tn_deadline_in(answer_ns); !end->is_there && tn_clock_now() < until;)
        (void)tn_ring_wait(1, until);
    return end->is_there;
}

/* Submits; what comes of it is told to fence_end. */
static void submit(uint64_t channel, uint16_t opcode, uint64_t buffer, uint64_t argument)
{
    struct tn_sqe *sqe = tn_ring_push();
    fence_end.is_there = false;
    sqe->op = TN_OP_SUBMIT;
    sqe->user_data = tn_source_user_data(&fence_end.source);
    sqe->handle = channel;
    sqe->arg[0] = buffer;
    sqe->arg[1] = tn_submit_word(opcode, buffer == TN_HANDLE_NONE ? TN_NO_DATA : TN_FROM_DEVICE);
    sqe->arg[2] = buffer == TN_HANDLE_NONE ? 0 : BYTES;
    sqe->arg[3] = argument;
    tn_ring_flush();
}

static struct tn_cqe ask(uint64_t channel, uint16_t opcode, uint64_t argument)
{
    submit(channel, opcode, TN_HANDLE_NONE, argument);
    if (!came(&fence_end))
        tn_die("stale: FAIL no answer of a keeper");
    return fence_end.cqe;
}

static uint64_t next_generation(uint64_t handle)
{
    return tn_handle_make(tn_handle_slot(handle), tn_handle_generation(handle) + 1);
}

/* ---- one object of a kind ---- */

static uint64_t make(enum kind kind)
{
    uint64_t buffer;
    switch (kind) {
    case POOL:
        return must("pool", call(TN_OP_POOL_CREATE, device, BYTES, 1, 0));
    case WINDOW:
        return must("window", call(TN_OP_MMIO_MAP, device, 0, 0, BYTES));
    case INTERRUPT:
        return must("interrupt", call(TN_OP_INTERRUPT_BIND, device, 0, tn_source_user_data(&event.source), 0));
    default:
        buffer = must("buffer", call(TN_OP_BUFFER_ALLOC, client_pool, BYTES, 0, 0));
        if (kind == BUFFER)
            return buffer;
        submit(holder, KEEPER_HOLD, buffer, 0);
        return next_generation(buffer);
    }
}

static enum tn_status drop(enum kind kind, uint64_t handle)
{
    static const uint32_t op[KINDS] = {
        [POOL] = TN_OP_POOL_RELEASE,   [BUFFER] = TN_OP_BUFFER_RELEASE,       [FENCE] = TN_OP_FENCE_REVOKE,
        [WINDOW] = TN_OP_MMIO_RELEASE, [INTERRUPT] = TN_OP_INTERRUPT_RELEASE,
    };
    enum tn_status status = call(op[kind], handle, 0, 0, 0);
    if (kind == FENCE && status == TN_OK)
        (void)ask(holder, KEEPER_LET_GO, 0); /* and its buffer comes back to the pool */
    return status;
}

/* A use that needs no luck: TN_OK or TN_ESTATE from one that is alive. */
static enum tn_status use(enum kind kind, uint64_t handle)
{
    switch (kind) {
    case POOL:
        return call(TN_OP_SHARED_ALLOC, handle, BYTES + 1, 0, 0); /* TN_ERANGE */
    case BUFFER:
        submit(holder, KEEPER_HOLD, handle, 0);
        return came(&fence_end) ? (enum tn_status)fence_end.cqe.status : TN_ETIMEDOUT;
    case INTERRUPT:
        return call(TN_OP_INTERRUPT_ACK, handle, 0, 0, 0);
    default:
        return TN_ESTALE; /* nothing but the end of it */
    }
}

static void refused(const char *event_name, enum kind kind, uint64_t handle)
{
    enum tn_status used = use(kind, handle), dropped = drop(kind, handle);
    tn_print("cell %s %s", kind_name[kind], event_name);
    report_status("use", used, TN_ESTALE);
    report_status("drop", dropped, TN_ESTALE);
}

/* ---- events ---- */

static void revoke_and_reuse(enum kind kind)
{
    uint64_t old = make(kind);
    report_status("alive", drop(kind, old), TN_OK);
    refused("revoke", kind, old);
    uint64_t next = make(kind);
    for (uint32_t n = 0; tn_handle_slot(next) != tn_handle_slot(old) && n < PLENTY; n++) {
        must("drop", drop(kind, next));
        next = make(kind);
    }
    report_count("same_slot", tn_handle_slot(next) == tn_handle_slot(old), 1);
    refused("reuse", kind, old);
    report_status("the_new_one_works", drop(kind, next), TN_OK);
}

static void claim_again(void)
{
    enum tn_status status = call(TN_OP_DEVICE_CLAIM, TN_HANDLE_NONE, 0, 0, 0);
    for (uint64_t end = tn_deadline_in(answer_ns); status != TN_OK && tn_clock_now() < end;) {
        (void)tn_ring_wait(1, tn_deadline_in(pause_ns));
        status = call(TN_OP_DEVICE_CLAIM, TN_HANDLE_NONE, 0, 0, 0);
    }
    device = must("device", status);
}

/* This process's device is reset, and so is the server's, with a buffer in flight; then both are claimed anew. */
static void reset_and_reassign(void)
{
    uint64_t old[KINDS], new[KINDS];
    for (uint32_t kind = 0; kind < KINDS; kind++)
        old[kind] = make((enum kind)kind); /* the fence after the buffer: fence_end is its */
    struct tn_sqe *die = tn_ring_push();
    *die = (struct tn_sqe){.op = TN_OP_SUBMIT, .handle = holder, .arg = {TN_HANDLE_NONE, KEEPER_DIE}};
    static struct end ignored = {.source = {deliver}};
    die->user_data = tn_source_user_data(&ignored.source);
    report_status("release", call(TN_OP_DEVICE_RELEASE, device, 0, 0, 0), TN_OK);
    report_count("fence_ended", came(&fence_end), 1);
    report_status("fence_aborted", (enum tn_status)fence_end.cqe.status, TN_EABORTED);
    uint64_t back = fence_end.cqe.value[0];
    must("the buffer that came back", drop(BUFFER, back));
    must("the buffer that was here", drop(BUFFER, old[BUFFER])); /* no device had it: it is its owner's */
    for (uint32_t kind = 0; kind < KINDS; kind++)
        refused("reset", (enum kind)kind, old[kind]);
    refused("reset", BUFFER, back);
    claim_again();
    for (uint32_t kind = 0; kind < KINDS; kind++)
        new[kind] = make((enum kind)kind);
    struct end pending = fence_end;
    for (uint32_t kind = 0; kind < KINDS; kind++)
        if (kind != BUFFER) /* its use would take fence_end */
            refused("reassign", (enum kind)kind, old[kind]);
    report_count("the_new_fence_is_pending", pending.is_there, 0);
    for (uint32_t kind = 0; kind < KINDS; kind++)
        report_status("the_new_one_works", drop((enum kind)kind, new[kind]), TN_OK);
    refused("reassign", BUFFER, old[BUFFER]);
}

static void leave_names_behind(void)
{
    for (uint32_t kind = 0; kind < KINDS; kind++)
        (void)ask(memory, KEEPER_STORE, make((enum kind)kind)); /* the fence's own end is then told to nobody */
}

static int after_restart(void)
{
    for (uint32_t kind = 0; kind < KINDS; kind++)
        refused("restart", (enum kind)kind, ask(memory, KEEPER_RECALL, kind).value[2]);
    int status = report_end("stale names after a restart");
    (void)ask(memory, KEEPER_END, (uint64_t)status);
    return status;
}

/* ---- retirement ---- */

static bool may_make(enum kind kind, uint64_t *handle)
{
    enum tn_status status;
    switch (kind) {
    case POOL:
        status = call(TN_OP_POOL_CREATE, device, BYTES, 1, 0);
        break;
    case WINDOW:
        status = call(TN_OP_MMIO_MAP, device, 0, 0, BYTES);
        break;
    case INTERRUPT:
        status = call(TN_OP_INTERRUPT_BIND, device, 0, tn_source_user_data(&event.source), 0);
        break;
    default:
        status = call(TN_OP_BUFFER_ALLOC, client_pool, BYTES, 0, 0);
    }
    *handle = answer.value[0];
    if (status != TN_OK)
        return false;
    if (kind == FENCE) {
        submit(holder, KEEPER_HOLD, *handle, 0);
        if (fence_end.is_there) { /* no generation is left for it to turn */
            report_status("turned", (enum tn_status)fence_end.cqe.status, TN_ERETIRED);
            must("drop", drop(BUFFER, *handle));
            return false;
        }
        *handle = next_generation(*handle);
    }
    return true;
}

static int retire(void)
{
    static uint64_t old[KINDS * PLENTY];
    uint32_t count = 0, failed = 0;
    for (uint32_t kind = 0; failed < KINDS && count < KINDS * PLENTY; kind = (kind + 1) % KINDS) {
        uint64_t handle;
        if (!may_make((enum kind)kind, &handle)) {
            failed++;
            continue;
        }
        failed = 0;
        old[count++] = handle << 3 | kind; /* few generations: the top is free */
        must("drop", drop((enum kind)kind, handle));
    }
    report_count("exhausted", failed, KINDS);
    report_count("some_were_made", count > 20, 1);
    uint64_t not_stale = 0;
    for (uint32_t i = 0; i < count; i++) {
        enum kind kind = (enum kind)(old[i] & 7);
        not_stale += use(kind, old[i] >> 3) != TN_ESTALE || drop(kind, old[i] >> 3) != TN_ESTALE;
    }
    report_count("not_stale_after_retirement", not_stale, 0);
    return report_end("retired names");
}

static uint64_t find(const struct tn_start *start, const char *name)
{
    const struct tn_start_cap *cap = tn_start_find(start, name);
    if (cap == NULL)
        tn_die("stale: FAIL the manifest gives no %s", name);
    return cap->handle;
}

int tn_main(const struct tn_start *start)
{
    uint64_t retires = 0;
    const struct tn_arg known[] = {{.key = "retire", .value = &retires, .max = 1}};
    tn_args_require(start->args, known, sizeof(known) / sizeof(known[0]));
    fence_end.source.deliver = event.source.deliver = deliver;
    device = find(start, "device0");
    holder = find(start, "channel:holder");
    memory = retires ? TN_HANDLE_NONE : find(start, "channel:memory");
    if (!retires && ask(memory, KEEPER_RECALL, 0).value[3] != 0)
        return after_restart();
    client_pool = must("pool of buffers", call(TN_OP_POOL_CREATE, holder, BYTES, 8, 0));
    if (retires)
        return retire();
    for (uint32_t kind = 0; kind < KINDS; kind++)
        revoke_and_reuse((enum kind)kind);
    reset_and_reassign();
    leave_names_behind();
    return report_end("stale names");
}
