/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver kit's formatter and its reader of manifest arguments.
 */
#include <tn_format.h>
#include <user/lib/args.h>

#include "unit.h"

__attribute__((format(printf, 2, 3))) static void expect(const char *want, const char *format, ...)
{
    char out[64];
    va_list arguments;
    va_start(arguments, format);
    size_t length = tn_format_v(out, sizeof(out), format, arguments);
    va_end(arguments);
    assert_string_equal(out, want);
    assert_int_equal(length, strlen(want));
}

static void every_conversion_prints_its_value(void **state)
{
    (void)state;
    expect("plain 100%", "plain 100%%");
    expect("0 4294967295", "%u %u", 0u, UINT32_MAX);
    expect("18446744073709551615 ffffffffffffffff", "%lu %lx", UINT64_MAX, UINT64_MAX);
    expect("-1 -9223372036854775808", "%d %ld", -1, INT64_MIN);
    expect("0x0a   7|-007", "0x%02x %3u|%04d", 10u, 7u, -7);
    expect("name    .", "%8s.", "name");
    expect("c 5", "%c %llu", 'c', 5ull);
}

static size_t format_into(char *out, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t length = tn_format_v(out, size, format, arguments);
    va_end(arguments);
    return length;
}

static void g6_what_does_not_fit_is_cut_off(void **state)
{
    (void)state;
    char out[8];
    memset(out, '#', sizeof(out));
    assert_int_equal(format_into(out, 4, "%s", "abcdef"), 3);
    assert_string_equal(out, "abc");
    assert_int_equal(out[4], '#');
    assert_int_equal(format_into(out, 1, "%99u", 1u), 0);
    assert_string_equal(out, "");
}

static void an_unknown_conversion_or_a_cut_format_is_harmless(void **state)
{
    (void)state;
    char out[16];
    format_into(out, sizeof(out), "%q.");
    assert_string_equal(out, "?.");
    format_into(out, sizeof(out), "%");
    assert_string_equal(out, "?");
    format_into(out, sizeof(out), "%08");
    assert_string_equal(out, "?");
}

static uint64_t depth, seed, kind;
static const char *const kinds[] = {"ud", "div", NULL};
static const struct tn_arg known[] = {
    {.key = "depth", .value = &depth, .min = 1, .max = 128},
    {.key = "seed", .value = &seed, .min = 0, .max = UINT64_MAX},
    {.key = "kind", .value = &kind, .words = kinds},
};

static enum tn_status parse(const char *args, char *error)
{
    depth = 7, seed = 8, kind = 0;
    return tn_args_parse(args, known, 3, error);
}

static void arguments_are_read_and_defaults_stay(void **state)
{
    (void)state;
    char error[TN_ARGS_ERROR_MAX];
    assert_int_equal(parse("", error), TN_OK);
    assert_int_equal(depth, 7);
    assert_int_equal(parse("depth=128,seed=0xffffffffffffffff,kind=div", error), TN_OK);
    assert_int_equal(depth, 128);
    assert_true(seed == UINT64_MAX);
    assert_int_equal(kind, 1);
    assert_int_equal(parse("seed=18446744073709551615,", error), TN_OK);
    assert_true(seed == UINT64_MAX);
}

static void a_wrong_argument_is_named_and_nothing_is_taken(void **state)
{
    (void)state;
    const char *const wrong[][2] = {
        {"seed=1,depth=0", "depth=0"},
        {"seed=1,depth=129", "1 to 128"},
        {"seed=1,depth=", "depth="},
        {"seed=1,depth", "depth=VALUE"},
        {"seed=1,dept=1", "dept"},
        {"seed=1,depth=1x", "1x"},
        {"seed=1,depth=-1", "-1"},
        {"seed=1,depth=0x", "0x"},
        {"seed=18446744073709551616", "18446744073709551616"},
        {"seed=0x10000000000000000", "0x10000000000000000"},
        {"seed=1,kind=u", "kind=u"},
        {"seed=1,kind=udd", "kind=udd"},
        {",seed=1", "no such key"},
        {"=1", "no such key"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char error[TN_ARGS_ERROR_MAX] = "";
        assert_int_equal(parse(wrong[i][0], error), TN_EINVAL);
        if (strstr(error, wrong[i][1]) == NULL)
            fail_msg("\"%s\" gave \"%s\", which does not name \"%s\"", wrong[i][0], error, wrong[i][1]);
        assert_int_equal(depth, 7);
        assert_int_equal(seed, 8);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_conversion_prints_its_value),
    cmocka_unit_test(g6_what_does_not_fit_is_cut_off),
    cmocka_unit_test(an_unknown_conversion_or_a_cut_format_is_harmless),
    cmocka_unit_test(arguments_are_read_and_defaults_stay),
    cmocka_unit_test(a_wrong_argument_is_named_and_nothing_is_taken),
};

UNIT_MAIN(tests)
