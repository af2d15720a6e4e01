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

#define LIMIT (UINT64_C(1) << 40) /* of the processor's addresses */

struct machine {
    uint8_t memory[BYTES];
    char complaint[256];
    unsigned complaints;
    uint64_t ram; /* one page of RAM that a table may name by mistake; 0: none */
    uint8_t copy[ACPI_DECODED_BYTES_MAX];
};

static const void *map(void *context, uint64_t physical, uint64_t bytes)
{
    struct machine *m = context;
    if (physical < BASE || physical - BASE > BYTES || bytes > BYTES - (physical - BASE))
        return NULL;
    return m->memory + (physical - BASE);
}

static bool is_memory(void *context, uint64_t start, uint64_t bytes)
{
    const struct machine *m = context;
    return m->ram != 0 && start < m->ram + 4096 && m->ram < start + bytes;
}

static void refuse(void *context, const char *signature, uint64_t physical, const struct acpi_fault *fault)
{
    struct machine *m = context;
    (void)physical;
    m->complaints++;
    snprintf(m->complaint, sizeof m->complaint, "%s: %s %lx", signature, fault->what, fault->value);
}

static struct acpi_access access_to(struct machine *m)
{
    return (struct acpi_access){map, is_memory, refuse, m->copy, m, LIMIT};
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

/* A DMAR with one DRHD without scopes. */
static void put_dmar(struct machine *m, uint64_t at, uint64_t base)
{
    m->memory[at + 36 - BASE] = 38;
    put32(m, at + 48, 16 << 16);
    put64(m, at + 56, base);
    put_table(m, at, "DMAR", 64);
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

static enum tn_status read_at(struct machine *m, uint64_t physical, struct acpi_info *info)
{
    struct acpi_access a = access_to(m);
    struct rsdp rsdp;
    enum tn_status status = acpi_rsdp_at(&a, physical, &rsdp);
    memset(info, 0, sizeof *info);
    return status == TN_OK ? acpi_read(&a, &rsdp, info) : status;
}

static struct acpi_info read_ok(struct machine *m)
{
    struct acpi_info info;
    assert_ok(read_at(m, RSDP_AT, &info));
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
    assert_int_equal(info.mcfg.count, 1);
    assert_int_equal(info.mcfg.allocation[0].base, 0xb0000000);
    assert_int_equal(info.mcfg.allocation[0].last_bus, 255);
}

static void a_table_with_a_wrong_checksum_costs_itself_only(void **state)
{
    (void)state;
    struct machine m;
    build(&m);
    m.memory[MCFG_AT + 20 - BASE] ^= 1;
    struct acpi_info info = read_ok(&m);
    assert_int_equal(info.has_mcfg, false);
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
        assert_int_equal(info.has_mcfg, false);
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
    assert_int_equal(read_ok(&m).has_mcfg, false);
    assert_non_null(strstr(m.complaint, "bad base"));
    build(&m);
    put64(&m, MCFG_AT + 44, UINT64_C(0xfffffffffff00000));
    put_table(&m, MCFG_AT, "MCFG", 60);
    assert_int_equal(read_ok(&m).has_mcfg, false);
    assert_non_null(strstr(m.complaint, "bad base"));
    build(&m);
    m.memory[MCFG_AT + 54 - BASE] = 9;
    m.memory[MCFG_AT + 55 - BASE] = 8;
    put_table(&m, MCFG_AT, "MCFG", 60);
    assert_int_equal(read_ok(&m).has_mcfg, false);
    assert_non_null(strstr(m.complaint, "start bus"));
    build(&m);
    put_table(&m, MCFG_AT, "MCFG", 52); /* half an entry */
    assert_int_equal(read_ok(&m).has_mcfg, false);
    assert_non_null(strstr(m.complaint, "part of an entry"));
}

static void a_broken_root_leaves_no_tables(void **state)
{
    (void)state;
    struct machine m;
    struct acpi_info info;
    build(&m);
    m.memory[XSDT_AT + 10 - BASE] ^= 1;
    assert_int_equal(read_at(&m, RSDP_AT, &info), TN_ENOENT);
    assert_int_equal(info.table_count, 0);
    build(&m);
    m.memory[RSDP_AT + 9 - BASE] ^= 1;
    assert_int_equal(read_at(&m, RSDP_AT, &info), TN_ENOENT);
    assert_int_equal(read_at(&m, 12, &info), TN_ENOENT);
    build(&m);
    put_table(&m, XSDT_AT, "RSDT", 52);
    assert_int_equal(read_at(&m, RSDP_AT, &info), TN_ENOENT);
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
    assert_int_equal(info.mcfg.count, 1);
    put64(&m, XSDT_AT + 44, XSDT_AT);
    put_table(&m, XSDT_AT, "XSDT", 52);
    assert_int_equal(read_ok(&m).table_count, 2);
}

static void registers_where_ram_is_are_refused(void **state)
{
    (void)state;
    struct machine m;
    build(&m);
    m.ram = 0xb0000000 + 0x5000; /* within the ECAM */
    assert_false(read_ok(&m).has_mcfg);
    assert_int_equal(m.complaints, 1);
    assert_non_null(strstr(m.complaint, "MCFG: registers where memory is"));
    m.ram = 0xc0000000; /* the first byte behind it */
    assert_true(read_ok(&m).has_mcfg);
}

/* Page table entries for them would have reserved bits set: the first read would end the kernel. */
static void registers_that_the_processor_cannot_address_are_refused(void **state)
{
    (void)state;
    static const uint64_t beyond[] = {LIMIT - 0xff00000, LIMIT, UINT64_C(1) << 48};
    for (size_t i = 0; i < sizeof beyond / sizeof beyond[0]; i++) {
        struct machine m;
        build(&m);
        put64(&m, MCFG_AT + 44, beyond[i]);
        put_table(&m, MCFG_AT, "MCFG", 60);
        assert_false(read_ok(&m).has_mcfg);
        assert_int_equal(m.complaints, 1);
        assert_non_null(strstr(m.complaint, "MCFG: registers beyond what this processor addresses"));
        build(&m);
        put_dmar(&m, OTHER_AT, beyond[i]);
        assert_int_equal(read_ok(&m).has_dmar, i == 0);
    }
    struct machine m;
    build(&m);
    put64(&m, MCFG_AT + 44, LIMIT - 0x10000000);
    put_table(&m, MCFG_AT, "MCFG", 60);
    assert_true(read_ok(&m).has_mcfg);
}

static void of_two_tables_the_first_right_one_counts(void **state)
{
    (void)state;
    struct machine m;
    build(&m);
    memcpy(m.memory + (OTHER_AT - BASE), m.memory + (MCFG_AT - BASE), 60);
    m.memory[OTHER_AT + 55 - BASE] = 7;
    fix_sum(&m, OTHER_AT, 60, 9);
    assert_int_equal(read_ok(&m).mcfg.allocation[0].last_bus, 255);
    assert_int_equal(m.complaints, 1);
    assert_non_null(strstr(m.complaint, "MCFG: a second one"));
    m.memory[MCFG_AT + 20 - BASE] ^= 1;
    assert_int_equal(read_ok(&m).mcfg.allocation[0].last_bus, 7);
}

static void a_refused_dmar_is_not_an_absent_one(void **state)
{
    (void)state;
    struct machine m;
    build(&m);
    assert_false(read_ok(&m).dmar_refused);
    put_table(&m, OTHER_AT, "DMAR", 48); /* no structure */
    struct acpi_info info = read_ok(&m);
    assert_false(info.has_dmar);
    assert_true(info.dmar_refused);
}

/* Low memory: a BIOS data area that names an EBDA, and the areas that are searched. */
struct low {
    uint8_t memory[0x100000];
    unsigned complaints;
    struct acpi_fault last;
    uint8_t copy[ACPI_DECODED_BYTES_MAX];
};

static const void *map_low(void *context, uint64_t physical, uint64_t bytes)
{
    struct low *l = context;
    return physical > sizeof l->memory || bytes > sizeof l->memory - physical ? NULL : l->memory + physical;
}

static void refuse_low(void *context, const char *signature, uint64_t physical, const struct acpi_fault *fault)
{
    struct low *l = context;
    (void)signature, (void)physical;
    l->complaints++;
    l->last = *fault;
}

static void put_rsdp(struct low *l, uint32_t at, uint32_t rsdt)
{
    uint8_t sum = 0;
    memset(l->memory + at, 0, 36);
    memcpy(l->memory + at, "RSD PTR ", 8);
    memcpy(l->memory + at + 16, &rsdt, 4);
    for (uint32_t i = 0; i < 20; i++)
        sum = (uint8_t)(sum + l->memory[at + i]);
    l->memory[at + 8] = (uint8_t)-sum;
}

static bool never_memory(void *context, uint64_t start, uint64_t bytes)
{
    (void)context, (void)start, (void)bytes;
    return false;
}

enum { LOW_ROOT = 0x10000, LOW_TABLES = 0x20000 };

/* A table of `length` bytes in low memory; the root table gets what its entries add up to. */
static void put_low_table(struct low *l, uint32_t at, const char *signature, uint32_t length)
{
    uint8_t sum = 0;
    memcpy(l->memory + at, signature, 4);
    memcpy(l->memory + at + 4, &length, 4);
    l->memory[at + 9] = 0;
    for (uint32_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + l->memory[at + i]);
    l->memory[at + 9] = (uint8_t)-sum;
}

static struct acpi_info *read_low(struct low *l, uint32_t tables, uint32_t apart)
{
    static struct acpi_info info;
    const struct acpi_access a = {map_low, never_memory, refuse_low, l->copy, l, LIMIT};
    const struct rsdp rsdp = {0, LOW_ROOT, 0};
    for (uint32_t i = 0; i < tables; i++) {
        uint32_t at = LOW_TABLES + i * apart;
        memcpy(l->memory + LOW_ROOT + 36 + i * 4, &at, 4);
    }
    put_low_table(l, LOW_ROOT, "RSDT", 36 + tables * 4);
    assert_ok(acpi_read(&a, &rsdp, &info));
    return &info;
}

static void g6_a_table_longer_than_is_decoded_is_refused(void **state)
{
    (void)state;
    static struct low l;
    put_low_table(&l, LOW_TABLES, "DMAR", ACPI_DECODED_BYTES_MAX + 1);
    struct acpi_info *info = read_low(&l, 1, 0);
    assert_int_equal(info->table_count, 0);
    assert_true(info->dmar_refused);
    assert_non_null(strstr(l.last.what, "longer than is decoded"));
    put_low_table(&l, LOW_TABLES, "SSDT", ACPI_DECODED_BYTES_MAX + 1); /* only listed: any length up to 1 MiB */
    assert_int_equal(read_low(&l, 1, 0)->table_count, 1);
}

static void g6_tables_beyond_the_limit_are_refused_one_by_one(void **state)
{
    (void)state;
    static struct low l;
    for (uint32_t i = 0; i < ACPI_TABLES_MAX + 2; i++)
        put_low_table(&l, LOW_TABLES + i * 64, "SSDT", 36);
    assert_int_equal(read_low(&l, ACPI_TABLES_MAX, 64)->table_count, ACPI_TABLES_MAX);
    assert_int_equal(l.complaints, 0);
    assert_int_equal(read_low(&l, ACPI_TABLES_MAX + 2, 64)->table_count, ACPI_TABLES_MAX);
    assert_int_equal(l.complaints, 2);
    assert_non_null(strstr(l.last.what, "more tables than are kept"));
}

static void the_rsdp_is_found_in_the_legacy_areas_by_its_checksum(void **state)
{
    (void)state;
    static struct low l;
    const struct acpi_access a = {map_low, never_memory, refuse_low, l.copy, &l, LIMIT};
    struct rsdp rsdp;
    assert_int_equal(acpi_rsdp_search(&a, &rsdp), TN_ENOENT);
    put_rsdp(&l, 0xffff0 - 0x20, 3); /* the last place into which 20 bytes fit, less one */
    assert_ok(acpi_rsdp_search(&a, &rsdp));
    assert_int_equal(rsdp.rsdt, 3);
    put_rsdp(&l, 0xe0000, 2);
    assert_ok(acpi_rsdp_search(&a, &rsdp));
    assert_int_equal(rsdp.rsdt, 2);
    l.memory[0x40f] = 0x9f; /* EBDA at 0x9f000 */
    put_rsdp(&l, 0x9f000 + 1024 - 32, 1);
    assert_ok(acpi_rsdp_search(&a, &rsdp));
    assert_int_equal(rsdp.rsdt, 1);
    put_rsdp(&l, 0x9f000 + 1024, 1); /* behind the first KiB */
    l.memory[0x9f000 + 1024 - 32] ^= 1;
    assert_ok(acpi_rsdp_search(&a, &rsdp));
    assert_int_equal(rsdp.rsdt, 2);
    l.memory[0xe0000 + 9] ^= 1; /* a byte of the checksum's area */
    put_rsdp(&l, 0xe0008, 9);   /* not on 16 bytes */
    assert_ok(acpi_rsdp_search(&a, &rsdp));
    assert_int_equal(rsdp.rsdt, 3);
    assert_int_equal(l.complaints, 0);
}

static void the_rsdp_of_a_multiboot2_tag_is_read(void **state)
{
    (void)state;
    struct machine m;
    struct rsdp rsdp = {0};
    build(&m);
    struct acpi_access a = access_to(&m);
    assert_ok(acpi_rsdp_from_tag(&a, m.memory, 36, &rsdp));
    assert_int_equal(rsdp.xsdt, XSDT_AT);
    struct acpi_info info;
    assert_ok(acpi_read(&a, &rsdp, &info));
    assert_int_equal(info.table_count, 2);
    assert_int_equal(m.complaints, 0);
    /* an old tag holds 20 bytes: revision 2 with a part missing, and no RSDT to go on with */
    assert_int_equal(acpi_rsdp_from_tag(&a, m.memory, 20, &rsdp), TN_ENOENT);
    assert_int_equal(m.complaints, 1);
    for (uint64_t bytes = 0; bytes < 20; bytes++)
        assert_int_equal(acpi_rsdp_from_tag(&a, m.memory, bytes, &rsdp), TN_ENOENT);
    put32(&m, RSDP_AT + 16, 0x1234);
    m.memory[15] = 0;
    fix_sum(&m, RSDP_AT, 20, 8);
    assert_ok(acpi_rsdp_from_tag(&a, m.memory, 20, &rsdp));
    assert_int_equal(rsdp.rsdt, 0x1234);
    assert_int_equal(rsdp.xsdt, 0);
}

static void a_broken_extended_part_leaves_the_rsdt(void **state)
{
    (void)state;
    struct machine m;
    struct rsdp rsdp;
    build(&m);
    struct acpi_access a = access_to(&m);
    put32(&m, RSDP_AT + 16, 0x5678);
    fix_sum(&m, RSDP_AT, 20, 8);
    m.memory[33] ^= 1;
    assert_ok(acpi_rsdp_at(&a, RSDP_AT, &rsdp));
    assert_int_equal(rsdp.rsdt, 0x5678);
    assert_int_equal(rsdp.xsdt, 0);
    assert_int_equal(m.complaints, 1);
    assert_non_null(strstr(m.complaint, "the RSDT is used"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(registers_where_ram_is_are_refused),
    cmocka_unit_test(registers_that_the_processor_cannot_address_are_refused),
    cmocka_unit_test(of_two_tables_the_first_right_one_counts),
    cmocka_unit_test(g6_a_table_longer_than_is_decoded_is_refused),
    cmocka_unit_test(g6_tables_beyond_the_limit_are_refused_one_by_one),
    cmocka_unit_test(a_refused_dmar_is_not_an_absent_one),
    cmocka_unit_test(the_rsdp_is_found_in_the_legacy_areas_by_its_checksum),
    cmocka_unit_test(the_rsdp_of_a_multiboot2_tag_is_read),
    cmocka_unit_test(a_broken_extended_part_leaves_the_rsdt),
    cmocka_unit_test(good_tables_are_read),
    cmocka_unit_test(a_table_with_a_wrong_checksum_costs_itself_only),
    cmocka_unit_test(lengths_that_lie_are_refused),
    cmocka_unit_test(addresses_outside_memory_are_refused),
    cmocka_unit_test(allocations_that_make_no_sense_are_refused),
    cmocka_unit_test(a_broken_root_leaves_no_tables),
    cmocka_unit_test(a_table_that_lists_itself_or_twice_ends),
};
UNIT_MAIN(tests)
