/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The free list and the generations of slot tables. What a slot means, and who may take it, is left to its table's
 * owner.
 */
#include "slot.h"

#include <tenure/abi/handle.h>

#include "bug.h"

bool tn_slots_init(struct tn_slots *slots, void *base, size_t stride, uint32_t count, uint64_t generation_max)
{
    if (base == NULL || (uintptr_t)base % 8 != 0 || stride < sizeof(struct tn_slot) || stride % 8 != 0)
        return false;
    if (count == 0 || count > UINT32_C(1) << TN_HANDLE_SLOT_BITS)
        return false;
    if (generation_max == 0 || generation_max > TN_HANDLE_GENERATION_MAX || stride > SIZE_MAX / count)
        return false;

    uint8_t *bytes = base;
    for (size_t i = 0; i < stride * count; i++)
        bytes[i] = 0;
    *slots = (struct tn_slots){
        .base = base,
        .stride = stride,
        .count = count,
        .free_head = 0,
        .free_tail = count - 1,
        .free = count,
        .generation_max = generation_max,
    };
    for (uint32_t i = 0; i < count; i++)
        tn_slots_at(slots, i)->next_free = i + 1 < count ? i + 1 : TN_SLOT_NONE;
    return true;
}

/* The next generation of a slot: the only place where one grows. */
static void grow(struct tn_slots *slots, struct tn_slot *slot)
{
#if defined(TN_TWIN_GENERATION)
    if (slot->generation == 0) /* negative twin: a slot keeps its first generation for ever */
        slot->generation = 1;
#elif defined(TN_TWIN_WRAP)
    slot->generation = slot->generation >= slots->generation_max ? 1 : slot->generation + 1; /* negative twin */
#else
    TN_BUG_IF(slot->generation >= slots->generation_max);
    slot->generation++;
#endif
    (void)slots;
}

uint32_t tn_slots_take(struct tn_slots *slots)
{
    TN_BUG_IF(slots->free == 0);
    uint32_t taken = slots->free_head;
    struct tn_slot *slot = tn_slots_at(slots, taken);
    TN_BUG_IF(slot->live);
    slots->free_head = slot->next_free;
    if (slots->free_head == TN_SLOT_NONE)
        slots->free_tail = TN_SLOT_NONE;
    slots->free--;
    grow(slots, slot);
    slot->next_free = TN_SLOT_NONE;
    slot->live = 1;
    return taken;
}

void tn_slots_advance(struct tn_slots *slots, uint32_t slot)
{
    TN_BUG_IF(slot >= slots->count || !tn_slots_at(slots, slot)->live);
    grow(slots, tn_slots_at(slots, slot));
}

void tn_slots_give(struct tn_slots *slots, uint32_t slot)
{
    TN_BUG_IF(slot >= slots->count);
    struct tn_slot *given = tn_slots_at(slots, slot);
    TN_BUG_IF(!given->live);
    given->live = 0;
#ifndef TN_TWIN_WRAP
    if (given->generation >= slots->generation_max) {
        slots->retired++;
        return;
    }
#endif
    if (slots->free_tail == TN_SLOT_NONE)
        slots->free_head = slot;
    else
        tn_slots_at(slots, slots->free_tail)->next_free = slot;
    slots->free_tail = slot;
    slots->free++;
}
