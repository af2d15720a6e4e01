/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting: every wait has an end, and a fence has a bounded number of waiters. Times are plain numbers.
 */
#include "dma_world.h"

static void g2_a_poll_says_wait_until_the_deadline(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    uint64_t fence = world_submit(&w, world_alloc(&w));
    for (int posted = 0; posted < 2; posted++) {
        assert_refused(&w, TN_EAGAIN, tn_fence_poll(&w.queue, fence, 0, 10));
        assert_refused(&w, TN_EAGAIN, tn_fence_poll(&w.queue, fence, 9, 10));
        assert_refused(&w, TN_ETIMEDOUT, tn_fence_poll(&w.queue, fence, 10, 10));
        assert_refused(&w, TN_ETIMEDOUT, tn_fence_poll(&w.queue, fence, 11, 10));
        assert_refused(&w, TN_ETIMEDOUT, tn_fence_poll(&w.queue, fence, 0, 0));
        assert_refused(&w, TN_ETIMEDOUT, tn_fence_poll(&w.queue, fence, UINT64_MAX, UINT64_MAX - 1));
        assert_refused(&w, TN_EAGAIN, tn_fence_poll(&w.queue, fence, UINT64_MAX - 2, UINT64_MAX - 1));
        if (posted == 0)
            (void)tn_queue_post_commit(&w.queue);
    }
    world_complete(&w, fence);
    assert_refused(&w, TN_OK, tn_fence_poll(&w.queue, fence, 0, 10));
    assert_refused(&w, TN_OK, tn_fence_poll(&w.queue, fence, 11, 10)); /* ended is ended, however late one asks */
    (void)world_take(&w, fence);
    assert_refused(&w, TN_ESTALE, tn_fence_poll(&w.queue, fence, 0, 10));
}

static void g2_nobody_waits_for_ever(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    uint64_t fence = world_post(&w, world_alloc(&w));
    assert_refused(&w, TN_EINVAL, tn_fence_poll(&w.queue, fence, 0, TN_WAIT_FOR_EVER));
    assert_refused(&w, TN_ESTALE, tn_fence_poll(&w.queue, 0, 0, TN_WAIT_FOR_EVER));
    world_complete(&w, fence);
    assert_refused(&w, TN_EINVAL, tn_fence_poll(&w.queue, fence, 0, TN_WAIT_FOR_EVER)); /* nor asks to */
}

static void g2_an_open_fence_is_waited_for_like_any_other(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    uint64_t fence = world_open(&w, world_alloc(&w), 1);
    assert_refused(&w, TN_EAGAIN, tn_fence_poll(&w.queue, fence, 1, 2));
    assert_refused(&w, TN_ETIMEDOUT, tn_fence_poll(&w.queue, fence, 2, 2));
    assert_ok(tn_fence_wait_decide(&w.queue, fence));
}

static void g6_a_fence_has_a_bounded_number_of_waiters(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    uint64_t fence = world_post(&w, world_alloc(&w)), other = world_post(&w, world_alloc(&w));
    for (int i = 0; i < WORLD_WAITERS; i++) {
        assert_ok(tn_fence_wait_decide(&w.queue, fence));
        tn_fence_wait_commit(&w.queue, fence);
        world_recount(&w);
    }
    assert_refused(&w, TN_EEXHAUSTED, tn_fence_wait_decide(&w.queue, fence));
    assert_ok(tn_fence_wait_decide(&w.queue, other)); /* each has its own */
    assert_true(tn_fence_wait_end(&w.queue, fence));
    assert_ok(tn_fence_wait_decide(&w.queue, fence));
}

static void g6_a_queue_without_waiters_has_none(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    struct tn_queue_plan plan = world_queue_plan(&w, 9);
    plan.waiters_max = 0;
    assert_true(tn_queue_init(&w.queue, &plan));
    uint64_t fence = world_post(&w, world_alloc(&w));
    assert_refused(&w, TN_EEXHAUSTED, tn_fence_wait_decide(&w.queue, fence));
    assert_refused(&w, TN_EAGAIN, tn_fence_poll(&w.queue, fence, 0, 1)); /* asking is free */
}

static void g2_an_ended_fence_has_nothing_to_wait_for(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    uint64_t fence = world_post(&w, world_alloc(&w));
    world_complete(&w, fence);
    assert_refused(&w, TN_ESTATE, tn_fence_wait_decide(&w.queue, fence));
    (void)world_take(&w, fence);
    assert_refused(&w, TN_ESTALE, tn_fence_wait_decide(&w.queue, fence));
    const uint64_t forged[] = {TN_HANDLE_NONE, UINT64_MAX, tn_handle_make(WORLD_FENCES, 1), tn_handle_make(1, 1)};
    for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
        assert_refused(&w, TN_ESTALE, tn_fence_wait_decide(&w.queue, forged[i]));
        assert_refused(&w, TN_ESTALE, tn_fence_poll(&w.queue, forged[i], 0, 1));
        assert_refused(&w, false, tn_fence_wait_end(&w.queue, forged[i]));
    }
}

static void g3_a_wait_that_outlives_its_fence_harms_nobody(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    uint64_t fence = world_post(&w, world_alloc(&w));
    tn_fence_wait_commit(&w.queue, fence);
    tn_fence_wait_commit(&w.queue, fence);
    world_complete(&w, fence);
    assert_true(tn_fence_wait_end(&w.queue, fence)); /* after the end, before the take */
    (void)world_take(&w, fence);
    assert_refused(&w, false, tn_fence_wait_end(&w.queue, fence));
    uint64_t next;
    do { /* until the same slot carries another fence */
        next = world_post(&w, world_alloc(&w));
        if (tn_handle_slot(next) == tn_handle_slot(fence))
            break;
        world_complete(&w, next);
        world_release(&w, world_take(&w, next).buffer);
    } while (1);
    assert_int_equal(w.fences[tn_handle_slot(next)].waiters, 0);
    tn_fence_wait_commit(&w.queue, next);
    assert_refused(&w, false, tn_fence_wait_end(&w.queue, fence)); /* not the next one's */
    assert_true(tn_fence_wait_end(&w.queue, next));
    assert_refused(&w, true, tn_fence_wait_end(&w.queue, next)); /* once too often counts nothing */
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(g2_a_poll_says_wait_until_the_deadline),
    cmocka_unit_test(g2_nobody_waits_for_ever),
    cmocka_unit_test(g2_an_open_fence_is_waited_for_like_any_other),
    cmocka_unit_test(g6_a_fence_has_a_bounded_number_of_waiters),
    cmocka_unit_test(g6_a_queue_without_waiters_has_none),
    cmocka_unit_test(g2_an_ended_fence_has_nothing_to_wait_for),
    cmocka_unit_test(g3_a_wait_that_outlives_its_fence_harms_nobody),
};

UNIT_MAIN(tests)
