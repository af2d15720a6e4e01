/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slices: several buffers share a page, and a page is the CPU's or a device's as a whole. Four buffers, three to a
 * page: slots 0 to 2 share one, slot 3 has the last to itself.
 */
#include "dma_world.h"

enum { PER_PAGE = 3, ALONE = 3 };

static void four(struct world *w, struct tn_buffer_name name[WORLD_BUFFERS])
{
    world_init_slices(w, PER_PAGE);
    for (uint32_t i = 0; i < WORLD_BUFFERS; i++) {
        name[i] = world_alloc(w);
        assert_int_equal(name[i].slot, i);
    }
}

static void the_pages_of_a_pool_are_counted_up(void **state)
{
    (void)state;
    assert_int_equal(tn_pool_pages(8, 1), 0);
    assert_int_equal(tn_pool_pages(8, 2), 4);
    assert_int_equal(tn_pool_pages(7, 2), 4);
    assert_int_equal(tn_pool_pages(1, 2), 1);
    assert_int_equal(tn_pool_pages(1u << 20, TN_PAGE_LOST - 1), 33);
}

static void g1_a_slice_is_not_used_while_another_of_its_page_is_away(void **state)
{
    (void)state;
    struct world w;
    struct tn_buffer_name name[WORLD_BUFFERS];
    four(&w, name);
    uint64_t fence = world_post(&w, name[0]);
    assert_refused(&w, TN_EAGAIN, tn_buffer_use_decide(&w.pool, name[1]));
    assert_refused(&w, TN_EAGAIN, tn_buffer_use_decide(&w.pool, name[2]));
    assert_ok(tn_buffer_use_decide(&w.pool, name[ALONE])); /* another page */
    assert_refused(&w, TN_ESTALE, tn_buffer_use_decide(&w.pool, name[0]));
    world_recount(&w);
    world_complete(&w, fence);
    assert_ok(tn_buffer_use_decide(&w.pool, name[1])); /* the device has let go of the page */
    world_release(&w, world_take(&w, fence).buffer);
    world_release(&w, name[1]);
    world_recount(&w);
}

static void g1_slices_of_one_page_may_all_be_submitted(void **state)
{
    (void)state;
    struct world w;
    struct tn_buffer_name name[WORLD_BUFFERS];
    four(&w, name);
    (void)world_post(&w, name[0]);
    assert_ok(tn_buffer_depart_decide(&w.pool, name[1], 1)); /* the CPU cannot touch it, a device can */
    (void)world_post(&w, name[1]);
    (void)world_post(&w, name[2]);
    assert_int_equal(w.pages[0], 3);
    assert_int_equal(w.pages[1], 0);
    world_recount(&w);
}

static void g1_a_slice_comes_home_when_no_other_of_its_page_is_away(void **state)
{
    (void)state;
    struct world w;
    struct tn_buffer_name name[WORLD_BUFFERS];
    four(&w, name);
    uint64_t first = world_post(&w, name[0]), second = world_post(&w, name[1]), other = world_post(&w, name[ALONE]);
    world_complete(&w, first);
    assert_refused(&w, TN_EAGAIN, tn_fence_take_decide(&w.queue, first));
    assert_refused(&w, TN_EAGAIN, tn_buffer_home_decide(&w.pool, tn_queue_part(&w.queue, 0, 0)));
    assert_refused(&w, TN_EAGAIN,
                   tn_fence_poll(&w.queue, first, 0, 1)); /* it has ended, and there is more to wait for */
    assert_refused(&w, TN_ETIMEDOUT, tn_fence_poll(&w.queue, first, 1, 1)); /* with a bound (G2) */
    assert_ok(tn_fence_wait_decide(&w.queue, first));
    world_complete(&w, other);
    assert_ok(tn_buffer_use_decide(&w.pool, world_take(&w, other).buffer)); /* another page */
    world_end(&w, second, TN_EABORTED);
    assert_ok(tn_fence_poll(&w.queue, first, 1, 1));
    assert_refused(&w, TN_ESTATE, tn_fence_wait_decide(&w.queue, first));
    struct tn_buffer_name back = world_take(&w, first).buffer;
    assert_ok(tn_buffer_use_decide(&w.pool, back));
    assert_ok(tn_buffer_use_decide(&w.pool, world_take(&w, second).buffer));
    world_recount(&w);
}

static void g1_two_slices_of_one_fence_wait_for_each_other(void **state)
{
    (void)state;
    struct world w;
    struct tn_buffer_name name[WORLD_BUFFERS];
    four(&w, name);
    uint64_t fence = world_open(&w, name[0], 1);
    world_add(&w, fence, name[1], 1);
    world_add(&w, fence, name[ALONE], 1);
    assert_refused(&w, TN_EAGAIN, tn_buffer_use_decide(&w.pool, name[2]));
    world_close(&w, fence);
    (void)tn_queue_post_commit(&w.queue);
    world_complete(&w, fence); /* all at once */
    for (int i = 0; i < 3; i++)
        assert_ok(tn_buffer_use_decide(&w.pool, world_take(&w, fence).buffer));
    assert_ok(tn_buffer_use_decide(&w.pool, name[2]));
    world_recount(&w);
}

static void g11_an_orphaned_slice_is_scrubbed_when_no_device_reaches_its_page(void **state)
{
    (void)state;
    struct world w;
    struct tn_buffer_name name[WORLD_BUFFERS];
    four(&w, name);
    uint64_t orphan = world_post(&w, name[0]), other = world_post(&w, name[1]);
    assert_refused(&w, TN_ESTATE, tn_buffer_scrub_decide(&w.pool, 0));
    assert_refused(&w, TN_ESTATE, tn_buffer_scrub_decide(&w.pool, WORLD_BUFFERS));
    tn_fence_orphan_commit(&w.queue, orphan);
    world_complete(&w, orphan);
    struct tn_outcome o = world_take(&w, orphan); /* its fence is free; its memory waits */
    assert_true(o.orphan && same_name(o.buffer, NO_NAME));
    assert_int_equal(state_of(&w, name[0]), TN_BUFFER_SCRUBBING);
    assert_refused(&w, TN_EAGAIN, tn_buffer_scrub_decide(&w.pool, 0)); /* the device still reaches it */
    world_complete(&w, other);
    assert_ok(tn_buffer_scrub_decide(&w.pool, 0));
    assert_ok(tn_buffer_use_decide(&w.pool, world_take(&w, other).buffer));
    tn_buffer_scrubbed_commit(&w.pool, o.buffer_slot);
    world_recount(&w);
}

static void g2_orphans_of_one_page_do_not_wait_for_each_other(void **state)
{
    (void)state;
    struct world w;
    struct tn_buffer_name name[WORLD_BUFFERS];
    four(&w, name);
    uint64_t fence[2] = {world_post(&w, name[0]), world_post(&w, name[1])};
    for (int i = 0; i < 2; i++)
        tn_fence_orphan_commit(&w.queue, fence[i]);
    world_complete(&w, fence[0]);
    world_complete(&w, fence[1]);
    for (int i = 0; i < 2; i++)
        assert_true(world_take(&w, fence[i]).last);
    for (uint32_t i = 0; i < 2; i++) {
        assert_ok(tn_buffer_scrub_decide(&w.pool, i));
        tn_buffer_scrubbed_commit(&w.pool, i);
    }
    world_recount(&w);
}

static void g10_memory_on_a_lost_page_is_never_free(void **state)
{
    (void)state;
    struct world w;
    struct tn_buffer_name name[WORLD_BUFFERS];
    four(&w, name);
    uint64_t orphan = world_post(&w, name[0]), lost = world_post(&w, name[1]);
    tn_fence_orphan_commit(&w.queue, orphan);
    world_complete(&w, orphan);
    (void)world_take(&w, orphan);
    world_end(&w, lost, TN_EQUARANTINED);
    assert_refused(&w, TN_EQUARANTINED, tn_buffer_scrub_decide(&w.pool, 0));
    world_recount(&w);
}

static void g10_a_slice_in_quarantine_loses_its_whole_page(void **state)
{
    (void)state;
    struct world w;
    struct tn_buffer_name name[WORLD_BUFFERS];
    four(&w, name);
    uint64_t lost = world_post(&w, name[0]), second = world_post(&w, name[1]), other = world_post(&w, name[ALONE]);
    world_complete(&w, second);
    world_end(&w, lost, TN_EQUARANTINED);
    assert_refused(&w, TN_EQUARANTINED, tn_buffer_use_decide(&w.pool, name[2]));
    world_recount(&w);
    struct tn_outcome o = world_take(&w, second); /* it completed; its page is lost */
    assert_int_equal(o.status, TN_EQUARANTINED);
    assert_true(same_name(o.buffer, NO_NAME) && o.last);
    assert_int_equal(state_of(&w, name[1]), TN_BUFFER_QUARANTINED);
    world_recount(&w);
    (void)world_take(&w, lost);
    world_complete(&w, other);
    o = world_take(&w, other);
    assert_int_equal(o.status, TN_OK);
    world_release(&w, o.buffer); /* the other page is as good as ever */
    assert_int_equal(w.pool.quarantined, 2);
    assert_refused(&w, TN_EQUARANTINED, tn_buffer_use_decide(&w.pool, name[2])); /* until the pool ends */
    world_recount(&w);
}

static void g2_a_fence_into_a_lost_page_still_ends(void **state)
{
    (void)state;
    struct world w;
    struct tn_buffer_name name[WORLD_BUFFERS];
    four(&w, name);
    uint64_t lost = world_post(&w, name[0]);
    world_end(&w, lost, TN_EQUARANTINED);
    (void)world_take(&w, lost);
    uint64_t late = world_post(&w, name[1]); /* the CPU's no more, and a device may still have it */
    world_complete(&w, late);
    struct tn_outcome o = world_take(&w, late);
    assert_int_equal(o.status, TN_EQUARANTINED);
    assert_refused(&w, TN_ESTALE, tn_fence_take_decide(&w.queue, late));
    uint64_t aborted = world_post(&w, name[2]);
    tn_fence_orphan_commit(&w.queue, aborted);
    world_end(&w, aborted, TN_EABORTED);
    o = world_take(&w, aborted);
    assert_true(o.orphan && o.status == TN_EQUARANTINED && same_name(o.buffer, NO_NAME));
    assert_int_equal(w.pool.quarantined, 3);
    world_recount(&w);
}

static void g10_a_fence_over_two_pages_loses_only_what_is_lost(void **state)
{
    (void)state;
    struct world w;
    struct tn_buffer_name name[WORLD_BUFFERS];
    four(&w, name);
    uint64_t both = world_open(&w, name[1], 100);
    world_add(&w, both, name[ALONE], 100);
    world_close(&w, both);
    (void)tn_queue_post_commit(&w.queue);
    uint64_t lost = world_post(&w, name[0]);
    world_end(&w, lost, TN_EQUARANTINED);
    world_complete(&w, both);
    struct tn_outcome first = world_take(&w, both), second = world_take(&w, both);
    assert_int_equal(first.status, TN_EQUARANTINED);
    assert_int_equal(second.status, TN_OK);
    assert_int_equal(second.used, 100);
    assert_ok(tn_buffer_use_decide(&w.pool, second.buffer));
    world_recount(&w);
}

/* With every fence ended and taken, and its device silenced. */
static void ends_by_quarantine(struct world *w)
{
    assert_ok(tn_pool_move(&w->pool, TN_POOL_REVOKING));
    assert_refused(w, TN_ESTATE, tn_pool_move(&w->pool, TN_POOL_INVALIDATED));
    assert_ok(tn_pool_move(&w->pool, TN_POOL_QUARANTINED));
    assert_ok(tn_pool_move(&w->pool, TN_POOL_EMPTY));
}

static void g10_nothing_is_given_out_on_a_lost_page(void **state)
{
    (void)state;
    struct world w;
    struct tn_buffer_name name[WORLD_BUFFERS];
    four(&w, name);
    uint64_t lost = world_post(&w, name[0]);
    world_release(&w, name[ALONE]); /* below, on the stack */
    world_complete(&w, lost);
    name[0] = world_take(&w, lost).buffer;
    world_release(&w, name[2]);
    lost = world_post(&w, name[0]);
    world_end(&w, lost, TN_EQUARANTINED);
    (void)world_take(&w, lost);
    assert_int_equal(w.pool.free, 2);
    assert_int_equal(world_alloc(&w).slot, ALONE); /* not the one that was freed last */
    world_recount(&w);
    assert_int_equal(w.pool.free, 1);
    assert_refused(&w, TN_EEXHAUSTED, tn_buffer_alloc_decide(&w.pool));
}

static void g10_a_pool_ends_with_what_a_lost_page_keeps(void **state)
{
    (void)state;
    struct world w;
    struct tn_buffer_name name[WORLD_BUFFERS];
    four(&w, name); /* slot 0 is lost, 1 is the CPU's, 2 waits to be scrubbed */
    uint64_t lost = world_submit(&w, name[0]);
    world_end(&w, lost, TN_EABORTED);
    name[0] = world_take(&w, lost).buffer;
    tn_buffer_release_commit(&w.pool, name[2]);
    lost = world_post(&w, name[0]);
    world_end(&w, lost, TN_EQUARANTINED);
    (void)world_take(&w, lost);
    assert_refused(&w, TN_EQUARANTINED, tn_buffer_release_decide(&w.pool, name[1]));
    assert_refused(&w, TN_EQUARANTINED, tn_buffer_scrub_decide(&w.pool, 2));
    uint64_t other = world_post(&w, name[ALONE]);
    assert_ok(tn_pool_move(&w.pool, TN_POOL_REVOKING));
    assert_ok(tn_pool_move(&w.pool, TN_POOL_QUARANTINED));
    assert_refused(&w, TN_ESTATE, tn_pool_move(&w.pool, TN_POOL_EMPTY)); /* slot 3 is with a device */
    world_complete(&w, other);
    assert_refused(&w, TN_ESTATE, tn_pool_move(&w.pool, TN_POOL_EMPTY)); /* with a fence */
    name[ALONE] = world_take(&w, other).buffer;
    assert_refused(&w, TN_ESTATE, tn_pool_move(&w.pool, TN_POOL_EMPTY)); /* it can be released, so it must be */
    tn_buffer_release_commit(&w.pool, name[ALONE]);
    assert_refused(&w, TN_ESTATE, tn_pool_move(&w.pool, TN_POOL_EMPTY)); /* and scrubbed */
    tn_buffer_scrubbed_commit(&w.pool, ALONE);
    assert_ok(tn_pool_move(&w.pool, TN_POOL_EMPTY));
    world_recount(&w);
}

static void g10_a_pool_that_was_in_quarantine_is_made_anew(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    uint64_t lost = world_post(&w, world_alloc(&w));
    world_end(&w, lost, TN_EQUARANTINED);
    (void)world_take(&w, lost);
    ends_by_quarantine(&w);
    assert_refused(&w, TN_ESTATE, tn_pool_move(&w.pool, TN_POOL_RESERVED)); /* it could only end so again */
    const struct tn_pool_plan plan = world_plan(&w, 99);
    assert_true(tn_pool_init(&w.pool, &plan));
    assert_ok(tn_pool_move(&w.pool, TN_POOL_RESERVED));
    world_recount(&w);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_pages_of_a_pool_are_counted_up),
    cmocka_unit_test(g1_a_slice_is_not_used_while_another_of_its_page_is_away),
    cmocka_unit_test(g1_slices_of_one_page_may_all_be_submitted),
    cmocka_unit_test(g1_a_slice_comes_home_when_no_other_of_its_page_is_away),
    cmocka_unit_test(g1_two_slices_of_one_fence_wait_for_each_other),
    cmocka_unit_test(g11_an_orphaned_slice_is_scrubbed_when_no_device_reaches_its_page),
    cmocka_unit_test(g2_orphans_of_one_page_do_not_wait_for_each_other),
    cmocka_unit_test(g10_memory_on_a_lost_page_is_never_free),
    cmocka_unit_test(g10_a_slice_in_quarantine_loses_its_whole_page),
    cmocka_unit_test(g2_a_fence_into_a_lost_page_still_ends),
    cmocka_unit_test(g10_nothing_is_given_out_on_a_lost_page),
    cmocka_unit_test(g10_a_pool_ends_with_what_a_lost_page_keeps),
    cmocka_unit_test(g10_a_pool_that_was_in_quarantine_is_made_anew),
    cmocka_unit_test(g10_a_fence_over_two_pages_loses_only_what_is_lost),
};

UNIT_MAIN(tests)
