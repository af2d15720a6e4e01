/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client library of tenure/dma.h on a ring that the test plays: consumption, fences that end once, time-outs.
 */
#define TN_OWN_OFF /* what the compiler would refuse, the library must */
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

enum tn_status tn_ring_sleep(uint32_t min, uint64_t deadline)
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
    return (struct tn_dma_buffer){.name = {.handle = handle, .data = memory, .bytes = sizeof(memory)}, .held = 1};
}

static struct tn_dma_request request_with(uint64_t cookie)
{
    return (struct tn_dma_request){
        .opcode = 2, .direction = TN_FROM_DEVICE, .length = 512, .argument = 8192, .cookie = cookie};
}

static struct tn_fence submit(struct tn_dma_buffer *buffer, uint64_t cookie)
{
    struct tn_fence fence = {0};
    const struct tn_dma_request request = request_with(cookie);
    tn_dma_submit(&queue, buffer, &request, &fence);
    return fence;
}

static void enqueue(uint64_t handle, uint64_t cookie)
{
    struct tn_dma_buffer buffer = owned(handle);
    const struct tn_dma_request request = request_with(cookie);
    tn_dma_enqueue(&queue, &buffer, &request);
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
    assert_true(submit(&buffer, 0).held);
    assert_null(tn_dma_buffer_data(&buffer));
    assert_int_equal(tn_dma_buffer_bytes(&buffer), 0);
    assert_false(tn_dma_buffer_is_held(&buffer));
    assert_int_equal(pushed[0].op, TN_OP_SUBMIT);
    assert_int_equal(pushed[0].handle, 0x100001);
    assert_int_equal(pushed[0].arg[0], 0x300002);
    assert_int_equal(tn_submit_opcode(pushed[0].arg[1]), 2);
    assert_int_equal(tn_submit_direction(pushed[0].arg[1]), TN_FROM_DEVICE);
    assert_int_equal(pushed[0].arg[2], 512);
    assert_int_equal(pushed[0].arg[3], 8192);
    (void)submit(&buffer, 0); /* a second time: it names nothing */
    assert_int_equal(pushed[1].arg[0], TN_HANDLE_NONE);
    end(0, TN_OK, TN_HANDLE_NONE, 0), end(1, TN_ESTALE, TN_HANDLE_NONE, 0);
}

static void g1_alloc_holds_what_the_kernel_gave(void **state)
{
    (void)state;
    const struct tn_dma_pool pool = {.handle = 0x200001, .buffer_bytes = 4096};
    struct tn_dma_buffer buffer = {0};
    assert_true(tn_dma_buffer_alloc(&pool, 512, &buffer));
    assert_int_equal(called.op, TN_OP_BUFFER_ALLOC);
    assert_int_equal(called.handle, 0x200001);
    assert_int_equal(called.arg[0], 512);
    assert_int_equal(tn_dma_buffer_bytes(&buffer), 4096);
    struct tn_dma_buffer refused = {0};
    call_status = TN_EEXHAUSTED;
    assert_false(tn_dma_buffer_alloc(&pool, 512, &refused));
    assert_int_equal(tn_dma_buffer_status(&refused), TN_EEXHAUSTED);
    assert_null(tn_dma_buffer_data(&refused));
}

static void g1_release_empties_the_callers_buffer_even_if_it_is_refused(void **state)
{
    (void)state;
    struct tn_dma_buffer buffer = owned(0x300002);
    call_status = TN_ESTALE;
    assert_int_equal(tn_dma_buffer_release(&buffer), TN_ESTALE);
    assert_int_equal(called.handle, 0x300002);
    assert_null(tn_dma_buffer_data(&buffer));
    assert_int_equal(tn_dma_buffer_release(&buffer), TN_ESTALE);
    assert_int_equal(called.handle, TN_HANDLE_NONE);
}

static void g2_a_fence_gives_the_buffer_back_once(void **state)
{
    (void)state;
    struct tn_dma_buffer buffer = owned(0x300002), back = {0}, again = {0};
    struct tn_fence fence = submit(&buffer, 0), copy = fence;
    struct tn_dma_result result;
    on_wait = end_first;
    assert_true(tn_fence_wait(&fence, 2000, &back, &result));
    assert_int_equal(result.status, TN_OK);
    assert_int_equal(result.used, 512);
    assert_true(tn_dma_buffer_is_held(&back));
    assert_int_equal(back.name.handle, 0x600001);
    assert_ptr_equal(tn_dma_buffer_data(&back), memory);
    struct tn_fence *const wrong[] = {&fence, &copy};
    for (int i = 0; i < 2; i++) { /* over, with nothing to give */
        assert_true(tn_fence_wait(wrong[i], 2000, &again, &result));
        assert_int_equal(result.status, TN_ESTALE);
        assert_false(tn_dma_buffer_is_held(&again));
    }
    assert_int_equal(queue.pending, 0);
}

static void g2_a_wait_for_ever_is_refused(void **state)
{
    (void)state;
    struct tn_dma_buffer buffer = owned(0x300002), back = {0};
    struct tn_fence fence = submit(&buffer, 0);
    struct tn_dma_result result;
    assert_false(tn_fence_wait(&fence, TN_DEADLINE_NEVER, &back, &result));
    assert_int_equal(result.status, TN_EINVAL);
    assert_false(tn_dma_queue_next(&queue, TN_DEADLINE_NEVER, &back, &result));
    assert_int_equal(result.status, TN_EINVAL);
    end_first();
    assert_true(tn_fence_wait(&fence, TN_DEADLINE_NOW, &back, &result));
}

static void g2_a_time_out_leaves_the_fence_pending(void **state)
{
    (void)state;
    struct tn_dma_buffer buffer = owned(0x300002), back = {0};
    struct tn_fence fence = submit(&buffer, 5);
    struct tn_dma_result result = {0};
    assert_false(tn_fence_wait(&fence, 2000, &back, &result));
    assert_int_equal(result.status, TN_ETIMEDOUT);
    assert_false(tn_fence_wait(&fence, TN_DEADLINE_NOW, &back, &result));
    assert_int_equal(result.status, TN_ETIMEDOUT);
    assert_int_equal(queue.pending, 1);
    end(0, TN_EIO, 0x600001, 0);
    assert_true(tn_fence_wait(&fence, TN_DEADLINE_NOW, &back, &result));
    assert_int_equal(result.status, TN_EIO);
    assert_int_equal(result.cookie, 5);
    assert_true(tn_dma_buffer_is_held(&back)); /* on errors too */
    assert_int_equal(back.name.handle, 0x600001);
}

static void g2_quarantine_keeps_the_buffer(void **state)
{
    (void)state;
    struct tn_dma_buffer buffer = owned(0x300002), back = {0};
    struct tn_fence fence = submit(&buffer, 0);
    struct tn_dma_result result;
    end(0, TN_EQUARANTINED, TN_HANDLE_NONE, 0);
    assert_true(tn_fence_wait(&fence, TN_DEADLINE_NOW, &back, &result));
    assert_int_equal(result.status, TN_EQUARANTINED);
    assert_false(tn_dma_buffer_is_held(&back));
}

static void g2_a_fence_of_the_queue_is_nobody_elses(void **state)
{
    (void)state;
    struct tn_dma_buffer buffer = owned(0x300002), back = {0};
    struct tn_fence fence = submit(&buffer, 1);
    struct tn_dma_result result;
    end(0, TN_OK, 0x600001, 0);
    assert_false(tn_dma_queue_next(&queue, 2000, &back, &result)); /* the one that ended is the program's */
    assert_int_equal(result.status, TN_ENOENT);
    assert_true(tn_fence_wait(&fence, TN_DEADLINE_NOW, &back, &result));
    assert_true(tn_dma_buffer_is_held(&back));
    enqueue(0x300003, 2);
    struct tn_fence forged = {.name = {.generation = fence.name.generation + 1, .slot = fence.name.slot}, .held = 1};
    struct tn_dma_buffer nothing = {0};
    end(1, TN_OK, 0x600002, 0);
    assert_true(tn_fence_wait(&forged, TN_DEADLINE_NOW, &nothing, &result));
    assert_int_equal(result.status, TN_ESTALE);
    assert_true(tn_dma_queue_next(&queue, 2000, &nothing, &result));
    assert_int_equal(result.cookie, 2);
}

static void g3_a_fence_from_before_reuse_of_its_record_is_stale(void **state)
{
    (void)state;
    struct tn_dma_buffer buffer = owned(0x300002), back = {0}, nothing = {0};
    struct tn_fence old = submit(&buffer, 0);
    const struct tn_fence copy = old;
    struct tn_dma_result result;
    end(0, TN_OK, 0x600001, 0);
    assert_true(tn_fence_wait(&old, TN_DEADLINE_NOW, &back, &result));
    struct tn_fence fresh = submit(&back, 0);
    assert_int_equal(fresh.name.slot, copy.name.slot);
    const struct tn_fence stale[] = {
        copy, {.name = {.slot = 0}, .held = 1}, {.name = {1, UINT32_MAX}, .held = 1}, {{0}, 0}};
    for (int i = 0; i < 4; i++) {
        struct tn_fence wrong = stale[i];
        assert_true(tn_fence_wait(&wrong, TN_DEADLINE_NOW, &nothing, &result));
        assert_int_equal(result.status, TN_ESTALE);
        assert_false(tn_dma_buffer_is_held(&nothing));
        if (i == 0)
            end(1, TN_OK, 0x700001, 0);
    }
    assert_true(tn_fence_wait(&fresh, TN_DEADLINE_NOW, &nothing, &result));
    assert_int_equal(result.status, TN_OK);
    assert_true(tn_dma_buffer_is_held(&nothing));
}

static void what_the_queue_keeps_is_taken_in_the_order_of_its_end(void **state)
{
    (void)state;
    struct tn_dma_buffer back = {0}, mine = owned(0x300009);
    struct tn_dma_result result;
    assert_false(tn_dma_queue_next(&queue, 2000, &back, &result));
    assert_int_equal(result.status, TN_ENOENT);
    for (uint64_t i = 0; i < 3; i++)
        enqueue(0x300002 + i, i);
    struct tn_fence fence = submit(&mine, 3);
    assert_false(tn_dma_queue_next(&queue, 3000, &back, &result));
    assert_int_equal(result.status, TN_ETIMEDOUT);
    end(2, TN_OK, 0x600001, 0), end(3, TN_OK, 0x600003, 0), end(0, TN_OK, 0x600002, 0), end(1, TN_OK, 0x600004, 0);
    assert_true(tn_fence_wait(&fence, TN_DEADLINE_NOW, &back, &result));
    const uint64_t order[] = {2, 0, 1};
    for (int i = 0; i < 3; i++) {
        struct tn_dma_buffer next = {0};
        assert_true(tn_dma_queue_next(&queue, 2000, &next, &result));
        assert_int_equal(result.cookie, order[i]);
    }
    assert_false(tn_dma_queue_next(&queue, 2000, &back, &result));
    assert_int_equal(result.status, TN_ENOENT);
    assert_int_equal(queue.pending, 0);
}

static void an_abandoned_command_ends_untold(void **state)
{
    (void)state;
    const struct tn_dma_request request = {.opcode = 4};
    struct tn_command late = {0}, ended = {0}, copy;
    struct tn_dma_result result;
    tn_dma_command(&queue, &request, &late);
    tn_dma_command(&queue, &request, &ended);
    assert_false(tn_command_wait(&late, 2000, &result));
    assert_int_equal(result.status, TN_ETIMEDOUT);
    copy = late;
    tn_command_abandon(&late);
    end(1, TN_OK, TN_HANDLE_NONE, 0);
    tn_command_abandon(&ended);
    assert_int_equal(queue.pending, 1);
    assert_true(tn_command_wait(&copy, TN_DEADLINE_NOW, &result));
    assert_int_equal(result.status, TN_ESTALE);
    end(0, TN_OK, TN_HANDLE_NONE, 0);
    assert_int_equal(queue.pending, 0);
}

static void g1_a_revoked_fence_gives_nothing_back(void **state)
{
    (void)state;
    struct tn_dma_buffer mine = owned(0x700002), other = owned(0x700003), back = {0};
    struct tn_dma_result result;
    struct tn_fence fence = submit(&mine, 1), late = submit(&other, 2), copy = fence;
    assert_true(tn_fence_revoke(&fence));
    assert_int_equal(called.op, TN_OP_FENCE_REVOKE);
    assert_int_equal(tn_handle_slot(called.handle), tn_handle_slot(0x700002));
    assert_int_equal(tn_handle_generation(called.handle), tn_handle_generation(0x700002) + 1);
    assert_false(fence.held);
    assert_int_equal(tn_session_revoke(&copy.name), TN_ESTALE);
    assert_true(tn_fence_wait(&copy, TN_DEADLINE_NOW, &back, &result));
    assert_int_equal(result.status, TN_ESTALE);
    call_status = TN_ESTATE; /* the kernel was faster: it is to be taken */
    assert_false(tn_fence_revoke(&late));
    assert_true(late.held);
    call_status = TN_ESTALE;
    assert_false(tn_fence_revoke(&late));
    end(1, TN_OK, 0x700004, 0);
    call_status = TN_OK;
    called = (struct tn_sqe){0};
    assert_false(tn_fence_revoke(&late));
    assert_int_equal(called.op, 0);
    assert_true(tn_fence_wait(&late, TN_DEADLINE_NOW, &back, &result));
    assert_true(tn_dma_buffer_is_held(&back));
    assert_int_equal(queue.pending, 0);
    struct tn_command command = {0};
    tn_dma_command(&queue, &(struct tn_dma_request){.opcode = 4}, &command);
    assert_int_equal(tn_session_revoke(&command.name), TN_ESTALE); /* no buffer: nothing to revoke */
    end(2, TN_OK, TN_HANDLE_NONE, 0);
}

static void g1_a_parked_token_is_taken_out_once(void **state)
{
    (void)state;
    struct tn_dma_buffer buffer = owned(0x300002), other = owned(0x300003);
    struct tn_parked_buffer place = {0};
    assert_true(tn_dma_buffer_park(&buffer, &place));
    assert_null(tn_dma_buffer_data(&buffer));
    assert_false(tn_dma_buffer_park(&other, &place)); /* taken: the token stays */
    assert_ptr_equal(tn_dma_buffer_data(&other), memory);
    assert_true(tn_dma_buffer_unpark(&place, &buffer));
    assert_int_equal(buffer.name.handle, 0x300002);
    struct tn_dma_buffer none = {0};
    assert_false(tn_dma_buffer_unpark(&place, &none));
    struct tn_parked_fence spot = {0};
    struct tn_fence fence = submit(&buffer, 0), second = submit(&other, 0), out = {0};
    assert_true(tn_fence_park(&fence, &spot));
    assert_false(tn_fence_park(&second, &spot));
    assert_true(tn_fence_unpark(&spot, &out));
    struct tn_fence empty = {0};
    assert_false(tn_fence_unpark(&spot, &empty));
    assert_true(out.held && second.held && !fence.held);
    end(0, TN_OK, TN_HANDLE_NONE, 0), end(1, TN_OK, TN_HANDLE_NONE, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(g1_submit_empties_the_callers_buffer, start),
    cmocka_unit_test_setup(g1_alloc_holds_what_the_kernel_gave, start),
    cmocka_unit_test_setup(g1_release_empties_the_callers_buffer_even_if_it_is_refused, start),
    cmocka_unit_test_setup(g2_a_fence_gives_the_buffer_back_once, start),
    cmocka_unit_test_setup(g2_a_wait_for_ever_is_refused, start),
    cmocka_unit_test_setup(g2_a_time_out_leaves_the_fence_pending, start),
    cmocka_unit_test_setup(g2_quarantine_keeps_the_buffer, start),
    cmocka_unit_test_setup(g2_a_fence_of_the_queue_is_nobody_elses, start),
    cmocka_unit_test_setup(g3_a_fence_from_before_reuse_of_its_record_is_stale, start),
    cmocka_unit_test_setup(what_the_queue_keeps_is_taken_in_the_order_of_its_end, start),
    cmocka_unit_test_setup(an_abandoned_command_ends_untold, start),
    cmocka_unit_test_setup(g1_a_revoked_fence_gives_nothing_back, start),
    cmocka_unit_test_setup(g1_a_parked_token_is_taken_out_once, start),
};

UNIT_MAIN(tests)
