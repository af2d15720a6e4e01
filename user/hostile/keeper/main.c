/* SPDX-License-Identifier: Apache-2.0 */
/* See keeper.h. A job or a driver that is started again, as the manifest says; it does nothing with a device. */
#include <process.h>
#include <ring.h>
#include <service.h>

#include "keeper.h"

enum { CREDITS = 250 };

static struct tn_service service;
static struct tn_parked_reply held[CREDITS];
static uint64_t word[KEEPER_WORDS], words;

/* There is one: no more requests come than credits were given. */
static struct tn_parked_reply *free_place(void)
{
    uint32_t i = 0;
    while (i < CREDITS - 1 && held[i].ticket != 0)
        i++;
    return &held[i];
}

static void let_go(void)
{
    for (uint32_t i = 0; i < CREDITS; i++) {
        TN_REPLY(reply);
        const struct tn_answer done = {.status = TN_OK};
        if (tn_reply_unpark(&held[i], &reply))
            tn_service_complete(&service, &reply, &done);
    }
}

int tn_main(const struct tn_start *start)
{
    struct tn_request request;
    TN_REPLY(reply);
    if (tn_service_open(&service, start, CREDITS) != TN_OK)
        return 2;
    for (;;) {
        while (tn_service_take(&service, &request, &reply)) {
            struct tn_answer answer = {.status = TN_OK};
            if (request.opcode == KEEPER_DIE)
                __builtin_trap();
            if (request.opcode == KEEPER_HOLD && tn_reply_park(&reply, free_place()))
                continue;
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
