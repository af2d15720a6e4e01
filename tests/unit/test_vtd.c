/* SPDX-License-Identifier: Apache-2.0 */
/* The driver of a remapping unit against a model of one: what a device reaches, and what it does not any more. */
#include "iommu/vtd/registers.h"
#include "iommu/vtd/unit.h"
#include "vtd_model.h"

#include "unit.h"

enum { DISK = 0x0020, OTHER = 0x0028, DOMAIN = 7, VECTOR = 0x41 };
#define IOVA    UINT64_C(0x40000000)
#define PAYLOAD UINT64_C(0x7000000)

struct world {
    struct vtd_model *model;
    struct vtd_unit unit;
    struct vtd_table table;
    struct iommu_run run;
    struct vtd_trouble trouble;
};

static void order(struct world *w, struct vtd_descriptor d)
{
    assert_ok(vtd_queue_order(&w->unit.queue, &d, 1));
}

static void start(struct world *w, uint64_t cap, uint64_t ecap)
{
    *w = (struct world){.model = vtd_model_new()};
    w->model->cap |= cap;
    w->model->ecap |= ecap;
    assert_ok(vtd_unit_check(&w->unit, &w->model->host, &w->trouble));
    assert_ok(vtd_unit_start(&w->unit, true, &w->trouble));
    assert_ok(vtd_table_init(&w->table, &w->unit.host, w->unit.levels, w->unit.coherent, w->unit.large));
}

static void attach(struct world *w)
{
    assert_ok(vtd_context_set(&w->unit.contexts, DISK, DOMAIN, &w->table));
    order(w, vtd_context_of(DISK, w->unit.caching_mode ? 0 : DOMAIN));
    order(w, vtd_iotlb_domain(DOMAIN));
}

static void end(struct world *w)
{
    vtd_model_free(w->model);
}

static uint64_t reads(struct world *w, uint64_t iova)
{
    return vtd_model_access(w->model, DISK, iova, false);
}

static uint64_t writes(struct world *w, uint64_t iova)
{
    return vtd_model_access(w->model, DISK, iova, true);
}

/* The kinds of hardware: each must hold on all. */
static const struct {
    uint64_t cap, ecap;
} kinds[] = {
    {0, 0},
    {0, VTD_ECAP_COHERENT},
    {VTD_CAP_4_LEVELS, 0},
    {VTD_CAP_CACHING_MODE, 0},
    {VTD_CAP_CACHING_MODE | VTD_CAP_4_LEVELS, VTD_ECAP_COHERENT},
};
#define FOR_EACH_KIND(k) for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)

static void test_everything_is_blocked_at_first(void **state)
{
    (void)state;
    FOR_EACH_KIND(k)
    {
        struct world w;
        start(&w, kinds[k].cap, kinds[k].ecap);
        for (uint64_t iova = 0; iova < UINT64_C(1) << 39; iova += UINT64_C(1) << 33) {
            assert_int_equal(reads(&w, iova), 0);
            assert_int_equal(writes(&w, iova), 0);
        }
        end(&w);
    }
}

static void g8_a_device_reaches_what_is_mapped_for_it_and_nothing_else(void **state)
{
    (void)state;
    FOR_EACH_KIND(k)
    {
        struct world w;
        start(&w, kinds[k].cap, kinds[k].ecap);
        attach(&w);
        assert_ok(vtd_run_make(&w.table, IOVA, 600, &w.run));
        for (uint64_t page = 0; page < 600; page += 3) /* two tables of entries */
            vtd_run_map(&w.table, &w.run, page, 1, PAYLOAD + page * 4096, IOMMU_WRITE);
        if (w.unit.caching_mode)
            order(&w, vtd_iotlb_domain(DOMAIN));
        for (uint64_t page = 0; page < 600; page++) {
            assert_int_equal(writes(&w, IOVA + page * 4096 + 8), page % 3 ? 0 : PAYLOAD + page * 4096 + 8);
            assert_int_equal(reads(&w, IOVA + page * 4096), 0); /* the other direction */
            assert_int_equal(vtd_model_access(w.model, OTHER, IOVA + page * 4096, true), 0);
        }
        assert_int_equal(writes(&w, IOVA - 4096), 0);
        assert_int_equal(writes(&w, IOVA + 1024 * 4096), 0);
        end(&w);
    }
}

/* Ends the world's reach in one of the ways there are, as the seam does it. */
enum way { UNMAP, UNLINK, BLOCK, WAYS };

static void take_away(struct world *w, enum way way)
{
    if (way == UNMAP)
        vtd_run_unmap(&w->table, &w->run, 0, 4);
    else if (way == UNLINK)
        vtd_run_unlink(&w->table, &w->run);
    else {
        vtd_context_clear(&w->unit.contexts, DISK, DOMAIN);
        order(w, vtd_context_of(DISK, DOMAIN));
    }
    order(w, vtd_iotlb_domain(DOMAIN));
}

static void g8_nothing_is_reached_after_an_invalidation_that_has_ended(void **state)
{
    (void)state;
    FOR_EACH_KIND(k)
    for (enum way way = UNMAP; way < WAYS; way++) {
        struct world w;
        start(&w, kinds[k].cap, kinds[k].ecap);
        attach(&w);
        assert_ok(vtd_run_make(&w.table, IOVA, 4, &w.run));
        vtd_run_map(&w.table, &w.run, 0, 4, PAYLOAD, IOMMU_READ | IOMMU_WRITE);
        if (w.unit.caching_mode)
            order(&w, vtd_iotlb_domain(DOMAIN));
        for (uint64_t page = 0; page < 4; page++)
            assert_int_equal(writes(&w, IOVA + page * 4096), PAYLOAD + page * 4096);
        take_away(&w, way);
        for (uint64_t page = 0; page < 4; page++) {
            assert_int_equal(writes(&w, IOVA + page * 4096), 0);
            assert_int_equal(reads(&w, IOVA + page * 4096), 0);
        }
        end(&w);
    }
}

/* The model would show a forgotten invalidation: it keeps what it has walked. */
static void test_the_model_keeps_what_nobody_told_it_to_forget(void **state)
{
    (void)state;
    struct world w;
    start(&w, 0, 0);
    attach(&w);
    assert_ok(vtd_run_make(&w.table, IOVA, 4, &w.run));
    vtd_run_map(&w.table, &w.run, 0, 4, PAYLOAD, IOMMU_WRITE);
    assert_int_equal(writes(&w, IOVA), PAYLOAD);
    vtd_run_unmap(&w.table, &w.run, 0, 4);
    assert_int_equal(writes(&w, IOVA), PAYLOAD);
    assert_int_equal(writes(&w, IOVA + 4096), 0); /* never walked */
    end(&w);
}

static void test_a_pool_is_mapped_with_large_pages_where_it_can_be(void **state)
{
    (void)state;
    struct world w;
    start(&w, 0, 0);
    attach(&w);
    assert_ok(vtd_run_make_mapped(&w.table, IOVA, 0x8000000, 512 + 512 + 3, IOMMU_READ, &w.run));
    assert_int_equal(w.run.tables, 1);
    for (uint64_t page = 0; page < 1027; page++)
        assert_int_equal(reads(&w, IOVA + page * 4096), 0x8000000 + page * 4096);
    assert_int_equal(reads(&w, IOVA + UINT64_C(1027) * 4096), 0);
    assert_int_equal(writes(&w, IOVA), 0);
    vtd_run_unlink(&w.table, &w.run);
    order(&w, vtd_iotlb_domain(DOMAIN));
    assert_int_equal(reads(&w, IOVA), 0);
    vtd_run_free(&w.table, &w.run);
    end(&w);
    start(&w, 0, 0); /* memory that does not lie on 2 MiB */
    attach(&w);
    assert_ok(vtd_run_make_mapped(&w.table, IOVA, 0x8001000, 1024, IOMMU_READ, &w.run));
    assert_int_equal(w.run.tables, 2);
    assert_int_equal(reads(&w, IOVA + UINT64_C(1023) * 4096), 0x8001000 + UINT64_C(1023) * 4096);
    end(&w);
}

static void test_runs_that_cannot_be_are_refused_and_nothing_is_lost(void **state)
{
    (void)state;
    struct world w;
    start(&w, 0, 0);
    assert_ok(vtd_run_make(&w.table, IOVA, 513, &w.run));
    struct iommu_run other;
    const struct {
        uint64_t iova, pages;
    } wrong[] = {
        {IOVA, 1},
        {IOVA + 0x200000, 1},
        {IOVA - 0x200000, 513},
        {IOVA + 4096, 1},
        {IOVA + 0x600000, 0},
        {UINT64_C(1) << 39, 1},
        {(UINT64_C(1) << 39) - 0x200000, 513},
        {UINT64_MAX - 0x1fffff, 1},
    };
    uint32_t taken = w.model->pages_taken;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(vtd_run_make(&w.table, wrong[i].iova, wrong[i].pages, &other), TN_EINVAL);
    assert_true(w.model->pages_taken <= taken + 2); /* tables above may stay */
    w.model->pages_limit = w.model->pages_taken;
    assert_int_equal(vtd_run_make(&w.table, IOVA + 0x600000, 1, &other), TN_EEXHAUSTED);
    w.model->pages_limit = MODEL_PAGES;
    assert_ok(vtd_run_make(&w.table, IOVA + 0x600000, 1, &other));
    end(&w);
}

static void test_every_page_of_a_table_comes_back(void **state)
{
    (void)state;
    struct world w;
    start(&w, VTD_CAP_4_LEVELS, 0);
    uint32_t taken = w.model->pages_taken;
    assert_ok(vtd_run_make(&w.table, IOVA, 2000, &w.run));
    assert_true(w.model->pages_taken > taken + 4);
    vtd_run_unlink(&w.table, &w.run);
    vtd_run_free(&w.table, &w.run);
    vtd_table_free(&w.table);
    assert_int_equal(w.model->pages_taken, taken - 1);
    end(&w);
}

static void test_a_requester_is_in_one_domain(void **state)
{
    (void)state;
    struct world w;
    start(&w, 0, 0);
    attach(&w);
    assert_int_equal(vtd_context_set(&w.unit.contexts, DISK, DOMAIN + 1, &w.table), TN_ESTATE);
    vtd_context_clear(&w.unit.contexts, DISK, DOMAIN + 1); /* not that one's */
    assert_int_equal(vtd_context_set(&w.unit.contexts, DISK, DOMAIN, &w.table), TN_ESTATE);
    vtd_context_clear(&w.unit.contexts, DISK, DOMAIN);
    assert_ok(vtd_context_set(&w.unit.contexts, DISK, DOMAIN, &w.table));
    end(&w);
}

/* ---- interrupts ---- */

static void g9_a_message_reaches_its_own_route_and_no_other(void **state)
{
    (void)state;
    FOR_EACH_KIND(k)
    {
        struct world w;
        start(&w, kinds[k].cap, kinds[k].ecap);
        assert_ok(vtd_remap_set(&w.unit.remap, 17, VECTOR, 0, false, DISK));
        order(&w, vtd_interrupt_of(17));
        assert_int_equal(vtd_model_interrupt(w.model, DISK, vtd_remap_address(17), 0), VECTOR);
        for (uint32_t forged = 0; forged < 0x10000; forged++) /* every index, by its owner and by another */
            if (forged != 17) {
                assert_int_equal(vtd_model_interrupt(w.model, DISK, vtd_remap_address(forged), 0), 0);
                assert_int_equal(vtd_model_interrupt(w.model, OTHER, vtd_remap_address(forged), 0), 0);
            }
        for (uint32_t vector = 0; vector < 256; vector++) /* the old format names the vector itself */
            assert_int_equal(vtd_model_interrupt(w.model, DISK, 0xfee00000, vector), 0);
        end(&w);
    }
}

static void g9_a_message_of_another_requester_is_blocked(void **state)
{
    (void)state;
    struct world w;
    start(&w, 0, 0);
    assert_ok(vtd_remap_set(&w.unit.remap, 17, VECTOR, 0, false, DISK));
    order(&w, vtd_interrupt_of(17));
    for (uint32_t requester = 0; requester < 0x10000; requester++)
        assert_int_equal(vtd_model_interrupt(w.model, (uint16_t)requester, vtd_remap_address(17), 0),
                         requester == DISK ? VECTOR : 0);
    end(&w);
}

static void g9_a_route_that_was_taken_away_raises_nothing(void **state)
{
    (void)state;
    FOR_EACH_KIND(k)
    {
        struct world w;
        start(&w, kinds[k].cap, kinds[k].ecap);
        assert_ok(vtd_remap_set(&w.unit.remap, 255, VECTOR, 3, true, DISK));
        order(&w, vtd_interrupt_of(255));
        assert_int_equal(vtd_model_interrupt(w.model, DISK, vtd_remap_address(255), 0), VECTOR);
        assert_int_equal(vtd_remap_set(&w.unit.remap, 255, VECTOR + 1, 3, true, OTHER), TN_ESTATE);
        vtd_remap_clear(&w.unit.remap, 255);
        order(&w, vtd_interrupt_of(255));
        assert_int_equal(vtd_model_interrupt(w.model, DISK, vtd_remap_address(255), 0), 0);
        assert_ok(vtd_remap_set(&w.unit.remap, 255, VECTOR + 1, 3, true, OTHER));
        order(&w, vtd_interrupt_of(255));
        assert_int_equal(vtd_model_interrupt(w.model, DISK, vtd_remap_address(255), 0), 0);
        assert_int_equal(vtd_model_interrupt(w.model, OTHER, vtd_remap_address(255), 0), VECTOR + 1);
        end(&w);
    }
}

/* ---- units that fail ---- */

static void g8_a_unit_that_lacks_something_is_not_used(void **state)
{
    (void)state;
    const struct {
        uint64_t cap_clear, cap_set, ecap_clear;
        const char *what;
    } lacks[] = {
        {UINT64_MAX, 0, 0, "makes no sense"},          {0, UINT64_MAX, 0, "makes no sense"},
        {0, 0, VTD_ECAP_QUEUE, "queued invalidation"}, {VTD_CAP_3_LEVELS, 0, 0, "levels of page tables"},
        {0, VTD_CAP_RWBF, 0, "write buffer"},          {UINT64_C(0x3ff) << 24, UINT64_C(2) << 24, 0, "fault records"},
    };
    for (size_t i = 0; i < sizeof lacks / sizeof lacks[0]; i++) {
        struct world w = {.model = vtd_model_new()};
        w.model->cap = (w.model->cap & ~lacks[i].cap_clear) | lacks[i].cap_set;
        w.model->ecap &= ~lacks[i].ecap_clear;
        assert_int_equal(vtd_unit_check(&w.unit, &w.model->host, &w.trouble), TN_ENOTSUP);
        assert_non_null(strstr(w.trouble.what, lacks[i].what));
        end(&w);
    }
}

static void g8_a_unit_that_fails_at_a_step_is_not_used(void **state)
{
    (void)state;
    for (uint32_t trouble = MODEL_QUEUE_SILENT; trouble <= MODEL_COMPATIBILITY; trouble++) {
        struct world w = {.model = vtd_model_new()};
        w.model->trouble = trouble;
        assert_ok(vtd_unit_check(&w.unit, &w.model->host, &w.trouble));
        assert_int_equal(vtd_unit_start(&w.unit, true, &w.trouble), TN_EIO);
        assert_non_null(w.trouble.what);
        assert_true(w.model->now < UINT64_C(4000000000)); /* bounded */
        assert_false(w.unit.translates && w.unit.remaps);
        end(&w);
    }
    for (uint32_t pages = 0; pages < 4; pages++) {
        struct world w = {.model = vtd_model_new()};
        w.model->pages_limit = pages;
        assert_ok(vtd_unit_check(&w.unit, &w.model->host, &w.trouble));
        assert_int_equal(vtd_unit_start(&w.unit, true, &w.trouble), TN_EEXHAUSTED);
        end(&w);
    }
}

static void test_what_firmware_left_on_is_taken_over(void **state)
{
    (void)state;
    struct world w = {.model = vtd_model_new()};
    w.model->cap |= VTD_CAP_PROTECTED_MEMORY;
    w.model->gsts = (uint32_t)VTD_TRANSLATION | VTD_QUEUED_INVALIDATION | VTD_COMPATIBILITY_FORMAT;
    w.model->pmen = (uint32_t)VTD_PMEN_ENABLE | VTD_PMEN_ON;
    assert_ok(vtd_unit_check(&w.unit, &w.model->host, &w.trouble));
    assert_ok(vtd_unit_start(&w.unit, true, &w.trouble));
    assert_int_equal(w.model->pmen, 0);
    assert_int_equal(w.model->gsts & VTD_COMPATIBILITY_FORMAT, 0);
    assert_int_equal(reads(&w, IOVA), 0);
    end(&w);
}

static void g8_an_order_without_an_end_is_an_error_for_good(void **state)
{
    (void)state;
    const uint32_t troubles[] = {MODEL_QUEUE_SILENT, MODEL_QUEUE_ERROR};
    for (size_t i = 0; i < 2; i++) {
        struct world w;
        start(&w, 0, 0);
        const struct vtd_descriptor d = vtd_iotlb_domain(DOMAIN);
        w.model->trouble = troubles[i];
        assert_int_equal(vtd_queue_order(&w.unit.queue, &d, 1), TN_EIO);
        w.model->trouble = MODEL_FINE;
        assert_int_equal(vtd_queue_order(&w.unit.queue, &d, 1), TN_EIO);
        end(&w);
    }
}

static void test_the_queue_goes_round(void **state)
{
    (void)state;
    struct world w;
    start(&w, 0, 0);
    struct vtd_descriptor batch[VTD_QUEUE_BATCH];
    for (uint32_t i = 0; i < VTD_QUEUE_BATCH; i++)
        batch[i] = vtd_iotlb_domain((uint16_t)i);
    uint32_t before = w.model->orders;
    for (uint32_t n = 0; n < 1000; n++)
        assert_ok(vtd_queue_order(&w.unit.queue, batch, n % VTD_QUEUE_BATCH + 1));
    assert_int_equal(w.model->orders - before, w.unit.queue.orders - 3); /* the first three switched it on */
    end(&w);
}

/* ---- faults ---- */

static void test_every_fault_is_told_once_and_a_full_log_is_said(void **state)
{
    (void)state;
    for (uint32_t records = 1; records <= 4; records++) {
        struct world w;
        struct iommu_fault f;
        start(&w, UINT64_C(1) * (records - 1) << 40, 0);
        vtd_unit_set_fault_message(&w.unit, 0xfee00000, VECTOR);
        assert_int_equal(w.model->fectl, 0);
        assert_false(vtd_unit_next_fault(&w.unit, &f));
        for (uint32_t i = 0; i < records; i++)
            (void)vtd_model_access(w.model, (uint16_t)(0x100 + i), IOVA, i % 2);
        for (uint32_t i = 0; i < records; i++) {
            assert_true(vtd_unit_next_fault(&w.unit, &f));
            assert_int_equal(f.requester, 0x100 + i);
            assert_int_equal(f.is_read, i % 2 == 0);
            assert_string_equal(f.reason, "no context entry");
            assert_false(f.is_overflow);
        }
        assert_false(vtd_unit_next_fault(&w.unit, &f));
        for (uint32_t i = 0; i < records + 2; i++) /* two too many */
            (void)vtd_model_access(w.model, (uint16_t)(0x200 + i), IOVA, true);
        for (uint32_t i = 0; i < records; i++)
            assert_true(vtd_unit_next_fault(&w.unit, &f) && !f.is_overflow);
        assert_true(vtd_unit_next_fault(&w.unit, &f) && f.is_overflow);
        assert_false(vtd_unit_next_fault(&w.unit, &f));
        (void)vtd_model_access(w.model, 0x300, IOVA, true); /* and it goes on */
        assert_true(vtd_unit_next_fault(&w.unit, &f) && f.requester == 0x300);
        end(&w);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_everything_is_blocked_at_first),
    cmocka_unit_test(g8_a_device_reaches_what_is_mapped_for_it_and_nothing_else),
    cmocka_unit_test(g8_nothing_is_reached_after_an_invalidation_that_has_ended),
    cmocka_unit_test(test_the_model_keeps_what_nobody_told_it_to_forget),
    cmocka_unit_test(test_a_pool_is_mapped_with_large_pages_where_it_can_be),
    cmocka_unit_test(test_runs_that_cannot_be_are_refused_and_nothing_is_lost),
    cmocka_unit_test(test_every_page_of_a_table_comes_back),
    cmocka_unit_test(test_a_requester_is_in_one_domain),
    cmocka_unit_test(g9_a_message_reaches_its_own_route_and_no_other),
    cmocka_unit_test(g9_a_message_of_another_requester_is_blocked),
    cmocka_unit_test(g9_a_route_that_was_taken_away_raises_nothing),
    cmocka_unit_test(g8_a_unit_that_lacks_something_is_not_used),
    cmocka_unit_test(g8_a_unit_that_fails_at_a_step_is_not_used),
    cmocka_unit_test(test_what_firmware_left_on_is_taken_over),
    cmocka_unit_test(g8_an_order_without_an_end_is_an_error_for_good),
    cmocka_unit_test(test_the_queue_goes_round),
    cmocka_unit_test(test_every_fault_is_told_once_and_a_full_log_is_said),
};

UNIT_MAIN(tests)
