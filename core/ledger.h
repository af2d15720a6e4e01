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

/* TN_OK or TN_EBUDGET; changes nothing. An amount that would wrap is refused. */
TN_MUST_CHECK enum tn_status tn_ledger_decide(const struct tn_ledger *ledger, enum tn_charge charge, uint64_t amount);
void tn_ledger_commit(struct tn_ledger *ledger, enum tn_charge charge, uint64_t amount);
/* `amount` must have been charged. */
void tn_ledger_refund(struct tn_ledger *ledger, enum tn_charge charge, uint64_t amount);
/* Decide and commit in one; counts a refusal. */
TN_MUST_CHECK enum tn_status tn_ledger_charge(struct tn_ledger *ledger, enum tn_charge charge, uint64_t amount);
/* The label of a charge for people, such as "pool_bytes"; "?" for a value out of range. */
const char *tn_charge_name(enum tn_charge charge);

#endif
