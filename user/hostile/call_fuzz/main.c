/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random calls from a process that means harm: any operation with any argument, on handles it holds, held, was told or
 * made up, with ring indices that lie. Nothing here goes through the driver kit but the final report. The kernel must
 * refuse or do each one; that it still runs, and that the others' work is right, is for the harness to see. args:
 * seed=N, rounds=N, lies=0|1 (ring indices).
 */
#include <args.h>
#include <enter.h>
#include <process.h>
#include <ring.h>
#include <tn_format.h>

enum {
    KNOWN_MAX = 96,
    BATCH_MAX = 16,
    CREDITS_MAX = 32,
};

static uint64_t state;
struct known {
    uint64_t handle;
    uint64_t ticket; /* of a request */
    uint32_t kind;
};
static struct known known[KNOWN_MAX];
static uint32_t known_count;
static struct tn_ring_header *ring;
static struct tn_sqe *sq;
static const struct tn_cqe *cq;
static uint32_t sq_mask, cq_mask, sq_tail, cq_head;
static uint64_t consumed, refused, done, credits;

static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static uint64_t below(uint64_t n)
{
    return next_random() % n;
}

static uint64_t some_number(void)
{
    static const uint64_t edges[] = {0,
                                     1,
                                     2,
                                     4,
                                     512,
                                     4095,
                                     4096,
                                     4097,
                                     65536,
                                     UINT32_MAX,
                                     INT64_MAX,
                                     UINT64_MAX,
                                     1u << 20,
                                     UINT64_MAX - 4095,
                                     0xfee00000,
                                     0x00400000,
                                     0x7ffff0000000,
                                     0xffffffff80000000};
    switch (below(4)) {
    case 0:
        return edges[below(sizeof(edges) / sizeof(edges[0]))];
    case 1:
        return below(64);
    case 2:
        return below(64) * 4096;
    default:
        return next_random() >> below(64);
    }
}

/* ---- numbers that were handles of this process at some time ---- */

static void learn(uint32_t kind, uint64_t handle, uint64_t ticket)
{
    if (handle != TN_HANDLE_NONE)
        known[known_count < KNOWN_MAX ? known_count++ : below(KNOWN_MAX)] = (struct known){handle, ticket, kind};
}

/* Mostly one of the wanted kind, often the latest; sometimes its neighbour, sometimes anything. */
static struct known some_known(uint32_t kind)
{
    struct known found = {.handle = some_number(), .ticket = below(64)};
    if (known_count == 0 || below(16) == 0)
        return found;
    for (uint32_t tries = 0; tries < 32; tries++) {
        found = known[below(known_count)];
        if (found.kind == kind)
            break;
    }
    if (below(32) == 0)
        found.handle += UINT64_C(1) << (below(2) ? TN_HANDLE_SLOT_BITS : 0);
    return found;
}

/* ---- calls ---- */

struct operation {
    uint32_t op;
    uint32_t kind;  /* of the handle it wants */
    uint32_t gives; /* what value[0] of its answer is */
};

static const struct operation operations[] = {
    {TN_OP_NOP, TN_KIND_NONE, TN_KIND_NONE},
    {TN_OP_CONSOLE_WRITE, TN_KIND_CONSOLE, TN_KIND_NONE},
    {TN_OP_DEVICE_CONFIG_READ, TN_KIND_DEVICE, TN_KIND_NONE},
    {TN_OP_DEVICE_BAR, TN_KIND_DEVICE, TN_KIND_NONE},
    {TN_OP_MMIO_MAP, TN_KIND_DEVICE, TN_KIND_DEVICE_MMIO},
    {TN_OP_MMIO_RELEASE, TN_KIND_DEVICE_MMIO, TN_KIND_NONE},
    {TN_OP_INTERRUPT_BIND, TN_KIND_DEVICE, TN_KIND_INTERRUPT},
    {TN_OP_INTERRUPT_ACK, TN_KIND_INTERRUPT, TN_KIND_NONE},
    {TN_OP_INTERRUPT_RELEASE, TN_KIND_INTERRUPT, TN_KIND_NONE},
    {TN_OP_POOL_CREATE, TN_KIND_DEVICE, TN_KIND_DMA_POOL},
    {TN_OP_POOL_CREATE, TN_KIND_CHANNEL, TN_KIND_DMA_POOL},
    {TN_OP_POOL_RELEASE, TN_KIND_DMA_POOL, TN_KIND_NONE},
    {TN_OP_BUFFER_ALLOC, TN_KIND_DMA_POOL, TN_KIND_DMA_BUFFER},
    {TN_OP_BUFFER_ALLOC, TN_KIND_DMA_POOL, TN_KIND_DMA_BUFFER},
    {TN_OP_BUFFER_RELEASE, TN_KIND_DMA_BUFFER, TN_KIND_NONE},
    {TN_OP_SHARED_ALLOC, TN_KIND_DMA_POOL, TN_KIND_DMA_SHARED},
    {TN_OP_SUBMIT, TN_KIND_CHANNEL, TN_KIND_NONE},
    {TN_OP_SUBMIT, TN_KIND_CHANNEL, TN_KIND_NONE},
    {TN_OP_SERVE, TN_KIND_SERVICE, TN_KIND_NONE},
    {TN_OP_COMPLETE, TN_KIND_SERVICE, TN_KIND_NONE},
    {TN_OP_COMPLETE, TN_KIND_SERVICE, TN_KIND_NONE},
};
enum {
    OPERATIONS = sizeof(operations) / sizeof(operations[0]),
    KIND_REQUEST = TN_KIND_COUNT, /* a request id with its ticket */
};

/* Arguments that could be right. */
static void make_plausible(struct tn_sqe *sqe)
{
    switch (sqe->op) {
    case TN_OP_MMIO_MAP:
        sqe->arg[0] = below(6);
        sqe->arg[1] = below(4) * 4096;
        sqe->arg[2] = (1 + below(4)) * 4096;
        break;
    case TN_OP_INTERRUPT_BIND:
        sqe->arg[0] = below(3);
        break;
    case TN_OP_POOL_CREATE:
        sqe->arg[0] = 1 + below(16384);
        sqe->arg[1] = 1 + below(8);
        break;
    case TN_OP_BUFFER_ALLOC:
    case TN_OP_SHARED_ALLOC:
        sqe->arg[0] = 1 + below(8192);
        break;
    case TN_OP_SUBMIT:
        sqe->arg[0] = below(4) == 0 ? TN_HANDLE_NONE : some_known(TN_KIND_DMA_BUFFER).handle;
        sqe->arg[1] = tn_submit_word((uint16_t)below(6),
                                     sqe->arg[0] == TN_HANDLE_NONE ? TN_NO_DATA : (enum tn_direction)(1 + below(2)));
        sqe->arg[2] = sqe->arg[0] == TN_HANDLE_NONE ? 0 : 512 * (1 + below(8));
        sqe->arg[3] = 512 * below(2048);
        sqe->arg[4] = 0;
        sqe->flags = 0;
        break;
    case TN_OP_SERVE:
        sqe->arg[1] = 1 + below(4);
        break;
    case TN_OP_COMPLETE: {
        struct known request = some_known(KIND_REQUEST);
        sqe->arg[0] = request.handle;
        sqe->arg[1] = below(8) == 0 ? below(64) : request.ticket;
        sqe->arg[2] = tn_complete_word(below(4) == 0 ? TN_EIO : TN_OK, (uint32_t)below(4096));
        break;
    }
    default:
        break;
    }
}

static void fill(struct tn_sqe *sqe)
{
    uint32_t n = (uint32_t)below(OPERATIONS);
    *sqe = (struct tn_sqe){
        .op = operations[n].op,
        .flags = below(8) == 0 ? (uint32_t)some_number() : (uint32_t)below(2) * TN_SQE_QUIET,
        .user_data = n,
        .handle = operations[n].kind == TN_KIND_NONE ? TN_HANDLE_NONE : some_known(operations[n].kind).handle,
    };
    for (uint32_t i = 0; i < 5; i++)
        sqe->arg[i] = some_number();
    if (below(4) != 0)
        make_plausible(sqe);
    /* each credit keeps a completion for good: with all of them promised away nothing more could be submitted */
    if (sqe->op == TN_OP_SERVE && sqe->arg[1] <= 4 && credits < CREDITS_MAX)
        credits += sqe->arg[1];
    else if (sqe->op == TN_OP_SERVE)
        sqe->arg[1] |= UINT64_C(1) << 40; /* out of range */
    if (sqe->op == TN_OP_CONSOLE_WRITE && below(64) != 0)
        sqe->arg[1] = TN_CONSOLE_WRITE_MAX + 1 + below(1000); /* keep the log short: mostly refused */
    if (below(64) == 0)
        sqe->op = (uint32_t)(60 + below(1000)); /* none of these is an operation */
}

static void read_completions(void)
{
    uint32_t tail = __atomic_load_n(&ring->cq_tail, __ATOMIC_ACQUIRE);
    while (cq_head != tail) {
        const struct tn_cqe *c = &cq[cq_head & cq_mask];
        if (c->status == TN_OK)
            done++;
        else
            refused++;
        if (c->kind == TN_CQE_RESULT && c->status == TN_OK && c->user_data < OPERATIONS &&
            operations[c->user_data].gives != TN_KIND_NONE)
            learn(operations[c->user_data].gives, c->value[0], 0);
        if (c->kind == TN_CQE_FENCE)
            learn(TN_KIND_DMA_BUFFER, c->value[0], 0);
        if (c->kind == TN_CQE_REQUEST)
            learn(KIND_REQUEST, c->value[0], c->value[1]);
        cq_head++;
    }
    __atomic_store_n(&ring->cq_head, cq_head, __ATOMIC_RELEASE);
}

/* What the manifest gave must not be forgotten among the many. */
static void remember_grants(const struct tn_start *start)
{
    for (uint32_t i = 0; i < start->cap_count; i++)
        known[i] = (struct known){start->cap[i].handle, 0, start->cap[i].kind};
    if (known_count < start->cap_count)
        known_count = start->cap_count;
}

/* Nonsense in the indices for one call; the truth afterwards, so that the run goes on. */
static void lie(void)
{
    uint32_t true_tail = ring->cq_tail, false_tail = (uint32_t)some_number();
    __atomic_store_n(&ring->sq_tail, (uint32_t)some_number(), __ATOMIC_RELEASE);
    __atomic_store_n(&ring->cq_head, (uint32_t)some_number(), __ATOMIC_RELEASE);
    ring->sq_head = (uint32_t)some_number(); /* the kernel's own fields, in memory that we can write */
    ring->cq_tail = false_tail;
    struct tn_enter_result r = tn_enter(below(4) ? 0 : some_number(), (uint32_t)some_number(),
                                        (uint32_t)some_number() & 1023, below(2) ? TN_DEADLINE_NOW : 1);
    if (ring->cq_tail == false_tail) /* the kernel has not written its own since */
        ring->cq_tail = true_tail;
    sq_tail += r.consumed; /* stale entries that the lie made valid */
    __atomic_store_n(&ring->sq_tail, sq_tail, __ATOMIC_RELEASE);
    __atomic_store_n(&ring->cq_head, cq_head, __ATOMIC_RELEASE);
    read_completions();
}

static void one_round(void)
{
    uint32_t batch = 1 + (uint32_t)below(BATCH_MAX);
    for (uint32_t i = 0; i < batch; i++)
        fill(&sq[sq_tail++ & sq_mask]);
    __atomic_store_n(&ring->sq_tail, sq_tail, __ATOMIC_RELEASE);
    uint32_t left = batch;
    while (left > 0) {
        uint32_t taken = tn_enter(0, left, 0, TN_DEADLINE_NOW).consumed;
        consumed += taken;
        left -= taken;
        read_completions();
        if (taken == 0) { /* all completion space is promised away, to credits and fences: give the entries up */
            sq_tail -= left;
            __atomic_store_n(&ring->sq_tail, sq_tail, __ATOMIC_RELEASE);
            return;
        }
    }
}

int tn_main(const struct tn_start *start)
{
    uint64_t seed = 1, rounds = 2000, lies = 0;
    const struct tn_arg arguments[] = {{.key = "seed", .value = &seed, .min = 1, .max = UINT64_MAX},
                                       {.key = "rounds", .value = &rounds, .min = 1, .max = 100000000},
                                       {.key = "lies", .value = &lies, .min = 0, .max = 1}};
    tn_args_require(start->args, arguments, sizeof(arguments) / sizeof(arguments[0]));
    state = seed;
    ring = (struct tn_ring_header *)start->ring;
    sq = (struct tn_sqe *)start->sq;
    cq = (const struct tn_cqe *)start->cq;
    sq_mask = start->sq_entries - 1;
    cq_mask = start->cq_entries - 1;
    sq_tail = ring->sq_head;
    cq_head = ring->cq_tail;
    for (uint64_t round = 0; round < rounds; round++) {
        remember_grants(start);
        one_round();
        if (lies != 0 && below(16) == 0)
            lie();
    }
    uint64_t console = tn_start_find(start, "console")->handle;
    static char text[96];
    size_t n = tn_format(text, sizeof(text), "calls: rounds=%lu consumed=%lu done=%lu refused=%lu", rounds, consumed,
                         done, refused);
    sq[sq_tail++ & sq_mask] = (struct tn_sqe){
        .op = TN_OP_CONSOLE_WRITE, .flags = TN_SQE_QUIET, .handle = console, .arg = {(uint64_t)(uintptr_t)text, n}};
    __atomic_store_n(&ring->sq_tail, sq_tail, __ATOMIC_RELEASE);
    if (tn_enter(0, 1, 0, TN_DEADLINE_NOW).consumed == 0)
        sq_tail--; /* all completion space is promised away: the harness misses the line, and says so */
    sq[sq_tail++ & sq_mask] = (struct tn_sqe){.op = TN_OP_EXIT};
    __atomic_store_n(&ring->sq_tail, sq_tail, __ATOMIC_RELEASE);
    (void)tn_enter(0, 1, 0, TN_DEADLINE_NOW);
    __builtin_trap();
}
