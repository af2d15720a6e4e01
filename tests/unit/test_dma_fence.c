/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Submissions and fences: one owner at a time, one end for each fence, and the buffer back on every path but
 * quarantine.
 */
#include "dma_world.h"

static void g1_a_submitted_buffer_belongs_to_its_fence_alone(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    struct tn_buffer_name buffer = world_alloc(&w);
    uint64_t fence = world_submit(&w, buffer);
    assert_refused(&w, TN_ESTALE, tn_buffer_use_decide(&w.pool, buffer));
    /* Guessing its present name does not help either. */
    struct tn_buffer_name guess = tn_buffer_name(&w.pool, (uint32_t)buffer.slot);
    assert_refused(&w, TN_ESTATE, tn_buffer_use_decide(&w.pool, guess));
    struct tn_submission second = world_submission(&w, guess);
    assert_refused(&w, TN_ESTATE, tn_submit_decide(&w.queue, &second));
    assert_refused(&w, TN_EAGAIN, tn_fence_take_decide(&w.queue, fence));
    world_recount(&w);
}

static void g2_a_completed_fence_gives_the_buffer_back_under_a_new_name(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    struct tn_buffer_name buffer = world_alloc(&w);
    uint64_t fence = world_post(&w, buffer);
    struct tn_completion completion = world_completion(&w, fence);
    completion.used = 5;
    assert_ok(tn_complete_decide(&w.queue, &completion));
    tn_complete_commit(&w.queue, &completion);
    world_recount(&w);
    assert_int_equal(state_of(&w, buffer), TN_BUFFER_COMPLETED);
    struct tn_outcome outcome = world_take(&w, fence);
    assert_int_equal(outcome.status, TN_OK);
    assert_int_equal(outcome.used, 5);
    assert_int_equal(outcome.length, WORLD_BUFFER_BYTES);
    assert_int_equal(outcome.direction, TN_FROM_DEVICE);
    assert_int_equal(outcome.orphan, 0);
    assert_true(outcome.last);
    assert_int_equal(outcome.buffer_slot, buffer.slot);
    assert_ok(tn_buffer_use_decide(&w.pool, outcome.buffer));
    assert_refused(&w, TN_ESTALE, tn_buffer_use_decide(&w.pool, buffer));
    assert_refused(&w, TN_ESTALE, tn_fence_take_decide(&w.queue, fence));
    world_recount(&w);
}

static void g2_a_failed_fence_gives_the_buffer_back(void **state)
{
    (void)state;
    const uint32_t failures[] = {TN_EIO, TN_EREADONLY, TN_ENOTSUP, TN_EINVAL, TN_ERANGE, TN_ECACHELOST};
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        struct world w;
        world_init(&w, 99);
        uint64_t fence = world_post(&w, world_alloc(&w));
        struct tn_completion completion = world_completion(&w, fence);
        completion.status = failures[i];
        completion.used = 0;
        assert_ok(tn_complete_decide(&w.queue, &completion));
        tn_complete_commit(&w.queue, &completion);
        struct tn_outcome outcome = world_take(&w, fence);
        assert_int_equal(outcome.status, failures[i]);
        assert_ok(tn_buffer_use_decide(&w.pool, outcome.buffer));
        world_recount(&w);
    }
}

static void g2_a_fence_ends_exactly_once(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    uint64_t fence = world_post(&w, world_alloc(&w));
    world_complete(&w, fence);
    struct tn_completion again = world_completion(&w, fence);
    assert_refused(&w, TN_ESTALE, tn_complete_decide(&w.queue, &again));
    assert_refused(&w, TN_ESTATE, tn_fence_end_decide(&w.queue, fence, TN_EABORTED));
    assert_refused(&w, TN_ESTATE, tn_fence_end_decide(&w.queue, fence, TN_EQUARANTINED));
    assert_refused(&w, TN_ESTATE, tn_fence_orphan_decide(&w.queue, fence));
    (void)world_take(&w, fence);
    assert_refused(&w, TN_ESTALE, tn_complete_decide(&w.queue, &again));
    assert_refused(&w, TN_ESTALE, tn_fence_end_decide(&w.queue, fence, TN_EABORTED));
    assert_refused(&w, TN_ESTALE, tn_fence_orphan_decide(&w.queue, fence));
    assert_refused(&w, TN_ESTALE, tn_fence_take_decide(&w.queue, fence));
}

static void g2_an_aborted_fence_gives_the_buffer_back_from_the_queue_and_from_the_device(void **state)
{
    (void)state;
    for (int posted = 0; posted < 2; posted++) {
        struct world w;
        world_init(&w, 99);
        struct tn_buffer_name buffer = world_alloc(&w);
        uint64_t fence = posted ? world_post(&w, buffer) : world_submit(&w, buffer);
        assert_ok(tn_fence_end_decide(&w.queue, fence, TN_EABORTED));
        tn_fence_end_commit(&w.queue, fence, TN_EABORTED);
        world_recount(&w);
        assert_int_equal(state_of(&w, buffer), TN_BUFFER_ABORTED);
        struct tn_outcome outcome = world_take(&w, fence);
        assert_int_equal(outcome.status, TN_EABORTED);
        assert_int_equal(outcome.used, 0);
        assert_ok(tn_buffer_use_decide(&w.pool, outcome.buffer));
        world_recount(&w);
    }
}

static void g2_a_quarantined_fence_keeps_the_buffer_for_good(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    struct tn_buffer_name buffer = world_alloc(&w);
    uint64_t fence = world_post(&w, buffer);
    assert_ok(tn_fence_end_decide(&w.queue, fence, TN_EQUARANTINED));
    tn_fence_end_commit(&w.queue, fence, TN_EQUARANTINED);
    struct tn_outcome outcome = world_take(&w, fence);
    assert_int_equal(outcome.status, TN_EQUARANTINED);
    assert_true(same_name(outcome.buffer, NO_NAME));
    assert_int_equal(outcome.buffer_slot, buffer.slot);
    assert_refused(&w, TN_ESTALE, tn_buffer_use_decide(&w.pool, buffer));
    struct tn_buffer_name guess = tn_buffer_name(&w.pool, (uint32_t)buffer.slot);
    assert_refused(&w, TN_ESTATE, tn_buffer_use_decide(&w.pool, guess));
    for (int i = 1; i < WORLD_BUFFERS; i++)
        assert_int_not_equal(world_alloc(&w).slot, buffer.slot);
    assert_refused(&w, TN_EEXHAUSTED, tn_buffer_alloc_decide(&w.pool));
    world_recount(&w);
}

static void g2_a_fence_ends_only_with_an_ending_status(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    uint64_t fence = world_post(&w, world_alloc(&w));
    for (uint32_t s = 0; s <= TN_STATUS_COUNT; s++)
        if (s != TN_EABORTED && s != TN_EQUARANTINED)
            assert_refused(&w, TN_EINVAL, tn_fence_end_decide(&w.queue, fence, (enum tn_status)s));
}

static void g3_a_late_completion_does_not_end_the_next_occupant(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    uint64_t first = world_post(&w, world_alloc(&w));
    struct tn_completion late = world_completion(&w, first);
    tn_fence_end_commit(&w.queue, first, TN_EABORTED);
    struct tn_buffer_name buffer = world_take(&w, first).buffer;
    /* Around the queue until the same fence slot is in use again. */
    uint64_t next;
    do {
        next = world_post(&w, buffer);
        if (tn_handle_slot(next) == tn_handle_slot(first))
            break;
        world_complete(&w, next);
        buffer = world_take(&w, next).buffer;
    } while (1);
    assert_refused(&w, TN_ESTALE, tn_complete_decide(&w.queue, &late));
    /* Nor with one of its numbers put right. */
    struct tn_completion half = late;
    half.fence = next;
    assert_refused(&w, TN_ESTALE, tn_complete_decide(&w.queue, &half));
    half = late;
    half.ticket = world_ticket(&w, next);
    assert_refused(&w, TN_ESTALE, tn_complete_decide(&w.queue, &half));
    world_complete(&w, next);
    world_recount(&w);
}

static void g3_forged_and_early_completions_are_stale(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    uint64_t fence = world_submit(&w, world_alloc(&w));
    struct tn_completion early = world_completion(&w, fence);
    assert_refused(&w, TN_ESTALE, tn_complete_decide(&w.queue, &early)); /* the device has not seen it */
    (void)tn_queue_post_commit(&w.queue);
    const uint64_t forged[] = {TN_HANDLE_NONE, UINT64_MAX, tn_handle_make(WORLD_FENCES, 1), tn_handle_make(1, 1),
                               fence + (1ull << 20)};
    for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
        struct tn_completion c = early;
        c.fence = forged[i];
        assert_refused(&w, TN_ESTALE, tn_complete_decide(&w.queue, &c));
        assert_refused(&w, TN_ESTALE, tn_fence_take_decide(&w.queue, forged[i]));
        assert_refused(&w, TN_ESTALE, tn_fence_orphan_decide(&w.queue, forged[i]));
        assert_refused(&w, TN_ESTALE, tn_fence_end_decide(&w.queue, forged[i], TN_EABORTED));
    }
    early.ticket = 0;
    assert_refused(&w, TN_ESTALE, tn_complete_decide(&w.queue, &early));
    assert_int_equal(tn_fence_name(&w.queue, WORLD_FENCES), TN_HANDLE_NONE);
    assert_int_equal(tn_fence_name(&w.queue, 1), TN_HANDLE_NONE);
}

static void g7_a_refused_completion_is_counted(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    struct world expected = w;
    expected.queue.refused_completions = 1;
    tn_complete_refused(&w.queue);
    assert_memory_equal(&w, &expected, sizeof(w));
}

static void g7_a_lying_completion_publishes_nothing(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    uint64_t fence = world_post(&w, world_alloc(&w));
    struct tn_completion lie = world_completion(&w, fence);
    lie.used = WORLD_BUFFER_BYTES + 1;
    assert_refused(&w, TN_EPROTOCOL, tn_complete_decide(&w.queue, &lie));
    lie.used = UINT32_MAX;
    assert_refused(&w, TN_EPROTOCOL, tn_complete_decide(&w.queue, &lie));
    lie.used = 0;
    const uint32_t never[] = {TN_EABORTED, TN_EQUARANTINED, TN_ESTALE,       TN_EPEERGONE,
                              TN_EBUDGET,  TN_ETIMEDOUT,    TN_STATUS_COUNT, UINT32_MAX};
    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
        lie.status = never[i];
        assert_refused(&w, TN_EPROTOCOL, tn_complete_decide(&w.queue, &lie));
    }
    assert_refused(&w, TN_EAGAIN, tn_fence_take_decide(&w.queue, fence));
}

static void g2_a_request_without_a_buffer_has_a_fence_too(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    const struct tn_submission s = {.ledger = &w.ledger, .direction = TN_NO_DATA};
    assert_ok(tn_submit_decide(&w.queue, &s));
    uint64_t fence = tn_submit_commit(&w.queue, &s);
    (void)tn_queue_post_commit(&w.queue);
    struct tn_completion c = {.fence = fence, .ticket = world_ticket(&w, fence), .status = TN_OK, .used = 1};
    assert_refused(&w, TN_EPROTOCOL, tn_complete_decide(&w.queue, &c));
    c.used = 0;
    assert_ok(tn_complete_decide(&w.queue, &c));
    tn_complete_commit(&w.queue, &c);
    struct tn_outcome outcome = world_take(&w, fence);
    assert_true(same_name(outcome.buffer, NO_NAME));
    assert_int_equal(outcome.buffer_slot, TN_SLOT_NONE);
    world_recount(&w);

    fence = tn_submit_commit(&w.queue, &s);
    tn_fence_orphan_commit(&w.queue, fence);
    tn_fence_end_commit(&w.queue, fence, TN_EQUARANTINED);
    outcome = world_take(&w, fence);
    assert_int_equal(outcome.orphan, 1);
    assert_int_equal(outcome.buffer_slot, TN_SLOT_NONE);
    world_recount(&w);
}

static void g11_an_orphan_stays_charged_until_its_completion_and_is_scrubbed(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    struct tn_buffer_name buffer = world_alloc(&w);
    uint64_t fence = world_post(&w, buffer);
    assert_ok(tn_fence_orphan_decide(&w.queue, fence));
    tn_fence_orphan_commit(&w.queue, fence);
    assert_refused(&w, TN_ESTATE, tn_fence_orphan_decide(&w.queue, fence));
    assert_int_equal(w.ledger.used[TN_CHARGE_IN_FLIGHT], 1);
    world_recount(&w);
    world_complete(&w, fence);
    assert_int_equal(state_of(&w, buffer), TN_BUFFER_ORPHAN);
    assert_int_equal(w.ledger.used[TN_CHARGE_IN_FLIGHT], 1);
    struct tn_outcome outcome = world_take(&w, fence);
    assert_int_equal(outcome.orphan, 1);
    assert_true(same_name(outcome.buffer, NO_NAME));
    assert_int_equal(state_of(&w, buffer), TN_BUFFER_SCRUBBING);
    assert_int_equal(w.ledger.used[TN_CHARGE_IN_FLIGHT], 0);
    assert_int_equal(w.pool.free, WORLD_BUFFERS - 1);
    tn_buffer_scrubbed_commit(&w.pool, outcome.buffer_slot);
    assert_int_equal(w.pool.free, WORLD_BUFFERS);
    world_recount(&w);
}

static void g11_an_orphan_is_aborted_or_quarantined_like_any_other(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    uint64_t queued = world_submit(&w, world_alloc(&w));
    tn_fence_orphan_commit(&w.queue, queued);
    tn_fence_end_commit(&w.queue, queued, TN_EABORTED);
    world_recount(&w);
    struct tn_outcome outcome = world_take(&w, queued);
    assert_true(same_name(outcome.buffer, NO_NAME));
    tn_buffer_scrubbed_commit(&w.pool, outcome.buffer_slot);

    uint64_t posted = world_post(&w, world_alloc(&w));
    tn_fence_orphan_commit(&w.queue, posted);
    tn_fence_end_commit(&w.queue, posted, TN_EQUARANTINED);
    outcome = world_take(&w, posted);
    assert_int_equal(outcome.orphan, 1);
    assert_true(same_name(outcome.buffer, NO_NAME));
    assert_int_equal(w.pool.quarantined, 1);
    world_recount(&w);
}

static void g2_fences_are_posted_in_the_order_of_their_submission(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    assert_int_equal(tn_queue_oldest(&w.queue), TN_HANDLE_NONE);
    for (int round = 0; round < 3; round++) { /* end the first, the middle and the last while queued */
        uint64_t fence[WORLD_FENCES];
        for (int i = 0; i < WORLD_FENCES; i++)
            fence[i] = world_submit(&w, world_alloc(&w));
        tn_fence_end_commit(&w.queue, fence[round], TN_EABORTED);
        world_recount(&w);
        for (int i = 0; i < WORLD_FENCES; i++) {
            if (i != round) {
                assert_true(tn_queue_has_queued(&w.queue));
                assert_int_equal(tn_queue_oldest(&w.queue), fence[i]);
                assert_int_equal(tn_queue_post_commit(&w.queue), fence[i]);
                world_complete(&w, fence[i]);
            }
            world_release(&w, world_take(&w, fence[i]).buffer);
            world_recount(&w);
        }
        assert_int_equal(tn_queue_oldest(&w.queue), TN_HANDLE_NONE);
        assert_false(tn_queue_has_queued(&w.queue));
    }
}

static void g1_counts_equal_states_after_any_sequence(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, TN_HANDLE_GENERATION_MAX);
    struct tn_buffer_name owned[WORLD_BUFFERS] = {0};
    uint64_t fences[WORLD_FENCES] = {0};
    uint32_t random = 12345;
    for (int step = 0; step < 20000; step++) {
        random = random * 1664525 + 1013904223;
        struct tn_buffer_name *own = &owned[(random >> 8) % WORLD_BUFFERS];
        uint64_t *fence = &fences[(random >> 16) % WORLD_FENCES];
        struct tn_submission s = world_submission(&w, *own);
        switch (random >> 29) {
        case 0:
            if (own->mark == 0 && tn_buffer_alloc_decide(&w.pool) == TN_OK)
                *own = tn_buffer_alloc_commit(&w.pool);
            break;
        case 1:
            if (own->mark != 0)
                world_release(&w, *own), *own = NO_NAME;
            break;
        case 2:
        case 3:
            if (*fence == 0 && tn_submit_decide(&w.queue, &s) == TN_OK)
                *fence = tn_submit_commit(&w.queue, &s), *own = NO_NAME;
            break;
        case 4:
            if (tn_queue_oldest(&w.queue) != TN_HANDLE_NONE)
                (void)tn_queue_post_commit(&w.queue);
            break;
        case 5:
            if (*fence != 0) {
                struct tn_completion c = world_completion(&w, *fence);
                if (tn_complete_decide(&w.queue, &c) == TN_OK)
                    tn_complete_commit(&w.queue, &c);
            }
            break;
        case 6:
            if (tn_fence_end_decide(&w.queue, *fence, TN_EABORTED) == TN_OK)
                tn_fence_end_commit(&w.queue, *fence, TN_EABORTED);
            break;
        default:
            if (tn_fence_take_decide(&w.queue, *fence) == TN_OK) {
                struct tn_buffer_name back = tn_fence_take_commit(&w.queue, *fence).buffer;
                struct tn_buffer_name *place = owned;
                while (place->mark != 0)
                    place++;
                *place = back, *fence = 0;
            }
        }
        world_recount(&w);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(g1_a_submitted_buffer_belongs_to_its_fence_alone),
    cmocka_unit_test(g2_a_completed_fence_gives_the_buffer_back_under_a_new_name),
    cmocka_unit_test(g2_a_failed_fence_gives_the_buffer_back),
    cmocka_unit_test(g2_a_fence_ends_exactly_once),
    cmocka_unit_test(g2_an_aborted_fence_gives_the_buffer_back_from_the_queue_and_from_the_device),
    cmocka_unit_test(g2_a_quarantined_fence_keeps_the_buffer_for_good),
    cmocka_unit_test(g2_a_fence_ends_only_with_an_ending_status),
    cmocka_unit_test(g3_a_late_completion_does_not_end_the_next_occupant),
    cmocka_unit_test(g3_forged_and_early_completions_are_stale),
    cmocka_unit_test(g7_a_refused_completion_is_counted),
    cmocka_unit_test(g7_a_lying_completion_publishes_nothing),
    cmocka_unit_test(g2_a_request_without_a_buffer_has_a_fence_too),
    cmocka_unit_test(g11_an_orphan_stays_charged_until_its_completion_and_is_scrubbed),
    cmocka_unit_test(g11_an_orphan_is_aborted_or_quarantined_like_any_other),
    cmocka_unit_test(g2_fences_are_posted_in_the_order_of_their_submission),
    cmocka_unit_test(g1_counts_equal_states_after_any_sequence),
};

UNIT_MAIN(tests)
