/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every public function of pools, buffers and the direct path with every kind of wrong argument.
 * The table names each function; tests/tools/test_core.py demands that none is missing. What judges nothing (a commit,
 * whose decide did) is in test_core_misuse.c.
 */
#include "core_arguments.h"

static uint64_t pool_init(struct all *a, const struct args *g) /* which field of the plan is wrong, and its value */
{
    struct tn_pool_plan plan = world_plan(&a->w, 9);
    switch (g->x) {
    case 0:
        plan.mark = NULL;
        break;
    case 1:
        plan.length = NULL;
        break;
    case 2:
        plan.stack = NULL;
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
    case 6:
        plan.buffer_bytes = (uint32_t)g->y;
        break;
    case 7:
        plan.buffers_per_page = (uint32_t)g->y;
        plan.page_away = g->z ? a->w.pages : NULL;
        break;
    default:
        plan.page_away = a->w.pages;
        break;
    }
    return tn_pool_init(&a->w.pool, &plan);
}
static uint64_t pool_pages(struct all *a, const struct args *g) /* buffers, of them to a page */
{
    (void)a;
    return tn_pool_pages((uint32_t)g->x, (uint32_t)g->y);
}
static uint64_t pool_idle(struct all *a, const struct args *g)
{
    (void)g;
    return tn_pool_is_idle(&a->w.pool);
}

static uint64_t pool_without_fences(struct all *a, const struct args *g)
{
    (void)g;
    return tn_pool_is_without_fences(&a->w.pool);
}
static uint64_t pool_move(struct all *a, const struct args *g)
{
    return tn_pool_move(&a->w.pool, (enum tn_pool_state)g->x);
}
static uint64_t alloc(struct all *a, const struct args *g) /* the pool's state, its retired buffers */
{
    struct tn_pool pool = a->w.pool;
    pool.open = g->x == TN_POOL_MAPPED;
    pool.retired = (uint32_t)g->y;
    enum tn_status status = tn_buffer_alloc_decide(&pool);
    assert_int_equal(tn_buffer_alloc_refusal(&pool), status);
    return status;
}

static uint64_t none_of(struct tn_buffer_name name)
{
    return name.mark | name.slot;
}
static uint64_t buffer_name(struct all *a, const struct args *g)
{
    return none_of(tn_buffer_name(&a->w.pool, (uint32_t)g->x));
}
static uint64_t is_name(struct all *a, const struct args *g)
{
    return tn_buffer_is_name(&a->w.pool, buffer(a, g->x));
}
static uint64_t is_name_of_free(struct all *a, const struct args *g)
{
    return tn_buffer_is_name(&a->direct.pool, buffer(a, g->x));
}
static uint64_t use(struct all *a, const struct args *g)
{
    return tn_buffer_use_decide(&a->w.pool, buffer(a, g->x));
}
static uint64_t release_it(struct all *a, const struct args *g)
{
    return tn_buffer_release_decide(&a->w.pool, buffer(a, g->x));
}
static uint64_t release_slice(struct all *a, const struct args *g) /* slot */
{
    return tn_buffer_release_decide(&a->slices.pool, tn_buffer_name(&a->slices.pool, (uint32_t)g->x));
}
static uint64_t use_out_of_reach(struct all *a, const struct args *g) /* the pool's state */
{
    struct tn_pool pool = a->w.pool;
    pool.state = (uint32_t)g->x;
    return tn_buffer_use_decide(&pool, a->cpu);
}
static uint64_t use_slice(struct all *a, const struct args *g) /* slot */
{
    return tn_buffer_use_decide(&a->slices.pool, tn_buffer_name(&a->slices.pool, (uint32_t)g->x));
}
static uint64_t depart(struct all *a, const struct args *g) /* buffer, length; z 1: revoked, 2: no generation left */
{
    struct tn_pool pool = a->w.pool;
    if (g->z == 1)
        pool.open = false;
    if (g->z == 2)
        pool.last_mark = a->cpu.mark;
    return tn_buffer_depart_decide(&pool, buffer(a, g->x), (uint32_t)g->y);
}
static uint64_t arrive(struct all *a, const struct args *g) /* buffer, state */
{
    return tn_buffer_arrive_decide(&a->w.pool, buffer(a, g->x), (enum tn_buffer_state)g->y);
}
static uint64_t arrive_slice(struct all *a, const struct args *g) /* slot, state */
{
    return tn_buffer_arrive_decide(&a->slices.pool, tn_buffer_name(&a->slices.pool, (uint32_t)g->x),
                                   (enum tn_buffer_state)g->y);
}
static uint64_t home(struct all *a, const struct args *g)
{
    return tn_buffer_home_decide(&a->w.pool, buffer(a, g->x));
}
static uint64_t scrub(struct all *a,
                      const struct args *g) /* which slot; y: state of the slice there; z: its page's counter */
{
    uint16_t page[2] = {(uint16_t)g->z, (uint16_t)g->z};
    uint64_t mark[WORLD_BUFFERS] = {TN_MARK_STATES + g->y};
    struct tn_pool pool = a->slices.pool;
    pool.mark = mark;
    pool.page_away = page;
    return tn_buffer_scrub_decide(&pool, (uint32_t)g->x);
}

static uint64_t home_of_slice(struct all *a, const struct args *g) /* of the first page; z: its counter */
{
    uint16_t page[2] = {(uint16_t)g->z};
    uint64_t mark[1] = {TN_MARK_STATES + TN_BUFFER_COMPLETED};
    struct tn_pool pool = a->slices.pool;
    pool.mark = mark;
    pool.page_away = page;
    return tn_buffer_home_decide(&pool, (struct tn_buffer_name){mark[0], 0});
}

/* ---- the direct path ---- */

static uint64_t direct_submit(struct all *a,
                              const struct args *g) /* buffer, length; z 1: revoked, 2: last generation */
{
    struct tn_pool pool = a->direct.pool;
    if (g->z == 1)
        pool.open = false, pool.direct_open = 0;
    if (g->z == 2)
        pool.last_mark = a->d_cpu.mark;
    struct tn_buffer_name name = direct_name(a, g->x);
    enum tn_status status = tn_direct_submit_decide(&pool, name, (uint32_t)g->y);
    assert_int_equal(tn_direct_can_submit(&pool, name, (uint32_t)g->y), status == TN_OK);
    assert_int_equal(tn_direct_submit_refusal(&pool, name, (uint32_t)g->y), status);
    return status;
}
static uint64_t direct_complete(struct all *a, const struct args *g) /* buffer, used */
{
    struct tn_buffer_name name = direct_name(a, g->x);
    enum tn_status status = tn_direct_complete_decide(&a->direct.pool, name, (uint32_t)g->y);
    assert_int_equal(tn_direct_can_complete(&a->direct.pool, name, (uint32_t)g->y), status == TN_OK);
    assert_int_equal(tn_direct_complete_refusal(&a->direct.pool, name), status);
    return status;
}
static uint64_t direct_release(struct all *a, const struct args *g)
{
    struct tn_buffer_name name = direct_name(a, g->x);
    enum tn_status status = tn_direct_release_decide(&a->direct.pool, name);
    assert_int_equal(tn_direct_can_release(&a->direct.pool, name), status == TN_OK);
    assert_int_equal(tn_direct_can_recycle(&a->direct.pool, name),
                     status == TN_OK && name.mark < a->direct.pool.last_mark);
    assert_int_equal(tn_direct_release_refusal(&a->direct.pool, name), status);
    return status;
}
static uint64_t direct_alloc(struct all *a, const struct args *g) /* 0: not direct, 1: revoked, 2: nothing free */
{
    struct tn_pool pool = g->x == 0 ? a->w.pool : a->direct.pool;
    if (g->x == 1)
        pool.open = false, pool.direct_open = 0;
    if (g->x == 2)
        pool.free = 0;
    return tn_direct_can_alloc(&pool);
}
static uint64_t direct_on_another(struct all *a, const struct args *g) /* which of the three */
{
    if (g->x == 0)
        return tn_direct_submit_decide(&a->w.pool, a->cpu, 1);
    return g->x == 1 ? tn_direct_complete_decide(&a->w.pool, buffer(a, FLYING), 0)
                     : tn_direct_release_decide(&a->w.pool, a->cpu);
}

static const struct row rows[] = {
    ROW(tn_pool_init, pool_init, "no marks", false, 0, 0, 0),
    ROW(tn_pool_init, pool_init, "no lengths", false, 1, 0, 0),
    ROW(tn_pool_init, pool_init, "no stack", false, 2, 0, 0),
    ROW(tn_pool_init, pool_init, "epoch 0", false, 3, 0, 0),
    ROW(tn_pool_init, pool_init, "generation 0", false, 4, 0, 0),
    ROW(tn_pool_init, pool_init, "too many generations", false, 4, TN_BUFFER_GENERATION_MAX + 1, 0),
    ROW(tn_pool_init, pool_init, "2^64 - 1 generations", false, 4, UINT64_MAX, 0),
    ROW(tn_pool_init, pool_init, "no buffer", false, 5, 0, 0),
    ROW(tn_pool_init, pool_init, "too many buffers", false, 5, (1u << 20) + 1, 0),
    ROW(tn_pool_init, pool_init, "buffers of nothing", false, 6, 0, 0),
    ROW(tn_pool_init, pool_init, "buffers above 2^31", false, 6, (1u << 31) + 1u, 0),
    ROW(tn_pool_init, pool_init, "pages of no buffer", false, 7, 0, 0),
    ROW(tn_pool_init, pool_init, "pages of no buffer, counted", false, 7, 0, 1),
    ROW(tn_pool_init, pool_init, "too many slices to a page", false, 7, TN_PAGE_LOST, 1),
    ROW(tn_pool_init, pool_init, "slices that nobody counts", false, 7, 2, 0),
    ROW(tn_pool_init, pool_init, "counters without slices", false, 8, 0, 0),
    ROW(tn_pool_pages, pool_pages, "no slices", 0, 7, 1, 0),
    ROW(tn_pool_pages, pool_pages, "no page", 0, 7, 0, 0),
    ROW(tn_pool_is_idle, pool_idle, "buffers are out", false, 0, 0, 0),
    ROW(tn_pool_is_without_fences, pool_without_fences, "buffers are out", false, 0, 0, 0),
    ROW(tn_pool_move, pool_move, "out of range", TN_ESTATE, TN_POOL_STATES, 0, 0),
    ROW(tn_pool_move, pool_move, "2^32 - 1", TN_ESTATE, UINT32_MAX, 0, 0),
    ROW(tn_pool_move, pool_move, "no such move", TN_ESTATE, TN_POOL_EMPTY, 0, 0),
    ROW(tn_buffer_alloc_decide, alloc, "not mapped", TN_ESTATE, TN_POOL_COMMITTED, 0, 0),
    ROW(tn_buffer_alloc_decide, alloc, "no buffer free", TN_EEXHAUSTED, TN_POOL_MAPPED, 0, 0),
    ROW(tn_buffer_alloc_refusal, alloc, "all are retired", TN_ERETIRED, TN_POOL_MAPPED, WORLD_BUFFERS, 0),
    ROW(tn_buffer_name, buffer_name, "past the end", 0, WORLD_BUFFERS, 0, 0),
    ROW(tn_buffer_name, buffer_name, "2^32 - 1", 0, UINT32_MAX, 0, 0),
    NOBODYS(tn_buffer_is_name, is_name, false, 0, 0),
    ROW(tn_buffer_is_name, is_name, "from before the submit", false, GONE, 0, 0),
    ROW(tn_buffer_is_name, is_name_of_free, "a free buffer's mark", false, FREE, 0, 0),
    NOBODYS(tn_buffer_use_decide, use, TN_ESTALE, 0, 0),
    ROW(tn_buffer_use_decide, use, "from before the submit", TN_ESTALE, GONE, 0, 0),
    ROW(tn_buffer_use_decide, use, "in flight", TN_ESTATE, FLYING, 0, 0),
    ROW(tn_buffer_use_decide, use, "completed", TN_ESTATE, ENDED, 0, 0),
    ROW(tn_buffer_use_decide, use_out_of_reach, "invalidated", TN_ESTATE, TN_POOL_INVALIDATED, 0, 0),
    ROW(tn_buffer_use_decide, use_out_of_reach, "in quarantine", TN_ESTATE, TN_POOL_QUARANTINED, 0, 0),
    NOBODYS(tn_buffer_release_decide, release_it, TN_ESTALE, 0, 0),
    ROW(tn_buffer_release_decide, release_it, "in flight", TN_ESTATE, FLYING, 0, 0),
    ROW(tn_buffer_release_decide, release_slice, "its page is away", TN_EAGAIN, 1, 0, 0),
    ROW(tn_buffer_release_decide, release_slice, "its page is lost", TN_EQUARANTINED, 3, 0, 0),
    ROW(tn_buffer_use_decide, use_slice, "its page is away", TN_EAGAIN, 1, 0, 0),
    ROW(tn_buffer_use_decide, use_slice, "its page is lost", TN_EQUARANTINED, 3, 0, 0),
    NOBODYS(tn_buffer_depart_decide, depart, TN_ESTALE, 1, 0),
    ROW(tn_buffer_depart_decide, depart, "in flight", TN_ESTATE, FLYING, 1, 0),
    ROW(tn_buffer_depart_decide, depart, "a revoked pool", TN_ESTATE, CPUS, 1, 1),
    ROW(tn_buffer_depart_decide, depart, "length 0", TN_ERANGE, CPUS, 0, 0),
    ROW(tn_buffer_depart_decide, depart, "one byte too long", TN_ERANGE, CPUS, WORLD_BUFFER_BYTES + 1, 0),
    ROW(tn_buffer_depart_decide, depart, "no generation left", TN_ERETIRED, CPUS, 1, 2),
    NOBODYS(tn_buffer_arrive_decide, arrive, TN_ESTALE, TN_BUFFER_COMPLETED, 0),
    ROW(tn_buffer_arrive_decide, arrive, "not away", TN_ESTATE, CPUS, TN_BUFFER_COMPLETED, 0),
    ROW(tn_buffer_arrive_decide, arrive, "ended already", TN_ESTATE, ENDED, TN_BUFFER_ABORTED, 0),
    ROW(tn_buffer_arrive_decide, arrive, "straight to the CPU", TN_ESTATE, FLYING, TN_BUFFER_CPU, 0),
    ROW(tn_buffer_arrive_decide, arrive, "a state there is not", TN_ESTATE, FLYING, TN_BUFFER_STATES, 0),
    ROW(tn_buffer_arrive_decide, arrive_slice, "in quarantine already", TN_ESTATE, 2, TN_BUFFER_QUARANTINED, 0),
    ROW(tn_buffer_arrive_decide, arrive, "2^32 - 1", TN_ESTATE, FLYING, UINT32_MAX, 0),
    ROW(tn_buffer_scrub_decide, scrub, "out of range", TN_ESTATE, WORLD_BUFFERS, TN_BUFFER_SCRUBBING, 0),
    ROW(tn_buffer_scrub_decide, scrub, "out of range", TN_ESTATE, UINT32_MAX, TN_BUFFER_SCRUBBING, 0),
    ROW(tn_buffer_scrub_decide, scrub, "the CPU's", TN_ESTATE, 0, TN_BUFFER_CPU, 0),
    ROW(tn_buffer_scrub_decide, scrub, "its page is away", TN_EAGAIN, 0, TN_BUFFER_SCRUBBING, 1),
    ROW(tn_buffer_scrub_decide, scrub, "its page is lost", TN_EQUARANTINED, 0, TN_BUFFER_SCRUBBING, TN_PAGE_LOST | 1),
    NOBODYS(tn_buffer_home_decide, home, TN_ESTALE, 0, 0),
    ROW(tn_buffer_home_decide, home, "at home", TN_ESTATE, CPUS, 0, 0),
    ROW(tn_buffer_home_decide, home, "in flight", TN_ESTATE, FLYING, 0, 0),
    ROW(tn_buffer_home_decide, home_of_slice, "its page is away", TN_EAGAIN, 0, 0, 1),
    ROW(tn_buffer_home_decide, home_of_slice, "its page is lost", TN_EQUARANTINED, 0, 0, TN_PAGE_LOST | 1),
    ROW(tn_direct_can_alloc, direct_alloc, "not a direct pool", false, 0, 0, 0),
    ROW(tn_direct_can_alloc, direct_alloc, "a revoked pool", false, 1, 0, 0),
    ROW(tn_direct_can_alloc, direct_alloc, "nothing free", false, 2, 0, 0),
    NOBODYS(tn_direct_submit_decide, direct_submit, TN_ESTALE, 1, 0),
    ROW(tn_direct_submit_decide, direct_submit, "in flight", TN_ESTATE, FLYING, 1, 0),
    ROW(tn_direct_submit_refusal, direct_submit, "a revoked pool", TN_ESTATE, CPUS, 1, 1),
    ROW(tn_direct_submit_decide, direct_submit, "length 0", TN_ERANGE, CPUS, 0, 0),
    ROW(tn_direct_submit_decide, direct_submit, "one byte too long", TN_ERANGE, CPUS, WORLD_BUFFER_BYTES + 1, 0),
    ROW(tn_direct_submit_decide, direct_submit, "no generation left", TN_ERETIRED, CPUS, 1, 2),
    ROW(tn_direct_submit_decide, direct_on_another, "not a direct pool", TN_ENOTSUP, 0, 0, 0),
    NOBODYS(tn_direct_complete_decide, direct_complete, TN_ESTALE, 0, 0),
    ROW(tn_direct_complete_decide, direct_complete, "not in flight", TN_ESTALE, CPUS, 0, 0),
    ROW(tn_direct_complete_refusal, direct_complete, "one byte too much", TN_EPROTOCOL, FLYING, 101, 0),
    ROW(tn_direct_complete_decide, direct_on_another, "not a direct pool", TN_ENOTSUP, 1, 0, 0),
    NOBODYS(tn_direct_release_decide, direct_release, TN_ESTALE, 0, 0),
    ROW(tn_direct_release_refusal, direct_release, "in flight", TN_ESTATE, FLYING, 0, 0),
    ROW(tn_direct_release_decide, direct_on_another, "not a direct pool", TN_ENOTSUP, 2, 0, 0),
};

static void g6_every_wrong_argument_is_refused_and_moves_no_bit(void **state)
{
    (void)state;
    EVERY_ROW_IS_REFUSED(rows);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(g6_every_wrong_argument_is_refused_and_moves_no_bit),
};

UNIT_MAIN(tests)
