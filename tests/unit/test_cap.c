/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capability tables: the three checks, kind and rights, and a buffer's handle that turns into its fence's.
 */
#include <core/cap.h>

#include "unit.h"

struct world {
    struct tn_cap_table table;
    struct tn_slot slots[4];
    struct tn_cap caps[4];
};

static const struct tn_cap_grant buffer_grant = {
    .kind = TN_KIND_DMA_BUFFER, .rights = TN_RIGHT_READ, .object = 5, .object_generation = 11, .detail = 0x1234};

static void start(struct world *w, uint64_t generation_max)
{
    memset(w, 0, sizeof(*w));
    assert_true(tn_cap_table_init(&w->table, w->slots, w->caps, 4, 77, generation_max));
}

static uint64_t insert(struct world *w, const struct tn_cap_grant *grant)
{
    assert_ok(tn_cap_insert_decide(&w->table));
    return tn_cap_insert_commit(&w->table, grant);
}

/* A lookup that must be refused: the refusal counter moves by one and nothing else. */
static void refused(struct world *w, enum tn_status expected, uint64_t handle, enum tn_kind kind, uint32_t rights)
{
    struct tn_cap *out = (struct tn_cap *)w;
    struct world before = *w;
    assert_int_equal(tn_cap_lookup(&w->table, handle, kind, rights, &out), expected);
    assert_ptr_equal(out, w);
    before.table.refused++;
    assert_memory_equal(&before, w, sizeof(before));
}

static void g6_init_refuses_every_bad_argument_and_changes_nothing(void **state)
{
    (void)state;
    struct world w;
    start(&w, 9);
    assert_refused(&w, false, tn_cap_table_init(&w.table, NULL, w.caps, 4, 1, 9));
    assert_refused(&w, false, tn_cap_table_init(&w.table, w.slots, NULL, 4, 1, 9));
    assert_refused(&w, false, tn_cap_table_init(&w.table, w.slots, w.caps, 0, 1, 9));
    assert_refused(&w, false, tn_cap_table_init(&w.table, w.slots, w.caps, 4, 0, 9));
    assert_refused(&w, false, tn_cap_table_init(&w.table, w.slots, w.caps, 4, 1, 0));
}

static void g3_a_live_handle_finds_what_was_granted(void **state)
{
    (void)state;
    struct world w;
    start(&w, 99);
    uint64_t handle = insert(&w, &buffer_grant);
    struct tn_cap *cap = NULL;
    assert_ok(tn_cap_lookup(&w.table, handle, TN_KIND_DMA_BUFFER, TN_RIGHT_READ, &cap));
    assert_ptr_equal(cap, &w.caps[0]);
    assert_int_equal(cap->object, 5);
    assert_int_equal(cap->object_generation, 11);
    assert_int_equal(cap->detail, 0x1234);
    assert_int_equal(tn_cap_handle(&w.table, cap), handle);
    assert_int_equal(w.table.refused, 0);
}

static void g3_forged_handles_are_stale_and_change_nothing(void **state)
{
    (void)state;
    struct world w;
    start(&w, 99);
    uint64_t handle = insert(&w, &buffer_grant);
    const uint64_t forged[] = {TN_HANDLE_NONE,        UINT64_MAX,
                               tn_handle_make(4, 1),  tn_handle_make((uint32_t)TN_HANDLE_SLOT_MASK, 1),
                               tn_handle_make(1, 1),  tn_handle_make(0, 2),
                               tn_handle_make(0, 0),  handle ^ UINT64_C(1) << 63,
                               handle + (1ull << 20), handle - (1ull << 20)};
    for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++)
        refused(&w, TN_ESTALE, forged[i], TN_KIND_DMA_BUFFER, 0);
}

static void g3_a_foreign_handle_is_just_a_wrong_number(void **state)
{
    (void)state;
    struct world mine, other;
    start(&mine, 99);
    start(&other, 99);
    uint64_t handle = insert(&mine, &buffer_grant);
    refused(&other, TN_ESTALE, handle, TN_KIND_DMA_BUFFER, 0);
    struct tn_cap *cap;
    assert_ok(tn_cap_lookup(&mine.table, handle, TN_KIND_DMA_BUFFER, 0, &cap));
}

static void g3_kind_comes_before_rights_and_both_are_checked(void **state)
{
    (void)state;
    struct world w;
    start(&w, 99);
    uint64_t handle = insert(&w, &buffer_grant);
    refused(&w, TN_EKIND, handle, TN_KIND_FENCE, TN_RIGHT_WRITE);
    refused(&w, TN_EDENIED, handle, TN_KIND_DMA_BUFFER, TN_RIGHT_WRITE);
    refused(&w, TN_EDENIED, handle, TN_KIND_DMA_BUFFER, TN_RIGHT_READ | TN_RIGHT_WRITE);
}

static void g1_a_missing_right_is_refused(void **state)
{
    (void)state;
    struct world w;
    start(&w, 99);
    refused(&w, TN_EDENIED, insert(&w, &buffer_grant), TN_KIND_DMA_BUFFER, TN_RIGHT_CONTROL);
}

static void g3_object_generation_and_owner_epoch_are_checked(void **state)
{
    (void)state;
    struct world w;
    start(&w, 99);
    struct tn_cap *cap = NULL;
    assert_ok(tn_cap_lookup(&w.table, insert(&w, &buffer_grant), TN_KIND_DMA_BUFFER, 0, &cap));
    const struct tn_identity right = {.generation = 11, .owner_epoch = 77};
    assert_refused(&w, TN_OK, tn_cap_check(&w.table, cap, &right));
    const struct tn_identity wrong[] = {{12, 77}, {10, 77}, {0, 77}, {11, 76}, {11, 78}, {11, 0}};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct world before = w;
        assert_int_equal(tn_cap_check(&w.table, cap, &wrong[i]), TN_ESTALE);
        before.table.refused++;
        assert_memory_equal(&before, &w, sizeof(w));
    }
}

static void g3_an_entry_of_an_object_that_never_lived_is_stale(void **state)
{
    (void)state;
    struct world w;
    start(&w, 99);
    struct tn_cap_grant grant = buffer_grant;
    grant.object_generation = 0;
    struct tn_cap *cap = NULL;
    assert_ok(tn_cap_lookup(&w.table, insert(&w, &grant), TN_KIND_DMA_BUFFER, 0, &cap));
    const struct tn_identity dead = {.generation = 0, .owner_epoch = 77};
    assert_int_equal(tn_cap_check(&w.table, cap, &dead), TN_ESTALE);
}

static void g1_a_buffer_handle_is_stale_once_it_turned_into_its_fence(void **state)
{
    (void)state;
    struct world w;
    start(&w, 99);
    uint64_t buffer = insert(&w, &buffer_grant);
    struct tn_cap *cap = NULL;
    assert_ok(tn_cap_lookup(&w.table, buffer, TN_KIND_DMA_BUFFER, 0, &cap));
    assert_ok(tn_cap_turn_decide(&w.table, cap));
    uint64_t fence = tn_cap_turn_commit(&w.table, cap, TN_KIND_FENCE, 0x99);
    assert_int_not_equal(fence, buffer);
    refused(&w, TN_ESTALE, buffer, TN_KIND_DMA_BUFFER, 0);
    refused(&w, TN_ESTALE, buffer, TN_KIND_FENCE, 0);
    assert_ok(tn_cap_lookup(&w.table, fence, TN_KIND_FENCE, 0, &cap));
    assert_int_equal(cap->detail, 0x99);
    assert_int_equal(cap->object, 5);

    uint64_t again = tn_cap_turn_commit(&w.table, cap, TN_KIND_DMA_BUFFER, 0x100);
    refused(&w, TN_ESTALE, fence, TN_KIND_FENCE, 0);
    refused(&w, TN_ESTALE, buffer, TN_KIND_DMA_BUFFER, 0);
    assert_ok(tn_cap_lookup(&w.table, again, TN_KIND_DMA_BUFFER, 0, &cap));
}

static void g3_a_handle_from_before_removal_is_stale_after_reuse(void **state)
{
    (void)state;
    struct world w;
    start(&w, 99);
    uint64_t old = insert(&w, &buffer_grant);
    struct tn_cap *cap = NULL;
    assert_ok(tn_cap_lookup(&w.table, old, TN_KIND_DMA_BUFFER, 0, &cap));
    tn_cap_remove_commit(&w.table, cap);
    refused(&w, TN_ESTALE, old, TN_KIND_DMA_BUFFER, 0);
    for (int i = 0; i < 4; i++)
        (void)insert(&w, &buffer_grant);
    refused(&w, TN_ESTALE, old, TN_KIND_DMA_BUFFER, 0);
}

static void g4_a_turn_is_refused_when_the_generations_cannot_carry_it(void **state)
{
    (void)state;
    struct world w;
    start(&w, 4);
    uint64_t handle = insert(&w, &buffer_grant); /* generation 1 */
    struct tn_cap *cap = NULL;
    assert_ok(tn_cap_lookup(&w.table, handle, TN_KIND_DMA_BUFFER, 0, &cap));
    assert_ok(tn_cap_turn_decide(&w.table, cap)); /* to 3 */
    (void)tn_cap_turn_commit(&w.table, cap, TN_KIND_FENCE, 0);
    handle = tn_cap_turn_commit(&w.table, cap, TN_KIND_DMA_BUFFER, 0);
    assert_int_equal(tn_handle_generation(handle), 3);
    assert_refused(&w, TN_ERETIRED, tn_cap_turn_decide(&w.table, cap));
    /* It can still be released. */
    tn_cap_remove_commit(&w.table, cap);
    assert_int_equal(w.table.slots.free, 4);
}

static void g4_a_table_of_retired_slots_is_exhausted_and_every_old_handle_stays_stale(void **state)
{
    (void)state;
    struct world w;
    start(&w, 2);
    uint64_t handle[100];
    uint32_t n = 0;
    while (n < 100 && tn_cap_insert_decide(&w.table) == TN_OK) {
        struct tn_cap *cap = NULL;
        handle[n] = tn_cap_insert_commit(&w.table, &buffer_grant);
        assert_ok(tn_cap_lookup(&w.table, handle[n++], TN_KIND_DMA_BUFFER, 0, &cap));
        tn_cap_remove_commit(&w.table, cap);
    }
    assert_int_equal(n, 8);
    assert_refused(&w, TN_EEXHAUSTED, tn_cap_insert_decide(&w.table));
    for (uint32_t i = 0; i < n; i++)
        refused(&w, TN_ESTALE, handle[i], TN_KIND_DMA_BUFFER, 0);
}

static void g6_a_full_table_refuses_and_changes_nothing(void **state)
{
    (void)state;
    struct world w;
    start(&w, 99);
    for (int i = 0; i < 4; i++)
        (void)insert(&w, &buffer_grant);
    assert_refused(&w, TN_EEXHAUSTED, tn_cap_insert_decide(&w.table));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(g6_init_refuses_every_bad_argument_and_changes_nothing),
    cmocka_unit_test(g3_a_live_handle_finds_what_was_granted),
    cmocka_unit_test(g3_forged_handles_are_stale_and_change_nothing),
    cmocka_unit_test(g3_a_foreign_handle_is_just_a_wrong_number),
    cmocka_unit_test(g3_kind_comes_before_rights_and_both_are_checked),
    cmocka_unit_test(g1_a_missing_right_is_refused),
    cmocka_unit_test(g3_object_generation_and_owner_epoch_are_checked),
    cmocka_unit_test(g3_an_entry_of_an_object_that_never_lived_is_stale),
    cmocka_unit_test(g1_a_buffer_handle_is_stale_once_it_turned_into_its_fence),
    cmocka_unit_test(g3_a_handle_from_before_removal_is_stale_after_reuse),
    cmocka_unit_test(g4_a_turn_is_refused_when_the_generations_cannot_carry_it),
    cmocka_unit_test(g4_a_table_of_retired_slots_is_exhausted_and_every_old_handle_stays_stale),
    cmocka_unit_test(g6_a_full_table_refuses_and_changes_nothing),
};

UNIT_MAIN(tests)
