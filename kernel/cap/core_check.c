/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See core_check.h. The tables are two slots each and this file's own; some of these answers no process can provoke
 * today (generations that are used up, an object that is gone under its entry), so the machine shows them here.
 */
#include "cap/core_check.h"

#include <stddef.h>

#include <core/cap.h>
#include <core/dma.h>
#include <core/gather.h>
#include <core/ring.h>
#include <core/route.h>

#include "diag/log.h"
#include "diag/panic.h"

enum { SLOTS = 2, BYTES = 4096, EPOCH = 1 };

static struct tn_ledger ledger;
static struct tn_cap_table caps;
static struct tn_slot cap_slot[SLOTS];
static struct tn_cap entry[SLOTS];
static struct tn_pool pool;
static uint64_t mark[SLOTS];
static uint32_t length[SLOTS], stack[SLOTS];
static struct tn_queue queue;
static struct tn_slot fence_slot[SLOTS];
static struct tn_fence_record record[SLOTS];
static struct tn_buffer_name part[SLOTS * SLOTS];
static struct tn_ring_account ring;
static struct tn_gather gather;
static struct tn_gathered waiting[1];
static struct tn_routes routes;
static struct tn_slot route_slot[1];
static struct tn_route route[1];

static const char *first_wrong;
static uint32_t asked;

static void expect(const char *decision, enum tn_status got, enum tn_status want)
{
    asked++;
    if (got != want && first_wrong == NULL)
        first_wrong = decision;
}

static void make(void)
{
    const struct tn_pool_plan plan = {
        .mark = mark,
        .length = length,
        .stack = stack,
        .owner_epoch = EPOCH,
        .generation_max = 2,
        .count = SLOTS,
        .buffer_bytes = BYTES,
        .buffers_per_page = 1,
        .scrub = true,
    };
    const struct tn_queue_plan queue_plan = {fence_slot, record, part, 3, SLOTS, SLOTS, 1};
    for (uint32_t charge = 0; charge < TN_CHARGE_COUNT; charge++)
        ledger.limit[charge] = SLOTS;
    if (!tn_cap_table_init(&caps, cap_slot, entry, SLOTS, EPOCH, 2) || !tn_pool_init(&pool, &plan) ||
        !tn_queue_init(&queue, &queue_plan) || !tn_ring_account_init(&ring, TN_RING_ENTRIES_MIN, TN_RING_ENTRIES_MIN) ||
        !tn_gather_init(&gather, waiting, 1) || !tn_routes_init(&routes, route_slot, route, 1, 2))
        panic("core: the tables of its check do not initialise");
    expect("tn_pool_move", tn_pool_move(&pool, TN_POOL_MAPPED), TN_ESTATE);
    for (uint32_t to = TN_POOL_RESERVED; to <= TN_POOL_MAPPED; to++)
        expect("tn_pool_move", tn_pool_move(&pool, (enum tn_pool_state)to), TN_OK);
}

static void ask_capabilities(void)
{
    const struct tn_cap_grant grant = {TN_KIND_DMA_BUFFER, TN_RIGHT_READ, 0, 7, 0};
    const struct tn_identity gone = {8, EPOCH}, foreign = {7, EPOCH + 1};
    struct tn_cap *found = NULL;
    uint64_t first = tn_cap_insert_commit(&caps, &grant);
    expect("tn_cap_lookup", tn_cap_lookup(&caps, first, TN_KIND_DMA_BUFFER, TN_RIGHT_READ, &found), TN_OK);
    expect("tn_cap_check", tn_cap_check(&caps, &entry[0], &gone), TN_ESTALE);
    expect("tn_cap_check", tn_cap_check(&caps, &entry[0], &foreign), TN_ESTALE);
    expect("tn_cap_turn_decide", tn_cap_turn_decide(&caps, &entry[0]), TN_ERETIRED);
    expect("tn_cap_lookup", tn_cap_lookup(&caps, first, TN_KIND_FENCE, 0, &found), TN_EKIND);
    expect("tn_cap_lookup", tn_cap_lookup(&caps, first, TN_KIND_DMA_BUFFER, TN_RIGHT_WRITE, &found), TN_EDENIED);
    (void)tn_cap_insert_commit(&caps, &grant);
    expect("tn_cap_insert_decide", tn_cap_insert_decide(&caps), TN_EEXHAUSTED);
    tn_cap_remove_commit(&caps, &entry[0]);
    expect("tn_cap_lookup", tn_cap_lookup(&caps, first, TN_KIND_DMA_BUFFER, 0, &found), TN_ESTALE);
}

static void ask_buffers(void)
{
    struct tn_buffer_name name = tn_buffer_alloc_commit(&pool);
    expect("tn_buffer_use_decide", tn_buffer_use_decide(&pool, name), TN_OK);
    struct tn_submission s = {&pool, name, &ledger, BYTES, TN_TO_DEVICE, true};
    expect("tn_submit_decide", tn_submit_decide(&queue, &s), TN_OK);
    uint64_t fence = tn_submit_commit(&queue, &s);
    expect("tn_buffer_use_decide", tn_buffer_use_decide(&pool, name), TN_ESTALE);
    expect("tn_buffer_depart_decide", tn_buffer_depart_decide(&pool, name, BYTES), TN_ESTALE);
    expect("tn_submit_decide", tn_submit_decide(&queue, &s), TN_ESTALE);
    expect("tn_submit_add_decide", tn_submit_add_decide(&queue, fence, name, BYTES), TN_ESTALE);
    expect("tn_submit_close_decide", tn_submit_close_decide(&queue, fence), TN_OK);
    tn_submit_close_commit(&queue, fence);
    expect("tn_submit_close_decide", tn_submit_close_decide(&queue, fence), TN_ESTATE);
    expect("tn_fence_take_decide", tn_fence_take_decide(&queue, fence), TN_EAGAIN);
    expect("tn_fence_poll", tn_fence_poll(&queue, fence, 1, 1), TN_ETIMEDOUT);
    tn_fence_wait_commit(&queue, fence);
    expect("tn_fence_wait_decide", tn_fence_wait_decide(&queue, fence), TN_EEXHAUSTED);
    fence = tn_queue_post_commit(&queue);
    struct tn_completion c = {fence, tn_queue_at(&queue, tn_handle_slot(fence))->ticket, TN_OK, BYTES + 1};
    expect("tn_complete_decide", tn_complete_decide(&queue, &c), TN_EPROTOCOL);
    c.used = BYTES;
    expect("tn_complete_decide", tn_complete_decide(&queue, &c), TN_OK);
    expect("tn_buffer_scrub_decide", tn_buffer_scrub_decide(&pool, (uint32_t)name.slot), TN_ESTATE);
    expect("tn_buffer_arrive_decide", tn_buffer_arrive_decide(&pool, name, TN_BUFFER_COMPLETED), TN_ESTALE);
    expect("tn_buffer_home_decide", tn_buffer_home_decide(&pool, tn_queue_part(&queue, 0, 0)), TN_ESTATE);
    tn_complete_commit(&queue, &c);
    expect("tn_complete_decide", tn_complete_decide(&queue, &c), TN_ESTALE);
    expect("tn_fence_end_decide", tn_fence_end_decide(&queue, fence, TN_EABORTED), TN_ESTATE);
    expect("tn_fence_orphan_decide", tn_fence_orphan_decide(&queue, fence), TN_ESTATE);
    struct tn_outcome back = tn_fence_take_commit(&queue, fence);
    expect("tn_fence_take_decide", tn_fence_take_decide(&queue, fence), TN_ESTALE);
    s.buffer = back.buffer;
    expect("tn_submit_decide", tn_submit_decide(&queue, &s), TN_ERETIRED);
    (void)tn_buffer_alloc_commit(&pool);
    expect("tn_buffer_alloc_decide", tn_buffer_alloc_decide(&pool), TN_EEXHAUSTED);
}

static void ask_the_direct_path(void)
{
    struct tn_buffer_name name = tn_buffer_name(&pool, 0);
    expect("tn_direct_submit_decide", tn_direct_submit_decide(&pool, name, BYTES), TN_ENOTSUP);
    expect("tn_direct_complete_decide", tn_direct_complete_decide(&pool, name, 0), TN_ENOTSUP);
    expect("tn_direct_release_decide", tn_direct_release_decide(&pool, name), TN_ENOTSUP);
}

static void ask_the_gathering(void)
{
    expect("tn_gather_add_decide", tn_gather_add_decide(&gather), TN_OK);
    tn_gather_add_commit(&gather, 1);
    expect("tn_gather_add_decide", tn_gather_add_decide(&gather), TN_EAGAIN);
    expect("tn_gather_flush_end_decide", tn_gather_flush_end_decide(&gather, 1), TN_ESTALE);
    tn_gather_flush_end_commit(&gather, tn_gather_flush_begin(&gather));
    if (!tn_gather_has_next(&gather) || tn_gather_next_commit(&gather) != 1)
        expect("tn_gather_next_commit", TN_EAGAIN, TN_OK);
}

static void ask_routes(void)
{
    struct tn_route_evidence requested = {true, true, true, false, true};
    expect("tn_route_bind_decide", tn_route_bind_decide(&routes), TN_OK);
    uint32_t r = tn_route_bind_commit(&routes);
    expect("tn_route_bind_decide", tn_route_bind_decide(&routes), TN_EEXHAUSTED);
    expect("tn_route_acknowledge_decide", tn_route_acknowledge_decide(&routes, r, 0), TN_EINVAL);
    expect("tn_route_arm_decide", tn_route_arm_decide(&routes, r, &requested), TN_EAGAIN);
    tn_route_arm_commit(&routes, r);
    expect("tn_route_arm_decide", tn_route_arm_decide(&routes, r, &requested), TN_ESTATE);
    tn_route_revoke_commit(&routes, r);
    expect("tn_route_revoke_decide", tn_route_revoke_decide(&routes, r), TN_ESTATE);
    expect("tn_route_drained_decide", tn_route_drained_decide(&routes, r, &requested), TN_EAGAIN);
    if (tn_route_arrive(&routes, r) != TN_ARRIVAL_STALE)
        expect("tn_route_arrive", TN_OK, TN_ESTALE);
}

static void ask_budgets(void)
{
    uint32_t pending = 0;
    expect("tn_ledger_decide", tn_ledger_decide(&ledger, TN_CHARGE_CHANNELS, SLOTS + 1), TN_EBUDGET);
    expect("tn_ledger_charge", tn_ledger_charge(&ledger, TN_CHARGE_CHANNELS, UINT64_MAX), TN_EBUDGET);
    expect("tn_ring_pending", tn_ring_pending(&ring, TN_RING_ENTRIES_MIN + 1, &pending), TN_EINVAL);
    expect("tn_ring_reserve_decide", tn_ring_reserve_decide(&ring, 0, TN_RING_ENTRIES_MIN + 1), TN_EAGAIN);
}

void core_check(void)
{
    make();
    ask_capabilities();
    ask_buffers();
    ask_the_direct_path();
    ask_the_gathering();
    ask_routes();
    ask_budgets();
    if (first_wrong == NULL) {
        log_line("SELFTEST: core decisions ok");
        return;
    }
    log_line("SELFTEST: core decisions FAIL first=%s asked=%u", first_wrong, asked);
#ifndef TN_TWIN /* the twin goes on: it is there to show what the other tests then find */
    panic("core: %s accepts what it must refuse; nothing is started on it", first_wrong);
#endif
}
