/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Row F8 as a table: for each kind of authority, a name from before each event is refused with TN_ESTALE by everything
 * that takes it, and nothing but the counter of refusals changes, in the objects of the old holder and of the new one.
 * A name has up to three layers: the handle in its holder's table, the identity of the object behind it, and what the
 * object itself is called (a buffer's mark, a fence's ticket, an event's sequence). The same cells in the machine:
 * tests/smoke/test_stale.py.
 */
#include <core/cap.h>
#include <core/route.h>

#include "dma_world.h"

enum kind { POOL, BUFFER, FENCE, WINDOW, INTERRUPT, KINDS };
enum { CAPS = 4, OBJECTS = 2, FEW = 5, PLENTY = 99, EPOCH_MINE = WORLD_EPOCH, EPOCH_THEIRS = 8, EPOCH_NEXT = 9 };

static const enum tn_kind kind_of[KINDS] = {
    [POOL] = TN_KIND_DMA_POOL,      [BUFFER] = TN_KIND_DMA_BUFFER,   [FENCE] = TN_KIND_FENCE,
    [WINDOW] = TN_KIND_DEVICE_MMIO, [INTERRUPT] = TN_KIND_INTERRUPT,
};

struct table {
    struct tn_cap_table caps;
    struct tn_slot slot[CAPS];
    struct tn_cap entry[CAPS];
};

struct place {
    struct world dma; /* the pool of index 0, its buffers, its service's fences */
    struct table mine, theirs;
    /* pools and windows, as the kernel keeps them */
    struct tn_slots objects;
    struct tn_slot object_slot[OBJECTS];
    struct tn_identity identity[OBJECTS];
    struct tn_routes routes;
    struct tn_slot route_slot[OBJECTS];
    struct tn_route route[OBJECTS];
    struct tn_identity route_identity[OBJECTS];
};

/* What is known of an object before the event, on every layer. */
struct names {
    uint64_t handle;
    uint32_t object;
    struct tn_buffer_name buffer;
    uint64_t fence, ticket;
    uint64_t sequence;
};

static void open_table(struct table *t, uint64_t epoch, uint64_t generations)
{
    memset(t, 0, sizeof *t);
    assert_true(tn_cap_table_init(&t->caps, t->slot, t->entry, CAPS, epoch, generations));
}

static void start(struct place *p, uint64_t caps_max, uint64_t objects_max)
{
    memset(p, 0, sizeof *p);
    world_init(&p->dma, PLENTY);
    open_table(&p->mine, EPOCH_MINE, caps_max);
    open_table(&p->theirs, EPOCH_THEIRS, caps_max);
    assert_true(tn_slots_init(&p->objects, p->object_slot, OBJECTS, objects_max));
    assert_true(tn_routes_init(&p->routes, p->route_slot, p->route, OBJECTS, PLENTY));
    for (uint32_t i = 0; i < OBJECTS; i++) /* routes end where handles do: the end is brought near */
        p->route_slot[i].generation = TN_HANDLE_GENERATION_MAX + 1 - objects_max;
}

static const struct tn_route_evidence silent = {true, true, true, true, true};

/* ---- objects, as the kernel makes and ends them ---- */

static uint32_t make_object(struct place *p, enum kind kind, uint64_t epoch)
{
    if (kind == INTERRUPT) {
        assert_ok(tn_route_bind_decide(&p->routes));
        uint32_t r = tn_route_bind_commit(&p->routes);
        assert_ok(tn_route_arm_decide(&p->routes, r, &silent));
        tn_route_arm_commit(&p->routes, r);
        p->route_identity[r] = (struct tn_identity){tn_route_generation(&p->routes, r), epoch};
        return r;
    }
    assert_true(p->objects.free != 0);
    uint32_t i = tn_slots_take(&p->objects);
    p->identity[i] = (struct tn_identity){p->object_slot[i].generation, epoch};
    return i;
}

static void end_object(struct place *p, enum kind kind, uint32_t object)
{
    if (kind != INTERRUPT) {
        p->identity[object] = (struct tn_identity){0};
        tn_slots_give(&p->objects, object);
        return;
    }
    assert_ok(tn_route_revoke_decide(&p->routes, object));
    tn_route_revoke_commit(&p->routes, object);
    assert_ok(tn_route_drained_decide(&p->routes, object, &silent));
    tn_route_drained_commit(&p->routes, object);
    tn_route_free_commit(&p->routes, object);
    p->route_identity[object] = (struct tn_identity){0};
}

static const struct tn_identity *identity_of(const struct place *p, enum kind kind, uint32_t object)
{
    return kind == INTERRUPT ? &p->route_identity[object] : &p->identity[object];
}

static uint64_t grant(struct place *p, struct table *t, enum kind kind, uint32_t object, uint64_t detail)
{
    const struct tn_cap_grant g = {kind_of[kind], TN_RIGHT_READ, object, identity_of(p, kind, object)->generation,
                                   detail};
    assert_ok(tn_cap_insert_decide(&t->caps));
    return tn_cap_insert_commit(&t->caps, &g);
}

static struct tn_cap *entry_of(struct table *t, uint64_t handle)
{
    return &t->entry[tn_handle_slot(handle)];
}

/* The fence ends with its device; the buffer is its client's again, under a new name, and is given back. */
static void end_fence(struct place *p, const struct names *n)
{
    assert_ok(tn_fence_end_decide(&p->dma.queue, n->fence, TN_EABORTED));
    tn_fence_end_commit(&p->dma.queue, n->fence, TN_EABORTED);
    world_release(&p->dma, tn_fence_take_commit(&p->dma.queue, n->fence).buffer);
}

/* What the object is called inside goes first, as in the kernel. */
static void end_inside(struct place *p, enum kind kind, const struct names *n)
{
    if (kind == FENCE)
        end_fence(p, n);
    else if (kind == BUFFER)
        world_release(&p->dma, n->buffer);
}

static void end(struct place *p, struct table *t, enum kind kind, const struct names *n)
{
    end_inside(p, kind, n);
    end_object(p, kind, n->object);
    if (t)
        tn_cap_remove_commit(&t->caps, entry_of(t, n->handle));
}

/* Whether there is room for one more, as the kernel asks. */
static bool may_make(struct place *p, enum kind kind)
{
    if (kind == INTERRUPT ? tn_route_bind_decide(&p->routes) != TN_OK : p->objects.free == 0)
        return false;
    return tn_cap_insert_decide(&p->mine.caps) == TN_OK;
}

/* An object with its handle in `t`; for a fence, the buffer that it stands for was posted: there is none (handle
 * TN_HANDLE_NONE) when its entry has no generation left to turn into one. */
static struct names make(struct place *p, struct table *t, enum kind kind, uint64_t epoch)
{
    struct names n = {.object = make_object(p, kind, epoch)};
    if (kind == BUFFER || kind == FENCE) {
        n.buffer = world_alloc(&p->dma);
        n.handle = grant(p, t, BUFFER, n.object, tn_buffer_pack(n.buffer));
        if (kind == BUFFER)
            return n;
        if (tn_cap_turn_decide(&t->caps, entry_of(t, n.handle)) != TN_OK) {
            end(p, t, BUFFER, &n);
            return (struct names){0};
        }
        n.fence = world_post(&p->dma, n.buffer);
        n.ticket = world_ticket(&p->dma, n.fence);
        n.handle = tn_cap_turn_commit(&t->caps, entry_of(t, n.handle), TN_KIND_FENCE, n.fence);
        return n;
    }
    n.handle = grant(p, t, kind, n.object, 0);
    if (kind == INTERRUPT) {
        assert_int_equal(tn_route_arrive(&p->routes, n.object), TN_ARRIVAL_EVENT);
        n.sequence = tn_route_sequence(&p->routes, n.object);
    }
    return n;
}

/* ---- use ---- */

static enum tn_status use_handle(struct place *p, struct table *t, enum kind kind, const struct names *n)
{
    struct tn_cap *cap;
    enum tn_status status = tn_cap_lookup(&t->caps, n->handle, kind_of[kind], TN_RIGHT_READ, &cap);
    return status != TN_OK ? status : tn_cap_check(&t->caps, cap, identity_of(p, kind, cap->object));
}

/* The name inside, past both outer layers: as if they had a hole. */
static enum tn_status use_inside(struct place *p, enum kind kind, const struct names *n)
{
    const struct tn_submission s = world_submission(&p->dma, n->buffer);
    const struct tn_completion c = {n->fence, n->ticket, TN_OK, 0};
    switch (kind) {
    case BUFFER:
        return tn_submit_decide(&p->dma.queue, &s) == TN_ESTALE ? tn_buffer_use_decide(&p->dma.pool, n->buffer) : TN_OK;
    case FENCE:
        return tn_complete_decide(&p->dma.queue, &c) == TN_ESTALE &&
                       tn_fence_orphan_decide(&p->dma.queue, n->fence) == TN_ESTALE
                   ? tn_fence_take_decide(&p->dma.queue, n->fence)
                   : TN_OK;
    default:
        return TN_ESTALE; /* a pool and a window have no further name */
    }
}

static void works(struct place *p, struct table *t, enum kind kind, const struct names *n)
{
    assert_ok(use_handle(p, t, kind, n));
}

static void refused(struct place *p, struct table *t, enum kind kind, const struct names *n)
{
    struct place before = *p;
    uint64_t counted = t->caps.refused;
    assert_int_equal(use_handle(p, t, kind, n), TN_ESTALE);
    assert_int_equal(t->caps.refused, counted + 1);
    assert_int_equal(use_inside(p, kind, n), TN_ESTALE);
    t->caps.refused = counted;
    assert_memory_equal(&before, p, sizeof before);
}

/* ---- events: what was made is stale, and what came after it works ---- */

static void after_revoke(enum kind kind)
{
    struct place p;
    start(&p, PLENTY, PLENTY);
    struct names n = make(&p, &p.mine, kind, EPOCH_MINE);
    works(&p, &p.mine, kind, &n);
    end(&p, &p.mine, kind, &n);
    refused(&p, &p.mine, kind, &n);
}

/* The object is gone under the handle. */
static void after_reset(enum kind kind)
{
    struct place p;
    start(&p, PLENTY, PLENTY);
    struct names n = make(&p, &p.mine, kind, EPOCH_MINE);
    end(&p, NULL, kind, &n);
    refused(&p, &p.mine, kind, &n);
}

/* It is gone, and there is another one of somebody else's in its place. */
static void after_reassign(enum kind kind)
{
    struct place p;
    start(&p, PLENTY, PLENTY);
    struct names n = make(&p, &p.mine, kind, EPOCH_MINE), other;
    end(&p, NULL, kind, &n);
    for (other = make(&p, &p.theirs, kind, EPOCH_THEIRS); other.object != n.object;) {
        end(&p, &p.theirs, kind, &other);
        other = make(&p, &p.theirs, kind, EPOCH_THEIRS);
    }
    works(&p, &p.theirs, kind, &other);
    refused(&p, &p.mine, kind, &n);
    works(&p, &p.theirs, kind, &other);
}

/* There is another one of the same holder's under the same slot of its table. */
static void after_reuse(enum kind kind)
{
    struct place p;
    start(&p, PLENTY, PLENTY);
    struct names n = make(&p, &p.mine, kind, EPOCH_MINE), other;
    end(&p, &p.mine, kind, &n);
    for (other = make(&p, &p.mine, kind, EPOCH_MINE); tn_handle_slot(other.handle) != tn_handle_slot(n.handle);) {
        end(&p, &p.mine, kind, &other);
        other = make(&p, &p.mine, kind, EPOCH_MINE);
    }
    works(&p, &p.mine, kind, &other);
    refused(&p, &p.mine, kind, &n);
    works(&p, &p.mine, kind, &other);
}

/* The holder is started again: with a new epoch, an empty table, and nothing of before. Even an entry that said what
 * the old one said is nobody's, and so is the number of one that is there no more. */
static void after_restart(enum kind kind)
{
    struct place p;
    start(&p, PLENTY, PLENTY);
    struct names n = make(&p, &p.mine, kind, EPOCH_MINE), again = n;
    const struct tn_cap before = *entry_of(&p.mine, n.handle);
    end_inside(&p, kind, &n);
    open_table(&p.mine, EPOCH_NEXT, PLENTY);
    refused(&p, &p.mine, kind, &n);
    const struct tn_cap_grant copy = {(enum tn_kind)before.kind, before.rights, before.object, before.object_generation,
                                      before.detail};
    again.handle = tn_cap_insert_commit(&p.mine.caps, &copy); /* a bug that copies a table from before */
    refused(&p, &p.mine, kind, &again);
}

/* The generations of one table are used up: every name that ever was stays stale, and no new one is made. */
static void until_retirement(enum kind kind, uint64_t caps_max, uint64_t objects_max)
{
    struct place p;
    struct names old[64];
    uint32_t count = 0;
    start(&p, caps_max, objects_max);
    while (may_make(&p, kind)) {
        assert_true(count < 64);
        old[count] = make(&p, &p.mine, kind, EPOCH_MINE);
        if (old[count].handle == TN_HANDLE_NONE)
            continue;
        works(&p, &p.mine, kind, &old[count]);
        end(&p, &p.mine, kind, &old[count++]);
    }
    assert_true(count >= OBJECTS);
    for (uint32_t i = 0; i < count; i++)
        refused(&p, &p.mine, kind, &old[i]);
}

static void after_retirement(enum kind kind)
{
    until_retirement(kind, FEW, PLENTY);
    until_retirement(kind, PLENTY, FEW);
}

#define CELL(kind, name, event)                                                                                        \
    static void g3_##name##_after_##event(void **state)                                                                \
    {                                                                                                                  \
        (void)state;                                                                                                   \
        after_##event(kind);                                                                                           \
    }
#define ROW(kind, name)                                                                                                \
    CELL(kind, name, revoke)                                                                                           \
    CELL(kind, name, reset)                                                                                            \
    CELL(kind, name, reassign)                                                                                         \
    CELL(kind, name, reuse)                                                                                            \
    CELL(kind, name, restart)                                                                                          \
    CELL(kind, name, retirement)
ROW(POOL, dma_pool)
ROW(BUFFER, dma_buffer)
ROW(FENCE, fence)
ROW(WINDOW, device_mmio)
ROW(INTERRUPT, interrupt)

/* ---- completions and interrupts that come when they should not ---- */

/* A completion of `c` is refused and moves nothing. */
static void completion_refused(struct world *w, const struct tn_completion *c)
{
    assert_refused(w, TN_ESTALE, tn_complete_decide(&w->queue, c));
}

static void g7_a_completion_that_comes_twice_is_stale(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    uint64_t fence = world_post(&w, world_alloc(&w));
    const struct tn_completion c = {fence, world_ticket(&w, fence), TN_OK, 0};
    assert_ok(tn_complete_decide(&w.queue, &c));
    tn_complete_commit(&w.queue, &c);
    completion_refused(&w, &c);
    (void)tn_fence_take_commit(&w.queue, fence);
    completion_refused(&w, &c);
}

/* After the time-out, and the reset that followed it, and again once the slot carries another request. */
static void g7_a_completion_that_comes_late_is_stale(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 99);
    uint64_t fence = world_post(&w, world_alloc(&w));
    const struct tn_completion c = {fence, world_ticket(&w, fence), TN_OK, 0};
    assert_int_equal(tn_fence_poll(&w.queue, fence, 2, 1), TN_ETIMEDOUT);
    tn_fence_end_commit(&w.queue, fence, TN_EABORTED);
    completion_refused(&w, &c);
    world_release(&w, tn_fence_take_commit(&w.queue, fence).buffer);
    completion_refused(&w, &c);
    for (uint64_t other = TN_HANDLE_NONE; tn_handle_slot(other) != tn_handle_slot(fence) || other == TN_HANDLE_NONE;) {
        if (other != TN_HANDLE_NONE) {
            tn_fence_end_commit(&w.queue, other, TN_EABORTED);
            world_release(&w, tn_fence_take_commit(&w.queue, other).buffer);
        }
        other = world_post(&w, world_alloc(&w));
        completion_refused(&w, &c);
        const struct tn_completion with_its_ticket = {fence, world_ticket(&w, other), TN_OK, 0};
        completion_refused(&w, &with_its_ticket);
        const struct tn_completion old_ticket = {other, c.ticket, TN_OK, 0};
        completion_refused(&w, &old_ticket);
    }
}

static void g7_an_interrupt_of_a_route_from_before_is_counted_and_wakes_nobody(void **state)
{
    (void)state;
    struct place p;
    start(&p, PLENTY, PLENTY);
    struct names n = make(&p, &p.mine, INTERRUPT, EPOCH_MINE), other;
    end(&p, &p.mine, INTERRUPT, &n);
    assert_int_equal(tn_route_arrive(&p.routes, n.object), TN_ARRIVAL_STALE);
    for (other = make(&p, &p.theirs, INTERRUPT, EPOCH_THEIRS); other.object != n.object;) {
        end(&p, &p.theirs, INTERRUPT, &other);
        other = make(&p, &p.theirs, INTERRUPT, EPOCH_THEIRS);
    }
    assert_refused(&p, TN_EINVAL, tn_route_acknowledge_decide(&p.routes, n.object, n.sequence + 1));
    assert_ok(tn_route_acknowledge_decide(&p.routes, other.object, other.sequence));
}

#define CELL_TESTS(name)                                                                                               \
    cmocka_unit_test(g3_##name##_after_revoke), cmocka_unit_test(g3_##name##_after_reset),                             \
        cmocka_unit_test(g3_##name##_after_reassign), cmocka_unit_test(g3_##name##_after_reuse),                       \
        cmocka_unit_test(g3_##name##_after_restart), cmocka_unit_test(g3_##name##_after_retirement)

static const struct CMUnitTest tests[] = {
    CELL_TESTS(dma_pool),
    CELL_TESTS(dma_buffer),
    CELL_TESTS(fence),
    CELL_TESTS(device_mmio),
    CELL_TESTS(interrupt),
    cmocka_unit_test(g7_a_completion_that_comes_twice_is_stale),
    cmocka_unit_test(g7_a_completion_that_comes_late_is_stale),
    cmocka_unit_test(g7_an_interrupt_of_a_route_from_before_is_counted_and_wakes_nobody),
};

UNIT_MAIN(tests)
