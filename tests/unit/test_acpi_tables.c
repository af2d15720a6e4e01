/* SPDX-License-Identifier: Apache-2.0 */
/* MADT, MCFG, FADT, HPET: what they say, and every lie refused as a whole. */
#include "firmware/acpi.h"

#include "acpi_build.h"

static void begin_madt(struct built *t)
{
    begin(t, "APIC");
    put32(t, 0xfee00000);
    put32(t, 1);
}

static void put_local_apic(struct built *t, unsigned uid, unsigned id, unsigned flags)
{
    put8(t, 0), put8(t, 8), put8(t, uid), put8(t, id), put32(t, flags);
}

static void put_io_apic(struct built *t, unsigned id, uint32_t address, uint32_t base)
{
    put8(t, 1), put8(t, 12), put8(t, id), put8(t, 0), put32(t, address), put32(t, base);
}

static void put_override(struct built *t, unsigned bus, unsigned source, uint32_t gsi, unsigned flags)
{
    put8(t, 2), put8(t, 10), put8(t, bus), put8(t, source), put32(t, gsi), put16(t, flags);
}

/* One entry of each type. */
static struct built whole_madt(void)
{
    struct built t;
    begin_madt(&t);
    put_local_apic(&t, 0, 0, 1);
    put_local_apic(&t, 1, 2, 0); /* an empty socket */
    put8(&t, 9), put8(&t, 16), put16(&t, 0), put32(&t, 0x1234), put32(&t, 2), put32(&t, 77);
    put_io_apic(&t, 1, 0xfec00000, 0);
    put_override(&t, 0, 9, 20, 13);
    put8(&t, 3), put8(&t, 8), put16(&t, 5), put32(&t, 8);
    put8(&t, 4), put8(&t, 6), put8(&t, 0xff), put16(&t, 0), put8(&t, 1);
    put8(&t, 5), put8(&t, 12), put16(&t, 0), put64(&t, UINT64_C(0x1fee00000));
    put8(&t, 10), put8(&t, 12), put16(&t, 0), put32(&t, 77), put8(&t, 0), put_zeros(&t, 3);
    put8(&t, 0x7f), put8(&t, 3), put8(&t, 0); /* a type of the future */
    seal(&t);
    return t;
}

static void every_entry_of_a_madt_is_read(void **state)
{
    (void)state;
    static struct madt m;
    struct acpi_fault fault;
    struct built t = whole_madt();
    assert_ok(READ_EXACTLY(madt_read, &t, &m, &fault));
    assert_int_equal(m.local_apic, UINT64_C(0x1fee00000));
    assert_true(m.has_8259);
    assert_int_equal(m.cpu_count, 2);
    assert_int_equal(m.cpu[1].apic_id, 0x1234);
    assert_int_equal(m.cpu[1].uid, 77);
    assert_true(m.cpu[1].is_x2apic);
    assert_int_equal(m.io_apic_count, 1);
    assert_int_equal(m.io_apic[0].address, 0xfec00000);
    assert_int_equal(m.override_count, 1);
    assert_int_equal(m.override[0].gsi, 20);
    assert_int_equal(m.override[0].irq, 9);
    assert_int_equal(m.override[0].signal, 13);
    assert_int_equal(m.nmi_source_count, 1);
    assert_int_equal(m.nmi_source[0].gsi, 8);
    assert_int_equal(m.local_nmi_count, 2);
    assert_int_equal(m.local_nmi[0].uid, MADT_EVERY_CPU);
    assert_int_equal(m.local_nmi[0].lint, 1);
    assert_int_equal(m.local_nmi[1].uid, 77);
    assert_int_equal(m.left_out + m.repeated, 0);
    SWEEP(madt_read, &t, struct madt);
}

static void an_entry_of_a_madt_whose_length_lies_is_refused(void **state)
{
    (void)state;
    static const uint8_t lengths[] = {0, 1, 7, 9, 200};
    for (size_t i = 0; i < sizeof lengths; i++) {
        struct built t;
        begin_madt(&t);
        put_local_apic(&t, 0, 0, 1);
        t.bytes[45] = lengths[i];
        assert_fault(madt_read, &t, struct madt, "entry with a bad length");
    }
    struct built t;
    begin_madt(&t);
    put_local_apic(&t, 0, 0, 1);
    put8(&t, 0x7f), put8(&t, 3); /* a type that is skipped, one byte behind the end */
    assert_fault(madt_read, &t, struct madt, "entry with a bad length");
    begin_madt(&t);
    put_local_apic(&t, 0, 0, 1);
    put8(&t, 0);
    assert_fault(madt_read, &t, struct madt, "part of an entry");
}

static void a_madt_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    struct built t;
    begin_madt(&t);
    assert_fault(madt_read, &t, struct madt, "no processor");
    begin_madt(&t), put_io_apic(&t, 0, 0, 0);
    assert_fault(madt_read, &t, struct madt, "I/O APIC with a bad address");
    begin_madt(&t), put_io_apic(&t, 0, 0xfec00000, 0), put_io_apic(&t, 1, 0xfec10000, 0);
    assert_fault(madt_read, &t, struct madt, "two I/O APICs");
    begin_madt(&t), put_override(&t, 0, 16, 16, 0);
    assert_fault(madt_read, &t, struct madt, "no ISA interrupt");
    begin_madt(&t), put_override(&t, 1, 3, 16, 0);
    assert_fault(madt_read, &t, struct madt, "no ISA interrupt");
    begin_madt(&t), put_override(&t, 0, 3, 16, 2);
    assert_fault(madt_read, &t, struct madt, "reserved polarity");
    begin_madt(&t), put_override(&t, 0, 3, 16, 8);
    assert_fault(madt_read, &t, struct madt, "reserved polarity");
    begin_madt(&t), put_override(&t, 0, 3, 16, 0), put_override(&t, 0, 3, 17, 0);
    assert_fault(madt_read, &t, struct madt, "two overrides");
    begin_madt(&t), put8(&t, 4), put8(&t, 6), put8(&t, 0), put16(&t, 0), put8(&t, 2);
    assert_fault(madt_read, &t, struct madt, "LINT");
    begin_madt(&t), put8(&t, 5), put8(&t, 12), put16(&t, 0), put64(&t, 0x10);
    assert_fault(madt_read, &t, struct madt, "bad local APIC address");
}

static void g6_a_madt_of_more_than_is_kept_is_cut_and_counted(void **state)
{
    (void)state;
    static struct madt m;
    struct acpi_fault fault;
    struct built t;
    begin_madt(&t);
    for (unsigned i = 0; i < MADT_CPUS_MAX + 3; i++)
        put8(&t, 9), put8(&t, 16), put16(&t, 0), put32(&t, 1000 + i), put32(&t, 1), put32(&t, i);
    for (unsigned i = 0; i < MADT_IO_APICS_MAX + 2; i++)
        put_io_apic(&t, i, 0xfec00000 + i * 0x1000, i * 24);
    for (unsigned i = 0; i < MADT_NMI_SOURCES_MAX + 1; i++)
        put8(&t, 3), put8(&t, 8), put16(&t, 0), put32(&t, i);
    for (unsigned i = 0; i < MADT_LOCAL_NMIS_MAX + 1; i++)
        put8(&t, 4), put8(&t, 6), put8(&t, i), put16(&t, 0), put8(&t, 1);
    put8(&t, 9), put8(&t, 16), put16(&t, 0), put32(&t, 1000), put32(&t, 1), put32(&t, 0);
    seal(&t);
    assert_ok(READ_EXACTLY(madt_read, &t, &m, &fault));
    assert_int_equal(m.cpu_count, MADT_CPUS_MAX);
    assert_int_equal(m.io_apic_count, MADT_IO_APICS_MAX);
    assert_int_equal(m.left_out, 3 + 2 + 1 + 1);
    assert_int_equal(m.repeated, 1);
}

static struct built whole_mcfg(uint32_t count)
{
    struct built t;
    begin(&t, "MCFG");
    put_zeros(&t, 8);
    for (uint32_t i = 0; i < count; i++)
        put64(&t, 0xb0000000 + (uint64_t)i * 0x10000000), put16(&t, i), put8(&t, 0), put8(&t, 255), put32(&t, 0);
    seal(&t);
    return t;
}

static void g6_allocations_beyond_the_limit_are_counted(void **state)
{
    (void)state;
    static struct mcfg m;
    struct acpi_fault fault;
    struct built t = whole_mcfg(MCFG_ALLOCATIONS_MAX + 2);
    assert_ok(READ_EXACTLY(mcfg_read, &t, &m, &fault));
    assert_int_equal(m.count, MCFG_ALLOCATIONS_MAX);
    assert_int_equal(m.left_out, 2);
    assert_int_equal(mcfg_start(&m.allocation[1]), 0xc0000000);
    assert_int_equal(mcfg_end(&m.allocation[1]), 0xd0000000);
    t = whole_mcfg(2);
    SWEEP(mcfg_read, &t, struct mcfg);
}

static void allocations_that_overlap_are_refused(void **state)
{
    (void)state;
    struct built t = whole_mcfg(2);
    t.bytes[44 + 16 + 8] = 0; /* the same segment again */
    assert_fault(mcfg_read, &t, struct mcfg, "overlap");
    t = whole_mcfg(2);
    t.bytes[44 + 16 + 3] = 0xb8; /* another segment, within the first window */
    assert_fault(mcfg_read, &t, struct mcfg, "overlap");
}

/* Revision 6 of the FADT with a reset register at port 0xcf9 and a PM timer at 0x608. */
static struct built whole_fadt(void)
{
    struct built t;
    begin(&t, "FACP");
    put_zeros(&t, 244 - 36);
    t.bytes[8] = 6;
    t.bytes[46] = 9;
    t.bytes[64] = 4, t.bytes[65] = 6, t.bytes[89] = 2; /* PM1a control at 0x604, two bytes */
    t.bytes[76] = 8, t.bytes[77] = 6, t.bytes[91] = 4;
    t.bytes[108] = 0x32;
    t.bytes[109] = FADT_BOOT_8042 | FADT_BOOT_NO_MSI;
    t.bytes[113] = 1 << 2; /* RESET_REG_SUP */
    t.bytes[116] = ACPI_SPACE_IO, t.bytes[117] = 8, t.bytes[120] = 0xf9, t.bytes[121] = 0x0c;
    t.bytes[128] = 0x0f;
    seal(&t);
    return t;
}

static void what_a_kernel_needs_of_the_fadt_is_read(void **state)
{
    (void)state;
    struct fadt f;
    struct acpi_fault fault;
    struct built t = whole_fadt();
    assert_ok(READ_EXACTLY(fadt_read, &t, &f, &fault));
    assert_int_equal(f.sci, 9);
    assert_int_equal(f.century, 0x32);
    assert_int_equal(f.boot_flags, FADT_BOOT_8042 | FADT_BOOT_NO_MSI);
    assert_int_equal(f.reset_register.address, 0xcf9);
    assert_int_equal(f.reset_value, 0x0f);
    assert_int_equal(f.pm_timer.address, 0x608);
    assert_int_equal(f.pm_timer.bits, 32);
    assert_int_equal(f.pm1a_control.address, 0x604);
    SWEEP(fadt_read, &t, struct fadt);
    t.bytes[208] = ACPI_SPACE_MEMORY, t.bytes[209] = 32, t.bytes[215] = 0xfe; /* the extended form wins */
    seal(&t);
    assert_ok(READ_EXACTLY(fadt_read, &t, &f, &fault));
    assert_int_equal(f.pm_timer.address, 0xfe000000);
    t.length = 116; /* ACPI 1.0, which has neither flags nor a reset register */
    t.bytes[8] = 1;
    t.bytes[113] = 0;
    seal(&t);
    assert_ok(READ_EXACTLY(fadt_read, &t, &f, &fault));
    assert_int_equal(f.boot_flags, 0);
    assert_int_equal(f.reset_register.address, 0);
    assert_int_equal(f.pm_timer.address, 0x608);
}

static void hardware_reduced_has_no_fixed_registers(void **state)
{
    (void)state;
    struct fadt f;
    struct acpi_fault fault;
    struct built t = whole_fadt();
    t.bytes[114] = 1 << 4;
    seal(&t);
    assert_ok(READ_EXACTLY(fadt_read, &t, &f, &fault));
    assert_int_equal(f.pm_timer.address, 0);
    assert_int_equal(f.pm1a_control.address, 0);
}

static void a_fadt_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    struct built t = whole_fadt();
    t.bytes[116] = 9;
    assert_fault(fadt_read, &t, struct fadt, "address space");
    t = whole_fadt(), t.bytes[117] = 32;
    assert_fault(fadt_read, &t, struct fadt, "not one byte");
    t = whole_fadt(), t.bytes[122] = 1; /* port 0x10cf9 */
    assert_fault(fadt_read, &t, struct fadt, "bad reset register");
    t = whole_fadt(), t.bytes[120] = t.bytes[121] = 0;
    assert_fault(fadt_read, &t, struct fadt, "bad reset register");
    t = whole_fadt(), t.bytes[91] = 3;
    assert_fault(fadt_read, &t, struct fadt, "PM timer");
    t = whole_fadt(), t.bytes[79] = 1;
    assert_fault(fadt_read, &t, struct fadt, "beyond the ports");
    t = whole_fadt(), t.length = 115;
    assert_fault(fadt_read, &t, struct fadt, "too short");
}

static struct built whole_hpet(void)
{
    struct built t;
    begin(&t, "HPET");
    put32(&t, 0x8086a201), put8(&t, 0), put8(&t, 64), put8(&t, 0), put8(&t, 0), put64(&t, 0xfed00000);
    put8(&t, 1), put16(&t, 100), put8(&t, 0);
    seal(&t);
    return t;
}

static void the_hpet_is_read_or_refused(void **state)
{
    (void)state;
    struct hpet h;
    struct acpi_fault fault;
    struct built t = whole_hpet();
    assert_ok(READ_EXACTLY(hpet_read, &t, &h, &fault));
    assert_int_equal(h.base, 0xfed00000);
    assert_int_equal(h.comparators, 3);
    assert_int_equal(h.vendor, 0x8086);
    assert_true(h.counter_64bit && h.legacy_replacement);
    assert_int_equal(h.minimum_tick, 100);
    SWEEP(hpet_read, &t, struct hpet);
    t.bytes[40] = ACPI_SPACE_IO;
    assert_fault(hpet_read, &t, struct hpet, "address space");
    t = whole_hpet(), t.bytes[44] = 4;
    assert_fault(hpet_read, &t, struct hpet, "bad base");
    t = whole_hpet(), t.length--;
    assert_fault(hpet_read, &t, struct hpet, "too short");
}

static void the_header_is_checked_before_anything_else(void **state)
{
    (void)state;
    struct acpi_fault fault;
    struct hpet h;
    struct built t = whole_hpet();
    t.bytes[9] ^= 1;
    assert_int_equal(READ_EXACTLY(hpet_read, &t, &h, &fault), TN_EPROTOCOL);
    assert_non_null(strstr(fault.what, "bad checksum"));
    t = whole_hpet();
    t.bytes[4]++;
    assert_int_equal(READ_EXACTLY(hpet_read, &t, &h, &fault), TN_EPROTOCOL);
    assert_int_equal(fault.value, t.length + 1);
    t = whole_hpet();
    t.bytes[0] = 'X';
    assert_fault(hpet_read, &t, struct hpet, "another signature");
    for (uint32_t length = 0; length < 36; length++) {
        t.length = length;
        assert_int_equal(READ_EXACTLY(hpet_read, &t, &h, &fault), TN_EPROTOCOL);
        assert_int_equal(fault.value, length);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_entry_of_a_madt_is_read),
    cmocka_unit_test(an_entry_of_a_madt_whose_length_lies_is_refused),
    cmocka_unit_test(a_madt_that_makes_no_sense_is_refused),
    cmocka_unit_test(g6_a_madt_of_more_than_is_kept_is_cut_and_counted),
    cmocka_unit_test(g6_allocations_beyond_the_limit_are_counted),
    cmocka_unit_test(allocations_that_overlap_are_refused),
    cmocka_unit_test(what_a_kernel_needs_of_the_fadt_is_read),
    cmocka_unit_test(hardware_reduced_has_no_fixed_registers),
    cmocka_unit_test(a_fadt_that_makes_no_sense_is_refused),
    cmocka_unit_test(the_hpet_is_read_or_refused),
    cmocka_unit_test(the_header_is_checked_before_anything_else),
};
UNIT_MAIN(tests)
