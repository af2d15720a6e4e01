/* SPDX-License-Identifier: Apache-2.0 */
/* The memory map: sorted, disjoint, holes stay holes, bad entries refused. */
#include "mm/memory_map.h"

#include "unit.h"

static void expect(const struct memory_map *map, const struct memory_range *want, uint32_t count)
{
    assert_int_equal(map->count, count);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(map->range[i].start, want[i].start);
        assert_int_equal(map->range[i].end, want[i].end);
        assert_int_equal(map->range[i].type, want[i].type);
    }
}

static void ranges_come_out_sorted_whatever_the_order(void **state)
{
    (void)state;
    struct memory_map map = {0};
    assert_ok(memory_map_add(&map, 0x9000, 0x1000, MEMORY_RAM));
    assert_ok(memory_map_add(&map, 0x1000, 0x1000, MEMORY_RAM));
    assert_ok(memory_map_add(&map, 0x4000, 0x2000, MEMORY_RESERVED));
    const struct memory_range want[] = {
        {0x1000, 0x2000, MEMORY_RAM}, {0x4000, 0x6000, MEMORY_RESERVED}, {0x9000, 0xa000, MEMORY_RAM}};
    expect(&map, want, 3);
}

static void a_hole_inside_ram_stays_a_hole_in_either_order(void **state)
{
    (void)state;
    const struct memory_range want[] = {
        {0x1000, 0x4000, MEMORY_RAM}, {0x4000, 0x5000, MEMORY_RESERVED}, {0x5000, 0x9000, MEMORY_RAM}};
    struct memory_map map = {0};
    assert_ok(memory_map_add(&map, 0x1000, 0x8000, MEMORY_RAM));
    assert_ok(memory_map_add(&map, 0x4000, 0x1000, MEMORY_RESERVED));
    expect(&map, want, 3);
    map = (struct memory_map){0};
    assert_ok(memory_map_add(&map, 0x4000, 0x1000, MEMORY_RESERVED));
    assert_ok(memory_map_add(&map, 0x1000, 0x8000, MEMORY_RAM));
    expect(&map, want, 3);
}

static void ram_shrinks_to_whole_pages_and_reservations_grow(void **state)
{
    (void)state;
    struct memory_map map = {0};
    assert_ok(memory_map_add(&map, 0x1001, 0x2fff, MEMORY_RAM));
    assert_ok(memory_map_add(&map, 0x8fff, 2, MEMORY_RESERVED));
    const struct memory_range want[] = {{0x2000, 0x4000, MEMORY_RAM}, {0x8000, 0xa000, MEMORY_RESERVED}};
    expect(&map, want, 2);
    assert_ok(memory_map_add(&map, 0x20010, 0x100, MEMORY_RAM)); /* no whole page: nothing */
    assert_ok(memory_map_add(&map, 0x30000, 0, MEMORY_RESERVED));
    expect(&map, want, 2);
    assert_int_equal(memory_map_bytes(&map, MEMORY_RAM), 0x2000);
}

static void g6_entries_that_wrap_or_do_not_fit_change_nothing(void **state)
{
    (void)state;
    struct memory_map map = {0};
    for (uint64_t i = 0; i < MEMORY_RANGES_MAX; i++)
        assert_ok(memory_map_add(&map, 0x100000 + i * 0x2000, 0x1000, MEMORY_RAM));
    assert_refused(&map, TN_EEXHAUSTED, memory_map_add(&map, 0x1000, 0x1000, MEMORY_RAM));
    assert_refused(&map, TN_EINVAL, memory_map_add(&map, UINT64_MAX - 0x1000, 0x2000, MEMORY_RAM));
    assert_refused(&map, TN_EINVAL, memory_map_add(&map, UINT64_C(1) << 52, 1, MEMORY_RESERVED));
}

/* Against a byte per page: whatever the additions, each page has the strongest type that was given to it. */
static void random_additions_agree_with_a_map_of_pages(void **state)
{
    (void)state;
    uint32_t seed = 12345;
    for (int round = 0; round < 500; round++) {
        struct memory_map map = {0};
        uint8_t page[64] = {0};
        for (int n = 0; n < 12; n++) {
            seed = seed * 1664525 + 1013904223;
            uint32_t start = seed >> 8 & 63, count = 1 + (seed >> 16 & 15), type = 1 + (seed >> 26) % 4;
            if (start + count > 64)
                count = 64 - start;
            assert_ok(memory_map_add(&map, start * 4096ull, count * 4096ull, (enum memory_type)type));
            for (uint32_t p = start; p < start + count; p++)
                page[p] = page[p] > type ? page[p] : (uint8_t)type;
        }
        uint64_t last = 0;
        uint8_t seen[64] = {0};
        for (uint32_t i = 0; i < map.count; i++) {
            assert_true(map.range[i].start >= last && map.range[i].end > map.range[i].start);
            last = map.range[i].end;
            for (uint64_t p = map.range[i].start / 4096; p < map.range[i].end / 4096; p++)
                seen[p] = (uint8_t)map.range[i].type;
        }
        assert_memory_equal(seen, page, sizeof page);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(ranges_come_out_sorted_whatever_the_order),
    cmocka_unit_test(a_hole_inside_ram_stays_a_hole_in_either_order),
    cmocka_unit_test(ram_shrinks_to_whole_pages_and_reservations_grow),
    cmocka_unit_test(g6_entries_that_wrap_or_do_not_fit_change_nothing),
    cmocka_unit_test(random_additions_agree_with_a_map_of_pages),
};
UNIT_MAIN(tests)
