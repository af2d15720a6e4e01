/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ends that wait for a flush: one that began after they came, and has finished.
 */
#include <core/gather.h>

#include "unit.h"

enum { ENTRIES = 3 };

struct world {
    struct tn_gather gather;
    struct tn_gathered gathered[ENTRIES];
};

static void world_init(struct world *w)
{
    memset(w, 0, sizeof(*w));
    assert_true(tn_gather_init(&w->gather, w->gathered, ENTRIES));
}

static void add(struct world *w, uint64_t name)
{
    assert_ok(tn_gather_add_decide(&w->gather));
    tn_gather_add_commit(&w->gather, name);
}

static void end(struct world *w, uint64_t number)
{
    assert_ok(tn_gather_flush_end_decide(&w->gather, number));
    tn_gather_flush_end_commit(&w->gather, number);
}

static void leaves(struct world *w, uint64_t name)
{
    assert_true(tn_gather_has_next(&w->gather));
    assert_int_equal(tn_gather_next_commit(&w->gather), name);
}

static void g6_gather_init_refuses_every_bad_argument_and_changes_nothing(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    assert_refused(&w, false, tn_gather_init(&w.gather, NULL, ENTRIES));
    assert_refused(&w, false, tn_gather_init(&w.gather, w.gathered, 0));
    assert_refused(&w, false, tn_gather_init(&w.gather, w.gathered, (1u << 20) + 1));
    assert_true(tn_gather_init(&w.gather, w.gathered, 1u << 20));
}

static void g10_nothing_leaves_before_a_flush_that_began_later_has_ended(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    assert_false(tn_gather_has_next(&w.gather));
    uint64_t early = tn_gather_flush_begin(&w.gather); /* before anything came */
    add(&w, 11);
    assert_refused(&w, TN_ESTALE, tn_gather_flush_end_decide(&w.gather, early));
    assert_refused(&w, TN_ESTALE, tn_gather_flush_end_decide(&w.gather, early + 1)); /* nobody began it */
    assert_false(tn_gather_has_next(&w.gather));
    uint64_t first = tn_gather_flush_begin(&w.gather);
    add(&w, 12); /* too late for the first */
    end(&w, first);
    leaves(&w, 11);
    assert_false(tn_gather_has_next(&w.gather));
    uint64_t second = tn_gather_flush_begin(&w.gather);
    end(&w, second);
    leaves(&w, 12);
    assert_false(tn_gather_has_next(&w.gather));
}

static void g2_a_flush_ends_once(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    add(&w, 1);
    uint64_t first = tn_gather_flush_begin(&w.gather);
    assert_int_equal(tn_gather_flush_begin(&w.gather), first); /* nothing came between */
    add(&w, 2);
    uint64_t second = tn_gather_flush_begin(&w.gather);
    end(&w, second); /* the later one covers the earlier */
    assert_refused(&w, TN_ESTALE, tn_gather_flush_end_decide(&w.gather, first));
    assert_refused(&w, TN_ESTALE, tn_gather_flush_end_decide(&w.gather, second));
    assert_refused(&w, TN_ESTALE, tn_gather_flush_end_decide(&w.gather, 0));
    assert_refused(&w, TN_ESTALE, tn_gather_flush_end_decide(&w.gather, UINT64_MAX));
    leaves(&w, 1);
    leaves(&w, 2);
}

static void g6_a_full_gather_says_flush_first(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    for (uint64_t round = 0; round < 3; round++) {
        for (uint64_t i = 0; i < ENTRIES; i++)
            add(&w, 10 * round + i + 1);
        assert_refused(&w, TN_EAGAIN, tn_gather_add_decide(&w.gather));
        uint64_t number = tn_gather_flush_begin(&w.gather);
        assert_refused(&w, TN_EAGAIN, tn_gather_add_decide(&w.gather));
        end(&w, number);
        assert_refused(&w, TN_EAGAIN, tn_gather_add_decide(&w.gather)); /* covered, not gone */
        for (uint64_t i = 0; i < ENTRIES; i++)
            leaves(&w, 10 * round + i + 1);
    }
    w.gather.head = w.gather.done = w.gather.begun = w.gather.tail = UINT64_MAX; /* places are not counted again */
    assert_refused(&w, TN_EAGAIN, tn_gather_add_decide(&w.gather));
}

static void g10_a_number_between_those_of_two_flushes_ends_none(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    add(&w, 1);
    uint64_t first = tn_gather_flush_begin(&w.gather);
    add(&w, 2);
    add(&w, 3);
    uint64_t second = tn_gather_flush_begin(&w.gather);
    assert_int_equal(second, first + 2);
    assert_refused(&w, TN_ESTALE, tn_gather_flush_end_decide(&w.gather, first + 1)); /* else 2 would leave unflushed */
    end(&w, first);
    leaves(&w, 1);
    assert_refused(&w, TN_ESTALE, tn_gather_flush_end_decide(&w.gather, first + 1));
    add(&w, 4); /* where 1 was: no flush has begun since */
    (void)tn_gather_flush_begin(&w.gather);
    end(&w, second);
    assert_true(tn_gather_has_next(&w.gather));
    leaves(&w, 2);
    leaves(&w, 3);
    assert_false(tn_gather_has_next(&w.gather));
}

static void g10_a_place_forgets_the_flush_of_who_was_there(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    add(&w, 1);
    end(&w, tn_gather_flush_begin(&w.gather)); /* number 1, at the first place */
    leaves(&w, 1);
    add(&w, 2);
    add(&w, 3);
    end(&w, tn_gather_flush_begin(&w.gather));
    leaves(&w, 2);
    leaves(&w, 3);
    for (uint64_t name = 4; name <= 6; name++)
        add(&w, name); /* the fourth is where the first was */
    assert_int_equal(tn_gather_flush_begin(&w.gather), 6);
    assert_refused(&w, TN_ESTALE, tn_gather_flush_end_decide(&w.gather, 4));
    end(&w, 6);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(g10_a_place_forgets_the_flush_of_who_was_there),
    cmocka_unit_test(g10_a_number_between_those_of_two_flushes_ends_none),
    cmocka_unit_test(g6_gather_init_refuses_every_bad_argument_and_changes_nothing),
    cmocka_unit_test(g10_nothing_leaves_before_a_flush_that_began_later_has_ended),
    cmocka_unit_test(g2_a_flush_ends_once),
    cmocka_unit_test(g6_a_full_gather_says_flush_first),
};

UNIT_MAIN(tests)
