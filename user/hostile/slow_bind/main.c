/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A driver whose slice ends while the kernel binds its interrupt (provoke=irq-slow), and that then waits, in the same
 * call, for more completions than come: it must wait until its deadline. args: role=bind, or role=spin beside it
 */
#include <args.h>
#include <clock.h>
#include <dma.h>
#include <print.h>
#include <process.h>
#include <ring.h>

#define WAIT_NS UINT64_C(50000000)

static enum tn_status bound = TN_EAGAIN;

static void answered(struct tn_source *source, const struct tn_cqe *cqe)
{
    (void)source;
    bound = (enum tn_status)cqe->status;
}

static void bind_and_wait(uint64_t device)
{
    static struct tn_source answer = {.deliver = answered}, event = {.deliver = answered};
    struct tn_sqe *sqe = tn_ring_push();
    sqe->op = TN_OP_INTERRUPT_BIND;
    sqe->user_data = tn_source_user_data(&answer);
    sqe->handle = device;
    sqe->arg[1] = tn_source_user_data(&event);
    uint64_t deadline = tn_deadline_in(WAIT_NS);
    enum tn_status status = tn_ring_wait(2, deadline); /* one comes */
    uint64_t now = tn_clock_now();
    tn_ring_flush();
    if (bound != TN_OK)
        tn_die("slow_bind: FAIL bind ends with %s", tn_status_name(bound));
    tn_print("slow_bind: the wait ends with %s, %s its deadline", tn_status_name(status),
             now < deadline ? "before" : "at");
}

int tn_main(const struct tn_start *start)
{
    static const char *const roles[] = {"bind", "spin", NULL};
    uint64_t role = 0, pool;
    const struct tn_arg known[] = {{.key = "role", .value = &role, .words = roles}};
    tn_args_require(start->args, known, 1);
    while (role == 1)
        __builtin_ia32_pause();
    const struct tn_start_cap *cap = tn_start_find_kind(start, TN_KIND_DEVICE);
    if (cap == NULL || tn_dma_device_pool(cap->handle, 4096, &pool) != TN_OK ||
        tn_dma_bus_master(cap->handle, TN_BUS_MASTER_ON) != TN_OK)
        tn_die("slow_bind: FAIL no device");
    bind_and_wait(cap->handle);
    return 0;
}
