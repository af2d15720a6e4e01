/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ring pair under every interleaving: the user side is user/lib/ring.c as it is, the kernel side is the accounting
 * of core/ring.c with the loads and stores of kernel/cap/enter.c and process_post, on "another CPU". A system call only
 * rings a bell here, so entries and completions are ordered by the four shared indices alone; its return does order, as
 * a return does. Events are deferred: they wait for room as a count and are posted when there is some.
 *
 *   ring_weave SCENARIO           exit 0: every execution delivered every completion once, in order, and raced nowhere
 *   ring_weave SCENARIO --twin T  one index is read or written relaxed: exit 0 exactly if that is found; T may be
 * `core`: the core that is linked has a bug
 */
#include "weave.h"

#define tn_enter tn_enter_of_the_machine
#include "../../user/lib/enter.h"
#undef tn_enter
static struct tn_enter_result tn_enter(uint64_t ring_, uint32_t to_submit, uint32_t min_complete, uint64_t deadline);

static uint32_t user_load(const uint32_t *address, int order);
static void user_store(uint32_t *address, uint32_t value, int order);
#undef __atomic_load_n
#undef __atomic_store_n
#define __atomic_load_n(address, order)         user_load(address, order)
#define __atomic_store_n(address, value, order) user_store(address, value, order)
#include "../../user/lib/ring.c"
#undef __atomic_load_n
#undef __atomic_store_n

#include <core/ring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRIES = TN_RING_ENTRIES_MIN, TOTAL_MAX = 64 };

/* ---- what both sides share ---- */

static struct tn_ring_header header;
static struct tn_sqe sq[ENTRIES];
static struct tn_cqe cq[ENTRIES];

/* The system call: a bell without order on the way in, an answer with order on the way out. */
static struct {
    uint32_t rung;   /* how often; the request itself is in registers */
    uint32_t answer; /* how often answered */
    uint32_t to_submit, consumed;
    enum tn_status status;
} bell;
static uint32_t done;

/* ---- scenarios and twins ---- */

static const struct scenario {
    const char *name;
    uint32_t posted_before; /* events that wait unread when the process starts */
    uint32_t events;        /* further ones, deferred until there is room */
    uint32_t credits;       /* … and such as were promised room at the start */
    uint32_t entries;       /* submissions */
    int preemptions;
} scenarios[] = {
    {"completions", 7, 3, 0, 1, 3},
    {"submissions", 0, 0, 0, 10, 2},
    {"credits", 5, 3, 2, 0, 2},
    {"both", 4, 3, 1, 3, 2},
};
static const struct scenario *now;

static const char *const twins[] = {"user_sq_tail",   "user_cq_tail",   "user_cq_head", "kernel_sq_tail",
                                    "kernel_cq_tail", "kernel_cq_head", "core"};
enum { USER_SQ_TAIL, USER_CQ_TAIL, USER_CQ_HEAD, KERNEL_SQ_TAIL, KERNEL_CQ_TAIL, KERNEL_CQ_HEAD, CORE, TWINS };
static int twin = -1;

static int order_of(int which, int order)
{
    return twin == which ? __ATOMIC_RELAXED : order;
}

static uint32_t user_load(const uint32_t *address, int order)
{
    return weave_load(address, address == &header.cq_tail ? order_of(USER_CQ_TAIL, order) : order);
}

static void user_store(uint32_t *address, uint32_t value, int order)
{
    int which = address == &header.sq_tail ? USER_SQ_TAIL : USER_CQ_HEAD;
    weave_store(address, value, order_of(which, order));
}

/* ---- the process ---- */

static uint32_t delivered_events, delivered_answers;

static void event_came(struct tn_source *source, const struct tn_cqe *cqe)
{
    (void)source;
    weave_plain(cqe, 0);
    weave_demand(cqe->value[0] == delivered_events, "an event was dropped, repeated or out of order");
    delivered_events++;
}

static void answer_of_entry(struct tn_source *source, const struct tn_cqe *cqe)
{
    (void)source;
    weave_plain(cqe, 0);
    weave_demand(cqe->value[0] == delivered_answers, "an answer was dropped, repeated or out of order");
    delivered_answers++;
}

static struct tn_source event_source = {event_came}, entry_source = {answer_of_entry};

static struct tn_enter_result tn_enter(uint64_t ring_, uint32_t to_submit, uint32_t min_complete, uint64_t deadline)
{
    (void)ring_;
    uint32_t waited = 0;
    struct tn_enter_result result = {TN_OK, 0};
    if (to_submit > 0) {
        bell.to_submit = to_submit;
        weave_store(&bell.rung, bell.rung + 1, __ATOMIC_RELAXED);
        while (weave_load(&bell.answer, __ATOMIC_ACQUIRE) != bell.rung)
            weave_yield();
        result = (struct tn_enter_result){bell.status, bell.consumed};
    }
    while (result.status == TN_OK && min_complete > 0 &&
           weave_load(&header.cq_tail, __ATOMIC_RELAXED) - ring.cq_head < min_complete) {
        if (deadline != TN_DEADLINE_NEVER && waited++ > 0)
            result.status = TN_ETIMEDOUT; /* a retry: the kernel had seen an old cq_head, and nothing else comes */
        weave_yield();
    }
    return result;
}

uint64_t tn_clock_now(void)
{
    return 0;
}

static void process(void)
{
    for (uint32_t i = 0; i < now->entries; i++) {
        struct tn_sqe *sqe = tn_ring_push();
        weave_plain(sqe, 1);
        sqe->user_data = tn_source_user_data(&entry_source);
        sqe->arg[0] = i;
    }
    tn_ring_flush();
    while (delivered_events < now->posted_before + now->events + now->credits || delivered_answers < now->entries)
        (void)tn_ring_wait(1, TN_DEADLINE_NEVER);
    weave_store(&done, 1, __ATOMIC_RELAXED);
}

/* ---- the kernel ---- */

static struct tn_ring_account account;
static uint32_t events_left, credits_left, event_number, bells_answered, entry_number;

static uint32_t head_as_written(void)
{
    return weave_load(&header.cq_head, order_of(KERNEL_CQ_HEAD, __ATOMIC_ACQUIRE));
}

static void post(struct tn_source *source, uint64_t value)
{
    uint32_t place = tn_ring_post_commit(&account);
    weave_demand(account.cq_tail - ring.cq_head <= ENTRIES, "a completion was written over an unread one");
    weave_plain(&cq[place], 1);
    cq[place] = (struct tn_cqe){.user_data = tn_source_user_data(source), .kind = TN_CQE_RESULT, .value = {value}};
    weave_store(&header.cq_tail, account.cq_tail, order_of(KERNEL_CQ_TAIL, __ATOMIC_RELEASE));
}

/* An event is posted when there is room for it, or stays a count. */
static bool post_event(void)
{
    if (events_left == 0 || tn_ring_reserve_decide(&account, head_as_written(), 1) != TN_OK)
        return false;
    tn_ring_reserve_commit(&account, 1);
    events_left--;
    post(&event_source, event_number++);
    return true;
}

/* An event that holds a credit needs no room: it was reserved. */
static bool post_credit(void)
{
    if (credits_left == 0)
        return false;
    credits_left--;
    post(&event_source, event_number++);
    return true;
}

static enum tn_status take_entry(void)
{
    enum tn_status status = tn_ring_reserve_decide(&account, head_as_written(), 1);
    if (status != TN_OK)
        return status;
    tn_ring_reserve_commit(&account, 1);
    const struct tn_sqe *sqe = &sq[tn_ring_consume_commit(&account)];
    weave_plain(sqe, 0);
    weave_demand(sqe->arg[0] == entry_number++, "an entry was dropped, repeated or out of order");
    weave_store(&header.sq_head, account.sq_head, __ATOMIC_RELEASE);
    post((struct tn_source *)sqe->user_data, sqe->arg[0]);
    return TN_OK;
}

static bool answer_bell(void)
{
    uint32_t pending, rung = weave_load(&bell.rung, __ATOMIC_RELAXED);
    if (rung == bells_answered)
        return false;
    uint32_t tail = weave_load(&header.sq_tail, order_of(KERNEL_SQ_TAIL, __ATOMIC_ACQUIRE));
    weave_demand(tn_ring_pending(&account, tail, &pending) == TN_OK, "an honest tail was refused");
    if (pending < bell.to_submit) /* an old tail: the bell was faster */
        return false;
    bell.status = TN_OK;
    for (bell.consumed = 0; bell.consumed < bell.to_submit && bell.status == TN_OK;) {
        bell.status = take_entry();
        bell.consumed += bell.status == TN_OK;
    }
    bells_answered = rung;
    weave_store(&bell.answer, rung, __ATOMIC_RELEASE);
    return true;
}

static void kernel(void)
{
    while (!weave_load(&done, __ATOMIC_RELAXED))
        if (!post_event() && !post_credit() && !answer_bell())
            weave_yield();
}

/* ---- every execution ---- */

static void body(void)
{
    const struct tn_start start = {.ring = (uint64_t)&header,
                                   .sq = (uint64_t)sq,
                                   .cq = (uint64_t)cq,
                                   .sq_entries = ENTRIES,
                                   .cq_entries = ENTRIES};
    memset(&header, 0, sizeof(header));
    memset(&bell, 0, sizeof(bell));
    memset(&ring, 0, sizeof(ring));
    done = delivered_events = delivered_answers = event_number = bells_answered = entry_number = 0;
    events_left = now->posted_before;
    weave_demand(tn_ring_account_init(&account, ENTRIES, ENTRIES), "the account does not initialise");
    tn_ring_init(&start);
    while (events_left > 0)
        weave_demand(post_event(), "no room for the first events");
    events_left = now->events;
    credits_left = now->credits;
    weave_demand(tn_ring_reserve_decide(&account, 0, credits_left) == TN_OK, "no room for the credits");
    tn_ring_reserve_commit(&account, credits_left);
    weave_thread(process);
    weave_thread(kernel);
}

static void after(void)
{
    if (events_left != 0 || credits_left != 0 || account.reserved != 0 || ring.cq_head != account.cq_tail ||
        ring.pushed != 0) {
        fprintf(stderr, "an execution ended with something left over\n");
        abort();
    }
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
        if (strcmp(argv[1], scenarios[i].name) == 0)
            now = &scenarios[i];
    for (int i = 0; argc == 4 && i < TWINS; i++)
        if (strcmp(argv[3], twins[i]) == 0)
            twin = i;
    if (now == NULL || (argc == 4 && twin < 0)) {
        fprintf(stderr, "usage: ring_weave SCENARIO [--twin NAME]\n");
        return 2;
    }
    const char *failure = weave(body, after, now->preemptions);
    return (failure != NULL) == (twin >= 0) ? EXIT_SUCCESS : EXIT_FAILURE;
}
