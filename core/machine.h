/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state machines, one table each: from, to, and what happens. The functions tn_*_may_move, the predicates of the
 * proof and the drawings of the docs (`make docs`) are made from these tables. A row more is a transition more:
 * CONTRIBUTING.md says what else then changes.
 */
#ifndef TENURE_CORE_MACHINE_H
#define TENURE_CORE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

/* A DMA pool. */
#define TN_POOL_MOVES(MOVE)                                                                                            \
    MOVE(TN_POOL_EMPTY, TN_POOL_RESERVED, "charged")                                                                   \
    MOVE(TN_POOL_RESERVED, TN_POOL_COMMITTED, "zeroed memory given")                                                   \
    MOVE(TN_POOL_RESERVED, TN_POOL_EMPTY, "no memory to be had")                                                       \
    MOVE(TN_POOL_COMMITTED, TN_POOL_MAPPED, "reachable")                                                               \
    MOVE(TN_POOL_COMMITTED, TN_POOL_REVOKING, "mapping failed half-way")                                               \
    MOVE(TN_POOL_MAPPED, TN_POOL_REVOKING, "revoke")                                                                   \
    MOVE(TN_POOL_REVOKING, TN_POOL_INVALIDATED, "out of every reach")                                                  \
    MOVE(TN_POOL_REVOKING, TN_POOL_QUARANTINED, "device not silenced")                                                 \
    MOVE(TN_POOL_INVALIDATED, TN_POOL_SCRUBBED, "scrubbed")                                                            \
    MOVE(TN_POOL_SCRUBBED, TN_POOL_EMPTY, "memory taken back")                                                         \
    MOVE(TN_POOL_QUARANTINED, TN_POOL_EMPTY, "silenced after all: scrubbed and taken back")

enum tn_pool_state {
    TN_POOL_EMPTY,
    TN_POOL_RESERVED,    /* charged, no memory yet */
    TN_POOL_COMMITTED,   /* has zeroed memory */
    TN_POOL_MAPPED,      /* reachable by its owner, and by a device as the policy says: buffers can be taken */
    TN_POOL_REVOKING,    /* no new buffers, no new submits */
    TN_POOL_INVALIDATED, /* no device and no CPU mapping is left */
    TN_POOL_SCRUBBED,
    TN_POOL_QUARANTINED, /* the device that may still write was not silenced: nobody's, until it is */
    TN_POOL_STATES
};

/* A DMA buffer. To a state that is not above the one it leaves, a buffer goes under its next generation (dma_pool.h).
 */
#define TN_BUFFER_MOVES(MOVE)                                                                                          \
    MOVE(TN_BUFFER_FREE, TN_BUFFER_CPU, "alloc")                                                                       \
    MOVE(TN_BUFFER_CPU, TN_BUFFER_IN_FLIGHT, "submit")                                                                 \
    MOVE(TN_BUFFER_CPU, TN_BUFFER_SCRUBBING, "release")                                                                \
    MOVE(TN_BUFFER_CPU, TN_BUFFER_FREE, "release in a pool without scrub")                                             \
    MOVE(TN_BUFFER_CPU, TN_BUFFER_RETIRED, "the same, generations used up")                                            \
    MOVE(TN_BUFFER_IN_FLIGHT, TN_BUFFER_COMPLETED, "complete")                                                         \
    MOVE(TN_BUFFER_IN_FLIGHT, TN_BUFFER_CPU, "complete and take in one step")                                          \
    MOVE(TN_BUFFER_IN_FLIGHT, TN_BUFFER_ABORTED, "abort")                                                              \
    MOVE(TN_BUFFER_IN_FLIGHT, TN_BUFFER_ORPHAN, "client gone")                                                         \
    MOVE(TN_BUFFER_IN_FLIGHT, TN_BUFFER_QUARANTINED, "device not silenced")                                            \
    MOVE(TN_BUFFER_COMPLETED, TN_BUFFER_CPU, "take")                                                                   \
    MOVE(TN_BUFFER_ABORTED, TN_BUFFER_CPU, "take")                                                                     \
    MOVE(TN_BUFFER_COMPLETED, TN_BUFFER_QUARANTINED, "a slice of its page is")                                         \
    MOVE(TN_BUFFER_ABORTED, TN_BUFFER_QUARANTINED, "a slice of its page is")                                           \
    MOVE(TN_BUFFER_ORPHAN, TN_BUFFER_SCRUBBING, "ended")                                                               \
    MOVE(TN_BUFFER_ORPHAN, TN_BUFFER_QUARANTINED, "device not silenced")                                               \
    MOVE(TN_BUFFER_SCRUBBING, TN_BUFFER_FREE, "scrubbed")                                                              \
    MOVE(TN_BUFFER_SCRUBBING, TN_BUFFER_RETIRED, "scrubbed, generations used up")

enum tn_buffer_state {
    TN_BUFFER_FREE,
    TN_BUFFER_CPU,
    TN_BUFFER_IN_FLIGHT,
    TN_BUFFER_COMPLETED,
    TN_BUFFER_ABORTED,
    TN_BUFFER_ORPHAN, /* its client is gone, its device is not: mapped and charged until the completion */
    TN_BUFFER_SCRUBBING,
    TN_BUFFER_QUARANTINED,
    TN_BUFFER_RETIRED, /* its generations are used up */
    TN_BUFFER_STATES
};

/* A fence. */
#define TN_FENCE_MOVES(MOVE)                                                                                           \
    MOVE(TN_FENCE_FREE, TN_FENCE_OPEN, "submit, more to come")                                                         \
    MOVE(TN_FENCE_FREE, TN_FENCE_QUEUED, "submit")                                                                     \
    MOVE(TN_FENCE_OPEN, TN_FENCE_QUEUED, "close")                                                                      \
    MOVE(TN_FENCE_OPEN, TN_FENCE_ENDED, "abort")                                                                       \
    MOVE(TN_FENCE_QUEUED, TN_FENCE_POSTED, "post")                                                                     \
    MOVE(TN_FENCE_QUEUED, TN_FENCE_ENDED, "abort or quarantine")                                                       \
    MOVE(TN_FENCE_POSTED, TN_FENCE_ENDED, "complete, fail, abort or quarantine")                                       \
    MOVE(TN_FENCE_ENDED, TN_FENCE_FREE, "the last buffer taken")

enum tn_fence_state {
    TN_FENCE_FREE,
    TN_FENCE_OPEN,   /* more buffers are to come */
    TN_FENCE_QUEUED, /* accepted; the device's side has not seen it */
    TN_FENCE_POSTED, /* the device's side has it */
    TN_FENCE_ENDED,  /* outcome known, not yet taken */
    TN_FENCE_STATES
};

/* A device, and what is claimed with it. */
#define TN_DEVICE_MOVES(MOVE)                                                                                          \
    MOVE(TN_DEVICE_UNCLAIMED, TN_DEVICE_CLAIMED, "claim")                                                              \
    MOVE(TN_DEVICE_CLAIMED, TN_DEVICE_QUIESCING, "released, or its driver ended")                                      \
    MOVE(TN_DEVICE_QUIESCING, TN_DEVICE_UNCLAIMED, "silent, with evidence")                                            \
    MOVE(TN_DEVICE_QUIESCING, TN_DEVICE_QUARANTINED, "no evidence")                                                    \
    MOVE(TN_DEVICE_QUARANTINED, TN_DEVICE_QUIESCING, "an operator has it tried again")

enum tn_device_state {
    TN_DEVICE_UNCLAIMED,
    TN_DEVICE_CLAIMED,
    TN_DEVICE_QUIESCING,   /* nobody's: its windows, routes and reach are being taken away */
    TN_DEVICE_QUARANTINED, /* it may still write: so it and what it could reach stay as they are */
    TN_DEVICE_STATES
};

/* A window onto a device's registers. */
#define TN_MMIO_MOVES(MOVE)                                                                                            \
    MOVE(TN_MMIO_FREE, TN_MMIO_MAPPED, "map")                                                                          \
    MOVE(TN_MMIO_MAPPED, TN_MMIO_REVOKED, "unmapped, TLB flushed")                                                     \
    MOVE(TN_MMIO_REVOKED, TN_MMIO_FREE, "uncharged")

enum tn_mmio_state {
    TN_MMIO_FREE,
    TN_MMIO_MAPPED,
    TN_MMIO_REVOKED, /* out of the holder's reach, still charged */
    TN_MMIO_STATES
};

/* An interrupt route. Whatever its holder does, it is bound again only once no interrupt of before can arrive. */
#define TN_ROUTE_MOVES(MOVE)                                                                                           \
    MOVE(TN_ROUTE_FREE, TN_ROUTE_MASKED, "bind")                                                                       \
    MOVE(TN_ROUTE_MASKED, TN_ROUTE_ARMED, "arm")                                                                       \
    MOVE(TN_ROUTE_ARMED, TN_ROUTE_PENDING, "arrives")                                                                  \
    MOVE(TN_ROUTE_PENDING, TN_ROUTE_ARMED, "acknowledge")                                                              \
    MOVE(TN_ROUTE_MASKED, TN_ROUTE_DRAINING, "revoke")                                                                 \
    MOVE(TN_ROUTE_ARMED, TN_ROUTE_DRAINING, "revoke")                                                                  \
    MOVE(TN_ROUTE_PENDING, TN_ROUTE_DRAINING, "revoke")                                                                \
    MOVE(TN_ROUTE_DRAINING, TN_ROUTE_DRAINED, "silent, with evidence")                                                 \
    MOVE(TN_ROUTE_DRAINED, TN_ROUTE_FREE, "uncharged")

enum tn_route_state {
    TN_ROUTE_FREE,
    TN_ROUTE_MASKED,   /* programmed, and silent until it is armed */
    TN_ROUTE_ARMED,    /* the next interrupt becomes an event */
    TN_ROUTE_PENDING,  /* its event waits for the acknowledgement */
    TN_ROUTE_DRAINING, /* nobody's: interrupts of the old holder may still arrive, and are counted */
    TN_ROUTE_DRAINED,  /* none can */
    TN_ROUTE_STATES
};

/* May one go from one state to the other? False for values out of range. */
#define TN_MACHINE_IS_MOVE(one, other, why) (from == one && to == other) ||
/*@ predicate tn_pool_moves(integer from, integer to) = TN_POOL_MOVES(TN_MACHINE_IS_MOVE) \false;
    predicate tn_buffer_moves(integer from, integer to) = TN_BUFFER_MOVES(TN_MACHINE_IS_MOVE) \false;
    predicate tn_fence_moves(integer from, integer to) = TN_FENCE_MOVES(TN_MACHINE_IS_MOVE) \false;
    predicate tn_device_moves(integer from, integer to) = TN_DEVICE_MOVES(TN_MACHINE_IS_MOVE) \false;
    predicate tn_mmio_moves(integer from, integer to) = TN_MMIO_MOVES(TN_MACHINE_IS_MOVE) \false;
    predicate tn_route_moves(integer from, integer to) = TN_ROUTE_MOVES(TN_MACHINE_IS_MOVE) \false; */
/*@ assigns \nothing;
    ensures \result <==> tn_pool_moves(from, to); */
bool tn_pool_may_move(uint32_t from, uint32_t to);
/*@ assigns \nothing;
    ensures \result <==> tn_buffer_moves(from, to); */
bool tn_buffer_may_move(uint32_t from, uint32_t to);
/*@ assigns \nothing;
    ensures \result <==> tn_fence_moves(from, to); */
bool tn_fence_may_move(uint32_t from, uint32_t to);
/*@ assigns \nothing;
    ensures \result <==> tn_device_moves(from, to); */
bool tn_device_may_move(uint32_t from, uint32_t to);
/*@ assigns \nothing;
    ensures \result <==> tn_mmio_moves(from, to); */
bool tn_mmio_may_move(uint32_t from, uint32_t to);
/*@ assigns \nothing;
    ensures \result <==> tn_route_moves(from, to); */
bool tn_route_may_move(uint32_t from, uint32_t to);
/* For people; "?" for values out of range. */
/*@ assigns \nothing; */
const char *tn_pool_state_name(uint32_t state);
/*@ assigns \nothing; */
const char *tn_buffer_state_name(uint32_t state);
/*@ assigns \nothing; */
const char *tn_fence_state_name(uint32_t state);
/*@ assigns \nothing; */
const char *tn_device_state_name(uint32_t state);
/*@ assigns \nothing; */
const char *tn_mmio_state_name(uint32_t state);
/*@ assigns \nothing; */
const char *tn_route_state_name(uint32_t state);

#endif
