/* SPDX-License-Identifier: Apache-2.0 */
/* Images that a process may not have: each refused with the value that is wrong. */
#include "proc/elf.h"

#include "unit.h"

#define LOW  UINT64_C(0x400000)
#define HIGH UINT64_C(0x100000000000)

enum {
    FILE_BYTES = 0x3000,
    PHDR = 64,
};

struct image {
    uint8_t bytes[FILE_BYTES];
};

static void put(struct image *i, size_t at, uint64_t value, size_t n)
{
    memcpy(i->bytes + at, &value, n);
}

static void put_segment(struct image *i, unsigned n, uint32_t flags, uint64_t address, uint64_t memory)
{
    size_t at = PHDR + n * 56u;
    put(i, at, 1, 4);
    put(i, at + 4, flags, 4);
    put(i, at + 8, 0x1000u * (n + 1), 8);
    put(i, at + 16, address, 8);
    put(i, at + 24, address, 8);
    put(i, at + 32, 0x800, 8);
    put(i, at + 40, memory, 8);
    put(i, at + 48, 0x1000, 8);
}

static void build(struct image *i)
{
    memset(i, 0, sizeof *i);
    memcpy(i->bytes, "\177ELF\2\1\1", 7);
    put(i, 16, 2, 2);
    put(i, 18, 62, 2);
    put(i, 20, 1, 4);
    put(i, 24, LOW + 0x10, 8);
    put(i, 32, PHDR, 8);
    put(i, 54, 56, 2);
    put(i, 56, 2, 2);
    put_segment(i, 0, 5, LOW, 0x800);
    put_segment(i, 1, 6, LOW + 0x1000, 0x2345);
}

static enum tn_status read(const struct image *i, struct elf_image *out, struct elf_error *error)
{
    return elf_read(i->bytes, sizeof i->bytes, LOW, HIGH, out, error);
}

static void a_good_image_is_read(void **state)
{
    (void)state;
    struct image i;
    struct elf_image out;
    struct elf_error error;
    build(&i);
    assert_ok(read(&i, &out, &error));
    assert_int_equal(out.count, 2);
    assert_int_equal(out.entry, LOW + 0x10);
    assert_true(out.segment[0].executable && !out.segment[0].writable);
    assert_int_equal(out.segment[1].pages, 3);
    assert_int_equal(out.segment[1].file_bytes, 0x800);
}

struct wrong {
    const char *message;
    size_t at;
    uint64_t value;
    size_t bytes;
};

static void every_wrong_field_is_named(void **state)
{
    (void)state;
    static const struct wrong wrong[] = {
        {"not a 64-bit", 0, 0x7e, 1},
        {"not a 64-bit", 4, 1, 1},
        {"not a static executable", 16, 3, 2},
        {"another machine", 18, 183, 2},
        {"program headers outside", 32, FILE_BYTES, 8},
        {"program headers outside", 32, UINT64_MAX - 8, 8},
        {"entry size", 54, 32, 2},
        {"number of program headers", 56, 0, 2},
        {"number of program headers", 56, 33, 2},
        {"entry point outside", 24, LOW + 0x1000, 8},
        {"entry point outside", 24, 0, 8},
        {"needs a dynamic linker", PHDR, 3, 4},
        {"needs a dynamic linker", PHDR, 2, 4},
        {"both writable and executable", PHDR + 4, 7, 4},
        {"segment outside the file", PHDR + 8, FILE_BYTES, 8},
        {"segment outside the file", PHDR + 8, UINT64_MAX, 8},
        {"segment outside the file", PHDR + 56 + 8, FILE_BYTES - 0x7ff, 8},
        {"outside user memory", PHDR + 16, 0xffffffff80000000, 8},
        {"outside user memory", PHDR + 16, 0, 8},
        {"outside user memory", PHDR + 16, HIGH - 0x100, 8},
        {"outside user memory", PHDR + 40, UINT64_MAX, 8},
        {"more bytes in the file", PHDR + 40, 0x7ff, 8},
        {"share a page", PHDR + 56 + 16, LOW + 0x900, 8},
        {"share a page", PHDR + 56 + 16, LOW, 8},
    };
    for (size_t n = 0; n < sizeof wrong / sizeof wrong[0]; n++) {
        struct image i;
        struct elf_image out;
        struct elf_error error = {0};
        build(&i);
        put(&i, wrong[n].at, wrong[n].value, wrong[n].bytes);
        assert_int_equal(read(&i, &out, &error), TN_EPROTOCOL);
        assert_non_null(error.what);
        if (!strstr(error.what, wrong[n].message))
            fail_msg("case %zu: wanted \"%s\", got \"%s\"", n, wrong[n].message, error.what);
    }
}

static void no_truncation_reads_outside(void **state)
{
    (void)state;
    struct image i;
    build(&i);
    for (size_t n = 0; n < 0x2800; n += n < 256 ? 1 : 97) {
        uint8_t *cut = malloc(n ? n : 1);
        struct elf_image out;
        struct elf_error error;
        assert_non_null(cut);
        memcpy(cut, i.bytes, n);
        enum tn_status status = elf_read(cut, n, LOW, HIGH, &out, &error);
        free(cut);
        assert_int_equal(status, TN_EPROTOCOL);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_good_image_is_read),
    cmocka_unit_test(every_wrong_field_is_named),
    cmocka_unit_test(no_truncation_reads_outside),
};
UNIT_MAIN(tests)
