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
    struct tn_pool_plan bad[14];
    for (int i = 0; i < 14; i++)
        bad[i] = good;
    bad[0].mark = NULL;
    bad[1].length = NULL;
    bad[2].stack = NULL;
    bad[3].owner_epoch = 0;
    bad[4].generation_max = 0;
    bad[5].generation_max = TN_BUFFER_GENERATION_MAX + 1;
    bad[6].count = 0;
    bad[7].count = (1u << 20) + 1;
    bad[8].buffer_bytes = 0;
    bad[9].buffer_bytes = (1u << 31) + 1;
    bad[10].buffers_per_page = 0;
    bad[11].buffers_per_page = TN_PAGE_LOST, bad[11].page_away = w.pages;
    bad[12].buffers_per_page = 2; /* and nothing to count them in */
    bad[13].page_away = w.pages;  /* and nothing to count */
    for (int i = 0; i < 14; i++)
        assert_refused(&w, false, tn_pool_init(&w.pool, &bad[i]));
    bad[9].buffer_bytes = 1u << 31;
    bad[9].generation_max = TN_BUFFER_GENERATION_MAX;
    assert_true(tn_pool_init(&w.pool, &bad[9]));
    assert_int_equal(w.pool.state, TN_POOL_EMPTY);
    bad[11].buffers_per_page = TN_PAGE_LOST - 1;
    assert_true(tn_pool_init(&w.pool, &bad[11]));
}

static void g1_an_allocated_buffer_is_owned_by_the_cpu(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    struct tn_buffer_name name = world_alloc(&w);
    assert_ok(tn_buffer_use_decide(&w.pool, name));
    assert_true(tn_buffer_is_name(&w.pool, name));
    assert_true(same_name(tn_buffer_name(&w.pool, (uint32_t)name.slot), name));
    assert_int_equal(state_of(&w, name), TN_BUFFER_CPU);
    assert_int_equal(w.pool.free, WORLD_BUFFERS - 1);
    assert_false(tn_pool_is_idle(&w.pool));
    world_recount(&w);
}

static void g1_no_two_holders_get_one_buffer(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    bool given[WORLD_BUFFERS] = {false};
    for (int i = 0; i < WORLD_BUFFERS; i++) {
        uint64_t slot = world_alloc(&w).slot;
        assert_true(slot < WORLD_BUFFERS && !given[slot]);
        given[slot] = true;
        world_recount(&w);
    }
}

static void the_buffer_that_was_freed_last_is_taken_first(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    struct tn_buffer_name first = world_alloc(&w), second = world_alloc(&w);
    assert_int_equal(first.slot, 0);
    assert_int_equal(second.slot, 1);
    world_release(&w, second);
    world_release(&w, first);
    assert_int_equal(world_alloc(&w).slot, first.slot);
    assert_int_equal(world_alloc(&w).slot, second.slot);
    world_recount(&w);
}

static void g6_allocation_needs_a_mapped_pool(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    assert_ok(tn_pool_move(&w.pool, TN_POOL_REVOKING));
    assert_refused(&w, TN_ESTATE, tn_buffer_alloc_decide(&w.pool));
    assert_ok(tn_pool_move(&w.pool, TN_POOL_INVALIDATED));
    assert_ok(tn_pool_move(&w.pool, TN_POOL_SCRUBBED));
    assert_ok(tn_pool_move(&w.pool, TN_POOL_EMPTY));
    assert_refused(&w, TN_ESTATE, tn_buffer_alloc_decide(&w.pool));
}

static void g1_a_buffer_is_not_used_out_of_its_pools_reach_and_can_be_released(void **state)
{
    (void)state;
    for (uint32_t to = TN_POOL_INVALIDATED; to <= TN_POOL_QUARANTINED; to++) {
        struct world w;
        world_init(&w, 99);
        struct tn_buffer_name name = world_alloc(&w);
        assert_ok(tn_pool_move(&w.pool, TN_POOL_REVOKING));
        assert_ok(tn_buffer_use_decide(&w.pool, name)); /* its owner has it until it is unmapped */
        if (to == TN_POOL_SCRUBBED)
            continue;
        assert_ok(tn_pool_move(&w.pool, (enum tn_pool_state)to));
        assert_refused(&w, TN_ESTATE, tn_buffer_use_decide(&w.pool, name));
        assert_refused(&w, TN_ESTALE, tn_buffer_use_decide(&w.pool, NO_NAME));
        world_release(&w, name);
        world_recount(&w);
    }
}

static void g6_a_pool_without_free_buffers_is_exhausted(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    for (int i = 0; i < WORLD_BUFFERS; i++)
        (void)world_alloc(&w);
    assert_refused(&w, TN_EEXHAUSTED, tn_buffer_alloc_decide(&w.pool));
    world_recount(&w);
}

static void g3_a_name_from_before_release_changes_nothing(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    struct tn_buffer_name old = world_alloc(&w);
    tn_buffer_release_commit(&w.pool, old);
    assert_refused(&w, TN_ESTALE, tn_buffer_use_decide(&w.pool, old)); /* while it is scrubbed */
    assert_refused(&w, TN_ESTALE, tn_buffer_use_decide(&w.pool, guess_of(&w, old)));
    assert_true(same_name(tn_buffer_name(&w.pool, (uint32_t)old.slot), NO_NAME));
    world_recount(&w);
    tn_buffer_scrubbed_commit(&w.pool, (uint32_t)old.slot);
    assert_refused(&w, TN_ESTALE, tn_buffer_use_decide(&w.pool, old));
    assert_refused(&w, TN_ESTALE, tn_buffer_use_decide(&w.pool, guess_of(&w, old)));
    for (int i = 0; i < WORLD_BUFFERS; i++)
        assert_false(same_name(world_alloc(&w), old));
    assert_refused(&w, TN_ESTALE, tn_buffer_use_decide(&w.pool, old)); /* after reuse of its slot */
    world_recount(&w);
}

static void g3_forged_names_are_stale(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    struct tn_buffer_name n = world_alloc(&w);
    const struct tn_buffer_name forged[] = {
        {0, 0},
        {UINT64_MAX, UINT64_MAX},
        {n.mark, UINT64_MAX},
        {n.mark, n.slot + 1},
        {n.mark, WORLD_BUFFERS},
        {n.mark, n.slot | UINT64_C(1) << 32},
        {n.mark, n.slot | UINT64_C(1) << 63},
        {n.mark + 1, n.slot},
        {n.mark - 1, n.slot},
        {n.mark + TN_MARK_STATES, n.slot},
        {n.mark - TN_MARK_STATES, n.slot},
        {n.mark | UINT64_C(1) << 63, n.slot},
        {n.mark % TN_MARK_STATES, n.slot},
        {w.marks[1], 1},
    };
    for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
        assert_refused(&w, TN_ESTALE, tn_buffer_use_decide(&w.pool, forged[i]));
        assert_refused(&w, TN_ESTALE, tn_buffer_depart_decide(&w.pool, forged[i], 1));
        assert_refused(&w, TN_ESTALE, tn_buffer_arrive_decide(&w.pool, forged[i], TN_BUFFER_COMPLETED));
        assert_refused(&w, TN_ESTALE, tn_buffer_home_decide(&w.pool, forged[i]));
        assert_false(tn_buffer_is_name(&w.pool, forged[i]));
    }
    assert_true(same_name(tn_buffer_name(&w.pool, WORLD_BUFFERS), NO_NAME));
    assert_true(same_name(tn_buffer_name(&w.pool, UINT32_MAX), NO_NAME));
    assert_true(same_name(tn_buffer_name(&w.pool, 1), NO_NAME));
}

static void g3_a_name_travels_as_a_handle_and_back(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, TN_HANDLE_GENERATION_MAX);
    struct tn_buffer_name name = world_alloc(&w);
    for (int i = 0; i < 3; i++) {
        uint64_t handle = tn_buffer_pack(name);
        assert_int_equal(tn_handle_slot(handle), name.slot);
        assert_int_equal(tn_handle_generation(handle), tn_mark_generation(name.mark));
        assert_true(same_name(tn_buffer_unpack(handle, TN_BUFFER_CPU), name));
        uint64_t fence = world_post(&w, name);
        assert_refused(&w, TN_ESTALE, tn_buffer_use_decide(&w.pool, tn_buffer_unpack(handle, TN_BUFFER_CPU)));
        world_complete(&w, fence);
        name = world_take(&w, fence).buffer;
        assert_refused(&w, TN_ESTALE, tn_buffer_use_decide(&w.pool, tn_buffer_unpack(handle, TN_BUFFER_CPU)));
    }
    assert_refused(&w, TN_ESTALE, tn_buffer_use_decide(&w.pool, tn_buffer_unpack(TN_HANDLE_NONE, TN_BUFFER_CPU)));
}

static void g5_a_released_buffer_is_not_free_before_it_is_scrubbed(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    struct tn_buffer_name name = world_alloc(&w);
    for (int i = 1; i < WORLD_BUFFERS; i++)
        (void)world_alloc(&w);
    tn_buffer_release_commit(&w.pool, name);
    assert_refused(&w, TN_EEXHAUSTED, tn_buffer_alloc_decide(&w.pool));
    assert_int_equal(w.pool.free, 0);
    tn_buffer_scrubbed_commit(&w.pool, (uint32_t)name.slot);
    assert_ok(tn_buffer_alloc_decide(&w.pool));
    world_recount(&w);
}

static void g5_a_pool_without_scrub_frees_at_once(void **state)
{
    (void)state;
    struct world w;
    world_init_direct(&w, 99);
    struct tn_buffer_name name = world_alloc(&w);
    tn_buffer_release_commit(&w.pool, name);
    assert_int_equal(w.pool.free, WORLD_BUFFERS);
    assert_refused(&w, TN_ESTALE, tn_buffer_use_decide(&w.pool, name));
    world_recount(&w);
}

static void g4_a_buffer_retires_at_the_maximum_generation(void **state)
{
    (void)state;
    for (int scrub = 0; scrub < 2; scrub++) {
        struct world w;
        if (scrub)
            world_init(&w, 2);
        else
            world_init_direct(&w, 2);
        int rounds = 0;
        while (rounds < 100 && tn_buffer_alloc_decide(&w.pool) == TN_OK) {
            world_release(&w, tn_buffer_alloc_commit(&w.pool));
            rounds++;
            world_recount(&w);
        }
        assert_int_equal(rounds, 2 * WORLD_BUFFERS);
        assert_int_equal(w.pool.retired, WORLD_BUFFERS);
        assert_refused(&w, TN_ERETIRED, tn_buffer_alloc_decide(&w.pool));
        for (uint32_t i = 0; i < WORLD_BUFFERS; i++) {
            const struct tn_buffer_name last = {w.marks[i], i};
            assert_true(same_name(tn_buffer_name(&w.pool, i), NO_NAME));
            assert_refused(&w, TN_ESTALE, tn_buffer_use_decide(&w.pool, last));
        }
        /* A pool of retired buffers still comes to its end. */
        assert_ok(tn_pool_move(&w.pool, TN_POOL_REVOKING));
        assert_ok(tn_pool_move(&w.pool, TN_POOL_INVALIDATED));
        assert_ok(tn_pool_move(&w.pool, TN_POOL_SCRUBBED));
    }
}

static void g4_a_pool_with_some_retired_buffers_is_exhausted_and_not_retired(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 1);
    world_release(&w, world_alloc(&w));
    for (int i = 1; i < WORLD_BUFFERS; i++)
        (void)world_alloc(&w);
    assert_int_equal(w.pool.retired, 1);
    assert_refused(&w, TN_EEXHAUSTED, tn_buffer_alloc_decide(&w.pool));
    world_recount(&w);
}

static void g4_a_buffer_that_cannot_come_home_is_not_submitted(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 2);
    struct tn_buffer_name name = world_alloc(&w);
    uint64_t fence = world_post(&w, name);
    world_complete(&w, fence);
    name = world_take(&w, fence).buffer; /* generation 2, the last */
    assert_int_equal(tn_mark_generation(name.mark), 2);
    struct tn_submission again = world_submission(&w, name);
    assert_refused(&w, TN_ERETIRED, tn_submit_decide(&w.queue, &again));
    world_release(&w, name);
    assert_int_equal(w.pool.retired, 1);
    world_recount(&w);
}

static void g4_marks_at_their_very_end_do_not_wrap(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, TN_BUFFER_GENERATION_MAX);
    struct tn_buffer_name name = world_alloc(&w);
    w.marks[name.slot] = name.mark = TN_BUFFER_GENERATION_MAX * TN_MARK_STATES + TN_BUFFER_CPU;
    assert_refused(&w, TN_ERETIRED, tn_buffer_depart_decide(&w.pool, name, 1));
    world_release(&w, name);
    assert_int_equal(state_of(&w, name), TN_BUFFER_RETIRED);
    assert_true(w.marks[name.slot] > name.mark);
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

static void g10_a_pool_leaves_quarantine_only_when_no_fence_has_a_buffer(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    struct tn_buffer_name held = world_alloc(&w);
    uint64_t fence = world_post(&w, world_alloc(&w));
    assert_ok(tn_pool_move(&w.pool, TN_POOL_REVOKING));
    assert_ok(tn_pool_move(&w.pool, TN_POOL_QUARANTINED));
    assert_refused(&w, TN_ESTATE, tn_pool_move(&w.pool, TN_POOL_EMPTY));
    tn_fence_end_commit(&w.queue, fence, TN_EQUARANTINED);
    (void)world_take(&w, fence);
    assert_refused(&w, TN_ESTATE, tn_pool_move(&w.pool, TN_POOL_EMPTY)); /* the CPU's */
    tn_buffer_release_commit(&w.pool, held);
    assert_refused(&w, TN_ESTATE, tn_pool_move(&w.pool, TN_POOL_EMPTY)); /* not scrubbed */
    tn_buffer_scrubbed_commit(&w.pool, (uint32_t)held.slot);
    assert_ok(tn_pool_move(&w.pool, TN_POOL_EMPTY));
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
    for (uint32_t to = TN_POOL_EMPTY + 1; to < TN_POOL_STATES; to++)
        assert_refused(&w, TN_ESTATE, tn_pool_move(&w.pool, (enum tn_pool_state)to));
    assert_int_equal(w.pool.quarantined, 1);
    world_recount(&w);
    assert_ok(tn_pool_move(&w.pool, TN_POOL_EMPTY)); /* silenced after all */
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
                assert_int_equal(w.pool.open, to == TN_POOL_MAPPED);
            } else {
                assert_refused(&w, TN_ESTATE, tn_pool_move(&w.pool, (enum tn_pool_state)to));
            }
        }
        w.pool.state = from;
        assert_refused(&w, TN_ESTATE, tn_pool_move(&w.pool, TN_POOL_STATES));
        assert_refused(&w, TN_ESTATE, tn_pool_move(&w.pool, (enum tn_pool_state)UINT32_MAX));
    }
    assert_int_equal(moves, 11);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(g6_pool_init_refuses_every_bad_argument_and_changes_nothing),
    cmocka_unit_test(g1_an_allocated_buffer_is_owned_by_the_cpu),
    cmocka_unit_test(g1_no_two_holders_get_one_buffer),
    cmocka_unit_test(the_buffer_that_was_freed_last_is_taken_first),
    cmocka_unit_test(g6_allocation_needs_a_mapped_pool),
    cmocka_unit_test(g1_a_buffer_is_not_used_out_of_its_pools_reach_and_can_be_released),
    cmocka_unit_test(g6_a_pool_without_free_buffers_is_exhausted),
    cmocka_unit_test(g3_a_name_from_before_release_changes_nothing),
    cmocka_unit_test(g3_forged_names_are_stale),
    cmocka_unit_test(g3_a_name_travels_as_a_handle_and_back),
    cmocka_unit_test(g5_a_released_buffer_is_not_free_before_it_is_scrubbed),
    cmocka_unit_test(g5_a_pool_without_scrub_frees_at_once),
    cmocka_unit_test(g4_a_buffer_retires_at_the_maximum_generation),
    cmocka_unit_test(g4_a_pool_with_some_retired_buffers_is_exhausted_and_not_retired),
    cmocka_unit_test(g4_a_buffer_that_cannot_come_home_is_not_submitted),
    cmocka_unit_test(g4_marks_at_their_very_end_do_not_wrap),
    cmocka_unit_test(g10_a_pool_is_not_invalidated_under_a_device),
    cmocka_unit_test(g10_a_pool_leaves_quarantine_only_when_no_fence_has_a_buffer),
    cmocka_unit_test(g10_a_pool_with_a_quarantined_buffer_can_only_be_quarantined),
    cmocka_unit_test(g3_a_pool_moves_only_as_its_table_says),
};

UNIT_MAIN(tests)
