/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See keeper.h. A job or a driver that is started again, as the manifest says. For tests and benches. args: windows=N:
 * it has a device, which it gives memory, lets reach it, and maps that many windows of (default 0: it leaves alone what
 * it has). routes=N: it binds that many of the device's interrupts as well.
 */
#include <args.h>
#include <dma.h>
#include <irq.h>
#include <mmio.h>
#include <process.h>
#include <ring.h>
#include <service.h>

#include "keeper.h"

enum { CREDITS = 250, HELD_MAX = 1016, PAGE = 4096, POOL_BYTES = 16 * PAGE, WINDOWS_MAX = 16, ROUTES_MAX = 32 };

static struct tn_service service;
static struct tn_parked_reply held[HELD_MAX];
static uint64_t word[KEEPER_WORDS], words;
static struct tn_irq irq[ROUTES_MAX];

/* The last one if there is none. */
static struct tn_parked_reply *free_place(void)
{
    uint32_t i = 0;
    while (i < HELD_MAX - 1 && held[i].ticket != 0)
        i++;
    return &held[i];
}

/* One that is held does not come between the others and their turn: another credit stands in for its own. */
static void replace_credit(void)
{
    struct tn_sqe *sqe = tn_ring_push();
    sqe->op = TN_OP_SERVE;
    sqe->flags = TN_SQE_QUIET;
    sqe->handle = service.handle;
    sqe->user_data = tn_source_user_data(&service.failure);
    sqe->arg[0] = tn_source_user_data(&service.source);
    sqe->arg[1] = 1;
}

static void let_go(void)
{
    for (uint32_t i = 0; i < HELD_MAX; i++) {
        const struct tn_sqe done = {.op = TN_OP_COMPLETE,
                                    .handle = service.handle,
                                    .arg = {held[i].id, held[i].ticket, tn_complete_word(TN_OK, 0)}};
        if (held[i].ticket != 0 && tn_ring_call(&done, NULL) == TN_OK) /* answered, so its credit does not come back */
            held[i].ticket = 0;
    }
}

static bool set_up_device(const struct tn_start *start, uint64_t windows, uint64_t routes)
{
    const struct tn_start_cap *device = tn_start_find_kind(start, TN_KIND_DEVICE);
    struct tn_mmio window;
    uint64_t pool;
    if (device == NULL || tn_dma_device_pool(device->handle, POOL_BYTES, &pool) != TN_OK ||
        tn_dma_bus_master(device->handle, TN_BUS_MASTER_ON) != TN_OK)
        return false;
    for (uint64_t i = 0; i < windows; i++)
        if (tn_mmio_map(device->handle, 0, i * PAGE, PAGE, &window) != TN_OK)
            return false;
    for (uint32_t i = 0; i < routes; i++)
        if (tn_irq_bind(device->handle, i, &irq[i]) != TN_OK)
            return false;
    return true;
}

int tn_main(const struct tn_start *start)
{
    uint64_t windows = 0, routes = 0;
    const struct tn_arg known[] = {
        {.key = "windows", .value = &windows, .max = WINDOWS_MAX},
        {.key = "routes", .value = &routes, .max = ROUTES_MAX},
    };
    tn_args_require(start->args, known, sizeof(known) / sizeof(known[0]));
    if (windows != 0 && !set_up_device(start, windows, routes))
        return 4;
    struct tn_request request;
    TN_REPLY(reply);
    if (tn_service_open(&service, start, CREDITS) != TN_OK)
        return 2;
    for (;;) {
        while (tn_service_take(&service, &request, &reply)) {
            struct tn_answer answer = {.status = TN_OK};
            if (request.opcode == KEEPER_DIE)
                __builtin_trap();
            if (request.opcode == KEEPER_HOLD && tn_reply_park(&reply, free_place())) {
                replace_credit();
                continue;
            }
            if (request.opcode == KEEPER_LET_GO)
                let_go();
            if (request.opcode == KEEPER_STORE && words < KEEPER_WORDS)
                word[words++] = request.argument;
            else if (request.opcode == KEEPER_RECALL && request.argument < KEEPER_WORDS)
                answer.word[0] = word[request.argument];
            answer.word[1] = words;
            tn_service_complete(&service, &reply, &answer);
            if (request.opcode == KEEPER_END) {
                tn_ring_flush();
                return (int)request.argument;
            }
        }
        (void)tn_ring_wait(1, TN_DEADLINE_NEVER);
    }
}
