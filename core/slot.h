/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generation-checked slots: the one mechanism behind every handle and name of Tenure.
 *
 * A table of records, each of which begins with a struct tn_slot. A free slot is taken oldest first; each time it
 * is taken, or its holder changes, its generation grows by one. A slot whose generation has reached the maximum is
 * retired when it is given back: it is never taken again (G4). All operations are O(1).
 */
#ifndef TENURE_CORE_SLOT_H
#define TENURE_CORE_SLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TN_SLOT_NONE UINT32_MAX

struct tn_slot {
    uint64_t generation; /* of the holder while live; of the last holder while free; 0 = never taken */
    uint32_t next_free;  /* TN_SLOT_NONE at the end of the list and while live */
    uint32_t live;       /* 1 while taken */
};

struct tn_slots {
    uint8_t *base; /* owned by the embedder, zeroed by tn_slots_init */
    size_t stride; /* size of one record */
    uint32_t count;
    uint32_t free_head; /* oldest */
    uint32_t free_tail;
    uint32_t free;
    uint32_t retired;
    uint64_t generation_max;
};

/* `count` records of `stride` bytes at `base` become free slots. count must be 1 to 2^20, stride at least
 * sizeof(struct tn_slot) and a multiple of 8, generation_max 1 to TN_HANDLE_GENERATION_MAX: otherwise false, nothing
 * changed. */
bool tn_slots_init(struct tn_slots *slots, void *base, size_t stride, uint32_t count, uint64_t generation_max);

/* The slot's header; `slot` must be below count. */
static inline struct tn_slot *tn_slots_at(const struct tn_slots *slots, uint32_t slot)
{
    return (struct tn_slot *)(void *)(slots->base + (size_t)slot * slots->stride);
}

/* Is `slot` live under exactly this generation? False for a slot out of range and for generation 0. */
static inline bool tn_slots_names(const struct tn_slots *slots, uint32_t slot, uint64_t generation)
{
    if (slot >= slots->count)
        return false;
    const struct tn_slot *s = tn_slots_at(slots, slot);
    return s->live && s->generation == generation;
}

/* May this slot's holder change `steps` more times? */
static inline bool tn_slots_can_advance(const struct tn_slots *slots, uint32_t slot, uint64_t steps)
{
    return slots->generation_max - tn_slots_at(slots, slot)->generation >= steps;
}

/* Takes the oldest free slot; slots->free must not be 0. Only the header is touched. */
uint32_t tn_slots_take(struct tn_slots *slots);
/* The live slot's next generation; tn_slots_can_advance(…, 1) must hold. */
void tn_slots_advance(struct tn_slots *slots, uint32_t slot);
/* Ends the live slot: to the end of the free list, or retired at the maximum generation. */
void tn_slots_give(struct tn_slots *slots, uint32_t slot);

#endif
