/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every public function of core/ with every kind of wrong argument: the status, and that not one bit of the whole world
 * moved but the one counter that a refusal has. The table names each function; tests/tools/test_core.py demands that
 * none is missing. What judges nothing (a commit, whose decide did) is in test_core_misuse.c.
 */
#include "core_world.h"

/* What a row gives to its function; what each field means stands with the function. */
struct args {
    uint64_t x, y, z;
    void *null; /* only compared with NULL: `(void *)1` stands for "the right one" */
};

struct row {
    const char *function;
    const char *what;
    uint64_t want;
    uint64_t (*call)(struct all *a, const struct args *args);
    struct args args;
    size_t counter; /* offset in struct all of the counter that moves by one; 0: none does */
};

#define RIGHT ((void *)1)
/* Instead of a number that is known only once the world stands. */
#define NAME(field) (UINT64_MAX - offsetof(struct all, field))

static uint64_t number(const struct all *a, uint64_t x)
{
    uint64_t offset = UINT64_MAX - x, value;
    if (offset < offsetof(struct all, cpu) || offset >= sizeof(*a))
        return x;
    memcpy(&value, (const uint8_t *)a + offset, sizeof(value));
    return value;
}

/* ---- one caller for each function ---- */

static uint64_t slots_init(struct all *a, const struct args *g) /* count, generations */
{
    struct tn_slot *slot = g->null ? a->cap_slot : NULL;
    assert_false(tn_slots_fit(slot, (uint32_t)g->x, g->y));
    return tn_slots_init(&a->caps.slots, slot, (uint32_t)g->x, g->y);
}
static uint64_t slots_names(struct all *a, const struct args *g) /* slot, generation */
{
    return tn_slots_names(&a->caps.slots, (uint32_t)g->x, g->y);
}
static uint64_t cap_init(struct all *a, const struct args *g) /* count, epoch, generations; null: the entries */
{
    return tn_cap_table_init(&a->caps, a->cap_slot, g->null ? a->cap : NULL, (uint32_t)g->x, g->y, g->z);
}
static uint64_t cap_init_slots(struct all *a, const struct args *g)
{
    (void)g;
    return tn_cap_table_init(&a->caps, NULL, a->cap, CAPS, 1, 9);
}
static uint64_t cap_lookup(struct all *a, const struct args *g) /* handle, kind, rights */
{
    struct tn_cap *cap = (struct tn_cap *)RIGHT;
    enum tn_status status = tn_cap_lookup(&a->caps, number(a, g->x), (enum tn_kind)g->y, (uint32_t)g->z, &cap);
    assert_ptr_equal(cap, RIGHT);
    return status;
}
static uint64_t cap_check(struct all *a, const struct args *g) /* object generation, epoch */
{
    const struct tn_identity id = {g->x, g->y};
    return tn_cap_check(&a->caps, &a->cap[0], &id);
}
static uint64_t cap_insert_full(struct all *a, const struct args *g)
{
    (void)g;
    struct tn_cap_table full = a->caps; /* a copy: the world must not move */
    full.slots.free = 0;
    return tn_cap_insert_decide(&full);
}
static uint64_t cap_turn(struct all *a, const struct args *g) /* the table's last generation */
{
    struct tn_cap_table old = a->caps;
    old.slots.generation_max = g->x;
    return tn_cap_turn_decide(&old, &a->cap[0]);
}
static uint64_t buffer_may_move(struct all *a, const struct args *g)
{
    (void)a;
    return tn_buffer_may_move((uint32_t)g->x, (uint32_t)g->y);
}
static uint64_t pool_may_move(struct all *a, const struct args *g)
{
    (void)a;
    return tn_pool_may_move((uint32_t)g->x, (uint32_t)g->y);
}
static uint64_t fence_may_move(struct all *a, const struct args *g)
{
    (void)a;
    return tn_fence_may_move((uint32_t)g->x, (uint32_t)g->y);
}
/* A label out of range is "?". */
static uint64_t buffer_label(struct all *a, const struct args *g)
{
    (void)a;
    return (uint64_t)strcmp(tn_buffer_state_name((uint32_t)g->x), "?");
}
static uint64_t pool_label(struct all *a, const struct args *g)
{
    (void)a;
    return (uint64_t)strcmp(tn_pool_state_name((uint32_t)g->x), "?");
}
static uint64_t fence_label(struct all *a, const struct args *g)
{
    (void)a;
    return (uint64_t)strcmp(tn_fence_state_name((uint32_t)g->x), "?");
}
static uint64_t charge_label(struct all *a, const struct args *g)
{
    (void)a;
    return (uint64_t)strcmp(tn_charge_name((enum tn_charge)g->x), "?");
}
static uint64_t pool_init(struct all *a, const struct args *g) /* which field of the plan is wrong, and its value */
{
    struct tn_pool_plan plan = {a->w.buffer_slots, a->w.buffers, &a->w.ledger, WORLD_EPOCH, 9, WORLD_BUFFERS, 4096};
    switch (g->x) {
    case 0:
        plan.slot = NULL;
        break;
    case 1:
        plan.record = NULL;
        break;
    case 2:
        plan.ledger = NULL;
        break;
    case 3:
        plan.owner_epoch = g->y;
        break;
    case 4:
        plan.generation_max = g->y;
        break;
    case 5:
        plan.count = (uint32_t)g->y;
        break;
    default:
        plan.buffer_bytes = (uint32_t)g->y;
        break;
    }
    return tn_pool_init(&a->w.pool, &plan);
}
static uint64_t pool_move(struct all *a, const struct args *g)
{
    return tn_pool_move(&a->w.pool, (enum tn_pool_state)g->x);
}
static uint64_t alloc(struct all *a, const struct args *g) /* length, limit of buffers */
{
    struct tn_ledger ledger = a->w.ledger;
    struct tn_pool pool = a->w.pool;
    pool.ledger = &ledger;
    if (g->y != 0)
        ledger.limit[TN_CHARGE_BUFFERS] = g->y;
    return tn_buffer_alloc_decide(&pool, g->x);
}
static uint64_t alloc_unmapped(struct all *a, const struct args *g)
{
    struct tn_pool pool = a->w.pool;
    pool.state = (uint32_t)g->x;
    return tn_buffer_alloc_decide(&pool, 1);
}
static uint64_t buffer_name(struct all *a, const struct args *g)
{
    return tn_buffer_name(&a->w.pool, (uint32_t)g->x);
}
static uint64_t use(struct all *a, const struct args *g)
{
    return tn_buffer_use_decide(&a->w.pool, number(a, g->x));
}
static uint64_t use_travelling(struct all *a, const struct args *g)
{
    return tn_buffer_use_decide(&a->w.pool, tn_buffer_name(&a->w.pool, (uint32_t)g->x));
}
static uint64_t queue_init(struct all *a, const struct args *g) /* depth, generations; z 1: no records */
{
    return tn_queue_init(&a->w.queue, g->null ? a->w.fence_slots : NULL, g->z ? NULL : a->w.fences, (uint32_t)g->x,
                         g->y);
}
static uint64_t fence_name(struct all *a, const struct args *g)
{
    return tn_fence_name(&a->w.queue, (uint32_t)g->x);
}
static uint64_t submit(struct all *a, const struct args *g) /* buffer, length, direction; null: no pool */
{
    const struct tn_submission s = {g->null ? &a->w.pool : NULL, number(a, g->x), &a->w.ledger, (uint32_t)g->y,
                                    (uint32_t)g->z};
    return tn_submit_decide(&a->w.queue, &s);
}
static uint64_t submit_without_ledger(struct all *a, const struct args *g)
{
    (void)g;
    const struct tn_submission s = {&a->w.pool, a->cpu, NULL, 1, TN_TO_DEVICE};
    return tn_submit_decide(&a->w.queue, &s);
}
enum { REVOKED, TICKETS, GENERATIONS, BUDGET, ALL_RETIRED };
static uint64_t submit_at_the_end(struct all *a, const struct args *g) /* of what: everything is a copy */
{
    struct tn_pool pool = a->w.pool;
    struct tn_queue queue = a->w.queue;
    struct tn_ledger ledger = a->w.ledger;
    const struct tn_submission s = {&pool, a->cpu, &ledger, 1, TN_TO_DEVICE};
    if (g->x == REVOKED)
        pool.state = TN_POOL_REVOKING;
    else if (g->x == TICKETS)
        queue.next_ticket = UINT64_MAX;
    else if (g->x == GENERATIONS)
        pool.slots.generation_max = tn_handle_generation(a->cpu) + 1;
    else if (g->x == BUDGET)
        ledger.limit[TN_CHARGE_IN_FLIGHT] = ledger.used[TN_CHARGE_IN_FLIGHT];
    else
        queue.in_state[TN_FENCE_FREE] = queue.slots.count;
    return tn_submit_decide(&queue, &s);
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
static uint64_t decide_charge(struct all *a, const struct args *g) /* charge, amount */
{
    return tn_ledger_decide(&a->w.ledger, (enum tn_charge)g->x, g->y);
}
static uint64_t charge(struct all *a, const struct args *g)
{
    return tn_ledger_charge(&a->w.ledger, (enum tn_charge)g->x, g->y);
}
static uint64_t ring_init(struct all *a, const struct args *g)
{
    return tn_ring_account_init(&a->ring, (uint32_t)g->x, (uint32_t)g->y);
}
static uint64_t pending(struct all *a, const struct args *g)
{
    uint32_t count = 77;
    enum tn_status status = tn_ring_pending(&a->ring, (uint32_t)g->x, &count);
    assert_int_equal(count, 77);
    return status;
}
static uint64_t unread(struct all *a, const struct args *g)
{
    return tn_ring_unread(&a->ring, (uint32_t)g->x);
}
static uint64_t reserve(struct all *a, const struct args *g) /* head, n */
{
    return tn_ring_reserve_decide(&a->ring, (uint32_t)g->x, (uint32_t)g->y);
}

#define ROW_OF(function, call, what, want, x, y, z, null, counter)                                                     \
    {                                                                                                                  \
#function, what, want, call, {x, y, z, null }, counter                                                         \
    }
/* Refused without a trace; _R: with the pointer that is right; COUNTED: a counter of refusals moves by one. */
#define ROW(function, call, what, want, x, y, z)            ROW_OF(function, call, what, want, x, y, z, NULL, 0)
#define ROW_R(function, call, what, want, x, y, z)          ROW_OF(function, call, what, want, x, y, z, RIGHT, 0)
#define COUNTED(function, call, what, want, x, y, z, count) ROW_OF(function, call, what, want, x, y, z, NULL, count)
#define FORGED(function, call, y, z, null)                                                                             \
    ROW_OF(function, call, "nothing", TN_ESTALE, TN_HANDLE_NONE, y, z, null, 0),                                       \
        ROW_OF(function, call, "all ones", TN_ESTALE, UINT64_MAX, y, z, null, 0),                                      \
        ROW_OF(function, call, "past the end", TN_ESTALE, (UINT64_C(1) << 20) + 4, y, z, null, 0),                     \
        ROW_OF(function, call, "the last slot there can be", TN_ESTALE, (UINT64_C(2) << 20) - 1, y, z, null, 0),       \
        ROW_OF(function, call, "a generation to come", TN_ESTALE, UINT64_C(77) << 20, y, z, null, 0),                  \
        ROW_OF(function, call, "generation 0", TN_ESTALE, 1, y, z, null, 0)

enum {
    LOOKUP = offsetof(struct all, caps.refused),
    COMPLETION = offsetof(struct all, w.queue.refused_completions),
    CHARGE = offsetof(struct all, w.ledger.refused) + TN_CHARGE_BUFFERS * sizeof(uint64_t),
};

static const struct row rows[] = {
    ROW(tn_slots_init, slots_init, "no slots", false, 4, 9, 0),
    ROW_R(tn_slots_init, slots_init, "count 0", false, 0, 9, 0),
    ROW_R(tn_slots_init, slots_init, "count above 2^20", false, (1u << 20) + 1, 9, 0),
    ROW_R(tn_slots_init, slots_init, "count 2^32 - 1", false, UINT32_MAX, 9, 0),
    ROW_R(tn_slots_init, slots_init, "generation 0", false, 4, 0, 0),
    ROW_R(tn_slots_init, slots_init, "generations no handle holds", false, 4, TN_HANDLE_GENERATION_MAX + 1, 0),
    ROW_R(tn_slots_init, slots_init, "generation 2^64 - 1", false, 4, UINT64_MAX, 0),
    ROW(tn_slots_names, slots_names, "slot past the end", false, CAPS, 1, 0),
    ROW(tn_slots_names, slots_names, "slot 2^32 - 1", false, UINT32_MAX, 1, 0),
    ROW(tn_slots_names, slots_names, "generation 0", false, 0, 0, 0),
    ROW(tn_slots_names, slots_names, "a free slot's last generation", false, 1, 1, 0),
    ROW(tn_slots_names, slots_names, "the mark of a retired slot", false, 0, UINT64_MAX, 0),
    ROW(tn_cap_table_init, cap_init_slots, "no slots", false, 0, 0, 0),
    ROW(tn_cap_table_init, cap_init, "no entries", false, 4, 1, 9),
    ROW_R(tn_cap_table_init, cap_init, "epoch 0", false, 4, 0, 9),
    ROW_R(tn_cap_table_init, cap_init, "count 0", false, 0, 1, 9),
    ROW_R(tn_cap_table_init, cap_init, "count above 2^20", false, (1u << 20) + 1, 1, 9),
    ROW_R(tn_cap_table_init, cap_init, "generation 0", false, 4, 1, 0),
    COUNTED(tn_cap_lookup, cap_lookup, "nothing", TN_ESTALE, 0, TN_KIND_DMA_BUFFER, 0, LOOKUP),
    COUNTED(tn_cap_lookup, cap_lookup, "all ones", TN_ESTALE, UINT64_MAX, TN_KIND_DMA_BUFFER, 0, LOOKUP),
    COUNTED(tn_cap_lookup, cap_lookup, "stale", TN_ESTALE, NAME(stale), TN_KIND_DMA_BUFFER, 0, LOOKUP),
    COUNTED(tn_cap_lookup, cap_lookup, "another kind", TN_EKIND, NAME(entry), TN_KIND_FENCE, 0, LOOKUP),
    COUNTED(tn_cap_lookup, cap_lookup, "kind 0", TN_EKIND, NAME(entry), TN_KIND_NONE, 0, LOOKUP),
    COUNTED(tn_cap_lookup, cap_lookup, "a kind there is not", TN_EKIND, NAME(entry), UINT32_MAX, 0, LOOKUP),
    COUNTED(tn_cap_lookup, cap_lookup, "a right it lacks", TN_EDENIED, NAME(entry), TN_KIND_DMA_BUFFER, TN_RIGHT_WRITE,
            LOOKUP),
    COUNTED(tn_cap_lookup, cap_lookup, "all rights", TN_EDENIED, NAME(entry), TN_KIND_DMA_BUFFER, UINT32_MAX, LOOKUP),
    COUNTED(tn_cap_check, cap_check, "object generation 0", TN_ESTALE, 0, WORLD_EPOCH, 0, LOOKUP),
    COUNTED(tn_cap_check, cap_check, "the next object", TN_ESTALE, 6, WORLD_EPOCH, 0, LOOKUP),
    COUNTED(tn_cap_check, cap_check, "another owner", TN_ESTALE, 5, WORLD_EPOCH + 1, 0, LOOKUP),
    COUNTED(tn_cap_check, cap_check, "epoch 0", TN_ESTALE, 5, 0, 0, LOOKUP),
    ROW(tn_cap_insert_decide, cap_insert_full, "a full table", TN_EEXHAUSTED, 0, 0, 0),
    ROW(tn_cap_turn_decide, cap_turn, "one generation left", TN_ERETIRED, 2, 0, 0),
    ROW(tn_cap_turn_decide, cap_turn, "no generation left", TN_ERETIRED, 1, 0, 0),
    ROW(tn_buffer_may_move, buffer_may_move, "from out of range", false, TN_BUFFER_STATES, 0, 0),
    ROW(tn_buffer_may_move, buffer_may_move, "to out of range", false, 0, TN_BUFFER_STATES, 0),
    ROW(tn_buffer_may_move, buffer_may_move, "to 2^32 - 1", false, 0, UINT32_MAX, 0),
    ROW(tn_pool_may_move, pool_may_move, "from out of range", false, TN_POOL_STATES, 0, 0),
    ROW(tn_pool_may_move, pool_may_move, "to out of range", false, 0, TN_POOL_STATES, 0),
    ROW(tn_fence_may_move, fence_may_move, "from out of range", false, TN_FENCE_STATES, 0, 0),
    ROW(tn_fence_may_move, fence_may_move, "to out of range", false, 0, TN_FENCE_STATES, 0),
    ROW(tn_buffer_state_name, buffer_label, "out of range", 0, TN_BUFFER_STATES, 0, 0),
    ROW(tn_pool_state_name, pool_label, "out of range", 0, UINT32_MAX, 0, 0),
    ROW(tn_fence_state_name, fence_label, "out of range", 0, TN_FENCE_STATES, 0, 0),
    ROW(tn_charge_name, charge_label, "out of range", 0, TN_CHARGE_COUNT, 0, 0),
    ROW(tn_pool_init, pool_init, "no slots", false, 0, 0, 0),
    ROW(tn_pool_init, pool_init, "no records", false, 1, 0, 0),
    ROW(tn_pool_init, pool_init, "no ledger", false, 2, 0, 0),
    ROW(tn_pool_init, pool_init, "epoch 0", false, 3, 0, 0),
    ROW(tn_pool_init, pool_init, "generation 0", false, 4, 0, 0),
    ROW(tn_pool_init, pool_init, "too many generations", false, 4, UINT64_MAX, 0),
    ROW(tn_pool_init, pool_init, "no buffer", false, 5, 0, 0),
    ROW(tn_pool_init, pool_init, "too many buffers", false, 5, (1u << 20) + 1, 0),
    ROW(tn_pool_init, pool_init, "buffers of nothing", false, 6, 0, 0),
    ROW(tn_pool_init, pool_init, "buffers above 2^31", false, 6, (1u << 31) + 1u, 0),
    ROW(tn_pool_move, pool_move, "out of range", TN_ESTATE, TN_POOL_STATES, 0, 0),
    ROW(tn_pool_move, pool_move, "2^32 - 1", TN_ESTATE, UINT32_MAX, 0, 0),
    ROW(tn_pool_move, pool_move, "no such move", TN_ESTATE, TN_POOL_EMPTY, 0, 0),
    ROW(tn_buffer_alloc_decide, alloc, "length 0", TN_ERANGE, 0, 0, 0),
    ROW(tn_buffer_alloc_decide, alloc, "one byte too long", TN_ERANGE, WORLD_BUFFER_BYTES + 1, 0, 0),
    ROW(tn_buffer_alloc_decide, alloc, "2^32 too long", TN_ERANGE, (UINT64_C(1) << 32) + 1, 0, 0),
    ROW(tn_buffer_alloc_decide, alloc, "no budget", TN_EBUDGET, 1, 4, 0),
    ROW(tn_buffer_alloc_decide, alloc, "no buffer free", TN_EEXHAUSTED, 1, 0, 0),
    ROW(tn_buffer_alloc_decide, alloc_unmapped, "not mapped", TN_ESTATE, TN_POOL_COMMITTED, 0, 0),
    ROW(tn_buffer_name, buffer_name, "past the end", TN_HANDLE_NONE, WORLD_BUFFERS, 0, 0),
    ROW(tn_buffer_name, buffer_name, "2^32 - 1", TN_HANDLE_NONE, UINT32_MAX, 0, 0),
    FORGED(tn_buffer_use_decide, use, 0, 0, NULL),
    ROW(tn_buffer_use_decide, use, "from before the submit", TN_ESTALE, NAME(gone), 0, 0),
    ROW(tn_buffer_use_decide, use_travelling, "in flight", TN_ESTATE, 1, 0, 0),
    ROW(tn_buffer_use_decide, use_travelling, "completed", TN_ESTATE, 0, 0, 0),
    ROW(tn_queue_init, queue_init, "no slots", false, 3, 9, 0),
    ROW_R(tn_queue_init, queue_init, "no records", false, 3, 9, 1),
    ROW_R(tn_queue_init, queue_init, "depth 0", false, 0, 9, 0),
    ROW_R(tn_queue_init, queue_init, "depth above 2^20", false, (1u << 20) + 1, 9, 0),
    ROW_R(tn_queue_init, queue_init, "generation 0", false, 3, 0, 0),
    ROW(tn_fence_name, fence_name, "past the end", TN_HANDLE_NONE, WORLD_FENCES, 0, 0),
    ROW(tn_fence_name, fence_name, "2^32 - 1", TN_HANDLE_NONE, UINT32_MAX, 0, 0),
    ROW(tn_queue_oldest, oldest, "nothing queued", TN_HANDLE_NONE, 0, 0, 0),
    FORGED(tn_submit_decide, submit, 1, TN_TO_DEVICE, RIGHT),
    ROW(tn_submit_decide, submit_without_ledger, "no ledger", TN_EINVAL, 0, 0, 0),
    ROW_R(tn_submit_decide, submit, "no direction", TN_EINVAL, NAME(cpu), 1, TN_NO_DATA),
    ROW_R(tn_submit_decide, submit, "direction 3", TN_EINVAL, NAME(cpu), 1, 3),
    ROW(tn_submit_decide, submit, "a direction and no buffer", TN_EINVAL, NAME(cpu), 0, TN_TO_DEVICE),
    ROW(tn_submit_decide, submit, "a length and no buffer", TN_ERANGE, 0, 1, TN_NO_DATA),
    ROW_R(tn_submit_decide, submit, "length 0", TN_ERANGE, NAME(cpu), 0, TN_TO_DEVICE),
    ROW_R(tn_submit_decide, submit, "one byte too long", TN_ERANGE, NAME(cpu), WORLD_BUFFER_BYTES + 1, TN_TO_DEVICE),
    ROW_R(tn_submit_decide, submit, "length 2^32 - 1", TN_ERANGE, NAME(cpu), UINT32_MAX, TN_TO_DEVICE),
    ROW_R(tn_submit_decide, submit, "stale", TN_ESTALE, NAME(gone), 1, TN_TO_DEVICE),
    ROW(tn_submit_decide, submit_at_the_end, "a revoked pool", TN_ESTATE, REVOKED, 0, 0),
    ROW(tn_submit_decide, submit_at_the_end, "no ticket left", TN_ERETIRED, TICKETS, 0, 0),
    ROW(tn_submit_decide, submit_at_the_end, "one generation left", TN_ERETIRED, GENERATIONS, 0, 0),
    ROW(tn_submit_decide, submit_at_the_end, "all fences retired", TN_ERETIRED, ALL_RETIRED, 0, 0),
    ROW(tn_submit_decide, submit_at_the_end, "no budget", TN_EBUDGET, BUDGET, 0, 0),
    ROW_R(tn_submit_decide, submit, "a full queue", TN_EAGAIN, NAME(cpu), 1, TN_TO_DEVICE),
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
    ROW(tn_ledger_decide, decide_charge, "a charge there is not", TN_EBUDGET, TN_CHARGE_COUNT, 0, 0),
    ROW(tn_ledger_decide, decide_charge, "charge 2^32 - 1", TN_EBUDGET, UINT32_MAX, 1, 0),
    ROW(tn_ledger_decide, decide_charge, "one more", TN_EBUDGET, TN_CHARGE_BUFFERS, 97, 0),
    ROW(tn_ledger_decide, decide_charge, "an amount that wraps", TN_EBUDGET, TN_CHARGE_BUFFERS, UINT64_MAX, 0),
    ROW(tn_ledger_charge, charge, "a charge there is not", TN_EBUDGET, TN_CHARGE_COUNT, 1, 0),
    COUNTED(tn_ledger_charge, charge, "an amount that wraps", TN_EBUDGET, TN_CHARGE_BUFFERS, UINT64_MAX - 3, 0, CHARGE),
    ROW(tn_ring_account_init, ring_init, "no submission queue", false, 0, 8, 0),
    ROW(tn_ring_account_init, ring_init, "no power of two", false, 8, 9, 0),
    ROW(tn_ring_account_init, ring_init, "too small", false, 4, 8, 0),
    ROW(tn_ring_account_init, ring_init, "too large", false, 8, 2048, 0),
    ROW(tn_ring_account_init, ring_init, "2^31", false, 1u << 31, 8, 0),
    ROW(tn_ring_pending, pending, "more than the queue holds", TN_EINVAL, 9, 0, 0),
    ROW(tn_ring_pending, pending, "behind the head", TN_EINVAL, UINT32_MAX, 0, 0),
    ROW(tn_ring_unread, unread, "a head ahead of the tail", 8, 2, 0, 0),
    ROW(tn_ring_unread, unread, "a head far behind", 8, UINT32_MAX - 20, 0, 0),
    ROW(tn_ring_reserve_decide, reserve, "one more", TN_EAGAIN, 0, 7, 0),
    ROW(tn_ring_reserve_decide, reserve, "2^32 - 1", TN_EAGAIN, 0, UINT32_MAX, 0),
    ROW(tn_ring_reserve_decide, reserve, "with a mad head", TN_EAGAIN, 77, 1, 0),
};

static void g6_every_wrong_argument_is_refused_and_moves_no_bit(void **state)
{
    (void)state;
    static struct all a, before;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *r = &rows[i];
        prepare(&a);
        before = a;
        uint64_t got = r->call(&a, &r->args);
        if (r->counter != 0)
            ++*(uint64_t *)(void *)((uint8_t *)&before + r->counter);
        if (got != r->want || memcmp(&a, &before, sizeof(a)) != 0)
            fail_msg("%s, %s: got %llu, must be %llu; the world %s", r->function, r->what, (unsigned long long)got,
                     (unsigned long long)r->want, memcmp(&a, &before, sizeof(a)) == 0 ? "is as it was" : "moved");
    }
}

static void g6_a_counter_of_refusals_stops_at_its_end(void **state)
{
    (void)state;
    struct all a;
    struct tn_cap *cap = NULL;
    const struct tn_identity none = {0};
    prepare(&a);
    a.caps.refused = a.w.queue.refused_completions = a.w.ledger.refused[TN_CHARGE_BUFFERS] = UINT64_MAX;
    assert_int_equal(tn_cap_lookup(&a.caps, 0, TN_KIND_FENCE, 0, &cap), TN_ESTALE);
    assert_int_equal(tn_cap_check(&a.caps, &a.cap[0], &none), TN_ESTALE);
    tn_complete_refused(&a.w.queue);
    assert_int_equal(tn_ledger_charge(&a.w.ledger, TN_CHARGE_BUFFERS, UINT64_MAX), TN_EBUDGET);
    assert_true(a.caps.refused == UINT64_MAX && a.w.queue.refused_completions == UINT64_MAX);
    assert_true(a.w.ledger.refused[TN_CHARGE_BUFFERS] == UINT64_MAX);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(g6_every_wrong_argument_is_refused_and_moves_no_bit),
    cmocka_unit_test(g6_a_counter_of_refusals_stops_at_its_end),
};

UNIT_MAIN(tests)
