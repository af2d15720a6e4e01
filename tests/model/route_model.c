/* SPDX-License-Identifier: Apache-2.0 */
/* See route_model.h. */
#include "route_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct model model;

static uint64_t made[MOVES]; /* in the whole search; no part of a state */

static const char *const move_names[MOVES] = {
    "bind",   "arm",  "raise",   "send",    "dispatch", "end", "acknowledge", "acknowledge old",
    "revoke", "mask", "let out", "drained", "free"};

static void require(bool condition, const char *what)
{
    if (!condition && !model.wrong)
        printf("model: %s\n", what);
    model.wrong = model.wrong || !condition;
}

/* Printed at the end of a search: moves that were never made have shown nothing. */
static void count_kinds(void)
{
    uint32_t kinds = 0;
    for (uint32_t i = 0; i < MOVES; i++)
        kinds += made[i] != 0;
    printf("model: %u kinds of moves\n", kinds);
}

void model_start(void)
{
    atexit(count_kinds);
    memset(&model, 0, sizeof model);
    model.masked = true;
    if (!tn_routes_init(&model.routes, model.slot, model.route, 1, STORM))
        abort();
}

static uint32_t state(void)
{
    return model.route[0].state;
}

/* What the hardware would read back now. A message that was sent is not to be seen anywhere: but a read of the source
 * after the mask comes back behind it (PCI ordering), so the kernel's read waits until it has arrived. */
static struct tn_route_evidence read_back(void)
{
    return (struct tn_route_evidence){
        .source_masked = model.masked,
        .source_idle = model.held == 0,
        .remapping_clear = true,
        .not_requested = model.request == 0,
        .not_in_service = model.service == 0,
    };
}

bool model_may(enum move move, int who)
{
    const struct tn_route_evidence evidence = read_back();
    switch (move) {
    case BIND:
        return model.tenure < TENURES && who != model.holder && tn_route_bind_decide(&model.routes) == TN_OK;
    case ARM:
        return model.sent == 0 && tn_route_arm_decide(&model.routes, 0, &evidence) == TN_OK;
    case RAISE:
        return model.raised < RAISES && (model.masked ? model.held == 0 : model.sent == 0);
    case SEND:
        return model.sent != 0 && model.request == 0;
    case DISPATCH:
        return model.request != 0 && model.service == 0;
    case END_OF_INTERRUPT:
        return model.service != 0;
    case ACKNOWLEDGE:
        return state() == TN_ROUTE_PENDING &&
               tn_route_acknowledge_decide(&model.routes, 0, model.route[0].sequence) == TN_OK;
    case ACKNOWLEDGE_OLD:
        return model.old_sequence != 0;
    case REVOKE:
        return tn_route_revoke_decide(&model.routes, 0) == TN_OK;
    case MASK:
        return state() == TN_ROUTE_DRAINING && !model.masked;
    case LET_OUT:
        return (state() == TN_ROUTE_DRAINING || state() == TN_ROUTE_MASKED) && model.masked && model.held != 0 &&
               model.sent == 0;
    case DRAINED:
        return model.sent == 0 && tn_route_drained_decide(&model.routes, 0, &evidence) == TN_OK;
    default:
        return state() == TN_ROUTE_DRAINED;
    }
}

static void unmask(void)
{
    model.masked = false;
    if (model.held != 0 && model.sent == 0) {
        model.sent = model.held;
        model.held = 0;
    }
}

static void bind(int who)
{
    (void)tn_route_bind_commit(&model.routes);
    model.holder = (uint8_t)who;
    model.tenure++;
    model.masked = true;
    model.told = 0;
    model.old_sequence = 0;
}

/* The kernel's entry for the vector. */
static void dispatch(void)
{
    model.service = model.request;
    model.request = 0;
    switch (tn_route_arrive(&model.routes, 0)) {
    case TN_ARRIVAL_EVENT:
        require(model.service == model.tenure && state() == TN_ROUTE_PENDING,
                "a driver is woken by an interrupt from before its tenure");
        model.told = model.service;
        break;
    case TN_ARRIVAL_STORM:
        model.masked = true;
        break;
    case TN_ARRIVAL_WAITS:
        require(model.service == model.tenure, "an interrupt from before waits for the new driver");
        break;
    default:
        break;
    }
}

static void acknowledge(void)
{
    model.old_sequence = model.route[0].sequence;
    if (tn_route_acknowledge_commit(&model.routes, 0) == 0)
        model.told = 0;
    unmask(); /* what a storm masked */
}

static void let_out(void)
{
    model.sent = model.held;
    model.held = 0;
}

void model_do(enum move move, int who, bool tell)
{
    made[move]++;
    if (tell)
        printf("move: %s %d\n", move_names[move], who);
    switch (move) {
    case BIND:
        bind(who);
        break;
    case ARM:
        tn_route_arm_commit(&model.routes, 0);
        unmask();
        break;
    case RAISE:
        model.raised++;
        *(model.masked ? &model.held : &model.sent) = model.tenure == 0 ? 1 : model.tenure;
        break;
    case SEND:
        model.request = model.sent;
        model.sent = 0;
        break;
    case DISPATCH:
        dispatch();
        break;
    case END_OF_INTERRUPT:
        model.service = 0;
        break;
    case ACKNOWLEDGE:
        acknowledge();
        break;
    case ACKNOWLEDGE_OLD:
        require(model.old_sequence == model.route[0].sequence ||
                    tn_route_acknowledge_decide(&model.routes, 0, model.old_sequence) != TN_OK,
                "the sequence of an event before arms the route");
        break;
    case REVOKE:
        tn_route_revoke_commit(&model.routes, 0);
        model.told = 0;
        break;
    case MASK:
        model.masked = true;
        break;
    case LET_OUT:
        let_out();
        break;
    case DRAINED:
        tn_route_drained_commit(&model.routes, 0);
        break;
    default:
        tn_route_free_commit(&model.routes, 0);
        break;
    }
    require(model.told == 0 || state() == TN_ROUTE_PENDING, "an event is pending and its route is not");
}
