/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Charging and refunding. Which operation charges what, and when, is left to the callers.
 */
#include "ledger.h"

#include "bug.h"
#include "count.h"

static const char *const charge_names[TN_CHARGE_COUNT] = {
    [TN_CHARGE_POOL_BYTES] = "pool_bytes",     [TN_CHARGE_MMIO_BYTES] = "mmio_bytes",
    [TN_CHARGE_MEMORY_PAGES] = "memory_pages", [TN_CHARGE_BUFFERS] = "buffers",
    [TN_CHARGE_INTERRUPTS] = "interrupts",     [TN_CHARGE_IN_FLIGHT] = "in_flight",
    [TN_CHARGE_CAP_SLOTS] = "cap_slots",       [TN_CHARGE_CHANNELS] = "channels",
};

enum tn_status tn_ledger_decide(const struct tn_ledger *ledger, enum tn_charge charge, uint64_t amount)
{
    if ((uint32_t)charge >= TN_CHARGE_COUNT)
        return TN_EBUDGET;
#ifndef TN_TWIN_BUDGET
    /* used <= limit always holds, so the subtraction cannot wrap and no sum is formed that could. */
    if (amount > ledger->limit[charge] - ledger->used[charge])
        return TN_EBUDGET;
#else
    (void)ledger, (void)amount; /* negative twin: nothing is ever too much */
#endif
    return TN_OK;
}

void tn_ledger_commit(struct tn_ledger *ledger, enum tn_charge charge, uint64_t amount)
{
    TN_ASSERT(tn_ledger_decide(ledger, charge, amount) == TN_OK);
    ledger->used[charge] += amount;
}

void tn_ledger_refund(struct tn_ledger *ledger, enum tn_charge charge, uint64_t amount)
{
    TN_ASSERT((uint32_t)charge < TN_CHARGE_COUNT && amount <= ledger->used[charge]);
    ledger->used[charge] -= amount;
}

enum tn_status tn_ledger_charge(struct tn_ledger *ledger, enum tn_charge charge, uint64_t amount)
{
    enum tn_status status = tn_ledger_decide(ledger, charge, amount);
    if (status == TN_OK)
        tn_ledger_commit(ledger, charge, amount);
    else if ((uint32_t)charge < TN_CHARGE_COUNT)
        ledger->refused[charge] = tn_count_one(ledger->refused[charge]);
    return status;
}

const char *tn_charge_name(enum tn_charge charge)
{
    return (uint32_t)charge < TN_CHARGE_COUNT ? charge_names[charge] : "?";
}
