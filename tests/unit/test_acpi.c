/* SPDX-License-Identifier: Apache-2.0 */
/* ACPI tables are hostile input: lengths, checksums, addresses that lie; a broken table costs itself and no more. */
#include "firmware/acpi.h"

#include "unit.h"

enum {
    BASE = 0x10000,
    BYTES = 0x4000,
    RSDP_AT = BASE,
    XSDT_AT = BASE + 0x100,
    MCFG_AT = BASE + 0x400,
    OTHER_AT = BASE + 0x800,
};

struct machine {
    uint8_t memory[BYTES];
    char complaint[256];
    unsigned complaints;
};

static const void *map(void *context, uint64_t physical, uint64_t bytes)
{
    struct machine *m = context;
    if (physical < BASE || physical - BASE > BYTES || bytes > BYTES - (physical - BASE))
        return NULL;
    return m->memory + (physical - BASE);
}

static void refuse(void *context, const char *what, const char *signature, uint64_t physical, uint64_t value)
{
    struct machine *m = context;
    (void)physical;
    m->complaints++;
    snprintf(m->complaint, sizeof m->complaint, "%s: %s %lx", signature, what, value);
}

static struct acpi_access access_to(struct machine *m)
{
    return (struct acpi_access){map, refuse, m};
}

static void put(struct machine *m, uint64_t at, const void *bytes, size_t n)
{
    memcpy(m->memory + (at - BASE), bytes, n);
}

static void put32(struct machine *m, uint64_t at, uint32_t value)
{
    put(m, at, &value, 4);
}

static void put64(struct machine *m, uint64_t at, uint64_t value)
{
    put(m, at, &value, 8);
}

static void fix_sum(struct machine *m, uint64_t at, uint64_t n, uint64_t sum_at)
{
    uint8_t total = 0;
    m->memory[at + sum_at - BASE] = 0;
    for (uint64_t i = 0; i < n; i++)
        total = (uint8_t)(total + m->memory[at + i - BASE]);
    m->memory[at + sum_at - BASE] = (uint8_t)-total;
}

static void put_table(struct machine *m, uint64_t at, const char *signature, uint32_t length)
{
    put(m, at, signature, 4);
    put32(m, at + 4, length);
    fix_sum(m, at, length, 9);
}

/* RSDP, XSDT with two entries, MCFG with one allocation, one other table. */
static void build(struct machine *m)
{
    memset(m, 0, sizeof *m);
    put(m, RSDP_AT, "RSD PTR ", 8);
    m->memory[RSDP_AT + 15 - BASE] = 2;
    put32(m, RSDP_AT + 20, 36);
    put64(m, RSDP_AT + 24, XSDT_AT);
    fix_sum(m, RSDP_AT, 20, 8);
    fix_sum(m, RSDP_AT, 36, 32);
    put64(m, XSDT_AT + 36, MCFG_AT);
    put64(m, XSDT_AT + 44, OTHER_AT);
    put_table(m, XSDT_AT, "XSDT", 52);
    put64(m, MCFG_AT + 44, 0xb0000000);
    m->memory[MCFG_AT + 55 - BASE] = 255;
    put_table(m, MCFG_AT, "MCFG", 60);
    put_table(m, OTHER_AT, "TEST", 40);
}

static struct acpi_info read_ok(struct machine *m)
{
    struct acpi_info info;
    struct acpi_access a = access_to(m);
    assert_ok(acpi_read(&a, RSDP_AT, &info));
    return info;
}

static void good_tables_are_read(void **state)
{
    (void)state;
    struct machine m;
    build(&m);
    struct acpi_info info = read_ok(&m);
    assert_int_equal(m.complaints, 0);
    assert_int_equal(info.table_count, 2);
    assert_int_equal(info.ecam_count, 1);
    assert_int_equal(info.ecam[0].base, 0xb0000000);
    assert_int_equal(info.ecam[0].end_bus, 255);
}

static void a_table_with_a_wrong_checksum_costs_itself_only(void **state)
{
    (void)state;
    struct machine m;
    build(&m);
    m.memory[MCFG_AT + 20 - BASE] ^= 1;
    struct acpi_info info = read_ok(&m);
    assert_int_equal(info.ecam_count, 0);
    assert_int_equal(info.table_count, 1);
    assert_int_equal(m.complaints, 1);
    assert_non_null(strstr(m.complaint, "MCFG: bad checksum"));
}

static void lengths_that_lie_are_refused(void **state)
{
    (void)state;
    static const uint32_t length[] = {0, 35, BYTES, 0x7fffffff, UINT32_MAX};
    for (size_t i = 0; i < sizeof length / sizeof length[0]; i++) {
        struct machine m;
        build(&m);
        put32(&m, MCFG_AT + 4, length[i]);
        struct acpi_info info = read_ok(&m);
        assert_int_equal(info.ecam_count, 0);
        assert_int_equal(m.complaints, 1);
        assert_non_null(strstr(m.complaint, "length"));
    }
}

static void addresses_outside_memory_are_refused(void **state)
{
    (void)state;
    static const uint64_t address[] = {0, 1, BASE + BYTES - 8, UINT64_MAX - 4, UINT64_C(1) << 60};
    for (size_t i = 0; i < sizeof address / sizeof address[0]; i++) {
        struct machine m;
        build(&m);
        put64(&m, XSDT_AT + 36, address[i]);
        put_table(&m, XSDT_AT, "XSDT", 52);
        struct acpi_info info = read_ok(&m);
        assert_int_equal(info.table_count, 1);
        assert_int_equal(m.complaints, 1);
    }
}

static void allocations_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    struct machine m;
    build(&m);
    put64(&m, MCFG_AT + 44, 0xb0000001);
    put_table(&m, MCFG_AT, "MCFG", 60);
    assert_int_equal(read_ok(&m).ecam_count, 0);
    assert_non_null(strstr(m.complaint, "bad base"));
    build(&m);
    put64(&m, MCFG_AT + 44, UINT64_C(0xfffffffffff00000));
    put_table(&m, MCFG_AT, "MCFG", 60);
    assert_int_equal(read_ok(&m).ecam_count, 0);
    build(&m);
    m.memory[MCFG_AT + 54 - BASE] = 9;
    m.memory[MCFG_AT + 55 - BASE] = 8;
    put_table(&m, MCFG_AT, "MCFG", 60);
    assert_int_equal(read_ok(&m).ecam_count, 0);
    assert_non_null(strstr(m.complaint, "start bus"));
    build(&m);
    put_table(&m, MCFG_AT, "MCFG", 52); /* half an entry */
    assert_int_equal(read_ok(&m).ecam_count, 0);
    assert_non_null(strstr(m.complaint, "part of an entry"));
}

static void a_broken_root_leaves_no_tables(void **state)
{
    (void)state;
    struct machine m;
    struct acpi_info info;
    build(&m);
    struct acpi_access a = access_to(&m);
    m.memory[XSDT_AT + 10 - BASE] ^= 1;
    assert_int_equal(acpi_read(&a, RSDP_AT, &info), TN_ENOENT);
    assert_int_equal(info.table_count, 0);
    build(&m);
    m.memory[RSDP_AT + 9 - BASE] ^= 1;
    assert_int_equal(acpi_read(&a, RSDP_AT, &info), TN_ENOENT);
    assert_int_equal(acpi_read(&a, 12, &info), TN_ENOENT);
    build(&m);
    put_table(&m, XSDT_AT, "RSDT", 52);
    assert_int_equal(acpi_read(&a, RSDP_AT, &info), TN_ENOENT);
}

static void a_table_that_lists_itself_or_twice_ends(void **state)
{
    (void)state;
    struct machine m;
    build(&m);
    put64(&m, XSDT_AT + 44, MCFG_AT);
    put_table(&m, XSDT_AT, "XSDT", 52);
    struct acpi_info info = read_ok(&m);
    assert_int_equal(info.table_count, 1);
    assert_int_equal(info.ecam_count, 1);
    put64(&m, XSDT_AT + 44, XSDT_AT);
    put_table(&m, XSDT_AT, "XSDT", 52);
    assert_int_equal(read_ok(&m).table_count, 2);
}

static void the_rsdp_is_found_by_its_checksum(void **state)
{
    (void)state;
    struct machine m;
    build(&m);
    struct acpi_access a = access_to(&m);
    assert_int_equal(acpi_find_rsdp(&a, BASE, BYTES), RSDP_AT);
    put(&m, BASE + 0x1000, m.memory, 36);
    m.memory[0] ^= 1;
    assert_int_equal(acpi_find_rsdp(&a, BASE, BYTES), BASE + 0x1000);
    m.memory[0x1000 + 3] ^= 1;
    assert_int_equal(acpi_find_rsdp(&a, BASE, BYTES), 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(good_tables_are_read),
    cmocka_unit_test(a_table_with_a_wrong_checksum_costs_itself_only),
    cmocka_unit_test(lengths_that_lie_are_refused),
    cmocka_unit_test(addresses_outside_memory_are_refused),
    cmocka_unit_test(allocations_that_make_no_sense_are_refused),
    cmocka_unit_test(a_broken_root_leaves_no_tables),
    cmocka_unit_test(a_table_that_lists_itself_or_twice_ends),
    cmocka_unit_test(the_rsdp_is_found_by_its_checksum),
};
UNIT_MAIN(tests)
