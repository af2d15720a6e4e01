/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capability tables: one for each process incarnation. An entry names an object by index and generation; using it takes
 * three checks: the entry's own generation (in the handle), the object's generation, and the owner's epoch. Then kind
 * and rights. A DmaBuffer's entry becomes its Fence at submit, under the next generation, and a DmaBuffer again when
 * the fence ends: there is never a moment with two live handles (G1, G3).
 */
#ifndef TENURE_CORE_CAP_H
#define TENURE_CORE_CAP_H

#include <stdint.h>

#include <tenure/abi/handle.h>
#include <tenure/abi/status.h>

#include "slot.h"

/* What an object carries so that stale capabilities to it fail. */
struct tn_identity {
    uint64_t generation;  /* of the object in its own table; never 0 while it lives */
    uint64_t owner_epoch; /* the incarnation that holds it */
};

struct tn_cap {
    struct tn_slot slot;
    uint16_t kind;   /* enum tn_kind */
    uint16_t rights; /* enum tn_right */
    uint32_t object; /* index in the table of its kind */
    uint64_t object_generation;
    uint64_t detail; /* kind's own: for a DmaBuffer or Fence the buffer's name in its pool */
};

struct tn_cap_table {
    struct tn_slots slots; /* of struct tn_cap */
    uint64_t owner_epoch;
    uint64_t refused; /* lookups that failed */
};

/* What tn_cap_insert stores. */
struct tn_cap_grant {
    enum tn_kind kind;
    uint32_t rights;
    uint32_t object;
    uint64_t object_generation;
    uint64_t detail;
};

/* False (nothing changed) as tn_slots_init says, or if owner_epoch is 0. */
bool tn_cap_table_init(struct tn_cap_table *table, struct tn_cap *entries, uint32_t count, uint64_t owner_epoch,
                       uint64_t generation_max);

static inline struct tn_cap *tn_cap_at(const struct tn_cap_table *table, uint32_t slot)
{
    return (struct tn_cap *)(void *)tn_slots_at(&table->slots, slot);
}

/* Check 1, kind and rights. TN_ESTALE: not a live entry of this table. TN_EKIND: live, another kind. TN_EDENIED: a
 * right is missing. *out is written on TN_OK only. Counts a refusal. */
TN_MUST_CHECK enum tn_status tn_cap_lookup(struct tn_cap_table *table, uint64_t handle, enum tn_kind kind,
                                           uint32_t rights, struct tn_cap **out);
/* Checks 2 and 3 against the object that the entry names: TN_OK or TN_ESTALE. Counts a refusal. */
TN_MUST_CHECK enum tn_status tn_cap_check(struct tn_cap_table *table, const struct tn_cap *cap,
                                          const struct tn_identity *id);

/* TN_OK or TN_EEXHAUSTED (no free slot). */
TN_MUST_CHECK enum tn_status tn_cap_insert_decide(const struct tn_cap_table *table);
/* Returns the new handle. */
uint64_t tn_cap_insert_commit(struct tn_cap_table *table, const struct tn_cap_grant *grant);

/* Can this live entry change kind twice (buffer, fence, buffer) and still be released? TN_OK or TN_ERETIRED. */
TN_MUST_CHECK enum tn_status tn_cap_turn_decide(const struct tn_cap_table *table, const struct tn_cap *cap);
/* The entry's next generation, as another kind; older handles are stale from here. Returns the new handle. */
uint64_t tn_cap_turn_commit(struct tn_cap_table *table, struct tn_cap *cap, enum tn_kind kind, uint64_t detail);

/* Ends a live entry. */
void tn_cap_remove_commit(struct tn_cap_table *table, struct tn_cap *cap);

/* Handle of a live entry. */
uint64_t tn_cap_handle(const struct tn_cap_table *table, const struct tn_cap *cap);

#endif
