/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupt routes: bound, armed on evidence, arrivals, acknowledged, revoked, drained on evidence, free. */
#include "operations.h"
#include "oracle.h"

static uint32_t state_of(uint32_t route)
{
    return route < ROUTES ? oracle.routes.state[route] : TN_ROUTE_FREE;
}

/* One bit for each thing that the hardware was asked. */
static struct tn_route_evidence evidence_of(uint8_t bits)
{
    return (struct tn_route_evidence){bits & 1, bits >> 1 & 1, bits >> 2 & 1, bits >> 3 & 1, bits >> 4 & 1};
}

/* Mostly all of it, now and then all but one. */
static uint8_t bits_of(const struct step *s)
{
    return (uint8_t)(s->pick & 0x40 ? 0x1f : 0x1f & ~(1u << s->pick % 5));
}

static enum tn_status want_evidence(uint32_t route, uint32_t state, uint8_t bits)
{
    return state_of(route) != state ? TN_ESTATE : bits == 0x1f ? TN_OK : TN_EAGAIN;
}

static void bind(void)
{
    struct naive_routes *n = &oracle.routes;
    enum tn_status status = tn_route_bind_decide(&world.routing.routes);
    oracle_same("tn_route_bind_decide", status, n->table.free != 0 ? TN_OK : TN_EEXHAUSTED);
    if (status != TN_OK)
        return;
    may_change_routes();
    uint32_t route = tn_route_bind_commit(&world.routing.routes);
    told("tn_route_bind_commit(&routes); /* %u */", route);
    uint64_t name = naive_take(&n->table);
    oracle_same("the route that is bound", route, tn_handle_slot(name));
    oracle_same("its generation", tn_route_generation(&world.routing.routes, route), tn_handle_generation(name));
    n->state[route] = TN_ROUTE_MASKED;
    n->sequence[route] = n->waiting[route] = 0;
    n->stormed[route] = false;
}

static void arm(uint32_t route, uint8_t bits)
{
    const struct tn_route_evidence e = evidence_of(bits);
    enum tn_status status = tn_route_arm_decide(&world.routing.routes, route, &e);
    told("tn_route_arm_decide(&routes, %u, 0x%02x); /* %u */", route, bits, status);
    oracle_same("tn_route_arm_decide", status, want_evidence(route, TN_ROUTE_MASKED, bits));
    if (status != TN_OK)
        return;
    may_change_routes();
    tn_route_arm_commit(&world.routing.routes, route);
    oracle.routes.state[route] = TN_ROUTE_ARMED;
}

static void arrive(uint32_t route)
{
    struct naive_routes *n = &oracle.routes;
    may_change_routes();
    enum tn_arrival arrival = tn_route_arrive(&world.routing.routes, route);
    told("tn_route_arrive(&routes, %u); /* %u */", route, arrival);
    enum tn_arrival want = TN_ARRIVAL_STALE;
    if (state_of(route) == TN_ROUTE_ARMED) {
        n->state[route] = TN_ROUTE_PENDING;
        n->sequence[route]++;
        want = TN_ARRIVAL_EVENT;
    } else if (state_of(route) == TN_ROUTE_PENDING) {
        n->waiting[route]++;
        want = n->waiting[route] >= STORM && !n->stormed[route] ? TN_ARRIVAL_STORM : TN_ARRIVAL_WAITS;
        n->stormed[route] = n->stormed[route] || want == TN_ARRIVAL_STORM;
    } else {
        n->stale++;
    }
    oracle_same("tn_route_arrive", arrival, want);
}

static void acknowledge(uint32_t route, uint64_t sequence)
{
    struct naive_routes *n = &oracle.routes;
    enum tn_status status = tn_route_acknowledge_decide(&world.routing.routes, route, sequence);
    told("tn_route_acknowledge_decide(&routes, %u, %llu); /* %u */", route, (unsigned long long)sequence, status);
    bool is_it = n->state[route] == TN_ROUTE_PENDING && n->sequence[route] == sequence;
    oracle_same("tn_route_acknowledge_decide", status, is_it ? TN_OK : TN_EINVAL);
    if (status != TN_OK)
        return;
    may_change_routes();
    oracle_same("arrivals that waited", tn_route_acknowledge_commit(&world.routing.routes, route), n->waiting[route]);
    if (n->waiting[route] != 0)
        n->sequence[route]++;
    else
        n->state[route] = TN_ROUTE_ARMED;
    n->waiting[route] = 0;
    n->stormed[route] = false;
}

static void revoke(uint32_t route)
{
    struct naive_routes *n = &oracle.routes;
    enum tn_status status = tn_route_revoke_decide(&world.routing.routes, route);
    uint32_t state = n->state[route];
    told("tn_route_revoke_decide(&routes, %u); /* %u */", route, status);
    bool is_held = state == TN_ROUTE_MASKED || state == TN_ROUTE_ARMED || state == TN_ROUTE_PENDING;
    oracle_same("tn_route_revoke_decide", status, is_held ? TN_OK : TN_ESTATE);
    if (status != TN_OK)
        return;
    may_change_routes();
    tn_route_revoke_commit(&world.routing.routes, route);
    n->state[route] = TN_ROUTE_DRAINING;
    n->waiting[route] = 0;
    n->stormed[route] = false;
}

static void drain(uint32_t route, uint8_t bits)
{
    const struct tn_route_evidence e = evidence_of(bits);
    enum tn_status status = tn_route_drained_decide(&world.routing.routes, route, &e);
    told("tn_route_drained_decide(&routes, %u, 0x%02x); /* %u */", route, bits, status);
    oracle_same("tn_route_drained_decide", status, want_evidence(route, TN_ROUTE_DRAINING, bits));
    if (status != TN_OK)
        return;
    may_change_routes();
    tn_route_drained_commit(&world.routing.routes, route);
    oracle.routes.state[route] = TN_ROUTE_DRAINED;
}

static void free_it(uint32_t route)
{
    if (state_of(route) != TN_ROUTE_DRAINED)
        return;
    may_change_routes();
    told("tn_route_free_commit(&routes, %u);", route);
    tn_route_free_commit(&world.routing.routes, route);
    naive_give(&oracle.routes.table, route);
    oracle.routes.state[route] = TN_ROUTE_FREE;
}

void op_route(const struct step *s)
{
    uint32_t route = s->owner % ROUTES;
    switch (s->twist % 8) {
    case 0:
        bind();
        break;
    case 1:
        arm(route, bits_of(s));
        break;
    case 2:
        acknowledge(route, oracle.routes.sequence[route] + (s->pick & 0x20 ? s->pick % 2 : 0));
        break;
    case 3:
        revoke(route);
        break;
    case 4:
        drain(route, bits_of(s));
        break;
    case 5:
        free_it(route);
        break;
    default:
        arrive(s->pick < 0x10 ? s->pick : route); /* also of a route that there is not */
    }
}
