/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process's side of its ring, on a kernel that the test plays: who sleeps, and over what.
 */
#include <stdbool.h>

#define tn_enter tn_enter_of_the_machine
#include "../../user/lib/enter.h"
#undef tn_enter
static struct tn_enter_result tn_enter(uint64_t ring_, uint32_t to_submit, uint32_t min_complete, uint64_t deadline);

#include "../../user/lib/ring.c"
#include "unit.h"

enum { ENTRIES = 8 };

static struct tn_ring_header header;
static struct tn_sqe sq[ENTRIES];
static struct tn_cqe cq[2 * ENTRIES];

static uint32_t events_due; /* that come the next time the kernel is entered */
static uint32_t slept;      /* entries that would have waited */
static uint32_t seen;       /* events that reached their source */

static void event_came(struct tn_source *source, const struct tn_cqe *cqe)
{
    (void)source;
    (void)cqe;
    seen++;
}

static struct tn_source event_source = {event_came};

static void complete(uint64_t user_data)
{
    cq[header.cq_tail++ % (2 * ENTRIES)] = (struct tn_cqe){.user_data = user_data, .kind = TN_CQE_RESULT};
}

static struct tn_enter_result tn_enter(uint64_t ring_, uint32_t to_submit, uint32_t min_complete, uint64_t deadline)
{
    (void)ring_;
    (void)deadline;
    for (uint32_t i = 0; i < to_submit; i++)
        complete(sq[header.sq_head++ % ENTRIES].user_data);
    for (; events_due > 0; events_due--)
        complete(tn_source_user_data(&event_source));
    bool waits = header.cq_tail - ring.cq_head < min_complete;
    slept += waits;
    return (struct tn_enter_result){waits ? TN_ETIMEDOUT : TN_OK, to_submit};
}

uint64_t tn_clock_now(void)
{
    return 0;
}

static int start(void **state)
{
    (void)state;
    memset(&ring, 0, sizeof ring);
    memset(&header, 0, sizeof header);
    events_due = slept = seen = 0;
    struct tn_start s = {.ring = (uintptr_t)&header,
                         .sq = (uintptr_t)sq,
                         .cq = (uintptr_t)cq,
                         .sq_entries = ENTRIES,
                         .cq_entries = 2 * ENTRIES};
    tn_ring_init(&s);
    return 0;
}

static void call(void)
{
    assert_int_equal(tn_ring_call(&(struct tn_sqe){.op = TN_OP_NOP}, NULL), TN_OK);
}

static void a_wait_with_nothing_there_sleeps(void **state)
{
    (void)state;
    assert_int_equal(tn_ring_wait(1, 1), TN_ETIMEDOUT);
    assert_int_equal(slept, 1);
}

static void g2_what_came_during_a_call_is_not_slept_over(void **state)
{
    (void)state;
    events_due = 1;
    call(); /* as tn_print, in the middle of a driver's round */
    assert_int_equal(seen, 1);
    assert_int_equal(tn_ring_wait(1, TN_DEADLINE_NEVER), TN_OK);
    assert_int_equal(slept, 0);
    assert_int_equal(tn_ring_wait(1, 1), TN_ETIMEDOUT); /* once */
    assert_int_equal(slept, 1);
}

static void what_came_during_a_flush_or_a_push_is_not_slept_over(void **state)
{
    (void)state;
    events_due = 1;
    tn_ring_flush();
    assert_int_equal(seen, 0); /* nothing was pushed: nobody was entered */
    for (uint32_t i = 0; i <= ENTRIES; i++)
        tn_ring_push()->user_data = 0; /* the last one finds the queue full */
    assert_int_equal(seen, 1);
    assert_int_equal(tn_ring_wait(1, TN_DEADLINE_NEVER), TN_OK);
    assert_int_equal(slept, 0);
}

static void the_answer_of_a_call_is_for_its_caller(void **state)
{
    (void)state;
    call();
    call();
    assert_int_equal(tn_ring_wait(1, 1), TN_ETIMEDOUT);
    assert_int_equal(slept, 1);
}

static void a_sleep_within_leaves_the_rest_to_the_next_wait(void **state)
{
    (void)state;
    events_due = 1;
    call();
    assert_int_equal(tn_ring_sleep(1, 1), TN_ETIMEDOUT); /* of a loop that waits for something else */
    assert_int_equal(slept, 1);
    assert_int_equal(tn_ring_wait(2, 1), TN_ETIMEDOUT); /* one more would do */
    assert_int_equal(slept, 2);
    events_due = 2;
    call();
    assert_int_equal(tn_ring_wait(2, TN_DEADLINE_NEVER), TN_OK);
    assert_int_equal(slept, 2);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(a_wait_with_nothing_there_sleeps, start),
    cmocka_unit_test_setup(g2_what_came_during_a_call_is_not_slept_over, start),
    cmocka_unit_test_setup(what_came_during_a_flush_or_a_push_is_not_slept_over, start),
    cmocka_unit_test_setup(the_answer_of_a_call_is_for_its_caller, start),
    cmocka_unit_test_setup(a_sleep_within_leaves_the_rest_to_the_next_wait, start),
};

UNIT_MAIN(tests)
