/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk along a virtio device's capability list, against configuration spaces that lie.
 */
#include <user/drivers/virtio_blk/pci_caps.h>

#include "unit.h"

static void put32(struct virtio_pci_function *f, uint32_t at, uint32_t value)
{
    memcpy(f->config + at, &value, sizeof(value));
}

static void put_cap(struct virtio_pci_function *f, uint32_t at, uint8_t next, uint8_t type, uint32_t offset)
{
    f->config[at] = 0x09;
    f->config[at + 1] = next;
    f->config[at + 2] = type == 2 ? 20 : 16;
    f->config[at + 3] = type;
    f->config[at + 4] = 4;
    put32(f, at + 8, offset);
    put32(f, at + 12, 0x1000);
}

/* As QEMU's virtio-blk-pci looks: an MSI-X capability first, then the structures in BAR 4. */
static struct virtio_pci_function honest(void)
{
    struct virtio_pci_function f;
    memset(&f, 0, sizeof(f));
    f.config[0x06] = 0x10;
    f.config[0x34] = 0x98;
    f.config[0x98] = 0x11;
    f.config[0x99] = 0x84;
    put_cap(&f, 0x84, 0x70, 5, 0);
    put_cap(&f, 0x70, 0x60, 2, 0x3000);
    put32(&f, 0x70 + 16, 4);
    put_cap(&f, 0x60, 0x50, 4, 0x2000);
    put_cap(&f, 0x50, 0x40, 3, 0x1000);
    put_cap(&f, 0x40, 0, 1, 0);
    f.bar_bytes[4] = 0x4000;
    return f;
}

static void expect(const struct virtio_pci_function *f, enum virtio_pci_error error, uint32_t where)
{
    struct virtio_pci_regions regions, before;
    uint32_t got = 0;
    memset(&regions, 0xa5, sizeof(regions));
    before = regions;
    assert_int_equal(virtio_pci_find(f, &regions, &got), error);
    assert_int_equal(got, where);
    assert_memory_equal(&regions, &before, sizeof(regions));
    assert_string_not_equal(virtio_pci_error_text(error), "?");
}

static void an_honest_device_is_understood(void **state)
{
    (void)state;
    struct virtio_pci_function f = honest();
    struct virtio_pci_regions r;
    uint32_t where;
    assert_int_equal(virtio_pci_find(&f, &r, &where), VIRTIO_PCI_OK);
    assert_int_equal(r.common.bar, 4);
    assert_int_equal(r.common.offset, 0);
    assert_int_equal(r.common.length, 0x1000);
    assert_int_equal(r.notify.offset, 0x3000);
    assert_int_equal(r.device.offset, 0x2000);
    assert_int_equal(r.notify_multiplier, 4);
}

static void g6_a_capability_loop_ends_with_a_message(void **state)
{
    (void)state;
    struct virtio_pci_function f = honest();
    f.config[0x41] = 0x98; /* back to the start */
    uint32_t where;
    struct virtio_pci_regions r;
    assert_int_equal(virtio_pci_find(&f, &r, &where), VIRTIO_PCI_LOOP);
    f.config[0x99] = 0x98; /* to itself */
    expect(&f, VIRTIO_PCI_LOOP, 0x98);
}

static void g6_a_list_of_every_possible_length_is_no_loop(void **state)
{
    (void)state;
    struct virtio_pci_function f = honest();
    memset(f.config + 0x40, 0, sizeof(f.config) - 0x40);
    f.config[0x34] = 0x40;
    for (uint32_t at = 0x40; at < 0xfc; at += 4)
        f.config[at + 1] = (uint8_t)(at + 4);
    expect(&f, VIRTIO_PCI_MISSING, 1);
    f.config[0xfd] = 0x40;
    expect(&f, VIRTIO_PCI_LOOP, 0x40);
}

static void a_pointer_into_the_header_is_refused(void **state)
{
    (void)state;
    struct virtio_pci_function f = honest();
    f.config[0x34] = 0x3c;
    expect(&f, VIRTIO_PCI_POINTER, 0x3c);
    f.config[0x34] = 0x98;
    f.config[0x85] = 0x04;
    expect(&f, VIRTIO_PCI_POINTER, 0x04);
}

static void the_low_bits_of_a_pointer_are_reserved(void **state)
{
    (void)state;
    struct virtio_pci_function f = honest();
    f.config[0x34] = 0x9b;
    struct virtio_pci_regions r;
    uint32_t where;
    assert_int_equal(virtio_pci_find(&f, &r, &where), VIRTIO_PCI_OK);
}

static void a_truncated_capability_is_refused(void **state)
{
    (void)state;
    struct virtio_pci_function f = honest();
    f.config[0x40 + 2] = 15;
    expect(&f, VIRTIO_PCI_TRUNCATED, 0x40);
    f = honest();
    f.config[0x70 + 2] = 19; /* the notification structure needs its multiplier */
    expect(&f, VIRTIO_PCI_TRUNCATED, 0x70);
    f = honest();
    f.config[0x41] = 0xf4; /* 12 bytes before the end */
    f.config[0xf4] = 0x09;
    expect(&f, VIRTIO_PCI_TRUNCATED, 0xf4);
    f = honest();
    f.config[0x41] = 0xf0; /* its length says it reaches beyond the end */
    put_cap(&f, 0xf0, 0, 9, 0);
    f.config[0xf2] = 20;
    expect(&f, VIRTIO_PCI_TRUNCATED, 0xf0);
}

static void a_structure_outside_its_bar_is_refused(void **state)
{
    (void)state;
    struct virtio_pci_function f = honest();
    f.bar_bytes[4] = 0x3fff;
    expect(&f, VIRTIO_PCI_OUTSIDE, 0x70);
    f = honest();
    put32(&f, 0x40 + 8, 0xfffff000); /* the sum wraps in 32 bits */
    expect(&f, VIRTIO_PCI_OUTSIDE, 0x40);
    f = honest();
    put32(&f, 0x40 + 12, 0x37); /* one byte short of the common structure */
    expect(&f, VIRTIO_PCI_OUTSIDE, 0x40);
    f = honest();
    put32(&f, 0x60 + 12, 0);
    expect(&f, VIRTIO_PCI_OUTSIDE, 0x60);
    f = honest();
    put32(&f, 0x40 + 8, 2); /* unaligned */
    expect(&f, VIRTIO_PCI_OUTSIDE, 0x40);
}

static void a_structure_in_no_memory_bar_leaves_its_place_to_the_next_one(void **state)
{
    (void)state;
    struct virtio_pci_function f = honest();
    f.config[0x44] = 3; /* I/O ports, or a BAR that is not there */
    expect(&f, VIRTIO_PCI_MISSING, 1);
    f = honest();
    f.config[0x34] = 0xa8; /* before the other one, as QEMU's modern-pio-notify has it */
    put_cap(&f, 0xa8, 0x98, 2, 0);
    f.config[0xa8 + 4] = 2;
    struct virtio_pci_regions r;
    uint32_t where;
    assert_int_equal(virtio_pci_find(&f, &r, &where), VIRTIO_PCI_OK);
    assert_int_equal(r.notify.bar, 4);
    assert_int_equal(r.notify.offset, 0x3000);
    assert_int_equal(r.notify_multiplier, 4);
}

static void reserved_bars_and_unknown_types_are_ignored(void **state)
{
    (void)state;
    struct virtio_pci_function f = honest();
    f.config[0x44] = 6;
    expect(&f, VIRTIO_PCI_MISSING, 1);
    f = honest();
    f.config[0x73] = 77;
    expect(&f, VIRTIO_PCI_MISSING, 2);
    f = honest();
    f.config[0x63] = 77;
    expect(&f, VIRTIO_PCI_MISSING, 4);
}

static void the_first_structure_of_a_type_wins(void **state)
{
    (void)state;
    struct virtio_pci_function f = honest();
    f.config[0x41] = 0xb0;
    put_cap(&f, 0xb0, 0, 1, 0x3000);
    struct virtio_pci_regions r;
    uint32_t where;
    assert_int_equal(virtio_pci_find(&f, &r, &where), VIRTIO_PCI_OK);
    assert_int_equal(r.common.offset, 0);
}

static void a_function_without_capabilities_is_refused(void **state)
{
    (void)state;
    struct virtio_pci_function f = honest();
    f.config[0x06] = 0;
    expect(&f, VIRTIO_PCI_NO_LIST, 0);
    f = honest();
    f.config[0x34] = 0;
    expect(&f, VIRTIO_PCI_MISSING, 1);
}

static void an_absent_function_reads_all_ones_and_is_refused(void **state)
{
    (void)state;
    struct virtio_pci_function f;
    memset(&f, 0xff, sizeof(f));
    uint32_t where;
    struct virtio_pci_regions r;
    assert_int_equal(virtio_pci_find(&f, &r, &where), VIRTIO_PCI_LOOP);
}

static void a_notification_outside_its_structure_is_refused(void **state)
{
    (void)state;
    struct virtio_pci_regions r = {.notify = {.length = 0x1000}, .notify_multiplier = 4};
    uint64_t offset = 77;
    assert_int_equal(virtio_pci_notify_offset(&r, 1023, &offset), TN_OK);
    assert_int_equal(offset, 4092);
    assert_int_equal(virtio_pci_notify_offset(&r, 1024, &offset), TN_ERANGE);
    r.notify_multiplier = 1;
    assert_int_equal(virtio_pci_notify_offset(&r, 4095, &offset), TN_ERANGE);
    r.notify_multiplier = UINT32_MAX;
    assert_int_equal(virtio_pci_notify_offset(&r, 0xffff, &offset), TN_ERANGE);
    r.notify_multiplier = 0;
    assert_int_equal(virtio_pci_notify_offset(&r, 0xffff, &offset), TN_OK);
    assert_int_equal(offset, 0);
}

static void no_configuration_space_reads_out_of_bounds(void **state)
{
    (void)state;
    struct virtio_pci_function f;
    uint32_t random = 4711;
    for (int round = 0; round < 20000; round++) {
        f = honest();
        for (int i = 0; i < 6; i++) {
            random = random * 1664525 + 1013904223;
            f.config[(random >> 8) & 0xff] = (uint8_t)(random >> 24);
        }
        struct virtio_pci_regions r;
        uint32_t where;
        if (virtio_pci_find(&f, &r, &where) == VIRTIO_PCI_OK)
            assert_true((uint64_t)r.common.offset + r.common.length <= f.bar_bytes[r.common.bar]);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_honest_device_is_understood),
    cmocka_unit_test(g6_a_capability_loop_ends_with_a_message),
    cmocka_unit_test(g6_a_list_of_every_possible_length_is_no_loop),
    cmocka_unit_test(a_pointer_into_the_header_is_refused),
    cmocka_unit_test(the_low_bits_of_a_pointer_are_reserved),
    cmocka_unit_test(a_truncated_capability_is_refused),
    cmocka_unit_test(a_structure_outside_its_bar_is_refused),
    cmocka_unit_test(a_structure_in_no_memory_bar_leaves_its_place_to_the_next_one),
    cmocka_unit_test(reserved_bars_and_unknown_types_are_ignored),
    cmocka_unit_test(the_first_structure_of_a_type_wins),
    cmocka_unit_test(a_function_without_capabilities_is_refused),
    cmocka_unit_test(an_absent_function_reads_all_ones_and_is_refused),
    cmocka_unit_test(a_notification_outside_its_structure_is_refused),
    cmocka_unit_test(no_configuration_space_reads_out_of_bounds),
};

UNIT_MAIN(tests)
