/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every unit test file shares: cmocka, a main that can also run one test as a negative twin, and the comparison of
 * a whole world bit by bit. What a world is, is left to each file.
 */
#ifndef TENURE_TESTS_UNIT_H
#define TENURE_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Evaluates `expression`, which must be `expected`, and demands that not one bit of `*world` moved. */
#define assert_refused(world, expected, expression)                                                                    \
    do {                                                                                                               \
        void *before_ = malloc(sizeof(*(world)));                                                                      \
        assert_non_null(before_);                                                                                      \
        memcpy(before_, (world), sizeof(*(world)));                                                                    \
        unsigned long got_ = (unsigned long)(expression);                                                              \
        int moved_ = memcmp(before_, (world), sizeof(*(world)));                                                       \
        free(before_);                                                                                                 \
        assert_int_equal(got_, (expected));                                                                            \
        assert_int_equal(moved_, 0);                                                                                   \
    } while (0)

#define assert_ok(expression) assert_int_equal((expression), TN_OK)

/*
 * PROGRAM                 all tests
 * PROGRAM --twin TEST     this program was built with a guarantee switched off: exit 0 exactly if TEST, alone, fails
 * PROGRAM --one TEST      exit 0 exactly if TEST, alone, passes
 */
static inline int unit_main(int argc, char **argv, const struct CMUnitTest *tests, size_t count)
{
    if (argc == 1)
        return _cmocka_run_group_tests("unit", tests, count, NULL, NULL);
    for (size_t i = 0; argc == 3 && i < count; i++) {
        if (strcmp(tests[i].name, argv[2]) != 0)
            continue;
        int failed = _cmocka_run_group_tests("one", &tests[i], 1, NULL, NULL);
        int wanted = strcmp(argv[1], "--twin") == 0 ? 1 : 0;
        printf("# %s %s, as it %s\n", argv[2], failed ? "failed" : "passed", failed == wanted ? "must" : "must not");
        return failed == wanted ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    fprintf(stderr, "usage: %s [--twin|--one TEST], TEST one of:\n", argv[0]);
    for (size_t i = 0; i < count; i++)
        fprintf(stderr, "  %s\n", tests[i].name);
    return 2;
}

#define UNIT_MAIN(tests)                                                                                               \
    int main(int argc, char **argv)                                                                                    \
    {                                                                                                                  \
        return unit_main(argc, argv, tests, sizeof(tests) / sizeof((tests)[0]));                                       \
    }

#endif
