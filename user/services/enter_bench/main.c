/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enters the kernel with nothing to do, or with one NOP entry, for counting between the markers.
 */
#include <args.h>
#include <enter.h>
#include <marker.h>
#include <print.h>
#include <process.h>
#include <ring.h>

static void enter_empty(uint64_t count)
{
    for (; count > 0; count--)
        if (tn_enter(0, 0, 0, TN_DEADLINE_NOW).status != TN_OK)
            tn_die("bench: FAIL status of an empty tn_enter is not TN_OK");
}

static void enter_nop(uint64_t count)
{
    for (; count > 0; count--) {
        tn_ring_push()->flags = TN_SQE_QUIET;
        tn_ring_flush();
    }
}

int tn_main(const struct tn_start *start)
{
    uint64_t ops = 100000, entries = 0;
    const struct tn_arg known[] = {
        {.key = "ops", .value = &ops, .min = 1, .max = UINT32_MAX},
        {.key = "entries", .value = &entries, .min = 0, .max = 1},
    };
    tn_args_require(start->args, known, sizeof(known) / sizeof(known[0]));
    void (*const work)(uint64_t) = entries == 0 ? enter_empty : enter_nop;
    work(ops / 8);
    tn_marker_begin();
    work(ops);
    tn_marker_end();
    tn_print("bench: ops=%lu entries=%lu", ops, entries);
    return 0;
}
