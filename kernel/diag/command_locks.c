/* SPDX-License-Identifier: Apache-2.0 */
/* `locks`: each lock by rank, how often it was taken, and where, as far as the build remembers that. */
#include "diag/command.h"
#include "lib/lock.h"
#include <tn_format.h>

static void print_lock(struct command_call *call, const struct lock *lock)
{
    char place[96] = "";
    const struct lock_place *at = lock->holder;
#ifdef LOCK_CHECKS
    at = at ? at : lock->last;
#endif
    if (at)
        tn_format(place, sizeof place, ", %s %s:%u", lock->holder ? "since" : "last at", lock_file(at), at->line);
    command_print(call, "lock %s rank %u, %s, taken %lu%s", lock->name, lock->rank, lock->holder ? "held" : "free",
                  lock->taken, place);
}

void command_locks_run(struct command_call *call)
{
    for (uint32_t i = 0; i < LOCK_COUNT; i++)
        print_lock(call, &locks[i]);
#ifdef LOCK_CHECKS
    command_print(call, "the order is checked");
#else
    command_print(call, "the order is not checked in this build (make BUILD=debug)");
#endif
}
