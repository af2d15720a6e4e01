/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client library of tenure/dma.h on a ring that the test plays: consumption, fences that end once, time-outs.
 */
#include <tenure/dma.h>

#include <user/lib/clock.h>
#include <user/lib/ring.h>

#include "unit.h"

/* ---- the ring, played ---- */

enum {
    PUSHED_MAX = 64,
};
static struct tn_sqe pushed[PUSHED_MAX];
static uint32_t pushed_count;
static uint64_t now;
static void (*on_wait)(void); /* what happens while the library waits */
static enum tn_status call_status;
static struct tn_sqe called;

struct tn_sqe *tn_ring_push(void)
{
    assert_true(pushed_count < PUSHED_MAX);
    pushed[pushed_count] = (struct tn_sqe){0};
    return &pushed[pushed_count++];
}

enum tn_status tn_ring_wait(uint32_t min, uint64_t deadline)
{
    assert_int_equal(min, 1);
    if (on_wait != NULL) {
        on_wait();
        return TN_OK;
    }
    now = deadline;
    return TN_ETIMEDOUT;
}

void tn_ring_flush(void)
{
}

enum tn_status tn_ring_call(const struct tn_sqe *sqe, struct tn_cqe *answer)
{
    called = *sqe;
    if (answer != NULL)
        *answer = (struct tn_cqe){.value = {0x500001, 0x1000, 4096}};
    return call_status;
}

uint64_t tn_clock_now(void)
{
    return now;
}

/* ---- helpers ---- */

static struct tn_dma_queue queue;
static uint8_t memory[4096];

static int start(void **state)
{
    (void)state;
    pushed_count = 0;
    now = 1000;
    on_wait = NULL;
    call_status = TN_OK;
    tn_dma_queue_init(&queue, 0x100001);
    return 0;
}

static struct tn_dma_buffer owned(uint64_t handle)
{
    return (struct tn_dma_buffer){.handle = handle, .data = memory, .bytes = sizeof(memory)};
}

static struct tn_fence submit(struct tn_dma_buffer *buffer, uint64_t cookie)
{
    struct tn_fence fence;
    const struct tn_dma_request request = {
        .opcode = 2, .direction = TN_FROM_DEVICE, .length = 512, .argument = 8192, .cookie = cookie};
    tn_dma_submit(&queue, buffer, &request, &fence);
    return fence;
}

/* The kernel ends the n-th submission. */
static void end(uint32_t n, enum tn_status status, uint64_t buffer, uint32_t used)
{
    struct tn_source *source = (struct tn_source *)pushed[n].user_data;
    const struct tn_cqe cqe = {.kind = TN_CQE_FENCE, .status = status, .value = {buffer, used, 11, 12, n}};
    source->deliver(source, &cqe);
}

static void end_first(void)
{
    end(0, TN_OK, 0x600001, 512);
}

/* ---- tests ---- */

static void g1_submit_empties_the_callers_buffer(void **state)
{
    (void)state;
    struct tn_dma_buffer buffer = owned(0x300002);
    assert_ptr_equal(tn_dma_buffer_data(&buffer), memory);
    (void)submit(&buffer, 0);
    assert_null(tn_dma_buffer_data(&buffer));
    assert_int_equal(tn_dma_buffer_bytes(&buffer), 0);
    assert_int_equal(buffer.handle, TN_HANDLE_NONE);
    assert_int_equal(pushed[0].op, TN_OP_SUBMIT);
    assert_int_equal(pushed[0].handle, 0x100001);
    assert_int_equal(pushed[0].arg[0], 0x300002);
    assert_int_equal(tn_submit_opcode(pushed[0].arg[1]), 2);
    assert_int_equal(tn_submit_direction(pushed[0].arg[1]), TN_FROM_DEVICE);
    assert_int_equal(pushed[0].arg[2], 512);
    assert_int_equal(pushed[0].arg[3], 8192);
    end(0, TN_OK, TN_HANDLE_NONE, 0);
}

static void g1_release_empties_the_callers_buffer_even_if_it_is_refused(void **state)
{
    (void)state;
    struct tn_dma_buffer buffer = owned(0x300002);
    call_status = TN_ESTALE;
    assert_int_equal(tn_dma_buffer_release(&buffer), TN_ESTALE);
    assert_int_equal(called.handle, 0x300002);
    assert_null(tn_dma_buffer_data(&buffer));
}

static void g2_a_fence_gives_the_buffer_back_once(void **state)
{
    (void)state;
    struct tn_dma_buffer buffer = owned(0x300002), back = {0};
    struct tn_fence fence = submit(&buffer, 0), copy = fence;
    size_t used = 0;
    on_wait = end_first;
    assert_int_equal(tn_fence_wait(&fence, 2000, &back, &used), TN_OK);
    assert_int_equal(back.handle, 0x600001);
    assert_ptr_equal(tn_dma_buffer_data(&back), memory);
    assert_int_equal(used, 512);
    struct tn_dma_buffer again = {0};
    assert_int_equal(tn_fence_wait(&fence, 2000, &again, &used), TN_ESTALE);
    assert_int_equal(tn_fence_wait(&copy, 2000, &again, &used), TN_ESTALE);
    assert_null(tn_dma_buffer_data(&again));
    assert_int_equal(queue.pending, 0);
}

static void g2_a_wait_for_ever_is_refused(void **state)
{
    (void)state;
    struct tn_dma_buffer buffer = owned(0x300002);
    struct tn_fence fence = submit(&buffer, 0);
    struct tn_fence_result result;
    assert_int_equal(tn_fence_take(&fence, TN_DEADLINE_NEVER, &result), TN_EINVAL);
    assert_int_equal(tn_dma_queue_next(&queue, TN_DEADLINE_NEVER, &result), TN_EINVAL);
    end_first();
    assert_int_equal(tn_fence_take(&fence, TN_DEADLINE_NOW, &result), TN_OK);
}

static void g2_a_time_out_leaves_the_fence_pending(void **state)
{
    (void)state;
    struct tn_dma_buffer buffer = owned(0x300002);
    struct tn_fence fence = submit(&buffer, 5);
    struct tn_fence_result result = {0};
    assert_int_equal(tn_fence_take(&fence, 2000, &result), TN_ETIMEDOUT);
    assert_int_equal(tn_fence_take(&fence, TN_DEADLINE_NOW, &result), TN_ETIMEDOUT);
    assert_int_equal(tn_dma_queue_next(&queue, 3000, &result), TN_ETIMEDOUT);
    assert_int_equal(queue.pending, 1);
    end(0, TN_EIO, 0x600001, 0);
    assert_int_equal(tn_fence_take(&fence, TN_DEADLINE_NOW, &result), TN_OK);
    assert_int_equal(result.status, TN_EIO);
    assert_int_equal(result.cookie, 5);
    assert_int_equal(result.buffer.handle, 0x600001); /* on errors too */
}

static void g2_quarantine_keeps_the_buffer(void **state)
{
    (void)state;
    struct tn_dma_buffer buffer = owned(0x300002), back = owned(1);
    struct tn_fence fence = submit(&buffer, 0);
    end(0, TN_EQUARANTINED, TN_HANDLE_NONE, 0);
    assert_int_equal(tn_fence_wait(&fence, TN_DEADLINE_NOW, &back, NULL), TN_EQUARANTINED);
    assert_null(tn_dma_buffer_data(&back));
}

static void g3_a_fence_from_before_reuse_of_its_record_is_stale(void **state)
{
    (void)state;
    struct tn_dma_buffer buffer = owned(0x300002);
    struct tn_fence old = submit(&buffer, 0);
    struct tn_fence_result result;
    end(0, TN_OK, 0x600001, 0);
    assert_int_equal(tn_fence_take(&old, TN_DEADLINE_NOW, &result), TN_OK);
    struct tn_fence fresh = submit(&result.buffer, 0);
    assert_int_equal(fresh.slot, old.slot);
    assert_int_equal(tn_fence_take(&old, TN_DEADLINE_NOW, &result), TN_ESTALE);
    end(1, TN_OK, 0x700001, 0);
    assert_int_equal(tn_fence_take(&old, TN_DEADLINE_NOW, &result), TN_ESTALE);
    assert_int_equal(tn_fence_take(&fresh, TN_DEADLINE_NOW, &result), TN_OK);
    const struct tn_fence none = {0}, wild = {.generation = 1, .slot = UINT32_MAX};
    assert_int_equal(tn_fence_take(&none, TN_DEADLINE_NOW, &result), TN_ESTALE);
    assert_int_equal(tn_fence_take(&wild, TN_DEADLINE_NOW, &result), TN_ESTALE);
}

static void ended_fences_are_taken_in_the_order_of_their_end(void **state)
{
    (void)state;
    struct tn_fence fence[4];
    struct tn_fence_result result;
    assert_int_equal(tn_dma_queue_next(&queue, 2000, &result), TN_ENOENT);
    for (uint64_t i = 0; i < 4; i++) {
        struct tn_dma_buffer buffer = owned(0x300002 + i);
        fence[i] = submit(&buffer, i);
    }
    end(2, TN_OK, 0x600001, 0), end(0, TN_OK, 0x600002, 0), end(3, TN_OK, 0x600003, 0), end(1, TN_OK, 0x600004, 0);
    assert_int_equal(tn_fence_take(&fence[3], TN_DEADLINE_NOW, &result), TN_OK); /* out of the middle */
    const uint64_t order[] = {2, 0, 1};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(tn_dma_queue_next(&queue, 2000, &result), TN_OK);
        assert_int_equal(result.cookie, order[i]);
    }
    assert_int_equal(tn_dma_queue_next(&queue, 2000, &result), TN_ENOENT);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(g1_submit_empties_the_callers_buffer, start),
    cmocka_unit_test_setup(g1_release_empties_the_callers_buffer_even_if_it_is_refused, start),
    cmocka_unit_test_setup(g2_a_fence_gives_the_buffer_back_once, start),
    cmocka_unit_test_setup(g2_a_wait_for_ever_is_refused, start),
    cmocka_unit_test_setup(g2_a_time_out_leaves_the_fence_pending, start),
    cmocka_unit_test_setup(g2_quarantine_keeps_the_buffer, start),
    cmocka_unit_test_setup(g3_a_fence_from_before_reuse_of_its_record_is_stale, start),
    cmocka_unit_test_setup(ended_fences_are_taken_in_the_order_of_their_end, start),
};

UNIT_MAIN(tests)
