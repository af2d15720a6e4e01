/* SPDX-License-Identifier: Apache-2.0 */
/* The boot archive: every truncation and every broken field gets a message and never a read outside it. */
#include "proc/archive.h"

#include "unit.h"

struct builder {
    uint8_t *bytes; /* exactly as long as the archive, so that the sanitizer sees any step outside */
    size_t used;
};

static void append(struct builder *b, const void *p, size_t n)
{
    b->bytes = realloc(b->bytes, b->used + n);
    assert_non_null(b->bytes);
    memcpy(b->bytes + b->used, p, n);
    b->used += n;
}

static void pad(struct builder *b)
{
    while (b->used % 4 != 0)
        append(b, "", 1);
}

static void add(struct builder *b, const char *name, const char *content, unsigned mode)
{
    char header[128];
    snprintf(header, sizeof header, "070701%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zX%08X", 1, mode, 0, 0, 1, 0,
             strlen(content), 0, 0, 0, 0, strlen(name) + 1, 0);
    append(b, header, 110);
    append(b, name, strlen(name) + 1);
    pad(b);
    append(b, content, strlen(content));
    pad(b);
}

static struct builder whole(void)
{
    struct builder b = {0};
    add(&b, "bin", "", 040755);
    add(&b, "bin/one", "first", 0100755);
    add(&b, "bin/two", "the second file", 0100755);
    add(&b, "TRAILER!!!", "", 0);
    return b;
}

static void files_are_found_by_their_whole_name(void **state)
{
    (void)state;
    struct builder b = whole();
    struct archive a = {b.bytes, b.used};
    struct archive_file f;
    struct archive_error e;
    assert_ok(archive_check(&a, &e));
    assert_ok(archive_find(&a, "bin/two", &f));
    assert_int_equal(f.bytes, 15);
    assert_memory_equal(f.data, "the second file", 15);
    assert_int_equal(archive_find(&a, "bin/tw", &f), TN_ENOENT);
    assert_int_equal(archive_find(&a, "bin", &f), TN_ENOENT); /* a directory */
    assert_int_equal(archive_find(&a, "TRAILER!!!", &f), TN_ENOENT);
    free(b.bytes);
}

static void every_truncation_is_noticed(void **state)
{
    (void)state;
    struct builder b = whole();
    for (size_t n = 0; n + 3 < b.used; n++) { /* the last three bytes are padding */
        uint8_t *cut = malloc(n ? n : 1);
        assert_non_null(cut);
        memcpy(cut, b.bytes, n);
        struct archive a = {cut, n};
        struct archive_error e;
        enum tn_status status = archive_check(&a, &e);
        free(cut);
        assert_int_equal(status, TN_EPROTOCOL);
        assert_non_null(e.what);
        assert_true(e.offset <= n + 3); /* a header may have been looked for behind the padding */
    }
    free(b.bytes);
}

static void every_flipped_header_byte_is_safe(void **state)
{
    (void)state;
    struct builder b = whole();
    for (size_t i = 0; i < b.used; i++)
        for (unsigned flip = 1; flip < 256; flip <<= 1) {
            struct archive a = {b.bytes, b.used};
            struct archive_error e;
            struct archive_file f;
            b.bytes[i] ^= (uint8_t)flip;
            enum tn_status status = archive_check(&a, &e);
            if (archive_find(&a, "bin/two", &f) == TN_OK)
                assert_true(f.data >= b.bytes && f.bytes <= b.used && f.data + f.bytes <= b.bytes + b.used);
            assert_true(status == TN_OK || e.what != NULL);
            b.bytes[i] ^= (uint8_t)flip;
        }
    free(b.bytes);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(files_are_found_by_their_whole_name),
    cmocka_unit_test(every_truncation_is_noticed),
    cmocka_unit_test(every_flipped_header_byte_is_safe),
};
UNIT_MAIN(tests)
