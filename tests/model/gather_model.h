/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The world of the model gather.pml: ends that wait for the flush that covers them (core/gather.h), a device whose
 * reach into a buffer ends only with a flush that began after its unmapping, and flushes that finish late, out of
 * order, twice, or are claimed to have finished when nobody began them.
 */
#ifndef TENURE_TESTS_MODEL_GATHER_MODEL_H
#define TENURE_TESTS_MODEL_GATHER_MODEL_H

#include <core/gather.h>

enum { PLACES = 2, ITEMS = 5, FLUSHES = 2 };

struct flush {
    uint64_t number;
    bool running;
    bool covers[ITEMS]; /* what was unmapped when the hardware began */
};

struct model {
    struct tn_gather gather;
    struct tn_gathered gathered[PLACES];
    struct flush flush[FLUSHES];
    uint64_t last; /* number of a flush that has ended once */
    uint8_t added;
    uint8_t left;
    bool reachable[ITEMS]; /* by the device, whatever the tables say */
    bool wrong;
};

extern struct model model;

enum move {
    ADD,
    BEGIN,
    FINISH, /* the hardware ends flush `who`; the kernel hears of it at once */
    REPEAT, /* the kernel hears of the last one again */
    INVENT, /* it hears of number `who`, which no flush that runs has: of one that was never begun, or has ended */
    LEAVE,
    MOVES
};

void model_start(void);
bool model_may(enum move move, int who);
void model_do(enum move move, int who, bool tell);

#endif
