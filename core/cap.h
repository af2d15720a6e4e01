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
    uint16_t kind;   /* enum tn_kind */
    uint16_t rights; /* enum tn_right */
    uint32_t object; /* index in the table of its kind */
    uint64_t object_generation;
    uint64_t detail; /* kind's own: for a DmaBuffer or Fence the buffer's name in its pool */
};

struct tn_cap_table {
    struct tn_slots slots;
    struct tn_cap *entry; /* one for each slot */
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

/*@ predicate tn_cap_table_ok{L}(struct tn_cap_table *t) =
      \valid(t) && tn_slots_ok(&t->slots) && \valid(t->entry + (0 .. t->slots.count - 1)) && t->owner_epoch != 0 &&
      \separated(t, t->slots.slot + (0 .. t->slots.count - 1), t->entry + (0 .. t->slots.count - 1));
    predicate tn_cap_table_shape{L}(struct tn_cap_table *t) =
      \valid(t) && 0 < t->slots.count <= TN_HANDLE_SLOTS && \valid(t->entry + (0 .. t->slots.count - 1)) &&
      \valid(t->slots.slot + (0 .. t->slots.count - 1)) &&
      \separated(t, t->slots.slot + (0 .. t->slots.count - 1), t->entry + (0 .. t->slots.count - 1));
    // The one meaning of "this handle is accepted" (check 1).
    predicate tn_cap_accepts{L}(struct tn_cap_table *t, integer handle) =
      tn_names(&t->slots, tn_slot_of(handle), tn_generation_of(handle));
    predicate tn_cap_is_entry{L}(struct tn_cap_table *t, struct tn_cap *cap, integer i) =
      0 <= i < t->slots.count && cap == t->entry + i;
    // What any operation may do: slots step, and what a handle that stays accepted means does not change.
    predicate tn_cap_step{L1, L2}(struct tn_cap_table *t) =
      tn_slots_step{L1, L2}(\at(&t->slots, L1)) &&
      \forall integer i; 0 <= i < \at(t->slots.count, L1) &&
        tn_is_live{L1}(\at(&t->slots, L1), i) && tn_is_live{L2}(\at(&t->slots, L1), i) &&
        \at(t->slots.slot[i].generation, L1) == \at(t->slots.slot[i].generation, L2) ==>
          \at(t->entry[i], L1) == \at(t->entry[i], L2);
    lemma tn_cap_one_handle{L}: \forall struct tn_cap_table *t, integer a, b;
      tn_cap_accepts(t, a) && tn_cap_accepts(t, b) && tn_slot_of(a) == tn_slot_of(b) && a >= 0 && b >= 0 ==> a == b;
    lemma tn_cap_stale_for_ever{L1, L2}: \forall struct tn_cap_table *t, integer handle;
      tn_slots_step{L1, L2}(\at(&t->slots, L1)) && !tn_cap_accepts{L1}(t, handle) &&
      0 <= tn_slot_of(handle) < \at(t->slots.count, L1) &&
      tn_generation_of(handle) <= \at(t->slots.slot[tn_slot_of(handle)].generation, L1) ==>
      !tn_cap_accepts{L2}(t, handle); */

/* False (nothing changed) as tn_slots_init says, or if owner_epoch is 0. */
/*@ requires \valid(table) && (slot != \null ==> \valid(slot + (0 .. count - 1)));
    requires entry != \null ==> \valid(entry + (0 .. count - 1));
    requires \separated(table, slot + (0 .. count - 1), entry + (0 .. count - 1));
    assigns *table, slot[0 .. count - 1], entry[0 .. count - 1];
    ensures \result <==> tn_slots_may_be(slot, count, generation_max) && entry != \null && owner_epoch != 0;
    ensures \result ==> tn_cap_table_ok(table) && table->slots.free == count;
    ensures !\result ==> *table == \old(*table);
    ensures !\result ==> \forall integer i; 0 <= i < count ==>
              slot[i] == \old(slot[i]) && entry[i] == \old(entry[i]); */
bool tn_cap_table_init(struct tn_cap_table *table, struct tn_slot *slot, struct tn_cap *entry, uint32_t count,
                       uint64_t owner_epoch, uint64_t generation_max);

/* Check 1, kind and rights. TN_ESTALE: not a live entry of this table. TN_EKIND: live, another kind. TN_EDENIED: a
 * right is missing. *out is written on TN_OK only. Counts a refusal. */
/*@ requires tn_cap_table_ok(table) && \valid(out);
    requires \separated(out, table, table->slots.slot + (0 .. table->slots.count - 1),
                        table->entry + (0 .. table->slots.count - 1));
    behavior found:
      assumes tn_cap_accepts(table, handle) && table->entry[tn_slot_of(handle)].kind == kind &&
              (table->entry[tn_slot_of(handle)].rights & rights) == rights;
      assigns *out;
      ensures \result == TN_OK && *out == table->entry + tn_slot_of(handle);
    behavior refused:
      assumes !(tn_cap_accepts(table, handle) && table->entry[tn_slot_of(handle)].kind == kind &&
                (table->entry[tn_slot_of(handle)].rights & rights) == rights);
      assigns table->refused;
      ensures \result == TN_ESTALE || \result == TN_EKIND || \result == TN_EDENIED;
      ensures \result == TN_ESTALE <==> !tn_cap_accepts{Pre}(table, handle);
    complete behaviors;
    disjoint behaviors; */
TN_MUST_CHECK enum tn_status tn_cap_lookup(struct tn_cap_table *table, uint64_t handle, enum tn_kind kind,
                                           uint32_t rights, struct tn_cap **out);
/* Checks 2 and 3 against the object that the entry names: TN_OK or TN_ESTALE. Counts a refusal. */
/*@ requires tn_cap_table_ok(table) && \valid_read(cap) && \valid_read(id);
    behavior same:
      assumes id->generation != 0 && cap->object_generation == id->generation && table->owner_epoch == id->owner_epoch;
      assigns \nothing;
      ensures \result == TN_OK;
    behavior stale:
      assumes id->generation == 0 || cap->object_generation != id->generation || table->owner_epoch != id->owner_epoch;
      assigns table->refused;
      ensures \result == TN_ESTALE;
    complete behaviors;
    disjoint behaviors; */
TN_MUST_CHECK enum tn_status tn_cap_check(struct tn_cap_table *table, const struct tn_cap *cap,
                                          const struct tn_identity *id);

/* TN_OK or TN_EEXHAUSTED (no free slot). */
/*@ requires tn_cap_table_ok(table);
    assigns \nothing;
    ensures \result == TN_OK || \result == TN_EEXHAUSTED;
    ensures \result == TN_OK <==> table->slots.free > 0; */
TN_MUST_CHECK enum tn_status tn_cap_insert_decide(const struct tn_cap_table *table);
/* Returns the new handle. */
/*@ requires tn_cap_table_ok(table) && table->slots.free > 0 && \valid_read(grant);
    requires \separated(grant, table, table->slots.slot + (0 .. table->slots.count - 1),
                        table->entry + (0 .. table->slots.count - 1));
    requires grant->kind < TN_KIND_COUNT && grant->rights <= UINT16_MAX;
    assigns table->slots.head, table->slots.free, table->slots.slot[0 .. table->slots.count - 1];
    assigns table->entry[0 .. table->slots.count - 1];
    ensures tn_cap_table_ok(table);
    ensures tn_slots_step{Pre, Post}(&table->slots);
    ensures tn_slots_same_but{Pre, Post}(&table->slots, tn_slot_of(\result));
    ensures tn_cap_accepts(table, \result) && !tn_cap_accepts{Pre}(table, \result);
    ensures table->entry[tn_slot_of(\result)].kind == grant->kind; */
uint64_t tn_cap_insert_commit(struct tn_cap_table *table, const struct tn_cap_grant *grant);

/* Can this live entry change kind twice (buffer, fence, buffer) and still be released? TN_OK or TN_ERETIRED. */
/*@ requires tn_cap_table_ok(table);
    requires \exists integer i; tn_cap_is_entry(table, cap, i) && tn_is_live(&table->slots, i);
    assigns \nothing;
    ensures \result == TN_OK || \result == TN_ERETIRED;
    ensures \forall integer i; tn_cap_is_entry(table, cap, i) ==>
      (\result == TN_OK <==> table->slots.slot[i].generation + 2 <= table->slots.generation_max); */
TN_MUST_CHECK enum tn_status tn_cap_turn_decide(const struct tn_cap_table *table, const struct tn_cap *cap);
/* The entry's next generation, as another kind; older handles are stale from here. Returns the new handle. */
/*@ requires tn_cap_table_ok(table) && kind < TN_KIND_COUNT;
    requires \exists integer i; tn_cap_is_entry(table, cap, i) && tn_is_live(&table->slots, i) &&
               table->slots.slot[i].generation < table->slots.generation_max;
    assigns table->slots.slot[0 .. table->slots.count - 1], *cap;
    ensures tn_cap_table_ok(table);
    ensures tn_cap_step{Pre, Post}(table);
    ensures tn_slots_same_but{Pre, Post}(&table->slots, tn_slot_of(\result));
    ensures tn_cap_accepts(table, \result) && !tn_cap_accepts{Pre}(table, \result);
    ensures cap == table->entry + tn_slot_of(\result) && cap->kind == kind && cap->detail == detail; */
uint64_t tn_cap_turn_commit(struct tn_cap_table *table, struct tn_cap *cap, enum tn_kind kind, uint64_t detail);

/* Ends a live entry. */
/*@ requires tn_cap_table_ok(table);
    requires \exists integer i; tn_cap_is_entry(table, cap, i) && tn_is_live(&table->slots, i);
    assigns table->slots.free, table->slots.slot[0 .. table->slots.count - 1];
    ensures tn_cap_table_ok(table);
    ensures tn_slots_step{Pre, Post}(&table->slots);
    ensures \forall integer i; tn_cap_is_entry(table, cap, i) ==>
      !tn_is_live(&table->slots, i) && tn_slots_same_but{Pre, Post}(&table->slots, i); */
void tn_cap_remove_commit(struct tn_cap_table *table, struct tn_cap *cap);

/* Handle of a live entry. */
/*@ requires tn_cap_table_ok(table);
    requires \exists integer i; tn_cap_is_entry(table, cap, i) && tn_is_live(&table->slots, i);
    assigns \nothing;
    ensures tn_cap_accepts(table, \result) && cap == table->entry + tn_slot_of(\result); */
uint64_t tn_cap_handle(const struct tn_cap_table *table, const struct tn_cap *cap);

#endif
