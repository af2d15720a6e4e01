/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ring accounting: a process may write anything into its indices and harms only itself; promised completions fit.
 */
#include <core/ring.h>
#include <tenure/abi/ring.h>

#include "unit.h"

static void g6_sizes_are_powers_of_two_within_their_bounds(void **state)
{
    (void)state;
    struct tn_ring_account ring = {0};
    const uint32_t bad[] = {0, 1, 4, 7, 9, 12, 1000, 2048, 1u << 31, UINT32_MAX};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_refused(&ring, false, tn_ring_account_init(&ring, bad[i], 8));
        assert_refused(&ring, false, tn_ring_account_init(&ring, 8, bad[i]));
    }
    assert_true(tn_ring_account_init(&ring, TN_RING_ENTRIES_MIN, TN_RING_ENTRIES_MAX));
    assert_true(tn_ring_account_init(&ring, TN_RING_ENTRIES_MAX, TN_RING_ENTRIES_MIN));
}

static void g6_a_tail_that_claims_more_than_the_queue_holds_is_refused(void **state)
{
    (void)state;
    struct tn_ring_account ring;
    uint32_t pending = 77;
    assert_true(tn_ring_account_init(&ring, 8, 8));
    ring.sq_head = UINT32_MAX - 2; /* free-running: the wrap at 2^32 is ordinary */
    assert_ok(tn_ring_pending(&ring, UINT32_MAX - 2, &pending));
    assert_int_equal(pending, 0);
    assert_ok(tn_ring_pending(&ring, 5, &pending));
    assert_int_equal(pending, 8);
    assert_refused(&ring, TN_EINVAL, tn_ring_pending(&ring, 6, &pending));
    assert_refused(&ring, TN_EINVAL, tn_ring_pending(&ring, UINT32_MAX - 3, &pending));
    assert_refused(&ring, TN_EINVAL, tn_ring_pending(&ring, 1u << 31, &pending));
    assert_int_equal(pending, 8);
}

static void g6_consumed_entries_come_in_order_and_in_range(void **state)
{
    (void)state;
    struct tn_ring_account ring;
    assert_true(tn_ring_account_init(&ring, 8, 8));
    ring.sq_head = UINT32_MAX - 1;
    for (uint32_t i = 0; i < 20; i++)
        assert_int_equal(tn_ring_consume_commit(&ring), (UINT32_MAX - 1 + i) % 8);
}

static void g6_promised_completions_never_exceed_the_queue(void **state)
{
    (void)state;
    struct tn_ring_account ring;
    assert_true(tn_ring_account_init(&ring, 8, 8));
    assert_ok(tn_ring_reserve_decide(&ring, 0, 8));
    assert_refused(&ring, TN_EAGAIN, tn_ring_reserve_decide(&ring, 0, 9));
    assert_refused(&ring, TN_EAGAIN, tn_ring_reserve_decide(&ring, 0, UINT32_MAX));
    tn_ring_reserve_commit(&ring, 5);
    assert_ok(tn_ring_reserve_decide(&ring, 0, 3));
    assert_refused(&ring, TN_EAGAIN, tn_ring_reserve_decide(&ring, 0, 4));
    assert_int_equal(tn_ring_post_commit(&ring), 0);
    assert_int_equal(tn_ring_unread(&ring, 0), 1);
    /* One unread and four promised: still three. */
    assert_ok(tn_ring_reserve_decide(&ring, 0, 3));
    assert_refused(&ring, TN_EAGAIN, tn_ring_reserve_decide(&ring, 0, 4));
    assert_ok(tn_ring_reserve_decide(&ring, 1, 4));
    tn_ring_unreserve_commit(&ring, 4);
    assert_ok(tn_ring_reserve_decide(&ring, 1, 8));
}

static void g6_no_completion_is_written_over_an_unread_one_in_any_honest_order(void **state)
{
    (void)state;
    struct tn_ring_account ring;
    assert_true(tn_ring_account_init(&ring, 8, 8));
    uint32_t head = 0, random = 1;
    for (int i = 0; i < 100000; i++) {
        random = random * 1664525 + 1013904223;
        uint32_t n = random >> 28;
        if (random & 1 << 20) {
            if (tn_ring_reserve_decide(&ring, head, n) == TN_OK)
                tn_ring_reserve_commit(&ring, n);
        } else if (random & 1 << 21) {
            uint32_t tail = ring.cq_tail;
            if (ring.reserved > 0)
                assert_int_equal(tn_ring_post_commit(&ring), tail % 8);
        } else if (head != ring.cq_tail) {
            head++;
        }
        assert_true(ring.cq_tail - head + ring.reserved <= 8);
    }
}

static void g6_a_head_that_makes_no_sense_counts_as_full(void **state)
{
    (void)state;
    struct tn_ring_account ring;
    assert_true(tn_ring_account_init(&ring, 8, 16));
    ring.cq_tail = 3;
    assert_int_equal(tn_ring_unread(&ring, 3), 0);
    assert_int_equal(tn_ring_unread(&ring, 3u - 16u), 16);
    assert_int_equal(tn_ring_unread(&ring, 3u - 17u), 16);
    assert_int_equal(tn_ring_unread(&ring, 4), 16); /* read what was never posted */
    assert_refused(&ring, TN_EAGAIN, tn_ring_reserve_decide(&ring, 4, 1));
    assert_ok(tn_ring_reserve_decide(&ring, 4, 0));
}

static void g6_a_head_moved_back_after_a_promise_gives_no_room(void **state)
{
    (void)state;
    struct tn_ring_account ring;
    assert_true(tn_ring_account_init(&ring, 8, 8));
    ring.cq_tail = 8;
    assert_ok(tn_ring_reserve_decide(&ring, 8, 8));
    tn_ring_reserve_commit(&ring, 8);
    assert_refused(&ring, TN_EAGAIN, tn_ring_reserve_decide(&ring, 0, 0)); /* 8 unread + 8 promised */
    assert_refused(&ring, TN_EAGAIN, tn_ring_reserve_decide(&ring, 0, 1));
    assert_int_equal(tn_ring_post_commit(&ring), 0); /* the promise holds: the process overwrites its own */
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(g6_sizes_are_powers_of_two_within_their_bounds),
    cmocka_unit_test(g6_a_tail_that_claims_more_than_the_queue_holds_is_refused),
    cmocka_unit_test(g6_consumed_entries_come_in_order_and_in_range),
    cmocka_unit_test(g6_promised_completions_never_exceed_the_queue),
    cmocka_unit_test(g6_no_completion_is_written_over_an_unread_one_in_any_honest_order),
    cmocka_unit_test(g6_a_head_that_makes_no_sense_counts_as_full),
    cmocka_unit_test(g6_a_head_moved_back_after_a_promise_gives_no_room),
};

UNIT_MAIN(tests)
