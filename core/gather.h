/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ends that wait for a flush. A device's reach into a buffer, or a CPU's, is over only when an invalidation that began
 * after the unmapping has finished. One flush covers all that was gathered before it began; nothing leaves earlier,
 * nothing leaves twice, and a flush that nobody began ends nothing. The flushing itself is the embedder's.
 *
 * Places are counted from the start and never again: head <= done <= begun <= tail <= head + entries.
 */
#ifndef TENURE_CORE_GATHER_H
#define TENURE_CORE_GATHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tenure/abi/handle.h>
#include <tenure/abi/status.h>

/* What waits. */
struct tn_gathered {
    uint64_t name; /* a fence's */
    bool flushed;  /* a flush began when this was the latest: its number is that of the place after this one */
};

struct tn_gather {
    struct tn_gathered *gathered; /* `entries`, the embedder's */
    uint64_t head;                /* the next to leave */
    uint64_t done;                /* all before it are covered by a flush that has finished */
    uint64_t begun;               /* all before it are covered by a flush that has begun */
    uint64_t tail;                /* all that was ever added */
    uint32_t entries;             /* 1 to 2^20 */
};

/*@ predicate tn_gather_ok{L}(struct tn_gather *g) =
      \valid(g) && 0 < g->entries <= TN_HANDLE_SLOTS && \valid(g->gathered + (0 .. g->entries - 1)) &&
      \separated(g, g->gathered + (0 .. g->entries - 1)) &&
      g->head <= g->done <= g->begun <= g->tail <= g->head + g->entries;
    // A flush of this number has begun, and neither it nor a later one has ended.
    predicate tn_flush_runs{L}(struct tn_gather *g, integer number) =
      g->done < number <= g->begun && g->gathered[(number - 1) % g->entries].flushed; */

/* False and nothing changed on a bad argument. */
/*@ requires \valid(gather) && (gathered != \null ==> \valid(gathered + (0 .. entries - 1)));
    requires \separated(gather, gathered + (0 .. entries - 1));
    assigns *gather;
    ensures \result <==> gathered != \null && 0 < entries <= TN_HANDLE_SLOTS;
    ensures \result ==> tn_gather_ok(gather) && gather->tail == 0 && gather->gathered == gathered &&
              gather->entries == entries;
    ensures !\result ==> *gather == \old(*gather); */
bool tn_gather_init(struct tn_gather *gather, struct tn_gathered *gathered, uint32_t entries);

/* TN_OK or TN_EAGAIN (full: flush first). */
/*@ requires tn_gather_ok(gather);
    assigns \nothing;
    ensures \result == TN_OK || \result == TN_EAGAIN;
    ensures \result == TN_OK <==> gather->tail < gather->head + gather->entries && gather->tail < UINT64_MAX; */
TN_MUST_CHECK enum tn_status tn_gather_add_decide(const struct tn_gather *gather);
/* `name` waits from here: for a flush that begins later. */
/*@ requires tn_gather_ok(gather) && gather->tail < gather->head + gather->entries && gather->tail < UINT64_MAX;
    assigns gather->tail, gather->gathered[0 .. gather->entries - 1];
    ensures tn_gather_ok(gather) && gather->tail == \old(gather->tail) + 1;
    ensures gather->gathered[\old(gather->tail) % gather->entries].name == name;
    ensures no_flush: !gather->gathered[\old(gather->tail) % gather->entries].flushed;
    ensures \forall integer i; 0 <= i < gather->entries && i != \old(gather->tail) % gather->entries ==>
              gather->gathered[i] == \old(gather->gathered[i]); */
void tn_gather_add_commit(struct tn_gather *gather, uint64_t name);

/* To be called right before the flush begins. Returns its number, for tn_gather_flush_end: of two flushes with nothing
 * added between them it is the same. */
/*@ requires tn_gather_ok(gather);
    assigns gather->begun, gather->gathered[0 .. gather->entries - 1].flushed;
    ensures tn_gather_ok(gather) && gather->begun == gather->tail && \result == gather->tail;
    ensures runs: gather->tail > gather->done ==> tn_flush_runs(gather, \result);
    ensures only: \forall integer i; 0 <= i < gather->entries && i != (gather->tail - 1) % gather->entries ==>
              gather->gathered[i].flushed == \old(gather->gathered[i].flushed);
    ensures none: gather->tail == gather->done ==> \forall integer i; 0 <= i < gather->entries ==>
              gather->gathered[i].flushed == \old(gather->gathered[i].flushed); */
uint64_t tn_gather_flush_begin(struct tn_gather *gather);
/* TN_ESTALE: no flush of this number has begun, or it (or a later one) has ended. */
/*@ requires tn_gather_ok(gather);
    assigns \nothing;
    ensures \result == TN_OK || \result == TN_ESTALE;
    ensures \result == TN_OK <==> tn_flush_runs(gather, number); */
TN_MUST_CHECK enum tn_status tn_gather_flush_end_decide(const struct tn_gather *gather, uint64_t number);
/* The flush of this number has finished: what it covers may leave. */
/*@ requires tn_gather_ok(gather) && tn_flush_runs(gather, number);
    assigns gather->done;
    ensures tn_gather_ok(gather) && gather->done == number; */
void tn_gather_flush_end_commit(struct tn_gather *gather, uint64_t number);

/* Has the oldest that waits been covered? Then it can leave. */
/*@ requires tn_gather_ok(gather);
    assigns \nothing;
    ensures \result <==> gather->head < gather->done; */
static inline bool tn_gather_has_next(const struct tn_gather *gather)
{
    return gather->head < gather->done;
}
/* The oldest leaves (tn_gather_has_next must say so). */
/*@ requires tn_gather_ok(gather) && gather->head < gather->done;
    assigns gather->head;
    ensures tn_gather_ok(gather) && gather->head == \old(gather->head) + 1;
    ensures \result == gather->gathered[\old(gather->head) % gather->entries].name; */
uint64_t tn_gather_next_commit(struct tn_gather *gather);

#endif
