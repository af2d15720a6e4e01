/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state machines, said a second time: exactly these moves, and no other; what the tables say of each is what their
 * names say. Who makes the moves is tested elsewhere.
 */
#include "dma_world.h"

struct move {
    uint32_t from, to;
};

static const struct move buffer_moves[] = {
    {TN_BUFFER_FREE, TN_BUFFER_CPU},
    {TN_BUFFER_CPU, TN_BUFFER_IN_FLIGHT},
    {TN_BUFFER_CPU, TN_BUFFER_SCRUBBING},
    {TN_BUFFER_CPU, TN_BUFFER_FREE},
    {TN_BUFFER_CPU, TN_BUFFER_RETIRED},
    {TN_BUFFER_IN_FLIGHT, TN_BUFFER_COMPLETED},
    {TN_BUFFER_IN_FLIGHT, TN_BUFFER_CPU},
    {TN_BUFFER_IN_FLIGHT, TN_BUFFER_ABORTED},
    {TN_BUFFER_IN_FLIGHT, TN_BUFFER_ORPHAN},
    {TN_BUFFER_IN_FLIGHT, TN_BUFFER_QUARANTINED},
    {TN_BUFFER_COMPLETED, TN_BUFFER_CPU},
    {TN_BUFFER_ABORTED, TN_BUFFER_CPU},
    {TN_BUFFER_COMPLETED, TN_BUFFER_QUARANTINED},
    {TN_BUFFER_ABORTED, TN_BUFFER_QUARANTINED},
    {TN_BUFFER_ORPHAN, TN_BUFFER_SCRUBBING},
    {TN_BUFFER_ORPHAN, TN_BUFFER_QUARANTINED},
    {TN_BUFFER_SCRUBBING, TN_BUFFER_FREE},
    {TN_BUFFER_SCRUBBING, TN_BUFFER_RETIRED},
};

static const struct move fence_moves[] = {
    {TN_FENCE_FREE, TN_FENCE_OPEN},    {TN_FENCE_FREE, TN_FENCE_QUEUED},   {TN_FENCE_OPEN, TN_FENCE_QUEUED},
    {TN_FENCE_OPEN, TN_FENCE_ENDED},   {TN_FENCE_QUEUED, TN_FENCE_POSTED}, {TN_FENCE_QUEUED, TN_FENCE_ENDED},
    {TN_FENCE_POSTED, TN_FENCE_ENDED}, {TN_FENCE_ENDED, TN_FENCE_FREE},
};

static const struct move pool_moves[] = {
    {TN_POOL_EMPTY, TN_POOL_RESERVED},       {TN_POOL_RESERVED, TN_POOL_COMMITTED},
    {TN_POOL_RESERVED, TN_POOL_EMPTY},       {TN_POOL_COMMITTED, TN_POOL_MAPPED},
    {TN_POOL_COMMITTED, TN_POOL_REVOKING},   {TN_POOL_MAPPED, TN_POOL_REVOKING},
    {TN_POOL_REVOKING, TN_POOL_INVALIDATED}, {TN_POOL_REVOKING, TN_POOL_QUARANTINED},
    {TN_POOL_INVALIDATED, TN_POOL_SCRUBBED}, {TN_POOL_SCRUBBED, TN_POOL_EMPTY},
    {TN_POOL_QUARANTINED, TN_POOL_EMPTY},
};

static const struct move device_moves[] = {
    {TN_DEVICE_UNCLAIMED, TN_DEVICE_CLAIMED},     {TN_DEVICE_CLAIMED, TN_DEVICE_QUIESCING},
    {TN_DEVICE_QUIESCING, TN_DEVICE_UNCLAIMED},   {TN_DEVICE_QUIESCING, TN_DEVICE_QUARANTINED},
    {TN_DEVICE_QUARANTINED, TN_DEVICE_QUIESCING},
};

static const struct move mmio_moves[] = {
    {TN_MMIO_FREE, TN_MMIO_MAPPED},
    {TN_MMIO_MAPPED, TN_MMIO_REVOKED},
    {TN_MMIO_REVOKED, TN_MMIO_FREE},
};

static const struct move route_moves[] = {
    {TN_ROUTE_FREE, TN_ROUTE_MASKED},      {TN_ROUTE_MASKED, TN_ROUTE_ARMED},     {TN_ROUTE_ARMED, TN_ROUTE_PENDING},
    {TN_ROUTE_PENDING, TN_ROUTE_ARMED},    {TN_ROUTE_MASKED, TN_ROUTE_DRAINING},  {TN_ROUTE_ARMED, TN_ROUTE_DRAINING},
    {TN_ROUTE_PENDING, TN_ROUTE_DRAINING}, {TN_ROUTE_DRAINING, TN_ROUTE_DRAINED}, {TN_ROUTE_DRAINED, TN_ROUTE_FREE},
};

/* ---- the tables themselves, as a reader of machine.h sees them ---- */

struct row {
    struct move move;
    const char *from, *to, *why;
};

#define ROW(one, other, reason) {{one, other}, #one, #other, reason},
static const struct row buffer_table[] = {TN_BUFFER_MOVES(ROW)};
static const struct row fence_table[] = {TN_FENCE_MOVES(ROW)};
static const struct row pool_table[] = {TN_POOL_MOVES(ROW)};
static const struct row device_table[] = {TN_DEVICE_MOVES(ROW)};
static const struct row mmio_table[] = {TN_MMIO_MOVES(ROW)};
static const struct row route_table[] = {TN_ROUTE_MOVES(ROW)};

static void exactly(bool (*may_move)(uint32_t, uint32_t), uint32_t states, const struct move *moves, size_t count)
{
    for (uint32_t from = 0; from < states + 2; from++)
        for (uint32_t to = 0; to < states + 2; to++) {
            bool listed = false;
            for (size_t i = 0; i < count; i++)
                listed = listed || (moves[i].from == from && moves[i].to == to);
            if (may_move(from, to) != listed)
                fail_msg("a move from %u to %u is %s", from, to, listed ? "missing" : "too much");
        }
    for (uint32_t i = 0; i < states; i++) {
        assert_false(may_move(i, UINT32_MAX));
        assert_false(may_move(UINT32_MAX, i));
        assert_false(may_move(i, i)); /* what stays is no move */
    }
}

/* "TN_BUFFER_IN_FLIGHT" is called "in_flight". */
static void is_called(const char *constant, const char *prefix, const char *label)
{
    assert_int_equal(strncmp(constant, prefix, strlen(prefix)), 0);
    for (constant += strlen(prefix); *constant != '\0'; constant++, label++)
        assert_int_equal(*label, *constant == '_' ? '_' : *constant - 'A' + 'a');
    assert_int_equal(*label, '\0');
}

static void table_says(const struct row *table, size_t count, const struct move *moves, size_t listed,
                       const char *prefix, const char *(*name)(uint32_t))
{
    assert_int_equal(count, listed); /* no row twice: the moves are all different */
    for (size_t i = 0; i < count; i++) {
        bool found = false;
        for (size_t j = 0; j < listed; j++)
            found = found || (moves[j].from == table[i].move.from && moves[j].to == table[i].move.to);
        assert_true(found);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(&table[i].move, &table[j].move, sizeof(struct move));
        is_called(table[i].from, prefix, name(table[i].move.from));
        is_called(table[i].to, prefix, name(table[i].move.to));
        assert_true(strlen(table[i].why) > 2);
    }
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void g1_a_buffer_has_exactly_these_moves(void **state)
{
    (void)state;
    exactly(tn_buffer_may_move, TN_BUFFER_STATES, buffer_moves, COUNT(buffer_moves));
    table_says(buffer_table, COUNT(buffer_table), buffer_moves, COUNT(buffer_moves), "TN_BUFFER_",
               tn_buffer_state_name);
}

static void g2_a_fence_has_exactly_these_moves(void **state)
{
    (void)state;
    exactly(tn_fence_may_move, TN_FENCE_STATES, fence_moves, COUNT(fence_moves));
    table_says(fence_table, COUNT(fence_table), fence_moves, COUNT(fence_moves), "TN_FENCE_", tn_fence_state_name);
}

static void g10_a_pool_has_exactly_these_moves(void **state)
{
    (void)state;
    exactly(tn_pool_may_move, TN_POOL_STATES, pool_moves, COUNT(pool_moves));
    table_says(pool_table, COUNT(pool_table), pool_moves, COUNT(pool_moves), "TN_POOL_", tn_pool_state_name);
}

static void g10_a_device_has_exactly_these_moves(void **state)
{
    (void)state;
    exactly(tn_device_may_move, TN_DEVICE_STATES, device_moves, COUNT(device_moves));
    table_says(device_table, COUNT(device_table), device_moves, COUNT(device_moves), "TN_DEVICE_",
               tn_device_state_name);
}

static void g10_a_window_has_exactly_these_moves(void **state)
{
    (void)state;
    exactly(tn_mmio_may_move, TN_MMIO_STATES, mmio_moves, COUNT(mmio_moves));
    table_says(mmio_table, COUNT(mmio_table), mmio_moves, COUNT(mmio_moves), "TN_MMIO_", tn_mmio_state_name);
}

static void g7_a_route_has_exactly_these_moves(void **state)
{
    (void)state;
    exactly(tn_route_may_move, TN_ROUTE_STATES, route_moves, COUNT(route_moves));
    table_says(route_table, COUNT(route_table), route_moves, COUNT(route_moves), "TN_ROUTE_", tn_route_state_name);
}

static void g3_names_out_of_range_are_question_marks(void **state)
{
    (void)state;
    const uint32_t beyond[] = {0, 1, UINT32_MAX / 2};
    for (int i = 0; i < 3; i++) {
        assert_string_equal(tn_buffer_state_name(TN_BUFFER_STATES + beyond[i]), "?");
        assert_string_equal(tn_pool_state_name(TN_POOL_STATES + beyond[i]), "?");
        assert_string_equal(tn_fence_state_name(TN_FENCE_STATES + beyond[i]), "?");
        assert_string_equal(tn_device_state_name(TN_DEVICE_STATES + beyond[i]), "?");
        assert_string_equal(tn_mmio_state_name(TN_MMIO_STATES + beyond[i]), "?");
        assert_string_equal(tn_route_state_name(TN_ROUTE_STATES + beyond[i]), "?");
    }
}

/* ---- marks ---- */

static void g3_a_mark_grows_at_every_move(void **state)
{
    (void)state;
    const uint64_t generations[] = {1, 2, 1000, TN_BUFFER_GENERATION_MAX - 1};
    for (size_t i = 0; i < COUNT(buffer_table); i++) {
        uint32_t from = buffer_table[i].move.from, to = buffer_table[i].move.to;
        for (int g = 0; g < 4; g++) {
            uint64_t before = generations[g] * TN_MARK_STATES + from, after = before + tn_mark_step(from, to);
            assert_true(after > before);
            assert_int_equal(tn_mark_state(after), to);
            assert_int_equal(tn_mark_generation(after), generations[g] + (to > from ? 0 : 1));
        }
    }
}

static void g4_the_last_generation_ends_without_a_step_back(void **state)
{
    (void)state;
    /* From the CPU or from scrubbing, the ways at the last generation lead up, to retired: no mark wraps. */
    assert_true(TN_BUFFER_RETIRED > TN_BUFFER_CPU && TN_BUFFER_RETIRED > TN_BUFFER_SCRUBBING);
    assert_true(TN_BUFFER_GENERATION_MAX * TN_MARK_STATES + TN_BUFFER_RETIRED > TN_BUFFER_GENERATION_MAX);
    for (uint32_t to = 0; to < TN_BUFFER_STATES; to++)
        assert_false(tn_buffer_may_move(TN_BUFFER_RETIRED, to) || tn_buffer_may_move(TN_BUFFER_QUARANTINED, to));
}

static void g1_a_device_may_reach_exactly_these_states(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < TN_BUFFER_STATES; i++)
        assert_int_equal(tn_buffer_is_away(i),
                         i == TN_BUFFER_IN_FLIGHT || i == TN_BUFFER_ORPHAN || i == TN_BUFFER_QUARANTINED);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(g1_a_buffer_has_exactly_these_moves),
    cmocka_unit_test(g2_a_fence_has_exactly_these_moves),
    cmocka_unit_test(g10_a_pool_has_exactly_these_moves),
    cmocka_unit_test(g10_a_device_has_exactly_these_moves),
    cmocka_unit_test(g10_a_window_has_exactly_these_moves),
    cmocka_unit_test(g7_a_route_has_exactly_these_moves),
    cmocka_unit_test(g3_names_out_of_range_are_question_marks),
    cmocka_unit_test(g3_a_mark_grows_at_every_move),
    cmocka_unit_test(g4_the_last_generation_ends_without_a_step_back),
    cmocka_unit_test(g1_a_device_may_reach_exactly_these_states),
};

UNIT_MAIN(tests)
