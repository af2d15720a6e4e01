/* SPDX-License-Identifier: Apache-2.0 */
/* See policy.h. */
#include "device/policy.h"

uint32_t policy_choose(uint32_t minimum, const struct policy_means *m)
{
    bool remaps = m->has_unit && m->obeys && m->is_isolated;
    switch (minimum) {
    case TN_POLICY_STRICT:
        return remaps ? TN_POLICY_STRICT : TN_POLICY_BLOCKED;
    case TN_POLICY_POOL:
        return remaps ? TN_POLICY_POOL : TN_POLICY_BLOCKED;
    case TN_POLICY_TRUSTED:
        if (remaps)
            return TN_POLICY_STRICT;
        /* behind a unit without a domain everything faults: that would be no DMA under another name */
        return m->has_unit && m->obeys ? TN_POLICY_BLOCKED : TN_POLICY_TRUSTED;
    default:
        return TN_POLICY_BLOCKED;
    }
}
