/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole core in one struct: owners with their ledgers, capability tables, pools and rings, and the lines (queues)
 * that they share. Tables are tiny and generations few, so that a short sequence of operations meets every limit and
 * retirement. One struct, so that "nothing changed" is one comparison of bytes. What must be true of it is in oracle.h.
 */
#ifndef TENURE_TESTS_PROPERTY_WORLD_H
#define TENURE_TESTS_PROPERTY_WORLD_H

#include <core/cap.h>
#include <core/dma.h>
#include <core/gather.h>
#include <core/ledger.h>
#include <core/ring.h>
#include <core/route.h>

enum {
    OWNERS = 3,
    LINES = 2,
    CAPS = 4,
    BUFFERS = 3,
    FENCES = 3,
    PARTS = 3,    /* buffers of a fence, at most */
    PER_PAGE = 2, /* slices: the last page has one buffer */
    PAGES = 2,
    GATHERED = 3,  /* ends that wait for a flush, at most */
    TABLE_MAX = 4, /* the largest of the tables of slots */
    BUFFER_BYTES = 4096,
    RING_ENTRIES = 8,
    ROUTES = 2,
    STORM = 2, /* arrivals that wait before a source is masked */
};

/* What pools there are. Which owner has which is a matter of the setting. */
enum pool_kind {
    SCRUBBED,
    SLICED,
    DIRECT,         /* without scrub and slices: the direct path serves it, and no queue */
    SLICED_AT_ONCE, /* slices, without scrub */
    POOL_KINDS
};

struct owner {
    struct tn_ledger ledger;
    struct tn_cap_table caps;
    struct tn_slot cap_slot[CAPS];
    struct tn_cap cap[CAPS];
    struct tn_pool pool;
    uint64_t mark[BUFFERS];
    uint32_t length[BUFFERS];
    uint32_t stack[BUFFERS];
    uint16_t page_away[PAGES];
    struct tn_ring_account ring;
};

struct line {
    struct tn_queue queue;
    struct tn_slot fence_slot[FENCES];
    struct tn_fence_record fence[FENCES];
    struct tn_buffer_name part[FENCES * PARTS];
    struct tn_gather gather;
    struct tn_gathered gathered[GATHERED];
};

struct routing {
    struct tn_routes routes;
    struct tn_slot slot[ROUTES];
    struct tn_route route[ROUTES];
};

struct world {
    struct owner owner[OWNERS];
    struct line line[LINES];
    struct routing routing;
};

/* What a sequence begins with; from its first bytes, so that it is found and shrunk like the operations. */
struct setting {
    uint64_t cap_generations;
    uint64_t buffer_generations;
    uint64_t fence_generations;
    uint64_t in_flight_limit;
    uint64_t cap_slots_limit;
    uint64_t first_ticket;
    uint32_t parts_max;
    uint32_t waiters_max;
    uint32_t first_kind; /* of owner 0; the others have the kinds after it */
    uint32_t ring_start; /* both indices: the wrap at 2^32 is ordinary */
};

extern struct world world;

void world_init(const struct setting *setting);
/* A new incarnation's table, or a pool that was empty once more, in the same memory. */
void world_init_caps(uint32_t owner, uint64_t epoch, uint64_t generation_max);
void world_init_pool(uint32_t owner, uint64_t epoch, uint64_t generation_max, uint32_t kind);

#endif
