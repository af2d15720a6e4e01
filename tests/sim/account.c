/* SPDX-License-Identifier: Apache-2.0 */
/* See account.h. */
#include "account.h"

#include "cap/pool_inside.h"
#include "mm/frame.h"
#include "proc/process.h"

uint64_t frames_of_nobody(void)
{
    const struct frame_counts counts = frames_count();
    uint64_t owned = 0;
    for (uint32_t i = 0; i < process_count; i++)
        owned += process_table[i].ledger.used[TN_CHARGE_MEMORY_PAGES];
    for (uint32_t i = 0; i < POOLS_MAX; i++)
        if (pools[i].identity.generation != 0)
            owned += pool_pages(&pools[i]) + pool_record_pages(&pools[i]);
    return counts.total - counts.free - owned;
}
