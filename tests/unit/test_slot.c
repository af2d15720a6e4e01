/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slot mechanism behind every handle: order of reuse, generations, retirement.
 */
#include <core/slot.h>
#include <tenure/abi/handle.h>

#include "unit.h"

struct world {
    struct tn_slots slots;
    struct tn_slot records[4];
};

static void start(struct world *w, uint64_t generation_max)
{
    memset(w, 0xa5, sizeof(*w));
    assert_true(tn_slots_init(&w->slots, w->records, 4, generation_max));
}

static bool named(const struct world *w, uint32_t slot, uint64_t generation)
{
    return tn_slots_names(&w->slots, slot, generation);
}

static void g6_init_refuses_every_bad_argument_and_changes_nothing(void **state)
{
    (void)state;
    struct world w;
    start(&w, 9);
    const uint64_t max = TN_HANDLE_GENERATION_MAX;
    assert_refused(&w, false, tn_slots_init(&w.slots, NULL, 4, 9));
    assert_refused(&w, false, tn_slots_init(&w.slots, w.records, 0, 9));
    assert_refused(&w, false, tn_slots_init(&w.slots, w.records, (1u << 20) + 1, 9));
    assert_refused(&w, false, tn_slots_init(&w.slots, w.records, 4, 0));
    assert_refused(&w, false, tn_slots_init(&w.slots, w.records, 4, max + 1));
    assert_true(tn_slots_init(&w.slots, w.records, 4, max));
}

static void g3_the_oldest_free_slot_is_taken_first(void **state)
{
    (void)state;
    struct world w;
    start(&w, 99);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(tn_slots_take(&w.slots), i);
    assert_int_equal(w.slots.free, 0);
    tn_slots_give(&w.slots, 2);
    tn_slots_give(&w.slots, 0);
    assert_int_equal(tn_slots_take(&w.slots), 2);
    tn_slots_give(&w.slots, 3);
    assert_int_equal(tn_slots_take(&w.slots), 0);
    assert_int_equal(tn_slots_take(&w.slots), 3);
    assert_int_equal(w.slots.free, 0);
}

static void g3_a_name_from_before_a_give_names_nothing_after_reuse(void **state)
{
    (void)state;
    struct world w;
    start(&w, 99);
    uint32_t slot = tn_slots_take(&w.slots);
    assert_true(named(&w, slot, 1));
    tn_slots_give(&w.slots, slot);
    assert_false(named(&w, slot, 1));
    for (int i = 0; i < 4; i++)
        (void)tn_slots_take(&w.slots);
    assert_false(named(&w, slot, 1));
    assert_true(named(&w, slot, 2));
}

static void g3_a_name_from_before_an_advance_names_nothing(void **state)
{
    (void)state;
    struct world w;
    start(&w, 99);
    uint32_t slot = tn_slots_take(&w.slots);
    tn_slots_advance(&w.slots, slot);
    assert_false(named(&w, slot, 1));
    assert_true(named(&w, slot, 2));
}

static void g3_forged_numbers_name_nothing(void **state)
{
    (void)state;
    struct world w;
    start(&w, 99);
    assert_false(named(&w, 0, 0)); /* a slot that was never taken has generation 0 */
    uint32_t slot = tn_slots_take(&w.slots);
    assert_false(named(&w, slot, 0));
    assert_false(named(&w, slot, 2));
    assert_false(named(&w, 4, 1));
    assert_false(named(&w, UINT32_MAX, 1));
    assert_false(named(&w, TN_HANDLE_SLOT_MASK, TN_HANDLE_GENERATION_MAX));
}

static void g4_a_slot_retires_at_the_maximum_and_is_never_taken_again(void **state)
{
    (void)state;
    struct world w;
    start(&w, 3);
    uint32_t taken = 0;
    while (w.slots.free > 0 && taken < 100) { /* a table that wraps would go on for ever */
        tn_slots_give(&w.slots, tn_slots_take(&w.slots));
        taken++;
    }
    assert_int_equal(taken, 4 * 3);
    assert_int_equal(w.slots.free, 0);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(w.records[i].generation, TN_SLOT_RETIRED);
        for (uint64_t g = 0; g < 5; g++)
            assert_false(named(&w, i, g));
    }
}

static void g4_steps_that_are_left_are_counted_exactly(void **state)
{
    (void)state;
    struct world w;
    start(&w, 3);
    uint32_t slot = tn_slots_take(&w.slots);
    assert_true(tn_slots_can_advance(&w.slots, slot, 2));
    assert_false(tn_slots_can_advance(&w.slots, slot, 3));
    tn_slots_advance(&w.slots, slot);
    tn_slots_advance(&w.slots, slot);
    assert_true(tn_slots_can_advance(&w.slots, slot, 0));
    assert_false(tn_slots_can_advance(&w.slots, slot, 1));
    tn_slots_give(&w.slots, slot);
    assert_int_equal(w.records[slot].generation, TN_SLOT_RETIRED);
    assert_int_equal(w.slots.free, 3);
}

static void g6_counts_fit_at_the_largest_table(void **state)
{
    (void)state;
    uint32_t count = 1u << TN_HANDLE_SLOT_BITS;
    struct tn_slot *records = malloc(count * sizeof(*records));
    assert_non_null(records);
    struct tn_slots slots;
    assert_true(tn_slots_init(&slots, records, count, TN_HANDLE_GENERATION_MAX));
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(tn_slots_take(&slots), i);
    assert_int_equal(slots.free, 0);
    tn_slots_give(&slots, count - 1);
    assert_int_equal(tn_slots_take(&slots), count - 1);
    free(records);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(g6_init_refuses_every_bad_argument_and_changes_nothing),
    cmocka_unit_test(g3_the_oldest_free_slot_is_taken_first),
    cmocka_unit_test(g3_a_name_from_before_a_give_names_nothing_after_reuse),
    cmocka_unit_test(g3_a_name_from_before_an_advance_names_nothing),
    cmocka_unit_test(g3_forged_numbers_name_nothing),
    cmocka_unit_test(g4_a_slot_retires_at_the_maximum_and_is_never_taken_again),
    cmocka_unit_test(g4_steps_that_are_left_are_counted_exactly),
    cmocka_unit_test(g6_counts_fit_at_the_largest_table),
};

UNIT_MAIN(tests)
