/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See resource.h. Three passes: keep what is well placed (outside in), size closed windows for what needs them (inside
 * out), place the rest (outside in, in each domain the largest alignment first, so that powers of two leave no gaps).
 */
#include "pci/resource.h"

#include <stddef.h>

#define LIMIT_NARROW (UINT64_C(1) << 32)

static bool overlap(uint64_t a, uint64_t a_end, uint64_t b, uint64_t b_end)
{
    return a < b_end && b < a_end;
}

static bool is_io(uint8_t kind)
{
    return kind == RESOURCE_IO;
}

static bool is_placed(const struct resource_node *n)
{
    return n->state == RESOURCE_KEPT || n->state == RESOURCE_PLACED;
}

static uint64_t round_up(uint64_t value, uint64_t align)
{
    return value > UINT64_MAX - (align - 1) ? UINT64_MAX : (value + align - 1) & ~(align - 1);
}

/* The end of something placed in the node's domain that overlaps [start, end), or 0. */
static uint64_t obstacle(const struct resource_plan *p, const struct resource_node *n, uint64_t start, uint64_t end)
{
    for (uint32_t i = 0; n->domain == 0 && i < p->taken_count; i++)
        if (is_io(p->taken[i].kind) == is_io(n->kind) && overlap(start, end, p->taken[i].start, p->taken[i].end))
            return p->taken[i].end;
    for (uint32_t i = 0; i < p->count; i++) {
        const struct resource_node *o = &p->node[i];
        if (o != n && o->domain == n->domain && is_io(o->kind) == is_io(n->kind) && is_placed(o) &&
            overlap(start, end, o->start, o->start + o->size))
            return o->start + o->size;
    }
    return 0;
}

/* May the node lie in a window of this kind? Prefetchable windows may merge and speculate: only what allows it goes in;
 * in the root domain there is no such difference. */
static bool suits(const struct resource_node *n, uint8_t window_kind)
{
    if (n->kind == window_kind)
        return true;
    if (is_io(n->kind) || is_io(window_kind))
        return false;
    return n->kind == RESOURCE_PREFETCHABLE || n->domain == 0;
}

/* The i-th window into which the node may go, or false: no more. */
static bool window_of(const struct resource_plan *p, const struct resource_node *n, uint32_t i,
                      struct resource_range *window)
{
    if (n->domain == 0) {
        if (i >= p->free_count)
            return false;
        *window = p->free[i];
    } else {
        if (i >= p->count)
            return false;
        const struct resource_node *w = &p->node[i];
        bool opens = w->provides == n->domain && is_placed(w);
        *window = opens ? (struct resource_range){w->start, w->start + w->size, w->kind} : (struct resource_range){0};
        if (!opens)
            return true;
    }
    if (!suits(n, window->kind))
        *window = (struct resource_range){0};
    return true;
}

static bool is_well_placed(const struct resource_plan *p, const struct resource_node *n)
{
    struct resource_range w;
    if (n->start == RESOURCE_NOWHERE || n->size == 0 || n->start % n->align != 0 || n->start > UINT64_MAX - n->size)
        return false;
    uint64_t end = n->start + n->size;
    if (!is_io(n->kind) && end > p->limit)
        return false;
    if ((!n->wide && end > LIMIT_NARROW) || obstacle(p, n, n->start, end) != 0)
        return false;
    if (n->domain == 0)
        return true; /* firmware knows where its root bus decodes; the free ranges are only what is safe to take */
    for (uint32_t i = 0; window_of(p, n, i, &w); i++)
        if (w.start <= n->start && end <= w.end)
            return true;
    return false;
}

/* The lowest place in a window, or RESOURCE_NOWHERE. */
static uint64_t place_in(const struct resource_plan *p, const struct resource_node *n, struct resource_range w)
{
    uint64_t limit = n->wide || w.end < LIMIT_NARROW ? w.end : LIMIT_NARROW;
    uint64_t start = round_up(w.start, n->align);
    while (start < limit && n->size <= limit - start) {
        uint64_t behind = obstacle(p, n, start, start + n->size);
        if (behind == 0)
            return start;
        start = round_up(behind, n->align);
    }
    return RESOURCE_NOWHERE;
}

static void place(const struct resource_plan *p, struct resource_node *n)
{
    struct resource_range w;
    n->state = RESOURCE_NO_ROOM;
    for (uint32_t own_kind = 0; own_kind < 2; own_kind++) /* windows of its own kind first */
        for (uint32_t i = 0; n->state == RESOURCE_NO_ROOM && window_of(p, n, i, &w); i++) {
            if (w.end == 0 || (w.kind == n->kind) != (own_kind == 0))
                continue;
            uint64_t start = place_in(p, n, w);
            if (start != RESOURCE_NOWHERE) {
                n->start = start;
                n->state = RESOURCE_PLACED;
            }
        }
    if (n->state == RESOURCE_NO_ROOM)
        n->start = RESOURCE_NOWHERE;
}

/* Is there a closed window of just this kind for what lies in `domain`? */
static bool has_closed(const struct resource_plan *p, uint32_t domain, uint8_t kind)
{
    for (uint32_t i = 0; i < p->count; i++)
        if (p->node[i].provides == domain && p->node[i].kind == kind)
            return !is_placed(&p->node[i]);
    return false;
}

/* Will the node look for its place in the closed window `w`? */
static bool wants(const struct resource_plan *p, const struct resource_node *n, const struct resource_node *w)
{
    if (n->domain != w->provides || is_placed(n) || n->size == 0)
        return false;
    if (n->kind == w->kind)
        return true;
    bool has_own = has_closed(p, n->domain, RESOURCE_PREFETCHABLE);
    return n->kind == RESOURCE_PREFETCHABLE && w->kind == RESOURCE_MEMORY && !has_own;
}

/* The unplaced node with the largest alignment below `below`, or below that index among equals; NULL: none left. */
static struct resource_node *next_largest(const struct resource_plan *p, uint32_t domain,
                                          const struct resource_node *window, const struct resource_node *last)
{
    struct resource_node *best = NULL;
    for (uint32_t i = 0; i < p->count; i++) {
        struct resource_node *n = &p->node[i];
        bool is_one =
            window ? wants(p, n, window) : n->domain == domain && n->state == RESOURCE_UNPLACED && n->size != 0;
        bool is_later = !last || n->align < last->align || (n->align == last->align && n > last);
        if (is_one && is_later && (!best || n->align > best->align))
            best = n;
    }
    return best;
}

/* How much the window must hold. Saturates: what is too large finds no room. */
static void size_window(const struct resource_plan *p, struct resource_node *w)
{
    uint64_t bytes = 0, align = w->align;
    for (struct resource_node *n = next_largest(p, 0, w, NULL); n; n = next_largest(p, 0, w, n)) {
        uint64_t start = round_up(bytes, n->align);
        bytes = start > UINT64_MAX - n->size ? UINT64_MAX : start + n->size;
        align = n->align > align ? n->align : align;
        w->wide = w->wide && n->wide;
    }
    w->size = round_up(bytes, w->align);
    w->align = align;
}

struct resource_result resource_plan(const struct resource_plan *p)
{
    struct resource_result result = {0};
    uint32_t domains = 1, missing = 0;
    for (uint32_t i = 0; i < p->count; i++) {
        struct resource_node *n = &p->node[i];
        domains = n->provides >= domains ? n->provides + 1 : domains;
        if (is_well_placed(p, n)) {
            n->state = RESOURCE_KEPT;
        } else {
            n->start = RESOURCE_NOWHERE;
            n->size = n->provides != 0 ? 0 : n->size; /* a window in a wrong place is made anew */
            missing += n->provides == 0 && n->size != 0;
        }
    }
    if (missing != 0) {
        for (uint32_t i = p->count; i-- > 0;)
            if (p->node[i].provides != 0 && !is_placed(&p->node[i]))
                size_window(p, &p->node[i]);
        for (uint32_t domain = 0; domain < domains; domain++)
            for (struct resource_node *n = next_largest(p, domain, NULL, NULL); n;
                 n = next_largest(p, domain, NULL, NULL))
                place(p, n);
    }
    for (uint32_t i = 0; i < p->count; i++) {
        result.kept += p->node[i].state == RESOURCE_KEPT;
        result.placed += p->node[i].state == RESOURCE_PLACED;
        result.no_room += p->node[i].state == RESOURCE_NO_ROOM;
    }
    return result;
}
