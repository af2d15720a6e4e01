/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One buffer's whole life on the core, on the direct path and through a queue, operation by operation, for callgrind:
 * each operation lies between two marks, and tools/core_cost.py reads what lies between them. Argument: the number of
 * slots of every table. Without callgrind it just runs.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <valgrind/callgrind.h>

#include <core/cap.h>
#include <core/dma.h>
#include <core/ring.h>

enum { BYTES = 4096, EPOCH = 7, WARM = 40, MEASURED = 3 };

static struct tn_ledger ledger;
static struct tn_cap_table caps;
static struct tn_pool pool, direct;
static struct tn_queue queue;
static struct tn_ring_account ring;

static void *take(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL)
        exit(2);
    return memory;
}

static void require(int condition)
{
    if (!condition)
        abort();
}

static void make_pool(struct tn_pool *made, uint32_t slots, bool scrub)
{
    const struct tn_pool_plan plan = {
        .mark = take(slots, sizeof(uint64_t)),
        .length = take(slots, sizeof(uint32_t)),
        .stack = take(slots, sizeof(uint32_t)),
        .owner_epoch = EPOCH,
        .generation_max = TN_HANDLE_GENERATION_MAX,
        .count = slots,
        .buffer_bytes = BYTES,
        .buffers_per_page = 1,
        .scrub = scrub,
        .direct = !scrub,
    };
    require(tn_pool_init(made, &plan));
    for (uint32_t to = TN_POOL_RESERVED; to <= TN_POOL_MAPPED; to++)
        require(tn_pool_move(made, (enum tn_pool_state)to) == TN_OK);
}

static void make(uint32_t slots)
{
    const struct tn_queue_plan queue_plan = {
        .slot = take(slots, sizeof(struct tn_slot)),
        .record = take(slots, sizeof(struct tn_fence_record)),
        .part = take(slots, sizeof(struct tn_buffer_name)),
        .generation_max = TN_HANDLE_GENERATION_MAX,
        .depth = slots,
        .parts_max = 1,
    };
    for (uint32_t charge = 0; charge < TN_CHARGE_COUNT; charge++)
        ledger.limit[charge] = slots;
    make_pool(&pool, slots, true);
    make_pool(&direct, slots, false);
    require(tn_queue_init(&queue, &queue_plan));
    require(tn_cap_table_init(&caps, take(slots, sizeof(struct tn_slot)), take(slots, sizeof(struct tn_cap)), slots,
                              EPOCH, TN_HANDLE_GENERATION_MAX));
    require(tn_ring_account_init(&ring, 64, 64));
    /* From here the compiler believes that a mark may read and change any of them, and keeps none in registers. */
    __asm__ volatile("" : : "r"(&ledger), "r"(&caps), "r"(&pool), "r"(&direct), "r"(&queue), "r"(&ring) : "memory");
}

/* callgrind counts whole blocks of straight code: what is measured begins and ends with one. */
#define EDGE __asm__ volatile("jmp 1f\n1:" : : : "memory")

/* What stands between is counted; the file that callgrind writes bears the name. */
#define MARK(name, ...)                                                                                                \
    do {                                                                                                               \
        EDGE;                                                                                                          \
        CALLGRIND_ZERO_STATS;                                                                                          \
        EDGE;                                                                                                          \
        __VA_ARGS__;                                                                                                   \
        EDGE;                                                                                                          \
        CALLGRIND_DUMP_STATS_AT(name);                                                                                 \
    } while (0)

/* ---- through a queue ---- */

static struct tn_submission submission = {&pool, {0, 0}, &ledger, BYTES, TN_FROM_DEVICE, false};

/* One life without a mark inside: what a caller pays for all of it. */
static void whole_life(void)
{
    require(tn_buffer_alloc_decide(&pool) == TN_OK);
    submission.buffer = tn_buffer_alloc_commit(&pool);
    require(tn_submit_decide(&queue, &submission) == TN_OK);
    (void)tn_submit_commit(&queue, &submission);
    uint64_t fence = tn_queue_post_commit(&queue);
    const struct tn_completion done = {fence, tn_queue_at(&queue, tn_handle_slot(fence))->ticket, TN_OK, BYTES};
    require(tn_complete_decide(&queue, &done) == TN_OK);
    tn_complete_commit(&queue, &done);
    struct tn_outcome outcome = tn_fence_take_commit(&queue, fence);
    require(tn_buffer_use_decide(&pool, outcome.buffer) == TN_OK);
    tn_buffer_release_commit(&pool, outcome.buffer);
    tn_buffer_scrubbed_commit(&pool, outcome.buffer_slot);
}

static void life_in_steps(void)
{
    struct tn_buffer_name name = {0, 0};
    uint64_t fence = 0;
    enum tn_status status = TN_OK;
    MARK("nothing", (void)0);
    MARK("nothing", (void)0); /* the one that counts: the block before it is a mark's, as everywhere else */
    MARK("alloc", status = tn_buffer_alloc_decide(&pool); name = tn_buffer_alloc_commit(&pool));
    require(status == TN_OK);
    submission.buffer = name;
    MARK("submit", status = tn_submit_decide(&queue, &submission); fence = tn_submit_commit(&queue, &submission));
    require(status == TN_OK);
    MARK("post", fence = tn_queue_post_commit(&queue));
    const struct tn_completion done = {fence, tn_queue_at(&queue, tn_handle_slot(fence))->ticket, TN_OK, BYTES};
    MARK("complete", status = tn_complete_decide(&queue, &done); tn_complete_commit(&queue, &done));
    require(status == TN_OK);
    struct tn_outcome outcome = {0};
    MARK("take", outcome = tn_fence_take_commit(&queue, fence));
    MARK("release", status = tn_buffer_use_decide(&pool, outcome.buffer);
         tn_buffer_release_commit(&pool, outcome.buffer); tn_buffer_scrubbed_commit(&pool, outcome.buffer_slot));
    require(status == TN_OK);
    MARK("life", whole_life());
}

/* ---- the direct path, from its own alloc (tn_direct_alloc_commit) on, as in libtenure ---- */

/* The compiler forgets what it knows of the name: between two operations it went to a device or to another program. */
#define LAUNDER(name) __asm__ volatile("" : "+r"((name).mark), "+r"((name).slot))

static inline __attribute__((always_inline)) void whole_direct_life(struct tn_pool *p, uint32_t length)
{
    require(tn_direct_can_alloc(p));
    struct tn_buffer_name name = tn_direct_alloc_commit(p);
    LAUNDER(name);
    require(tn_direct_submit_decide(p, name, length) == TN_OK);
    name = tn_direct_submit_commit(p, name, length);
    LAUNDER(name);
    require(tn_direct_complete_decide(p, name, length) == TN_OK);
    name = tn_direct_complete_commit(p, name);
    LAUNDER(name);
    require(tn_direct_release_decide(p, name) == TN_OK);
    tn_direct_release_commit(p, name);
}

static void direct_life_in_steps(void)
{
    struct tn_pool *p = &direct;
    struct tn_buffer_name name = {0, 0};
    uint32_t length = BYTES;
    __asm__ volatile("" : "+r"(p), "+r"(length)); /* a pool and a length like any others */
    MARK("direct_alloc", require(tn_direct_can_alloc(p)); name = tn_direct_alloc_commit(p); LAUNDER(name));
    MARK("direct_submit", require(tn_direct_submit_decide(p, name, length) == TN_OK);
         name = tn_direct_submit_commit(p, name, length); LAUNDER(name));
    MARK("direct_complete", require(tn_direct_complete_decide(p, name, length) == TN_OK);
         name = tn_direct_complete_commit(p, name); LAUNDER(name));
    MARK("direct_release", require(tn_direct_release_decide(p, name) == TN_OK); tn_direct_release_commit(p, name));
    MARK("direct_life", whole_direct_life(p, length));
}

/* ---- the rest ---- */

static void capabilities_in_steps(void)
{
    const struct tn_cap_grant grant = {TN_KIND_DMA_BUFFER, TN_RIGHT_READ, 0, 1, 0};
    const struct tn_identity id = {1, EPOCH};
    struct tn_cap *cap = NULL;
    uint64_t handle = 0;
    enum tn_status status = TN_OK;
    MARK("cap_insert", status = tn_cap_insert_decide(&caps); handle = tn_cap_insert_commit(&caps, &grant));
    MARK("cap_lookup", status = tn_cap_lookup(&caps, handle, TN_KIND_DMA_BUFFER, TN_RIGHT_READ, &cap));
    require(status == TN_OK);
    MARK("cap_check", status = tn_cap_check(&caps, cap, &id));
    MARK("cap_turn", status = tn_cap_turn_decide(&caps, cap);
         handle = tn_cap_turn_commit(&caps, cap, TN_KIND_FENCE, 0));
    require(status == TN_OK && handle != TN_HANDLE_NONE);
    MARK("cap_remove", tn_cap_remove_commit(&caps, cap));
    MARK("charge", status = tn_ledger_charge(&ledger, TN_CHARGE_CHANNELS, 1));
    MARK("refund", tn_ledger_refund(&ledger, TN_CHARGE_CHANNELS, 1));
    MARK("ring", status = tn_ring_reserve_decide(&ring, ring.cq_tail, 1); tn_ring_reserve_commit(&ring, 1);
         (void)tn_ring_post_commit(&ring));
    require(status == TN_OK);
}

int main(int argc, char **argv)
{
    uint32_t slots = argc == 2 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    if (slots < 2 || slots > 1u << TN_HANDLE_SLOT_BITS) {
        fprintf(stderr, "usage: core_life SLOTS (2 to 2^20)\n");
        return 2;
    }
    make(slots);
    for (int i = 0; i < WARM; i++) {
        whole_life();
        whole_direct_life(&direct, BYTES);
    }
    for (int i = 0; i < MEASURED; i++) { /* the last one counts: everything has been seen before */
        life_in_steps();
        direct_life_in_steps();
        capabilities_in_steps();
    }
    return 0;
}
