/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The direct path: one owner, no queue; the buffer is its own fence, under the name it has while in flight.
 */
#include "dma_world.h"

static struct tn_buffer_name submit(struct world *w, struct tn_buffer_name name, uint32_t length)
{
    assert_ok(tn_direct_submit_decide(&w->pool, name, length));
    return tn_direct_submit_commit(&w->pool, name, length);
}

static struct tn_buffer_name complete(struct world *w, struct tn_buffer_name name, uint32_t used)
{
    assert_ok(tn_direct_complete_decide(&w->pool, name, used));
    return tn_direct_complete_commit(&w->pool, name);
}

static void release(struct world *w, struct tn_buffer_name name)
{
    assert_ok(tn_direct_release_decide(&w->pool, name));
    tn_direct_release_commit(&w->pool, name);
}

static void g1_a_buffer_lives_from_alloc_to_release(void **state)
{
    (void)state;
    struct world w;
    world_init_direct(&w, 99);
    uint64_t mark = 0;
    for (int round = 0; round < 10; round++) {
        assert_true(tn_direct_can_alloc(&w.pool));
        struct tn_buffer_name cpu = world_alloc(&w);
        assert_int_equal(cpu.slot, 0); /* the one that was freed last */
        assert_ok(tn_buffer_use_decide(&w.pool, cpu));
        struct tn_buffer_name flying = submit(&w, cpu, 100);
        assert_int_equal(state_of(&w, cpu), TN_BUFFER_IN_FLIGHT);
        assert_int_equal(w.lengths[0], 100);
        assert_int_equal(w.pool.away, 1);
        world_recount(&w);
        struct tn_buffer_name back = complete(&w, flying, 100);
        assert_ok(tn_buffer_use_decide(&w.pool, back));
        assert_int_equal(w.pool.away, 0);
        world_recount(&w);
        release(&w, back);
        assert_int_equal(w.pool.free, WORLD_BUFFERS);
        world_recount(&w);
        assert_true(mark < cpu.mark && cpu.mark < flying.mark && flying.mark < back.mark);
        mark = back.mark;
    }
}

static void g1_a_buffer_in_flight_is_not_the_cpus(void **state)
{
    (void)state;
    struct world w;
    world_init_direct(&w, 99);
    struct tn_buffer_name flying = submit(&w, world_alloc(&w), 1);
    assert_refused(&w, TN_ESTATE, tn_buffer_use_decide(&w.pool, flying));
    assert_refused(&w, TN_ESTATE, tn_direct_submit_decide(&w.pool, flying, 1)); /* the fence's name for the buffer */
    assert_refused(&w, TN_ESTATE, tn_direct_release_decide(&w.pool, flying));
}

static void g3_names_from_before_are_stale_at_every_step(void **state)
{
    (void)state;
    struct world w;
    world_init_direct(&w, 99);
    struct tn_buffer_name name[4];
    name[0] = world_alloc(&w);
    assert_refused(&w, TN_ESTALE, tn_direct_complete_decide(&w.pool, name[0], 0)); /* the buffer's for the fence */
    name[1] = submit(&w, name[0], 1);
    assert_refused(&w, TN_ESTALE, tn_direct_submit_decide(&w.pool, name[0], 1));
    assert_refused(&w, TN_ESTALE, tn_direct_complete_decide(&w.pool, name[0], 1));
    assert_refused(&w, TN_ESTALE, tn_direct_release_decide(&w.pool, name[0]));
    name[2] = complete(&w, name[1], 1);
    release(&w, name[2]);
    name[3] = world_alloc(&w); /* the next holder of the slot */
    assert_int_equal(name[3].slot, name[0].slot);
    for (int i = 0; i < 3; i++) {
        assert_refused(&w, TN_ESTALE, tn_direct_submit_decide(&w.pool, name[i], 1));
        assert_refused(&w, TN_ESTALE, tn_direct_complete_decide(&w.pool, name[i], 0));
        assert_refused(&w, TN_ESTALE, tn_direct_release_decide(&w.pool, name[i]));
        assert_refused(&w, TN_ESTALE, tn_buffer_use_decide(&w.pool, name[i]));
    }
    name[0] = submit(&w, name[3], 1);
    assert_refused(&w, TN_ESTALE, tn_direct_complete_decide(&w.pool, name[1], 0)); /* late, for who has the slot now */
    (void)complete(&w, name[0], 0);
    world_recount(&w);
}

static void g2_a_buffer_in_flight_ends_exactly_once(void **state)
{
    (void)state;
    struct world w;
    world_init_direct(&w, 99);
    struct tn_buffer_name flying = submit(&w, world_alloc(&w), 8);
    struct tn_buffer_name back = complete(&w, flying, 8);
    assert_refused(&w, TN_ESTALE, tn_direct_complete_decide(&w.pool, flying, 8));
    assert_refused(&w, TN_ESTALE, tn_direct_complete_decide(&w.pool, back, 8));
    release(&w, back);
    assert_refused(&w, TN_ESTALE, tn_direct_release_decide(&w.pool, back));
    assert_refused(&w, TN_ESTALE, tn_direct_complete_decide(&w.pool, flying, 8));
    world_recount(&w);
}

static void g3_forged_names_are_stale_on_the_direct_path(void **state)
{
    (void)state;
    struct world w;
    world_init_direct(&w, 99);
    struct tn_buffer_name cpu = world_alloc(&w), n = submit(&w, world_alloc(&w), 1);
    const struct tn_buffer_name forged[] = {
        {0, 0},
        {UINT64_MAX, UINT64_MAX},
        {n.mark, UINT64_MAX},
        {n.mark, WORLD_BUFFERS},
        {n.mark, cpu.slot},
        {n.mark, n.slot | UINT64_C(1) << 32},
        {n.mark + TN_MARK_STATES, n.slot},
        {n.mark - TN_MARK_STATES, n.slot},
        {n.mark + 1, n.slot},
        {n.mark - 1, n.slot},
        {cpu.mark + 1, cpu.slot},
        {cpu.mark | UINT64_C(1) << 63, cpu.slot},
        {w.marks[2], 2},
    };
    for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
        assert_refused(&w, TN_ESTALE, tn_direct_submit_decide(&w.pool, forged[i], 1));
        assert_refused(&w, TN_ESTALE, tn_direct_complete_decide(&w.pool, forged[i], 0));
        assert_refused(&w, TN_ESTALE, tn_direct_release_decide(&w.pool, forged[i]));
    }
}

static void g7_a_device_that_used_more_than_was_submitted_is_refused(void **state)
{
    (void)state;
    struct world w;
    world_init_direct(&w, 99);
    struct tn_buffer_name flying = submit(&w, complete(&w, submit(&w, world_alloc(&w), 4096), 4096), 100);
    assert_refused(&w, TN_EPROTOCOL, tn_direct_complete_decide(&w.pool, flying, 101));
    assert_refused(&w, TN_EPROTOCOL, tn_direct_complete_decide(&w.pool, flying, 4096)); /* what it once could */
    assert_refused(&w, TN_EPROTOCOL, tn_direct_complete_decide(&w.pool, flying, UINT32_MAX));
    (void)complete(&w, flying, 0);
}

static void g6_a_length_is_between_one_byte_and_the_buffer(void **state)
{
    (void)state;
    struct world w;
    world_init_direct(&w, 99);
    struct tn_buffer_name name = world_alloc(&w);
    assert_refused(&w, TN_ERANGE, tn_direct_submit_decide(&w.pool, name, 0));
    assert_refused(&w, TN_ERANGE, tn_direct_submit_decide(&w.pool, name, WORLD_BUFFER_BYTES + 1));
    assert_refused(&w, TN_ERANGE, tn_direct_submit_decide(&w.pool, name, UINT32_MAX));
    assert_ok(tn_direct_submit_decide(&w.pool, name, 1));
    (void)submit(&w, name, WORLD_BUFFER_BYTES);
}

static void g6_a_pool_that_scrubs_or_has_slices_is_not_direct(void **state)
{
    (void)state;
    for (int slices = 0; slices < 2; slices++) {
        struct world w;
        world_init(&w, 99);
        if (slices)
            world_init_slices(&w, 2);
        struct tn_buffer_name name = world_alloc(&w);
        assert_refused(&w, TN_ENOTSUP, tn_direct_submit_decide(&w.pool, name, 1));
        assert_refused(&w, TN_ENOTSUP, tn_direct_release_decide(&w.pool, name));
        uint64_t fence = world_post(&w, name);
        assert_refused(&w, TN_ENOTSUP, tn_direct_complete_decide(&w.pool, guess_of(&w, name), 0));
        assert_refused(&w, TN_ENOTSUP, tn_direct_complete_decide(&w.pool, NO_NAME, 0));
        world_complete(&w, fence);
    }
    struct world w;
    world_init_slices(&w, 2);
    struct tn_pool_plan plan = world_plan(&w, 99);
    plan.direct = true; /* and scrub */
    assert_false(tn_pool_init(&w.pool, &plan));
    plan.scrub = false, plan.buffers_per_page = 2, plan.page_away = w.pages;
    assert_false(tn_pool_init(&w.pool, &plan));
    plan.direct = false;
    assert_true(tn_pool_init(&w.pool, &plan));
    assert_int_equal(w.pool.direct, 0);
}

/* Else whoever has the CPU's last name could end what the queue carries. */
static void g1_no_queue_serves_a_pool_of_the_direct_path(void **state)
{
    (void)state;
    struct world w;
    world_init_direct(&w, 99);
    struct tn_buffer_name name = world_alloc(&w);
    struct tn_submission s = world_submission(&w, name);
    assert_refused(&w, TN_ENOTSUP, tn_submit_decide(&w.queue, &s));
    assert_refused(&w, TN_ENOTSUP, tn_buffer_depart_decide(&w.pool, name, 1));
    assert_ok(tn_direct_submit_decide(&w.pool, name, 1));
}

static void g4_a_buffer_retires_on_the_direct_path(void **state)
{
    (void)state;
    struct world w;
    world_init_direct(&w, 2);
    for (int i = 1; i < WORLD_BUFFERS; i++)
        (void)world_alloc(&w);
    struct tn_buffer_name back = complete(&w, submit(&w, world_alloc(&w), 1), 1);
    assert_int_equal(tn_mark_generation(back.mark), 2); /* the last */
    assert_refused(&w, TN_ERETIRED, tn_direct_submit_decide(&w.pool, back, 1));
    release(&w, back);
    assert_int_equal(w.pool.retired, 1);
    assert_refused(&w, TN_EEXHAUSTED, tn_buffer_alloc_decide(&w.pool));
    assert_refused(&w, TN_ESTALE, tn_direct_submit_decide(&w.pool, back, 1));
    assert_refused(&w, TN_ESTALE, tn_direct_release_decide(&w.pool, back));
    assert_refused(&w, TN_ESTALE, tn_direct_release_decide(&w.pool, guess_of(&w, back)));
    world_recount(&w);
}

static void g4_many_are_worked_on_in_a_copy_up_to_one_that_retires(void **state)
{
    (void)state;
    struct world w;
    world_init_direct(&w, 2);
    struct tn_buffer_name last = complete(&w, submit(&w, world_alloc(&w), 1), 1), young = world_alloc(&w);
    struct tn_pool copy = w.pool;
    assert_true(tn_direct_can_recycle(&copy, young));
    struct tn_buffer_name flying = tn_direct_submit_commit(&copy, young, 1);
    assert_false(tn_direct_can_recycle(&copy, flying));
    tn_direct_settle(&w.pool, &copy);
    assert_int_equal(w.pool.away, 1);
    world_recount(&w);
    struct tn_buffer_name fresh = world_alloc(&w);
    copy = w.pool;
    tn_direct_release_commit(&copy, fresh);
    tn_direct_settle(&w.pool, &copy);
    world_recount(&w);
    assert_false(tn_direct_can_recycle(&w.pool, fresh)); /* released */
    assert_false(tn_direct_can_recycle(&w.pool, last));  /* the count of the retired is not settled */
    release(&w, last);
    assert_int_equal(w.pool.retired, 1);
    world_recount(&w);
}

static void g10_a_revoked_pool_takes_back_and_sends_nothing(void **state)
{
    (void)state;
    struct world w;
    world_init_direct(&w, 99);
    struct tn_buffer_name cpu = world_alloc(&w), flying = submit(&w, world_alloc(&w), 1);
    assert_ok(tn_pool_move(&w.pool, TN_POOL_REVOKING));
    assert_refused(&w, TN_ESTATE, tn_direct_submit_decide(&w.pool, cpu, 1));
    assert_refused(&w, TN_ESTALE, tn_direct_submit_decide(&w.pool, NO_NAME, 1));
    assert_refused(&w, TN_ESTATE, tn_pool_move(&w.pool, TN_POOL_INVALIDATED)); /* a device may reach it */
    struct tn_buffer_name back = complete(&w, flying, 1);
    assert_ok(tn_pool_move(&w.pool, TN_POOL_INVALIDATED));
    assert_refused(&w, TN_ESTATE, tn_pool_move(&w.pool, TN_POOL_SCRUBBED)); /* two buffers are out */
    release(&w, back);
    release(&w, cpu);
    assert_ok(tn_pool_move(&w.pool, TN_POOL_SCRUBBED));
    assert_ok(tn_pool_move(&w.pool, TN_POOL_EMPTY));
    world_recount(&w);
}

static void g4_a_batch_counts_what_retires(void **state)
{
    (void)state;
    struct world w;
    world_init_direct(&w, 1);
    struct tn_pool copy = w.pool;
    assert_true(tn_direct_can_alloc(&copy));
    const struct tn_buffer_name name = tn_direct_alloc_commit(&copy);
    assert_true(tn_direct_can_release(&copy, name) && !tn_direct_can_recycle(&copy, name)); /* its last generation */
    tn_direct_release_commit(&copy, name);
    tn_direct_settle(&w.pool, &copy);
    assert_int_equal(w.pool.retired, 1);
    world_recount(&w);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(g4_a_batch_counts_what_retires),
    cmocka_unit_test(g1_a_buffer_lives_from_alloc_to_release),
    cmocka_unit_test(g1_a_buffer_in_flight_is_not_the_cpus),
    cmocka_unit_test(g3_names_from_before_are_stale_at_every_step),
    cmocka_unit_test(g2_a_buffer_in_flight_ends_exactly_once),
    cmocka_unit_test(g3_forged_names_are_stale_on_the_direct_path),
    cmocka_unit_test(g7_a_device_that_used_more_than_was_submitted_is_refused),
    cmocka_unit_test(g6_a_length_is_between_one_byte_and_the_buffer),
    cmocka_unit_test(g6_a_pool_that_scrubs_or_has_slices_is_not_direct),
    cmocka_unit_test(g1_no_queue_serves_a_pool_of_the_direct_path),
    cmocka_unit_test(g4_a_buffer_retires_on_the_direct_path),
    cmocka_unit_test(g4_many_are_worked_on_in_a_copy_up_to_one_that_retires),
    cmocka_unit_test(g10_a_revoked_pool_takes_back_and_sends_nothing),
};

UNIT_MAIN(tests)
