/* SPDX-License-Identifier: Apache-2.0 */
/* Builds ACPI tables byte by byte, for the tests of their parsers. */
#ifndef TENURE_TESTS_ACPI_BUILD_H
#define TENURE_TESTS_ACPI_BUILD_H

#include "firmware/table.h"

#include "unit.h"

struct built {
    uint8_t bytes[16384];
    uint32_t length;
};

static inline void put8(struct built *t, unsigned value)
{
    t->bytes[t->length++] = (uint8_t)value;
}
static inline void put16(struct built *t, unsigned value)
{
    put8(t, value & 0xff);
    put8(t, value >> 8 & 0xff);
}
static inline void put32(struct built *t, uint32_t value)
{
    put16(t, value & 0xffff);
    put16(t, value >> 16);
}
static inline void put64(struct built *t, uint64_t value)
{
    put32(t, (uint32_t)value);
    put32(t, (uint32_t)(value >> 32));
}
static inline void put_zeros(struct built *t, uint32_t count)
{
    while (count-- > 0)
        put8(t, 0);
}

/* Length and checksum as they must be. */
static inline void seal(struct built *t)
{
    memcpy(t->bytes + 4, &t->length, 4);
    t->bytes[9] = 0;
    t->bytes[9] = (uint8_t)-acpi_sum(t->bytes, t->length);
}

static inline void begin(struct built *t, const char *signature)
{
    memset(t, 0, sizeof *t);
    memcpy(t->bytes, signature, 4);
    t->bytes[8] = 1;
    t->length = 36;
}

/* Runs `read` on a copy that ends where the table ends, so that a sanitizer sees every byte read behind it. */
#define READ_EXACTLY(read, table, out, fault)                                                                          \
    ({                                                                                                                 \
        uint8_t *copy_ = malloc((table)->length);                                                                      \
        assert_non_null(copy_);                                                                                        \
        memcpy(copy_, (table)->bytes, (table)->length);                                                                \
        enum tn_status status_ = read(copy_, (table)->length, (out), (fault));                                         \
        free(copy_);                                                                                                   \
        status_;                                                                                                       \
    })

/* Every table that is `good` but for one byte, and every one that ends early, with a right checksum and length: each is
 * read or refused with a reason. */
#define SWEEP(read, good, type)                                                                                        \
    do {                                                                                                               \
        static const uint8_t values[] = {0, 1, 2, 3, 7, 0x0f, 0x7f, 0x80, 0xfe, 0xff};                                 \
        for (uint32_t at_ = 36; at_ < (good)->length; at_++)                                                           \
            for (size_t v_ = 0; v_ <= sizeof values; v_++) {                                                           \
                struct built t_ = *(good);                                                                             \
                if (v_ == sizeof values)                                                                               \
                    t_.length = at_;                                                                                   \
                else                                                                                                   \
                    t_.bytes[at_] = values[v_];                                                                        \
                seal(&t_);                                                                                             \
                static type out_;                                                                                      \
                struct acpi_fault fault_ = {0};                                                                        \
                enum tn_status got_ = READ_EXACTLY(read, &t_, &out_, &fault_);                                         \
                assert_true(got_ == TN_OK || (got_ == TN_EPROTOCOL && fault_.what && fault_.offset < t_.length));      \
            }                                                                                                          \
    } while (0)

/* The table, sealed, must be refused with these words. */
#define assert_fault(read, table, type, words)                                                                         \
    do {                                                                                                               \
        static type out_;                                                                                              \
        struct acpi_fault fault_ = {0};                                                                                \
        seal(table);                                                                                                   \
        assert_int_equal(READ_EXACTLY(read, table, &out_, &fault_), TN_EPROTOCOL);                                     \
        if (!strstr(fault_.what, words))                                                                               \
            fail_msg("refused with \"%s\", not with \"%s\"", fault_.what, words);                                      \
    } while (0)

#endif
