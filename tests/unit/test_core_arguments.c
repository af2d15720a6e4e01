/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every public function of core/ beside DMA with every kind of wrong argument: slots, capabilities, machines, ledgers,
 * rings, flushes.
 * The table names each function; tests/tools/test_core.py demands that none is missing. What judges nothing (a commit,
 * whose decide did) is in test_core_misuse.c.
 */
#include "core_arguments.h"

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
static uint64_t device_may_move(struct all *a, const struct args *g)
{
    (void)a;
    return tn_device_may_move((uint32_t)g->x, (uint32_t)g->y);
}
static uint64_t mmio_may_move(struct all *a, const struct args *g)
{
    (void)a;
    return tn_mmio_may_move((uint32_t)g->x, (uint32_t)g->y);
}
/* A label out of range is "?". */
static uint64_t device_label(struct all *a, const struct args *g)
{
    (void)a;
    return (uint64_t)strcmp(tn_device_state_name((uint32_t)g->x), "?");
}
static uint64_t mmio_label(struct all *a, const struct args *g)
{
    (void)a;
    return (uint64_t)strcmp(tn_mmio_state_name((uint32_t)g->x), "?");
}
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

static uint64_t gather_init(struct all *a, const struct args *g) /* entries; null: no names */
{
    return tn_gather_init(&a->gather, g->null ? a->gathered : NULL, (uint32_t)g->x);
}
static uint64_t gather_add(struct all *a, const struct args *g)
{
    (void)g;
    return tn_gather_add_decide(&a->gather);
}
static uint64_t flush_end(struct all *a, const struct args *g)
{
    return tn_gather_flush_end_decide(&a->gather, g->x);
}
static uint64_t has_next(struct all *a, const struct args *g)
{
    (void)g;
    return tn_gather_has_next(&a->gather);
}

static uint64_t route_may_move(struct all *a, const struct args *g)
{
    (void)a;
    return tn_route_may_move((uint32_t)g->x, (uint32_t)g->y);
}
static uint64_t route_label(struct all *a, const struct args *g)
{
    (void)a;
    return (uint64_t)strcmp(tn_route_state_name((uint32_t)g->x), "?");
}
static uint64_t routes_init(struct all *a, const struct args *g) /* count, storm; null: no routes; z: no slots */
{
    return tn_routes_init(&a->routes, g->z ? NULL : a->route_slot, g->null ? a->route : NULL, (uint32_t)g->x, g->y);
}
static uint64_t route_generation(struct all *a, const struct args *g)
{
    return tn_route_generation(&a->routes, (uint32_t)g->x);
}
static uint64_t route_bind(struct all *a, const struct args *g)
{
    (void)g;
    return tn_route_bind_decide(&a->routes);
}
static uint64_t route_arm(struct all *a, const struct args *g) /* route, whether its source holds one back */
{
    const struct tn_route_evidence evidence = {true, g->y == 0, true, true, true};
    return tn_route_arm_decide(&a->routes, (uint32_t)g->x, &evidence);
}
static uint64_t route_arrive(struct all *a, const struct args *g)
{
    return tn_route_arrive(&a->routes, (uint32_t)g->x);
}
static uint64_t route_acknowledge(struct all *a, const struct args *g) /* route, sequence */
{
    return tn_route_acknowledge_decide(&a->routes, (uint32_t)g->x, g->y);
}
static uint64_t route_revoke(struct all *a, const struct args *g)
{
    return tn_route_revoke_decide(&a->routes, (uint32_t)g->x);
}
static uint64_t route_drained(struct all *a, const struct args *g) /* route, which evidence is missing */
{
    const struct tn_route_evidence evidence = {g->y != 0, g->y != 1, g->y != 2, g->y != 3, g->y != 4};
    return tn_route_drained_decide(&a->routes, (uint32_t)g->x, &evidence);
}

enum {
    STALE = offsetof(struct all, routes.stale),
    LOOKUP = offsetof(struct all, caps.refused),
    CHARGE = offsetof(struct all, w.ledger.refused) + TN_CHARGE_IN_FLIGHT * sizeof(uint64_t),
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
    ROW(tn_device_may_move, device_may_move, "from out of range", false, TN_DEVICE_STATES, 0, 0),
    ROW(tn_device_may_move, device_may_move, "to out of range", false, 0, UINT32_MAX, 0),
    ROW(tn_mmio_may_move, mmio_may_move, "from out of range", false, TN_MMIO_STATES, 0, 0),
    ROW(tn_mmio_may_move, mmio_may_move, "to out of range", false, 0, UINT32_MAX, 0),
    ROW(tn_device_state_name, device_label, "out of range", 0, TN_DEVICE_STATES, 0, 0),
    ROW(tn_mmio_state_name, mmio_label, "out of range", 0, TN_MMIO_STATES, 0, 0),
    ROW(tn_buffer_state_name, buffer_label, "out of range", 0, TN_BUFFER_STATES, 0, 0),
    ROW(tn_pool_state_name, pool_label, "out of range", 0, UINT32_MAX, 0, 0),
    ROW(tn_fence_state_name, fence_label, "out of range", 0, TN_FENCE_STATES, 0, 0),
    ROW(tn_charge_name, charge_label, "out of range", 0, TN_CHARGE_COUNT, 0, 0),
    ROW(tn_ledger_decide, decide_charge, "a charge there is not", TN_EBUDGET, TN_CHARGE_COUNT, 0, 0),
    ROW(tn_ledger_decide, decide_charge, "charge 2^32 - 1", TN_EBUDGET, UINT32_MAX, 1, 0),
    ROW(tn_ledger_decide, decide_charge, "one more", TN_EBUDGET, TN_CHARGE_IN_FLIGHT, 98, 0),
    ROW(tn_ledger_decide, decide_charge, "an amount that wraps", TN_EBUDGET, TN_CHARGE_IN_FLIGHT, UINT64_MAX - 2, 0),
    ROW(tn_ledger_charge, charge, "a charge there is not", TN_EBUDGET, TN_CHARGE_COUNT, 1, 0),
    COUNTED(tn_ledger_charge, charge, "an amount that wraps", TN_EBUDGET, TN_CHARGE_IN_FLIGHT, UINT64_MAX - 2, 0,
            CHARGE),
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
    ROW(tn_gather_init, gather_init, "no names", false, 4, 0, 0),
    ROW_R(tn_gather_init, gather_init, "no entry", false, 0, 0, 0),
    ROW_R(tn_gather_init, gather_init, "too many entries", false, (1u << 20) + 1, 0, 0),
    ROW(tn_gather_add_decide, gather_add, "full", TN_EAGAIN, 0, 0, 0),
    ROW(tn_gather_flush_end_decide, flush_end, "number 0", TN_ESTALE, 0, 0, 0),
    ROW(tn_gather_flush_end_decide, flush_end, "nobody began it", TN_ESTALE, 2, 0, 0),
    ROW(tn_gather_flush_end_decide, flush_end, "number 2^64 - 1", TN_ESTALE, UINT64_MAX, 0, 0),
    ROW(tn_route_may_move, route_may_move, "from out of range", false, TN_ROUTE_STATES, 0, 0),
    ROW(tn_route_may_move, route_may_move, "to out of range", false, 0, UINT32_MAX, 0),
    ROW(tn_route_state_name, route_label, "out of range", 0, TN_ROUTE_STATES, 0, 0),
    ROW(tn_routes_init, routes_init, "no routes", false, 3, 9, 0),
    ROW_R(tn_routes_init, routes_init, "no slots", false, 3, 9, 1),
    ROW_R(tn_routes_init, routes_init, "count 0", false, 0, 9, 0),
    ROW_R(tn_routes_init, routes_init, "too many", false, (1u << 20) + 1, 9, 0),
    ROW_R(tn_routes_init, routes_init, "a storm of none", false, 3, 0, 0),
    ROW(tn_route_generation, route_generation, "past the end", 0, 3, 0, 0),
    ROW(tn_route_generation, route_generation, "2^32 - 1", 0, UINT32_MAX, 0, 0),
    ROW(tn_route_generation, route_generation, "nobody's", 0, 2, 0, 0),
    ROW(tn_route_bind_decide, route_bind, "none free", TN_EEXHAUSTED, 0, 0, 0),
    ROW(tn_route_arm_decide, route_arm, "armed before", TN_ESTATE, 1, 0, 0),
    ROW(tn_route_arm_decide, route_arm, "not silent", TN_EAGAIN, 0, 1, 0),
    ROW(tn_route_arm_decide, route_arm, "revoked", TN_ESTATE, 2, 0, 0),
    COUNTED(tn_route_arrive, route_arrive, "masked", TN_ARRIVAL_STALE, 0, 0, 0, STALE),
    COUNTED(tn_route_arrive, route_arrive, "revoked", TN_ARRIVAL_STALE, 2, 0, 0, STALE),
    COUNTED(tn_route_arrive, route_arrive, "past the end", TN_ARRIVAL_STALE, 3, 0, 0, STALE),
    COUNTED(tn_route_arrive, route_arrive, "2^32 - 1", TN_ARRIVAL_STALE, UINT32_MAX, 0, 0, STALE),
    ROW(tn_route_acknowledge_decide, route_acknowledge, "nothing arrived", TN_EINVAL, 0, 0, 0),
    ROW(tn_route_acknowledge_decide, route_acknowledge, "sequence before", TN_EINVAL, 1, 0, 0),
    ROW(tn_route_acknowledge_decide, route_acknowledge, "sequence to come", TN_EINVAL, 1, 2, 0),
    ROW(tn_route_acknowledge_decide, route_acknowledge, "revoked", TN_EINVAL, 2, 0, 0),
    ROW(tn_route_revoke_decide, route_revoke, "revoked before", TN_ESTATE, 2, 0, 0),
    ROW(tn_route_drained_decide, route_drained, "held", TN_ESTATE, 1, 5, 0),
    ROW(tn_route_drained_decide, route_drained, "not masked", TN_EAGAIN, 2, 0, 0),
    ROW(tn_route_drained_decide, route_drained, "the source holds one back", TN_EAGAIN, 2, 1, 0),
    ROW(tn_route_drained_decide, route_drained, "remapped", TN_EAGAIN, 2, 2, 0),
    ROW(tn_route_drained_decide, route_drained, "requested", TN_EAGAIN, 2, 3, 0),
    ROW(tn_route_drained_decide, route_drained, "in service", TN_EAGAIN, 2, 4, 0),
    ROW(tn_gather_has_next, has_next, "nothing is flushed", false, 0, 0, 0),
};

static void g6_every_wrong_argument_is_refused_and_moves_no_bit(void **state)
{
    (void)state;
    EVERY_ROW_IS_REFUSED(rows);
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
