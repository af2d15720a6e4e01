/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupt routes. Vectors, masks and messages are the embedder's. */
#include "route.h"

#include "bug.h"
#include "count.h"

bool tn_routes_init(struct tn_routes *routes, struct tn_slot *slot, struct tn_route *route, uint32_t count,
                    uint64_t storm)
{
    if (route == NULL || storm == 0 || !tn_slots_fit(slot, count, TN_HANDLE_GENERATION_MAX))
        return false;
    /*@ loop invariant 0 <= i <= count;
        loop invariant \forall integer j; 0 <= j < i ==> route[j].state == TN_ROUTE_FREE;
        loop assigns i, route[0 .. count - 1];
        loop variant count - i; */
    for (uint32_t i = 0; i < count; i++) {
        route[i].sequence = 0;
        route[i].waiting = 0;
        route[i].state = TN_ROUTE_FREE;
        route[i].stormed = 0;
    }
    routes->route = route;
    routes->storm = storm;
    routes->stale = 0;
    bool made = tn_slots_init(&routes->slots, slot, count, TN_HANDLE_GENERATION_MAX);
    //@ assert \forall integer i; 0 <= i < count ==> !tn_is_live(&routes->slots, i);
    //@ assert \forall integer i; 0 <= i < count ==> route[i].state == TN_ROUTE_FREE;
    //@ assert made ==> routes->slots.count == count && routes->route == route;
    //@ assert made ==> tn_routes_live(routes);
    return made;
}

/*@ assigns \nothing;
    ensures \result <==> tn_route_is_held(state); */
static bool is_held(uint32_t state)
{
    return state == TN_ROUTE_MASKED || state == TN_ROUTE_ARMED || state == TN_ROUTE_PENDING;
}

uint64_t tn_route_generation(const struct tn_routes *routes, uint32_t route)
{
    if (route >= routes->slots.count || !is_held(routes->route[route].state))
        return 0;
    return routes->slots.slot[route].generation;
}

/* What a route counts. The slots of the table are elsewhere in memory. */
/*@ requires tn_routes_shape(routes) && route < routes->slots.count;
    assigns routes->route[route].sequence, routes->route[route].waiting, routes->route[route].stormed;
    ensures tn_routes_shape(routes);
    ensures tn_slots_same{Pre, Post}(&routes->slots);
    ensures routes->route[route].sequence == sequence;
    ensures routes->route[route].waiting == waiting;
    ensures routes->route[route].stormed == stormed; */
static void count(struct tn_routes *routes, uint32_t route, uint64_t sequence, uint64_t waiting, uint32_t stormed)
{
    struct tn_route *r = &routes->route[route];
    r->sequence = sequence;
    r->waiting = waiting;
    r->stormed = stormed;
    /*@ assert \forall integer i; 0 <= i < routes->slots.count ==>
               routes->slots.slot[i].generation == \at(routes->slots.slot[i].generation, Pre); */
    //@ assert tn_ring_same{Pre, Here}(routes->slots.slot, routes->slots.count);
}

/* The one place that moves a route from one state to another. */
/*@ requires tn_routes_shape(routes) && route < routes->slots.count;
    requires tn_route_moves(routes->route[route].state, to);
    assigns routes->route[route].state;
    ensures tn_routes_shape(routes);
    ensures tn_slots_same{Pre, Post}(&routes->slots);
    ensures routes->route[route].state == to; */
static void move(struct tn_routes *routes, uint32_t route, enum tn_route_state to)
{
    TN_ASSERT(tn_route_may_move(routes->route[route].state, (uint32_t)to));
    routes->route[route].state = (uint32_t)to;
}

/* A slot is taken: of the routes nothing changes. */
/*@ requires tn_routes_ok(routes) && routes->slots.free > 0;
    assigns routes->slots.head, routes->slots.free, routes->slots.slot[0 .. routes->slots.count - 1];
    ensures tn_routes_shape(routes);
    ensures tn_slots_ok(&routes->slots);
    ensures tn_slots_step{Pre, Post}(&routes->slots);
    ensures \result < routes->slots.count && tn_is_live(&routes->slots, \result);
    ensures !tn_is_live{Pre}(&routes->slots, \result);
    ensures \forall integer i; 0 <= i < routes->slots.count && i != \result ==>
              (tn_is_live(&routes->slots, i) <==> tn_is_live{Pre}(&routes->slots, i));
    ensures tn_routes_same_but{Pre, Post}(routes, -1); */
static uint32_t take_slot(struct tn_routes *routes)
{
    uint32_t route = tn_slots_take(&routes->slots);
    /*@ assert \forall integer i; 0 <= i < routes->slots.count && i != route ==>
               (tn_is_retired(&routes->slots, i) <==> tn_is_retired{Pre}(&routes->slots, i)) &&
               (tn_is_free(&routes->slots, i) <==> tn_is_free{Pre}(&routes->slots, i)); */
    return route;
}

/* A slot is given back: of the routes nothing changes. */
/*@ requires tn_routes_ok(routes) && route < routes->slots.count && tn_is_live(&routes->slots, route);
    assigns routes->slots.free, routes->slots.slot[0 .. routes->slots.count - 1];
    ensures tn_routes_shape(routes);
    ensures tn_slots_ok(&routes->slots);
    ensures tn_slots_step{Pre, Post}(&routes->slots);
    ensures !tn_is_live(&routes->slots, route);
    ensures \forall integer i; 0 <= i < routes->slots.count && i != route ==>
              (tn_is_live(&routes->slots, i) <==> tn_is_live{Pre}(&routes->slots, i));
    ensures tn_routes_same_but{Pre, Post}(routes, -1); */
static void give_slot(struct tn_routes *routes, uint32_t route)
{
    tn_slots_give(&routes->slots, route);
    //@ assert routes->slots.count == \at(routes->slots.count, Pre) && routes->route == \at(routes->route, Pre);
    /*@ assert \forall integer i; 0 <= i < routes->slots.count ==>
               routes->route[i].state == \at(routes->route[i].state, Pre); */
    /*@ assert \forall integer i; 0 <= i < routes->slots.count ==>
               routes->route[i].sequence == \at(routes->route[i].sequence, Pre); */
    /*@ assert \forall integer i; 0 <= i < routes->slots.count ==>
               routes->route[i].waiting == \at(routes->route[i].waiting, Pre); */
    /*@ assert \forall integer i; 0 <= i < routes->slots.count && i != route ==>
               (tn_is_retired(&routes->slots, i) <==> tn_is_retired{Pre}(&routes->slots, i)); */
    /*@ assert \forall integer i; 0 <= i < routes->slots.count && i != route ==>
               (tn_is_free(&routes->slots, i) <==> tn_is_free{Pre}(&routes->slots, i)); */
    /*@ assert \forall integer i; 0 <= i < routes->slots.count && i != route ==>
               (tn_is_live(&routes->slots, i) <==> tn_is_live{Pre}(&routes->slots, i)); */
}

/* ---- binding ---- */

enum tn_status tn_route_bind_decide(const struct tn_routes *routes)
{
    return routes->slots.free > 0 ? TN_OK : TN_EEXHAUSTED;
}

uint32_t tn_route_bind_commit(struct tn_routes *routes)
{
    TN_ASSERT(tn_route_bind_decide(routes) == TN_OK);
    uint32_t route = take_slot(routes);
    //@ ghost Taken: ;
    //@ assert routes->route[route].state == TN_ROUTE_FREE;
    count(routes, route, 0, 0, 0);
    //@ assert tn_slots_ok(&routes->slots) && tn_slots_same{Taken, Here}(&routes->slots);
    //@ ghost Counted: ;
    move(routes, route, TN_ROUTE_MASKED);
    //@ assert tn_slots_ok(&routes->slots) && tn_slots_same{Counted, Here}(&routes->slots);
    /*@ assert \forall integer i; 0 <= i < routes->slots.count ==>
               (tn_is_live(&routes->slots, i) <==> tn_is_live{Counted}(&routes->slots, i)) &&
               (tn_is_live{Counted}(&routes->slots, i) <==> tn_is_live{Taken}(&routes->slots, i)); */
    return route;
}

/*@ requires \valid_read(evidence);
    assigns \nothing;
    ensures \result <==> tn_route_is_silent(evidence); */
static bool is_silent(const struct tn_route_evidence *evidence)
{
#ifdef TN_TWIN_DRAIN /* negative twin: masked is enough */
    return evidence->source_masked;
#else
    return evidence->source_masked && evidence->source_idle && evidence->remapping_clear && evidence->not_requested &&
           evidence->not_in_service;
#endif
}

enum tn_status tn_route_arm_decide(const struct tn_routes *routes, uint32_t route,
                                   const struct tn_route_evidence *evidence)
{
    if (routes->route[route].state != TN_ROUTE_MASKED)
        return TN_ESTATE;
    return is_silent(evidence) ? TN_OK : TN_EAGAIN;
}

void tn_route_arm_commit(struct tn_routes *routes, uint32_t route)
{
    TN_ASSERT(routes->route[route].state == TN_ROUTE_MASKED);
    move(routes, route, TN_ROUTE_ARMED);
}

/* ---- events ---- */

/* The next event of a pending route. */
/*@ requires tn_routes_ok(routes) && route < routes->slots.count && routes->route[route].state == TN_ROUTE_PENDING;
    assigns routes->route[route].sequence, routes->route[route].waiting, routes->route[route].stormed;
    ensures tn_routes_ok(routes) && routes->route[route].waiting == 0 && routes->route[route].stormed == 0;
    ensures routes->route[route].state == TN_ROUTE_PENDING; */
static void next_event(struct tn_routes *routes, uint32_t route)
{
    count(routes, route, tn_count_one(routes->route[route].sequence), 0, 0);
}

/* One more than the holder was told of. */
/*@ requires tn_routes_ok(routes) && route < routes->slots.count && routes->route[route].state == TN_ROUTE_PENDING;
    assigns routes->route[route].sequence, routes->route[route].waiting, routes->route[route].stormed;
    ensures tn_routes_ok(routes) && routes->route[route].state == TN_ROUTE_PENDING;
    ensures \result == TN_ARRIVAL_WAITS || \result == TN_ARRIVAL_STORM;
    ensures \result == TN_ARRIVAL_STORM ==> routes->route[route].stormed == 1; */
static enum tn_arrival wait_for_turn(struct tn_routes *routes, uint32_t route)
{
    const struct tn_route *r = &routes->route[route];
    uint64_t waiting = tn_count_one(r->waiting);
    bool storm = waiting >= routes->storm && r->stormed == 0;
    count(routes, route, r->sequence, waiting, storm ? 1 : r->stormed);
    return storm ? TN_ARRIVAL_STORM : TN_ARRIVAL_WAITS;
}

enum tn_arrival tn_route_arrive(struct tn_routes *routes, uint32_t route)
{
    uint32_t state = route < routes->slots.count ? routes->route[route].state : TN_ROUTE_FREE;
#ifdef TN_TWIN_ROUTE /* negative twin: a route goes on delivering while it is drained */
    if (state == TN_ROUTE_DRAINING)
        return TN_ARRIVAL_EVENT;
#endif
    if (state == TN_ROUTE_ARMED) {
        move(routes, route, TN_ROUTE_PENDING);
        next_event(routes, route);
        return TN_ARRIVAL_EVENT;
    }
    if (state == TN_ROUTE_PENDING)
        return wait_for_turn(routes, route);
    routes->stale = tn_count_one(routes->stale);
    //@ assert tn_slots_same{Pre, Here}(&routes->slots);
    return TN_ARRIVAL_STALE;
}

enum tn_status tn_route_acknowledge_decide(const struct tn_routes *routes, uint32_t route, uint64_t sequence)
{
    const struct tn_route *r = &routes->route[route];
    return r->state == TN_ROUTE_PENDING && r->sequence == sequence ? TN_OK : TN_EINVAL;
}

uint64_t tn_route_acknowledge_commit(struct tn_routes *routes, uint32_t route)
{
    TN_ASSERT(routes->route[route].state == TN_ROUTE_PENDING);
    uint64_t waiting = routes->route[route].waiting;
    if (waiting != 0) { /* acknowledged, and arrived again */
        next_event(routes, route);
        return waiting;
    }
    move(routes, route, TN_ROUTE_ARMED);
    //@ assert tn_routes_ok(routes);
    //@ ghost Moved: ;
    count(routes, route, routes->route[route].sequence, 0, 0);
    //@ assert tn_slots_same{Moved, Here}(&routes->slots);
    return 0;
}

/* ---- the end ---- */

enum tn_status tn_route_revoke_decide(const struct tn_routes *routes, uint32_t route)
{
    return is_held(routes->route[route].state) ? TN_OK : TN_ESTATE;
}

void tn_route_revoke_commit(struct tn_routes *routes, uint32_t route)
{
    TN_ASSERT(tn_route_revoke_decide(routes, route) == TN_OK);
    move(routes, route, TN_ROUTE_DRAINING);
    //@ assert tn_routes_ok(routes);
    //@ ghost Moved: ;
    count(routes, route, routes->route[route].sequence, 0, 0);
    //@ assert tn_slots_same{Moved, Here}(&routes->slots);
}

enum tn_status tn_route_drained_decide(const struct tn_routes *routes, uint32_t route,
                                       const struct tn_route_evidence *evidence)
{
    if (routes->route[route].state != TN_ROUTE_DRAINING)
        return TN_ESTATE;
    return is_silent(evidence) ? TN_OK : TN_EAGAIN;
}

void tn_route_drained_commit(struct tn_routes *routes, uint32_t route)
{
    move(routes, route, TN_ROUTE_DRAINED);
}

void tn_route_free_commit(struct tn_routes *routes, uint32_t route)
{
    TN_ASSERT(tn_route_may_move(routes->route[route].state, TN_ROUTE_FREE));
    give_slot(routes, route);
    //@ ghost Given: ;
    move(routes, route, TN_ROUTE_FREE);
    //@ assert tn_slots_ok(&routes->slots) && tn_slots_same{Given, Here}(&routes->slots);
    /*@ assert \forall integer i; 0 <= i < routes->slots.count ==>
               (tn_is_live(&routes->slots, i) <==> tn_is_live{Given}(&routes->slots, i)); */
}
