/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A queue is made: every fence free.
 */
#include "dma_make.h"
#include "dma_queue.h"

/*@ requires \valid_read(plan);
    assigns \nothing;
    ensures \result <==> tn_queue_plan_fits(plan); */
static bool queue_plan_is_good(const struct tn_queue_plan *plan)
{
    if (plan->record == NULL || plan->part == NULL || !tn_slots_fit(plan->slot, plan->depth, plan->generation_max))
        return false;
    return plan->parts_max != 0 && plan->parts_max <= TN_FENCE_PARTS_MAX && plan->waiters_max <= UINT16_MAX;
}

/*@ requires count <= TN_HANDLE_SLOTS * TN_FENCE_PARTS_MAX && \valid(part + (0 .. count - 1));
    assigns part[0 .. count - 1];
    ensures \forall integer i; 0 <= i < count ==> part[i].mark == 0 && part[i].slot == 0; */
static void clear_parts(struct tn_buffer_name *part, uint64_t count)
{
    /*@ loop invariant 0 <= i <= count;
        loop invariant \forall integer j; 0 <= j < i ==> part[j].mark == 0 && part[j].slot == 0;
        loop assigns i, part[0 .. count - 1];
        loop variant count - i; */
    for (uint64_t i = 0; i < count; i++) {
        part[i].mark = 0;
        part[i].slot = 0;
    }
}

/* How many names a queue keeps. */
/*@ requires depth <= TN_HANDLE_SLOTS && parts_max <= TN_FENCE_PARTS_MAX;
    assigns \nothing;
    ensures \result == depth * parts_max && \result <= TN_HANDLE_SLOTS * TN_FENCE_PARTS_MAX; */
static uint64_t parts_of_all(uint32_t depth, uint32_t parts_max)
{
    /*@ ghost
      uint32_t k = 0;
      /@ loop invariant 0 <= k <= depth;
         loop invariant 0 <= k * parts_max <= k * TN_FENCE_PARTS_MAX;
         loop assigns k;
         loop variant depth - k;
      @/
      while (k < depth) k++;
    */
    //@ assert k == depth && 0 <= k * parts_max <= TN_HANDLE_SLOTS * TN_FENCE_PARTS_MAX;
    //@ assert 0 <= depth * parts_max <= TN_HANDLE_SLOTS * TN_FENCE_PARTS_MAX;
    return (uint64_t)depth * parts_max;
}

bool tn_queue_init(struct tn_queue *queue, const struct tn_queue_plan *plan)
{
    if (!queue_plan_is_good(plan))
        return false;
    struct tn_fence_record *record = plan->record;
    struct tn_slot *slot = plan->slot;
    struct tn_buffer_name *part = plan->part;
    uint32_t depth = plan->depth, parts_max = plan->parts_max, waiters_max = plan->waiters_max;
    uint64_t generation_max = plan->generation_max, parts = parts_of_all(depth, parts_max);
    //@ assert parts == plan->depth * plan->parts_max;
    //@ assert \valid(part + (0 .. parts - 1)) && \separated(part + (0 .. parts - 1), queue, plan);
    clear_parts(part, parts);
    //@ assert plan->depth == depth && plan->parts_max == parts_max;
    tn_records_clear(record, depth);
    //@ assert plan->depth == depth && plan->parts_max == parts_max;
    queue->part = part;
    queue->parts_max = parts_max;
    queue->waiters_max = waiters_max;
    //@ assert plan->depth == depth && plan->parts_max == parts_max;
    //@ assert \forall integer i; 0 <= i < depth ==> record[i].state == TN_FENCE_FREE;
    //@ assert \separated(plan, queue, slot + (0 .. depth - 1));
    bool made = tn_queue_set_up(queue, record, slot, depth, generation_max);
    //@ assert made;
    return made;
}
