/* SPDX-License-Identifier: Apache-2.0 */
/* A pool as the library sees it. */
#ifndef TENURE_LIB_POOL_INSIDE_H
#define TENURE_LIB_POOL_INSIDE_H

#include <tenure/tenure.h>

enum { TN_LABEL_BYTES = 32, TN_CACHE_LINE = 64, TN_PAGE = 4096, TN_HUGE_PAGE = 2 << 20, TN_BOX_LIVES = 16 };

/* Where the function that this stands in was called from. */
#define TN_CALLER __builtin_return_address(0)

/* What last happened to a buffer of a guarded pool, for the report of a fault. */
struct tn_last_move {
    const char *what; /* "released", "submitted" …; NULL: never left the pool */
    void *place;      /* code address in the caller */
    int thread;
};

struct tn_pool_inside {
    struct tn_dma_pool face; /* first: the user's pointer points here */
    char label[TN_LABEL_BYTES];
    bool plain; /* no guard and no scrub: the short way */
    uint64_t refused;
    uint64_t lied;
    uint64_t guard_refused;
    void *caller; /* of a function that moves buffers through others of ours: who is named in reports; else NULL */
    int process;  /* that made it, and has its memory: a child of fork has not */
    uint32_t refused_status;
    enum tn_backing backing;
    enum tn_guard guard;
    uint64_t scrub_bytes; /* of a buffer that is released; 0: it stays as it is */
    uint32_t buffer_bytes;
    size_t memory_bytes;          /* of face.memory, from its mapping's beginning */
    unsigned char *device_memory; /* a second mapping of the same memory, never guarded; NULL: there is none */
    uint64_t *address;
    struct tn_box *boxes;           /* TN_BOX_LIVES for each buffer, if asked for */
    struct tn_last_move *last;      /* for each buffer, with TN_GUARD_MPROTECT */
    struct tn_pool_inside *guarded; /* the next in the list of pools whose faults are reported */
};

static inline struct tn_pool_inside *tn_inside(struct tn_dma_pool *pool)
{
    return (struct tn_pool_inside *)pool;
}

/* ---- box.c ---- */

struct tn_box;
size_t tn_boxes_bytes(uint32_t count);

/* ---- guard.c ---- */

/* Can this guard be had in this process? */
bool tn_guard_is_there(enum tn_guard guard);
/* From here on nobody may touch what is not the CPU's; everything in a new pool is. False: the system refused. */
bool tn_guard_begin(struct tn_pool_inside *pool);
/* All of the memory is the CPU's again. */
void tn_guard_end(struct tn_pool_inside *pool);
/* The memory stays as it is, for ever; its pool goes. */
void tn_guard_leave(struct tn_pool_inside *pool);
/* A buffer became, or ceases to be, the CPU's. `what` and `place` as in struct tn_last_move. False: the system refused,
 * the buffer is as it was, and that is counted. */
bool tn_guard_open(struct tn_pool_inside *pool, uint64_t slot);
/* The whole pool is within reach: what the system grants when it has no more pieces of memory to give. */
bool tn_guard_open_all(struct tn_pool_inside *pool);
bool tn_guard_close(struct tn_pool_inside *pool, uint64_t slot, const char *what, void *place);

/* ---- memory.c ---- */

/* Zeroed memory as the configuration says: face.memory, memory_bytes, device_memory. */
TN_MUST_CHECK enum tn_status tn_memory_get(struct tn_pool_inside *pool, const struct tn_dma_pool_config *config);
void tn_memory_give(struct tn_pool_inside *pool);

#endif
