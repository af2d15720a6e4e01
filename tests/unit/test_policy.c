/* SPDX-License-Identifier: Apache-2.0 */
/* Which DMA policy a device gets, and when it is believed to be silent. */
#include "device/policy.h"
#include "device/silence.h"

#include "unit.h"

/* How much a policy lets a device reach; a weaker one reaches more. */
static int reach(uint32_t policy)
{
    static const int of[] = {
        [TN_POLICY_BLOCKED] = 0, [TN_POLICY_STRICT] = 1, [TN_POLICY_POOL] = 2, [TN_POLICY_TRUSTED] = 3};
    return of[policy];
}

static void g8_no_policy_is_weaker_than_what_the_manifest_accepts(void **state)
{
    (void)state;
    for (uint32_t minimum = TN_POLICY_BLOCKED; minimum <= TN_POLICY_STRICT; minimum++)
        for (uint32_t bits = 0; bits < 8; bits++) {
            const struct policy_means m = {bits & 1, bits >> 1 & 1, bits >> 2 & 1};
            uint32_t policy = policy_choose(minimum, &m);
            assert_true(reach(policy) <= reach(minimum));
            if (policy == TN_POLICY_STRICT || policy == TN_POLICY_POOL)
                assert_true(m.has_unit && m.obeys && m.is_isolated);
        }
    assert_int_equal(policy_choose(77, &(struct policy_means){true, true, true}), TN_POLICY_BLOCKED);
}

static void test_the_policy_for_each_machine(void **state)
{
    (void)state;
    const struct policy_means all = {true, true, true}, none = {false, true, true}, past = {true, false, true},
                              shared = {true, true, false};
    assert_int_equal(policy_choose(TN_POLICY_STRICT, &all), TN_POLICY_STRICT);
    assert_int_equal(policy_choose(TN_POLICY_POOL, &all), TN_POLICY_POOL);
    assert_int_equal(policy_choose(TN_POLICY_TRUSTED, &all), TN_POLICY_STRICT); /* better than what is accepted */
    assert_int_equal(policy_choose(TN_POLICY_TRUSTED, &none), TN_POLICY_TRUSTED);
    assert_int_equal(policy_choose(TN_POLICY_TRUSTED, &past), TN_POLICY_TRUSTED);
    assert_int_equal(policy_choose(TN_POLICY_TRUSTED, &shared), TN_POLICY_BLOCKED);
    assert_int_equal(policy_choose(TN_POLICY_STRICT, &none), TN_POLICY_BLOCKED);
    assert_int_equal(policy_choose(TN_POLICY_STRICT, &past), TN_POLICY_BLOCKED);
    assert_int_equal(policy_choose(TN_POLICY_POOL, &shared), TN_POLICY_BLOCKED);
    assert_int_equal(policy_choose(TN_POLICY_BLOCKED, &all), TN_POLICY_BLOCKED);
}

/* Every combination of three results for eight items. */
static void g10_a_device_is_silent_only_on_evidence(void **state)
{
    (void)state;
    uint32_t never = 0, sufficient = 0, by_word = 0;
    for (uint32_t n = 0; n < 6561; n++) {
        struct evidence e;
        bool failed = false;
        for (uint32_t i = 0, rest = n; i < EVIDENCE_ITEMS; i++, rest /= 3) {
            e.item[i] = (uint8_t)(rest % 3);
            failed = failed || e.item[i] == EVIDENCE_FAILED;
        }
        if (e.item[EVIDENCE_ABSENT] != EVIDENCE_NOT_APPLICABLE) { /* it is gone, or nobody can say so */
            assert_int_equal(evidence_suffices(&e, false), !failed);
            assert_int_equal(evidence_suffices(&e, true), !failed);
            continue;
        }
        by_word += evidence_suffices(&e, true) && !evidence_suffices(&e, false);
        if (evidence_suffices(&e, true) && !evidence_suffices(&e, false))
            assert_true(e.item[EVIDENCE_DEVICE_WORD] == EVIDENCE_PASSED && !failed &&
                        e.item[EVIDENCE_BUS_MASTER] == EVIDENCE_PASSED);
        if (!evidence_suffices(&e, false))
            continue;
        assert_true(evidence_suffices(&e, true));
        sufficient++;
        assert_false(failed);
        assert_int_equal(e.item[EVIDENCE_BUS_MASTER], EVIDENCE_PASSED);
        if (e.item[EVIDENCE_NEVER] == EVIDENCE_PASSED) {
            never++;
            continue;
        }
        if (e.item[EVIDENCE_RESET] != EVIDENCE_PASSED) { /* a word is not enough where nobody blocks */
            assert_int_equal(e.item[EVIDENCE_DEVICE_WORD], EVIDENCE_PASSED);
            assert_int_equal(e.item[EVIDENCE_BLOCKED], EVIDENCE_PASSED);
        }
    }
    assert_int_equal(never, 32);
    assert_int_equal(sufficient - never, 16 + 4); /* with a reset; with a word behind an IOMMU */
    assert_int_equal(by_word, 4);                 /* transactions and fault log: passed or n/a */
    for (uint32_t i = 0; i < EVIDENCE_ITEMS; i++)
        assert_string_not_equal(evidence_name(i), "?");
    assert_string_equal(evidence_result_name(EVIDENCE_NOT_APPLICABLE), "n/a");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(g8_no_policy_is_weaker_than_what_the_manifest_accepts),
    cmocka_unit_test(test_the_policy_for_each_machine),
    cmocka_unit_test(g10_a_device_is_silent_only_on_evidence),
};

UNIT_MAIN(tests)
