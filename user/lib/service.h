/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The serving end of sessions: requests come in against credits, each is completed once. What a request means is left
 * to the driver or service.
 */
#ifndef TENURE_USER_SERVICE_H
#define TENURE_USER_SERVICE_H

#include <stdint.h>

#include <tenure/abi/ring.h>
#include <tenure/abi/start.h>
#include <tenure/abi/status.h>

#include "ring.h"

enum {
    TN_SERVICE_CREDITS_MAX = 256,
};

/* What a driver holds for a buffer whose address it may not know; dma.h turns it into a descriptor address. */
struct tn_dma_token {
    uint64_t bits;
};

/* The client's words in it are input. Direction and length were checked by the kernel against the client's buffer. */
struct tn_request {
    uint64_t id;
    uint64_t ticket;
    uint64_t argument; /* arg3 of the submission */
    struct tn_dma_token token;
    uint32_t length;
    uint32_t session;
    uint32_t direction; /* enum tn_direction */
    uint32_t rights;    /* enum tn_right of the session */
    uint16_t opcode;
};

struct tn_service {
    struct tn_source source;
    struct tn_source failure; /* receives refused completions */
    uint64_t handle;
    uint32_t taken; /* free-running; the queue never holds more than the credits */
    uint32_t arrived;
    struct tn_request queue[TN_SERVICE_CREDITS_MAX];
};

struct tn_answer {
    enum tn_status status;
    uint32_t used;
    uint64_t word[2];
};

/* Opens the service this process serves and grants `credits` (at most TN_SERVICE_CREDITS_MAX): so many requests may be
 * here at once. TN_ENOENT: the manifest gives no service to serve. */
TN_MUST_CHECK enum tn_status tn_service_open(struct tn_service *service, const struct tn_start *start,
                                             uint32_t credits);
/* The oldest request, or TN_EAGAIN. Call after tn_ring_wait. */
TN_MUST_CHECK enum tn_status tn_service_take(struct tn_service *service, struct tn_request *request);
/* Completes it; travels with the next entry of the ring. The request's credit is free again. */
void tn_service_complete(struct tn_service *service, const struct tn_request *request, const struct tn_answer *answer);

#endif
