/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration space of a function that lies: capability loops, pointers into the header, MSI-X tables outside BARs.
 */
#include <tenure/abi/ring.h>

#include "pci/config.h"

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

static void a_capability_is_found_behind_others(void **state)
{
    (void)state;
    struct function f = {0};
    struct pci_access a = access_to(&f);
    uint32_t bad;
    f.config[PCI_CAPABILITIES] = 0x40;
    put_capability(&f, 0x40, 9, 0x50);
    put_capability(&f, 0x50, 9, 0xf0);
    put_capability(&f, 0xf0, PCI_CAP_MSIX, 0);
    assert_int_equal(pci_find_capability(&a, 0x123, PCI_CAP_MSIX, &bad), 0xf0);
    assert_int_equal(bad, 0);
    assert_int_equal(pci_find_capability(&a, 0x123, PCI_CAP_MSI, &bad), 0);
    assert_int_equal(bad, 0);
}

static void no_list_is_no_capability(void **state)
{
    (void)state;
    struct function f = {0};
    struct pci_access a = access_to(&f);
    uint32_t bad;
    f.config[PCI_CAPABILITIES] = 0x40;
    f.config[0x40] = PCI_CAP_MSIX;
    assert_int_equal(pci_find_capability(&a, 0x123, PCI_CAP_MSIX, &bad), 0); /* the status bit is not set */
}

static void a_capability_loop_ends_and_is_reported(void **state)
{
    (void)state;
    struct function f = {0};
    struct pci_access a = access_to(&f);
    uint32_t bad;
    f.config[PCI_CAPABILITIES] = 0x40;
    put_capability(&f, 0x40, 9, 0x60);
    put_capability(&f, 0x60, 9, 0x40);
    assert_int_equal(pci_find_capability(&a, 0x123, PCI_CAP_MSIX, &bad), 0);
    assert_true(bad == 0x40 || bad == 0x60);
    assert_true(f.reads < 2 * PCI_CAPS_MAX + 8);
    put_capability(&f, 0x60, 9, 0x60); /* one that names itself */
    assert_int_equal(pci_find_capability(&a, 0x123, PCI_CAP_MSIX, &bad), 0);
    assert_int_equal(bad, 0x60);
}

static void a_pointer_into_the_header_is_refused(void **state)
{
    (void)state;
    struct function f = {0};
    struct pci_access a = access_to(&f);
    uint32_t bad;
    f.config[PCI_CAPABILITIES] = 0x10;
    put_capability(&f, 0x10, PCI_CAP_MSIX, 0);
    assert_int_equal(pci_find_capability(&a, 0x123, PCI_CAP_MSIX, &bad), 0);
    assert_int_equal(bad, 0x10);
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
    pci_size_bars(&a, 0x123, bar);
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
    cmocka_unit_test(every_kind_of_bar_is_sized_with_decoding_off_and_restored),
    cmocka_unit_test(an_msix_table_outside_its_bar_is_refused),
    cmocka_unit_test(g9_pages_of_the_msix_table_and_pba_are_recognised),
};
UNIT_MAIN(tests)
