/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core held against the naive lists and against the log, field by field, through what core/ shows to its embedder.
 */
#include <string.h>

#include "oracle.h"

static void compare_table(const struct tn_slots *slots, const struct naive_table *t)
{
    uint32_t live = 0;
    oracle_same("free slots", slots->free, t->free);
    for (uint32_t i = 0; i < t->count; i++)
        live += t->live[i];
    oracle_same("free, live and retired slots", t->free + live + t->retired, t->count);
    for (uint32_t i = 0; i < t->count; i++) {
        oracle_same("liveness of a slot", tn_slots_live(slots, i), t->live[i]);
        oracle_same("what a name names", tn_slots_names(slots, i, t->generation[i]), t->live[i]);
        oracle_same("the next generation names something", tn_slots_names(slots, i, t->generation[i] + 1), false);
        if (t->generation[i] > t->max)
            oracle_fail("generation %llu is above the maximum", (unsigned long long)t->generation[i]);
    }
}

static void compare_caps(uint32_t owner)
{
    const struct naive_owner *n = &oracle.owner[owner];
    const struct tn_cap_table *table = &world.owner[owner].caps;
    compare_table(&table->slots, &n->caps);
    oracle_same("refused lookups", table->refused, n->refused_lookups);
    oracle_same("the table's epoch", table->owner_epoch, n->epoch);
    for (uint32_t i = 0; i < CAPS; i++) {
        if (!n->caps.live[i])
            continue;
        const struct tn_cap *cap = &world.owner[owner].cap[i];
        oracle_same("the handle of an entry", tn_cap_handle(table, cap), naive_name(&n->caps, i));
        oracle_same("an entry's kind", cap->kind, n->cap[i].kind);
        oracle_same("an entry's rights", cap->rights, n->cap[i].rights);
        oracle_same("an entry's object", cap->object, n->cap[i].object);
        oracle_same("an entry's object generation", cap->object_generation, n->cap[i].object_generation);
        oracle_same("an entry's detail", cap->detail, n->cap[i].detail);
    }
}

static void compare_buffers(uint32_t owner, const struct tn_pool *pool)
{
    const struct naive_pool *n = &oracle.owner[owner].pool;
    for (uint32_t i = 0; i < BUFFERS; i++) {
        struct tn_buffer_name now = naive_buffer_name(owner, i), got = tn_buffer_name(pool, i);
        bool held = naive_is_held(n->buffer[i].state);
        oracle_same("a buffer's mark", pool->mark[i], now.mark);
        oracle_same("a buffer's state", tn_buffer_state(pool, i), n->buffer[i].state);
        oracle_same("a buffer's length", pool->length[i], n->buffer[i].length);
        oracle_same("the mark of a buffer's name", got.mark, held ? now.mark : 0);
        oracle_same("the slot of a buffer's name", got.slot, held ? i : 0);
        if (n->buffer[i].generation > n->max)
            oracle_fail("generation %llu of a buffer is above the maximum",
                        (unsigned long long)n->buffer[i].generation);
    }
    for (uint32_t i = 0; i < n->free; i++)
        oracle_same("a free buffer on the stack", pool->stack[i], n->stack[i]);
}

static void compare_pages(uint32_t owner, const struct tn_pool *pool)
{
    const struct naive_pool *n = &oracle.owner[owner].pool;
    if (n->kind != SLICED && n->kind != SLICED_AT_ONCE)
        return;
    for (uint32_t page = 0; page < PAGES; page++) {
        uint32_t away = 0;
        bool lost = false;
        for (uint32_t i = 0; i < BUFFERS; i++) {
            if (i / PER_PAGE != page)
                continue;
            away += naive_is_away(n->buffer[i].state);
            lost = lost || n->buffer[i].state == TN_BUFFER_QUARANTINED;
        }
        oracle_same("slices of a page that are away", pool->page_away[page], away + (lost ? TN_PAGE_LOST : 0));
    }
}

static void compare_pool(uint32_t owner)
{
    const struct naive_pool *n = &oracle.owner[owner].pool;
    const struct tn_pool *pool = &world.owner[owner].pool;
    uint32_t in_state[TN_BUFFER_STATES] = {0};
    for (uint32_t i = 0; i < BUFFERS; i++)
        in_state[n->buffer[i].state]++;
    compare_buffers(owner, pool);
    compare_pages(owner, pool);
    oracle_same("the pool's state", pool->state, n->state);
    oracle_same("whether the pool is open", pool->open, n->state == TN_POOL_MAPPED);
    oracle_same("whether the direct path serves it", pool->direct, n->kind == DIRECT ? BUFFERS : 0);
    oracle_same("whether that is open", pool->direct_open, pool->open ? pool->direct : 0);
    oracle_same("free buffers on the list", n->free, in_state[TN_BUFFER_FREE]);
    oracle_same("free buffers", pool->free, n->free);
    oracle_same("buffers that are away", pool->away,
                in_state[TN_BUFFER_IN_FLIGHT] + in_state[TN_BUFFER_ORPHAN] + in_state[TN_BUFFER_QUARANTINED]);
    oracle_same("buffers in quarantine", pool->quarantined, in_state[TN_BUFFER_QUARANTINED]);
    oracle_same("retired buffers", pool->retired, in_state[TN_BUFFER_RETIRED]);
    oracle_same("whether nobody holds a buffer", tn_pool_is_idle(pool),
                in_state[TN_BUFFER_FREE] + in_state[TN_BUFFER_RETIRED] == BUFFERS);
}

static void compare_gather(const struct tn_gather *gather, const struct naive_line *n)
{
    oracle_same("ends that left", gather->head, n->gone);
    oracle_same("ends that a flush covers", gather->done, n->covered);
    oracle_same("ends at the last beginning of a flush", gather->begun, n->begun);
    oracle_same("ends that were added", gather->tail, n->added);
    oracle_same("ends that wait", n->added - n->gone, n->waits);
    for (uint32_t i = 0; i < n->waits; i++)
        oracle_same("an end that waits", gather->gathered[(n->gone + i) % GATHERED].name, n->waiting[i]);
    oracle_same("whether one may leave", tn_gather_has_next(gather), n->covered > n->gone);
}

static void compare_line(uint32_t line)
{
    const struct naive_line *n = &oracle.line[line];
    const struct tn_queue *queue = &world.line[line].queue;
    uint32_t in_state[TN_FENCE_STATES] = {0};
    compare_table(&queue->slots, &n->fences);
    oracle_same("the next ticket", queue->next_ticket, n->next_ticket);
    oracle_same("refused completions", queue->refused_completions, n->refused);
    oracle_same("whether one is queued", tn_queue_has_queued(queue), n->queued > 0);
    oracle_same("the oldest queued fence", tn_queue_oldest(queue),
                n->queued > 0 ? naive_name(&n->fences, n->fifo[0]) : TN_HANDLE_NONE);
    for (uint32_t i = 0; i < FENCES; i++) {
        const struct naive_fence *f = &n->fence[i];
        const struct tn_fence_record *record = tn_queue_at(queue, i);
        in_state[f->state]++;
        oracle_same("a fence's state", record->state, f->state);
        oracle_same("a fence's name", tn_fence_name(queue, i),
                    n->fences.live[i] ? naive_name(&n->fences, i) : TN_HANDLE_NONE);
        if (f->state == TN_FENCE_FREE)
            continue;
        oracle_same("a fence's ticket", record->ticket, f->ticket);
        oracle_same("a fence's orphan mark", record->orphan, f->orphan);
        oracle_same("a fence's length", record->length, naive_length(f));
        oracle_same("a fence's waiters", record->waiters, f->waiters);
        oracle_same("a fence's buffers", record->parts, f->parts);
        oracle_same("a fence's buffers that came back", record->taken, f->taken);
        for (uint32_t k = f->taken; k < f->parts; k++)
            oracle_same("a fence's buffer", key_of(tn_queue_part(queue, i, k)),
                        key_of(naive_buffer_name(f->pool, f->part[k].buffer)));
    }
    compare_gather(&world.line[line].gather, n);
    for (uint32_t state = 0; state < TN_FENCE_STATES; state++)
        oracle_same(tn_fence_state_name(state), queue->in_state[state], in_state[state]);
}

static void compare_budget(uint32_t owner)
{
    const struct naive_owner *n = &oracle.owner[owner];
    const struct tn_ledger *ledger = &world.owner[owner].ledger;
    uint32_t in_flight = 0, entries = 0;
    for (uint32_t line = 0; line < LINES; line++)
        for (uint32_t i = 0; i < FENCES; i++) {
            const struct naive_fence *f = &oracle.line[line].fence[i];
            if (f->state != TN_FENCE_FREE && f->client == owner)
                in_flight += f->parts == 0 ? 1 : f->parts - f->taken;
        }
    for (uint32_t i = 0; i < CAPS; i++)
        entries += n->caps.live[i];
    oracle_same("what is in flight and charged", ledger->used[TN_CHARGE_IN_FLIGHT], in_flight);
    oracle_same("entries that are charged", ledger->used[TN_CHARGE_CAP_SLOTS], entries);
    for (uint32_t charge = 0; charge < TN_CHARGE_COUNT; charge++) {
        oracle_same(tn_charge_name(charge), ledger->used[charge], n->used[charge]);
        oracle_same("refused charges", ledger->refused[charge], n->refused[charge]);
        if (ledger->used[charge] > n->limit[charge])
            oracle_fail("%s: %llu used, %llu allowed", tn_charge_name(charge), (unsigned long long)ledger->used[charge],
                        (unsigned long long)n->limit[charge]);
    }
}

/* A buffer has at most one holder in all tables: a DmaBuffer while the CPU owns it, one fence while it travels. */
static void compare_holders(uint32_t owner)
{
    const struct naive_owner *n = &oracle.owner[owner];
    const struct tn_cap_table *table = &world.owner[owner].caps;
    for (uint32_t b = 0; b < BUFFERS; b++) {
        uint32_t state = n->pool.buffer[b].state, holders = n->pool.buffer[b].direct + n->pool.buffer[b].left;
        for (uint32_t i = 0; i < CAPS; i++) {
            const struct tn_cap *cap = &world.owner[owner].cap[i];
            if (tn_slots_live(&table->slots, i) && cap->kind == TN_KIND_DMA_BUFFER &&
                cap->object_generation == n->pool_generation)
                holders += tn_handle_slot(cap->detail) == b;
        }
        for (uint32_t line = 0; line < LINES; line++)
            for (uint32_t i = 0; i < FENCES; i++) {
                const struct naive_fence *f = &oracle.line[line].fence[i];
                for (uint32_t k = f->taken; k < f->parts; k++)
                    holders += f->state != TN_FENCE_FREE && f->pool == owner && f->part[k].buffer == b;
            }
        bool held = naive_is_held(state);
        if (holders > held || (holders == 0 && held && state != TN_BUFFER_QUARANTINED))
            oracle_fail("buffer %u of owner %u is %s and has %u holders", b, owner, tn_buffer_state_name(state),
                        holders);
    }
}

static void compare_ring(uint32_t owner)
{
    const struct naive_owner *n = &oracle.owner[owner];
    const struct tn_ring_account *ring = &world.owner[owner].ring;
    oracle_same("entries consumed", ring->sq_head, (uint32_t)n->consumed);
    oracle_same("completions posted", ring->cq_tail, (uint32_t)n->posted);
    oracle_same("completions promised", ring->reserved, n->promised);
    oracle_same("unread completions", tn_ring_unread(ring, (uint32_t)n->read), n->posted - n->read);
    if (n->posted - n->read + n->promised > RING_ENTRIES)
        oracle_fail("%llu completions for %u places", (unsigned long long)(n->posted - n->read + n->promised),
                    (unsigned)RING_ENTRIES);
}

void oracle_compare(uint32_t owners, uint32_t lines)
{
    for (uint32_t i = 0; i < OWNERS; i++) {
        if (!(owners >> i & 1))
            continue;
        compare_caps(i);
        compare_pool(i);
        compare_budget(i);
        compare_holders(i);
        compare_ring(i);
    }
    for (uint32_t i = 0; i < LINES; i++)
        if (lines >> i & 1)
            compare_line(i);
}

void oracle_compare_routes(void)
{
    const struct naive_routes *n = &oracle.routes;
    const struct tn_routes *routes = &world.routing.routes;
    oracle_same("arrivals for nobody", routes->stale, n->stale);
    oracle_same("free routes", routes->slots.free, n->table.free);
    for (uint32_t i = 0; i < ROUTES; i++) {
        bool is_held = n->state[i] >= TN_ROUTE_MASKED && n->state[i] <= TN_ROUTE_PENDING;
        oracle_same("the state of a route", tn_route_state(routes, i), n->state[i]);
        oracle_same("its generation", tn_route_generation(routes, i), is_held ? n->table.generation[i] : 0);
        if (n->state[i] == TN_ROUTE_FREE)
            continue;
        oracle_same("the number of its last event", tn_route_sequence(routes, i), n->sequence[i]);
        oracle_same("arrivals that wait", world.routing.route[i].waiting, n->waiting[i]);
    }
}

/* Does the core still know the name? */
static bool alive(const struct grant *g)
{
    struct tn_cap *cap = NULL;
    struct tn_cap_table copy; /* a look-up counts its refusal */
    switch (g->what) {
    case A_HANDLE:
        copy = world.owner[g->place].caps;
        return tn_cap_lookup(&copy, g->name, TN_KIND_NONE, 0, &cap) != TN_ESTALE;
    case A_BUFFER:
        return tn_buffer_is_name(&world.owner[g->place].pool, name_of(g->name));
    default:
        return tn_fence_take_decide(&world.line[g->place].queue, g->name) != TN_ESTALE;
    }
}

static uint32_t present_life(const struct grant *g)
{
    switch (g->what) {
    case A_HANDLE:
        return oracle.owner[g->place].caps.life;
    case A_BUFFER:
        return oracle.owner[g->place].pool.life;
    default:
        return oracle.line[g->place].fences.life;
    }
}

void oracle_check_log(void)
{
    for (uint32_t i = 0; i < grant_count; i++) {
        const struct grant *g = &grant_log[i];
        if (g->life == present_life(g) && alive(g) == (g->dead != 0))
            oracle_fail("0x%llx %s", (unsigned long long)g->name,
                        g->dead ? "was stale and names something again" : "is stale before its end");
    }
}
