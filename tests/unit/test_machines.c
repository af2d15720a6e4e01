/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state machines, said a second time: exactly these moves, and no other. Who makes them is tested elsewhere.
 */
#include "dma_world.h"

struct move {
    uint32_t from, to;
};

static const struct move buffer_moves[] = {
    {TN_BUFFER_FREE, TN_BUFFER_CPU},
    {TN_BUFFER_CPU, TN_BUFFER_IN_FLIGHT},
    {TN_BUFFER_CPU, TN_BUFFER_SCRUBBING},
    {TN_BUFFER_IN_FLIGHT, TN_BUFFER_COMPLETED},
    {TN_BUFFER_IN_FLIGHT, TN_BUFFER_ABORTED},
    {TN_BUFFER_IN_FLIGHT, TN_BUFFER_ORPHAN},
    {TN_BUFFER_IN_FLIGHT, TN_BUFFER_QUARANTINED},
    {TN_BUFFER_COMPLETED, TN_BUFFER_CPU},
    {TN_BUFFER_ABORTED, TN_BUFFER_CPU},
    {TN_BUFFER_ORPHAN, TN_BUFFER_SCRUBBING},
    {TN_BUFFER_ORPHAN, TN_BUFFER_QUARANTINED},
    {TN_BUFFER_SCRUBBING, TN_BUFFER_FREE},
};

static const struct move fence_moves[] = {
    {TN_FENCE_FREE, TN_FENCE_QUEUED},  {TN_FENCE_QUEUED, TN_FENCE_POSTED}, {TN_FENCE_QUEUED, TN_FENCE_ENDED},
    {TN_FENCE_POSTED, TN_FENCE_ENDED}, {TN_FENCE_ENDED, TN_FENCE_FREE},
};

static const struct move pool_moves[] = {
    {TN_POOL_EMPTY, TN_POOL_RESERVED},       {TN_POOL_RESERVED, TN_POOL_COMMITTED},
    {TN_POOL_RESERVED, TN_POOL_EMPTY},       {TN_POOL_COMMITTED, TN_POOL_MAPPED},
    {TN_POOL_COMMITTED, TN_POOL_REVOKING},   {TN_POOL_MAPPED, TN_POOL_REVOKING},
    {TN_POOL_REVOKING, TN_POOL_INVALIDATED}, {TN_POOL_REVOKING, TN_POOL_QUARANTINED},
    {TN_POOL_INVALIDATED, TN_POOL_SCRUBBED}, {TN_POOL_SCRUBBED, TN_POOL_EMPTY},
};

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
}

#define EXACTLY(may_move, states, moves) exactly(may_move, states, moves, sizeof(moves) / sizeof((moves)[0]))

static void g1_a_buffer_has_exactly_these_moves(void **state)
{
    (void)state;
    EXACTLY(tn_buffer_may_move, TN_BUFFER_STATES, buffer_moves);
}

static void g2_a_fence_has_exactly_these_moves(void **state)
{
    (void)state;
    EXACTLY(tn_fence_may_move, TN_FENCE_STATES, fence_moves);
}

static void g10_a_pool_has_exactly_these_moves(void **state)
{
    (void)state;
    EXACTLY(tn_pool_may_move, TN_POOL_STATES, pool_moves);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(g1_a_buffer_has_exactly_these_moves),
    cmocka_unit_test(g2_a_fence_has_exactly_these_moves),
    cmocka_unit_test(g10_a_pool_has_exactly_these_moves),
};

UNIT_MAIN(tests)
