/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scatter-gather: a fence that stays open until its last buffer, travels with all of them, and gives them back one by
 * one.
 */
#include "dma_world.h"

/* A fence with `count` buffers of `length` bytes each, open; their CPU names go to `name`. */
static uint64_t open_with(struct world *w, struct tn_buffer_name *name, uint32_t count, uint32_t length)
{
    name[0] = world_alloc(w);
    uint64_t fence = world_open(w, name[0], length);
    for (uint32_t i = 1; i < count; i++) {
        name[i] = world_alloc(w);
        world_add(w, fence, name[i], length);
    }
    world_recount(w);
    return fence;
}

static uint64_t post_with(struct world *w, struct tn_buffer_name *name, uint32_t count, uint32_t length)
{
    uint64_t fence = open_with(w, name, count, length);
    world_close(w, fence);
    assert_int_equal(tn_queue_post_commit(&w->queue), fence);
    return fence;
}

static void g1_an_open_fence_waits_for_its_buffers_and_is_not_posted(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    struct tn_buffer_name name[3];
    uint64_t fence = open_with(&w, name, 2, 10), other = world_submit(&w, world_alloc(&w));
    assert_int_equal(world_ticket(&w, fence), 0);
    assert_int_equal(tn_fence_name(&w.queue, tn_handle_slot(fence)), fence);
    assert_int_equal(tn_queue_oldest(&w.queue), other);
    assert_refused(&w, TN_EAGAIN, tn_fence_take_decide(&w.queue, fence));
    struct tn_completion early = world_completion(&w, fence); /* ticket 0 is no ticket */
    assert_refused(&w, TN_ESTALE, tn_complete_decide(&w.queue, &early));
    world_close(&w, fence);
    assert_int_equal(world_ticket(&w, fence), 2); /* its place is the place of its close */
    assert_int_equal(tn_queue_post_commit(&w.queue), other);
    assert_int_equal(tn_queue_post_commit(&w.queue), fence);
    assert_int_equal(w.fences[tn_handle_slot(fence)].length, 20);
    world_recount(&w);
}

static void g2_the_buffers_come_back_in_order_and_the_last_says_so(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    struct tn_buffer_name name[3];
    uint64_t fence = post_with(&w, name, 3, 1000);
    struct tn_completion c = world_completion(&w, fence);
    c.used = 1500;
    assert_ok(tn_complete_decide(&w.queue, &c));
    tn_complete_commit(&w.queue, &c);
    world_recount(&w);
    const uint32_t used[3] = {1000, 500, 0};
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(w.ledger.used[TN_CHARGE_IN_FLIGHT], 3 - i);
        struct tn_outcome o = world_take(&w, fence);
        assert_int_equal(o.buffer_slot, name[i].slot);
        assert_int_equal(o.status, TN_OK);
        assert_int_equal(o.length, 1000);
        assert_int_equal(o.used, used[i]);
        assert_int_equal(o.last, i == 2);
        assert_ok(tn_buffer_use_decide(&w.pool, o.buffer));
        assert_refused(&w, TN_ESTALE, tn_buffer_use_decide(&w.pool, name[i]));
        world_recount(&w);
    }
    assert_refused(&w, TN_ESTALE, tn_fence_take_decide(&w.queue, fence));
}

static void g7_no_more_is_used_than_all_buffers_hold(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    struct tn_buffer_name name[3];
    uint64_t fence = post_with(&w, name, 3, 1000);
    struct tn_completion lie = world_completion(&w, fence);
    lie.used = 3001;
    assert_refused(&w, TN_EPROTOCOL, tn_complete_decide(&w.queue, &lie));
    lie.used = 3000;
    assert_ok(tn_complete_decide(&w.queue, &lie));
}

static void g1_one_buffer_does_not_travel_twice(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    struct tn_buffer_name name[2];
    uint64_t fence = open_with(&w, name, 2, 1);
    for (int i = 0; i < 2; i++) {
        assert_refused(&w, TN_ESTALE, tn_submit_add_decide(&w.queue, fence, name[i], 1));
        assert_refused(&w, TN_ESTATE, tn_submit_add_decide(&w.queue, fence, guess_of(&w, name[i]), 1));
        struct tn_submission again = world_submission(&w, name[i]);
        assert_refused(&w, TN_ESTALE, tn_submit_decide(&w.queue, &again));
    }
    assert_refused(&w, TN_ESTALE, tn_submit_add_decide(&w.queue, fence, NO_NAME, 1));
}

static void g6_only_an_open_fence_takes_buffers_and_is_closed(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    struct tn_buffer_name spare = world_alloc(&w);
    uint64_t fence = world_submit(&w, world_alloc(&w));
    for (int step = 0; step < 3; step++) { /* queued, posted, ended */
        assert_refused(&w, TN_ESTATE, tn_submit_add_decide(&w.queue, fence, spare, 1));
        assert_refused(&w, TN_ESTATE, tn_submit_close_decide(&w.queue, fence));
        if (step == 0)
            (void)tn_queue_post_commit(&w.queue);
        else if (step == 1)
            world_complete(&w, fence);
    }
    (void)world_take(&w, fence);
    const uint64_t gone[] = {fence, TN_HANDLE_NONE, UINT64_MAX, tn_handle_make(WORLD_FENCES, 1), tn_handle_make(1, 1)};
    for (int i = 0; i < 5; i++) {
        assert_refused(&w, TN_ESTALE, tn_submit_add_decide(&w.queue, gone[i], spare, 1));
        assert_refused(&w, TN_ESTALE, tn_submit_close_decide(&w.queue, gone[i]));
    }
    fence = world_open(&w, spare, 1);
    world_close(&w, fence);
    assert_refused(&w, TN_ESTATE, tn_submit_close_decide(&w.queue, fence)); /* twice */
}

static void g6_a_fence_has_room_for_parts_max_buffers(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    struct tn_buffer_name name[WORLD_PARTS], more;
    uint64_t fence = open_with(&w, name, WORLD_PARTS, 1);
    more = world_alloc(&w);
    assert_refused(&w, TN_EEXHAUSTED, tn_submit_add_decide(&w.queue, fence, more, 1));
    assert_ok(tn_buffer_use_decide(&w.pool, more)); /* still the CPU's */
    world_close(&w, fence);
    world_recount(&w);
}

static void g6_each_buffer_costs_one_of_the_budget(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    w.ledger.limit[TN_CHARGE_IN_FLIGHT] = 2;
    struct tn_buffer_name name[2], third = world_alloc(&w);
    uint64_t fence = open_with(&w, name, 2, 1);
    assert_refused(&w, TN_EBUDGET, tn_submit_add_decide(&w.queue, fence, third, 1));
    w.ledger.limit[TN_CHARGE_IN_FLIGHT] = 3;
    world_add(&w, fence, third, 1);
    world_recount(&w);
}

static void g6_what_is_added_is_judged_in_order(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 2);
    struct tn_buffer_name name[1], good = world_alloc(&w), old = world_alloc(&w);
    uint64_t fence = world_post(&w, old);
    world_complete(&w, fence);
    old = world_take(&w, fence).buffer; /* of the last generation */
    fence = open_with(&w, name, 1, WORLD_BUFFER_BYTES);
    assert_refused(&w, TN_ERANGE, tn_submit_add_decide(&w.queue, fence, good, 0));
    assert_refused(&w, TN_ERANGE, tn_submit_add_decide(&w.queue, fence, good, WORLD_BUFFER_BYTES + 1));
    assert_refused(&w, TN_ERETIRED, tn_submit_add_decide(&w.queue, fence, old, 1));
    w.fences[tn_handle_slot(fence)].length = UINT32_MAX - 9; /* as if large buffers had been added */
    assert_refused(&w, TN_ERANGE, tn_submit_add_decide(&w.queue, fence, good, 10));
    assert_ok(tn_submit_add_decide(&w.queue, fence, good, 9));
    w.fences[tn_handle_slot(fence)].length = WORLD_BUFFER_BYTES;
    assert_ok(tn_pool_move(&w.pool, TN_POOL_REVOKING));
    assert_refused(&w, TN_ESTATE, tn_submit_add_decide(&w.queue, fence, good, 0));
    assert_refused(&w, TN_ESTALE, tn_submit_add_decide(&w.queue, fence, name[0], 0));
    assert_refused(&w, TN_ESTALE, tn_submit_add_decide(&w.queue, 0, good, 0));
    assert_refused(&w, TN_ESTATE, tn_submit_close_decide(&w.queue, fence)); /* nothing is sent out of it any more */
    world_end(&w, fence, TN_EABORTED);
}

static void g4_a_fence_without_a_ticket_is_not_closed_and_can_be_ended(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    struct tn_buffer_name name[2];
    uint64_t fence = open_with(&w, name, 2, 1);
    w.queue.next_ticket = UINT64_MAX;
    assert_refused(&w, TN_ERETIRED, tn_submit_close_decide(&w.queue, fence));
    world_end(&w, fence, TN_EABORTED);
    assert_false(world_take(&w, fence).last);
    assert_true(world_take(&w, fence).last);
    world_recount(&w);
}

static void g2_an_open_fence_can_be_aborted_and_gives_everything_back(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    struct tn_buffer_name name[3];
    uint64_t fence = open_with(&w, name, 3, 5), after = world_submit(&w, world_alloc(&w));
    world_end(&w, fence, TN_EABORTED);
    world_recount(&w);
    assert_refused(&w, TN_ESTATE, tn_fence_end_decide(&w.queue, fence, TN_EABORTED));
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(state_of(&w, name[i]), TN_BUFFER_ABORTED);
        struct tn_outcome o = world_take(&w, fence);
        assert_int_equal(o.status, TN_EABORTED);
        assert_int_equal(o.used, 0);
        world_release(&w, o.buffer);
        world_recount(&w);
    }
    assert_int_equal(tn_queue_oldest(&w.queue), after);
}

static void g10_a_quarantined_fence_keeps_every_one_of_its_buffers(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    struct tn_buffer_name name[3];
    uint64_t fence = post_with(&w, name, 3, 5);
    world_end(&w, fence, TN_EQUARANTINED);
    assert_int_equal(w.pool.quarantined, 3);
    for (uint32_t i = 0; i < 3; i++) {
        struct tn_outcome o = world_take(&w, fence);
        assert_true(same_name(o.buffer, NO_NAME));
        assert_int_equal(o.buffer_slot, name[i].slot);
        assert_int_equal(o.status, TN_EQUARANTINED);
        assert_int_equal(o.last, i == 2);
        world_recount(&w);
    }
    assert_int_equal(w.pool.away, 3);
}

static void g11_every_buffer_of_an_orphan_is_scrubbed(void **state)
{
    (void)state;
    for (int open = 0; open < 2; open++) {
        struct world w;
        world_init(&w, 99);
        struct tn_buffer_name name[3];
        uint64_t fence = open ? open_with(&w, name, 3, 5) : post_with(&w, name, 3, 5);
        assert_ok(tn_fence_orphan_decide(&w.queue, fence));
        tn_fence_orphan_commit(&w.queue, fence);
        assert_refused(&w, TN_ESTATE, tn_fence_orphan_decide(&w.queue, fence));
        world_recount(&w);
        if (open)
            world_end(&w, fence, TN_EABORTED);
        else
            world_complete(&w, fence);
        for (uint32_t i = 0; i < 3; i++) {
            assert_int_equal(state_of(&w, name[i]), TN_BUFFER_ORPHAN);
            struct tn_outcome o = world_take(&w, fence);
            assert_true(o.orphan && same_name(o.buffer, NO_NAME));
            assert_int_equal(o.last, i == 2);
            tn_buffer_scrubbed_commit(&w.pool, o.buffer_slot);
            world_recount(&w);
        }
        assert_int_equal(w.pool.free, WORLD_BUFFERS);
    }
}

static void g11_nothing_is_added_for_a_client_that_is_gone(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    struct tn_buffer_name name[1], more = world_alloc(&w);
    uint64_t fence = open_with(&w, name, 1, 5);
    tn_fence_orphan_commit(&w.queue, fence);
    assert_refused(&w, TN_ESTATE, tn_submit_add_decide(&w.queue, fence, more, 1));
}

static void g11_orphans_can_be_lost_together(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    struct tn_buffer_name name[2];
    uint64_t fence = post_with(&w, name, 2, 5);
    tn_fence_orphan_commit(&w.queue, fence);
    world_end(&w, fence, TN_EQUARANTINED);
    assert_int_equal(w.pool.quarantined, 2);
    assert_false(world_take(&w, fence).last);
    assert_true(world_take(&w, fence).last);
    world_recount(&w);
}

static void g11_what_is_built_for_nobody_or_in_a_revoked_pool_is_not_queued(void **state)
{
    (void)state;
    for (int revoked = 0; revoked < 2; revoked++) {
        struct world w;
        world_init(&w, 99);
        struct tn_buffer_name name[2];
        uint64_t fence = open_with(&w, name, 2, 1);
        if (revoked)
            assert_ok(tn_pool_move(&w.pool, TN_POOL_REVOKING));
        else
            tn_fence_orphan_commit(&w.queue, fence);
        assert_refused(&w, TN_ESTATE, tn_submit_close_decide(&w.queue, fence));
        world_end(&w, fence, TN_EABORTED); /* the one thing that is left */
        (void)world_take(&w, fence);
        assert_true(world_take(&w, fence).last);
        world_recount(&w);
    }
}

static void g3_a_fence_keeps_its_own_buffers_and_no_others(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    struct tn_buffer_name name[2];
    uint64_t fence = post_with(&w, name, 2, 5);
    for (uint32_t i = 0; i < 2; i++)
        assert_true(same_name(tn_queue_part(&w.queue, tn_handle_slot(fence), i), guess_of(&w, name[i])));
    /* A mistaken queue: its record names a buffer from before. Nobody's buffer moves. */
    w.parts[tn_handle_slot(fence) * WORLD_PARTS + 1] = name[1];
    world_complete(&w, fence);
    assert_int_equal(state_of(&w, name[0]), TN_BUFFER_COMPLETED);
    assert_int_equal(state_of(&w, name[1]), TN_BUFFER_IN_FLIGHT);
    assert_false(same_name(world_take(&w, fence).buffer, NO_NAME));
    assert_true(same_name(world_take(&w, fence).buffer, NO_NAME));
    assert_int_equal(state_of(&w, name[1]), TN_BUFFER_IN_FLIGHT);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(g1_an_open_fence_waits_for_its_buffers_and_is_not_posted),
    cmocka_unit_test(g2_the_buffers_come_back_in_order_and_the_last_says_so),
    cmocka_unit_test(g7_no_more_is_used_than_all_buffers_hold),
    cmocka_unit_test(g1_one_buffer_does_not_travel_twice),
    cmocka_unit_test(g6_only_an_open_fence_takes_buffers_and_is_closed),
    cmocka_unit_test(g6_a_fence_has_room_for_parts_max_buffers),
    cmocka_unit_test(g6_each_buffer_costs_one_of_the_budget),
    cmocka_unit_test(g6_what_is_added_is_judged_in_order),
    cmocka_unit_test(g4_a_fence_without_a_ticket_is_not_closed_and_can_be_ended),
    cmocka_unit_test(g2_an_open_fence_can_be_aborted_and_gives_everything_back),
    cmocka_unit_test(g10_a_quarantined_fence_keeps_every_one_of_its_buffers),
    cmocka_unit_test(g11_every_buffer_of_an_orphan_is_scrubbed),
    cmocka_unit_test(g11_nothing_is_added_for_a_client_that_is_gone),
    cmocka_unit_test(g11_orphans_can_be_lost_together),
    cmocka_unit_test(g11_what_is_built_for_nobody_or_in_a_revoked_pool_is_not_queued),
    cmocka_unit_test(g3_a_fence_keeps_its_own_buffers_and_no_others),
};

UNIT_MAIN(tests)
