/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capability tables. What an entry's object is, and the charge for an entry, is left to the embedder.
 */
#include "cap.h"

#include "bug.h"

bool tn_cap_table_init(struct tn_cap_table *table, struct tn_cap *entries, uint32_t count, uint64_t owner_epoch,
                       uint64_t generation_max)
{
    if (owner_epoch == 0)
        return false;
    if (!tn_slots_init(&table->slots, entries, sizeof(*entries), count, generation_max))
        return false;
    table->owner_epoch = owner_epoch;
    table->refused = 0;
    return true;
}

static enum tn_status judge(const struct tn_cap_table *table, uint64_t handle, enum tn_kind kind, uint32_t rights)
{
    if (!tn_slots_names(&table->slots, tn_handle_slot(handle), tn_handle_generation(handle)))
        return TN_ESTALE;
    const struct tn_cap *cap = tn_cap_at(table, tn_handle_slot(handle));
    if (cap->kind != kind)
        return TN_EKIND;
#ifndef TN_TWIN_RIGHTS
    if ((cap->rights & rights) != rights)
        return TN_EDENIED;
#endif
    (void)rights;
    return TN_OK;
}

enum tn_status tn_cap_lookup(struct tn_cap_table *table, uint64_t handle, enum tn_kind kind, uint32_t rights,
                             struct tn_cap **out)
{
    enum tn_status status = judge(table, handle, kind, rights);
    if (status != TN_OK) {
        table->refused++;
        return status;
    }
    *out = tn_cap_at(table, tn_handle_slot(handle));
    return TN_OK;
}

enum tn_status tn_cap_check(struct tn_cap_table *table, const struct tn_cap *cap, const struct tn_identity *id)
{
#ifndef TN_TWIN_IDENTITY
    if (id->generation == 0 || cap->object_generation != id->generation || table->owner_epoch != id->owner_epoch) {
        table->refused++;
        return TN_ESTALE;
    }
#endif
    (void)table, (void)cap, (void)id;
    return TN_OK;
}

enum tn_status tn_cap_insert_decide(const struct tn_cap_table *table)
{
    return table->slots.free > 0 ? TN_OK : TN_EEXHAUSTED;
}

uint64_t tn_cap_insert_commit(struct tn_cap_table *table, const struct tn_cap_grant *grant)
{
    struct tn_cap *cap = tn_cap_at(table, tn_slots_take(&table->slots));
    cap->kind = (uint16_t)grant->kind;
    cap->rights = (uint16_t)grant->rights;
    cap->object = grant->object;
    cap->object_generation = grant->object_generation;
    cap->detail = grant->detail;
    return tn_cap_handle(table, cap);
}

static uint32_t slot_of(const struct tn_cap_table *table, const struct tn_cap *cap)
{
    uint32_t slot = (uint32_t)(cap - tn_cap_at(table, 0));
    TN_BUG_IF(slot >= table->slots.count || !cap->slot.live);
    return slot;
}

enum tn_status tn_cap_turn_decide(const struct tn_cap_table *table, const struct tn_cap *cap)
{
    return tn_slots_can_advance(&table->slots, slot_of(table, cap), 2) ? TN_OK : TN_ERETIRED;
}

uint64_t tn_cap_turn_commit(struct tn_cap_table *table, struct tn_cap *cap, enum tn_kind kind, uint64_t detail)
{
    tn_slots_advance(&table->slots, slot_of(table, cap));
    cap->kind = (uint16_t)kind;
    cap->detail = detail;
    return tn_cap_handle(table, cap);
}

void tn_cap_remove_commit(struct tn_cap_table *table, struct tn_cap *cap)
{
    tn_slots_give(&table->slots, slot_of(table, cap));
}

uint64_t tn_cap_handle(const struct tn_cap_table *table, const struct tn_cap *cap)
{
    return tn_handle_make(slot_of(table, cap), cap->slot.generation);
}
