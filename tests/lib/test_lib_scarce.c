/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the system has no more pieces of memory to give (vm.max_map_count): a guard may fail, a buffer may not be lost.
 * The program has an mprotect of its own, which refuses what would need another piece, from a given call on; and an
 * mlock of its own, which takes nothing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <tenure/batch.h>
#include <tenure/box.h>

#include "lib_world.h"

static long calls_left = -1;  /* that are granted; below 0: all are */
static size_t always_granted; /* a change of so many bytes needs no new piece: it is of the whole pool */

int mprotect(void *memory, size_t bytes, int rights)
{
    if (calls_left == 0 && bytes != always_granted) {
        errno = ENOMEM;
        return -1;
    }
    calls_left -= calls_left > 0;
    return (int)syscall(SYS_mprotect, memory, bytes, rights);
}

int mlock(const void *memory, size_t bytes)
{
    (void)memory, (void)bytes;
    return -1;
}

static struct tn_dma_pool *scarce_pool(enum tn_scrub scrub)
{
    calls_left = -1;
    struct tn_dma_pool *pool = lib_pool(TN_GUARD_MPROTECT, scrub);
    always_granted = LIB_BUFFERS * pool->stride;
    return pool;
}

static void expect(const struct tn_dma_pool *pool, uint32_t free, uint32_t in_flight, uint64_t guard_refused)
{
    const struct tn_dma_counts counts = tn_dma_pool_counts(pool);
    assert_int_equal(counts.free, free);
    assert_int_equal(counts.in_flight, in_flight);
    assert_int_equal(counts.quarantined, 0);
    assert_int_equal(counts.guard_refused, guard_refused);
    assert_int_equal(counts.refused, 0); /* it is no mistake of the program's */
}

static void g6_alloc_and_submit_are_refused_and_nothing_is_lost(void **state)
{
    (void)state;
    for (int scrub = 0; scrub < 2; scrub++) {
        struct tn_dma_pool *pool = scarce_pool((enum tn_scrub)scrub);
        struct tn_dma_buffer b = lib_alloc(pool), none = {0};
        struct tn_fence f = {0};
        calls_left = 0;
        assert_false(tn_dma_buffer_alloc(pool, &none));
        assert_int_equal(tn_dma_buffer_status(&none), TN_EEXHAUSTED);
        expect(pool, LIB_BUFFERS - 1, 0, 1);
        assert_false(tn_dma_submit(&b, 10, &f));
        assert_int_equal(tn_dma_buffer_status(&b), TN_EEXHAUSTED);
        expect(pool, LIB_BUFFERS - 1, 0, 2);
        memset(tn_dma_buffer_data(&b), 1, LIB_BYTES);
        calls_left = -1;
        f = lib_submit(&b, 10); /* later there are some again */
        b = lib_complete(&f, 10);
        calls_left = 0;
        tn_dma_buffer_release(&b); /* free, if without guard */
        expect(pool, LIB_BUFFERS, 0, 3);
        calls_left = -1;
        lib_destroy(pool);
    }
}

static void g2_a_completion_comes_home_if_the_whole_pool_must_be_opened_for_it(void **state)
{
    (void)state;
    for (int scrub = 0; scrub < 2; scrub++) {
        struct tn_dma_pool *pool = scarce_pool((enum tn_scrub)scrub);
        struct tn_dma_buffer b = lib_alloc(pool), c = lib_alloc(pool);
        struct tn_fence f = lib_submit(&b, 10), g = lib_submit(&c, 10);
        calls_left = 0;
        b = lib_complete(&f, 10);
        assert_int_equal(tn_dma_buffer_status(&b), TN_OK);
        memset(tn_dma_buffer_data(&b), 1, LIB_BYTES);
        expect(pool, LIB_BUFFERS - 2, 1, 1);
        calls_left = -1;
        c = lib_complete(&g, 10);
        tn_dma_buffer_release(&b);
        tn_dma_buffer_release(&c);
        lib_destroy(pool);
    }
}

static void g6_a_batch_is_submitted_as_a_whole_or_not_at_all(void **state)
{
    (void)state;
    for (int scrub = 0; scrub < 2; scrub++)
        for (long granted = 0; granted < 3; granted++) {
            struct tn_dma_pool *pool = scarce_pool((enum tn_scrub)scrub);
            TN_DMA_BATCH(b, 3);
            TN_FENCE_BATCH(f);
            assert_true(tn_dma_batch_alloc(pool, 3, &b));
            calls_left = granted;
            assert_false(tn_dma_batch_submit(&b, 10, &f));
            assert_int_equal(tn_dma_batch_status(&b), TN_EEXHAUSTED);
            assert_int_equal(tn_dma_batch_count(&b), 3);
            for (uint32_t i = 0; i < 3; i++)
                memset(tn_dma_batch_data(&b, i), 1, LIB_BYTES);
            expect(pool, LIB_BUFFERS - 3, 0, 1 + (uint64_t)granted);
            calls_left = -1;
            assert_true(tn_dma_batch_submit(&b, 10, &f));
            assert_int_equal(tn_fence_batch_count(&f), 3);
            calls_left = granted;
            tn_fence_batch_complete(&f, NULL, &b);
            assert_int_equal(tn_dma_batch_count(&b), 3);
            for (uint32_t i = 0; i < 3; i++)
                memset(tn_dma_batch_data(&b, i), 1, LIB_BYTES);
            calls_left = -1;
            tn_dma_batch_release(&b);
            lib_destroy(pool);
        }
}

static void g6_a_box_that_cannot_be_guarded_is_told_at_its_end(void **state)
{
    (void)state;
    struct tn_dma_pool *pool = scarce_pool(TN_SCRUB_NEVER);
    struct tn_dma_buffer_box *b = tn_box_alloc(pool);
    calls_left = 0;
    struct tn_fence_box *f = tn_box_submit(b, 10);
    assert_non_null(f);
    assert_int_equal(tn_box_address(f), UINT64_MAX);
    b = tn_box_complete(f, 10);
    assert_int_equal(tn_box_status(b), TN_EEXHAUSTED);
    memset(tn_box_data(b), 1, LIB_BYTES);
    calls_left = -1;
    tn_box_release(b);
    lib_destroy(pool);
}

static void g6_a_guard_promises_no_memory_that_is_not_there(void **state)
{
    (void)state;
    enum tn_status plain, guarded;
    struct tn_dma_pool_config config = {.count = 1 << 13, .buffer_bytes = UINT32_C(1) << 31}; /* 16 TiB */
    calls_left = -1;
    struct tn_dma_pool *pool = tn_dma_pool_create(&config, &plain);
    if (pool != NULL) /* a system that promises everything (vm.overcommit_memory) */
        lib_destroy(pool);
    config.guard = TN_GUARD_MPROTECT;
    pool = tn_dma_pool_create(&config, &guarded);
    if (pool != NULL)
        lib_destroy(pool);
    assert_int_equal(guarded, plain);
    assert_true(plain == TN_EEXHAUSTED || plain == TN_OK);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(g6_alloc_and_submit_are_refused_and_nothing_is_lost),
    cmocka_unit_test(g2_a_completion_comes_home_if_the_whole_pool_must_be_opened_for_it),
    cmocka_unit_test(g6_a_batch_is_submitted_as_a_whole_or_not_at_all),
    cmocka_unit_test(g6_a_box_that_cannot_be_guarded_is_told_at_its_end),
    cmocka_unit_test(g6_a_guard_promises_no_memory_that_is_not_there),
};

UNIT_MAIN(tests)
