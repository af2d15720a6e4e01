/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DMA pools and their buffers while the CPU owns them. See dma.h for the whole; the annotations are contracts for the
 * prover (docs/proof.md).
 */
#ifndef TENURE_CORE_DMA_POOL_H
#define TENURE_CORE_DMA_POOL_H

#include <stdint.h>

#include <tenure/abi/handle.h>
#include <tenure/abi/status.h>

#include "ledger.h"
#include "slot.h"

enum tn_buffer_state {
    TN_BUFFER_FREE,
    TN_BUFFER_CPU,
    TN_BUFFER_IN_FLIGHT,
    TN_BUFFER_COMPLETED,
    TN_BUFFER_ABORTED,
    TN_BUFFER_ORPHAN, /* its client is gone, its device is not: mapped and charged until the completion */
    TN_BUFFER_SCRUBBING,
    TN_BUFFER_QUARANTINED,
    TN_BUFFER_STATES
};

enum tn_pool_state {
    TN_POOL_EMPTY,
    TN_POOL_RESERVED,    /* charged, no memory yet */
    TN_POOL_COMMITTED,   /* has zeroed memory */
    TN_POOL_MAPPED,      /* reachable by its owner, and by a device as the policy says: buffers can be taken */
    TN_POOL_REVOKING,    /* no new buffers, no new submits */
    TN_POOL_INVALIDATED, /* no device and no CPU mapping is left */
    TN_POOL_SCRUBBED,
    TN_POOL_QUARANTINED, /* for good: the device that may still write was not silenced */
    TN_POOL_STATES
};

/* The states of buffers and fences each have an integer type that nothing else in core/ has: the prover keeps one map
 * of memory for each type, so no other write can seem to disturb the counts per state (docs/proof.md). */

struct tn_buffer {
    uint32_t length; /* bytes asked for at alloc; at most the pool's buffer_bytes */
    uint8_t state;   /* enum tn_buffer_state */
};

struct tn_pool {
    struct tn_slots slots;
    struct tn_buffer *record; /* one for each slot */
    uint64_t owner_epoch;
    struct tn_ledger *ledger; /* charged: TN_CHARGE_BUFFERS a taken buffer, TN_CHARGE_IN_FLIGHT a submitted one */
    uint32_t buffer_bytes;    /* size of each buffer */
    uint32_t state;           /* enum tn_pool_state */
    uint32_t in_state[TN_BUFFER_STATES]; /* how many buffers are in each state; the sum is the pool's count,
                                            retired ones count as TN_BUFFER_FREE */
};

/*@ predicate tn_buffer_moves(integer from, integer to) =
      (from == TN_BUFFER_FREE && to == TN_BUFFER_CPU) ||
      (from == TN_BUFFER_CPU && (to == TN_BUFFER_IN_FLIGHT || to == TN_BUFFER_SCRUBBING)) ||
      (from == TN_BUFFER_IN_FLIGHT && (to == TN_BUFFER_COMPLETED || to == TN_BUFFER_ABORTED ||
                                       to == TN_BUFFER_ORPHAN || to == TN_BUFFER_QUARANTINED)) ||
      ((from == TN_BUFFER_COMPLETED || from == TN_BUFFER_ABORTED) && to == TN_BUFFER_CPU) ||
      (from == TN_BUFFER_ORPHAN && (to == TN_BUFFER_SCRUBBING || to == TN_BUFFER_QUARANTINED)) ||
      (from == TN_BUFFER_SCRUBBING && to == TN_BUFFER_FREE);
    predicate tn_pool_moves(integer from, integer to) =
      (from == TN_POOL_EMPTY && to == TN_POOL_RESERVED) ||
      (from == TN_POOL_RESERVED && (to == TN_POOL_COMMITTED || to == TN_POOL_EMPTY)) ||
      (from == TN_POOL_COMMITTED && (to == TN_POOL_MAPPED || to == TN_POOL_REVOKING)) ||
      (from == TN_POOL_MAPPED && to == TN_POOL_REVOKING) ||
      (from == TN_POOL_REVOKING && (to == TN_POOL_INVALIDATED || to == TN_POOL_QUARANTINED)) ||
      (from == TN_POOL_INVALIDATED && to == TN_POOL_SCRUBBED) || (from == TN_POOL_SCRUBBED && to == TN_POOL_EMPTY); */

/* The tables of the state machines: may a buffer (pool) go from one state to the other? False for values out of range.
 */
/*@ assigns \nothing;
    ensures \result <==> tn_buffer_moves(from, to); */
bool tn_buffer_may_move(uint32_t from, uint32_t to);
/*@ assigns \nothing;
    ensures \result <==> tn_pool_moves(from, to); */
bool tn_pool_may_move(uint32_t from, uint32_t to);
/*@ assigns \nothing; */
const char *tn_buffer_state_name(uint32_t state);
/*@ assigns \nothing; */
const char *tn_pool_state_name(uint32_t state);

/*@ // How many of the first n buffers are in a state.
    logic integer tn_buffers_in{L}(struct tn_buffer *record, integer n, integer state) =
      n <= 0 ? 0 : tn_buffers_in(record, n - 1, state) + (record[n - 1].state == state ? 1 : 0);
    predicate tn_buffer_counts{L}(struct tn_pool *p) =
      (\forall integer i; 0 <= i < p->slots.count ==> p->record[i].state < TN_BUFFER_STATES) &&
      (\forall integer s; 0 <= s < TN_BUFFER_STATES ==>
        p->in_state[s] == tn_buffers_in(p->record, p->slots.count, s));

    predicate tn_pool_shape{L}(struct tn_pool *p) =
      \valid(p) && 0 < p->slots.count <= TN_HANDLE_SLOTS && \valid(p->ledger) &&
      \valid(p->record + (0 .. p->slots.count - 1)) && \valid(p->slots.slot + (0 .. p->slots.count - 1)) &&
      \separated(p, p->record + (0 .. p->slots.count - 1), p->slots.slot + (0 .. p->slots.count - 1), p->ledger);
    // A buffer is free exactly if its slot is.
    predicate tn_pool_lives{L}(struct tn_pool *p) =
      \forall integer i; 0 <= i < p->slots.count ==>
        (p->record[i].state != TN_BUFFER_FREE <==> tn_is_live(&p->slots, i));
    predicate tn_pool_ok{L}(struct tn_pool *p) =
      tn_pool_shape(p) && tn_slots_ok(&p->slots) && tn_ledger_ok(p->ledger) && tn_buffer_counts(p) &&
      tn_pool_lives(p) && p->state < TN_POOL_STATES;

    // The one meaning of "the CPU owns the buffer under this name".
    predicate tn_buffer_owned{L}(struct tn_pool *p, integer name) =
      tn_slot_of(name) < p->slots.count && p->slots.slot[tn_slot_of(name)].generation == tn_generation_of(name) &&
      p->record[tn_slot_of(name)].state == TN_BUFFER_CPU;

    // What any operation may do to a buffer: its slot steps, and the CPU never comes to own it under an older name.
    predicate tn_buffer_step{L1, L2}(struct tn_pool *p, integer i) =
      tn_slot_step{L1, L2}(\at(&p->slots, L1), i) &&
      (\at(p->record[i].state, L2) == TN_BUFFER_CPU &&
       \at(p->slots.slot[i].generation, L1) == \at(p->slots.slot[i].generation, L2) ==>
         \at(p->record[i].state, L1) == TN_BUFFER_CPU);
    predicate tn_pool_step{L1, L2}(struct tn_pool *p) =
      \forall integer i; 0 <= i < \at(p->slots.count, L1) ==> tn_buffer_step{L1, L2}(p, i);
    predicate tn_pool_same_but{L1, L2}(struct tn_pool *p, integer k) =
      tn_slots_same_but{L1, L2}(\at(&p->slots, L1), k) &&
      \forall integer i; 0 <= i < \at(p->slots.count, L1) && i != k ==>
        \at(p->record[i].state, L1) == \at(p->record[i].state, L2);

    lemma tn_buffer_one_owner{L}: \forall struct tn_pool *p, integer a, b; a >= 0 && b >= 0 &&
      tn_buffer_owned(p, a) && tn_buffer_owned(p, b) && tn_slot_of(a) == tn_slot_of(b) ==> a == b;
    lemma tn_buffer_stale_for_ever{L1, L2}: \forall struct tn_pool *p, integer name;
      \at(p->slots.count, L1) == \at(p->slots.count, L2) && 0 <= tn_slot_of(name) && tn_pool_step{L1, L2}(p) &&
      !tn_buffer_owned{L1}(p, name) && tn_slot_of(name) < \at(p->slots.count, L1) &&
      tn_generation_of(name) <= \at(p->slots.slot[tn_slot_of(name)].generation, L1) ==>
      !tn_buffer_owned{L2}(p, name); */

/* What a pool is made of. */
struct tn_pool_plan {
    struct tn_slot *slot; /* `count` each, the embedder's for the pool's life */
    struct tn_buffer *record;
    struct tn_ledger *ledger;
    uint64_t owner_epoch;    /* not 0 */
    uint64_t generation_max; /* 1 to TN_HANDLE_GENERATION_MAX */
    uint32_t count;          /* 1 to 2^20 */
    uint32_t buffer_bytes;   /* 1 to 2^31 */
};
/* A pool in state TN_POOL_EMPTY. False and nothing changed on a bad argument. */
/*@ requires \valid(pool) && \valid_read(plan);
    requires plan->slot != \null ==> \valid(plan->slot + (0 .. plan->count - 1));
    requires plan->record != \null ==> \valid(plan->record + (0 .. plan->count - 1));
    requires plan->ledger != \null ==> tn_ledger_ok(plan->ledger);
    requires \separated(pool, plan, plan->slot + (0 .. plan->count - 1), plan->record + (0 .. plan->count - 1),
                        plan->ledger);
    assigns *pool, plan->slot[0 .. plan->count - 1], plan->record[0 .. plan->count - 1];
    ensures \result <==> tn_slots_may_be(plan->slot, plan->count, plan->generation_max) && plan->record != \null &&
              plan->ledger != \null && plan->owner_epoch != 0 && 0 < plan->buffer_bytes <= 2147483648;
    ensures \result ==> tn_pool_ok(pool) && pool->state == TN_POOL_EMPTY && pool->slots.free == plan->count;
    ensures !\result ==> *pool == \old(*pool);
    ensures !\result ==> \forall integer i; 0 <= i < plan->count ==>
              plan->slot[i] == \old(plan->slot[i]) && plan->record[i] == \old(plan->record[i]); */
bool tn_pool_init(struct tn_pool *pool, const struct tn_pool_plan *plan);
/* The one function that moves a pool: TN_ESTATE if the table has no such move, or if buffers are outstanding that
 * forbid it: to REVOKING from MAPPED always; to INVALIDATED only when no buffer is in flight, orphan or in quarantine;
 * to SCRUBBED only when every buffer is free. */
/*@ requires tn_pool_ok(pool);
    assigns pool->state;
    ensures \result == TN_OK || \result == TN_ESTATE;
    ensures \result == TN_OK ==> tn_pool_moves(\old(pool->state), to) && pool->state == to;
    ensures \result != TN_OK ==> pool->state == \old(pool->state);
    ensures \result == TN_OK && to == TN_POOL_INVALIDATED ==>
      \old(pool->in_state[TN_BUFFER_IN_FLIGHT]) == 0 && \old(pool->in_state[TN_BUFFER_ORPHAN]) == 0 &&
      \old(pool->in_state[TN_BUFFER_QUARANTINED]) == 0;
    ensures \result == TN_OK && to == TN_POOL_SCRUBBED ==>
      \old(pool->in_state[TN_BUFFER_FREE]) == pool->slots.count;
    ensures tn_pool_ok(pool); */
TN_MUST_CHECK enum tn_status tn_pool_move(struct tn_pool *pool, enum tn_pool_state to);

/* TN_ESTATE: pool not mapped. TN_ERANGE: length 0 or above buffer_bytes. TN_EBUDGET. TN_EEXHAUSTED: no free buffer.
 * Checked in this order. */
/*@ predicate tn_buffer_allows_alloc{L}(struct tn_pool *p, integer length) =
      p->state == TN_POOL_MAPPED && 0 < length <= p->buffer_bytes &&
      tn_ledger_has_room(p->ledger, TN_CHARGE_BUFFERS, 1) && p->slots.free > 0; */
/*@ requires tn_pool_ok(pool);
    assigns \nothing;
    ensures \result == TN_OK <==> tn_buffer_allows_alloc(pool, length);
    ensures \result == TN_ESTATE <==> pool->state != TN_POOL_MAPPED; */
TN_MUST_CHECK enum tn_status tn_buffer_alloc_decide(const struct tn_pool *pool, uint64_t length);
/* Returns the buffer's name; state TN_BUFFER_CPU. The memory was zeroed when the pool was committed and at every
 * release. */
/*@ requires tn_pool_ok(pool) && tn_buffer_allows_alloc(pool, length);
    assigns pool->slots.head, pool->slots.free, pool->slots.slot[0 .. pool->slots.count - 1];
    assigns pool->in_state[0 .. TN_BUFFER_STATES - 1], pool->record[0 .. pool->slots.count - 1];
    assigns pool->ledger->used[TN_CHARGE_BUFFERS];
    ensures tn_pool_ok(pool);
    ensures tn_pool_step{Pre, Post}(pool);
    ensures tn_pool_same_but{Pre, Post}(pool, tn_slot_of(\result));
    ensures tn_buffer_owned(pool, \result);
    ensures fresh: tn_generation_of(\result) > \at(pool->slots.slot[tn_slot_of(\result)].generation, Pre);
    ensures \at(pool->record[tn_slot_of(\result)].state, Pre) == TN_BUFFER_FREE;
    ensures pool->ledger->used[TN_CHARGE_BUFFERS] == \old(pool->ledger->used[TN_CHARGE_BUFFERS]) + 1; */
uint64_t tn_buffer_alloc_commit(struct tn_pool *pool, uint32_t length);

/* The record of a slot below slots.count, for reading. */
static inline const struct tn_buffer *tn_pool_at(const struct tn_pool *pool, uint32_t slot)
{
    return &pool->record[slot];
}
/* The current name of a slot, for walks at teardown; TN_HANDLE_NONE if it is free, being scrubbed or out of range. */
/*@ requires tn_pool_ok(pool);
    assigns \nothing;
    ensures \result != TN_HANDLE_NONE ==> tn_slot_of(\result) == slot && slot < pool->slots.count &&
              tn_generation_of(\result) == pool->slots.slot[slot].generation &&
              pool->record[slot].state != TN_BUFFER_FREE && pool->record[slot].state != TN_BUFFER_SCRUBBING; */
uint64_t tn_buffer_name(const struct tn_pool *pool, uint32_t slot);

/* TN_ESTALE: not a live name of this pool. TN_ESTATE: live, and not owned by the CPU. */
/*@ requires tn_pool_ok(pool);
    assigns \nothing;
    ensures \result == TN_OK || \result == TN_ESTALE || \result == TN_ESTATE;
    ensures \result == TN_OK <==> tn_buffer_owned(pool, name);
    ensures \result == TN_ESTATE ==> tn_names(&pool->slots, tn_slot_of(name), tn_generation_of(name)); */
TN_MUST_CHECK enum tn_status tn_buffer_use_decide(const struct tn_pool *pool, uint64_t name);
/* Releases a CPU-owned buffer (tn_buffer_use_decide is its decide): to TN_BUFFER_SCRUBBING. Older names are stale from
 * here. The embedder scrubs buffer_bytes, then calls tn_buffer_scrubbed_commit(slot). */
/*@ requires tn_pool_ok(pool) && tn_buffer_owned(pool, name);
    assigns pool->in_state[0 .. TN_BUFFER_STATES - 1], pool->record[tn_slot_of(name)].state;
    ensures tn_pool_ok(pool);
    ensures tn_pool_step{Pre, Post}(pool);
    ensures tn_pool_same_but{Pre, Post}(pool, tn_slot_of(name));
    ensures !tn_buffer_owned(pool, name) && pool->record[tn_slot_of(name)].state == TN_BUFFER_SCRUBBING; */
void tn_buffer_release_commit(struct tn_pool *pool, uint64_t name);
/* SCRUBBING to FREE (or retired), uncharged. */
/*@ requires tn_pool_ok(pool) && slot < pool->slots.count && pool->record[slot].state == TN_BUFFER_SCRUBBING;
    requires charged: pool->ledger->used[TN_CHARGE_BUFFERS] >= 1;
    assigns pool->slots.free, pool->slots.slot[0 .. pool->slots.count - 1];
    assigns pool->in_state[0 .. TN_BUFFER_STATES - 1], pool->record[slot], pool->ledger->used[TN_CHARGE_BUFFERS];
    ensures tn_pool_ok(pool);
    ensures tn_pool_step{Pre, Post}(pool);
    ensures tn_pool_same_but{Pre, Post}(pool, slot);
    ensures pool->record[slot].state == TN_BUFFER_FREE;
    ensures pool->ledger->used[TN_CHARGE_BUFFERS] == \old(pool->ledger->used[TN_CHARGE_BUFFERS]) - 1; */
void tn_buffer_scrubbed_commit(struct tn_pool *pool, uint32_t slot);

#endif
