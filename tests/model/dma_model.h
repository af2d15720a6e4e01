/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The world of the model dma.pml: the real core with two clients, one service, one device that may answer late, twice
 * or never, resets, and deaths in flight. Spin chooses which of the moves comes next and remembers the states;
 * everything that happens is in dma_model.c. One struct, so that a state of the world is its bytes.
 */
#ifndef TENURE_TESTS_MODEL_DMA_MODEL_H
#define TENURE_TESTS_MODEL_DMA_MODEL_H

#include <core/dma.h>

enum {
    CLIENTS = 2,
    BUFFERS = 2, /* of the first client; the second has one */
    FENCES = 2,
    PARTS = 2,
    WIRE = 2, /* completions on their way from the device to the kernel */
};

/* What the device holds of one submission, until it has answered or was reset. */
struct descriptor {
    uint64_t fence, ticket;
    bool writes; /* the device may still touch the buffers */
    uint8_t client;
    uint8_t parts;
    uint8_t slot[PARTS];
};

struct answer {
    uint64_t fence, ticket;
};

struct client {
    struct tn_ledger ledger;
    struct tn_pool pool;
    uint64_t mark[BUFFERS];
    uint32_t length[BUFFERS], stack[BUFFERS];
    struct tn_buffer_name own[BUFFERS]; /* names it may use; a mark of 0: none */
    struct tn_buffer_name old[BUFFERS]; /* names it once had */
    uint64_t fence, old_fence, old_ticket;
    bool dead;
    uint8_t told; /* how often the end of `fence` was reported; more than once is wrong */
};

struct model {
    struct client client[CLIENTS];
    struct tn_queue queue;
    struct tn_slot fence_slot[FENCES];
    struct tn_fence_record record[FENCES];
    struct tn_buffer_name part[FENCES * PARTS];
    struct descriptor device[FENCES];
    struct answer wire[WIRE];
    struct answer last; /* what a faulty device may say a second time */
    uint8_t on_wire;
    bool wrong;
};

extern struct model model;

/* The moves; each with a client (or a place, for the device's) 0 or 1. */
enum move {
    ALLOC,
    RELEASE,
    SUBMIT,
    SUBMIT_MORE,
    ADD,
    CLOSE,
    POST,
    FINISH,   /* the device ends its work and answers */
    REPEAT,   /* it answers once more */
    RECEIVE,  /* the kernel takes an answer off the wire */
    RESET,    /* the device is silenced, with evidence: the fence is aborted */
    WITHDRAW, /* a fence that the device never saw is aborted */
    ABANDON,  /* no evidence: quarantine, and the device may go on writing */
    DIE,      /* the client ends in the middle */
    REBIRTH,  /* its pool is revoked, scrubbed, and given to the next one */
    MOVES
};

void model_start(void);
bool model_may(enum move move, int who);
/* Does it, checks all that must hold, and sets model.wrong. `tell`: prints the move. */
void model_do(enum move move, int who, bool tell);

#endif
