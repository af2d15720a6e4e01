/* SPDX-License-Identifier: Apache-2.0 */
/* A buffer's life in every kind of pool: the right ways. */
#include "lib_world.h"

static void a_life_from_alloc_to_release(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        struct tn_dma_buffer b = lib_alloc(pool);
        unsigned char *data = tn_dma_buffer_data(&b);
        assert_non_null(data);
        memset(data, 0x5a, LIB_BYTES);
        struct tn_fence f = lib_submit(&b, 100);
        assert_int_equal(tn_dma_pool_counts(pool).in_flight, 1);
        assert_int_equal(tn_fence_length(&f), 100);
        b = lib_complete(&f, 64);
        assert_int_equal(tn_dma_buffer_used(&b), 64);
        assert_int_equal(tn_dma_buffer_status(&b), TN_OK);
        assert_ptr_equal(tn_dma_buffer_data(&b), data);
        assert_int_equal(data[LIB_BYTES - 1], 0x5a);
        tn_dma_buffer_release(&b);
        const struct tn_dma_counts counts = tn_dma_pool_counts(pool);
        assert_int_equal(counts.free, LIB_BUFFERS);
        assert_int_equal(counts.refused, 0);
        lib_destroy(pool);
    }
}

static void buffers_are_apart_and_begin_zeroed(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        struct tn_dma_buffer b[LIB_BUFFERS];
        static const unsigned char zero[LIB_BYTES];
        for (int i = 0; i < LIB_BUFFERS; i++) {
            b[i] = lib_alloc(pool);
            assert_memory_equal(tn_dma_buffer_data(&b[i]), zero, LIB_BYTES);
            assert_int_equal((uintptr_t)tn_dma_buffer_data(&b[i]) % 64, 0);
            memset(tn_dma_buffer_data(&b[i]), i + 1, LIB_BYTES);
        }
        for (int i = 0; i < LIB_BUFFERS; i++) {
            const unsigned char *data = tn_dma_buffer_data(&b[i]);
            assert_int_equal(data[0], i + 1);
            assert_int_equal(data[LIB_BYTES - 1], i + 1);
            tn_dma_buffer_release(&b[i]);
        }
        lib_destroy(pool);
    }
}

static void an_empty_pool_says_so_and_counts_no_mistake(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        struct tn_dma_buffer b[LIB_BUFFERS], more = {0};
        for (int i = 0; i < LIB_BUFFERS; i++)
            b[i] = lib_alloc(pool);
        assert_false(tn_dma_buffer_alloc(pool, &more));
        assert_int_equal(tn_dma_buffer_status(&more), TN_EEXHAUSTED);
        assert_int_equal(tn_dma_pool_counts(pool).refused, 0);
        for (int i = 0; i < LIB_BUFFERS; i++)
            tn_dma_buffer_release(&b[i]);
        lib_destroy(pool);
    }
}

static void tags_of_fences_in_flight_are_distinct(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        struct tn_fence f[LIB_BUFFERS];
        unsigned seen = 0;
        for (int i = 0; i < LIB_BUFFERS; i++) {
            struct tn_dma_buffer b = lib_alloc(pool);
            uint64_t address = tn_dma_buffer_address(&b);
            f[i] = lib_submit(&b, 1);
            assert_true(tn_fence_tag(&f[i]) < LIB_BUFFERS);
            assert_int_equal(tn_fence_address(&f[i]), address);
            seen |= 1u << tn_fence_tag(&f[i]);
        }
        assert_int_equal(seen, (1u << LIB_BUFFERS) - 1);
        for (int i = 0; i < LIB_BUFFERS; i++) {
            struct tn_dma_buffer b = lib_complete(&f[i], 0);
            tn_dma_buffer_release(&b);
        }
        lib_destroy(pool);
    }
}

static void a_device_in_the_process_reaches_what_the_cpu_does_not(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        struct tn_dma_buffer b = lib_alloc(pool);
        struct tn_fence f = lib_submit(&b, 4);
        memcpy((void *)(uintptr_t)tn_fence_address(&f), "DMA", 4);
        b = lib_complete(&f, 4);
        assert_string_equal(tn_dma_buffer_data(&b), "DMA");
        tn_dma_buffer_release(&b);
        lib_destroy(pool);
    }
}

static void g2_a_failure_gives_the_buffer_back(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        struct tn_dma_buffer b = lib_alloc(pool);
        struct tn_fence f = lib_submit(&b, 100);
        assert_true(tn_fence_fail(&f, TN_EIO, &b));
        assert_int_equal(tn_dma_buffer_status(&b), TN_EIO);
        assert_int_equal(tn_dma_buffer_used(&b), 0);
        assert_non_null(tn_dma_buffer_data(&b));
        f = lib_submit(&b, 100);
        assert_true(tn_fence_fail(&f, TN_OK, &b)); /* a driver's variable that nobody set */
        assert_int_equal(tn_dma_buffer_status(&b), TN_EABORTED);
        tn_dma_buffer_release(&b);
        lib_destroy(pool);
    }
}

static void g4_a_pool_whose_buffers_are_retired_can_be_given_back(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        pool->core.last_mark = 3 * TN_MARK_STATES; /* in truth after 2^56 lives */
        for (unsigned life = 0; life < 3 * LIB_BUFFERS; life++) {
            struct tn_dma_buffer b = lib_alloc(pool);
            assert_int_equal(tn_dma_pool_destroy(pool), TN_ESTATE); /* one is the CPU's */
            tn_dma_buffer_release(&b);
        }
        struct tn_dma_buffer none = {0};
        assert_false(tn_dma_buffer_alloc(pool, &none));
        assert_int_equal(tn_dma_buffer_status(&none), TN_ERETIRED);
        assert_int_equal(tn_dma_pool_counts(pool).free, 0);
        lib_destroy(pool);
    }
}

static void g10_a_buffer_in_quarantine_never_comes_back(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        struct tn_dma_buffer b = lib_alloc(pool);
        struct tn_fence f = lib_submit(&b, 100), copy = f;
        tn_fence_quarantine(&f);
        assert_false(tn_fence_complete(&copy, 0, &b));
        assert_int_equal(tn_dma_pool_counts(pool).quarantined, 1);
        assert_int_equal(tn_dma_pool_counts(pool).in_flight, 0);
        for (int i = 0; i < 20; i++) {
            struct tn_dma_buffer other = lib_alloc(pool);
            assert_int_not_equal(other.slot, f.slot);
            tn_dma_buffer_release(&other);
        }
        assert_int_equal(tn_dma_pool_destroy(pool), TN_EQUARANTINED);
    }
}

struct device {
    int polls; /* until it answers */
    enum tn_status answer;
    uint32_t used;
};
static enum tn_status poll_device(void *context, uint32_t tag, uint32_t *used)
{
    struct device *device = context;
    assert_true(tag < LIB_BUFFERS);
    if (device->polls-- > 0)
        return TN_EAGAIN;
    *used = device->used;
    return device->answer;
}

static void g2_a_wait_ends_with_the_device_or_with_its_deadline(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        struct device device = {3, TN_OK, 50}, broken = {0, TN_EIO, 50}, dead = {1 << 30, TN_OK, 0};
        struct tn_dma_buffer b = lib_alloc(pool);
        struct tn_fence f = lib_submit(&b, 100);
        assert_true(tn_fence_wait(&f, poll_device, &device, 1000000000, &b));
        assert_int_equal(tn_dma_buffer_used(&b), 50);
        f = lib_submit(&b, 100);
        assert_true(tn_fence_wait(&f, poll_device, &broken, 0, &b));
        assert_int_equal(tn_dma_buffer_status(&b), TN_EIO);
        assert_int_equal(tn_dma_buffer_used(&b), 0);
        f = lib_submit(&b, 100);
        assert_false(tn_fence_wait(&f, poll_device, &dead, 1000000, &b));
        assert_int_equal(tn_dma_buffer_status(&b), TN_ETIMEDOUT);
        assert_true(tn_fence_is_held(&f));
        assert_false(tn_fence_wait(&f, poll_device, &dead, UINT64_MAX, &b));
        assert_int_equal(tn_dma_buffer_status(&b), TN_EINVAL);
        b = lib_complete(&f, 0);
        tn_dma_buffer_release(&b);
        lib_destroy(pool);
    }
}

static void g2_no_answer_of_a_device_is_taken_for_a_wait_that_goes_on(void **state)
{
    (void)state;
    for (uint32_t answer = TN_OK; answer < TN_STATUS_COUNT; answer++) {
        struct tn_dma_pool *pool = lib_pool(TN_GUARD_OFF, TN_SCRUB_NEVER);
        struct device device = {2, (enum tn_status)answer, 7};
        struct tn_dma_buffer b = lib_alloc(pool);
        struct tn_fence f = lib_submit(&b, 100);
        if (answer == TN_EAGAIN) { /* the one word for "not yet" */
            assert_false(tn_fence_wait(&f, poll_device, &device, 0, &b));
            b = lib_complete(&f, 0);
        } else {
            assert_true(tn_fence_wait(&f, poll_device, &device, 1000000000, &b));
            assert_int_equal(tn_dma_buffer_status(&b), answer);
            assert_int_equal(tn_dma_buffer_used(&b), answer == TN_OK ? 7 : 0);
        }
        assert_false(tn_fence_is_held(&f));
        tn_dma_buffer_release(&b);
        lib_destroy(pool);
    }
}

static void what_is_parked_comes_back_once(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        struct tn_parked_fence place = {0};
        struct tn_parked_buffer spare = {0};
        struct tn_dma_buffer b = lib_alloc(pool), c = lib_alloc(pool), d = {0};
        struct tn_fence f = lib_submit(&b, 10), g = lib_submit(&c, 20), h = {0};
        assert_true(tn_fence_park(&f, &place));
        assert_false(tn_fence_is_held(&f));
        assert_false(tn_fence_park(&g, &place));
        assert_true(tn_fence_is_held(&g));
        assert_true(tn_fence_unpark(&place, &h));
        assert_int_equal(tn_fence_length(&h), 10);
        assert_false(tn_fence_unpark(&place, &f));
        b = lib_complete(&h, 10);
        c = lib_complete(&g, 20);
        assert_true(tn_dma_buffer_park(&b, &spare));
        assert_false(tn_dma_buffer_park(&c, &spare));
        assert_true(tn_dma_buffer_unpark(&spare, &d));
        assert_int_equal(tn_dma_buffer_used(&d), 10);
        assert_false(tn_dma_buffer_unpark(&spare, &b));
        tn_dma_buffer_release(&c);
        tn_dma_buffer_release(&d);
        lib_destroy(pool);
    }
}

static void statuses_have_names_and_the_version_is_the_header_s(void **state)
{
    (void)state;
    assert_int_equal(tn_version(), TN_VERSION_MAJOR << 16 | TN_VERSION_MINOR);
    for (uint32_t status = 0; status < TN_STATUS_COUNT; status++)
        assert_int_equal(strncmp(tn_status_name((enum tn_status)status), "TN_E", status == TN_OK ? 3 : 4), 0);
    assert_string_equal(tn_status_name(TN_STATUS_COUNT), "TN_?");
    assert_string_equal(tn_status_name((enum tn_status)UINT32_MAX), "TN_?");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_life_from_alloc_to_release),
    cmocka_unit_test(buffers_are_apart_and_begin_zeroed),
    cmocka_unit_test(an_empty_pool_says_so_and_counts_no_mistake),
    cmocka_unit_test(tags_of_fences_in_flight_are_distinct),
    cmocka_unit_test(a_device_in_the_process_reaches_what_the_cpu_does_not),
    cmocka_unit_test(g2_a_failure_gives_the_buffer_back),
    cmocka_unit_test(g4_a_pool_whose_buffers_are_retired_can_be_given_back),
    cmocka_unit_test(g10_a_buffer_in_quarantine_never_comes_back),
    cmocka_unit_test(g2_a_wait_ends_with_the_device_or_with_its_deadline),
    cmocka_unit_test(g2_no_answer_of_a_device_is_taken_for_a_wait_that_goes_on),
    cmocka_unit_test(what_is_parked_comes_back_once),
    cmocka_unit_test(statuses_have_names_and_the_version_is_the_header_s),
};

UNIT_MAIN(tests)
