/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every public function of queues and fences with every kind of wrong argument.
 * The table names each function; tests/tools/test_core.py demands that none is missing. What judges nothing (a commit,
 * whose decide did) is in test_core_misuse.c.
 */
#include "core_arguments.h"

static uint64_t queue_init(struct all *a, const struct args *g) /* which field of the plan is wrong, and its value */
{
    struct tn_queue_plan plan = world_queue_plan(&a->w, 9);
    uint32_t value = (uint32_t)g->y;
    switch (g->x) {
    case 0:
        plan.slot = NULL;
        break;
    case 1:
        plan.record = NULL;
        break;
    case 2:
        plan.part = NULL;
        break;
    case 3:
        plan.generation_max = g->y;
        break;
    case 4:
        plan.depth = value;
        break;
    case 5:
        plan.parts_max = value;
        break;
    default:
        plan.waiters_max = value;
        break;
    }
    return tn_queue_init(&a->w.queue, &plan);
}
static uint64_t fence_name(struct all *a, const struct args *g)
{
    return tn_fence_name(&a->w.queue, (uint32_t)g->x);
}
static uint64_t submit(struct all *a, const struct args *g) /* buffer, length, direction; null: no pool */
{
    const struct tn_submission s = {
        g->null ? &a->w.pool : NULL, buffer(a, g->x), &a->w.ledger, (uint32_t)g->y, (uint32_t)g->z, false};
    return tn_submit_decide(&a->w.queue, &s);
}
static uint64_t submit_more(struct all *a, const struct args *g) /* buffers to come, and no pool */
{
    (void)g;
    const struct tn_submission s = {.ledger = &a->w.ledger, .direction = TN_NO_DATA, .more = true};
    return tn_submit_decide(&a->w.queue, &s);
}
static uint64_t submit_without_ledger(struct all *a, const struct args *g)
{
    (void)g;
    const struct tn_submission s = {&a->w.pool, a->cpu, NULL, 1, TN_TO_DEVICE, false};
    return tn_submit_decide(&a->w.queue, &s);
}
enum { REVOKED, TICKETS, GENERATIONS, BUDGET, ALL_RETIRED };
static uint64_t submit_at_the_end(struct all *a, const struct args *g) /* of what: everything is a copy */
{
    struct tn_pool pool = a->w.pool;
    struct tn_queue queue = a->w.queue;
    struct tn_ledger ledger = a->w.ledger;
    const struct tn_submission s = {&pool, a->cpu, &ledger, 1, TN_TO_DEVICE, false};
    if (g->x == REVOKED)
        pool.open = false;
    else if (g->x == TICKETS)
        queue.next_ticket = UINT64_MAX;
    else if (g->x == GENERATIONS)
        pool.last_mark = a->cpu.mark;
    else if (g->x == BUDGET)
        ledger.limit[TN_CHARGE_IN_FLIGHT] = ledger.used[TN_CHARGE_IN_FLIGHT];
    else
        queue.in_state[TN_FENCE_FREE] = queue.slots.count;
    return tn_submit_decide(&queue, &s);
}
static uint64_t add(struct all *a, const struct args *g) /* fence, buffer, length */
{
    return tn_submit_add_decide(&a->opened.queue, number(a, g->x), direct_name(a, g->y), (uint32_t)g->z);
}
enum { PARTS = ALL_RETIRED + 1, LENGTH };
static uint64_t add_at_the_end(struct all *a, const struct args *g) /* of what: everything is a copy */
{
    struct tn_fence_record record[WORLD_FENCES];
    struct tn_pool pool = a->opened.pool;
    struct tn_queue queue = a->opened.queue;
    struct tn_ledger ledger = a->opened.ledger;
    memcpy(record, a->opened.fences, sizeof(record));
    struct tn_fence_record *fence = &record[tn_handle_slot(a->open)];
    fence->pool = &pool;
    fence->ledger = &ledger;
    queue.record = record;
    if (g->x == PARTS)
        queue.parts_max = 1;
    else if (g->x == LENGTH)
        fence->length = UINT32_MAX;
    else if (g->x == REVOKED)
        pool.open = false;
    else if (g->x == GENERATIONS)
        pool.last_mark = a->d_cpu.mark;
    else
        ledger.limit[TN_CHARGE_IN_FLIGHT] = ledger.used[TN_CHARGE_IN_FLIGHT];
    return tn_submit_add_decide(&queue, a->open, a->d_cpu, 1);
}
static uint64_t add_of_an_orphan(struct all *a, const struct args *g)
{
    (void)g;
    struct tn_fence_record record[WORLD_FENCES];
    struct tn_queue queue = a->opened.queue;
    memcpy(record, a->opened.fences, sizeof(record));
    record[tn_handle_slot(a->open)].orphan = true;
    queue.record = record;
    return tn_submit_add_decide(&queue, a->open, a->d_cpu, 1);
}
static uint64_t add_elsewhere(struct all *a, const struct args *g) /* fence of the first world */
{
    return tn_submit_add_decide(&a->w.queue, number(a, g->x), a->cpu, 1);
}
static uint64_t close_open(struct all *a, const struct args *g)
{
    return tn_submit_close_decide(&a->opened.queue, number(a, g->x));
}
static uint64_t close_revoked(struct all *a, const struct args *g)
{
    (void)g;
    struct tn_pool pool = a->opened.pool;
    struct tn_fence_record record[WORLD_FENCES];
    struct tn_queue queue = a->opened.queue;
    memcpy(record, a->opened.fences, sizeof(record));
    pool.open = false;
    record[tn_handle_slot(a->open)].pool = &pool;
    queue.record = record;
    return tn_submit_close_decide(&queue, a->open);
}
static uint64_t close_of_an_orphan(struct all *a, const struct args *g)
{
    (void)g;
    struct tn_fence_record record[WORLD_FENCES];
    struct tn_queue queue = a->opened.queue;
    memcpy(record, a->opened.fences, sizeof(record));
    record[tn_handle_slot(a->open)].orphan = true;
    queue.record = record;
    return tn_submit_close_decide(&queue, a->open);
}
static uint64_t close_elsewhere(struct all *a, const struct args *g)
{
    return tn_submit_close_decide(&a->w.queue, number(a, g->x));
}
static uint64_t close_at_the_end(struct all *a, const struct args *g) /* of the tickets */
{
    (void)g;
    struct tn_queue queue = a->opened.queue;
    queue.next_ticket = UINT64_MAX;
    return tn_submit_close_decide(&queue, a->open);
}
static uint64_t poll(struct all *a, const struct args *g) /* fence, now, deadline */
{
    return tn_fence_poll(&a->w.queue, number(a, g->x), g->y, g->z);
}
static uint64_t wait(struct all *a, const struct args *g)
{
    return tn_fence_wait_decide(&a->w.queue, number(a, g->x));
}
static uint64_t wait_in_a_crowd(struct all *a, const struct args *g)
{
    (void)g;
    struct tn_queue queue = a->w.queue;
    queue.waiters_max = 0;
    return tn_fence_wait_decide(&queue, a->posted);
}
static uint64_t wait_end(struct all *a, const struct args *g)
{
    return tn_fence_wait_end(&a->w.queue, number(a, g->x));
}
static uint64_t complete(struct all *a, const struct args *g) /* fence, status, used */
{
    uint64_t fence = number(a, g->x);
    const struct tn_completion c = {fence, a->w.fences[tn_handle_slot(fence) % WORLD_FENCES].ticket, (uint32_t)g->y,
                                    (uint32_t)g->z};
    return tn_complete_decide(&a->w.queue, &c);
}
static uint64_t complete_ticket(struct all *a, const struct args *g) /* added to the right ticket */
{
    const struct tn_completion c = {a->posted, world_ticket(&a->w, a->posted) + g->x, TN_OK, 0};
    return tn_complete_decide(&a->w.queue, &c);
}
static uint64_t refuse(struct all *a, const struct args *g)
{
    (void)g;
    tn_complete_refused(&a->w.queue);
    return 0;
}
static uint64_t end(struct all *a, const struct args *g) /* fence, status */
{
    return tn_fence_end_decide(&a->w.queue, number(a, g->x), (enum tn_status)g->y);
}
static uint64_t orphan(struct all *a, const struct args *g)
{
    return tn_fence_orphan_decide(&a->w.queue, number(a, g->x));
}
static uint64_t take(struct all *a, const struct args *g)
{
    return tn_fence_take_decide(&a->w.queue, number(a, g->x));
}
static uint64_t oldest(struct all *a, const struct args *g)
{
    (void)g;
    struct tn_queue empty = a->w.queue;
    empty.queued_head = TN_SLOT_NONE;
    return tn_queue_oldest(&empty);
}
static uint64_t has_queued(struct all *a, const struct args *g)
{
    (void)g;
    struct tn_queue empty = a->w.queue;
    empty.queued_head = TN_SLOT_NONE;
    return tn_queue_has_queued(&empty);
}

enum { COMPLETION = offsetof(struct all, w.queue.refused_completions) };

static const struct row rows[] = {
    ROW(tn_queue_init, queue_init, "no slots", false, 0, 0, 0),
    ROW(tn_queue_init, queue_init, "no records", false, 1, 0, 0),
    ROW(tn_queue_init, queue_init, "nowhere for buffers", false, 2, 0, 0),
    ROW(tn_queue_init, queue_init, "generation 0", false, 3, 0, 0),
    ROW(tn_queue_init, queue_init, "generations no handle holds", false, 3, TN_HANDLE_GENERATION_MAX + 1, 0),
    ROW(tn_queue_init, queue_init, "depth 0", false, 4, 0, 0),
    ROW(tn_queue_init, queue_init, "depth above 2^20", false, 4, (1u << 20) + 1, 0),
    ROW(tn_queue_init, queue_init, "fences of nothing", false, 5, 0, 0),
    ROW(tn_queue_init, queue_init, "fences of too much", false, 5, TN_FENCE_PARTS_MAX + 1, 0),
    ROW(tn_queue_init, queue_init, "too many waiters", false, 6, UINT16_MAX + 1, 0),
    ROW(tn_fence_name, fence_name, "past the end", TN_HANDLE_NONE, WORLD_FENCES, 0, 0),
    ROW(tn_fence_name, fence_name, "2^32 - 1", TN_HANDLE_NONE, UINT32_MAX, 0, 0),
    ROW(tn_queue_oldest, oldest, "nothing queued", TN_HANDLE_NONE, 0, 0, 0),
    ROW(tn_queue_has_queued, has_queued, "nothing queued", false, 0, 0, 0),
    ROW_R(tn_submit_decide, submit, "nothing", TN_ESTALE, NOTHING, 1, TN_TO_DEVICE),
    ROW_R(tn_submit_decide, submit, "all ones", TN_ESTALE, ONES, 1, TN_TO_DEVICE),
    ROW_R(tn_submit_decide, submit, "past the end", TN_ESTALE, PAST, 1, TN_TO_DEVICE),
    ROW_R(tn_submit_decide, submit, "a generation to come", TN_ESTALE, TO_COME, 1, TN_TO_DEVICE),
    ROW(tn_submit_decide, submit_without_ledger, "no ledger", TN_EINVAL, 0, 0, 0),
    ROW(tn_submit_decide, submit_more, "more of nothing", TN_EINVAL, 0, 0, 0),
    ROW_R(tn_submit_decide, submit, "no direction", TN_EINVAL, CPUS, 1, TN_NO_DATA),
    ROW_R(tn_submit_decide, submit, "direction 3", TN_EINVAL, CPUS, 1, 3),
    ROW(tn_submit_decide, submit, "a direction and no buffer", TN_EINVAL, CPUS, 0, TN_TO_DEVICE),
    ROW(tn_submit_decide, submit, "a length and no buffer", TN_ERANGE, NOTHING, 1, TN_NO_DATA),
    ROW_R(tn_submit_decide, submit, "length 0", TN_ERANGE, CPUS, 0, TN_TO_DEVICE),
    ROW_R(tn_submit_decide, submit, "one byte too long", TN_ERANGE, CPUS, WORLD_BUFFER_BYTES + 1, TN_TO_DEVICE),
    ROW_R(tn_submit_decide, submit, "length 2^32 - 1", TN_ERANGE, CPUS, UINT32_MAX, TN_TO_DEVICE),
    ROW_R(tn_submit_decide, submit, "stale", TN_ESTALE, GONE, 1, TN_TO_DEVICE),
    ROW_R(tn_submit_decide, submit, "in flight", TN_ESTATE, FLYING, 1, TN_TO_DEVICE),
    ROW(tn_submit_decide, submit_at_the_end, "a revoked pool", TN_ESTATE, REVOKED, 0, 0),
    ROW(tn_submit_decide, submit_at_the_end, "no ticket left", TN_ERETIRED, TICKETS, 0, 0),
    ROW(tn_submit_decide, submit_at_the_end, "no generation left", TN_ERETIRED, GENERATIONS, 0, 0),
    ROW(tn_submit_decide, submit_at_the_end, "all fences retired", TN_ERETIRED, ALL_RETIRED, 0, 0),
    ROW(tn_submit_decide, submit_at_the_end, "no budget", TN_EBUDGET, BUDGET, 0, 0),
    ROW_R(tn_submit_decide, submit, "a full queue", TN_EAGAIN, CPUS, 1, TN_TO_DEVICE),
    FORGED(tn_submit_add_decide, add, CPUS, 1, NULL),
    ROW(tn_submit_add_decide, add_elsewhere, "to a queued fence", TN_ESTATE, NAME(queued), 0, 0),
    ROW(tn_submit_add_decide, add_elsewhere, "to an ended fence", TN_ESTATE, NAME(ended), 0, 0),
    ROW(tn_submit_add_decide, add_of_an_orphan, "to an orphan", TN_ESTATE, 0, 0, 0),
    ROW(tn_submit_add_decide, add, "no buffer", TN_ESTALE, NAME(open), NOTHING, 1),
    ROW(tn_submit_add_decide, add, "a buffer in flight", TN_ESTATE, NAME(open), FLYING, 1),
    ROW(tn_submit_add_decide, add_at_the_end, "a revoked pool", TN_ESTATE, REVOKED, 0, 0),
    ROW(tn_submit_add_decide, add, "length 0", TN_ERANGE, NAME(open), CPUS, 0),
    ROW(tn_submit_add_decide, add, "one byte too long", TN_ERANGE, NAME(open), CPUS, WORLD_BUFFER_BYTES + 1),
    ROW(tn_submit_add_decide, add_at_the_end, "no generation left", TN_ERETIRED, GENERATIONS, 0, 0),
    ROW(tn_submit_add_decide, add_at_the_end, "a sum that wraps", TN_ERANGE, LENGTH, 0, 0),
    ROW(tn_submit_add_decide, add_at_the_end, "no room for more", TN_EEXHAUSTED, PARTS, 0, 0),
    ROW(tn_submit_add_decide, add_at_the_end, "no budget", TN_EBUDGET, BUDGET, 0, 0),
    FORGED(tn_submit_close_decide, close_open, 0, 0, NULL),
    ROW(tn_submit_close_decide, close_elsewhere, "a queued fence", TN_ESTATE, NAME(queued), 0, 0),
    ROW(tn_submit_close_decide, close_elsewhere, "an ended fence", TN_ESTATE, NAME(ended), 0, 0),
    ROW(tn_submit_close_decide, close_revoked, "its pool is revoked", TN_ESTATE, 0, 0, 0),
    ROW(tn_submit_close_decide, close_of_an_orphan, "its client is gone", TN_ESTATE, 0, 0, 0),
    ROW(tn_submit_close_decide, close_at_the_end, "no ticket left", TN_ERETIRED, 0, 0, 0),
    FORGED(tn_complete_decide, complete, 0, 0, NULL),
    ROW(tn_complete_decide, complete, "not yet posted", TN_ESTALE, NAME(queued), TN_OK, 0),
    ROW(tn_complete_decide, complete, "ended", TN_ESTALE, NAME(ended), TN_OK, 0),
    ROW(tn_complete_decide, complete_ticket, "the next ticket", TN_ESTALE, 1, 0, 0),
    ROW(tn_complete_decide, complete_ticket, "the last ticket", TN_ESTALE, UINT64_MAX, 0, 0),
    ROW(tn_complete_decide, complete, "a status no device gives", TN_EPROTOCOL, NAME(posted), TN_EABORTED, 0),
    ROW(tn_complete_decide, complete, "a status there is not", TN_EPROTOCOL, NAME(posted), UINT32_MAX, 0),
    ROW(tn_complete_decide, complete, "one byte too much", TN_EPROTOCOL, NAME(posted), TN_OK, WORLD_BUFFER_BYTES + 1),
    COUNTED(tn_complete_refused, refuse, "counts", 0, 0, 0, 0, COMPLETION),
    FORGED(tn_fence_end_decide, end, TN_EABORTED, 0, NULL),
    ROW(tn_fence_end_decide, end, "ended", TN_ESTATE, NAME(ended), TN_EABORTED, 0),
    ROW(tn_fence_end_decide, end, "success", TN_EINVAL, NAME(posted), TN_OK, 0),
    ROW(tn_fence_end_decide, end, "a status there is not", TN_EINVAL, NAME(queued), TN_STATUS_COUNT, 0),
    FORGED(tn_fence_orphan_decide, orphan, 0, 0, NULL),
    ROW(tn_fence_orphan_decide, orphan, "ended", TN_ESTATE, NAME(ended), 0, 0),
    FORGED(tn_fence_take_decide, take, 0, 0, NULL),
    ROW(tn_fence_take_decide, take, "queued", TN_EAGAIN, NAME(queued), 0, 0),
    ROW(tn_fence_take_decide, take, "posted", TN_EAGAIN, NAME(posted), 0, 0),
    FORGED(tn_fence_poll, poll, 0, 1, NULL),
    ROW(tn_fence_poll, poll, "for ever", TN_EINVAL, NAME(posted), 0, TN_WAIT_FOR_EVER),
    ROW(tn_fence_poll, poll, "for ever, and it has ended", TN_EINVAL, NAME(ended), 0, TN_WAIT_FOR_EVER),
    ROW(tn_fence_poll, poll, "the deadline has come", TN_ETIMEDOUT, NAME(posted), 7, 7),
    ROW(tn_fence_poll, poll, "not yet", TN_EAGAIN, NAME(queued), 6, 7),
    FORGED(tn_fence_wait_decide, wait, 0, 0, NULL),
    ROW(tn_fence_wait_decide, wait, "ended", TN_ESTATE, NAME(ended), 0, 0),
    ROW(tn_fence_wait_decide, wait_in_a_crowd, "one more", TN_EEXHAUSTED, 0, 0, 0),
    ROW(tn_fence_wait_end, wait_end, "nothing", false, TN_HANDLE_NONE, 0, 0),
    ROW(tn_fence_wait_end, wait_end, "all ones", false, UINT64_MAX, 0, 0),
    ROW(tn_fence_wait_end, wait_end, "nobody waits", true, NAME(posted), 0, 0),
};

static void g6_every_wrong_argument_is_refused_and_moves_no_bit(void **state)
{
    (void)state;
    EVERY_ROW_IS_REFUSED(rows);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(g6_every_wrong_argument_is_refused_and_moves_no_bit),
};

UNIT_MAIN(tests)
