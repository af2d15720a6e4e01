/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration space of a function that lies: capability loops, pointers into the header, MSI-X tables outside BARs.
 */
#include <tenure/abi/ring.h>

#include "pci/capability.h"

#include "unit.h"

/* One function: 4 KiB of registers, BARs that answer a sizing write as hardware does. */
struct function {
    uint8_t config[4096];
    uint32_t bar_mask[PCI_BARS]; /* address bits that can be written; 0: not implemented */
    uint32_t decode_while_sizing;
    unsigned reads;
};

static uint32_t get(const struct function *f, uint32_t offset, uint32_t width)
{
    uint32_t value = 0;
    memcpy(&value, f->config + offset, width);
    return value;
}

static void set(struct function *f, uint32_t offset, uint32_t width, uint32_t value)
{
    memcpy(f->config + offset, &value, width);
}

static uint32_t fake_read(void *context, uint32_t bdf, uint32_t offset, uint32_t width)
{
    struct function *f = context;
    assert_int_equal(bdf, 0x123);
    assert_true(offset % width == 0 && offset + width <= sizeof f->config);
    f->reads++;
    return get(f, offset, width);
}

static void fake_write(void *context, uint32_t bdf, uint32_t offset, uint32_t width, uint32_t value)
{
    struct function *f = context;
    assert_int_equal(bdf, 0x123);
    if (offset >= PCI_BAR0 && offset < PCI_BAR0 + 4 * PCI_BARS) {
        uint32_t i = (offset - PCI_BAR0) / 4;
        f->decode_while_sizing |= get(f, PCI_COMMAND, 2) & (PCI_COMMAND_MEMORY | PCI_COMMAND_IO);
        set(f, offset, 4, (value & f->bar_mask[i]) | (get(f, offset, 4) & ~f->bar_mask[i] & 15));
        return;
    }
    set(f, offset, width, value);
}

static struct pci_access access_to(struct function *f)
{
    return (struct pci_access){fake_read, fake_write, f};
}

static void put_capability(struct function *f, uint32_t at, uint8_t id, uint8_t next)
{
    set(f, PCI_STATUS, 2, PCI_STATUS_CAPABILITIES);
    f->config[at] = id;
    f->config[at + 1] = next;
}

enum { CAP_POWER = 0x01, CAP_MSI = 0x05, CAP_VENDOR = 0x09, CAP_EXPRESS = 0x10, CAP_MSIX = 0x11, CAP_ADVANCED = 0x13 };

static struct pci_capabilities capabilities_of(struct function *f)
{
    struct pci_access a = access_to(f);
    struct pci_capabilities c;
    pci_read_capabilities(&a, 0x123, &c);
    return c;
}

static void put_extended(struct function *f, uint32_t at, uint32_t id, uint32_t next)
{
    set(f, at, 4, id | 1 << 16 | next << 20);
}

static void a_capability_is_found_behind_others(void **state)
{
    (void)state;
    struct function f = {0};
    f.config[PCI_CAPABILITIES] = 0x40;
    put_capability(&f, 0x40, CAP_VENDOR, 0x50);
    put_capability(&f, 0x50, CAP_VENDOR, 0xf0);
    put_capability(&f, 0xf0, CAP_MSIX, 0);
    struct pci_capabilities c = capabilities_of(&f);
    assert_int_equal(c.msix, 0xf0);
    assert_int_equal(c.msi, 0);
    assert_int_equal(c.broken, 0);
}

static void no_list_is_no_capability(void **state)
{
    (void)state;
    struct function f = {0};
    f.config[PCI_CAPABILITIES] = 0x40;
    f.config[0x40] = CAP_MSIX;
    assert_int_equal(capabilities_of(&f).msix, 0); /* the status bit is not set */
}

static void a_capability_loop_ends_and_is_reported(void **state)
{
    (void)state;
    struct function f = {0};
    f.config[PCI_CAPABILITIES] = 0x40;
    put_capability(&f, 0x40, CAP_VENDOR, 0x60);
    put_capability(&f, 0x60, CAP_VENDOR, 0x40);
    assert_int_equal(capabilities_of(&f).broken, 0x40);
    assert_true(f.reads <= 4);
    put_capability(&f, 0x60, CAP_VENDOR, 0x60); /* one that names itself */
    assert_int_equal(capabilities_of(&f).broken, 0x60);
    put_capability(&f, 0x60, CAP_MSI, 0x62); /* the two low bits mean nothing */
    assert_int_equal(capabilities_of(&f).broken, 0x60);
    assert_int_equal(capabilities_of(&f).msi, 0x60);
}

static void a_pointer_into_the_header_is_refused(void **state)
{
    (void)state;
    struct function f = {0};
    f.config[PCI_CAPABILITIES] = 0x10;
    put_capability(&f, 0x10, CAP_MSIX, 0);
    assert_int_equal(capabilities_of(&f).msix, 0);
    assert_int_equal(capabilities_of(&f).broken, 0x10);
}

static void a_capability_that_ends_behind_the_space_is_refused(void **state)
{
    (void)state;
    struct function f = {0};
    f.config[PCI_CAPABILITIES] = 0xf8;
    put_capability(&f, 0xf8, CAP_MSIX, 0); /* 12 bytes */
    assert_int_equal(capabilities_of(&f).msix, 0);
    assert_int_equal(capabilities_of(&f).broken, 0xf8);
}

static void extended_capabilities_are_found_and_loops_end(void **state)
{
    (void)state;
    struct function f = {0};
    f.config[PCI_CAPABILITIES] = 0x40;
    put_capability(&f, 0x40, CAP_EXPRESS, 0);
    assert_int_equal(capabilities_of(&f).aer, 0);
    put_extended(&f, 0x100, 0x0001, 0x140);
    put_extended(&f, 0x140, 0x000d, 0xff8);
    put_extended(&f, 0xff8, 0x000f, 0);
    struct pci_capabilities c = capabilities_of(&f);
    assert_int_equal(c.aer, 0x100);
    assert_int_equal(c.acs, 0x140);
    assert_int_equal(c.ats, 0xff8);
    assert_int_equal(c.broken, 0);
    put_extended(&f, 0xff8, 0x000f, 0x140);
    assert_int_equal(capabilities_of(&f).broken, 0x140);
    put_extended(&f, 0xff8, 0x000f, 0xffc); /* half a header */
    assert_int_equal(capabilities_of(&f).broken, 0xffc);
    put_extended(&f, 0xff8, 0x000f, 0x40);
    assert_int_equal(capabilities_of(&f).broken, 0x40);
    f.config[0x40] = CAP_VENDOR; /* conventional PCI has no extended space */
    assert_int_equal(capabilities_of(&f).aer, 0);
}

static void the_longest_loop_free_list_costs_one_read_a_place(void **state)
{
    (void)state;
    struct function f = {0};
    f.config[PCI_CAPABILITIES] = 0x40;
    put_capability(&f, 0x40, CAP_EXPRESS, 0);
    for (uint32_t at = 0x100; at < 0xff8; at += 4)
        put_extended(&f, at, 0x2222, at + 4);
    put_extended(&f, 0xff8, 0x001b, 0x100);
    struct pci_capabilities c = capabilities_of(&f);
    assert_int_equal(c.pasid, 0xff8);
    assert_int_equal(c.broken, 0x100);
    assert_true(f.reads <= (0x1000 - 0x100) / 4 + 4);
}

static void features_are_decoded(void **state)
{
    (void)state;
    struct function f = {0};
    struct pci_access a = access_to(&f);
    struct pci_features x;
    f.config[PCI_CAPABILITIES] = 0x40;
    put_capability(&f, 0x40, CAP_POWER, 0x50);
    set(&f, 0x44, 2, 3 | 1 << 3);
    put_capability(&f, 0x50, CAP_MSI, 0x70);
    set(&f, 0x52, 2, 1 | 3 << 1 | 1 << 7 | 1 << 8);
    put_capability(&f, 0x70, CAP_EXPRESS, 0xa0);
    set(&f, 0x72, 2, 2 | PCI_EXPRESS_ROOT_PORT << 4);
    set(&f, 0x74, 4, 1 << 28);
    put_capability(&f, 0xa0, CAP_ADVANCED, 0);
    f.config[0xa3] = 2; /* FLR without a way to see pending transactions */
    struct pci_capabilities c = capabilities_of(&f);
    pci_read_features(&a, 0x123, &c, &x);
    assert_int_equal(x.power_state, 3);
    assert_true(x.no_soft_reset);
    assert_int_equal(x.msi_messages, 8);
    assert_true(x.msi_64bit && x.msi_maskable);
    assert_int_equal(x.express_type, PCI_EXPRESS_ROOT_PORT);
    assert_true(x.express_flr);
    assert_false(x.advanced_flr);
    f.config[0xa3] = 3;
    set(&f, 0x52, 2, 7 << 1); /* a reserved count */
    pci_read_features(&a, 0x123, &c, &x);
    assert_true(x.advanced_flr);
    assert_int_equal(x.msi_messages, 32);
    const struct pci_capabilities none = {0};
    pci_read_features(&a, 0x123, &none, &x);
    assert_int_equal(x.express_type, PCI_EXPRESS_NONE);
    assert_int_equal(x.msi_messages, 0);
}

static void msi_that_firmware_left_on_goes_off_and_acs_goes_on(void **state)
{
    (void)state;
    struct function f = {0};
    struct pci_access a = access_to(&f);
    const struct pci_capabilities c = {.msi = 0x50, .acs = 0x140};
    set(&f, 0x52, 2, 1 | 1 << 7);
    assert_true(pci_disable_messages(&a, 0x123, &c));
    assert_int_equal(get(&f, 0x52, 2), 1 << 7);
    assert_false(pci_disable_messages(&a, 0x123, &c));
    set(&f, 0x144, 2, PCI_ACS_SOURCE_VALIDATION | PCI_ACS_REQUEST_REDIRECT | 1 << 5); /* also egress control */
    set(&f, 0x146, 2, 1 << 7);
    assert_int_equal(pci_enable_acs(&a, 0x123, &c), PCI_ACS_SOURCE_VALIDATION | PCI_ACS_REQUEST_REDIRECT | 1 << 7);
    const struct pci_capabilities none = {0};
    assert_int_equal(pci_enable_acs(&a, 0x123, &none), 0);
}

/* Whether or not its table can be found, and beside MSI: nothing else would ever switch it off. */
static void g9_msix_that_firmware_left_on_goes_off(void **state)
{
    (void)state;
    struct function f = {0};
    struct pci_access a = access_to(&f);
    const struct pci_capabilities c = {.msi = 0x50, .msix = 0x60};
    for (uint32_t on = 0; on < 4; on++) {
        set(&f, 0x52, 2, on & 1 ? 1 | 1 << 7 : 1 << 7);
        set(&f, 0x62, 2, on & 2 ? 1 << 15 | 3 : 3);
        assert_int_equal(pci_disable_messages(&a, 0x123, &c), on != 0);
        assert_int_equal(get(&f, 0x52, 2), 1 << 7);
        assert_int_equal(get(&f, 0x62, 2), 3);
    }
}

static void g8_who_says_that_its_addresses_are_translated_has_no_way_past_a_port(void **state)
{
    (void)state;
    struct function f = {0};
    struct pci_access a = access_to(&f);
    const struct pci_capabilities c = {.acs = 0x140};
    set(&f, 0x144, 2, 0x7f);
    set(&f, 0x146, 2, PCI_ACS_ISOLATES_PORT | PCI_ACS_DIRECT_TRANSLATED); /* as firmware left it */
    assert_int_equal(pci_enable_acs(&a, 0x123, &c), PCI_ACS_ISOLATES_PORT | PCI_ACS_TRANSLATION_BLOCKING);
    assert_int_equal(get(&f, 0x146, 2), PCI_ACS_ISOLATES_PORT | PCI_ACS_TRANSLATION_BLOCKING);
}

static void a_bar_that_answers_as_none_can_is_refused(void **state)
{
    (void)state;
    static const struct {
        uint32_t mask, flags, index;
    } wrong[] = {
        {0xfff0f000, 0, 0}, /* a size with a hole */
        {0xfffff000, 6, 0}, /* reserved type */
        {0xfffff000, 4, 5}, /* 64 bits in the last register */
        {0x0000ffd4, 1, 2}, /* ports with a hole */
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct function f = {0};
        struct pci_access a = access_to(&f);
        struct pci_bar bar[PCI_BARS];
        f.bar_mask[wrong[i].index] = wrong[i].mask & ~15u;
        set(&f, PCI_BAR0 + 4 * wrong[i].index, 4, wrong[i].flags | (wrong[i].mask & 15 & ~3u));
        if (wrong[i].flags == 1)
            f.bar_mask[2] = 0x0000f0d0;
        assert_int_equal(pci_size_bars(&a, 0x123, PCI_BARS, bar), 1u << wrong[i].index);
        assert_int_equal(bar[wrong[i].index].size, 0);
    }
}

static void a_bar_moves_and_one_that_does_not_hold_its_address_is_noticed(void **state)
{
    (void)state;
    struct function f = {0};
    struct pci_access a = access_to(&f);
    struct pci_bar bar[PCI_BARS];
    f.bar_mask[0] = 0xffffc000;
    f.bar_mask[1] = 0xff; /* holds address bits 32 to 39 only */
    set(&f, PCI_BAR0, 4, 0xc);
    assert_int_equal(pci_size_bars(&a, 0x123, PCI_BARS, bar), 1); /* and so its size has a hole */
    f.bar_mask[1] = 0xffffffff;
    assert_int_equal(pci_size_bars(&a, 0x123, PCI_BARS, bar), 0);
    assert_ok(pci_move_bar(&a, 0x123, 0, &bar[0], UINT64_C(0x1200004000)));
    assert_int_equal(bar[0].address, UINT64_C(0x1200004000));
    assert_int_equal(get(&f, PCI_BAR0 + 4, 4), 0x12);
    assert_int_equal(pci_move_bar(&a, 0x123, 0, &bar[0], UINT64_C(0x1200001000)), TN_EIO);
    assert_int_equal(bar[0].address, 0);
}

static void a_rom_that_firmware_left_on_goes_off(void **state)
{
    (void)state;
    struct function f = {0};
    struct pci_access a = access_to(&f);
    set(&f, PCI_ROM, 4, 0xfeb00001);
    pci_disable_rom(&a, 0x123, PCI_ROM);
    assert_int_equal(get(&f, PCI_ROM, 4), 0xfeb00000);
}

static void every_kind_of_bar_is_sized_with_decoding_off_and_restored(void **state)
{
    (void)state;
    struct function f = {0};
    struct pci_access a = access_to(&f);
    struct pci_bar bar[PCI_BARS];
    set(&f, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_IO | PCI_COMMAND_BUS_MASTER);
    f.bar_mask[0] = 0xfffff000; /* 4 KiB, 32 bits */
    set(&f, PCI_BAR0, 4, 0xfebf0000);
    f.bar_mask[1] = 0xffffffe0; /* 32 bytes of I/O */
    set(&f, PCI_BAR0 + 4, 4, 0xc001);
    f.bar_mask[2] = 0; /* 8 GiB, 64 bits, prefetchable */
    f.bar_mask[3] = 0xfffffffe;
    set(&f, PCI_BAR0 + 8, 4, 0xc);
    set(&f, PCI_BAR0 + 12, 4, 0x8);
    uint8_t before[sizeof f.config];
    memcpy(before, f.config, sizeof before);
    assert_int_equal(pci_size_bars(&a, 0x123, PCI_BARS, bar), 0);
    assert_int_equal(bar[0].size, 0x1000);
    assert_int_equal(bar[0].address, 0xfebf0000);
    assert_int_equal(bar[0].flags, TN_BAR_MEMORY);
    assert_int_equal(bar[1].size, 32);
    assert_int_equal(bar[1].flags, 0);
    assert_int_equal(bar[2].size, UINT64_C(0x200000000));
    assert_int_equal(bar[2].address, UINT64_C(0x800000000));
    assert_int_equal(bar[2].flags, TN_BAR_MEMORY | TN_BAR_64BIT | TN_BAR_PREFETCHABLE);
    assert_int_equal(bar[3].size, 0);
    assert_int_equal(bar[4].size, 0);
    assert_int_equal(f.decode_while_sizing, 0);
    assert_memory_equal(before, f.config, sizeof before);
}

static void an_msix_table_outside_its_bar_is_refused(void **state)
{
    (void)state;
    struct function f = {0};
    struct pci_access a = access_to(&f);
    struct pci_bar bar[PCI_BARS] = {[1] = {0xfe000000, 0x1000, TN_BAR_MEMORY}, [2] = {0xc000, 0x1000, 0}};
    struct pci_msix msix;
    set(&f, 0x42, 2, 3); /* four entries */
    set(&f, 0x44, 4, 0x000 | 1);
    set(&f, 0x48, 4, 0x800 | 1);
    assert_ok(pci_read_msix(&a, 0x123, 0x40, bar, &msix));
    assert_int_equal(msix.count, 4);
    static const uint32_t table[] = {0xfc8 | 1, 0x1000 | 1, 0xfffffff8 | 1, 0 | 0, 0 | 2, 7};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        set(&f, 0x44, 4, table[i]);
        assert_int_equal(pci_read_msix(&a, 0x123, 0x40, bar, &msix), TN_EPROTOCOL);
        assert_int_equal(msix.count, 0);
    }
    set(&f, 0x44, 4, 1);
    set(&f, 0x48, 4, 0x38 | 1); /* the PBA over the last entry */
    assert_int_equal(pci_read_msix(&a, 0x123, 0x40, bar, &msix), TN_EPROTOCOL);
    set(&f, 0x48, 4, 0x1000 | 1);
    assert_int_equal(pci_read_msix(&a, 0x123, 0x40, bar, &msix), TN_EPROTOCOL);
    assert_int_equal(pci_read_msix(&a, 0x123, 0, bar, &msix), TN_ENOENT);
}

static void g9_pages_of_the_msix_table_and_pba_are_recognised(void **state)
{
    (void)state;
    const struct pci_msix m = {
        .capability = 0x40, .count = 65, .table_bar = 0, .table_offset = 0x2000, .pba_bar = 0, .pba_offset = 0x3008};
    assert_false(pci_touches_msix(&m, 0, 0, 0x2000));
    assert_true(pci_touches_msix(&m, 0, 0, 0x2001));
    assert_true(pci_touches_msix(&m, 0, 0x2000, 0x1000));
    assert_true(pci_touches_msix(&m, 0, 0x3000, 0x1000)); /* the PBA begins inside the page */
    assert_false(pci_touches_msix(&m, 0, 0x4000, 0x1000));
    assert_true(pci_touches_msix(&m, 0, 0, 0x10000));
    assert_false(pci_touches_msix(&m, 1, 0x2000, 0x1000));
    const struct pci_msix none = {0};
    assert_false(pci_touches_msix(&none, 0, 0, 0x1000));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_capability_is_found_behind_others),
    cmocka_unit_test(no_list_is_no_capability),
    cmocka_unit_test(a_capability_loop_ends_and_is_reported),
    cmocka_unit_test(a_pointer_into_the_header_is_refused),
    cmocka_unit_test(a_capability_that_ends_behind_the_space_is_refused),
    cmocka_unit_test(extended_capabilities_are_found_and_loops_end),
    cmocka_unit_test(the_longest_loop_free_list_costs_one_read_a_place),
    cmocka_unit_test(features_are_decoded),
    cmocka_unit_test(msi_that_firmware_left_on_goes_off_and_acs_goes_on),
    cmocka_unit_test(g9_msix_that_firmware_left_on_goes_off),
    cmocka_unit_test(g8_who_says_that_its_addresses_are_translated_has_no_way_past_a_port),
    cmocka_unit_test(a_bar_that_answers_as_none_can_is_refused),
    cmocka_unit_test(a_bar_moves_and_one_that_does_not_hold_its_address_is_noticed),
    cmocka_unit_test(a_rom_that_firmware_left_on_goes_off),
    cmocka_unit_test(every_kind_of_bar_is_sized_with_decoding_off_and_restored),
    cmocka_unit_test(an_msix_table_outside_its_bar_is_refused),
    cmocka_unit_test(g9_pages_of_the_msix_table_and_pba_are_recognised),
};
UNIT_MAIN(tests)
