/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 against the examples published with FIPS 180-4, and against itself in every division of its input.
 */
#include <user/services/blk_read/sha256.h>

#include "unit.h"

static void expect(const void *data, size_t size, const char *want)
{
    struct sha256 hash;
    uint8_t digest[SHA256_DIGEST_BYTES];
    char text[65];
    sha256_init(&hash);
    sha256_update(&hash, data, size);
    sha256_final(&hash, digest);
    sha256_hex(digest, text);
    assert_string_equal(text, want);
}

static void the_published_examples_come_out(void **state)
{
    (void)state;
    expect("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
           "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    expect(
        "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqr"
        "stu",
        112, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
}

static void a_million_letters_come_out(void **state)
{
    (void)state;
    char *text = malloc(1000000);
    assert_non_null(text);
    memset(text, 'a', 1000000);
    expect(text, 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(text);
}

static void the_division_of_the_input_does_not_matter(void **state)
{
    (void)state;
    uint8_t data[300], whole[32], parts[32];
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 7 + 3);
    for (size_t size = 0; size <= sizeof(data); size++) {
        struct sha256 hash;
        sha256_init(&hash);
        sha256_update(&hash, data, size);
        sha256_final(&hash, whole);
        for (size_t step = 1; step <= 130; step += 43) {
            sha256_init(&hash);
            for (size_t at = 0; at < size; at += step)
                sha256_update(&hash, data + at, size - at < step ? size - at : step);
            sha256_final(&hash, parts);
            assert_memory_equal(whole, parts, 32);
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_published_examples_come_out),
    cmocka_unit_test(a_million_letters_come_out),
    cmocka_unit_test(the_division_of_the_input_does_not_matter),
};

UNIT_MAIN(tests)
