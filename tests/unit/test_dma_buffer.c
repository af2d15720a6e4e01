/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pools, and buffers while the CPU owns them.
 */
#include "dma_world.h"

static void g6_pool_init_refuses_every_bad_argument_and_changes_nothing(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    const struct tn_pool_plan good = world_plan(&w, 9);
    struct tn_pool_plan bad[10];
    for (int i = 0; i < 10; i++)
        bad[i] = good;
    bad[0].slot = NULL;
    bad[1].record = NULL;
    bad[2].ledger = NULL;
    bad[3].owner_epoch = 0;
    bad[4].generation_max = 0;
    bad[5].generation_max = TN_HANDLE_GENERATION_MAX + 1;
    bad[6].count = 0;
    bad[7].count = (1u << 20) + 1;
    bad[8].buffer_bytes = 0;
    bad[9].buffer_bytes = (1u << 31) + 1;
    for (int i = 0; i < 10; i++)
        assert_refused(&w, false, tn_pool_init(&w.pool, &bad[i]));
    bad[9].buffer_bytes = 1u << 31;
    assert_true(tn_pool_init(&w.pool, &bad[9]));
    assert_int_equal(w.pool.state, TN_POOL_EMPTY);
}

static void g1_an_allocated_buffer_is_owned_by_the_cpu_and_charged(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    assert_ok(tn_buffer_alloc_decide(&w.pool, 100));
    uint64_t name = tn_buffer_alloc_commit(&w.pool, 100);
    assert_ok(tn_buffer_use_decide(&w.pool, name));
    assert_int_equal(tn_buffer_name(&w.pool, tn_handle_slot(name)), name);
    assert_int_equal(tn_pool_at(&w.pool, tn_handle_slot(name))->length, 100);
    assert_int_equal(w.ledger.used[TN_CHARGE_BUFFERS], 1);
    world_recount(&w);
}

static void g6_allocation_needs_a_mapped_pool(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    assert_ok(tn_pool_move(&w.pool, TN_POOL_REVOKING));
    assert_refused(&w, TN_ESTATE, tn_buffer_alloc_decide(&w.pool, 1));
    assert_ok(tn_pool_move(&w.pool, TN_POOL_INVALIDATED));
    assert_ok(tn_pool_move(&w.pool, TN_POOL_SCRUBBED));
    assert_ok(tn_pool_move(&w.pool, TN_POOL_EMPTY));
    assert_refused(&w, TN_ESTATE, tn_buffer_alloc_decide(&w.pool, 1));
}

static void g6_a_length_of_zero_or_above_the_buffer_is_out_of_range(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    assert_refused(&w, TN_ERANGE, tn_buffer_alloc_decide(&w.pool, 0));
    assert_refused(&w, TN_ERANGE, tn_buffer_alloc_decide(&w.pool, WORLD_BUFFER_BYTES + 1));
    assert_refused(&w, TN_ERANGE, tn_buffer_alloc_decide(&w.pool, UINT64_C(1) << 32));
    assert_refused(&w, TN_ERANGE, tn_buffer_alloc_decide(&w.pool, UINT64_MAX));
    assert_ok(tn_buffer_alloc_decide(&w.pool, 1));
    assert_ok(tn_buffer_alloc_decide(&w.pool, WORLD_BUFFER_BYTES));
}

static void g6_the_budget_of_buffers_is_refused_at_one_more(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    w.ledger.limit[TN_CHARGE_BUFFERS] = 2;
    (void)world_alloc(&w);
    uint64_t second = world_alloc(&w);
    assert_refused(&w, TN_EBUDGET, tn_buffer_alloc_decide(&w.pool, 1));
    world_release(&w, second);
    assert_ok(tn_buffer_alloc_decide(&w.pool, 1));
    world_recount(&w);
}

static void g6_a_pool_without_free_buffers_is_exhausted(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    for (int i = 0; i < WORLD_BUFFERS; i++)
        (void)world_alloc(&w);
    assert_refused(&w, TN_EEXHAUSTED, tn_buffer_alloc_decide(&w.pool, 1));
    world_recount(&w);
}

static void g3_a_name_from_before_release_changes_nothing(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    uint64_t old = world_alloc(&w);
    tn_buffer_release_commit(&w.pool, old);
    assert_refused(&w, TN_ESTALE, tn_buffer_use_decide(&w.pool, old)); /* while it is scrubbed */
    assert_int_equal(tn_buffer_name(&w.pool, tn_handle_slot(old)), TN_HANDLE_NONE);
    world_recount(&w);
    tn_buffer_scrubbed_commit(&w.pool, tn_handle_slot(old));
    assert_refused(&w, TN_ESTALE, tn_buffer_use_decide(&w.pool, old));
    for (int i = 0; i < WORLD_BUFFERS; i++)
        assert_int_not_equal(world_alloc(&w), old);
    assert_refused(&w, TN_ESTALE, tn_buffer_use_decide(&w.pool, old)); /* after reuse of its slot */
    world_recount(&w);
}

static void g3_forged_names_are_stale(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    uint64_t name = world_alloc(&w);
    const uint64_t forged[] = {TN_HANDLE_NONE,
                               UINT64_MAX,
                               tn_handle_make(0, 2),
                               tn_handle_make(1, 1),
                               tn_handle_make(WORLD_BUFFERS, 1),
                               name | UINT64_C(1) << 63};
    for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++)
        assert_refused(&w, TN_ESTALE, tn_buffer_use_decide(&w.pool, forged[i]));
    assert_int_equal(tn_buffer_name(&w.pool, WORLD_BUFFERS), TN_HANDLE_NONE);
    assert_int_equal(tn_buffer_name(&w.pool, UINT32_MAX), TN_HANDLE_NONE);
    assert_int_equal(tn_buffer_name(&w.pool, 1), TN_HANDLE_NONE);
}

static void g5_a_released_buffer_is_not_free_before_it_is_scrubbed(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    uint64_t name = world_alloc(&w);
    for (int i = 1; i < WORLD_BUFFERS; i++)
        (void)world_alloc(&w);
    tn_buffer_release_commit(&w.pool, name);
    assert_refused(&w, TN_EEXHAUSTED, tn_buffer_alloc_decide(&w.pool, 1));
    assert_int_equal(w.ledger.used[TN_CHARGE_BUFFERS], WORLD_BUFFERS); /* charged until then */
    tn_buffer_scrubbed_commit(&w.pool, tn_handle_slot(name));
    assert_ok(tn_buffer_alloc_decide(&w.pool, 1));
    world_recount(&w);
}

static void g4_a_buffer_retires_at_the_maximum_generation(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 2);
    int rounds = 0;
    while (rounds < 100 && tn_buffer_alloc_decide(&w.pool, 1) == TN_OK) {
        world_release(&w, tn_buffer_alloc_commit(&w.pool, 1));
        rounds++;
    }
    assert_int_equal(rounds, 2 * WORLD_BUFFERS);
    assert_int_equal(world_retired(&w), WORLD_BUFFERS);
    assert_refused(&w, TN_EEXHAUSTED, tn_buffer_alloc_decide(&w.pool, 1));
    world_recount(&w);
    /* A pool of retired buffers still comes to its end. */
    assert_ok(tn_pool_move(&w.pool, TN_POOL_REVOKING));
    assert_ok(tn_pool_move(&w.pool, TN_POOL_INVALIDATED));
    assert_ok(tn_pool_move(&w.pool, TN_POOL_SCRUBBED));
}

static void g4_a_buffer_that_cannot_come_home_is_not_submitted(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 3);
    uint64_t name = world_alloc(&w);
    uint64_t fence = world_post(&w, name); /* 1 to 2 */
    world_complete(&w, fence);
    name = world_take(&w, fence).buffer; /* 3, the last */
    struct tn_submission again = world_submission(&w, name);
    assert_refused(&w, TN_ERETIRED, tn_submit_decide(&w.queue, &again));
    world_release(&w, name);
    assert_int_equal(world_retired(&w), 1);
    world_recount(&w);
}

static void g10_a_pool_is_not_invalidated_under_a_device(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    uint64_t fence = world_post(&w, world_alloc(&w));
    assert_ok(tn_pool_move(&w.pool, TN_POOL_REVOKING));
    assert_refused(&w, TN_ESTATE, tn_pool_move(&w.pool, TN_POOL_INVALIDATED)); /* in flight */
    tn_fence_orphan_commit(&w.queue, fence);
    assert_refused(&w, TN_ESTATE, tn_pool_move(&w.pool, TN_POOL_INVALIDATED)); /* orphan */
    world_complete(&w, fence);
    assert_refused(&w, TN_ESTATE, tn_pool_move(&w.pool, TN_POOL_INVALIDATED)); /* its end is not taken */
    struct tn_outcome outcome = world_take(&w, fence);
    assert_ok(tn_pool_move(&w.pool, TN_POOL_INVALIDATED));
    assert_refused(&w, TN_ESTATE, tn_pool_move(&w.pool, TN_POOL_SCRUBBED)); /* still being scrubbed */
    tn_buffer_scrubbed_commit(&w.pool, outcome.buffer_slot);
    assert_ok(tn_pool_move(&w.pool, TN_POOL_SCRUBBED));
    world_recount(&w);
}

static void g10_a_pool_with_a_quarantined_buffer_can_only_be_quarantined(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    uint64_t fence = world_post(&w, world_alloc(&w));
    tn_fence_end_commit(&w.queue, fence, TN_EQUARANTINED);
    (void)world_take(&w, fence);
    assert_ok(tn_pool_move(&w.pool, TN_POOL_REVOKING));
    assert_refused(&w, TN_ESTATE, tn_pool_move(&w.pool, TN_POOL_INVALIDATED));
    assert_ok(tn_pool_move(&w.pool, TN_POOL_QUARANTINED));
    for (uint32_t to = 0; to < TN_POOL_STATES; to++)
        assert_refused(&w, TN_ESTATE, tn_pool_move(&w.pool, (enum tn_pool_state)to));
    assert_int_equal(w.ledger.used[TN_CHARGE_BUFFERS], 1); /* charged for good */
}

static void g3_a_pool_moves_only_as_its_table_says(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    uint32_t moves = 0;
    for (uint32_t from = 0; from < TN_POOL_STATES; from++) {
        for (uint32_t to = 0; to < TN_POOL_STATES; to++) {
            w.pool.state = from;
            if (tn_pool_may_move(from, to)) {
                moves++;
                assert_ok(tn_pool_move(&w.pool, (enum tn_pool_state)to));
                assert_int_equal(w.pool.state, to);
            } else {
                assert_refused(&w, TN_ESTATE, tn_pool_move(&w.pool, (enum tn_pool_state)to));
            }
        }
        w.pool.state = from;
        assert_refused(&w, TN_ESTATE, tn_pool_move(&w.pool, TN_POOL_STATES));
        assert_refused(&w, TN_ESTATE, tn_pool_move(&w.pool, (enum tn_pool_state)UINT32_MAX));
    }
    assert_int_equal(moves, 10);
}

static void g3_tables_answer_false_and_question_marks_out_of_range(void **state)
{
    (void)state;
    assert_false(tn_buffer_may_move(TN_BUFFER_STATES, 0));
    assert_false(tn_buffer_may_move(0, TN_BUFFER_STATES));
    assert_false(tn_buffer_may_move(0, 32));
    assert_false(tn_pool_may_move(UINT32_MAX, 0));
    assert_false(tn_pool_may_move(0, UINT32_MAX));
    assert_false(tn_fence_may_move(TN_FENCE_STATES, 0));
    assert_false(tn_fence_may_move(0, TN_FENCE_STATES));
    assert_string_equal(tn_buffer_state_name(TN_BUFFER_STATES), "?");
    assert_string_equal(tn_pool_state_name(TN_POOL_STATES), "?");
    assert_string_equal(tn_fence_state_name(TN_FENCE_STATES), "?");
    for (uint32_t i = 0; i < TN_BUFFER_STATES; i++) {
        assert_string_not_equal(tn_buffer_state_name(i), "?");
        assert_false(tn_buffer_may_move(i, i));
    }
    for (uint32_t i = 0; i < TN_POOL_STATES; i++)
        assert_string_not_equal(tn_pool_state_name(i), "?");
    for (uint32_t i = 0; i < TN_FENCE_STATES; i++)
        assert_string_not_equal(tn_fence_state_name(i), "?");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(g6_pool_init_refuses_every_bad_argument_and_changes_nothing),
    cmocka_unit_test(g1_an_allocated_buffer_is_owned_by_the_cpu_and_charged),
    cmocka_unit_test(g6_allocation_needs_a_mapped_pool),
    cmocka_unit_test(g6_a_length_of_zero_or_above_the_buffer_is_out_of_range),
    cmocka_unit_test(g6_the_budget_of_buffers_is_refused_at_one_more),
    cmocka_unit_test(g6_a_pool_without_free_buffers_is_exhausted),
    cmocka_unit_test(g3_a_name_from_before_release_changes_nothing),
    cmocka_unit_test(g3_forged_names_are_stale),
    cmocka_unit_test(g5_a_released_buffer_is_not_free_before_it_is_scrubbed),
    cmocka_unit_test(g4_a_buffer_retires_at_the_maximum_generation),
    cmocka_unit_test(g4_a_buffer_that_cannot_come_home_is_not_submitted),
    cmocka_unit_test(g10_a_pool_is_not_invalidated_under_a_device),
    cmocka_unit_test(g10_a_pool_with_a_quarantined_buffer_can_only_be_quarantined),
    cmocka_unit_test(g3_a_pool_moves_only_as_its_table_says),
    cmocka_unit_test(g3_tables_answer_false_and_question_marks_out_of_range),
};

UNIT_MAIN(tests)
