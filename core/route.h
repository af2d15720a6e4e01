/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupt routes: from a source that the embedder programs to the one holder who hears of it. A table of routes, each
 * with the number of the vector it stands behind; delivering, masking and the hardware are the embedder's.
 *
 * A route delivers one event, then waits for its acknowledgement; what arrives meanwhile is counted and becomes the
 * next event. A source that raises more than `storm` interrupts without one is to be masked until then. What arrives
 * for a route that nobody holds is counted, and wakes nobody (G7). A route that was revoked is nobody's at once, and
 * can be bound again only after the embedder has shown that no interrupt of the old holder can still arrive.
 */
#ifndef TENURE_CORE_ROUTE_H
#define TENURE_CORE_ROUTE_H

#include <tenure/abi/status.h>

#include "machine.h"
#include "slot.h"

struct tn_route {
    uint64_t sequence; /* of the last event; 0: none yet */
    uint64_t waiting;  /* arrived since then */
    uint32_t state;    /* enum tn_route_state */
    uint32_t stormed;  /* 1: told to be masked until the acknowledgement */
};

struct tn_routes {
    struct tn_slots slots;  /* generations of the routes */
    struct tn_route *route; /* slots.count, the embedder's */
    uint64_t storm;         /* so many waiting are too many; at least 1 */
    uint64_t stale;         /* arrivals for nobody */
};

/*@ predicate tn_route_is_held(integer state) =
      state == TN_ROUTE_MASKED || state == TN_ROUTE_ARMED || state == TN_ROUTE_PENDING;
    predicate tn_routes_shape{L}(struct tn_routes *t) =
      \valid(t) && tn_slots_shape(&t->slots) && \valid(t->route + (0 .. t->slots.count - 1)) && t->storm > 0 &&
      \separated(t, t->route + (0 .. t->slots.count - 1), t->slots.slot + (0 .. t->slots.count - 1));
    // A route is free exactly if its slot is not taken.
    predicate tn_routes_live{L}(struct tn_routes *t) =
      \forall integer i; 0 <= i < t->slots.count ==>
        t->route[i].state < TN_ROUTE_STATES && (t->route[i].state != TN_ROUTE_FREE <==> tn_is_live(&t->slots, i));
    predicate tn_routes_ok{L}(struct tn_routes *t) =
      tn_routes_shape(t) && tn_slots_ok(&t->slots) && tn_routes_live(t);
    // The one meaning of "somebody holds this route under this generation".
    predicate tn_route_named{L}(struct tn_routes *t, integer route, integer generation) =
      tn_names(&t->slots, route, generation) && tn_route_is_held(t->route[route].state);
    predicate tn_routes_same_but{L1, L2}(struct tn_routes *t, integer k) =
      \forall integer i; 0 <= i < \at(t->slots.count, L1) && i != k ==>
        \at(t->route[i].state, L1) == \at(t->route[i].state, L2) &&
        \at(t->route[i].sequence, L1) == \at(t->route[i].sequence, L2) &&
        \at(t->route[i].waiting, L1) == \at(t->route[i].waiting, L2); */

/* All routes free. False on a bad argument: no arrays, count 0 or above 2^20, storm 0. */
/*@ requires \valid(routes) && (slot != \null ==> \valid(slot + (0 .. count - 1)));
    requires route != \null ==> \valid(route + (0 .. count - 1));
    requires \separated(routes, route + (0 .. count - 1), slot + (0 .. count - 1));
    assigns *routes, slot[0 .. count - 1], route[0 .. count - 1];
    ensures \result <==> tn_slots_may_be(slot, count, TN_HANDLE_GENERATION_MAX) && route != \null && storm > 0;
    ensures \result ==> tn_routes_ok(routes);
    behavior refused:
      assumes !tn_slots_may_be(slot, count, TN_HANDLE_GENERATION_MAX) || route == \null || storm == 0;
      assigns \nothing; */
bool tn_routes_init(struct tn_routes *routes, struct tn_slot *slot, struct tn_route *route, uint32_t count,
                    uint64_t storm);

/* The generation under which a holder names a route from its binding to its revocation; 0: nobody holds it. For any
 * number. */
/*@ requires tn_routes_ok(routes);
    assigns \nothing;
    ensures \result != 0 ==> tn_route_named(routes, route, \result);
    ensures \result == 0 ==> \forall integer g; !tn_route_named(routes, route, g); */
uint64_t tn_route_generation(const struct tn_routes *routes, uint32_t route);

/* ---- binding ---- */

/* TN_OK or TN_EEXHAUSTED. */
/*@ requires tn_routes_ok(routes);
    assigns \nothing;
    ensures \result == TN_OK || \result == TN_EEXHAUSTED;
    ensures \result == TN_OK <==> routes->slots.free > 0; */
TN_MUST_CHECK enum tn_status tn_route_bind_decide(const struct tn_routes *routes);
/* FREE to MASKED, with a new generation and the sequence at 0. Returns the route. */
/*@ requires tn_routes_ok(routes) && routes->slots.free > 0;
    assigns routes->slots.head, routes->slots.free, routes->slots.slot[0 .. routes->slots.count - 1],
            routes->route[0 .. routes->slots.count - 1];
    ensures tn_routes_shape(routes);
    ensures tn_slots_ok(&routes->slots);
    ensures tn_routes_live(routes);
    ensures tn_routes_same_but{Pre, Post}(routes, \result);
    ensures tn_slots_step{Pre, Post}(&routes->slots);
    ensures \result < routes->slots.count && \old(routes->route[\result].state) == TN_ROUTE_FREE;
    ensures routes->route[\result].state == TN_ROUTE_MASKED && routes->route[\result].sequence == 0 &&
              routes->route[\result].waiting == 0; */
uint32_t tn_route_bind_commit(struct tn_routes *routes);
/* What the embedder read back from the hardware, after the binding or after the revocation: that nothing from before
 * can arrive any more. An interrupt that a masked source holds back is let out while the route is nobody's or not
 * armed, so that it arrives as stale. */
struct tn_route_evidence {
    bool source_masked;   /* the source's own mask reads set, or the source is gone */
    bool source_idle;     /* it holds no interrupt back that unmasking would send */
    bool remapping_clear; /* no remapping entry leads here, and its cache was invalidated; true without remapping */
    bool not_requested;   /* the interrupt controller has no request for the vector */
    bool not_in_service;  /* nor is it handling one */
};
/*@ predicate tn_route_is_silent{L}(struct tn_route_evidence *e) =
      e->source_masked && e->source_idle && e->remapping_clear && e->not_requested && e->not_in_service; */
/* TN_ESTATE: not MASKED. TN_EAGAIN: an interrupt from before the binding could still arrive. */
/*@ requires tn_routes_ok(routes) && route < routes->slots.count && \valid_read(evidence);
    assigns \nothing;
    ensures \result == TN_OK || \result == TN_EAGAIN || \result == TN_ESTATE;
    ensures \result == TN_OK <==> routes->route[route].state == TN_ROUTE_MASKED && tn_route_is_silent(evidence); */
TN_MUST_CHECK enum tn_status tn_route_arm_decide(const struct tn_routes *routes, uint32_t route,
                                                 const struct tn_route_evidence *evidence);
/* MASKED to ARMED; then the embedder unmasks the source. */
/*@ requires tn_routes_ok(routes) && route < routes->slots.count && routes->route[route].state == TN_ROUTE_MASKED;
    assigns routes->route[route].state;
    ensures tn_routes_ok(routes) && routes->route[route].state == TN_ROUTE_ARMED; */
void tn_route_arm_commit(struct tn_routes *routes, uint32_t route);

/* ---- events ---- */

enum tn_arrival {
    TN_ARRIVAL_STALE, /* nobody's: counted */
    TN_ARRIVAL_EVENT, /* the holder is to be told: this sequence, 1 arrival */
    TN_ARRIVAL_WAITS, /* counted; told after the acknowledgement */
    TN_ARRIVAL_STORM, /* the same, and the source is to be masked now */
};
/* An interrupt on the vector of route `route`, any number. */
/*@ requires tn_routes_ok(routes);
    assigns routes->stale, routes->route[0 .. routes->slots.count - 1];
    ensures tn_routes_ok(routes);
    ensures tn_routes_same_but{Pre, Post}(routes, route);
    ensures \result == TN_ARRIVAL_EVENT <==>
              route < routes->slots.count && \old(routes->route[route].state) == TN_ROUTE_ARMED;
    ensures \result == TN_ARRIVAL_STALE <==> route >= routes->slots.count ||
              (\old(routes->route[route].state) != TN_ROUTE_ARMED &&
               \old(routes->route[route].state) != TN_ROUTE_PENDING);
    ensures \result == TN_ARRIVAL_STALE ==> tn_routes_same_but{Pre, Post}(routes, -1);
    ensures \result == TN_ARRIVAL_EVENT ==> routes->route[route].state == TN_ROUTE_PENDING; */
enum tn_arrival tn_route_arrive(struct tn_routes *routes, uint32_t route);

/* The state of a route below the table's count. */
/*@ requires tn_routes_shape(routes) && route < routes->slots.count;
    assigns \nothing;
    ensures \result == routes->route[route].state; */
static inline uint32_t tn_route_state(const struct tn_routes *routes, uint32_t route)
{
    return routes->route[route].state;
}
/* The number of the last event of a route below the table's count. */
/*@ requires tn_routes_shape(routes) && route < routes->slots.count;
    assigns \nothing;
    ensures \result == routes->route[route].sequence; */
static inline uint64_t tn_route_sequence(const struct tn_routes *routes, uint32_t route)
{
    return routes->route[route].sequence;
}

/* TN_EINVAL: not the sequence of an event that waits for it. */
/*@ requires tn_routes_ok(routes) && route < routes->slots.count;
    assigns \nothing;
    ensures \result == TN_OK || \result == TN_EINVAL;
    ensures \result == TN_OK <==>
              routes->route[route].state == TN_ROUTE_PENDING && routes->route[route].sequence == sequence; */
TN_MUST_CHECK enum tn_status tn_route_acknowledge_decide(const struct tn_routes *routes, uint32_t route,
                                                         uint64_t sequence);
/* PENDING to ARMED; or, with arrivals that waited, at once the next event: returns how many (0: none), to be told with
 * the new sequence. A source that was masked for a storm is to be unmasked after it. */
/*@ requires tn_routes_ok(routes) && route < routes->slots.count && routes->route[route].state == TN_ROUTE_PENDING;
    assigns routes->route[route];
    ensures tn_routes_ok(routes) && \result == \old(routes->route[route].waiting);
    ensures routes->route[route].state == (\result == 0 ? TN_ROUTE_ARMED : TN_ROUTE_PENDING);
    ensures routes->route[route].waiting == 0 && routes->route[route].stormed == 0; */
uint64_t tn_route_acknowledge_commit(struct tn_routes *routes, uint32_t route);

/* ---- the end ---- */

/* TN_ESTATE: nobody holds it. */
/*@ requires tn_routes_ok(routes) && route < routes->slots.count;
    assigns \nothing;
    ensures \result == TN_OK || \result == TN_ESTATE;
    ensures \result == TN_OK <==> tn_route_is_held(routes->route[route].state); */
TN_MUST_CHECK enum tn_status tn_route_revoke_decide(const struct tn_routes *routes, uint32_t route);
/* To DRAINING: from here the route is nobody's, and what arrives is stale. What waited is thrown away. */
/*@ requires tn_routes_ok(routes) && route < routes->slots.count && tn_route_is_held(routes->route[route].state);
    assigns routes->route[route];
    ensures tn_routes_ok(routes) && routes->route[route].state == TN_ROUTE_DRAINING;
    ensures routes->route[route].waiting == 0; */
void tn_route_revoke_commit(struct tn_routes *routes, uint32_t route);

/* TN_ESTATE: not DRAINING. TN_EAGAIN: an interrupt of the old holder could still arrive. */
/*@ requires tn_routes_ok(routes) && route < routes->slots.count && \valid_read(evidence);
    assigns \nothing;
    ensures \result == TN_OK || \result == TN_EAGAIN || \result == TN_ESTATE;
    ensures \result == TN_OK <==> routes->route[route].state == TN_ROUTE_DRAINING && tn_route_is_silent(evidence); */
TN_MUST_CHECK enum tn_status tn_route_drained_decide(const struct tn_routes *routes, uint32_t route,
                                                     const struct tn_route_evidence *evidence);
/* DRAINING to DRAINED. */
/*@ requires tn_routes_ok(routes) && route < routes->slots.count && routes->route[route].state == TN_ROUTE_DRAINING;
    assigns routes->route[route].state;
    ensures tn_routes_ok(routes) && routes->route[route].state == TN_ROUTE_DRAINED; */
void tn_route_drained_commit(struct tn_routes *routes, uint32_t route);
/* DRAINED to FREE: the vector can be given to another holder. */
/*@ requires tn_routes_ok(routes) && route < routes->slots.count && routes->route[route].state == TN_ROUTE_DRAINED;
    assigns routes->slots.free, routes->slots.slot[0 .. routes->slots.count - 1], routes->route[route].state;
    ensures tn_routes_shape(routes);
    ensures tn_slots_ok(&routes->slots);
    ensures tn_routes_live(routes);
    ensures tn_slots_step{Pre, Post}(&routes->slots);
    ensures routes->route[route].state == TN_ROUTE_FREE; */
void tn_route_free_commit(struct tn_routes *routes, uint32_t route);

#endif
