/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Budgets: charged up to the limit and not one further, without a sum that wraps.
 */
#include <core/ledger.h>

#include "unit.h"

static void g6_every_charge_is_granted_at_its_limit_and_refused_at_one_more(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < TN_CHARGE_COUNT; i++) {
        struct tn_ledger ledger = {0};
        enum tn_charge charge = (enum tn_charge)i;
        ledger.limit[charge] = 3;
        assert_ok(tn_ledger_decide(&ledger, charge, 3));
        assert_refused(&ledger, TN_EBUDGET, tn_ledger_decide(&ledger, charge, 4));
        tn_ledger_commit(&ledger, charge, 2);
        assert_int_equal(ledger.used[charge], 2);
        assert_ok(tn_ledger_decide(&ledger, charge, 1));
        assert_refused(&ledger, TN_EBUDGET, tn_ledger_decide(&ledger, charge, 2));
        tn_ledger_commit(&ledger, charge, 1);
        assert_refused(&ledger, TN_EBUDGET, tn_ledger_decide(&ledger, charge, 1));
        assert_ok(tn_ledger_decide(&ledger, charge, 0));
        tn_ledger_refund(&ledger, charge, 3);
        assert_int_equal(ledger.used[charge], 0);
    }
}

static void g6_an_amount_that_would_wrap_is_refused(void **state)
{
    (void)state;
    struct tn_ledger ledger = {0};
    ledger.limit[TN_CHARGE_POOL_BYTES] = UINT64_MAX - 1;
    tn_ledger_commit(&ledger, TN_CHARGE_POOL_BYTES, UINT64_MAX - 2);
    assert_refused(&ledger, TN_EBUDGET, tn_ledger_decide(&ledger, TN_CHARGE_POOL_BYTES, 2));
    assert_refused(&ledger, TN_EBUDGET, tn_ledger_decide(&ledger, TN_CHARGE_POOL_BYTES, 4));
    assert_refused(&ledger, TN_EBUDGET, tn_ledger_decide(&ledger, TN_CHARGE_POOL_BYTES, UINT64_MAX));
    assert_ok(tn_ledger_decide(&ledger, TN_CHARGE_POOL_BYTES, 1));
}

static void g6_one_charge_does_not_touch_another(void **state)
{
    (void)state;
    struct tn_ledger ledger = {0};
    ledger.limit[TN_CHARGE_BUFFERS] = 5;
    assert_ok(tn_ledger_charge(&ledger, TN_CHARGE_BUFFERS, 5));
    for (uint32_t i = 0; i < TN_CHARGE_COUNT; i++)
        assert_int_equal(ledger.used[i], i == TN_CHARGE_BUFFERS ? 5 : 0);
}

static void g6_a_refusal_is_counted_and_nothing_else_changes(void **state)
{
    (void)state;
    struct tn_ledger ledger = {0};
    ledger.limit[TN_CHARGE_CHANNELS] = 1;
    assert_ok(tn_ledger_charge(&ledger, TN_CHARGE_CHANNELS, 1));
    struct tn_ledger expected = ledger;
    expected.refused[TN_CHARGE_CHANNELS] = 1;
    assert_int_equal(tn_ledger_charge(&ledger, TN_CHARGE_CHANNELS, 1), TN_EBUDGET);
    assert_memory_equal(&ledger, &expected, sizeof(ledger));
}

static void g6_a_charge_out_of_range_is_refused(void **state)
{
    (void)state;
    struct tn_ledger ledger = {0};
    assert_refused(&ledger, TN_EBUDGET, tn_ledger_decide(&ledger, TN_CHARGE_COUNT, 0));
    assert_refused(&ledger, TN_EBUDGET, tn_ledger_charge(&ledger, (enum tn_charge)UINT32_MAX, 0));
    assert_string_equal(tn_charge_name(TN_CHARGE_COUNT), "?");
    for (uint32_t i = 0; i < TN_CHARGE_COUNT; i++)
        assert_string_not_equal(tn_charge_name((enum tn_charge)i), "?");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(g6_every_charge_is_granted_at_its_limit_and_refused_at_one_more),
    cmocka_unit_test(g6_an_amount_that_would_wrap_is_refused),
    cmocka_unit_test(g6_one_charge_does_not_touch_another),
    cmocka_unit_test(g6_a_refusal_is_counted_and_nothing_else_changes),
    cmocka_unit_test(g6_a_charge_out_of_range_is_refused),
};

UNIT_MAIN(tests)
