/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the entry point to tn_main and from its status to the end. Capabilities and rings are left to lib/.
 */
#include <tenure/abi/start.h>

#include <process.h>

_Noreturn void tn_process_start(const struct tn_start *start);

_Noreturn void tn_process_start(const struct tn_start *start)
{
    /* Without a start block of our version there is no ring to complain on: a trap, which the kernel reports. */
    if (start == NULL || start->magic != TN_START_MAGIC || start->version != TN_START_VERSION)
        __builtin_trap();
    tn_process_init(start);
    tn_exit(tn_main(start));
}
