/* SPDX-License-Identifier: Apache-2.0 */
/* Tables that are right one by one, and not together: registers that two of them claim, two DMARs, and what cannot be
 * read and may be a DMAR. In every order. */
#include "firmware/acpi.h"

#include "acpi_build.h"

enum { ROOT = 0x1000, TABLES = 0x10000, APART = 0x1000, TABLES_MAX = 80 };

struct machine {
    uint8_t memory[TABLES + TABLES_MAX * APART];
    uint32_t count;
    unsigned complaints;
    char complaint[4096]; /* all of them */
    uint8_t copy[ACPI_DECODED_BYTES_MAX];
    struct acpi_info info;
};

static struct machine machine;

static const void *map(void *context, uint64_t physical, uint64_t bytes)
{
    (void)context;
    bool inside = physical <= sizeof machine.memory && bytes <= sizeof machine.memory - physical;
    return inside ? machine.memory + physical : NULL;
}

static bool is_memory(void *context, uint64_t start, uint64_t bytes)
{
    (void)context, (void)bytes;
    return start < sizeof machine.memory;
}

static void refuse(void *context, const char *signature, uint64_t physical, const struct acpi_fault *fault)
{
    (void)context, (void)physical;
    size_t n = strlen(machine.complaint);
    machine.complaints++;
    snprintf(machine.complaint + n, sizeof machine.complaint - n, "%s: %s %lx\n", signature, fault->what, fault->value);
}

static void add(struct built t)
{
    seal(&t);
    memcpy(machine.memory + TABLES + machine.count++ * APART, t.bytes, t.length);
}

/* Reads what was added, in this order or backwards. */
static const struct acpi_info *read_all(bool backwards)
{
    const struct acpi_access a = {map, is_memory, refuse, machine.copy, NULL, UINT64_C(1) << 40};
    const struct rsdp rsdp = {0, ROOT, 0};
    struct built root;
    begin(&root, "RSDT");
    for (uint32_t i = 0; i < machine.count; i++)
        put32(&root, TABLES + (backwards ? machine.count - 1 - i : i) * APART);
    seal(&root);
    memcpy(machine.memory + ROOT, root.bytes, root.length);
    machine.complaints = 0;
    machine.complaint[0] = 0;
    assert_ok(acpi_read(&a, &rsdp, &machine.info));
    return &machine.info;
}

static struct built mcfg(uint64_t base, unsigned segment, unsigned last_bus)
{
    struct built t;
    begin(&t, "MCFG");
    put_zeros(&t, 8);
    put64(&t, 0xb0000000), put16(&t, 0), put8(&t, 0), put8(&t, 255), put32(&t, 0);
    if (base != 0)
        put64(&t, base), put16(&t, segment), put8(&t, 0), put8(&t, last_bus), put32(&t, 0);
    return t;
}

static struct built madt(uint32_t io_apic)
{
    struct built t;
    begin(&t, "APIC");
    put32(&t, 0xfee00000), put32(&t, 1);
    put8(&t, 0), put8(&t, 8), put8(&t, 0), put8(&t, 0), put32(&t, 1);
    put8(&t, 1), put8(&t, 12), put8(&t, 0), put8(&t, 0), put32(&t, io_apic), put32(&t, 0);
    return t;
}

static struct built hpet(uint64_t base)
{
    struct built t;
    begin(&t, "HPET");
    put32(&t, 0x8086a201), put32(&t, 0), put64(&t, base), put_zeros(&t, 4);
    return t;
}

static struct built dmar(uint64_t base)
{
    struct built t;
    begin(&t, "DMAR");
    put8(&t, 38), put8(&t, 1), put_zeros(&t, 10);
    put16(&t, 0), put16(&t, 16), put8(&t, 1), put8(&t, 0), put16(&t, 0), put64(&t, base);
    return t;
}

static void set(struct built window, uint32_t io_apic)
{
    memset(&machine, 0, sizeof machine);
    add(window), add(madt(io_apic)), add(hpet(0xd0000000)), add(dmar(0xd1000000));
}

static void g8_configuration_space_over_other_registers_is_refused(void **state)
{
    (void)state;
    static const struct {
        uint64_t base;
        const char *words;
    } wrong[] = {
        {0xc0000000, "over an I/O APIC"},       {0xfee00000, "over the local APIC"},
        {0xd0000000, "over the HPET"},          {0xd0f00000, "over a remapping unit"},
        {0xff800000, "over the BIOS"},          {0xfff00000, "over the BIOS"},
        {0xfec00000, "over chipset registers"}, {0xfed00000, "over chipset registers"},
        {0xfe900000, "over chipset registers"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        for (unsigned backwards = 0; backwards < 2; backwards++) {
            set(mcfg(wrong[i].base, 1, wrong[i].base >= 0xfec00000 ? 0 : 3), 0xc0100000);
            const struct acpi_info *info = read_all(backwards);
            assert_false(info->has_mcfg);
            assert_true(info->has_hpet && info->has_dmar);
            assert_non_null(strstr(machine.complaint, wrong[i].words));
            for (uint32_t t = 0; t < info->table_count; t++)
                assert_string_not_equal(info->table[t].signature, "MCFG");
        }
    for (unsigned backwards = 0; backwards < 2; backwards++) {
        set(mcfg(0xd2000000, 1, 3), 0xfec00000);
        assert_true(read_all(backwards)->has_mcfg && machine.info.has_madt);
        assert_int_equal(machine.complaints, 0);
        assert_int_equal(machine.info.table_count, 4);
    }
}

static void an_io_apic_over_other_registers_is_refused(void **state)
{
    (void)state;
    static const struct {
        uint32_t at;
        const char *words;
        bool is_ecam;
    } wrong[] = {
        {0xfee00000, "over the local APIC", false},     {0xfeefffe0, "over the local APIC", false},
        {0xd0000000, "over the HPET", false},           {0xd1000ff0, "over a remapping unit", false},
        {0xb0100000, "over configuration space", true}, {0xfffffff0, "over the BIOS", false},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        for (unsigned backwards = 0; backwards < 2; backwards++) {
            set(mcfg(0, 0, 0), wrong[i].at);
            const struct acpi_info *info = read_all(backwards);
            assert_false(info->has_madt);
            assert_int_equal(info->has_mcfg, !wrong[i].is_ecam); /* which of the two is there nobody knows */
            assert_int_equal(machine.complaints, wrong[i].is_ecam ? 2 : 1);
            assert_non_null(strstr(machine.complaint, wrong[i].words));
        }
}

static void g8_of_two_dmars_none_counts(void **state)
{
    (void)state;
    set(mcfg(0, 0, 0), 0xfec00000);
    add(dmar(0xd3000000));
    for (unsigned backwards = 0; backwards < 2; backwards++) {
        const struct acpi_info *info = read_all(backwards);
        assert_false(info->has_dmar);
        assert_true(info->dmar_refused);
        assert_int_equal(machine.complaints, 2);
        assert_int_equal(info->table_count, 3);
    }
    memcpy(machine.memory + TABLES + 4 * APART + 4, "\1\0\0", 4); /* the last one is broken: nor does the first */
    assert_false(read_all(false)->has_dmar);
    assert_true(machine.info.dmar_refused);
}

static void g8_a_dmar_that_cannot_be_read_is_not_an_absent_one(void **state)
{
    (void)state;
    static const uint32_t length[] = {0, 8, 35, 0x200000, 0x7fffffff, UINT32_MAX};
    set(mcfg(0, 0, 0), 0xfec00000);
    for (size_t i = 0; i < sizeof length / sizeof length[0]; i++) {
        memcpy(machine.memory + TABLES + 3 * APART + 4, &length[i], 4);
        assert_false(read_all(false)->has_dmar);
        assert_true(machine.info.dmar_refused);
    }
    memset(&machine, 0, sizeof machine);
    for (uint32_t i = 0; i <= ACPI_TABLES_MAX; i++) {
        struct built t;
        begin(&t, "SSDT");
        add(i == ACPI_TABLES_MAX ? dmar(0xd1000000) : t);
    }
    assert_true(read_all(false)->dmar_refused);
    assert_true(read_all(true)->has_dmar && !machine.info.dmar_refused);
}

static void g8_what_cannot_be_read_may_be_a_dmar(void **state)
{
    (void)state;
    const struct acpi_access a = {map, is_memory, refuse, machine.copy, NULL, UINT64_C(1) << 40};
    set(mcfg(0, 0, 0), 0xfec00000);
    assert_false(read_all(false)->dmar_unknown);
    const uint32_t nowhere = sizeof machine.memory;
    memcpy(machine.memory + ROOT + 36 + 12, &nowhere, 4); /* the entry of the DMAR */
    machine.memory[ROOT + 9] = 0;
    machine.memory[ROOT + 9] = (uint8_t)-acpi_sum(machine.memory + ROOT, 36 + 16);
    const struct rsdp rsdp = {0, ROOT, 0}, both = {2, ROOT, ROOT + 0x800};
    assert_ok(acpi_read(&a, &rsdp, &machine.info));
    assert_true(machine.info.dmar_unknown && !machine.info.dmar_refused);
    assert_ok(acpi_read(&a, &both, &machine.info)); /* the XSDT cannot be read; what it lists is in the RSDT, or not */
    assert_true(machine.info.dmar_unknown);
    machine.memory[ROOT + 9] ^= 1;
    assert_int_equal(acpi_read(&a, &rsdp, &machine.info), TN_ENOENT);
    assert_true(machine.info.dmar_unknown);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(g8_configuration_space_over_other_registers_is_refused),
    cmocka_unit_test(an_io_apic_over_other_registers_is_refused),
    cmocka_unit_test(g8_of_two_dmars_none_counts),
    cmocka_unit_test(g8_a_dmar_that_cannot_be_read_is_not_an_absent_one),
    cmocka_unit_test(g8_what_cannot_be_read_may_be_a_dmar),
};
UNIT_MAIN(tests)
