/* SPDX-License-Identifier: Apache-2.0 */
/* How pools are made, of which memory, and how they are refused. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib_world.h"

static uint64_t nowhere(void *context, const void *memory, size_t bytes)
{
    (void)memory, (void)bytes;
    return --*(int *)context == 0 ? UINT64_MAX : 0;
}

static void wrong_configurations_are_refused_with_a_reason(void **state)
{
    (void)state;
    static _Alignas(64) char memory[2 * 64];
    int third = 3;
    const struct {
        struct tn_dma_pool_config config;
        enum tn_status status;
    } rows[] = {
        {{.count = 0, .buffer_bytes = 64}, TN_EINVAL},
        {{.count = (1 << 20) + 1, .buffer_bytes = 64}, TN_EINVAL},
        {{.count = 1, .buffer_bytes = 0}, TN_EINVAL},
        {{.count = 1, .buffer_bytes = (UINT32_C(1) << 31) + 1}, TN_EINVAL},
        {{.count = 1, .buffer_bytes = 64, .backing = (enum tn_backing)3}, TN_EINVAL},
        {{.count = 1, .buffer_bytes = 64, .guard = (enum tn_guard)3}, TN_EINVAL},
        {{.count = 1, .buffer_bytes = 64, .scrub = (enum tn_scrub)2}, TN_EINVAL},
        {{.count = 1, .buffer_bytes = 64, .backing = TN_BACKING_GIVEN}, TN_EINVAL},
        {{.count = 1, .buffer_bytes = 64, .memory = memory}, TN_EINVAL},
        {{.count = 2, .buffer_bytes = 65, .backing = TN_BACKING_GIVEN, .memory = memory, .memory_bytes = 128},
         TN_EINVAL},
        {{.count = 1, .buffer_bytes = 64, .backing = TN_BACKING_GIVEN, .memory = memory + 1, .memory_bytes = 127},
         TN_EINVAL},
        {{.count = 1,
          .buffer_bytes = 64,
          .backing = TN_BACKING_GIVEN,
          .guard = TN_GUARD_MPROTECT,
          .memory = memory,
          .memory_bytes = 4096},
         TN_EINVAL},
        {{.count = 1, .buffer_bytes = 64, .backing = TN_BACKING_HUGE, .guard = TN_GUARD_MPROTECT}, TN_EINVAL},
        {{.count = 4, .buffer_bytes = 64, .translate = nowhere, .context = &third}, TN_EINVAL},
        {{.count = 1 << 20, .buffer_bytes = UINT32_C(1) << 31}, TN_EEXHAUSTED},
    };
    for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        enum tn_status status = TN_OK;
        assert_null(tn_dma_pool_create(&rows[i].config, &status));
        assert_int_equal(status, rows[i].status);
        third = 3;
        assert_null(tn_dma_pool_create(&rows[i].config, NULL));
    }
    assert_null(tn_dma_pool_create(NULL, NULL));
    assert_int_equal(tn_dma_pool_destroy(NULL), TN_EINVAL);
}

struct places {
    uint64_t of[3];
    unsigned asked;
};

static uint64_t place(void *context, const void *memory, size_t bytes)
{
    struct places *places = context;
    (void)memory, (void)bytes;
    return places->of[places->asked++];
}

static void g1_no_two_buffers_are_at_one_place_of_the_device_s(void **state)
{
    (void)state;
    enum { BYTES = 100 };
    static const struct {
        uint64_t of[3];
        enum tn_status status;
    } rows[] = {
        {{0x1000, 0x2000, 0x3000}, TN_OK},
        {{0x1000, 0x1000 - BYTES, 0x1000 + BYTES}, TN_OK}, /* in any order, side by side */
        {{0x3000, 0x1000, 0}, TN_OK},
        {{UINT64_MAX - (BYTES - 1), 0x1000, 0}, TN_OK}, /* to the last byte */
        {{0x1000, 0x2000, 0x1000}, TN_EINVAL},
        {{0x1000, 0x2000, 0x1000 + BYTES - 1}, TN_EINVAL},
        {{0x2000, 0x3000, 0x2000 - BYTES + 1}, TN_EINVAL},
        {{0x1000, 0x2000, UINT64_MAX - (BYTES - 2)}, TN_EINVAL}, /* beyond the last byte */
        {{UINT64_MAX - 1, 0x1000, 0x2000}, TN_EINVAL},
    };
    for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct places places = {{rows[i].of[0], rows[i].of[1], rows[i].of[2]}, 0};
        const struct tn_dma_pool_config config = {
            .count = 3, .buffer_bytes = BYTES, .translate = place, .context = &places};
        enum tn_status status;
        struct tn_dma_pool *pool = tn_dma_pool_create(&config, &status);
        assert_int_equal(status, rows[i].status);
        assert_int_equal(pool != NULL, status == TN_OK);
        if (pool != NULL)
            lib_destroy(pool);
    }
}

static void memory_bytes_are_told_beforehand(void **state)
{
    (void)state;
    assert_int_equal(tn_dma_pool_memory_bytes(3, 65, TN_GUARD_OFF), 3 * 128);
    assert_int_equal(tn_dma_pool_memory_bytes(3, 65, TN_GUARD_MPROTECT), 3 * 4096);
    assert_int_equal(tn_dma_pool_memory_bytes(0, 65, TN_GUARD_OFF), 0);
    assert_int_equal(tn_dma_pool_memory_bytes(3, 65, (enum tn_guard)9), 0);
    assert_int_equal(tn_dma_pool_memory_bytes(1 << 20, UINT32_C(1) << 31, TN_GUARD_OFF), UINT64_C(1) << 51);
}

static uint64_t translate(void *context, const void *memory, size_t bytes)
{
    assert_int_equal(bytes, LIB_BYTES);
    return 0x100000000 + (uint64_t)((const char *)memory - (char *)context);
}

static void memory_and_addresses_may_be_the_caller_s(void **state)
{
    (void)state;
    static const enum tn_guard guards[] = {TN_GUARD_OFF, TN_GUARD_MPROTECT};
    for (unsigned g = 0; g < 2; g++) {
        size_t bytes = tn_dma_pool_memory_bytes(LIB_BUFFERS, LIB_BYTES, guards[g]);
        unsigned char *memory = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
        assert_non_null(memory);
        memset(memory, 0xee, bytes);
        const struct tn_dma_pool_config config = {.count = LIB_BUFFERS,
                                                  .buffer_bytes = LIB_BYTES,
                                                  .backing = TN_BACKING_GIVEN,
                                                  .guard = guards[g],
                                                  .memory = memory,
                                                  .memory_bytes = bytes,
                                                  .translate = translate,
                                                  .context = memory};
        struct tn_dma_pool *pool = tn_dma_pool_create(&config, NULL);
        assert_non_null(pool);
        struct tn_dma_buffer b = lib_alloc(pool);
        unsigned char *data = tn_dma_buffer_data(&b);
        assert_true(data >= memory && data + LIB_BYTES <= memory + bytes);
        assert_int_equal(data[0], 0);
        assert_int_equal(tn_dma_buffer_address(&b), 0x100000000 + (uint64_t)(data - memory));
        data[1] = 7;
        tn_dma_buffer_release(&b);
        lib_destroy(pool);
        assert_int_equal(data[1], 7); /* still the caller's, and open to it again */
        free(memory);
    }
}

static long huge_pages_free(void)
{
    FILE *file = fopen("/proc/meminfo", "r");
    char line[128];
    long pages = 0;
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        sscanf(line, "HugePages_Free: %ld", &pages);
    if (file != NULL)
        fclose(file);
    return pages;
}

static void huge_pages_or_a_clear_refusal(void **state)
{
    (void)state;
    const struct tn_dma_pool_config config = {.count = 64, .buffer_bytes = 4096, .backing = TN_BACKING_HUGE};
    bool there = huge_pages_free() > 0;
    enum tn_status status;
    struct tn_dma_pool *pool = tn_dma_pool_create(&config, &status);
    assert_int_equal(status, there ? TN_OK : TN_ENOTSUP);
    assert_int_equal(pool != NULL, there);
    if (pool == NULL)
        return;
    struct tn_dma_buffer b = lib_alloc(pool);
    memset(tn_dma_buffer_data(&b), 1, 4096);
    tn_dma_buffer_release(&b);
    lib_destroy(pool);
}

static void huge_pages_that_are_given_are_guarded_as_a_whole_or_not_at_all(void **state)
{
    (void)state;
    enum { HUGE = 2 << 20 };
    struct tn_dma_pool_config config = {.count = 2, .backing = TN_BACKING_GIVEN, .guard = TN_GUARD_MPROTECT};
    enum tn_status status;
    config.memory_bytes = 2 * (size_t)HUGE;
    config.memory = mmap(NULL, config.memory_bytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE, -1, 0); /* they need not be there */
    if (config.memory == MAP_FAILED)
        skip();
    for (config.buffer_bytes = 4096; config.buffer_bytes < HUGE; config.buffer_bytes *= 2) {
        assert_null(tn_dma_pool_create(&config, &status));
        assert_int_equal(status, TN_EINVAL);
    }
    if (huge_pages_free() >= 2) {
        struct tn_dma_pool *pool = tn_dma_pool_create(&config, &status);
        assert_int_equal(status, TN_OK);
        struct tn_dma_buffer b = lib_alloc(pool);
        tn_dma_buffer_release(&b);
        lib_destroy(pool);
    }
    munmap(config.memory, config.memory_bytes);
}

static void memory_that_may_not_be_written_is_refused_and_left_as_it_was(void **state)
{
    (void)state;
    int file = open("/proc/self/exe", O_RDONLY);
    struct tn_dma_pool_config config = {.count = 1, .backing = TN_BACKING_GIVEN, .guard = TN_GUARD_MPROTECT};
    enum tn_status status;
    config.buffer_bytes = 4096;
    config.memory_bytes = 4096;
    config.memory = mmap(NULL, config.memory_bytes, PROT_READ, MAP_SHARED, file, 0);
    assert_true(config.memory != MAP_FAILED);
    assert_null(tn_dma_pool_create(&config, &status));
    assert_int_equal(status, TN_EINVAL);
    assert_memory_equal(config.memory, "\177ELF", 4);
    munmap(config.memory, config.memory_bytes);
    close(file);
}

static void a_pool_may_be_as_large_as_a_table(void **state)
{
    (void)state;
    const struct tn_dma_pool_config config = {.count = 1 << 20, .buffer_bytes = 64};
    struct tn_dma_pool *pool = tn_dma_pool_create(&config, NULL);
    assert_non_null(pool);
    assert_int_equal(tn_dma_pool_counts(pool).free, 1 << 20);
    struct tn_dma_buffer b = lib_alloc(pool);
    tn_dma_buffer_release(&b);
    lib_destroy(pool);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(wrong_configurations_are_refused_with_a_reason),
    cmocka_unit_test(g1_no_two_buffers_are_at_one_place_of_the_device_s),
    cmocka_unit_test(memory_bytes_are_told_beforehand),
    cmocka_unit_test(memory_and_addresses_may_be_the_caller_s),
    cmocka_unit_test(huge_pages_or_a_clear_refusal),
    cmocka_unit_test(huge_pages_that_are_given_are_guarded_as_a_whole_or_not_at_all),
    cmocka_unit_test(memory_that_may_not_be_written_is_refused_and_left_as_it_was),
    cmocka_unit_test(a_pool_may_be_as_large_as_a_table),
};

UNIT_MAIN(tests)
