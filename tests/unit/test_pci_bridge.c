/* SPDX-License-Identifier: Apache-2.0 */
/* Bridges: windows as registers, and trees of bus numbers that are none. */
#include "pci/function.h"

#include "unit.h"

struct registers {
    uint8_t config[256];
    uint16_t io_mask;
    uint32_t memory_mask, prefetchable_mask, upper_mask;
};

static uint32_t fake_read(void *context, uint32_t bdf, uint32_t offset, uint32_t width)
{
    struct registers *r = context;
    uint32_t value = 0;
    assert_int_equal(bdf, 8);
    assert_true(offset % width == 0 && offset + width <= sizeof r->config);
    memcpy(&value, r->config + offset, width);
    return value;
}

static void keep(struct registers *r, uint32_t offset, uint32_t width, uint32_t value, uint32_t mask)
{
    uint32_t now = 0;
    memcpy(&now, r->config + offset, width);
    now = (now & ~mask) | (value & mask);
    memcpy(r->config + offset, &now, width);
}

static void fake_write(void *context, uint32_t bdf, uint32_t offset, uint32_t width, uint32_t value)
{
    struct registers *r = context;
    assert_int_equal(bdf, 8);
    if (offset == 0x1c)
        keep(r, offset, width, value, r->io_mask);
    else if (offset == 0x20)
        keep(r, offset, width, value, r->memory_mask);
    else if (offset == 0x24)
        keep(r, offset, width, value, r->prefetchable_mask);
    else
        keep(r, offset, width, value, r->upper_mask);
}

/* A bridge with 16-bit I/O, memory and a 64-bit prefetchable window, as it is after reset. */
static struct registers after_reset(void)
{
    struct registers r = {
        .io_mask = 0xf0f0, .memory_mask = 0xfff0fff0, .prefetchable_mask = 0xfff0fff0, .upper_mask = UINT32_MAX};
    r.config[0x24] = 1;
    r.config[0x26] = 1;
    return r;
}

static void windows_that_firmware_opened_are_read(void **state)
{
    (void)state;
    struct registers r = after_reset();
    const struct pci_access a = {fake_read, fake_write, &r};
    struct pci_bridge b;
    memcpy(r.config + 0x18, "\x00\x02\x05", 3);
    memcpy(r.config + 0x1c, "\xc0\xd0", 2);
    memcpy(r.config + 0x20, "\x00\xfe\x10\xfe", 4);
    memcpy(r.config + 0x24, "\x01\x00\xf1\xff\x08\x00\x00\x00\x08\x00\x00\x00", 12);
    pci_read_bridge(&a, 8, &b);
    assert_int_equal(b.secondary, 2);
    assert_int_equal(b.subordinate, 5);
    assert_int_equal(b.window[RESOURCE_IO].start, 0xc000);
    assert_int_equal(b.window[RESOURCE_IO].end, 0xe000);
    assert_int_equal(b.window[RESOURCE_MEMORY].start, 0xfe000000);
    assert_int_equal(b.window[RESOURCE_MEMORY].end, 0xfe200000);
    assert_int_equal(b.window[RESOURCE_PREFETCHABLE].start, UINT64_C(0x800000000));
    assert_int_equal(b.window[RESOURCE_PREFETCHABLE].end, UINT64_C(0x900000000));
    assert_true(b.window[RESOURCE_PREFETCHABLE].wide);
    memcpy(r.config + 0x20, "\xf0\xff\x00\x00", 4); /* closed: base above limit */
    pci_read_bridge(&a, 8, &b);
    assert_true(b.window[RESOURCE_MEMORY].exists);
    assert_int_equal(b.window[RESOURCE_MEMORY].end, 0);
}

static void a_window_that_a_bridge_does_not_have_is_noticed(void **state)
{
    (void)state;
    struct registers r = after_reset();
    const struct pci_access a = {fake_read, fake_write, &r};
    struct pci_bridge b;
    r.io_mask = 0;
    r.prefetchable_mask = 0;
    r.config[0x24] = r.config[0x26] = 0;
    pci_read_bridge(&a, 8, &b);
    assert_false(b.window[RESOURCE_IO].exists);
    assert_true(b.window[RESOURCE_MEMORY].exists);
    assert_false(b.window[RESOURCE_PREFETCHABLE].exists);
    assert_int_equal(b.window[RESOURCE_MEMORY].end, 0);
    pci_read_bridge(&a, 8, &b); /* now it reads as closed */
    assert_true(b.window[RESOURCE_MEMORY].exists);
}

static void windows_open_move_and_close(void **state)
{
    (void)state;
    struct registers r = after_reset();
    const struct pci_access a = {fake_read, fake_write, &r};
    struct pci_bridge b;
    pci_read_bridge(&a, 8, &b);
    struct pci_window *w = &b.window[RESOURCE_PREFETCHABLE];
    assert_ok(pci_move_window(&a, 8, RESOURCE_PREFETCHABLE, w, UINT64_C(0x7fff00000), 0x200000));
    pci_read_bridge(&a, 8, &b);
    assert_int_equal(w->start, UINT64_C(0x7fff00000));
    assert_int_equal(w->end, UINT64_C(0x800100000));
    assert_ok(pci_move_window(&a, 8, RESOURCE_PREFETCHABLE, w, 0, 0));
    pci_read_bridge(&a, 8, &b);
    assert_int_equal(w->end, 0);
    w = &b.window[RESOURCE_MEMORY];
    assert_ok(pci_move_window(&a, 8, RESOURCE_MEMORY, w, 0xfff00000, 0x100000));
    assert_int_equal(w->end, UINT64_C(0x100000000));
    w = &b.window[RESOURCE_IO];
    assert_ok(pci_move_window(&a, 8, RESOURCE_IO, w, 0x3000, 0x2000));
    assert_int_equal(w->end, 0x5000);
    r.memory_mask = 0; /* a bridge whose registers do not follow */
    assert_int_equal(pci_move_window(&a, 8, RESOURCE_MEMORY, &b.window[RESOURCE_MEMORY], 0xd0000000, 0x100000), TN_EIO);
    assert_int_equal(b.window[RESOURCE_MEMORY].end, 0);
}

static struct pci_function bridge_at(uint32_t bus, uint32_t device, uint8_t primary, uint8_t secondary,
                                     uint8_t subordinate)
{
    return (struct pci_function){.bdf = pci_bdf(bus, device, 0),
                                 .header = PCI_HEADER_BRIDGE,
                                 .bridge = {.primary = primary, .secondary = secondary, .subordinate = subordinate}};
}

static struct pci_function endpoint_at(uint32_t bus, uint32_t device)
{
    return (struct pci_function){.bdf = pci_bdf(bus, device, 0)};
}

static void a_tree_of_bridges_is_linked(void **state)
{
    (void)state;
    struct pci_function f[] = {endpoint_at(0, 0),        bridge_at(0, 1, 0, 1, 3), bridge_at(0, 2, 0, 4, 4),
                               bridge_at(1, 0, 1, 2, 3), bridge_at(2, 0, 2, 3, 3), endpoint_at(3, 5),
                               endpoint_at(4, 0),        endpoint_at(0x80, 0)}; /* bus 0x80: another root bus */
    assert_int_equal(pci_link_bridges(f, 8), 0);
    static const uint32_t parent[] = {PCI_ROOT, PCI_ROOT, PCI_ROOT, 1, 3, 4, 2, PCI_ROOT};
    for (uint32_t i = 0; i < 8; i++)
        assert_int_equal(f[i].parent, parent[i]);
    assert_int_equal(pci_depth(f, 5), 3);
    assert_int_equal(pci_depth(f, 7), 0);
}

static void broken_bus_numbers_are_faulted(void **state)
{
    (void)state;
    static const struct {
        uint8_t numbers[2][3];
        uint32_t faults;
        const char *words;
    } wrong[] = {
        {{{0, 0, 0}, {0, 2, 2}}, 1, "no bus numbers"},
        {{{1, 1, 1}, {0, 2, 2}}, 1, "primary"},
        {{{0, 3, 2}, {0, 4, 4}}, 1, "subordinate"},
        {{{0, 1, 2}, {0, 2, 3}}, 2, "overlap"},
        {{{0, 1, 1}, {0, 1, 1}}, 2, "overlap"},
        {{{0, 1, 4}, {0, 2, 3}}, 2, "overlap"}, /* inside, but it does not stand there */
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct pci_function f[2];
        for (uint32_t n = 0; n < 2; n++)
            f[n] = bridge_at(0, n + 1, wrong[i].numbers[n][0], wrong[i].numbers[n][1], wrong[i].numbers[n][2]);
        assert_int_equal(pci_link_bridges(f, 2), wrong[i].faults);
        assert_non_null(strstr(f[0].bridge.fault, wrong[i].words));
    }
}

/* Bus numbers that name each other in a circle: whatever they say, each walk ends at a root. */
static void a_loop_of_bridges_is_impossible(void **state)
{
    (void)state;
    struct pci_function f[] = {bridge_at(1, 0, 1, 2, 2), bridge_at(2, 0, 2, 1, 2), endpoint_at(2, 1)};
    assert_int_equal(pci_link_bridges(f, 3), 1);
    assert_int_equal(f[0].parent, PCI_ROOT);
    for (uint32_t i = 0; i < 3; i++)
        assert_true(pci_depth(f, i) <= 3);
    uint32_t seed = 1;
    for (uint32_t round = 0; round < 20000; round++) {
        struct pci_function g[8];
        for (uint32_t i = 0; i < 8; i++) {
            uint8_t byte[3];
            for (uint32_t k = 0; k < 3; k++) {
                seed = seed * 1664525 + 1013904223;
                byte[k] = (uint8_t)(seed >> 24 & 7);
            }
            g[i] = bridge_at(i / 2, i % 2, byte[0], byte[1], byte[2]);
        }
        (void)pci_link_bridges(g, 8);
        for (uint32_t i = 0; i < 8; i++)
            assert_true(g[i].parent == PCI_ROOT || pci_bus(g[g[i].parent].bdf) < pci_bus(g[i].bdf));
    }
}

static void the_deepest_tree_ends_at_255_bridges(void **state)
{
    (void)state;
    static struct pci_function f[255];
    for (uint32_t i = 0; i < 255; i++)
        f[i] = bridge_at(i, 0, (uint8_t)i, (uint8_t)(i + 1), 255);
    assert_int_equal(pci_link_bridges(f, 255), 0);
    assert_int_equal(pci_depth(f, 254), 254);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(windows_that_firmware_opened_are_read),
    cmocka_unit_test(a_window_that_a_bridge_does_not_have_is_noticed),
    cmocka_unit_test(windows_open_move_and_close),
    cmocka_unit_test(a_tree_of_bridges_is_linked),
    cmocka_unit_test(broken_bus_numbers_are_faulted),
    cmocka_unit_test(a_loop_of_bridges_is_impossible),
    cmocka_unit_test(the_deepest_tree_ends_at_255_bridges),
};
UNIT_MAIN(tests)
