/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of machine.h as functions. */
#include "machine.h"

static const char *const pool_names[TN_POOL_STATES] = {
    [TN_POOL_EMPTY] = "empty",       [TN_POOL_RESERVED] = "reserved",       [TN_POOL_COMMITTED] = "committed",
    [TN_POOL_MAPPED] = "mapped",     [TN_POOL_REVOKING] = "revoking",       [TN_POOL_INVALIDATED] = "invalidated",
    [TN_POOL_SCRUBBED] = "scrubbed", [TN_POOL_QUARANTINED] = "quarantined",
};

static const char *const buffer_names[TN_BUFFER_STATES] = {
    [TN_BUFFER_FREE] = "free",           [TN_BUFFER_CPU] = "cpu",
    [TN_BUFFER_IN_FLIGHT] = "in_flight", [TN_BUFFER_COMPLETED] = "completed",
    [TN_BUFFER_ABORTED] = "aborted",     [TN_BUFFER_ORPHAN] = "orphan",
    [TN_BUFFER_SCRUBBING] = "scrubbing", [TN_BUFFER_QUARANTINED] = "quarantined",
    [TN_BUFFER_RETIRED] = "retired",
};

static const char *const fence_names[TN_FENCE_STATES] = {
    [TN_FENCE_FREE] = "free",     [TN_FENCE_OPEN] = "open",   [TN_FENCE_QUEUED] = "queued",
    [TN_FENCE_POSTED] = "posted", [TN_FENCE_ENDED] = "ended",
};

static const char *const device_names[TN_DEVICE_STATES] = {
    [TN_DEVICE_UNCLAIMED] = "unclaimed",
    [TN_DEVICE_CLAIMED] = "claimed",
    [TN_DEVICE_QUIESCING] = "quiescing",
    [TN_DEVICE_QUARANTINED] = "quarantined",
};

static const char *const mmio_names[TN_MMIO_STATES] = {
    [TN_MMIO_FREE] = "free",
    [TN_MMIO_MAPPED] = "mapped",
    [TN_MMIO_REVOKED] = "revoked",
};

static const char *const route_names[TN_ROUTE_STATES] = {
    [TN_ROUTE_FREE] = "free",       [TN_ROUTE_MASKED] = "masked",     [TN_ROUTE_ARMED] = "armed",
    [TN_ROUTE_PENDING] = "pending", [TN_ROUTE_DRAINING] = "draining", [TN_ROUTE_DRAINED] = "drained",
};

/* The moves of a machine as a table of truth values. */
#define ROW                       16
#define IN_TABLE(one, other, why) [one * ROW + other] = true,
static const bool pool_moves[TN_POOL_STATES * ROW] = {TN_POOL_MOVES(IN_TABLE)};
static const bool buffer_moves[TN_BUFFER_STATES * ROW] = {TN_BUFFER_MOVES(IN_TABLE)};
static const bool fence_moves[TN_FENCE_STATES * ROW] = {TN_FENCE_MOVES(IN_TABLE)};
static const bool device_moves[TN_DEVICE_STATES * ROW] = {TN_DEVICE_MOVES(IN_TABLE)};
static const bool mmio_moves[TN_MMIO_STATES * ROW] = {TN_MMIO_MOVES(IN_TABLE)};
static const bool route_moves[TN_ROUTE_STATES * ROW] = {TN_ROUTE_MOVES(IN_TABLE)};

bool tn_pool_may_move(uint32_t from, uint32_t to)
{
    return from < TN_POOL_STATES && to < TN_POOL_STATES && pool_moves[from * ROW + to];
}

bool tn_buffer_may_move(uint32_t from, uint32_t to)
{
    return from < TN_BUFFER_STATES && to < TN_BUFFER_STATES && buffer_moves[from * ROW + to];
}

bool tn_fence_may_move(uint32_t from, uint32_t to)
{
    return from < TN_FENCE_STATES && to < TN_FENCE_STATES && fence_moves[from * ROW + to];
}

bool tn_device_may_move(uint32_t from, uint32_t to)
{
    return from < TN_DEVICE_STATES && to < TN_DEVICE_STATES && device_moves[from * ROW + to];
}

bool tn_mmio_may_move(uint32_t from, uint32_t to)
{
    return from < TN_MMIO_STATES && to < TN_MMIO_STATES && mmio_moves[from * ROW + to];
}

bool tn_route_may_move(uint32_t from, uint32_t to)
{
    return from < TN_ROUTE_STATES && to < TN_ROUTE_STATES && route_moves[from * ROW + to];
}

const char *tn_pool_state_name(uint32_t state)
{
    return state < TN_POOL_STATES ? pool_names[state] : "?";
}

const char *tn_buffer_state_name(uint32_t state)
{
    return state < TN_BUFFER_STATES ? buffer_names[state] : "?";
}

const char *tn_fence_state_name(uint32_t state)
{
    return state < TN_FENCE_STATES ? fence_names[state] : "?";
}

const char *tn_device_state_name(uint32_t state)
{
    return state < TN_DEVICE_STATES ? device_names[state] : "?";
}

const char *tn_mmio_state_name(uint32_t state)
{
    return state < TN_MMIO_STATES ? mmio_names[state] : "?";
}

const char *tn_route_state_name(uint32_t state)
{
    return state < TN_ROUTE_STATES ? route_names[state] : "?";
}
