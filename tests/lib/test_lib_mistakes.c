/* SPDX-License-Identifier: Apache-2.0 */
/* Mistakes that the compiler was told not to see: the library refuses each, counts it, and nothing else changes. */
#include "lib_world.h"

static void assert_refused_once(struct tn_dma_pool *pool, uint64_t before, enum tn_status status)
{
    const struct tn_dma_counts counts = tn_dma_pool_counts(pool);
    assert_int_equal(counts.refused, before + 1);
    assert_int_equal(counts.refused_status, status);
}

static void g1_a_second_submit_of_one_buffer_is_refused(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        struct tn_dma_buffer b = lib_alloc(pool), copy = b;
        struct tn_fence f = lib_submit(&b, 10), g = {0};
        assert_false(tn_dma_submit(&copy, 10, &g));
        assert_int_equal(tn_dma_buffer_status(&copy), TN_ESTALE);
        assert_refused_once(pool, 0, TN_ESTALE);
        assert_false(tn_dma_submit(&b, 10, &g)); /* the token itself is empty */
        assert_refused_once(pool, 1, TN_ESTALE);
        assert_false(tn_fence_is_held(&g));
        b = lib_complete(&f, 10);
        tn_dma_buffer_release(&b);
        lib_destroy(pool);
    }
}

static void g1_no_data_without_ownership(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        struct tn_dma_buffer b = lib_alloc(pool), copy = b;
        struct tn_fence f = lib_submit(&b, 10);
        assert_null(tn_dma_buffer_data(&b));
        assert_null(tn_dma_buffer_data(&copy));
        b = lib_complete(&f, 10);
        assert_null(tn_dma_buffer_data(&copy));
        assert_non_null(tn_dma_buffer_data(&b));
        copy = b;
        tn_dma_buffer_release(&b);
        assert_null(tn_dma_buffer_data(&copy));
        assert_int_equal(tn_dma_pool_counts(pool).refused, 4);
        lib_destroy(pool);
    }
}

static void g1_a_release_in_flight_or_twice_is_refused(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        struct tn_dma_buffer b = lib_alloc(pool), copy = b;
        struct tn_fence f = lib_submit(&b, 10);
        tn_dma_buffer_release(&copy);
        assert_refused_once(pool, 0, TN_ESTALE);
        assert_int_equal(tn_dma_pool_counts(pool).in_flight, 1);
        b = lib_complete(&f, 10);
        copy = b;
        tn_dma_buffer_release(&b);
        tn_dma_buffer_release(&copy);
        assert_refused_once(pool, 1, TN_ESTALE);
        tn_dma_buffer_release(&b);
        assert_refused_once(pool, 2, TN_ESTALE);
        assert_int_equal(tn_dma_pool_counts(pool).free, LIB_BUFFERS);
        lib_destroy(pool);
    }
}

static void g2_a_fence_ends_exactly_once(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        struct tn_dma_buffer b = lib_alloc(pool), other = {0};
        struct tn_fence f = lib_submit(&b, 10), copy = f;
        b = lib_complete(&f, 10);
        assert_false(tn_fence_complete(&copy, 10, &other));
        assert_int_equal(tn_dma_buffer_status(&other), TN_ESTALE);
        assert_refused_once(pool, 0, TN_ESTALE);
        assert_false(tn_fence_complete(&f, 10, &other));
        assert_refused_once(pool, 1, TN_ESTALE);
        tn_fence_quarantine(&copy);
        assert_non_null(tn_dma_buffer_data(&b));
        tn_dma_buffer_release(&b);
        lib_destroy(pool);
    }
}

static void g3_a_late_completion_does_not_end_the_next_request_of_the_buffer(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        struct tn_dma_buffer b = lib_alloc(pool), other = {0};
        struct tn_fence f = lib_submit(&b, 10), late = f;
        b = lib_complete(&f, 10);
        tn_dma_buffer_release(&b);
        b = lib_alloc(pool); /* the same memory: the latest freed is taken first */
        f = lib_submit(&b, 10);
        assert_int_equal(tn_fence_tag(&f), tn_fence_tag(&late));
        assert_false(tn_fence_complete(&late, 10, &other));
        assert_refused_once(pool, 0, TN_ESTALE);
        assert_int_equal(tn_dma_pool_counts(pool).in_flight, 1);
        b = lib_complete(&f, 10);
        tn_dma_buffer_release(&b);
        lib_destroy(pool);
    }
}

static void g6_lengths_out_of_range_are_refused_and_the_buffer_stays_ours(void **state)
{
    (void)state;
    static const uint32_t wrong[] = {0, LIB_BYTES + 1, UINT32_MAX, UINT32_C(1) << 31};
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        struct tn_dma_buffer b = lib_alloc(pool);
        struct tn_fence f = {0};
        for (unsigned i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
            assert_false(tn_dma_submit(&b, wrong[i], &f));
            assert_int_equal(tn_dma_buffer_status(&b), TN_ERANGE);
            assert_true(tn_dma_buffer_is_held(&b));
            assert_non_null(tn_dma_buffer_data(&b));
        }
        f = lib_submit(&b, LIB_BYTES);
        b = lib_complete(&f, LIB_BYTES);
        tn_dma_buffer_release(&b);
        lib_destroy(pool);
    }
}

static void g7_a_device_that_claims_too_much_publishes_nothing(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        struct tn_dma_buffer b = lib_alloc(pool);
        struct tn_fence f = lib_submit(&b, 10);
        b = lib_complete(&f, 11);
        assert_int_equal(tn_dma_buffer_used(&b), 0);
        assert_int_equal(tn_dma_buffer_status(&b), TN_EPROTOCOL);
        assert_int_equal(tn_dma_pool_counts(pool).lied, 1);
        f = lib_submit(&b, 10);
        b = lib_complete(&f, UINT32_MAX);
        assert_int_equal(tn_dma_buffer_status(&b), TN_EPROTOCOL);
        tn_dma_buffer_release(&b);
        lib_destroy(pool);
    }
}

/* Every use of an empty token is refused and counted, though what was in it lives on elsewhere. Returns how many. */
static unsigned use_emptied_buffer(struct tn_dma_buffer *empty)
{
    struct tn_fence f = {0};
    struct tn_parked_buffer place = {0};
    assert_false(tn_dma_buffer_is_held(empty));
    assert_null(tn_dma_buffer_data(empty));
    assert_int_equal(tn_dma_buffer_address(empty), UINT64_MAX);
    assert_int_equal(tn_dma_buffer_used(empty), 0);
    assert_false(tn_dma_buffer_park(empty, &place));
    assert_int_equal(place.mark, 0);
    tn_dma_buffer_release(empty);
    assert_false(tn_dma_submit(empty, 10, &f));
    assert_false(tn_fence_is_held(&f));
    assert_null(tn_dma_buffer_data(empty)); /* the refusal says "still held": of nothing */
    return 7;
}

static unsigned use_emptied_fence(struct tn_fence *empty)
{
    struct tn_dma_buffer b = {0};
    struct tn_parked_fence place = {0};
    assert_false(tn_fence_is_held(empty));
    assert_int_equal(tn_fence_address(empty), UINT64_MAX);
    assert_int_equal(tn_fence_length(empty), 0);
    assert_int_equal(tn_fence_tag(empty), UINT32_MAX);
    assert_false(tn_fence_park(empty, &place));
    assert_int_equal(place.mark, 0);
    assert_false(tn_fence_complete(empty, 10, &b));
    assert_false(tn_fence_fail(empty, TN_EIO, &b));
    tn_fence_quarantine(empty);
    return 7;
}

static void g1_what_was_parked_or_moved_is_out_of_its_token(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        struct tn_dma_buffer b = lib_alloc(pool), c = {0};
        struct tn_parked_buffer parked = {0};
        struct tn_parked_fence parked_fence = {0};
        uint64_t refused = 0;
        assert_true(tn_dma_buffer_park(&b, &parked));
        refused += use_emptied_buffer(&b);
        assert_refused_once(pool, refused - 1, TN_ESTALE);
        assert_true(tn_dma_buffer_unpark(&parked, &c));
        b = tn_dma_buffer_move(&c);
        refused += use_emptied_buffer(&c);
        struct tn_fence f = lib_submit(&b, 10), g = {0};
        assert_true(tn_fence_park(&f, &parked_fence));
        refused += use_emptied_fence(&f);
        assert_true(tn_fence_unpark(&parked_fence, &f));
        g = tn_fence_move(&f);
        refused += use_emptied_fence(&f);
        assert_int_equal(tn_dma_pool_counts(pool).refused, refused);
        assert_int_equal(tn_dma_pool_counts(pool).in_flight, 1);
        b = lib_complete(&g, 10);
        tn_dma_buffer_release(&b);
        lib_destroy(pool);
    }
}

static void g1_no_address_for_what_names_nothing(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        struct tn_dma_buffer b = lib_alloc(pool), copy = b;
        const uint64_t address = tn_dma_buffer_address(&b);
        struct tn_fence f = lib_submit(&b, 10), late = f;
        assert_int_equal(tn_fence_address(&f), address);
        assert_int_equal(tn_dma_buffer_address(&copy), UINT64_MAX);
        assert_refused_once(pool, 0, TN_ESTALE);
        b = lib_complete(&f, 10);
        assert_int_equal(tn_fence_address(&late), UINT64_MAX);
        assert_refused_once(pool, 1, TN_ESTALE);
        assert_int_equal(tn_dma_buffer_address(&b), address);
        tn_dma_buffer_release(&b);
        lib_destroy(pool);
    }
}

static enum tn_status count_polls(void *context, uint32_t tag, uint32_t *used)
{
    (void)tag, (void)used;
    ++*(unsigned *)context;
    return TN_EAGAIN;
}

static void g3_a_wait_for_what_names_nothing_is_refused_at_once(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        struct tn_dma_buffer b = lib_alloc(pool), back = {0};
        struct tn_fence f = lib_submit(&b, 10), late = f, empty = {0};
        unsigned polls = 0;
        b = lib_complete(&f, 10);
        assert_false(tn_fence_wait(&late, count_polls, &polls, 0, &back));
        assert_int_equal(tn_dma_buffer_status(&back), TN_ESTALE);
        assert_refused_once(pool, 0, TN_ESTALE);
        assert_false(tn_fence_wait(&f, count_polls, &polls, 0, &back)); /* the token itself is empty */
        assert_int_equal(tn_dma_buffer_status(&back), TN_ESTALE);
        assert_false(tn_fence_wait(&empty, count_polls, &polls, 0, &back));
        assert_int_equal(polls, 0); /* the answer would be another's */
        assert_refused_once(pool, 1, TN_ESTALE);
        tn_dma_buffer_release(&b);
        lib_destroy(pool);
    }
}

static void tokens_that_were_never_granted_are_refused(void **state)
{
    (void)state;
    struct tn_dma_buffer b = {0};
    struct tn_fence f = {0};
    assert_null(tn_dma_buffer_data(&b));
    assert_int_equal(tn_dma_buffer_address(&b), UINT64_MAX);
    assert_int_equal(tn_fence_address(&f), UINT64_MAX);
    assert_false(tn_dma_submit(&b, 1, &f));
    assert_false(tn_fence_complete(&f, 0, &b));
    tn_dma_buffer_release(&b);
    tn_fence_quarantine(&f);
    assert_false(tn_dma_buffer_is_held(&b));
}

static void a_leak_shows_at_the_end_of_the_pool(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        struct tn_dma_buffer b = lib_alloc(pool), c = lib_alloc(pool);
        struct tn_fence f = lib_submit(&c, 1);
        assert_int_equal(tn_dma_pool_destroy(pool), TN_ESTATE);
        assert_int_equal(tn_dma_pool_counts(pool).free, LIB_BUFFERS - 2);
        tn_dma_buffer_release(&b);
        assert_int_equal(tn_dma_pool_destroy(pool), TN_ESTATE);
        c = lib_complete(&f, 0);
        tn_dma_buffer_release(&c);
        lib_destroy(pool);
    }
}

static void g5_what_an_owner_left_is_gone_after_a_scrub(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        struct tn_dma_buffer b = lib_alloc(pool);
        unsigned char *data = tn_dma_buffer_data(&b);
        uint64_t address = tn_dma_buffer_address(&b);
        memset(data, 0xa5, LIB_BYTES);
        tn_dma_buffer_release(&b);
        b = lib_alloc(pool);
        assert_ptr_equal(tn_dma_buffer_data(&b), data);
        assert_int_equal(data[LIB_BYTES - 1], kind->scrub == TN_SCRUB_ON_RELEASE ? 0 : 0xa5);
        assert_int_equal(*(unsigned char *)(uintptr_t)address, data[0]);
        tn_dma_buffer_release(&b);
        lib_destroy(pool);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(g1_a_second_submit_of_one_buffer_is_refused),
    cmocka_unit_test(g1_no_data_without_ownership),
    cmocka_unit_test(g1_a_release_in_flight_or_twice_is_refused),
    cmocka_unit_test(g2_a_fence_ends_exactly_once),
    cmocka_unit_test(g3_a_late_completion_does_not_end_the_next_request_of_the_buffer),
    cmocka_unit_test(g6_lengths_out_of_range_are_refused_and_the_buffer_stays_ours),
    cmocka_unit_test(g7_a_device_that_claims_too_much_publishes_nothing),
    cmocka_unit_test(g1_what_was_parked_or_moved_is_out_of_its_token),
    cmocka_unit_test(g1_no_address_for_what_names_nothing),
    cmocka_unit_test(g3_a_wait_for_what_names_nothing_is_refused_at_once),
    cmocka_unit_test(tokens_that_were_never_granted_are_refused),
    cmocka_unit_test(a_leak_shows_at_the_end_of_the_pool),
    cmocka_unit_test(g5_what_an_owner_left_is_gone_after_a_scrub),
};

UNIT_MAIN(tests)
