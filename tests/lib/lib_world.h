/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of libtenure share: pools of four buffers, by policy. */
#ifndef TENURE_TESTS_LIB_WORLD_H
#define TENURE_TESTS_LIB_WORLD_H

#include <tenure/tenure.h>

#include "unit.h"

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif

enum { LIB_BUFFERS = 4, LIB_BYTES = 3000 };

static inline struct tn_dma_pool *lib_pool(enum tn_guard guard, enum tn_scrub scrub)
{
    const struct tn_dma_pool_config config = {.label = "test",
                                              .count = LIB_BUFFERS,
                                              .buffer_bytes = LIB_BYTES,
                                              .guard = guard,
                                              .scrub = scrub,
                                              .boxes = true};
    enum tn_status status;
    struct tn_dma_pool *pool = tn_dma_pool_create(&config, &status);
    assert_int_equal(status, TN_OK);
    assert_non_null(pool);
    return pool;
}

/* A test of every kind of pool runs on these. */
struct lib_kind {
    const char *name;
    enum tn_guard guard;
    enum tn_scrub scrub;
};
static const struct lib_kind lib_kinds[] = {
    {"plain", TN_GUARD_OFF, TN_SCRUB_NEVER},         {"scrub", TN_GUARD_OFF, TN_SCRUB_ON_RELEASE},
    {"mprotect", TN_GUARD_MPROTECT, TN_SCRUB_NEVER}, {"mprotect and scrub", TN_GUARD_MPROTECT, TN_SCRUB_ON_RELEASE},
#ifdef WITH_ASAN
    {"asan", TN_GUARD_ASAN, TN_SCRUB_NEVER},         {"asan and scrub", TN_GUARD_ASAN, TN_SCRUB_ON_RELEASE},
#endif
};
#define FOR_EACH_KIND(kind)                                                                                            \
    for (const struct lib_kind *kind = lib_kinds; kind < lib_kinds + sizeof(lib_kinds) / sizeof(*lib_kinds); kind++)

static inline struct tn_dma_buffer lib_alloc(struct tn_dma_pool *pool)
{
    struct tn_dma_buffer buffer = {0};
    assert_true(tn_dma_buffer_alloc(pool, &buffer));
    return buffer;
}

static inline struct tn_fence lib_submit(struct tn_dma_buffer *buffer, uint32_t length)
{
    struct tn_fence fence = {0};
    assert_true(tn_dma_submit(buffer, length, &fence));
    return fence;
}

static inline struct tn_dma_buffer lib_complete(struct tn_fence *fence, uint32_t used)
{
    struct tn_dma_buffer buffer = {0};
    assert_true(tn_fence_complete(fence, used, &buffer));
    return buffer;
}

static inline void lib_destroy(struct tn_dma_pool *pool)
{
    assert_int_equal(tn_dma_pool_destroy(pool), TN_OK);
}

#endif
