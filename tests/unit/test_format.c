/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's text formatting agrees with the C library's on what it supports, and never writes beyond its buffer. */
#include <tn_format.h>

#include "unit.h"

#define SAME(...)                                                                                                      \
    do {                                                                                                               \
        char ours[128], theirs[128];                                                                                   \
        size_t n = tn_format(ours, sizeof ours, __VA_ARGS__);                                                          \
        snprintf(theirs, sizeof theirs, __VA_ARGS__);                                                                  \
        assert_string_equal(ours, theirs);                                                                             \
        assert_int_equal(n, strlen(theirs));                                                                           \
    } while (0)

static void conversions_agree_with_the_c_library(void **state)
{
    (void)state;
    SAME("plain %% text");
    SAME("%u %5u %05u %lu %llu", 7u, 42u, 42u, 1234567890123ul, 18446744073709551615ull);
    SAME("%d %5d %05d %ld", -7, -42, -42, -1234567890123l);
    SAME("%x %08x %016lx", 0xbeefu, 0xbeefu, 0xffffffff80000000ul);
    SAME("%s|%8s|%.*s|%c", "text", &"text"[4], 2, "text", 'x');
    SAME("%ld %d", INT64_MIN, INT32_MIN);
    SAME("%02x:%02x.%u", 3u, 31u, 7u);
    SAME("%zu", (size_t)99);
}

static void the_buffer_is_never_exceeded(void **state)
{
    (void)state;
    for (size_t size = 1; size < 40; size++) {
        char out[64];
        memset(out, 0x5a, sizeof out);
        size_t n = tn_format(out, size, "%s %016lx %s", "0123456789", 0x1234ul, "abcdefghijklmnop");
        assert_true(n < size);
        assert_int_equal(out[n], 0);
        for (size_t i = size; i < sizeof out; i++)
            assert_int_equal(out[i], 0x5a);
    }
    char untouched = 'u';
    assert_int_equal(tn_format(&untouched, 0, "%s", "x"), 0);
    assert_int_equal(untouched, 'u');
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(conversions_agree_with_the_c_library),
    cmocka_unit_test(the_buffer_is_never_exceeded),
};
UNIT_MAIN(tests)
