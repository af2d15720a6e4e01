/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log: one order over all subjects, a quota for each.
 */
#include <kernel/diag/audit.h>

#include "unit.h"

static void record(uint32_t subject, uint32_t action, enum tn_status status)
{
    audit_record(&(struct audit_event){.subject = subject,
                                       .label = subject == AUDIT_KERNEL ? "kernel" : "driver",
                                       .time_ns = 7,
                                       .action = action,
                                       .status = status,
                                       .kind = TN_KIND_DMA_POOL,
                                       .generation = 5,
                                       .reason = 3});
}

/* One test: the log is the kernel's own, and lasts. */
static void g12_records_are_in_order_and_nobody_evicts_anothers(void **state)
{
    (void)state;
    struct tn_audit_record r[TN_AUDIT_READ_MAX];
    uint64_t next;
    assert_int_equal(audit_read(0, r, TN_AUDIT_READ_MAX, &next), 0);
    record(0, 32, TN_OK);
    record(AUDIT_KERNEL, TN_AUDIT_DEVICE_LOST, TN_EIO);
    record(1, 33, TN_ESTALE);
    assert_int_equal(audit_read(0, r, TN_AUDIT_READ_MAX, &next), 3);
    assert_int_equal(next, 4);
    assert_string_equal(r[0].subject, "driver");
    assert_string_equal(r[1].subject, "kernel");
    const uint32_t actions[] = {32, TN_AUDIT_DEVICE_LOST, 33};
    for (uint64_t i = 0; i < 3; i++) {
        assert_int_equal(r[i].sequence, i + 1);
        assert_int_equal(r[i].action, actions[i]);
        assert_true(r[i].time_ns == 7 && r[i].generation == 5 && r[i].reason == 3 && r[i].kind == TN_KIND_DMA_POOL);
    }
    assert_int_equal(r[2].status, TN_ESTALE);
    assert_int_equal(audit_read(2, r, 1, &next), 1);
    assert_int_equal(r[0].sequence, 2);
    assert_int_equal(next, 3);

    for (uint32_t i = 0; i < 3 * TN_AUDIT_QUOTA; i++) /* somebody makes noise */
        record(2, 36, TN_EBUDGET);
    assert_int_equal(audit_counts(2).recorded, 3 * TN_AUDIT_QUOTA);
    assert_int_equal(audit_counts(2).lost, 2 * TN_AUDIT_QUOTA);
    assert_int_equal(audit_counts(AUDIT_SUBJECTS).lost, 2 * TN_AUDIT_QUOTA);
    assert_int_equal(audit_counts(0).lost, 0);
    uint64_t seen = 0, last = 0;
    next = 0;
    for (uint32_t n; (n = audit_read(next, r, TN_AUDIT_READ_MAX, &next)) > 0; seen += n)
        for (uint32_t i = 0; i < n; i++) {
            assert_true(r[i].sequence > last);
            last = r[i].sequence;
            assert_true(r[i].sequence <= 3 || r[i].sequence > 3 + 2 * TN_AUDIT_QUOTA);
        }
    assert_int_equal(seen, 3 + TN_AUDIT_QUOTA);
    assert_int_equal(last, 3 + 3 * TN_AUDIT_QUOTA);
    audit_allowed[1]++;
    assert_int_equal(audit_counts(1).allowed, 1);
    assert_int_equal(audit_counts(1).recorded, 1);
}

static void g12_every_operation_and_kind_has_a_name(void **state)
{
    (void)state;
    const uint32_t operations[] = {0, 1, 2, 3, 4, 16, 17, 18, 19, 20, 21, 22, 23, 32, 33, 34, 35, 36, 48, 49, 50, 64};
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
        assert_string_not_equal(audit_action_name(operations[i]), "?");
    for (uint32_t action = TN_AUDIT_PROCESS_START; action <= TN_AUDIT_GRANT; action++)
        assert_string_not_equal(audit_action_name(action), "?");
    assert_string_equal(audit_action_name(5), "?");
    for (uint32_t kind = 0; kind < TN_KIND_COUNT; kind++)
        assert_non_null(audit_kind_name(kind));
    assert_string_equal(audit_kind_name(TN_KIND_COUNT), "?");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(g12_records_are_in_order_and_nobody_evicts_anothers),
    cmocka_unit_test(g12_every_operation_and_kind_has_a_name),
};

UNIT_MAIN(tests)
