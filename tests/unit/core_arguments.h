/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wrong arguments as table rows: what a row is, names that are right somewhere and names that are nobody's, and the one
 * loop that demands the status and that not one bit of the whole world moved but the one counter that a refusal has.
 */
#ifndef TENURE_TESTS_CORE_ARGUMENTS_H
#define TENURE_TESTS_CORE_ARGUMENTS_H

#include "core_world.h"

/* What a row gives to its function; what each field means stands with the function. */
struct args {
    uint64_t x, y, z;
    void *null; /* only compared with NULL: `(void *)1` stands for "the right one" */
};

struct row {
    const char *function;
    const char *what;
    uint64_t want;
    uint64_t (*call)(struct all *a, const struct args *args);
    struct args args;
    size_t counter; /* offset in struct all of the counter that moves by one; 0: none does */
};

#define RIGHT ((void *)1)
/* Instead of a number that is known only once the world stands. */
#define NAME(field) (UINT64_MAX - offsetof(struct all, field))

static inline uint64_t number(const struct all *a, uint64_t x)
{
    uint64_t offset = UINT64_MAX - x, value;
    if (offset < offsetof(struct all, queued) || offset >= sizeof(*a))
        return x;
    memcpy(&value, (const uint8_t *)a + offset, sizeof(value));
    return value;
}
/* Names of buffers that are right somewhere, and names that are nobody's. */
enum { CPUS, GONE, FLYING, ENDED, NOTHING, ONES, PAST, FAR, TO_COME, BEFORE, OTHER, FREE };
static inline struct tn_buffer_name buffer(const struct all *a, uint64_t which)
{
    const uint64_t mark = a->cpu.mark, slot = a->cpu.slot, flying = a->w.marks[1], ended = a->w.marks[0];
    const struct tn_buffer_name names[] = {
        [CPUS] = a->cpu,
        [GONE] = a->gone,
        [FLYING] = {flying, 1},
        [ENDED] = {ended, 0},
        [NOTHING] = {0, 0},
        [ONES] = {UINT64_MAX, UINT64_MAX},
        [PAST] = {mark, WORLD_BUFFERS},
        [FAR] = {mark, slot | UINT64_C(1) << 32},
        [TO_COME] = {mark + TN_MARK_STATES, slot},
        [BEFORE] = {mark - TN_MARK_STATES, slot},
        [OTHER] = {mark + 1, slot},
        [FREE] = {a->direct.marks[3], 3},
    };
    return names[which];
}
static inline struct tn_buffer_name direct_name(const struct all *a, uint64_t which)
{
    if (which == CPUS)
        return a->d_cpu;
    return which == FLYING ? a->d_flying : buffer(a, which);
}

#define ROW_OF(function, call, what, want, x, y, z, null, counter)                                                     \
    {                                                                                                                  \
#function, what, want, call, {x, y, z, null }, counter                                                         \
    }
/* Refused without a trace; _R: with the pointer that is right; COUNTED: a counter of refusals moves by one. */
#define ROW(function, call, what, want, x, y, z)            ROW_OF(function, call, what, want, x, y, z, NULL, 0)
#define ROW_R(function, call, what, want, x, y, z)          ROW_OF(function, call, what, want, x, y, z, RIGHT, 0)
#define COUNTED(function, call, what, want, x, y, z, count) ROW_OF(function, call, what, want, x, y, z, NULL, count)
#define FORGED(function, call, y, z, null)                                                                             \
    ROW_OF(function, call, "nothing", TN_ESTALE, TN_HANDLE_NONE, y, z, null, 0),                                       \
        ROW_OF(function, call, "all ones", TN_ESTALE, UINT64_MAX, y, z, null, 0),                                      \
        ROW_OF(function, call, "past the end", TN_ESTALE, (UINT64_C(1) << 20) + 4, y, z, null, 0),                     \
        ROW_OF(function, call, "the last slot there can be", TN_ESTALE, (UINT64_C(2) << 20) - 1, y, z, null, 0),       \
        ROW_OF(function, call, "a generation to come", TN_ESTALE, UINT64_C(77) << 20, y, z, null, 0),                  \
        ROW_OF(function, call, "generation 0", TN_ESTALE, 1, y, z, null, 0)
#define NOBODYS(function, call, want, y, z)                                                                            \
    ROW(function, call, "nothing", want, NOTHING, y, z), ROW(function, call, "all ones", want, ONES, y, z),            \
        ROW(function, call, "past the end", want, PAST, y, z),                                                         \
        ROW(function, call, "far past the end", want, FAR, y, z),                                                      \
        ROW(function, call, "a generation to come", want, TO_COME, y, z),                                              \
        ROW(function, call, "the generation before", want, BEFORE, y, z),                                              \
        ROW(function, call, "another state", want, OTHER, y, z)

/* Each row gets a world of its own. */
static inline void every_row_is_refused(const struct row *rows, size_t count)
{
    static struct all a, before;
    for (size_t i = 0; i < count; i++) {
        const struct row *r = &rows[i];
        prepare(&a);
        before = a;
        uint64_t got = r->call(&a, &r->args);
        if (r->counter != 0)
            ++*(uint64_t *)(void *)((uint8_t *)&before + r->counter);
        if (got != r->want || memcmp(&a, &before, sizeof(a)) != 0)
            fail_msg("%s, %s: got %llu, must be %llu; the world %s", r->function, r->what, (unsigned long long)got,
                     (unsigned long long)r->want, memcmp(&a, &before, sizeof(a)) == 0 ? "is as it was" : "moved");
    }
}
#define EVERY_ROW_IS_REFUSED(rows) every_row_is_refused(rows, sizeof(rows) / sizeof((rows)[0]))

#endif
