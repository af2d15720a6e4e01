/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of addresses: what is well placed stays, the rest finds room, nothing ever lies over anything else. */
#include "pci/resource.h"

#include "unit.h"

#define MIB   UINT64_C(0x100000)
#define GIB   UINT64_C(0x40000000)
#define LIMIT (UINT64_C(1) << 40)

static const struct resource_range free_ranges[] = {
    {0xc0000000, 0xfec00000, RESOURCE_MEMORY},
    {4 * GIB, LIMIT, RESOURCE_PREFETCHABLE},
};
static const struct resource_range taken[] = {
    {0, 0x80000000, RESOURCE_MEMORY},          /* RAM */
    {0xfee00000, 0xfef00000, RESOURCE_MEMORY}, /* local APIC */
    {0xd0000000, 0xd0100000, RESOURCE_MEMORY}, /* registers in the middle of the free range */
};

static struct resource_result run(struct resource_node *node, uint32_t count)
{
    const struct resource_plan plan = {node, count, free_ranges, 2, taken, 3, LIMIT};
    return resource_plan(&plan);
}

static struct resource_node bar(uint64_t start, uint64_t size, uint32_t domain, uint8_t kind)
{
    return (struct resource_node){.start = start,
                                  .size = size,
                                  .align = size,
                                  .domain = domain,
                                  .kind = kind,
                                  .wide = kind == RESOURCE_PREFETCHABLE};
}

static struct resource_node window(uint64_t start, uint64_t size, uint32_t domain, uint32_t provides, uint8_t kind)
{
    struct resource_node n = bar(start, size, domain, kind);
    n.align = kind == RESOURCE_IO ? RESOURCE_IO_STEP : RESOURCE_MEMORY_STEP;
    n.provides = provides;
    return n;
}

static bool is_placed(const struct resource_node *n)
{
    return n->state == RESOURCE_KEPT || n->state == RESOURCE_PLACED;
}

/* What must hold of every plan, whatever went in. */
static void check_all(const struct resource_node *node, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct resource_node *n = &node[i];
        if (!is_placed(n)) {
            assert_true(n->start == RESOURCE_NOWHERE);
            continue;
        }
        uint64_t end = n->start + n->size;
        assert_true(n->start % n->align == 0 && end > n->start && (n->wide || end <= 4 * GIB));
        for (uint32_t t = 0; t < 3 && n->domain == 0 && n->kind != RESOURCE_IO; t++)
            assert_false(n->start < taken[t].end && taken[t].start < end);
        bool inside = n->domain == 0;
        for (uint32_t j = 0; j < count; j++) {
            const struct resource_node *o = &node[j];
            bool same_space = (o->kind == RESOURCE_IO) == (n->kind == RESOURCE_IO);
            if (j != i && is_placed(o) && o->domain == n->domain && same_space)
                assert_false(n->start < o->start + o->size && o->start < end);
            if (n->domain != 0 && o->provides == n->domain && is_placed(o) && same_space)
                inside = inside || (o->start <= n->start && end <= o->start + o->size);
        }
        assert_true(inside);
    }
}

static void what_lies_beyond_the_processors_addresses_moves_or_has_no_place(void **state)
{
    (void)state;
    struct resource_node n[] = {
        bar(LIMIT, 0x4000, 0, RESOURCE_PREFETCHABLE),    bar(LIMIT - 4 * GIB, 8 * GIB, 0, RESOURCE_PREFETCHABLE),
        bar(LIMIT, LIMIT, 0, RESOURCE_PREFETCHABLE),     bar(LIMIT - 4 * GIB, 4 * GIB, 0, RESOURCE_PREFETCHABLE),
        window(LIMIT, GIB, 0, 1, RESOURCE_PREFETCHABLE), bar(LIMIT, 0x4000, 1, RESOURCE_PREFETCHABLE),
    };
    n[1].align = 4 * GIB;
    struct resource_result r = run(n, 6);
    check_all(n, 6);
    assert_int_equal(r.no_room, 1);
    assert_int_equal(n[0].state, RESOURCE_PLACED);
    assert_int_equal(n[1].state, RESOURCE_PLACED);
    assert_int_equal(n[2].state, RESOURCE_NO_ROOM);
    assert_int_equal(n[3].state, RESOURCE_KEPT);
    assert_int_equal(n[4].state, RESOURCE_PLACED);
    assert_int_equal(n[5].state, RESOURCE_PLACED);
    for (size_t i = 0; i < 6; i++)
        assert_true(!is_placed(&n[i]) || n[i].start + n[i].size <= LIMIT);
}

static void what_firmware_placed_well_stays(void **state)
{
    (void)state;
    struct resource_node n[] = {
        bar(0xfebf0000, 0x1000, 0, RESOURCE_MEMORY),
        bar(0xc040, 0x20, 0, RESOURCE_IO),
        window(0xfe000000, 2 * MIB, 0, 1, RESOURCE_MEMORY),
        window(UINT64_C(0x800000000), 4 * MIB, 0, 1, RESOURCE_PREFETCHABLE),
        bar(0xfe100000, 0x1000, 1, RESOURCE_MEMORY),
        bar(UINT64_C(0x800000000), 4 * MIB, 1, RESOURCE_PREFETCHABLE),
        bar(0x90000000, 0x10000, 0, RESOURCE_MEMORY), /* outside the free ranges: firmware knows better */
    };
    struct resource_node before[7];
    memcpy(before, n, sizeof n);
    struct resource_result r = run(n, 7);
    assert_int_equal(r.kept, 7);
    for (uint32_t i = 0; i < 7; i++)
        assert_int_equal(n[i].start, before[i].start);
    check_all(n, 7);
}

static void what_has_no_place_gets_the_lowest_that_is_free(void **state)
{
    (void)state;
    struct resource_node n[] = {
        bar(0xc0000000, 0x4000, 0, RESOURCE_MEMORY),
        bar(RESOURCE_NOWHERE, 0x1000, 0, RESOURCE_MEMORY),
        bar(RESOURCE_NOWHERE, 0x4000, 0, RESOURCE_MEMORY),
        bar(RESOURCE_NOWHERE, 8 * GIB, 0, RESOURCE_PREFETCHABLE),
    };
    struct resource_result r = run(n, 4);
    assert_int_equal(r.placed, 3);
    assert_int_equal(n[2].start, 0xc0004000); /* the largest first */
    assert_int_equal(n[1].start, 0xc0008000);
    assert_int_equal(n[3].start, 8 * GIB);
    check_all(n, 4);
}

static void what_lies_over_ram_or_registers_or_another_moves(void **state)
{
    (void)state;
    struct resource_node n[] = {
        bar(0x1000, 0x1000, 0, RESOURCE_MEMORY),     /* RAM */
        bar(0xfee00000, 0x1000, 0, RESOURCE_MEMORY), /* would take other devices' interrupts */
        bar(0xc0000000, MIB, 0, RESOURCE_MEMORY),
        bar(0xc0080000, 0x80000, 0, RESOURCE_MEMORY),           /* over the one before, which stays */
        bar(0xc0300800, 0x1000, 0, RESOURCE_MEMORY),            /* not on its size */
        bar(UINT64_C(0x100000000), 0x1000, 0, RESOURCE_MEMORY), /* 32 bits cannot hold it */
    };
    struct resource_result r = run(n, 6);
    assert_int_equal(r.kept, 1);
    assert_int_equal(r.placed, 5);
    assert_int_equal(n[2].start, 0xc0000000);
    check_all(n, 6);
}

static void a_bar_outside_its_bridges_window_moves_into_it(void **state)
{
    (void)state;
    struct resource_node n[] = {
        window(0xfe000000, MIB, 0, 1, RESOURCE_MEMORY),
        bar(0xfd000000, 0x1000, 1, RESOURCE_MEMORY),
    };
    struct resource_result r = run(n, 2);
    assert_int_equal(r.placed, 1);
    assert_int_equal(n[1].start, 0xfe000000);
    check_all(n, 2);
}

/* Firmware did nothing at all: windows are sized from what is behind them, through three bridges. */
static void closed_windows_are_sized_for_what_is_behind_them(void **state)
{
    (void)state;
    struct resource_node n[] = {
        window(RESOURCE_NOWHERE, 0, 0, 1, RESOURCE_MEMORY), window(RESOURCE_NOWHERE, 0, 0, 1, RESOURCE_PREFETCHABLE),
        window(RESOURCE_NOWHERE, 0, 1, 2, RESOURCE_MEMORY), window(RESOURCE_NOWHERE, 0, 1, 2, RESOURCE_PREFETCHABLE),
        window(RESOURCE_NOWHERE, 0, 2, 3, RESOURCE_MEMORY), /* no prefetchable window: conventional PCI */
        bar(RESOURCE_NOWHERE, 0x1000, 1, RESOURCE_MEMORY),  bar(RESOURCE_NOWHERE, 8 * MIB, 2, RESOURCE_PREFETCHABLE),
        bar(RESOURCE_NOWHERE, 4 * MIB, 3, RESOURCE_MEMORY), bar(RESOURCE_NOWHERE, 0x2000, 3, RESOURCE_PREFETCHABLE),
    };
    struct resource_result r = run(n, 9);
    assert_int_equal(r.no_room, 0);
    assert_int_equal(r.placed, 9);
    assert_int_equal(n[4].size, 5 * MIB); /* 4 MiB and 8 KiB, to a whole MiB */
    assert_int_equal(n[2].size, 5 * MIB);
    assert_int_equal(n[0].size, 6 * MIB); /* and the page beside it */
    assert_int_equal(n[0].align, 4 * MIB);
    assert_int_equal(n[3].size, 8 * MIB);
    assert_true(n[1].start >= 4 * GIB);
    check_all(n, 9);
}

static void a_narrow_bar_keeps_the_windows_above_it_below_4_gib(void **state)
{
    (void)state;
    struct resource_node n[] = {
        window(RESOURCE_NOWHERE, 0, 0, 1, RESOURCE_PREFETCHABLE),
        bar(RESOURCE_NOWHERE, MIB, 1, RESOURCE_PREFETCHABLE),
        bar(RESOURCE_NOWHERE, MIB, 1, RESOURCE_PREFETCHABLE),
    };
    n[2].wide = false;
    struct resource_result r = run(n, 3);
    assert_int_equal(r.placed, 3);
    assert_true(n[0].start < 4 * GIB);
    check_all(n, 3);
}

static void what_finds_no_room_is_said_and_the_rest_is_placed(void **state)
{
    (void)state;
    struct resource_node n[] = {
        bar(RESOURCE_NOWHERE, 2 * GIB, 0, RESOURCE_MEMORY),
        bar(RESOURCE_NOWHERE, 0x1000, 0, RESOURCE_MEMORY),
        window(0xfe000000, MIB, 0, 1, RESOURCE_MEMORY),
        bar(RESOURCE_NOWHERE, 2 * MIB, 1, RESOURCE_MEMORY),
        bar(RESOURCE_NOWHERE, 0x100, 0, RESOURCE_IO), /* no ports are free at the root */
        bar(RESOURCE_NOWHERE, UINT64_C(1) << 63, 0, RESOURCE_PREFETCHABLE),
        window(RESOURCE_NOWHERE, 0, 0, 2, RESOURCE_PREFETCHABLE),
        bar(RESOURCE_NOWHERE, UINT64_C(1) << 63, 2, RESOURCE_PREFETCHABLE),
        bar(RESOURCE_NOWHERE, UINT64_C(1) << 63, 2, RESOURCE_PREFETCHABLE),
    };
    struct resource_result r = run(n, 9);
    assert_int_equal(n[1].state, RESOURCE_PLACED);
    assert_int_equal(r.kept, 1);
    assert_int_equal(r.placed, 1);
    assert_int_equal(r.no_room, 7);
    check_all(n, 9);
}

static void windows_that_nobody_needs_stay_closed(void **state)
{
    (void)state;
    struct resource_node n[] = {
        window(RESOURCE_NOWHERE, 0, 0, 1, RESOURCE_MEMORY),
        bar(RESOURCE_NOWHERE, 0x1000, 0, RESOURCE_MEMORY),
    };
    struct resource_result r = run(n, 2);
    assert_int_equal(r.placed, 1);
    assert_int_equal(n[0].state, RESOURCE_UNPLACED);
    assert_int_equal(n[0].size, 0);
}

/* Random trees, half of them placed at random: whatever comes in, nothing lies over anything else. */
static void g6_a_plan_of_anything_has_no_overlap(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (uint32_t round = 0; round < 3000; round++) {
        struct resource_node n[40];
        uint32_t domains = 1;
        for (uint32_t i = 0; i < 40; i++) {
            seed = seed * 1664525 + 1013904223;
            uint32_t random = seed >> 8;
            uint32_t domain = random % domains;
            uint8_t kind = (uint8_t)(1 + (random >> 4) % 2);
            uint64_t size = UINT64_C(1) << (8 + (random >> 6) % 18);
            uint64_t start = (random >> 12) % 2 ? RESOURCE_NOWHERE : (uint64_t)(random & 0xfff) << 20;
            n[i] = random % 5 == 0 && domains < 8
                       ? window(start, start == RESOURCE_NOWHERE ? 0 : 16 * MIB, domain, domains++, kind)
                       : bar(start, size, domain, kind);
        }
        (void)run(n, 40);
        check_all(n, 40);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_firmware_placed_well_stays),
    cmocka_unit_test(what_lies_beyond_the_processors_addresses_moves_or_has_no_place),
    cmocka_unit_test(what_has_no_place_gets_the_lowest_that_is_free),
    cmocka_unit_test(what_lies_over_ram_or_registers_or_another_moves),
    cmocka_unit_test(a_bar_outside_its_bridges_window_moves_into_it),
    cmocka_unit_test(closed_windows_are_sized_for_what_is_behind_them),
    cmocka_unit_test(a_narrow_bar_keeps_the_windows_above_it_below_4_gib),
    cmocka_unit_test(what_finds_no_room_is_said_and_the_rest_is_placed),
    cmocka_unit_test(windows_that_nobody_needs_stay_closed),
    cmocka_unit_test(g6_a_plan_of_anything_has_no_overlap),
};
UNIT_MAIN(tests)
