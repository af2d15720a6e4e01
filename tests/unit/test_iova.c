/* SPDX-License-Identifier: Apache-2.0 */
/* Device addresses: what is never given out, what comes back, what does not fit. */
#include "iommu/iova.h"

#include "unit.h"

#define UNIT (UINT64_C(1) << IOVA_UNIT_SHIFT)

static bool meets(uint64_t a, uint64_t a_bytes, uint64_t b, uint64_t b_end)
{
    return a < b_end && b < a + a_bytes;
}

static void g8_no_address_is_given_twice_or_out_of_what_is_kept(void **state)
{
    (void)state;
    static struct iova_space s;
    static uint64_t given[IOVA_UNITS];
    uint32_t n = 0;
    uint64_t iova;
    iova_init(&s, 39);
    iova_reserve(&s, UINT64_C(0xfe000000) + 123, UINT64_C(0xfe000000) + 456); /* a part takes its unit */
    while (iova_take(&s, 3 * UNIT - 5, &iova) == TN_OK) {
        assert_int_equal(iova % UNIT, 0);
        assert_false(meets(iova, 3 * UNIT, 0, UINT64_C(16) << 20));
        assert_false(meets(iova, 3 * UNIT, UINT64_C(0xfee00000), UINT64_C(0xfef00000)));
        assert_false(meets(iova, 3 * UNIT, UINT64_C(0xfe000000), UINT64_C(0xfe000000) + UNIT));
        assert_true(iova + 3 * UNIT <= IOVA_UNITS * UNIT);
        if (n > 0)
            assert_true(iova >= given[n - 1] + 3 * UNIT);
        given[n++] = iova;
    }
    assert_true(n > IOVA_UNITS / 3 - 8);
    for (uint32_t i = 0; i < n; i++)
        iova_give(&s, given[i], 3 * UNIT - 5);
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(iova_take(&s, 3 * UNIT, &iova), TN_OK);
        assert_int_equal(iova, given[i]);
    }
}

static void test_low_addresses_come_first_and_the_width_is_kept(void **state)
{
    (void)state;
    static struct iova_space s;
    uint64_t iova, last = 0;
    for (uint32_t bits = 32; bits <= 36; bits++) {
        iova_init(&s, bits);
        assert_int_equal(iova_take(&s, 1, &iova), TN_OK);
        assert_int_equal(iova, UINT64_C(16) << 20);
        while (iova_take(&s, UNIT, &iova) == TN_OK)
            last = iova;
        assert_int_equal(last, (UINT64_C(1) << bits) - UNIT);
    }
}

static void test_what_does_not_fit_is_refused(void **state)
{
    (void)state;
    static struct iova_space s;
    uint64_t iova;
    iova_init(&s, 48);
    assert_int_equal(iova_take(&s, 0, &iova), TN_EEXHAUSTED);
    assert_int_equal(iova_take(&s, IOVA_UNITS * UNIT, &iova), TN_EEXHAUSTED);
    assert_int_equal(iova_take(&s, UINT64_MAX, &iova), TN_EEXHAUSTED);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(g8_no_address_is_given_twice_or_out_of_what_is_kept),
    cmocka_unit_test(test_low_addresses_come_first_and_the_width_is_kept),
    cmocka_unit_test(test_what_does_not_fit_is_refused),
};

UNIT_MAIN(tests)
