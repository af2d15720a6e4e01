/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who decodes which addresses: a plan for BARs and bridge windows. What firmware placed well stays; what it left
 * without a place, or placed over something else, gets one; what finds no room is said to have none. Pure: it moves
 * numbers, and touches no device.
 */
#ifndef TENURE_KERNEL_PCI_RESOURCE_H
#define TENURE_KERNEL_PCI_RESOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include <tenure/abi/status.h>

enum resource_kind {
    RESOURCE_IO,
    RESOURCE_MEMORY,
    RESOURCE_PREFETCHABLE, /* in the root domain: memory above 4 GiB */
    RESOURCE_KINDS,
};

enum {
    RESOURCE_IO_STEP = 1 << 12, /* granularity of a bridge's windows */
    RESOURCE_MEMORY_STEP = 1 << 20,
};

#define RESOURCE_NOWHERE UINT64_MAX

/* [start, end) */
struct resource_range {
    uint64_t start, end;
    uint8_t kind; /* enum resource_kind */
};

enum resource_state {
    RESOURCE_UNPLACED, /* before the plan; after it: a window that nobody needs, closed */
    RESOURCE_KEPT,     /* where it was */
    RESOURCE_PLACED,   /* where it was not before */
    RESOURCE_NO_ROOM,  /* no window of its domain has room for it */
};

/*
 * A BAR or a bridge window. Domain 0 is the root; each bridge opens a domain of its own behind it. Nodes stand in an
 * order in which a window comes before what lies in the domain that it provides, and a domain's number is above that of
 * the domain its windows are in.
 */
struct resource_node {
    uint64_t start;    /* in: where it is, or RESOURCE_NOWHERE. Out: where it shall be, or RESOURCE_NOWHERE */
    uint64_t size;     /* BAR: a power of two. Window: its size; 0: closed, the plan sizes it */
    uint64_t align;    /* power of two; of a window its granularity, the plan raises it */
    uint32_t domain;   /* in which it lies */
    uint32_t provides; /* window: the domain behind it. BAR: 0 */
    uint8_t kind;      /* enum resource_kind */
    uint8_t state;     /* enum resource_state: RESOURCE_UNPLACED at the start */
    bool wide;         /* can be above 4 GiB */
};

struct resource_plan {
    struct resource_node *node;
    uint32_t count;
    const struct resource_range *free; /* of the root domain: where new places are taken from */
    uint32_t free_count;
    const struct resource_range *taken; /* of the root domain: what no device may lie over, wherever firmware put it */
    uint32_t taken_count;
    uint64_t limit; /* first address of memory that nobody can reach: what lies there moves */
};

struct resource_result {
    uint32_t kept, placed, no_room;
};

/* Makes the plan. Cost: the square of the number of nodes. */
struct resource_result resource_plan(const struct resource_plan *plan);

#endif
