/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtio block driver's own code under a main that gives its device up in the middle of its work, tries everything
 * that it had for it, and claims it again, or another process does. args: requests=N (default 4): it gives the device
 * up once that many are with it; 0: never. again=0: it does not claim it again. later=1: it has none at its start, and
 * claims the first of its entry as soon as it may. other=1: it goes on with the second device of its entry instead;
 * early=1: which it claims before the first one is silent; early=2: once that is being reset. large=1: it has asked for
 * a pool of 16 MiB just before; large=2: it has one from its start on, and wants one again.
 */
#include <args.h>
#include <clock.h>
#include <mem.h>
#include <print.h>
#include <process.h>
#include <report.h>
#include <ring.h>

#include "../../drivers/virtio_blk/serve.h"

static const uint64_t wait_ns = 30 * TN_SECOND, pause_ns = TN_SECOND / 100;

static struct server server;
static struct tn_start start_with_device; /* a copy that names the device claimed last */

static enum tn_status call(uint32_t op, uint64_t handle, uint64_t arg0, uint64_t arg1)
{
    struct tn_sqe sqe = {.op = op, .handle = handle, .arg = {arg0, arg1}};
    return tn_ring_call(&sqe, NULL);
}

static void claim(const struct tn_start *start, uint64_t entry)
{
    struct tn_sqe sqe = {.op = TN_OP_DEVICE_CLAIM, .arg = {entry}};
    struct tn_cqe answer;
    enum tn_status status = tn_ring_call(&sqe, &answer);
    for (uint64_t end = tn_deadline_in(wait_ns); status != TN_OK && tn_clock_now() < end;) {
        (void)tn_ring_wait(1, tn_deadline_in(pause_ns));
        status = tn_ring_call(&sqe, &answer);
    }
    if (status != TN_OK)
        tn_die("passing: FAIL the device is not to be had: %s", tn_status_name(status));
    memcpy(&start_with_device, start, sizeof start_with_device);
    for (uint32_t i = 0; i < start_with_device.cap_count; i++)
        if (start_with_device.cap[i].kind == TN_KIND_DEVICE)
            start_with_device.cap[i].kind = TN_KIND_NONE;
    struct tn_start_cap *cap = &start_with_device.cap[start_with_device.cap_count++];
    *cap = (struct tn_start_cap){.handle = answer.value[0], .kind = TN_KIND_DEVICE};
}

/* Every name that it had of the device and of what was made of it; `when` it is asked. */
static void ask_stale(const char *when, const struct device *before, uint64_t window, uint64_t pool)
{
    const struct tn_sqe completion = {
        .op = TN_OP_COMPLETE,
        .handle = server.service.handle,
        .arg = {server.with_device[0].reply.id, server.with_device[0].reply.ticket, tn_complete_word(TN_OK, 0)},
    };
    tn_print("passing: %s", when);
    report_status("device", call(TN_OP_DEVICE_CONFIG_READ, before->handle, 0, 4), TN_ESTALE);
    report_status("bus_master", call(TN_OP_DEVICE_BUS_MASTER, before->handle, 1, 0), TN_ESTALE);
    report_status("window", call(TN_OP_MMIO_RELEASE, window, 0, 0), TN_ESTALE);
    report_status("interrupt", call(TN_OP_INTERRUPT_ACK, before->queue_irq.handle, before->queue_irq.sequence, 0),
                  TN_ESTALE);
    report_status("interrupt_release", call(TN_OP_INTERRUPT_RELEASE, before->queue_irq.handle, 0, 0), TN_ESTALE);
    report_status("pool", call(TN_OP_SHARED_ALLOC, pool, 4096, 0), TN_ESTALE);
    report_status("pool_release", call(TN_OP_POOL_RELEASE, pool, 0, 0), TN_ESTALE);
    report_status("request", tn_ring_call(&completion, NULL), TN_ESTALE);
}

static void serve_claimed(uint64_t lost)
{
    memset(&server.device, 0, sizeof server.device);
    memset(server.with_device, 0, sizeof server.with_device);
    device_start(&server.device, &start_with_device);
    /* the credits of the requests that ended with the claim are used up */
    report_status("serve", call(TN_OP_SERVE, server.service.handle, tn_source_user_data(&server.service.source), lost),
                  TN_OK);
}

static void ignore(struct tn_source *source, const struct tn_cqe *cqe)
{
    (void)source;
    (void)cqe;
}

static void move(const struct tn_start *start, uint64_t early)
{
    static struct tn_source nobody = {.deliver = ignore};
    uint64_t lost = server.device.queue.in_flight;
    const struct tn_sqe release = {.op = TN_OP_DEVICE_RELEASE, .handle = server.device.handle};
    if (early) {
        struct tn_sqe *sqe = tn_ring_push(); /* goes with the claim */
        *sqe = release;
        sqe->user_data = tn_source_user_data(&nobody);
        if (early == 2)
            (void)tn_ring_wait(1, tn_deadline_in(pause_ns));
    } else {
        (void)!tn_ring_call(&release, NULL); /* silent or not */
    }
    claim(start, 1);
    serve_claimed(lost);
}

struct answer {
    struct tn_source source;
    enum tn_status status;
    bool came;
};

static void answer_came(struct tn_source *source, const struct tn_cqe *cqe)
{
    struct answer *answer = (struct answer *)source;
    answer->status = (enum tn_status)cqe->status;
    answer->came = true;
}

enum { LARGE_BYTES = 1 << 20, LARGE_BUFFERS = 16 };

static enum tn_status make_large(uint64_t *pool)
{
    const struct tn_sqe sqe = {
        .op = TN_OP_POOL_CREATE, .handle = server.device.handle, .arg = {LARGE_BYTES, LARGE_BUFFERS}};
    struct tn_cqe answer;
    enum tn_status status = tn_ring_call(&sqe, &answer);
    *pool = answer.value[0];
    return status;
}

/* A pool for the device that is given up while the pool's pages are zeroed. */
static void ask_large(struct answer *answer)
{
    answer->source.deliver = answer_came;
    struct tn_sqe *sqe = tn_ring_push();
    sqe->op = TN_OP_POOL_CREATE;
    sqe->handle = server.device.handle;
    sqe->user_data = tn_source_user_data(&answer->source);
    sqe->arg[0] = LARGE_BYTES;
    sqe->arg[1] = LARGE_BUFFERS;
}

/* Given up with its device: a large one, whose pages take a while, is no exception, and paid for no more at the answer.
 */
static void give_up_large(const struct tn_start *start, uint64_t pool)
{
    static struct answer answer = {.source = {.deliver = answer_came}};
    uint64_t neither = 0;
    struct tn_sqe *sqe = tn_ring_push();
    sqe->op = TN_OP_DEVICE_RELEASE;
    sqe->handle = server.device.handle;
    sqe->user_data = tn_source_user_data(&answer.source);
    while (!answer.came)
        neither += call(TN_OP_SHARED_ALLOC, pool, 4096, 0) == TN_ESTATE;
    enum tn_status stale = call(TN_OP_POOL_RELEASE, pool, 0, 0);
    claim(start, 0);
    server.device.handle = start_with_device.cap[start_with_device.cap_count - 1].handle;
    enum tn_status again = make_large(&pool); /* before anything is printed: that takes long enough for the zeroing */
    report_status("release", answer.status, TN_OK);
    report_count("large_neither", neither, 0);
    report_status("large_stale", stale, TN_ESTALE);
    report_status("large_again", again, TN_OK);
    tn_exit(report_end("large given up"));
}

static void pass(const struct tn_start *start, bool again, bool large)
{
    static struct answer large_answer;
    static struct device before;
    uint64_t pool, lost = server.device.queue.in_flight;
    if (tn_dma_device_pool(server.device.handle, 4096, &pool) != TN_OK)
        tn_die("passing: FAIL no second pool");
    const struct tn_sqe map = {
        .op = TN_OP_MMIO_MAP, .handle = server.device.handle, .arg = {server.device.regions.common.bar, 0, 4096}};
    struct tn_cqe window;
    if (tn_ring_call(&map, &window) != TN_OK)
        tn_die("passing: FAIL no further window");
    memcpy(&before, &server.device, sizeof before);
    if (large)
        ask_large(&large_answer);
    report_status("release", call(TN_OP_DEVICE_RELEASE, before.handle, 0, 0), TN_OK);
    ask_stale("given up", &before, window.value[0], pool);
    report_status("again", call(TN_OP_DEVICE_RELEASE, before.handle, 0, 0), TN_ESTALE);
    if (!again)
        return;
    claim(start, 0);
    ask_stale("claimed again", &before, window.value[0], pool);
    serve_claimed(lost);
    ask_stale("at work again", &before, window.value[0], pool);
    if (!large)
        return;
    report_status("large_too_early", large_answer.came ? TN_OK : TN_EAGAIN, TN_EAGAIN);
    while (!large_answer.came)
        (void)tn_ring_sleep(1, tn_deadline_in(pause_ns));
    report_status("large", large_answer.status, TN_ESTALE);
}

int tn_main(const struct tn_start *start)
{
    uint64_t requests = 4, again = 1, later = 0, other = 0, early = 0, large = 0, large_pool;
    const struct tn_arg known[] = {{.key = "requests", .value = &requests, .max = 1u << 20},
                                   {.key = "again", .value = &again, .max = 1},
                                   {.key = "later", .value = &later, .max = 1},
                                   {.key = "other", .value = &other, .max = 1},
                                   {.key = "early", .value = &early, .max = 2},
                                   {.key = "large", .value = &large, .max = 2}};
    tn_args_require(start->args, known, sizeof(known) / sizeof(known[0]));
    if (later)
        claim(start, 0);
    serve_open(&server, later ? &start_with_device : start);
    if (large == 2)
        tn_print("passing: large pool: %s", tn_status_name(make_large(&large_pool)));
    for (;;) {
        serve_round(&server);
        if (requests != 0 && server.device.queue.in_flight >= requests) {
            if (large == 2)
                give_up_large(start, large_pool);
            if (other)
                move(start, early);
            else
                pass(start, again != 0, large != 0);
            (void)report_end("passed device");
            requests = 0;
            while (!again)
                (void)tn_ring_wait(1, TN_DEADLINE_NEVER);
            continue; /* requests came while it was busy with that */
        }
        (void)tn_ring_wait(1, TN_DEADLINE_NEVER);
    }
}
