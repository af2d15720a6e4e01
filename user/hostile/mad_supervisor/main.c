/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A supervisor without sense: starts, kills, asks for and waits for the processes that it was given, in any order and
 * at any time, and says how often each was allowed. Never gives one up, so that somebody can see whether the others go
 * on. args: seed, pause_us (the longest time between two calls; default 500).
 */
#include <stdbool.h>

#include <args.h>
#include <clock.h>
#include <print.h>
#include <process.h>
#include <ring.h>

enum { SAY_EVERY = 1000 };
static const uint64_t microsecond = TN_SECOND / 1000000;

static struct tn_source ends; /* of all: what has ended is no matter */
static uint64_t told, seed = 1;

static void ended(struct tn_source *source, const struct tn_cqe *cqe)
{
    (void)source;
    told += cqe->status == TN_OK;
}

static uint64_t random_below(uint64_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (seed >> 33) % n;
}

static bool call(uint64_t handle, uint32_t op)
{
    struct tn_sqe sqe = {.op = op, .handle = handle};
    struct tn_cqe answer;
    if (op != TN_OP_PROCESS_WATCH)
        return tn_ring_call(&sqe, &answer) == TN_OK;
    struct tn_sqe *watch = tn_ring_push();
    *watch = sqe;
    watch->user_data = tn_source_user_data(&ends);
    tn_ring_flush();
    return true;
}

int tn_main(const struct tn_start *start)
{
    static const uint32_t ops[] = {TN_OP_PROCESS_START, TN_OP_PROCESS_START, TN_OP_PROCESS_START,
                                   TN_OP_PROCESS_KILL,  TN_OP_PROCESS_QUERY, TN_OP_PROCESS_WATCH};
    uint64_t handle[TN_START_CAPS_MAX], allowed[2] = {0, 0}, pause_us = 500;
    uint32_t count = 0;
    const struct tn_arg known[] = {{.key = "seed", .value = &seed, .max = UINT64_MAX},
                                   {.key = "pause_us", .value = &pause_us, .min = 1, .max = 1u << 20}};
    tn_args_require(start->args, known, sizeof(known) / sizeof(known[0]));
    for (uint32_t i = 0; i < start->cap_count && i < TN_START_CAPS_MAX; i++)
        if (start->cap[i].kind == TN_KIND_PROCESS)
            handle[count++] = start->cap[i].handle;
    if (count == 0)
        tn_die("mad: FAIL nobody to supervise");
    ends.deliver = ended;
    for (uint64_t n = 1;; n++) {
        uint32_t op = ops[random_below(sizeof(ops) / sizeof(ops[0]))];
        bool is_allowed = call(handle[random_below(count)], op);
        if (op == TN_OP_PROCESS_START || op == TN_OP_PROCESS_KILL)
            allowed[op == TN_OP_PROCESS_KILL] += is_allowed;
        if (n % SAY_EVERY == 0)
            tn_print("mad: %lu calls: %lu starts, %lu kills, %lu ends told", n, allowed[0], allowed[1], told);
        (void)tn_ring_wait(1, tn_deadline_in(random_below(pause_us) * microsecond));
    }
}
