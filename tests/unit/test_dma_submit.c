/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may be submitted: limits, budgets, tickets, and the second submit of one buffer.
 */
#include "dma_world.h"

static void g6_queue_init_refuses_every_bad_argument_and_changes_nothing(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    struct tn_queue_plan bad[10];
    for (int i = 0; i < 10; i++)
        bad[i] = world_queue_plan(&w, 9);
    bad[0].slot = NULL;
    bad[1].record = NULL;
    bad[2].part = NULL;
    bad[3].depth = 0;
    bad[4].depth = (1u << 20) + 1;
    bad[5].generation_max = 0;
    bad[6].generation_max = TN_HANDLE_GENERATION_MAX + 1;
    bad[7].parts_max = 0;
    bad[8].parts_max = TN_FENCE_PARTS_MAX + 1;
    bad[9].waiters_max = UINT16_MAX + 1;
    for (int i = 0; i < 10; i++)
        assert_refused(&w, false, tn_queue_init(&w.queue, &bad[i]));
    bad[9].waiters_max = UINT16_MAX;
    assert_true(tn_queue_init(&w.queue, &bad[9]));
    assert_int_equal(tn_queue_oldest(&w.queue), TN_HANDLE_NONE);
}

static void g1_a_second_submit_of_one_buffer_is_refused(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    struct tn_buffer_name buffer = world_alloc(&w);
    uint64_t fence = world_submit(&w, buffer);
    struct tn_submission second = world_submission(&w, buffer);
    assert_refused(&w, TN_ESTALE, tn_submit_decide(&w.queue, &second));
    assert_int_equal(tn_queue_post_commit(&w.queue), fence);
    assert_refused(&w, TN_ESTALE, tn_submit_decide(&w.queue, &second));
    world_complete(&w, fence);
    assert_refused(&w, TN_ESTALE, tn_submit_decide(&w.queue, &second));
    assert_false(same_name(world_take(&w, fence).buffer, buffer));
    assert_refused(&w, TN_ESTALE, tn_submit_decide(&w.queue, &second));
    world_recount(&w);
}

static void g6_the_in_flight_budget_is_refused_at_one_more(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    w.ledger.limit[TN_CHARGE_IN_FLIGHT] = 2;
    uint64_t first = world_post(&w, world_alloc(&w));
    (void)world_submit(&w, world_alloc(&w));
    struct tn_buffer_name buffer = world_alloc(&w);
    struct tn_submission third = world_submission(&w, buffer);
    assert_refused(&w, TN_EBUDGET, tn_submit_decide(&w.queue, &third));
    assert_ok(tn_buffer_use_decide(&w.pool, buffer)); /* still the CPU's */
    world_complete(&w, first);
    assert_refused(&w, TN_EBUDGET, tn_submit_decide(&w.queue, &third)); /* charged until it is taken */
    (void)world_take(&w, first);
    assert_ok(tn_submit_decide(&w.queue, &third));
    world_recount(&w);
}

static void g6_a_full_queue_says_try_again(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    for (int i = 0; i < WORLD_FENCES; i++)
        (void)world_submit(&w, world_alloc(&w));
    struct tn_submission more = world_submission(&w, world_alloc(&w));
    assert_refused(&w, TN_EAGAIN, tn_submit_decide(&w.queue, &more));
    world_recount(&w);
}

static void g6_a_submission_is_judged_argument_by_argument_in_order(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    struct tn_buffer_name buffer = world_alloc(&w);
    struct tn_submission good = world_submission(&w, buffer), bad;
    bad = good, bad.ledger = NULL, bad.buffer = NO_NAME;
    assert_refused(&w, TN_EINVAL, tn_submit_decide(&w.queue, &bad));
    bad = good, bad.direction = TN_NO_DATA, bad.buffer = NO_NAME;
    assert_refused(&w, TN_EINVAL, tn_submit_decide(&w.queue, &bad));
    bad = good, bad.direction = 3;
    assert_refused(&w, TN_EINVAL, tn_submit_decide(&w.queue, &bad));
    bad = good, bad.direction = UINT32_MAX;
    assert_refused(&w, TN_EINVAL, tn_submit_decide(&w.queue, &bad));
    bad = good, bad.buffer = NO_NAME, bad.length = 0;
    assert_refused(&w, TN_ESTALE, tn_submit_decide(&w.queue, &bad));
    bad = good, bad.length = 0;
    assert_refused(&w, TN_ERANGE, tn_submit_decide(&w.queue, &bad));
    bad = good, bad.length = WORLD_BUFFER_BYTES + 1;
    assert_refused(&w, TN_ERANGE, tn_submit_decide(&w.queue, &bad));
    bad = good, bad.pool = NULL;
    assert_refused(&w, TN_EINVAL, tn_submit_decide(&w.queue, &bad));
    bad = good, bad.pool = NULL, bad.direction = TN_NO_DATA, bad.length = 0, bad.more = true;
    assert_refused(&w, TN_EINVAL, tn_submit_decide(&w.queue, &bad));
    bad = good, bad.pool = NULL, bad.direction = TN_NO_DATA;
    assert_refused(&w, TN_ERANGE, tn_submit_decide(&w.queue, &bad));
    assert_ok(tn_pool_move(&w.pool, TN_POOL_REVOKING));
    bad = good, bad.length = 0;
    assert_refused(&w, TN_ESTATE, tn_submit_decide(&w.queue, &bad));
}

static void g6_a_length_is_given_with_each_submission(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    struct tn_buffer_name buffer = world_alloc(&w);
    const uint32_t lengths[] = {512, 1, WORLD_BUFFER_BYTES};
    for (int i = 0; i < 3; i++) {
        struct tn_submission s = world_submission(&w, buffer);
        s.length = lengths[i];
        assert_ok(tn_submit_decide(&w.queue, &s));
        uint64_t fence = tn_submit_commit(&w.queue, &s);
        assert_int_equal(w.lengths[buffer.slot], lengths[i]);
        assert_int_equal(tn_queue_post_commit(&w.queue), fence);
        struct tn_completion lie = world_completion(&w, fence);
        lie.used = lengths[i] + 1; /* whatever the buffer once carried */
        assert_refused(&w, TN_EPROTOCOL, tn_complete_decide(&w.queue, &lie));
        world_complete(&w, fence);
        struct tn_outcome outcome = world_take(&w, fence);
        assert_int_equal(outcome.length, lengths[i]);
        assert_int_equal(outcome.used, lengths[i]);
        buffer = outcome.buffer;
    }
    world_recount(&w);
}

static void g4_tickets_never_repeat_and_the_last_is_never_given(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    uint64_t fence = world_post(&w, world_alloc(&w));
    assert_int_equal(world_ticket(&w, fence), 1);
    w.queue.next_ticket = UINT64_MAX - 1;
    fence = world_post(&w, world_alloc(&w));
    assert_int_equal(world_ticket(&w, fence), UINT64_MAX - 1);
    struct tn_submission more = world_submission(&w, world_alloc(&w));
    assert_refused(&w, TN_ERETIRED, tn_submit_decide(&w.queue, &more));
}

static void g4_a_queue_of_retired_fences_refuses_for_good(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 9999);
    const struct tn_queue_plan plan = world_queue_plan(&w, 2);
    assert_true(tn_queue_init(&w.queue, &plan));
    struct tn_buffer_name buffer = world_alloc(&w);
    uint64_t fences[100];
    struct tn_submission s = world_submission(&w, buffer);
    int rounds = 0;
    while (rounds < 100 && tn_submit_decide(&w.queue, &s) == TN_OK) {
        fences[rounds] = tn_submit_commit(&w.queue, &s);
        tn_fence_end_commit(&w.queue, fences[rounds], TN_EABORTED);
        s.buffer = world_take(&w, fences[rounds++]).buffer;
    }
    assert_int_equal(rounds, 2 * WORLD_FENCES);
    assert_refused(&w, TN_ERETIRED, tn_submit_decide(&w.queue, &s));
    for (int i = 0; i < rounds; i++)
        assert_refused(&w, TN_ESTALE, tn_fence_take_decide(&w.queue, fences[i]));
    assert_ok(tn_buffer_use_decide(&w.pool, s.buffer));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(g6_queue_init_refuses_every_bad_argument_and_changes_nothing),
    cmocka_unit_test(g1_a_second_submit_of_one_buffer_is_refused),
    cmocka_unit_test(g6_the_in_flight_budget_is_refused_at_one_more),
    cmocka_unit_test(g6_a_full_queue_says_try_again),
    cmocka_unit_test(g6_a_submission_is_judged_argument_by_argument_in_order),
    cmocka_unit_test(g6_a_length_is_given_with_each_submission),
    cmocka_unit_test(g4_tickets_never_repeat_and_the_last_is_never_given),
    cmocka_unit_test(g4_a_queue_of_retired_fences_refuses_for_good),
};

UNIT_MAIN(tests)
