/* SPDX-License-Identifier: Apache-2.0 */
/* The judgement of silence.h. Pure. */
#include "device/silence.h"

const char *evidence_name(uint32_t item)
{
    static const char *const name[EVIDENCE_ITEMS] = {
        [EVIDENCE_BUS_MASTER] = "bus-master-off",
        [EVIDENCE_NEVER] = "never-on",
        [EVIDENCE_RESET] = "reset",
        [EVIDENCE_TRANSACTIONS] = "no-transactions",
        [EVIDENCE_DEVICE_WORD] = "device-word",
        [EVIDENCE_BLOCKED] = "iommu-blocked",
        [EVIDENCE_FAULTS] = "fault-log-empty",
        [EVIDENCE_ABSENT] = "absent",
    };
    return item < EVIDENCE_ITEMS ? name[item] : "?";
}

const char *evidence_result_name(uint32_t result)
{
    static const char *const name[] = {"n/a", "passed", "failed"};
    return result <= EVIDENCE_FAILED ? name[result] : "?";
}

bool evidence_suffices(const struct evidence *e, bool word_frees)
{
    for (uint32_t i = 0; i < EVIDENCE_ITEMS; i++)
        if (e->item[i] == EVIDENCE_FAILED)
            return false;
    if (e->item[EVIDENCE_ABSENT] == EVIDENCE_PASSED)
        return true;
    bool is_blocked = e->item[EVIDENCE_BLOCKED] == EVIDENCE_PASSED;
    bool is_reset = e->item[EVIDENCE_RESET] == EVIDENCE_PASSED;
    bool has_word = e->item[EVIDENCE_DEVICE_WORD] == EVIDENCE_PASSED;
    bool was_off = e->item[EVIDENCE_NEVER] == EVIDENCE_PASSED;
    return e->item[EVIDENCE_BUS_MASTER] == EVIDENCE_PASSED &&
           (was_off || is_reset || (has_word && (is_blocked || word_frees)));
}
