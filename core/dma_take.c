/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queues: the outcome of an ended fence is taken, buffer by buffer.
 */
#include "dma_take.h"

#include "bug.h"
#include "dma_end.h"
#include "dma_find.h"
#include "dma_part.h"

enum tn_status tn_fence_take_decide(const struct tn_queue *queue, uint64_t fence)
{
    if (!tn_queue_has(queue, fence))
        return TN_ESTALE;
    uint32_t slot = tn_handle_slot(fence);
    //@ assert slot < queue->slots.count;
    const struct tn_fence_record *record = &queue->record[slot];
    if (record->state != TN_FENCE_ENDED)
        return TN_EAGAIN;
    //@ assert tn_fence_next_home(queue, slot);
    if (record->parts == 0)
        return TN_OK;
    return tn_buffer_home_decide(record->pool, *tn_part_of(queue, slot, record->taken)) == TN_EAGAIN ? TN_EAGAIN
                                                                                                     : TN_OK;
}

/* A buffer is back: of the queue, nothing changes. */
/*@ requires tn_queue_shape(queue) && tn_pool_ok(pool) && tn_queue_apart(queue, pool);
    requires status == TN_OK ==> tn_buffer_may_go_home(pool, name);
    requires status == TN_EQUARANTINED ==> tn_buffer_is_back(pool, name);
    assigns pool->mark[0 .. pool->count - 1], pool->away, pool->quarantined, pool->retired,
            pool->page_away[0 .. TN_HANDLE_SLOTS];
    ensures tn_pool_ok(pool) && pool->mark == \old(pool->mark) && pool->count == \old(pool->count);
    ensures pool->stack == \old(pool->stack);
    ensures \result.mark != 0 ==> tn_buffer_is(pool, \result, TN_BUFFER_CPU) && \result.slot == name.slot;
    ensures tn_ring_same{Pre, Post}(queue->slots.slot, queue->slots.count);
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_in_state_same{Pre, Post}(queue);
    ensures tn_links_same{Pre, Post}(queue);
    ensures tn_tickets_same{Pre, Post}(queue, TN_SLOT_NONE);
    ensures tn_load_same{Pre, Post}(queue, TN_SLOT_NONE);
    ensures queue->next_ticket == \old(queue->next_ticket); */
static inline struct tn_buffer_name home_one(const struct tn_queue *queue, struct tn_pool *pool,
                                             struct tn_buffer_name name, enum tn_status status)
{
    (void)queue;
    struct tn_buffer_name home = tn_part_home(pool, name, status);
    //@ assert tn_ring_same{Pre, Here}(queue->slots.slot, queue->slots.count);
    return home;
}

/* The same, said of the queue as a whole: it is as it was. */
/*@ requires tn_queue_ok(queue) && tn_pool_ok(pool) && tn_queue_apart(queue, pool);
    requires status == TN_OK ==> tn_buffer_may_go_home(pool, name);
    requires status == TN_EQUARANTINED ==> tn_buffer_is_back(pool, name);
    assigns pool->mark[0 .. pool->count - 1], pool->away, pool->quarantined, pool->retired,
            pool->page_away[0 .. TN_HANDLE_SLOTS];
    ensures tn_pool_ok(pool) && pool->mark == \old(pool->mark) && pool->count == \old(pool->count);
    ensures pool->stack == \old(pool->stack);
    ensures \result.mark != 0 ==> tn_buffer_is(pool, \result, TN_BUFFER_CPU) && \result.slot == name.slot;
    ensures tn_queue_shape(queue);
    ensures tn_slots_ok(&queue->slots);
    ensures tn_queue_lives(queue);
    ensures tn_fence_counts(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE);
    ensures queue->next_ticket == \old(queue->next_ticket);
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_states_same{Pre, Post}(queue, TN_SLOT_NONE);
    ensures tn_load_same{Pre, Post}(queue, TN_SLOT_NONE); */
static inline struct tn_buffer_name come_home(const struct tn_queue *queue, struct tn_pool *pool,
                                              struct tn_buffer_name name, enum tn_status status)
{
    struct tn_buffer_name home = home_one(queue, pool, name, status);
    //@ assert queue->slots.count == \at(queue->slots.count, Pre);
    //@ assert \forall integer n, s; tn_fences_in(queue->record, n, s) == tn_fences_in{Pre}(queue->record, n, s);
    /*@ assert \forall integer s; 0 <= s < TN_FENCE_STATES ==>
               queue->in_state[s] == tn_fences_in(queue->record, queue->slots.count, s); */
    //@ assert tn_fence_counts(queue);
    //@ assert tn_queue_shape(queue);
    //@ assert tn_fifo_same{Pre, Here}(queue, TN_SLOT_NONE);
    //@ assert tn_states_same{Pre, Here}(queue, TN_SLOT_NONE);
    return home;
}

/*@ assigns \nothing;
    ensures \result == (used < length ? used : length); */
static inline uint32_t share_of(uint32_t used, uint32_t length)
{
    return used < length ? used : length;
}

/* With a page that is lost, its buffer is. */
/*@ assigns \nothing;
    ensures \result == (home == TN_EQUARANTINED ? TN_EQUARANTINED : status); */
static inline uint32_t status_of(enum tn_status home, uint32_t status)
{
    return home == TN_EQUARANTINED ? (uint32_t)TN_EQUARANTINED : status;
}

/* The next buffer of a fence comes home, if it has one, with its share of what the device used: of the queue, and of
 * the ledger, nothing changes. */
/*@ requires tn_queue_ok(queue) && slot < queue->slots.count;
    requires tn_ledger_ok(ledger) && tn_ledger_apart(queue, ledger);
    requires queue->record[slot].parts > 0 ==> queue->record[slot].taken < queue->record[slot].parts <=
   queue->parts_max; requires queue->record[slot].parts > 0 ==> tn_may_travel(queue, queue->record[slot].pool, ledger);
    requires queue->record[slot].parts > 0 ==> tn_fence_parts(queue, slot) &&
      queue->part[slot * queue->parts_max + queue->record[slot].taken].slot < queue->record[slot].pool->count;
    assigns queue->record[slot].pool->mark[0 .. queue->record[slot].pool->count - 1],
            queue->record[slot].pool->away, queue->record[slot].pool->quarantined,
            queue->record[slot].pool->retired, queue->record[slot].pool->page_away[0 .. TN_HANDLE_SLOTS];
    ensures \result.used <= queue->record[slot].used && \result.used <= \result.length;
    ensures \result.buffer_slot == (queue->record[slot].parts > 0 ?
              \old(queue->part[slot * queue->parts_max + queue->record[slot].taken].slot) : TN_SLOT_NONE);
    ensures tn_ledger_ok(ledger);
    ensures ledger->used[TN_CHARGE_IN_FLIGHT] == \old(ledger->used[TN_CHARGE_IN_FLIGHT]);
    ensures tn_queue_shape(queue);
    ensures tn_slots_ok(&queue->slots);
    ensures tn_queue_lives(queue);
    ensures tn_fence_counts(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE);
    ensures queue->next_ticket == \old(queue->next_ticket);
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_states_same{Pre, Post}(queue, TN_SLOT_NONE);
    ensures tn_load_same{Pre, Post}(queue, TN_SLOT_NONE); */
static inline struct tn_outcome take_part(const struct tn_queue *queue, uint32_t slot, const struct tn_ledger *ledger)
{
    const struct tn_fence_record *record = &queue->record[slot];
    struct tn_outcome outcome = {
        .buffer_slot = TN_SLOT_NONE,
        .status = record->status,
        .direction = record->direction,
        .orphan = record->orphan,
    };
    (void)ledger;
    if (record->parts == 0)
        return outcome;
    struct tn_buffer_name part = *tn_part_of(queue, slot, record->taken);
    outcome.buffer_slot = (uint32_t)part.slot;
    outcome.length = record->pool->length[part.slot];
    outcome.used = share_of(record->used, outcome.length);
    enum tn_status status = tn_buffer_home_decide(record->pool, part);
    outcome.status = status_of(status, record->status);
    /*@ assert apart: \forall integer c; 0 <= c < TN_CHARGE_COUNT ==>
               \separated(&ledger->used[c], record->pool->mark + (0 .. record->pool->count - 1)) &&
               \separated(&ledger->limit[c], record->pool->mark + (0 .. record->pool->count - 1)); */
    outcome.buffer = come_home(queue, record->pool, part, status);
    //@ assert \forall integer c; 0 <= c < TN_CHARGE_COUNT ==> ledger->used[c] == \at(ledger->used[c], Pre);
    //@ assert \forall integer c; 0 <= c < TN_CHARGE_COUNT ==> ledger->limit[c] == \at(ledger->limit[c], Pre);
    return outcome;
}

struct tn_outcome tn_fence_take_commit(struct tn_queue *queue, uint64_t fence)
{
    TN_ASSERT(tn_fence_take_decide(queue, fence) == TN_OK);
    uint32_t slot = tn_handle_slot(fence);
    struct tn_ledger *ledger = queue->record[slot].ledger;
    //@ ghost uint64_t charged = ledger->used[TN_CHARGE_IN_FLIGHT];
    struct tn_outcome outcome = take_part(queue, slot, ledger);
    //@ ghost Home: ;
    //@ assert tn_load_same_of{Pre, Here}(queue, slot) && queue->record[slot].ledger == ledger;
    //@ assert ledger->used[TN_CHARGE_IN_FLIGHT] == charged && tn_ledger_apart(queue, ledger);
    outcome.last = tn_fence_refund(queue, slot, ledger, queue->record[slot].parts > 0, outcome.used);
    //@ assert queue->slots.count == \at(queue->slots.count, Pre) && slot < queue->slots.count;
    //@ assert tn_load_same{Pre, Home}(queue, slot);
    //@ assert tn_load_same{Home, Here}(queue, slot);
    //@ assert tn_load_same{Pre, Here}(queue, slot);
    return outcome;
}
