/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes: the same ownership behind pointers. */
#include <tenure/box.h>

#include "lib_world.h"

static void a_box_lives_from_alloc_to_release(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        for (int life = 0; life < 50; life++) {
            struct tn_dma_buffer_box *b = tn_box_alloc(pool);
            assert_non_null(b);
            memset(tn_box_data(b), life, LIB_BYTES);
            struct tn_fence_box *f = tn_box_submit(b, 100);
            assert_non_null(f);
            assert_true(tn_box_tag(f) < LIB_BUFFERS);
            assert_int_equal(*(unsigned char *)(uintptr_t)tn_box_address(f), life);
            b = tn_box_complete(f, 40);
            assert_int_equal(tn_box_used(b), 40);
            assert_int_equal(tn_box_status(b), TN_OK);
            f = tn_box_submit(b, 100);
            b = tn_box_fail(f, TN_EIO);
            assert_int_equal(tn_box_status(b), TN_EIO);
            assert_int_equal(tn_box_used(b), 0);
            tn_box_release(b);
        }
        assert_int_equal(tn_dma_pool_counts(pool).refused, 0);
        lib_destroy(pool);
    }
}

static void g3_late_pointers_are_refused_for_seven_lives(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        struct tn_dma_buffer_box *late = tn_box_alloc(pool), *b;
        struct tn_fence_box *f = tn_box_submit(late, 100), *late_fence = f;
        assert_null(tn_box_data(late));
        assert_null(tn_box_submit(late, 100));
        tn_box_release(late);
        b = tn_box_complete(f, 10);
        assert_null(tn_box_complete(late_fence, 10));
        tn_box_release(b);
        for (int life = 0; life < 7; life++) { /* two generations a life */
            b = tn_box_alloc(pool);
            assert_null(tn_box_data(late));
            tn_box_release(late);
            assert_null(tn_box_complete(late_fence, 10));
            assert_non_null(tn_box_data(b));
            f = tn_box_submit(b, 1);
            b = tn_box_complete(f, 1);
            tn_box_release(b);
        }
        assert_int_equal(tn_dma_pool_counts(pool).free, LIB_BUFFERS);
        lib_destroy(pool);
    }
}

static void g6_a_refused_submit_is_told_at_its_end(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        struct tn_dma_buffer_box *b = tn_box_alloc(pool);
        struct tn_fence_box *f = tn_box_submit(b, LIB_BYTES + 1);
        assert_non_null(f);
        assert_int_equal(tn_box_address(f), UINT64_MAX);
        assert_int_equal(tn_dma_pool_counts(pool).in_flight, 0);
        b = tn_box_complete(f, 1);
        assert_int_equal(tn_box_status(b), TN_ERANGE);
        assert_non_null(tn_box_data(b));
        f = tn_box_submit(b, 0);
        tn_box_quarantine(f); /* it never left: nothing is lost */
        assert_int_equal(tn_dma_pool_counts(pool).quarantined, 0);
        assert_int_equal(tn_dma_pool_counts(pool).free, LIB_BUFFERS);
        lib_destroy(pool);
    }
}

static void g10_a_box_in_quarantine_is_lost(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        struct tn_dma_buffer_box *b = tn_box_alloc(pool);
        struct tn_fence_box *f = tn_box_submit(b, 1);
        tn_box_quarantine(f);
        assert_null(tn_box_complete(f, 1));
        assert_int_equal(tn_dma_pool_counts(pool).quarantined, 1);
        assert_int_equal(tn_dma_pool_destroy(pool), TN_EQUARANTINED);
    }
}

static void g2_a_refused_box_comes_back_once(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        struct tn_dma_buffer_box *b = tn_box_alloc(pool), *late = b;
        struct tn_fence_box *f = tn_box_submit(b, LIB_BYTES + 1);
        assert_null(tn_box_data(late)); /* its pointer ended with the submit, refused or not */
        assert_null(tn_box_submit(late, 1));
        tn_box_release(late);
        assert_int_equal(tn_dma_pool_counts(pool).refused, 4); /* and the submit itself */
        b = tn_box_complete(f, 1);
        assert_non_null(b);
        assert_null(tn_box_complete(f, 1)); /* the CPU's by now */
        assert_null(tn_box_fail(f, TN_EIO));
        tn_box_quarantine(f);
        assert_int_equal(tn_box_address(f), UINT64_MAX);
        assert_int_equal(tn_dma_pool_counts(pool).refused, 8);
        assert_non_null(tn_box_data(b));
        tn_box_release(b);
        lib_destroy(pool);
    }
}

static void g1_the_cpus_box_is_no_fence_and_the_devices_no_buffer(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        struct tn_dma_buffer_box *b = tn_box_alloc(pool);
        assert_null(tn_box_complete((struct tn_fence_box *)b, 1));
        assert_int_equal(tn_box_tag((struct tn_fence_box *)b), UINT32_MAX);
        tn_box_quarantine((struct tn_fence_box *)b);
        assert_int_equal(tn_dma_pool_counts(pool).refused, 3);
        assert_non_null(tn_box_data(b));
        struct tn_fence_box *f = tn_box_submit(b, 1);
        assert_int_equal(tn_box_used((struct tn_dma_buffer_box *)f), 0);
        assert_int_equal(tn_box_status((struct tn_dma_buffer_box *)f), TN_ESTALE);
        tn_box_release((struct tn_dma_buffer_box *)f);
        assert_int_equal(tn_dma_pool_counts(pool).refused, 6);
        assert_int_equal(tn_dma_pool_counts(pool).in_flight, 1);
        tn_box_release(tn_box_complete(f, 1));
        lib_destroy(pool);
    }
}

static void nothing_is_refused_everywhere(void **state)
{
    (void)state;
    const struct tn_dma_pool_config config = {.count = 1, .buffer_bytes = LIB_BYTES};
    struct tn_dma_pool *plain = tn_dma_pool_create(&config, NULL);
    assert_null(tn_box_alloc(plain)); /* it serves no boxes */
    lib_destroy(plain);
    assert_null(tn_box_submit(NULL, 1));
    assert_null(tn_box_complete(NULL, 1));
    assert_null(tn_box_fail(NULL, TN_EIO));
    assert_null(tn_box_data(NULL));
    assert_int_equal(tn_box_used(NULL), 0);
    assert_int_equal(tn_box_status(NULL), TN_ESTALE);
    assert_int_equal(tn_box_address(NULL), UINT64_MAX);
    assert_int_equal(tn_box_tag(NULL), UINT32_MAX);
    tn_box_release(NULL);
    tn_box_quarantine(NULL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_box_lives_from_alloc_to_release),
    cmocka_unit_test(g3_late_pointers_are_refused_for_seven_lives),
    cmocka_unit_test(g6_a_refused_submit_is_told_at_its_end),
    cmocka_unit_test(g10_a_box_in_quarantine_is_lost),
    cmocka_unit_test(g2_a_refused_box_comes_back_once),
    cmocka_unit_test(g1_the_cpus_box_is_no_fence_and_the_devices_no_buffer),
    cmocka_unit_test(nothing_is_refused_everywhere),
};

UNIT_MAIN(tests)
