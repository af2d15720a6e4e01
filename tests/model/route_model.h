/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The world of the model route.pml: one vector, two drivers that hold it in turn, and a device that raises whenever it
 * likes. An interrupt can be held back in the source (raised while masked), on its way to the controller, requested
 * there, or in service, when its route is revoked. Each carries the tenure in which it was raised; the one thing that
 * must never happen is that a driver is woken by an interrupt from before its own tenure.
 */
#ifndef TENURE_TESTS_MODEL_ROUTE_MODEL_H
#define TENURE_TESTS_MODEL_ROUTE_MODEL_H

#include <core/route.h>

enum { STORM = 2, TENURES = 3, RAISES = 6 };

/* Where an interrupt is; the tenure in which the device raised it, 0: there is none. */
struct model {
    struct tn_routes routes;
    struct tn_slot slot[1];
    struct tn_route route[1];
    uint8_t tenure; /* of the current holder; grows with each binding */
    uint8_t holder;
    bool masked;     /* the source's mask */
    uint8_t held;    /* in the source */
    uint8_t sent;    /* a message on its way: masking does not call it back */
    uint8_t request; /* in the controller */
    uint8_t service; /* the processor is handling one */
    uint8_t told;    /* the tenure of the event that its holder has not acknowledged */
    uint8_t raised;
    uint64_t old_sequence;
    bool wrong;
};

extern struct model model;

enum move {
    BIND,
    ARM, /* and unmask */
    RAISE,
    SEND,     /* the message arrives at the controller */
    DISPATCH, /* the processor takes it: the kernel's entry runs tn_route_arrive */
    END_OF_INTERRUPT,
    ACKNOWLEDGE,
    ACKNOWLEDGE_OLD, /* with the sequence of the event before */
    REVOKE,
    MASK,    /* the kernel masks the source of a route that is drained */
    LET_OUT, /* what the source holds back leaves while nobody would be woken */
    DRAINED,
    FREE,
    MOVES
};

void model_start(void);
bool model_may(enum move move, int who);
void model_do(enum move move, int who, bool tell);

#endif
