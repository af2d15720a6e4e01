/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Budgets: what an owner may hold, and what it holds. Charged before a side effect, refunded after its end (G6).
 */
#ifndef TENURE_CORE_LEDGER_H
#define TENURE_CORE_LEDGER_H

#include <stdint.h>

#include <tenure/abi/status.h>

enum tn_charge {
    TN_CHARGE_POOL_BYTES,
    TN_CHARGE_MMIO_BYTES,
    TN_CHARGE_MEMORY_PAGES,
    TN_CHARGE_BUFFERS,
    TN_CHARGE_INTERRUPTS,
    TN_CHARGE_IN_FLIGHT,
    TN_CHARGE_CAP_SLOTS,
    TN_CHARGE_CHANNELS,
    TN_CHARGE_COUNT
};

struct tn_ledger {
    uint64_t limit[TN_CHARGE_COUNT];
    uint64_t used[TN_CHARGE_COUNT]; /* used <= limit, always */
    uint64_t refused[TN_CHARGE_COUNT];
};

/*@ predicate tn_ledger_ok{L}(struct tn_ledger *l) =
      \valid(l) && \forall integer c; 0 <= c < TN_CHARGE_COUNT ==> l->used[c] <= l->limit[c];
    predicate tn_ledger_has_room{L}(struct tn_ledger *l, integer c, integer amount) =
      0 <= c < TN_CHARGE_COUNT && l->used[c] + amount <= l->limit[c]; */

/* TN_OK or TN_EBUDGET; changes nothing. An amount that would wrap is refused. */
/*@ requires tn_ledger_ok(ledger);
    assigns \nothing;
    ensures \result == TN_OK || \result == TN_EBUDGET;
    ensures \result == TN_OK <==> tn_ledger_has_room(ledger, charge, amount); */
TN_MUST_CHECK enum tn_status tn_ledger_decide(const struct tn_ledger *ledger, enum tn_charge charge, uint64_t amount);
/*@ requires tn_ledger_ok(ledger) && tn_ledger_has_room(ledger, charge, amount);
    assigns ledger->used[charge];
    ensures tn_ledger_ok(ledger) && ledger->used[charge] == \old(ledger->used[charge]) + amount; */
void tn_ledger_commit(struct tn_ledger *ledger, enum tn_charge charge, uint64_t amount);
/* `amount` must have been charged. */
/*@ requires tn_ledger_ok(ledger) && charge < TN_CHARGE_COUNT && amount <= ledger->used[charge];
    assigns ledger->used[charge];
    ensures tn_ledger_ok(ledger) && ledger->used[charge] == \old(ledger->used[charge]) - amount; */
void tn_ledger_refund(struct tn_ledger *ledger, enum tn_charge charge, uint64_t amount);
/* Decide and commit in one; counts a refusal. */
/*@ requires tn_ledger_ok(ledger);
    behavior room:
      assumes tn_ledger_has_room(ledger, charge, amount);
      assigns ledger->used[charge];
      ensures \result == TN_OK && tn_ledger_ok(ledger);
      ensures ledger->used[charge] == \old(ledger->used[charge]) + amount;
    behavior refused:
      assumes charge < TN_CHARGE_COUNT && !tn_ledger_has_room(ledger, charge, amount);
      assigns ledger->refused[charge];
      ensures \result == TN_EBUDGET && tn_ledger_ok(ledger);
    behavior unknown:
      assumes charge >= TN_CHARGE_COUNT;
      assigns \nothing;
      ensures \result == TN_EBUDGET;
    complete behaviors;
    disjoint behaviors; */
TN_MUST_CHECK enum tn_status tn_ledger_charge(struct tn_ledger *ledger, enum tn_charge charge, uint64_t amount);
/* The label of a charge for people, such as "pool_bytes"; "?" for a value out of range. */
/*@ assigns \nothing; */
const char *tn_charge_name(enum tn_charge charge);

#endif
