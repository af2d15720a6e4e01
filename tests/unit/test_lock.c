/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ranks of locks, as debug builds check them: the machine's panic is a jump here, and its words are looked at.
 */
#ifndef TN_DEBUG
#define TN_DEBUG 1
#endif

#include <stdbool.h>

#include "lib/lock.c" /* first: its EXIT_SUCCESS is not the host's */

#include "unit.h"

struct percpu boot_cpu;
static jmp_buf on_panic;
static char words[320], expected[320];

_Noreturn void panic(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    longjmp(on_panic, 1);
}

static const struct lock_place first = {"../kernel/a.c", 11}, second = {"../../kernel/b.c", 22}, third = {"c.c", 33};

struct step {
    enum { TAKE, GIVE, WINDOW, LEAVE } what;
    uint32_t lock;
    const struct lock_place *place;
};

static void take_step(const struct step *step)
{
    if (step->what == TAKE)
        lock_acquire_at(&locks[step->lock], step->place);
    else if (step->what == GIVE)
        lock_release_at(&locks[step->lock], step->place);
    else if (step->what == WINDOW)
        lock_check_window();
    else
        lock_check_none();
}

/* True: the steps end in a panic, and `words` says why. All locks are free and forgotten afterwards. */
static __attribute__((noinline)) bool panics(const struct step *step, uint32_t count)
{
    const struct lock_place *was[LOCK_COUNT];
    volatile bool panicked = true;
    words[0] = '\0';
    if (setjmp(on_panic) == 0) {
        for (uint32_t i = 0; i < count; i++)
            take_step(&step[i]);
        panicked = false;
    }
    lock_abandon_all(was);
    return panicked;
}
#define STEPS(...) (const struct step[]){__VA_ARGS__}, sizeof((const struct step[]){__VA_ARGS__}) / sizeof(struct step)

static void every_pair_in_the_wrong_order_is_a_panic_with_both_places(void **state)
{
    (void)state;
    for (uint32_t high = 0; high < LOCK_COUNT; high++)
        for (uint32_t low = 0; low < high; low++) {
            assert_true(panics(STEPS({TAKE, high, &first}, {TAKE, low, &second})));
            snprintf(expected, sizeof expected,
                     "lock: wrong order: %s (rank %u) is taken at kernel/b.c:22, while %s (rank %u) is held since "
                     "kernel/a.c:11",
                     locks[low].name, locks[low].rank, locks[high].name, locks[high].rank);
            assert_string_equal(words, expected);
        }
}

static void every_pair_in_the_right_order_is_none(void **state)
{
    (void)state;
    for (uint32_t high = 0; high < LOCK_COUNT; high++)
        for (uint32_t low = 0; low < high; low++) {
            uint64_t before = locks[low].taken;
            assert_false(panics(STEPS({TAKE, low, &first}, {TAKE, high, &second}, {GIVE, high, &third},
                                      {GIVE, low, &third}, {LEAVE, 0, NULL})));
            assert_int_equal(locks[low].taken, before + 1);
            /* one after the other is no order */
            assert_false(panics(STEPS({TAKE, high, &first}, {GIVE, high, &first}, {TAKE, low, &second})));
        }
}

static void a_lock_taken_twice_is_a_panic(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < LOCK_COUNT; i++) {
        assert_true(panics(STEPS({TAKE, i, &first}, {TAKE, i, &second})));
        snprintf(expected, sizeof expected,
                 "lock: %s (rank %u) is taken at kernel/b.c:22, and is held since kernel/a.c:11", locks[i].name,
                 locks[i].rank);
        assert_string_equal(words, expected);
    }
}

static void giving_back_in_another_order_or_what_is_not_held_is_a_panic(void **state)
{
    (void)state;
    uint32_t low = LOCK_FRAME_ALLOCATOR, high = LOCK_AUDIT_LOG;
    assert_true(panics(STEPS({TAKE, low, &first}, {TAKE, high, &second}, {GIVE, low, &third})));
    assert_string_equal(words, "lock: wrong order: frame allocator (rank 40, held since kernel/a.c:11) is given back "
                               "at c.c:33, before audit log (rank 60), which is held since kernel/b.c:22");
    assert_true(panics(STEPS({GIVE, low, &third})));
    assert_string_equal(words, "lock: frame allocator (rank 40) is given back at c.c:33, and is not held");
}

static void a_window_is_open_to_what_a_handler_takes(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < LOCK_COUNT; i++) {
        assert_int_equal(panics(STEPS({TAKE, i, &first}, {WINDOW, 0, NULL})), i >= LOCK_INTERRUPT_ROUTES);
        assert_true(panics(STEPS({TAKE, i, &first}, {LEAVE, 0, NULL})));
    }
    assert_false(panics(STEPS({WINDOW, 0, NULL}, {LEAVE, 0, NULL})));
}

static void ranks_grow_along_the_table(void **state)
{
    (void)state;
    for (uint32_t i = 1; i < LOCK_COUNT; i++)
        assert_true(locks[i - 1].rank < locks[i].rank);
}

static void a_panic_learns_what_was_held_and_frees_it(void **state)
{
    (void)state;
    const struct lock_place *was[LOCK_COUNT];
    lock_acquire_at(&locks[LOCK_LOG], &first);
    lock_abandon_all(was);
    for (uint32_t i = 0; i < LOCK_COUNT; i++)
        assert_ptr_equal(was[i], i == LOCK_LOG ? &first : NULL);
    assert_false(panics(STEPS({TAKE, LOCK_DEVICE_MANAGER, &first}, {TAKE, LOCK_LOG, &first})));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_pair_in_the_wrong_order_is_a_panic_with_both_places),
    cmocka_unit_test(every_pair_in_the_right_order_is_none),
    cmocka_unit_test(a_lock_taken_twice_is_a_panic),
    cmocka_unit_test(giving_back_in_another_order_or_what_is_not_held_is_a_panic),
    cmocka_unit_test(a_window_is_open_to_what_a_handler_takes),
    cmocka_unit_test(ranks_grow_along_the_table),
    cmocka_unit_test(a_panic_learns_what_was_held_and_frees_it),
};

UNIT_MAIN(tests)
