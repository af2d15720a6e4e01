/* SPDX-License-Identifier: Apache-2.0 */
/* DMAR: units, reserved memory, device scopes by path. Half a DMAR is worse than none: any lie refuses all of it. */
#include "firmware/dmar.h"

#include "acpi_build.h"

static void begin_dmar(struct built *t)
{
    begin(t, "DMAR");
    put8(t, 38), put8(t, DMAR_INTERRUPT_REMAPPING), put_zeros(t, 10);
}

static void put_drhd(struct built *t, unsigned flags, unsigned segment, uint64_t base, unsigned scope_bytes)
{
    put16(t, DMAR_DRHD), put16(t, 16 + scope_bytes), put8(t, flags), put8(t, 0), put16(t, segment), put64(t, base);
}

static void put_rmrr(struct built *t, uint64_t base, uint64_t limit, unsigned scope_bytes)
{
    put16(t, DMAR_RMRR), put16(t, 24 + scope_bytes), put16(t, 0), put16(t, 0), put64(t, base), put64(t, limit);
}

static void put_scope(struct built *t, unsigned type, unsigned id, unsigned bus, unsigned steps)
{
    put8(t, type), put8(t, 6 + 2 * steps), put16(t, 0), put8(t, id), put8(t, bus);
    for (unsigned i = 0; i < steps; i++)
        put8(t, i + 1), put8(t, i & 7);
}

static struct built whole_dmar(void)
{
    struct built t;
    begin_dmar(&t);
    put_drhd(&t, 0, 0, 0xfed91000, 10 + 8), put_scope(&t, DMAR_SCOPE_ENDPOINT, 0, 0, 2);
    put_scope(&t, DMAR_SCOPE_IO_APIC, 8, 0xf0, 1);
    put_drhd(&t, DMAR_EVERYTHING_ELSE, 0, 0xfed90000, 0);
    put_rmrr(&t, 0x7b000000, 0x7b7fffff, 8), put_scope(&t, DMAR_SCOPE_ENDPOINT, 0, 0, 1);
    put16(&t, DMAR_ATSR), put16(&t, 8 + 8), put8(&t, 0), put8(&t, 0), put16(&t, 3),
        put_scope(&t, DMAR_SCOPE_BRIDGE, 0, 0, 1);
    put16(&t, DMAR_RHSA), put16(&t, 20), put32(&t, 0), put64(&t, 0xfed90000), put32(&t, 5);
    put16(&t, DMAR_ANDD), put16(&t, 12), put_zeros(&t, 3), put8(&t, 7), put8(&t, '\\'), put_zeros(&t, 3);
    put16(&t, DMAR_SATC), put16(&t, 8), put8(&t, 1), put8(&t, 0), put16(&t, 0);
    put16(&t, DMAR_SIDP), put16(&t, 8), put16(&t, 0), put16(&t, 0);
    put16(&t, 99), put16(&t, 5), put8(&t, 0); /* a type of the future */
    seal(&t);
    return t;
}

static void every_structure_is_read_with_its_scopes(void **state)
{
    (void)state;
    static struct dmar d;
    struct acpi_fault fault;
    struct built t = whole_dmar();
    assert_ok(READ_EXACTLY(dmar_read, &t, &d, &fault));
    assert_int_equal(d.address_bits, 39);
    assert_int_equal(d.flags, DMAR_INTERRUPT_REMAPPING);
    assert_int_equal(d.count, 8);
    assert_int_equal(d.unknown, 1);
    assert_int_equal(d.scope_count, 4);
    assert_int_equal(d.structure[0].scope_count, 2);
    assert_int_equal(d.scope[0].steps, 2);
    assert_int_equal(d.scope[0].path[1], 2 << 3 | 1);
    assert_int_equal(d.scope[1].type, DMAR_SCOPE_IO_APIC);
    assert_int_equal(d.scope[1].id, 8);
    assert_int_equal(d.scope[1].bus, 0xf0);
    assert_int_equal(d.structure[1].flags, DMAR_EVERYTHING_ELSE);
    assert_int_equal(d.structure[2].limit, 0x7b7fffff);
    assert_int_equal(d.structure[2].first_scope, 2);
    assert_int_equal(d.structure[3].segment, 3);
    assert_int_equal(d.structure[4].domain, 5);
    assert_int_equal(d.structure[5].domain, 7);
    assert_string_equal(dmar_type_name(d.structure[6].type), "SATC");
    assert_string_equal(dmar_type_name(99), "?");
    SWEEP(dmar_read, &t, struct dmar);
}

static void lengths_that_lie_are_refused(void **state)
{
    (void)state;
    struct built t = whole_dmar();
    static const uint8_t structure[] = {0, 3, 15};
    for (size_t i = 0; i < sizeof structure; i++) {
        t = whole_dmar(), t.bytes[50] = structure[i];
        assert_fault(dmar_read, &t, struct dmar, "structure with a bad length");
    }
    t = whole_dmar(), t.bytes[51] = 0x40;
    assert_fault(dmar_read, &t, struct dmar, "structure with a bad length");
    static const uint8_t scope[] = {0, 6, 7, 9, 200};
    for (size_t i = 0; i < sizeof scope; i++) {
        t = whole_dmar(), t.bytes[65] = scope[i];
        assert_fault(dmar_read, &t, struct dmar, "device scope with a bad length");
    }
    t = whole_dmar(), t.length -= 3;
    assert_fault(dmar_read, &t, struct dmar, "part of a structure");
    begin_dmar(&t), put_drhd(&t, 0, 0, 0xfed90000, 3), put_zeros(&t, 3);
    assert_fault(dmar_read, &t, struct dmar, "part of a device scope");
}

static void a_dmar_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    struct built t;
    begin_dmar(&t);
    assert_fault(dmar_read, &t, struct dmar, "no DRHD");
    begin_dmar(&t), t.bytes[36] = 64, put_drhd(&t, 1, 0, 0xfed90000, 0);
    assert_fault(dmar_read, &t, struct dmar, "host address width");
    begin_dmar(&t), put_drhd(&t, 1, 0, 0, 0);
    assert_fault(dmar_read, &t, struct dmar, "DRHD with a bad base");
    begin_dmar(&t), put_drhd(&t, 1, 0, 0xfed90800, 0);
    assert_fault(dmar_read, &t, struct dmar, "DRHD with a bad base");
    begin_dmar(&t), put_drhd(&t, 0, 0, 0xfed90000, 0), put_drhd(&t, 0, 1, 0xfed90000, 0);
    assert_fault(dmar_read, &t, struct dmar, "two DRHDs");
    begin_dmar(&t), put_drhd(&t, 1, 0, 0xfed90000, 0), put_drhd(&t, 0, 0, 0xfed91000, 0);
    assert_fault(dmar_read, &t, struct dmar, "takes everything else");
    begin_dmar(&t), put_drhd(&t, 1, 0, 0xfed90000, 0), put_rmrr(&t, 0x1000, 0xfff, 0);
    assert_fault(dmar_read, &t, struct dmar, "RMRR");
    begin_dmar(&t), put_drhd(&t, 1, 0, 0xfed90000, 0), put_rmrr(&t, 0x1000, 0x2000, 0);
    assert_fault(dmar_read, &t, struct dmar, "RMRR");
    begin_dmar(&t), put_drhd(&t, 0, 0, 0xfed90000, 8), put_scope(&t, 1, 0, 0, 1), t.bytes[70] = 32;
    assert_fault(dmar_read, &t, struct dmar, "path step");
    begin_dmar(&t), put_drhd(&t, 0, 0, 0xfed90000, 8), put_scope(&t, 1, 0, 0, 1), t.bytes[71] = 8;
    assert_fault(dmar_read, &t, struct dmar, "path step");
}

static void g6_a_dmar_beyond_a_limit_is_refused_as_a_whole(void **state)
{
    (void)state;
    static struct dmar d;
    struct acpi_fault fault;
    struct built t;
    begin_dmar(&t);
    put_drhd(&t, 0, 0, 0xfed90000, 6 + 2 * DMAR_PATH_MAX), put_scope(&t, 1, 0, 0, DMAR_PATH_MAX);
    seal(&t);
    assert_ok(READ_EXACTLY(dmar_read, &t, &d, &fault));
    begin_dmar(&t);
    put_drhd(&t, 0, 0, 0xfed90000, 8 + 2 * DMAR_PATH_MAX), put_scope(&t, 1, 0, 0, DMAR_PATH_MAX + 1);
    assert_fault(dmar_read, &t, struct dmar, "longer path");
    for (unsigned extra = 0; extra < 2; extra++) {
        begin_dmar(&t);
        for (unsigned i = 0; i < DMAR_STRUCTURES_MAX + extra; i++)
            put_drhd(&t, 0, i, 0xfed90000 + i * 4096, 0);
        seal(&t);
        assert_int_equal(READ_EXACTLY(dmar_read, &t, &d, &fault), extra == 0 ? TN_OK : TN_EPROTOCOL);
        begin_dmar(&t), put_drhd(&t, 0, 0, 0xfed90000, 8 * (DMAR_SCOPES_MAX + extra));
        for (unsigned i = 0; i < DMAR_SCOPES_MAX + extra; i++)
            put_scope(&t, 1, 0, 0, 1);
        seal(&t);
        assert_int_equal(READ_EXACTLY(dmar_read, &t, &d, &fault), extra == 0 ? TN_OK : TN_EPROTOCOL);
    }
    assert_int_equal(d.count, 0); /* nothing of a table that was refused stays */
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_structure_is_read_with_its_scopes),
    cmocka_unit_test(lengths_that_lie_are_refused),
    cmocka_unit_test(a_dmar_that_makes_no_sense_is_refused),
    cmocka_unit_test(g6_a_dmar_beyond_a_limit_is_refused_as_a_whole),
};
UNIT_MAIN(tests)
