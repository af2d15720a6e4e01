/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Multiboot2 information: what is taken from it, and every way in which it can be wrong. Each case lies in memory of
 * exactly its size, so that the sanitizers see a read beyond it.
 */
#include <kernel/boot/multiboot2.h>

#include "unit.h"

enum { ROOM = 512 };

struct builder {
    uint8_t bytes[ROOM];
    uint32_t size;
};

static void put(struct builder *b, uint32_t value)
{
    memcpy(b->bytes + b->size, &value, 4);
    b->size += 4;
}

/* A tag of `type` whose content is `n` bytes of `content`. */
static void tag(struct builder *b, uint32_t type, const void *content, uint32_t n)
{
    put(b, type);
    put(b, n + 8);
    memcpy(b->bytes + b->size, content, n);
    b->size += (n + 7) / 8 * 8;
}

static const struct {
    uint32_t each, version;
    struct boot_range range[2];
} map = {sizeof(struct boot_range), 0, {{0, 0x9f000, 1, 0}, {0x100000, 0xff00000, 1, 0}}};
static const uint32_t module[] = {0x200000, 0x201000, 0};
static const uint8_t old_rsdp[20] = "RSD PTR old", new_rsdp[36] = "RSD PTR new";

static void begin(struct builder *b)
{
    memset(b, 0, sizeof(*b));
    b->size = 8;
}

static void finish(struct builder *b)
{
    put(b, 0);
    put(b, 8);
    memcpy(b->bytes, &b->size, 4);
}

static void good(struct builder *b)
{
    begin(b);
    tag(b, 1, "manifest=read", 14);
    tag(b, 21, "unknown", 5);
    tag(b, 3, module, sizeof(module));
    tag(b, 6, &map, sizeof(map));
    tag(b, 14, old_rsdp, sizeof(old_rsdp));
    tag(b, 15, new_rsdp, sizeof(new_rsdp));
    finish(b);
}

/* In memory of its own size. */
static enum tn_status read(const struct builder *b, uint32_t size, struct multiboot2 *out,
                           struct multiboot2_fault *fault)
{
    uint8_t *exact = malloc(size);
    assert_non_null(exact);
    memcpy(exact, b->bytes, size);
    enum tn_status status = multiboot2_read(exact, size, out, fault);
    free(exact);
    return status;
}

static void g6_what_is_there_is_taken(void **state)
{
    (void)state;
    struct builder b;
    struct multiboot2 out;
    struct multiboot2_fault fault;
    good(&b);
    assert_ok(multiboot2_read(b.bytes, b.size, &out, &fault));
    assert_string_equal(out.command_line, "manifest=read");
    assert_true(out.module_count == 1 && out.module_start == 0x200000 && out.module_end == 0x201000);
    assert_true(out.range_count == 2 && out.range_bytes == sizeof(struct boot_range));
    assert_memory_equal(out.ranges, map.range, sizeof(map.range));
    assert_int_equal(out.rsdp_bytes, sizeof(new_rsdp));
    assert_memory_equal(out.rsdp, new_rsdp, sizeof(new_rsdp));
    begin(&b); /* only the old RSDP; two modules: the first counts */
    tag(&b, 14, old_rsdp, sizeof(old_rsdp));
    tag(&b, 3, module, sizeof(module));
    tag(&b, 3, (uint32_t[]){1, 2, 0}, 12);
    tag(&b, 6, &map, sizeof(map));
    finish(&b);
    assert_ok(multiboot2_read(b.bytes, b.size, &out, &fault));
    assert_memory_equal(out.rsdp, old_rsdp, sizeof(old_rsdp));
    assert_true(out.module_count == 2 && out.module_start == 0x200000 && out.command_line == NULL);
}

static void g6_information_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    struct multiboot2 out;
    struct multiboot2_fault fault;
    const struct {
        const char *what;
        uint32_t type, size, content[4];
    } wrong[] = {
        {"tag of bytes", 21, 7, {0}},
        {"tag of bytes", 21, 0, {0}},
        {"tag of bytes", 21, UINT32_MAX, {0}},
        {"tag of bytes", 21, 4000, {0}},
        {"command line without an end, bytes", 1, 12, {0x20202020}},
        {"command line without an end, bytes", 1, 8, {0}},
        {"module of bytes", 3, 12, {1}},
        {"module that ends at", 3, 20, {2, 1, 0}},
        {"memory map of bytes", 6, 12, {24}},
        {"memory map with entries of bytes", 6, 16, {0, 0}},
        {"memory map with entries of bytes", 6, 16, {16, 0}},
        {"memory map with entries of bytes", 6, 16, {25, 0}},
        {"RSDP of bytes", 14, 24, {0}},
        {"RSDP of bytes", 15, 8, {0}},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct builder b;
        begin(&b);
        put(&b, wrong[i].type);
        put(&b, wrong[i].size);
        for (int k = 0; k < 4; k++)
            put(&b, wrong[i].content[k]);
        tag(&b, 6, &map, sizeof(map));
        finish(&b);
        assert_int_equal(read(&b, b.size, &out, &fault), TN_EPROTOCOL);
        assert_string_equal(fault.what, wrong[i].what);
        assert_int_equal(fault.offset, 8);
    }
    struct builder b;
    begin(&b);
    tag(&b, 1, "x", 2);
    finish(&b);
    assert_int_equal(read(&b, b.size, &out, &fault), TN_EPROTOCOL);
    assert_string_equal(fault.what, "no memory map, entries");
}

/* Cut at each byte, and with each byte changed: never a read beyond, and never more ranges than there are. */
static void g6_information_that_is_cut_or_changed_is_read_within_itself(void **state)
{
    (void)state;
    struct builder b, changed;
    struct multiboot2 out;
    struct multiboot2_fault fault;
    good(&b);
    for (uint32_t size = 4; size < b.size; size++) {
        assert_int_equal(read(&b, size, &out, &fault), TN_EPROTOCOL); /* says another size */
        changed = b;
        memcpy(changed.bytes, &size, 4);
        (void)!read(&changed, size, &out, &fault);
    }
    for (uint32_t at = 8; at < b.size; at++)
        for (uint32_t bit = 0; bit < 8; bit++) {
            changed = b;
            changed.bytes[at] ^= (uint8_t)(1u << bit);
            if (read(&changed, changed.size, &out, &fault) == TN_OK)
                assert_true((uint64_t)out.range_count * out.range_bytes <= changed.size);
        }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(g6_what_is_there_is_taken),
    cmocka_unit_test(g6_information_that_makes_no_sense_is_refused),
    cmocka_unit_test(g6_information_that_is_cut_or_changed_is_read_within_itself),
};

UNIT_MAIN(tests)
