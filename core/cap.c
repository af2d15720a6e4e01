/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capability tables. What an entry's object is, and the charge for an entry, is left to the embedder.
 */
#include "cap.h"

#include "bug.h"
#include "count.h"

bool tn_cap_table_init(struct tn_cap_table *table, struct tn_slot *slot, struct tn_cap *entry, uint32_t count,
                       uint64_t owner_epoch, uint64_t generation_max)
{
    if (entry == NULL || owner_epoch == 0 || !tn_slots_fit(slot, count, generation_max))
        return false;
    /*@ loop invariant 0 <= i <= count;
        loop assigns i, entry[0 .. count - 1];
        loop variant count - i; */
    for (uint32_t i = 0; i < count; i++)
        entry[i] = (struct tn_cap){0};
    table->entry = entry;
    table->owner_epoch = owner_epoch;
    table->refused = 0;
    return tn_slots_init(&table->slots, slot, count, generation_max);
}

/*@ requires tn_cap_table_ok(table);
    assigns \nothing;
    ensures \result == TN_OK <==> tn_cap_accepts(table, handle) && table->entry[tn_slot_of(handle)].kind == kind &&
              (table->entry[tn_slot_of(handle)].rights & rights) == rights;
    ensures \result == TN_OK || \result == TN_ESTALE || \result == TN_EKIND || \result == TN_EDENIED;
    ensures \result == TN_ESTALE <==> !tn_cap_accepts(table, handle); */
static enum tn_status judge(const struct tn_cap_table *table, uint64_t handle, enum tn_kind kind, uint32_t rights)
{
    if (!tn_slots_names(&table->slots, tn_handle_slot(handle), tn_handle_generation(handle)))
        return TN_ESTALE;
    const struct tn_cap *cap = &table->entry[tn_handle_slot(handle)];
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
        table->refused = tn_count_one(table->refused);
        return status;
    }
    *out = &table->entry[tn_handle_slot(handle)];
    return TN_OK;
}

enum tn_status tn_cap_check(struct tn_cap_table *table, const struct tn_cap *cap, const struct tn_identity *id)
{
#ifndef TN_TWIN_IDENTITY
    if (id->generation == 0 || cap->object_generation != id->generation || table->owner_epoch != id->owner_epoch) {
        table->refused = tn_count_one(table->refused);
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

/* What an entry names. Nothing of the slots is touched. */
/*@ requires tn_cap_table_shape(table) && slot < table->slots.count && \valid_read(grant);
    requires grant->kind < TN_KIND_COUNT && grant->rights <= UINT16_MAX;
    assigns table->entry[slot];
    ensures tn_slots_same{Pre, Post}(&table->slots);
    ensures table->entry[slot].kind == \old(grant->kind); */
static void write_entry(struct tn_cap_table *table, uint32_t slot, const struct tn_cap_grant *grant)
{
    struct tn_cap *cap = &table->entry[slot];
    //@ assert \separated(cap, table) && \separated(cap, table->slots.slot + (0 .. table->slots.count - 1));
    cap->kind = (uint16_t)grant->kind;
    cap->rights = (uint16_t)grant->rights;
    cap->object = grant->object;
    cap->object_generation = grant->object_generation;
    cap->detail = grant->detail;
}

/*@ requires tn_cap_table_shape(table) && slot < table->slots.count && kind < TN_KIND_COUNT;
    assigns table->entry[slot];
    ensures tn_slots_same{Pre, Post}(&table->slots);
    ensures table->entry[slot].kind == kind && table->entry[slot].detail == detail; */
static void turn_entry(struct tn_cap_table *table, uint32_t slot, enum tn_kind kind, uint64_t detail)
{
    table->entry[slot].kind = (uint16_t)kind;
    table->entry[slot].detail = detail;
}

uint64_t tn_cap_insert_commit(struct tn_cap_table *table, const struct tn_cap_grant *grant)
{
    TN_ASSERT(tn_cap_insert_decide(table) == TN_OK);
    uint32_t slot = tn_slots_take(&table->slots);
    write_entry(table, slot, grant);
    //@ assert tn_slots_ok(&table->slots);
    //@ assert tn_slots_step{Pre, Here}(&table->slots) && tn_slots_same_but{Pre, Here}(&table->slots, slot);
    //@ assert table->owner_epoch == \at(table->owner_epoch, Pre);
    //@ assert tn_cap_table_shape(table);
    return tn_handle_make(slot, table->slots.slot[slot].generation);
}

/*@ requires tn_cap_table_ok(table);
    requires \exists integer i; tn_cap_is_entry(table, cap, i) && tn_is_live(&table->slots, i);
    assigns \nothing;
    ensures tn_cap_is_entry(table, cap, \result); */
static uint32_t slot_of(const struct tn_cap_table *table, const struct tn_cap *cap)
{
    uint32_t slot = (uint32_t)(cap - table->entry);
    TN_ASSERT(slot < table->slots.count && tn_slots_live(&table->slots, slot));
    return slot;
}

enum tn_status tn_cap_turn_decide(const struct tn_cap_table *table, const struct tn_cap *cap)
{
    return tn_slots_can_advance(&table->slots, slot_of(table, cap), 2) ? TN_OK : TN_ERETIRED;
}

uint64_t tn_cap_turn_commit(struct tn_cap_table *table, struct tn_cap *cap, enum tn_kind kind, uint64_t detail)
{
    uint32_t slot = slot_of(table, cap);
    tn_slots_advance(&table->slots, slot);
    turn_entry(table, slot, kind, detail);
    //@ assert tn_slots_ok(&table->slots);
    //@ assert tn_slots_step{Pre, Here}(&table->slots) && tn_slots_same_but{Pre, Here}(&table->slots, slot);
    //@ assert \forall integer i; 0 <= i < table->slots.count && i != slot ==> table->entry[i] == \at(table->entry[i], Pre);
    return tn_handle_make(slot, table->slots.slot[slot].generation);
}

void tn_cap_remove_commit(struct tn_cap_table *table, struct tn_cap *cap)
{
    tn_slots_give(&table->slots, slot_of(table, cap));
}

uint64_t tn_cap_handle(const struct tn_cap_table *table, const struct tn_cap *cap)
{
    uint32_t slot = slot_of(table, cap);
    return tn_handle_make(slot, table->slots.slot[slot].generation);
}
