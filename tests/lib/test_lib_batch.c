/* SPDX-License-Identifier: Apache-2.0 */
/* Batches: as their buffers would fare alone. */
#include <tenure/batch.h>

#include "lib_world.h"

static void a_batch_lives_in_every_kind_of_pool(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        TN_DMA_BATCH(b, LIB_BUFFERS);
        TN_FENCE_BATCH(f);
        for (int round = 0; round < 3; round++) {
            assert_true(tn_dma_batch_alloc(pool, LIB_BUFFERS, &b));
            assert_int_equal(tn_dma_batch_count(&b), LIB_BUFFERS);
            for (uint32_t i = 0; i < LIB_BUFFERS; i++)
                memset(tn_dma_batch_data(&b, i), (int)i + 1, LIB_BYTES);
            assert_null(tn_dma_batch_data(&b, LIB_BUFFERS));
            assert_true(tn_dma_batch_submit(&b, 100, &f));
            assert_int_equal(tn_dma_pool_counts(pool).in_flight, LIB_BUFFERS);
            assert_int_equal(tn_fence_batch_address(&f, LIB_BUFFERS), UINT64_MAX);
            unsigned seen = 0;
            for (uint32_t i = 0; i < LIB_BUFFERS; i++) {
                seen |= 1u << tn_fence_batch_tag(&f, i);
                assert_int_equal(*(unsigned char *)(uintptr_t)tn_fence_batch_address(&f, i), i + 1);
            }
            assert_int_equal(seen, (1u << LIB_BUFFERS) - 1);
            uint32_t used[LIB_BUFFERS] = {0, 100, 101, 50};
            tn_fence_batch_complete(&f, used, &b);
            assert_int_equal(used[1], 100);
            assert_int_equal(used[2], 0);
            assert_int_equal(used[3], 50);
            assert_int_equal(tn_dma_pool_counts(pool).lied, round + 1);
            tn_dma_batch_release(&b);
            assert_int_equal(tn_dma_pool_counts(pool).free, LIB_BUFFERS);
        }
        assert_int_equal(tn_dma_pool_counts(pool).refused, 0);
        lib_destroy(pool);
    }
}

static void g6_a_batch_is_filled_or_takes_nothing(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        TN_DMA_BATCH(b, LIB_BUFFERS + 1);
        struct tn_dma_buffer one = lib_alloc(pool);
        assert_false(tn_dma_batch_alloc(pool, LIB_BUFFERS, &b));
        assert_int_equal(tn_dma_batch_status(&b), TN_EEXHAUSTED);
        assert_int_equal(tn_dma_pool_counts(pool).free, LIB_BUFFERS - 1);
        assert_false(tn_dma_batch_alloc(pool, 0, &b));
        assert_int_equal(tn_dma_batch_status(&b), TN_ERANGE);
        assert_false(tn_dma_batch_alloc(pool, LIB_BUFFERS + 2, &b));
        assert_int_equal(tn_dma_batch_status(&b), TN_ERANGE);
        assert_true(tn_dma_batch_alloc(pool, LIB_BUFFERS - 1, &b));
        tn_dma_batch_release(&b);
        tn_dma_buffer_release(&one);
        lib_destroy(pool);
    }
}

static void g6_lengths_out_of_range_leave_the_batch_ours(void **state)
{
    (void)state;
    static const uint32_t wrong[] = {0, LIB_BYTES + 1, UINT32_MAX};
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        TN_DMA_BATCH(b, 2);
        TN_FENCE_BATCH(f);
        assert_true(tn_dma_batch_alloc(pool, 2, &b));
        for (unsigned i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
            assert_false(tn_dma_batch_submit(&b, wrong[i], &f));
            assert_int_equal(tn_dma_batch_status(&b), TN_ERANGE);
            assert_int_equal(tn_dma_batch_count(&b), 2);
        }
        assert_int_equal(tn_dma_pool_counts(pool).in_flight, 0);
        tn_dma_batch_release(&b);
        lib_destroy(pool);
    }
}

static void g1_what_names_nothing_leaves_the_batch_and_is_counted(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        TN_DMA_BATCH(b, 3);
        TN_FENCE_BATCH(f);
        assert_true(tn_dma_batch_alloc(pool, 3, &b));
        struct tn_dma_buffer copy = {pool, b.entry[1].mark, (uint32_t)b.entry[1].slot, 0, 0, 1};
        tn_dma_buffer_release(&copy); /* a token built by hand takes one from under the batch */
        assert_true(tn_dma_batch_submit(&b, 10, &f));
        assert_int_equal(tn_fence_batch_count(&f), 2);
        assert_int_equal(tn_dma_pool_counts(pool).refused, 1);
        struct tn_fence late = {pool, f.entry[0].mark, (uint32_t)f.entry[0].slot, 10, 1};
        copy = lib_complete(&late, 0);
        tn_fence_batch_complete(&f, NULL, &b);
        assert_int_equal(tn_dma_batch_count(&b), 1);
        assert_int_equal(tn_dma_pool_counts(pool).refused, 2);
        struct tn_dma_batch again = b;
        tn_dma_batch_release(&b);
        tn_dma_batch_release(&again);
        assert_int_equal(tn_dma_pool_counts(pool).refused, 3);
        tn_dma_batch_release(&again); /* empty by now */
        assert_int_equal(tn_dma_pool_counts(pool).refused, 4);
        tn_dma_buffer_release(&copy);
        lib_destroy(pool);
    }
}

static void single_buffers_and_fences_come_out_of_a_batch(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        TN_DMA_BATCH(b, LIB_BUFFERS);
        TN_FENCE_BATCH(f);
        struct tn_dma_buffer one = {0}, none = {0};
        struct tn_fence fence = {0}, nothing = {0};
        assert_true(tn_dma_batch_alloc(pool, 2, &b));
        assert_true(tn_dma_batch_take(&b, &one));
        assert_true(tn_dma_batch_submit(&b, 10, &f));
        assert_true(tn_fence_batch_take(&f, &fence));
        assert_false(tn_fence_batch_take(&f, &nothing));
        tn_fence_batch_complete(&f, NULL, &b);
        assert_false(tn_dma_batch_take(&b, &none));
        tn_dma_batch_release(&b);
        tn_dma_buffer_release(&one);
        one = lib_complete(&fence, 10);
        tn_dma_buffer_release(&one);
        assert_int_equal(tn_dma_pool_counts(pool).refused, 0);
        lib_destroy(pool);
    }
}

static void g2_a_batch_has_no_room_while_its_fences_are_in_flight(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        TN_DMA_BATCH(b, 2);
        TN_DMA_BATCH(other, 2);
        TN_FENCE_BATCH(f);
        assert_true(tn_dma_batch_alloc(pool, 2, &b));
        assert_true(tn_dma_batch_submit(&b, 10, &f));
        const uint64_t first = tn_fence_batch_address(&f, 0);
        assert_false(tn_dma_batch_alloc(pool, 2, &b)); /* it would overwrite their names */
        assert_int_equal(tn_dma_batch_status(&b), TN_ESTATE);
        assert_int_equal(tn_dma_pool_counts(pool).free, LIB_BUFFERS - 2);
        assert_int_equal(tn_fence_batch_address(&f, 0), first);
        assert_true(tn_dma_batch_alloc(pool, 2, &other));
        tn_dma_batch_release(&other);
        tn_fence_batch_complete(&f, NULL, &b);
        assert_int_equal(tn_dma_batch_count(&b), 2);
        tn_dma_batch_release(&b);
        assert_true(tn_dma_batch_alloc(pool, 2, &b)); /* its room is back */
        tn_dma_batch_release(&b);
        assert_int_equal(tn_dma_pool_counts(pool).refused, 0);
        lib_destroy(pool);
    }
}

static void g1_an_empty_batch_does_nothing_and_is_counted(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        TN_DMA_BATCH(b, 2);
        TN_FENCE_BATCH(f);
        TN_FENCE_BATCH(none);
        struct tn_dma_buffer one = {0};
        struct tn_fence fence = {0};
        assert_true(tn_dma_batch_alloc(pool, 2, &b));
        assert_true(tn_dma_batch_submit(&b, 10, &f));
        assert_int_equal(tn_dma_batch_count(&b), 0);
        assert_null(tn_dma_batch_data(&b, 0));
        assert_false(tn_dma_batch_submit(&b, 10, &none));
        assert_false(tn_dma_batch_take(&b, &one));
        assert_int_equal(tn_dma_pool_counts(pool).refused, 4);
        struct tn_fence_batch late = f;
        tn_fence_batch_complete(&f, NULL, &b);
        assert_int_equal(tn_fence_batch_address(&late, 0), UINT64_MAX);
        assert_int_equal(tn_fence_batch_count(&f), 0);
        assert_int_equal(tn_fence_batch_address(&f, 0), UINT64_MAX);
        assert_int_equal(tn_fence_batch_tag(&f, 0), UINT32_MAX);
        assert_false(tn_fence_batch_take(&f, &fence));
        tn_fence_batch_complete(&f, NULL, &b); /* what it held stays in it */
        assert_int_equal(tn_dma_pool_counts(pool).refused, 10);
        assert_int_equal(tn_dma_batch_count(&b), 2);
        tn_dma_batch_release(&b);
        tn_fence_batch_complete(&none, NULL, &b); /* fences that never were */
        tn_dma_batch_release(&b);
        lib_destroy(pool);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_batch_lives_in_every_kind_of_pool),
    cmocka_unit_test(g6_a_batch_is_filled_or_takes_nothing),
    cmocka_unit_test(g6_lengths_out_of_range_leave_the_batch_ours),
    cmocka_unit_test(g1_what_names_nothing_leaves_the_batch_and_is_counted),
    cmocka_unit_test(g2_a_batch_has_no_room_while_its_fences_are_in_flight),
    cmocka_unit_test(g1_an_empty_batch_does_nothing_and_is_counted),
    cmocka_unit_test(single_buffers_and_fences_come_out_of_a_batch),
};

UNIT_MAIN(tests)
