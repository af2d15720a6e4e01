/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupt routes: one event, one acknowledgement; what arrives for nobody wakes nobody; a vector has a new holder
 * only after the old one's interrupts cannot arrive any more.
 */
#include <core/route.h>

#include "unit.h"

enum { ROUTES = 2, STORM = 3 };

struct world {
    struct tn_routes routes;
    struct tn_slot slot[ROUTES];
    struct tn_route route[ROUTES];
};
static const struct tn_route_evidence silent = {true, true, true, true, true};

static void world_init(struct world *w)
{
    memset(w, 0xa5, sizeof(*w));
    assert_true(tn_routes_init(&w->routes, w->slot, w->route, ROUTES, STORM));
}

static uint32_t bound(struct world *w)
{
    assert_ok(tn_route_bind_decide(&w->routes));
    return tn_route_bind_commit(&w->routes);
}

static uint32_t armed(struct world *w)
{
    uint32_t route = bound(w);
    assert_ok(tn_route_arm_decide(&w->routes, route, &silent));
    tn_route_arm_commit(&w->routes, route);
    return route;
}

static uint64_t acknowledge(struct world *w, uint32_t route, uint64_t sequence)
{
    assert_ok(tn_route_acknowledge_decide(&w->routes, route, sequence));
    return tn_route_acknowledge_commit(&w->routes, route);
}

static void revoke(struct world *w, uint32_t route)
{
    assert_ok(tn_route_revoke_decide(&w->routes, route));
    tn_route_revoke_commit(&w->routes, route);
}

static void end(struct world *w, uint32_t route)
{
    assert_ok(tn_route_drained_decide(&w->routes, route, &silent));
    tn_route_drained_commit(&w->routes, route);
    tn_route_free_commit(&w->routes, route);
}

static void g6_a_table_of_routes_refuses_every_bad_argument(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    assert_false(tn_routes_init(&w.routes, NULL, w.route, ROUTES, STORM));
    assert_false(tn_routes_init(&w.routes, w.slot, NULL, ROUTES, STORM));
    assert_false(tn_routes_init(&w.routes, w.slot, w.route, 0, STORM));
    assert_false(tn_routes_init(&w.routes, w.slot, w.route, ROUTES, 0));
    assert_int_equal(w.routes.slots.free, ROUTES);
}

static void g7_an_interrupt_becomes_one_event_until_it_is_acknowledged(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    uint32_t route = armed(&w);
    assert_int_equal(tn_route_state(&w.routes, route), TN_ROUTE_ARMED);
    assert_int_equal(tn_route_arrive(&w.routes, route), TN_ARRIVAL_EVENT);
    assert_int_equal(tn_route_sequence(&w.routes, route), 1);
    assert_int_equal(tn_route_arrive(&w.routes, route), TN_ARRIVAL_WAITS);
    assert_int_equal(tn_route_acknowledge_decide(&w.routes, route, 0), TN_EINVAL);
    assert_int_equal(tn_route_acknowledge_decide(&w.routes, route, 2), TN_EINVAL);
    assert_int_equal(acknowledge(&w, route, 1), 1); /* the one that waited is the next event */
    assert_int_equal(w.route[route].sequence, 2);
    assert_int_equal(acknowledge(&w, route, 2), 0);
    assert_int_equal(tn_route_acknowledge_decide(&w.routes, route, 2), TN_EINVAL);
    assert_int_equal(tn_route_arrive(&w.routes, route), TN_ARRIVAL_EVENT);
    assert_int_equal(w.route[route].sequence, 3);
    assert_int_equal(w.routes.stale, 0);
}

static void g7_a_storm_is_told_once_until_the_acknowledgement(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    uint32_t route = armed(&w);
    for (int round = 0; round < 2; round++) {
        if (round == 0)
            assert_int_equal(tn_route_arrive(&w.routes, route), TN_ARRIVAL_EVENT);
        for (int i = 1; i < STORM; i++)
            assert_int_equal(tn_route_arrive(&w.routes, route), TN_ARRIVAL_WAITS);
        assert_int_equal(tn_route_arrive(&w.routes, route), TN_ARRIVAL_STORM);
        assert_int_equal(tn_route_arrive(&w.routes, route), TN_ARRIVAL_WAITS);
        assert_int_equal(acknowledge(&w, route, w.route[route].sequence), STORM + 1);
    }
}

static void g7_what_arrives_for_nobody_is_counted_and_moves_nothing(void **state)
{
    (void)state;
    struct world w, before;
    world_init(&w);
    uint32_t masked = bound(&w), route = armed(&w);
    revoke(&w, route);
    const uint32_t nobodys[] = {masked, route, ROUTES, UINT32_MAX};
    for (uint64_t i = 0; i < 4; i++) {
        before = w;
        assert_int_equal(tn_route_arrive(&w.routes, nobodys[i]), TN_ARRIVAL_STALE);
        before.routes.stale = i + 1;
        assert_memory_equal(&w, &before, sizeof(w));
    }
    w.routes.stale = UINT64_MAX;
    assert_int_equal(tn_route_arrive(&w.routes, ROUTES), TN_ARRIVAL_STALE);
    assert_int_equal(w.routes.stale, UINT64_MAX);
}

static void g7_a_route_is_bound_again_only_once_it_is_silent(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    uint32_t fresh = bound(&w);
    uint32_t route = armed(&w);
    revoke(&w, route);
    assert_int_equal(tn_route_bind_decide(&w.routes), TN_EEXHAUSTED);
    for (int missing = 0; missing < 5; missing++) {
        struct tn_route_evidence evidence = silent;
        *(bool *[]){&evidence.source_masked, &evidence.source_idle, &evidence.remapping_clear, &evidence.not_requested,
                    &evidence.not_in_service}[missing] = false;
        assert_int_equal(tn_route_drained_decide(&w.routes, route, &evidence), TN_EAGAIN);
        assert_int_equal(tn_route_arm_decide(&w.routes, fresh, &evidence), TN_EAGAIN);
    }
    assert_int_equal(tn_route_revoke_decide(&w.routes, route), TN_ESTATE);
    end(&w, route);
    assert_int_equal(tn_route_drained_decide(&w.routes, route, &silent), TN_ESTATE);
    assert_int_equal(bound(&w), route);
    assert_int_equal(w.route[route].sequence, 0);
    assert_int_equal(tn_route_arrive(&w.routes, route), TN_ARRIVAL_STALE); /* masked */
}

static void g3_a_route_has_a_name_while_it_is_held_and_never_the_same_again(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    assert_int_equal(tn_route_generation(&w.routes, 0), 0);
    assert_int_equal(tn_route_generation(&w.routes, ROUTES), 0);
    uint64_t last = 0;
    for (int round = 0; round < 3; round++) {
        uint32_t route = armed(&w), other = bound(&w);
        uint64_t name = tn_route_generation(&w.routes, route);
        assert_true(name > last);
        (void)tn_route_arrive(&w.routes, route);
        assert_int_equal(tn_route_generation(&w.routes, route), name);
        last = name;
        revoke(&w, route), revoke(&w, other);
        assert_int_equal(tn_route_generation(&w.routes, route), 0);
        end(&w, route), end(&w, other);
        assert_int_equal(tn_route_generation(&w.routes, route), 0);
    }
}

static void g4_a_route_retires_at_the_maximum_generation(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    w.slot[0].generation = TN_HANDLE_GENERATION_MAX - 1;
    uint32_t route = armed(&w);
    assert_int_equal(route, 0);
    revoke(&w, route);
    end(&w, route);
    assert_int_equal(w.routes.slots.free, ROUTES - 1);
    assert_int_equal(bound(&w), 1);
    assert_int_equal(tn_route_bind_decide(&w.routes), TN_EEXHAUSTED);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(g6_a_table_of_routes_refuses_every_bad_argument),
    cmocka_unit_test(g7_an_interrupt_becomes_one_event_until_it_is_acknowledged),
    cmocka_unit_test(g7_a_storm_is_told_once_until_the_acknowledgement),
    cmocka_unit_test(g7_what_arrives_for_nobody_is_counted_and_moves_nothing),
    cmocka_unit_test(g7_a_route_is_bound_again_only_once_it_is_silent),
    cmocka_unit_test(g3_a_route_has_a_name_while_it_is_held_and_never_the_same_again),
    cmocka_unit_test(g4_a_route_retires_at_the_maximum_generation),
};

UNIT_MAIN(tests)
