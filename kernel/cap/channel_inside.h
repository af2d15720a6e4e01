/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of channels: what channel.c and channel_end.c share. See channel.h. */
#ifndef TENURE_KERNEL_CAP_CHANNEL_INSIDE_H
#define TENURE_KERNEL_CAP_CHANNEL_INSIDE_H

#include <tenure/abi/start.h>

#include "cap/channel.h"
#include "cap/orphan.h"

/* What the kernel remembers of a fence beside the core's record of the same slot. */
struct request {
    struct process *client; /* NULL: the rest means nothing */
    struct tn_cap *cap;     /* the buffer's entry, a Fence meanwhile; NULL: no buffer travels */
    uint64_t user_data;
    uint64_t word; /* the request word */
    uint64_t argument;
};

enum { SERVICE_PAUSED = 1 << 30 };

struct service {
    _Alignas(256) struct tn_identity identity; /* the same */
    char name[TN_NAME_MAX];
    struct process *server;  /* NULL once it has ended */
    struct process *awaited; /* who will come back; NULL: nobody, or the server is there */
    struct device *device;
    struct tn_queue queue;
    struct request *request; /* one for each fence slot */
    struct orphan *orphan;   /* the same */
    uint32_t orphans;
    uint64_t user_data;
    /* Completions of the server that are reserved for requests; fewer by SERVICE_PAUSED while there is no device. */
    int32_t credits;
};

struct channel {
    _Alignas(64) struct tn_identity identity; /* a power of two: every request looks one up */
    struct service *service;                  /* NULL: free */
    uint64_t word;                            /* what the request word says of the session */
    uint32_t deadline_ms;                     /* of what it leaves behind; 0: none */
};

extern struct service services[SERVICES_MAX];
extern uint32_t service_count;
extern struct channel channels[CHANNELS_MAX];
extern uint32_t channel_count;

/* An ended fence: its buffer goes where the core says, its client hears of it once. */
void channel_deliver(struct service *service, uint64_t fence, const uint64_t answer[2]);

#endif
