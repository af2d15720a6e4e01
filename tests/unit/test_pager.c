/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of a command's output: every line is on exactly one of them.
 */
#include <kernel/diag/pager.h>

#include "unit.h"

/* A command of `total` lines, paged by `key`: how many pages; `seen` counts each line. */
static uint64_t pages(uint64_t total, enum pager_key key, unsigned *seen)
{
    uint64_t first = 0, count = PAGER_LINES, n = 0;
    do {
        struct pager pager = {.first = first, .count = count};
        for (uint64_t i = 0; i < total; i++)
            if (pager_takes(&pager))
                seen[i]++;
        first = pager_next(&pager);
        count = pager_lines(key);
        n++;
    } while (first != 0 && count != 0);
    return n;
}

static void every_line_is_on_one_page(void **state)
{
    (void)state;
    for (uint64_t total = 0; total < 5 * PAGER_LINES; total++)
        for (enum pager_key key = PAGER_PAGE; key <= PAGER_LINE; key++) {
            unsigned seen[5 * PAGER_LINES] = {0};
            uint64_t n = pages(total, key, seen);
            for (uint64_t i = 0; i < total; i++)
                assert_int_equal(seen[i], 1);
            uint64_t behind = total > PAGER_LINES ? total - PAGER_LINES : 0;
            assert_int_equal(n, 1 + (key == PAGER_LINE ? behind : (behind + PAGER_LINES - 1) / PAGER_LINES));
        }
}

static void quitting_shows_one_page(void **state)
{
    (void)state;
    unsigned seen[100] = {0};
    assert_int_equal(pages(100, PAGER_QUIT, seen), 1);
    assert_true(seen[PAGER_LINES - 1] == 1 && seen[PAGER_LINES] == 0);
}

static void output_that_shrank_and_numbers_at_the_end_are_no_page(void **state)
{
    (void)state;
    struct pager behind = {.first = 100, .count = PAGER_LINES};
    for (int i = 0; i < 50; i++)
        assert_false(pager_takes(&behind));
    assert_int_equal(pager_next(&behind), 0);
    struct pager last = {.first = UINT64_MAX, .count = UINT64_MAX};
    assert_false(pager_takes(&last));
    assert_int_equal(pager_next(&last), 0);
    struct pager none = {.first = 0, .count = 0};
    assert_false(pager_takes(&none));
}

static void keys_are_space_enter_and_quit(void **state)
{
    (void)state;
    unsigned known = 0;
    for (unsigned byte = 0; byte < 256; byte++)
        known += pager_key((uint8_t)byte) != PAGER_NO_KEY;
    assert_int_equal(known, 6);
    assert_int_equal(pager_key(' '), PAGER_PAGE);
    assert_int_equal(pager_key('\r'), PAGER_LINE);
    assert_int_equal(pager_key('q'), PAGER_QUIT);
    assert_int_equal(pager_key(3), PAGER_QUIT);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_line_is_on_one_page),
    cmocka_unit_test(quitting_shows_one_page),
    cmocka_unit_test(output_that_shrank_and_numbers_at_the_end_are_no_page),
    cmocka_unit_test(keys_are_space_enter_and_quit),
};

UNIT_MAIN(tests)
