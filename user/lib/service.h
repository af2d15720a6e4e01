/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The serving end of sessions: requests come in against credits, and with each the duty to answer it, once. The duty is
 * a token (tenure/own.h): a service that forgets one on some path, or answers twice, does not compile. What a request
 * means is left to the driver or service.
 */
#ifndef TENURE_USER_SERVICE_H
#define TENURE_USER_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include <tenure/abi/ring.h>
#include <tenure/abi/start.h>
#include <tenure/abi/status.h>
#include <tenure/own.h>

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
    uint64_t argument; /* arg3 of the submission */
    struct tn_dma_token token;
    uint32_t length;
    uint32_t session;
    uint32_t direction; /* enum tn_direction */
    uint32_t rights;    /* enum tn_right of the session */
    uint16_t opcode;
};

/* A duty in a table, while a device works on the request. ticket 0: the place is free. */
struct tn_parked_reply {
    uint64_t id;
    uint64_t ticket;
};
/* The duty to answer one request. The fields are the library's. */
struct TN_OWN_TOKEN tn_reply {
    struct tn_parked_reply name;
    unsigned held; /* 0: empty, 1: not */
};
TN_OWN_INLINE void tn_reply_end(const struct tn_reply *reply)
{
    TN_OWN_EMPTY(reply->held);
}
/* An empty token of this name, which must be empty again at the end of its scope. */
#define TN_REPLY(token) __attribute__((cleanup(tn_reply_end))) struct tn_reply token = {{0, 0}, 0}

struct tn_arrival {
    struct tn_request request;
    struct tn_parked_reply reply;
};

struct tn_service {
    struct tn_source source;
    struct tn_source failure; /* receives refused completions */
    uint64_t handle;
    uint32_t taken; /* free-running; the queue never holds more than the credits */
    uint32_t arrived;
    struct tn_arrival queue[TN_SERVICE_CREDITS_MAX];
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
/* The oldest request, and the duty to answer it. False: there is none. Call after tn_ring_wait. */
TN_OWN_INLINE TN_MUST_CHECK bool tn_service_take(struct tn_service *service, struct tn_request *request,
                                                 struct tn_reply *reply) TN_OWN_IF_TRUE(reply);
TN_OWN_INLINE bool tn_service_take(struct tn_service *service, struct tn_request *request, struct tn_reply *reply)
{
    TN_OWN_EMPTY(reply->held);
    if (service->taken == service->arrived)
        return false;
    const struct tn_arrival *arrival = &service->queue[service->taken++ % TN_SERVICE_CREDITS_MAX];
    *request = arrival->request;
    reply->name = arrival->reply;
    reply->held = 1;
    return true;
}
/* Sends the answer of the request with that name; travels with the next entry of the ring. Programs use
 * tn_service_complete. */
void tn_service_answer(struct tn_service *service, const struct tn_parked_reply *name, const struct tn_answer *answer);
/* Answers a request: the duty is done, and its credit is free again. */
TN_OWN_INLINE void tn_service_complete(struct tn_service *service, struct tn_reply *reply,
                                       const struct tn_answer *answer) TN_OWN_TAKES(reply);
TN_OWN_INLINE void tn_service_complete(struct tn_service *service, struct tn_reply *reply,
                                       const struct tn_answer *answer)
{
    TN_OWN_REQUIRE(reply->held);
    const struct tn_parked_reply name = reply->name;
    if (reply->held)
        tn_service_answer(service, &name, answer);
    reply->held = 0;
}

/* Puts the duty into a free place of a table. False: the place is taken, and the duty still held. */
TN_OWN_INLINE TN_MUST_CHECK bool tn_reply_park(struct tn_reply *reply, struct tn_parked_reply *place)
    TN_OWN_TAKES(reply) TN_OWN_IF_FALSE(reply);
TN_OWN_INLINE bool tn_reply_park(struct tn_reply *reply, struct tn_parked_reply *place)
{
    TN_OWN_REQUIRE(reply->held);
    if (__builtin_expect(place->ticket != 0, 0))
        return false;
    *place = reply->name;
    reply->held = 0;
    return true;
}
/* Takes out what is there. False: nothing is. */
TN_OWN_INLINE TN_MUST_CHECK bool tn_reply_unpark(struct tn_parked_reply *place, struct tn_reply *reply)
    TN_OWN_IF_TRUE(reply);
TN_OWN_INLINE bool tn_reply_unpark(struct tn_parked_reply *place, struct tn_reply *reply)
{
    TN_OWN_EMPTY(reply->held);
    if (place->ticket == 0)
        return false;
    reply->name = *place;
    reply->held = 1;
    place->ticket = 0;
    return true;
}

#endif
