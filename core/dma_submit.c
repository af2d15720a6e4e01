/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queues: what is submitted, with one buffer, with several, or with none.
 */
#include "dma_submit.h"

#include "bug.h"
#include "dma_aside.h"
#include "dma_begin.h"
#include "dma_find.h"
#include "dma_part.h"

/*@ // What an operation leaves alone it leaves alone if the table was not touched before it.
    lemma tn_slots_same_but_after{L1, L2, L3}: \forall struct tn_slots *s, integer k;
      tn_slots_same{L1, L2}(s) && tn_slots_same_but{L2, L3}(s, k) ==> tn_slots_same_but{L1, L3}(s, k); */

/*@ requires \valid_read(submission);
    assigns \nothing;
    ensures \result <==> tn_submission_is_well_formed(submission); */
static bool is_well_formed(const struct tn_submission *submission)
{
    if (submission->ledger == NULL)
        return false;
    if (submission->pool == NULL)
        return submission->direction == TN_NO_DATA && !submission->more;
    return submission->direction == TN_TO_DEVICE || submission->direction == TN_FROM_DEVICE;
}

enum tn_status tn_submit_decide(const struct tn_queue *queue, const struct tn_submission *submission)
{
    if (!is_well_formed(submission))
        return TN_EINVAL;
    if (submission->pool == NULL && submission->length != 0)
        return TN_ERANGE;
    enum tn_status status = TN_OK;
    if (submission->pool != NULL)
        status = tn_buffer_depart_decide(submission->pool, submission->buffer, submission->length);
    if (status != TN_OK)
        return status;
    bool all_retired = queue->slots.free == 0 && queue->in_state[TN_FENCE_FREE] == queue->slots.count;
    if (queue->next_ticket == UINT64_MAX || all_retired)
        return TN_ERETIRED;
    status = tn_ledger_decide(submission->ledger, TN_CHARGE_IN_FLIGHT, 1);
    if (status != TN_OK)
        return status;
    return queue->slots.free > 0 ? TN_OK : TN_EAGAIN;
}

/* A buffer leaves: of the queue, nothing changes. */
/*@ requires tn_queue_shape(queue) && tn_pool_ok(pool) && tn_queue_apart(queue, pool);
    requires tn_length_apart(queue, pool, buffer.slot) && tn_buffer_may_depart(pool, buffer, length);
    assigns pool->mark[0 .. pool->count - 1], pool->away, pool->quarantined, pool->retired,
            pool->page_away[0 .. TN_HANDLE_SLOTS], pool->length[buffer.slot];
    ensures tn_pool_ok(pool) && pool->mark == \old(pool->mark) && pool->count == \old(pool->count);
    ensures pool->length == \old(pool->length) && pool->stack == \old(pool->stack);
    ensures \result.slot == buffer.slot && tn_buffer_is(pool, \result, TN_BUFFER_IN_FLIGHT);
    ensures tn_ring_same{Pre, Post}(queue->slots.slot, queue->slots.count);
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_in_state_same{Pre, Post}(queue);
    ensures tn_links_same{Pre, Post}(queue);
    ensures tn_tickets_same{Pre, Post}(queue, TN_SLOT_NONE);
    ensures tn_load_same{Pre, Post}(queue, TN_SLOT_NONE);
    ensures queue->next_ticket == \old(queue->next_ticket); */
static inline struct tn_buffer_name depart_one(const struct tn_queue *queue, struct tn_pool *pool,
                                               struct tn_buffer_name buffer, uint32_t length)
{
    (void)queue;
    struct tn_buffer_name name = tn_part_depart(pool, buffer, length);
    //@ assert tn_ring_same{Pre, Here}(queue->slots.slot, queue->slots.count);
    return name;
}

/* The same, said of the queue as a whole: it is as it was. */
/*@ requires tn_queue_ok(queue) && tn_pool_ok(pool) && tn_queue_apart(queue, pool);
    requires tn_length_apart(queue, pool, buffer.slot) && tn_buffer_may_depart(pool, buffer, length);
    assigns pool->mark[0 .. pool->count - 1], pool->away, pool->quarantined, pool->retired,
            pool->page_away[0 .. TN_HANDLE_SLOTS], pool->length[buffer.slot];
    ensures tn_pool_ok(pool) && pool->mark == \old(pool->mark) && pool->count == \old(pool->count);
    ensures pool->length == \old(pool->length) && pool->stack == \old(pool->stack);
    ensures \result.slot == buffer.slot && tn_buffer_is(pool, \result, TN_BUFFER_IN_FLIGHT);
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
static inline struct tn_buffer_name depart(const struct tn_queue *queue, struct tn_pool *pool,
                                           struct tn_buffer_name buffer, uint32_t length)
{
    struct tn_buffer_name name = depart_one(queue, pool, buffer, length);
    //@ assert queue->slots.count == \at(queue->slots.count, Pre);
    //@ assert \forall integer n, s; tn_fences_in(queue->record, n, s) == tn_fences_in{Pre}(queue->record, n, s);
    /*@ assert \forall integer s; 0 <= s < TN_FENCE_STATES ==>
               queue->in_state[s] == tn_fences_in(queue->record, queue->slots.count, s); */
    //@ assert tn_fence_counts(queue);
    //@ assert tn_queue_shape(queue);
    //@ assert tn_fifo_same{Pre, Here}(queue, TN_SLOT_NONE);
    //@ assert tn_states_same{Pre, Here}(queue, TN_SLOT_NONE);
    return name;
}

/* The buffer of a submission leaves, if it has one: of the queue, and of the ledger, nothing changes. */
/*@ requires tn_queue_ok(queue) && tn_ledger_ok(ledger) && tn_ledger_apart(queue, ledger);
    requires pool != \null ==> tn_may_travel(queue, pool, ledger) && tn_length_apart(queue, pool, buffer.slot) &&
      tn_buffer_may_depart(pool, buffer, length);
    assigns pool->mark[0 .. pool->count - 1], pool->away, pool->quarantined, pool->retired,
            pool->page_away[0 .. TN_HANDLE_SLOTS], pool->length[buffer.slot];
    ensures pool != \null ==> pool->mark == \old(pool->mark) && pool->count == \old(pool->count);
    ensures pool != \null ==> \result.slot == buffer.slot && tn_buffer_is(pool, \result, TN_BUFFER_IN_FLIGHT);
    ensures tn_ledger_ok(ledger);
    ensures ledger->used[TN_CHARGE_IN_FLIGHT] == \old(ledger->used[TN_CHARGE_IN_FLIGHT]);
    ensures tn_ledger_has_room{Pre}(ledger, TN_CHARGE_IN_FLIGHT, 1) ==>
              tn_ledger_has_room(ledger, TN_CHARGE_IN_FLIGHT, 1);
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
static inline struct tn_buffer_name leave(const struct tn_queue *queue, struct tn_pool *pool,
                                          const struct tn_ledger *ledger, struct tn_buffer_name buffer, uint32_t length)
{
    struct tn_buffer_name name = {0, 0};
    (void)ledger;
    if (pool != NULL) {
        /*@ assert apart: \forall integer c; 0 <= c < TN_CHARGE_COUNT ==>
                   \separated(&ledger->used[c], pool->mark + (0 .. pool->count - 1)) &&
                   \separated(&ledger->limit[c], pool->mark + (0 .. pool->count - 1)); */
        name = depart(queue, pool, buffer, length);
        //@ assert \forall integer c; 0 <= c < TN_CHARGE_COUNT ==> ledger->used[c] == \at(ledger->used[c], Pre);
        //@ assert \forall integer c; 0 <= c < TN_CHARGE_COUNT ==> ledger->limit[c] == \at(ledger->limit[c], Pre);
    }
    return name;
}

/* Its name is kept for its fence: of the queue, nothing changes. */
/*@ requires tn_queue_ok(queue) && slot < queue->slots.count;
    requires carries ==> tn_place(queue->part, queue->parts_max, slot, 0, queue, queue->record, queue->slots.slot,
                                  queue->slots.count);
    assigns queue->part[slot * queue->parts_max];
    ensures elsewhere: \forall uint64_t *cell;
              (carries ==> \separated(cell, queue->part + slot * queue->parts_max)) ==> *cell == \at(*cell, Pre);
    ensures carries ==> queue->part[slot * queue->parts_max].slot == name.slot &&
              queue->part[slot * queue->parts_max].mark == name.mark;
    ensures tn_queue_shape(queue);
    ensures tn_slots_ok(&queue->slots);
    ensures tn_queue_lives(queue);
    ensures tn_fence_counts(queue);
    ensures tn_fifo(queue, TN_SLOT_NONE);
    ensures queue->next_ticket == \old(queue->next_ticket);
    ensures tn_slots_same{Pre, Post}(&queue->slots);
    ensures tn_queue_fixed{Pre, Post}(queue);
    ensures tn_states_same{Pre, Post}(queue, TN_SLOT_NONE);
    ensures tn_tickets_same{Pre, Post}(queue, TN_SLOT_NONE);
    ensures tn_load_same{Pre, Post}(queue, TN_SLOT_NONE); */
static inline void note(const struct tn_queue *queue, uint32_t slot, bool carries, struct tn_buffer_name name)
{
    if (carries)
        tn_queue_keep(queue, tn_part_of(queue, slot, 0), name);
}

uint64_t tn_submit_commit(struct tn_queue *queue, const struct tn_submission *submission)
{
    TN_ASSERT(tn_submit_decide(queue, submission) == TN_OK);
    struct tn_pool *pool = submission->pool;
    struct tn_ledger *ledger = submission->ledger;
    uint32_t length = submission->length, direction = submission->direction;
    bool more = submission->more;
    //@ ghost uint64_t charged = ledger->used[TN_CHARGE_IN_FLIGHT];
    struct tn_buffer_name name = leave(queue, pool, ledger, submission->buffer, length);
    //@ ghost Left: ;
    //@ assert ledger->used[TN_CHARGE_IN_FLIGHT] == charged;
    //@ assert pool != \null ==> name.slot < pool->count;
    //@ assert marked: pool != \null ==> tn_elsewhere(queue, pool->mark + name.slot);
    //@ assert beside: pool != \null ==> pool->mark + name.slot != &ledger->used[TN_CHARGE_IN_FLIGHT];
    //@ assert cell: pool != \null ==> pool->mark[name.slot] == name.mark;
    uint32_t slot = tn_fence_begin_charged(queue, pool, ledger, length, direction, pool != NULL, more);
    //@ ghost Begun: ;
    uint64_t fence = tn_handle_make(slot, queue->slots.slot[slot].generation);
    //@ assert begun: pool != \null ==> *(\at(pool->mark, Left) + name.slot) == name.mark;
    //@ assert queue->slots.count == \at(queue->slots.count, Pre) && slot < queue->slots.count;
    //@ assert tn_load_same{Pre, Left}(queue, slot);
    //@ assert tn_load_same{Pre, Here}(queue, slot);
    //@ assert tn_queue_fixed{Pre, Here}(queue) && tn_states_same{Pre, Here}(queue, slot);
    //@ assert tn_slots_same{Pre, Left}(\at(&queue->slots, Pre));
    //@ assert tn_slots_step{Pre, Here}(&queue->slots);
    //@ assert tn_slots_same_but{Pre, Here}(&queue->slots, slot);
    //@ assert tn_ledger_ok(ledger) && ledger->used[TN_CHARGE_IN_FLIGHT] == charged + 1;
    /*@ assert queue->part == \at(queue->part, Pre) && queue->parts_max == \at(queue->parts_max, Pre) &&
               queue->record == \at(queue->record, Pre) && queue->slots.slot == \at(queue->slots.slot, Pre); */
    //@ assert pool != \null ==> tn_may_keep{Pre}(queue, slot, 0, ledger, pool);
    /*@ assert place: pool != \null ==> tn_place(queue->part, queue->parts_max, slot, 0, queue, queue->record,
                                                 queue->slots.slot, queue->slots.count); */
    /*@ assert place: pool != \null ==> tn_place_apart(queue->part, queue->parts_max, slot, 0, ledger,
                                                       \at(pool->mark, Left), \at(pool->count, Left)); */
    /*@ assert apart: pool != \null ==> \forall integer c; 0 <= c < TN_CHARGE_COUNT ==>
               \separated(&ledger->used[c], queue->part + slot * queue->parts_max) &&
               \separated(&ledger->limit[c], queue->part + slot * queue->parts_max); */
    //@ assert beside: pool != \null ==> \separated(\at(pool->mark, Left) + name.slot, queue->part + slot * queue->parts_max);
    note(queue, slot, pool != NULL, name);
    //@ assert same: \forall integer c; 0 <= c < TN_CHARGE_COUNT ==> ledger->used[c] == \at(ledger->used[c], Begun);
    //@ assert same: \forall integer c; 0 <= c < TN_CHARGE_COUNT ==> ledger->limit[c] == \at(ledger->limit[c], Begun);
    //@ assert tn_load_same_of{Begun, Here}(queue, slot);
    //@ assert queue->slots.slot[slot].generation == \at(queue->slots.slot[slot].generation, Begun);
    //@ assert queue->record[slot].ticket == \at(queue->record[slot].ticket, Begun);
    //@ assert tn_load_same{Pre, Here}(queue, slot);
    //@ assert tn_queue_fixed{Pre, Here}(queue) && tn_states_same{Pre, Here}(queue, slot);
    //@ assert tn_slots_step{Pre, Here}(&queue->slots);
    //@ assert tn_slots_same_but{Pre, Here}(&queue->slots, slot);
    //@ assert same: tn_ledger_ok(ledger) && ledger->used[TN_CHARGE_IN_FLIGHT] == charged + 1;
    //@ assert noted: pool != \null ==> *(\at(pool->mark, Left) + name.slot) == name.mark;
    /*@ assert flies: pool != \null ==> queue->part[slot * queue->parts_max].mark == name.mark &&
               tn_state_of(name.mark) == TN_BUFFER_IN_FLIGHT; */
    return fence;
}

enum tn_status tn_submit_add_decide(const struct tn_queue *queue, uint64_t fence, struct tn_buffer_name buffer,
                                    uint32_t length)
{
    if (!tn_queue_has(queue, fence))
        return TN_ESTALE;
    const struct tn_fence_record *record = &queue->record[tn_handle_slot(fence)];
    if (record->state != TN_FENCE_OPEN || record->orphan) /* nobody is left to add for */
        return TN_ESTATE;
    enum tn_status status = tn_buffer_depart_decide(record->pool, buffer, length);
    if (status != TN_OK)
        return status;
    if (length > UINT32_MAX - record->length)
        return TN_ERANGE;
    if (record->parts >= queue->parts_max)
        return TN_EEXHAUSTED;
    return tn_ledger_decide(record->ledger, TN_CHARGE_IN_FLIGHT, 1);
}

/* Where a fence is kept. */
/*@ requires tn_queue_shape(queue) && slot < queue->slots.count;
    assigns \nothing;
    ensures \result == queue->record + slot && \valid_read(\result); */
static inline const struct tn_fence_record *record_of(const struct tn_queue *queue, uint32_t slot)
{
    return &queue->record[slot];
}

void tn_submit_add_commit(struct tn_queue *queue, uint64_t fence, struct tn_buffer_name buffer, uint32_t length)
{
    TN_ASSERT(tn_submit_add_decide(queue, fence, buffer, length) == TN_OK);
    uint32_t slot = tn_handle_slot(fence);
    //@ assert slot == tn_slot_of(fence) && slot < queue->slots.count;
    const struct tn_fence_record *record = record_of(queue, slot);
    struct tn_pool *pool = record->pool;
    struct tn_ledger *ledger = record->ledger;
    //@ ghost uint64_t charged = ledger->used[TN_CHARGE_IN_FLIGHT];
    //@ ghost uint32_t each = queue->parts_max;
    //@ ghost uint32_t count = record->parts;
    struct tn_buffer_name *part = tn_part_of(queue, slot, record->parts);
    //@ assert part == queue->part + (slot * each + count);
    //@ assert product: tn_slot_of(fence) * \at(queue->parts_max, Pre) == slot * each;
    /*@ assert within: part == \at(queue->part, Pre) + (tn_slot_of(fence) * \at(queue->parts_max, Pre) +
               \at(queue->record[tn_slot_of(fence)].parts, Pre)); */
    /*@ assert place: \valid(part) && \separated(part, queue) &&
               \separated(part, queue->record + (0 .. queue->slots.count - 1)) &&
               \separated(part, queue->slots.slot + (0 .. queue->slots.count - 1)); */
    /*@ assert apart: \forall integer c; 0 <= c < TN_CHARGE_COUNT ==>
               \separated(&ledger->used[c], part) && \separated(&ledger->limit[c], part); */
    //@ assert apart: \separated(pool->mark + buffer.slot, part);
    //@ assert apart: pool->mark + buffer.slot != &ledger->used[TN_CHARGE_IN_FLIGHT];
    //@ ghost Found: ;
    struct tn_buffer_name name = leave(queue, pool, ledger, buffer, length);
    //@ ghost Left: ;
    //@ assert tn_load_same_of{Pre, Here}(queue, slot) && queue->record[slot].state == TN_FENCE_OPEN;
    //@ assert ledger->used[TN_CHARGE_IN_FLIGHT] == charged;
    //@ assert cell: pool->mark == \at(pool->mark, Found) && name.slot == buffer.slot;
    //@ assert cell: *(\at(pool->mark, Found) + buffer.slot) == name.mark && tn_state_of(name.mark) == TN_BUFFER_IN_FLIGHT;
    tn_fence_more_charged(queue, slot, ledger, length);
    //@ ghost More: ;
    //@ assert more: *(\at(pool->mark, Found) + buffer.slot) == name.mark;
    //@ assert queue->slots.count == \at(queue->slots.count, Pre) && slot < queue->slots.count;
    /*@ assert queue->part == \at(queue->part, Pre) && queue->parts_max == \at(queue->parts_max, Pre) &&
               queue->record == \at(queue->record, Pre) && queue->slots.slot == \at(queue->slots.slot, Pre); */
    //@ assert queue->record[slot].parts == count + 1;
    //@ assert queue->record[slot].length == \at(queue->record[slot].length, Found) + length;
    //@ assert tn_load_same{Pre, Left}(queue, slot);
    //@ assert tn_load_same{Left, Here}(queue, slot);
    //@ assert tn_load_same{Pre, Here}(queue, slot);
    //@ assert tn_queue_fixed{Pre, Here}(queue) && tn_states_same{Pre, Here}(queue, TN_SLOT_NONE);
    //@ assert tn_slots_same{Pre, Here}(&queue->slots);
    tn_queue_keep(queue, part, name);
    //@ assert same: \forall integer c; 0 <= c < TN_CHARGE_COUNT ==> ledger->used[c] == \at(ledger->used[c], More);
    //@ assert same: \forall integer c; 0 <= c < TN_CHARGE_COUNT ==> ledger->limit[c] == \at(ledger->limit[c], More);
    //@ assert same: tn_ledger_ok(ledger) && ledger->used[TN_CHARGE_IN_FLIGHT] == charged + 1;
    //@ assert tn_load_same_of{More, Here}(queue, slot);
    //@ assert tn_load_same{More, Here}(queue, slot);
    //@ assert tn_load_same{Pre, Here}(queue, slot);
    /*@ assert queue->part == \at(queue->part, Pre) && queue->parts_max == \at(queue->parts_max, Pre) &&
               queue->record == \at(queue->record, Pre) && queue->slots.count == \at(queue->slots.count, Pre); */
    //@ assert kept: *(\at(pool->mark, Found) + buffer.slot) == name.mark;
    //@ assert kept: part->slot == buffer.slot && part->mark == name.mark;
    //@ assert tn_queue_fixed{Found, Here}(queue) && queue->parts_max == each;
    //@ assert product: tn_slot_of(fence) * queue->parts_max == slot * each;
    //@ assert within: part == queue->part + (tn_slot_of(fence) * queue->parts_max + count);
    //@ assert count == \at(queue->record[tn_slot_of(fence)].parts, Pre);
    //@ assert kept: queue->part[tn_slot_of(fence) * queue->parts_max + count].slot == buffer.slot;
    //@ assert kept: queue->part[tn_slot_of(fence) * queue->parts_max + count].mark == name.mark;
    //@ assert open: queue->record[slot].state == TN_FENCE_OPEN;
    //@ assert open: queue->slots.slot[slot].generation == \at(queue->slots.slot[slot].generation, Found);
}

enum tn_status tn_submit_close_decide(const struct tn_queue *queue, uint64_t fence)
{
    if (!tn_queue_has(queue, fence))
        return TN_ESTALE;
    const struct tn_fence_record *record = &queue->record[tn_handle_slot(fence)];
    if (record->state != TN_FENCE_OPEN || record->orphan || !record->pool->open)
        return TN_ESTATE;
    return queue->next_ticket == UINT64_MAX ? TN_ERETIRED : TN_OK;
}

void tn_submit_close_commit(struct tn_queue *queue, uint64_t fence)
{
    TN_ASSERT(tn_submit_close_decide(queue, fence) == TN_OK);
    tn_fence_enqueue(queue, tn_handle_slot(fence));
}
