/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's memcpy and memset, under other names: every length from 0 on, and those at which the numbers of words
 * and of bytes left over are the same, known to the compiler (so that it may inline, and share registers). */
#include <stddef.h>
#include <stdint.h>

void *kernel_memcpy(void *restrict to, const void *restrict from, size_t n);
void *kernel_memmove(void *to, const void *from, size_t n);
void *kernel_memset(void *to, int byte, size_t n);
int kernel_memcmp(const void *a, const void *b, size_t n);
size_t kernel_strlen(const char *s);

#define memcpy  kernel_memcpy
#define memmove kernel_memmove
#define memset  kernel_memset
#define memcmp  kernel_memcmp
#define strlen  kernel_strlen
/* the kernel's own source, so that it is compiled as there */
#include "lib/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen

#include "unit.h"

static uint8_t from[200], to[200];

static void fill(void)
{
    for (size_t i = 0; i < sizeof from; i++) {
        from[i] = (uint8_t)(i + 1);
        to[i] = 0xee;
    }
}

static void check_copied(size_t n)
{
    for (size_t i = 0; i < sizeof to; i++)
        assert_int_equal(to[i], i < n ? from[i] : 0xee);
}

static void check_set(size_t n)
{
    for (size_t i = 0; i < sizeof to; i++)
        assert_int_equal(to[i], i < n ? 0x5a : 0xee);
}

#define CHECK(n)                                                                                                       \
    fill(), kernel_memcpy(to, from, n), check_copied(n);                                                               \
    fill(), kernel_memset(to, 0x5a, n), check_set(n)

static void every_length_is_copied_and_set(void **state)
{
    (void)state;
    for (size_t n = 0; n <= 130; n++) {
        CHECK(n);
    }
}

static void as_many_words_as_bytes_left_over_are_copied_and_set(void **state)
{
    (void)state;
    CHECK(9);
    CHECK(18);
    CHECK(27);
    CHECK(36);
    CHECK(45);
    CHECK(54);
    CHECK(63);
}

static void overlapping_memory_moves(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof from; i++)
        from[i] = (uint8_t)i;
    kernel_memmove(from + 3, from, 100);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(from[i + 3], i);
    kernel_memmove(from, from + 3, 100);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(from[i], i);
    assert_int_equal(kernel_memcmp("abc", "abd", 3), -1);
    assert_int_equal(kernel_memcmp("abc", "abd", 2), 0);
    assert_int_equal(kernel_strlen("abc"), 3);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_length_is_copied_and_set),
    cmocka_unit_test(as_many_words_as_bytes_left_over_are_copied_and_set),
    cmocka_unit_test(overlapping_memory_moves),
};
UNIT_MAIN(tests)
