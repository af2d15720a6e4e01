/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start-up order of the library, the lookup of grants, and the end.
 */
#include "process.h"

#include "clock.h"
#include "print.h"
#include "ring.h"

void tn_process_init(const struct tn_start *start)
{
    tn_clock_init(start);
    tn_ring_init(start);
    tn_print_init(start);
}

void tn_exit(int status)
{
    struct tn_sqe *sqe = tn_ring_push();
    sqe->op = TN_OP_EXIT;
    sqe->arg[0] = (uint64_t)(uint32_t)status;
    tn_ring_flush();
    __builtin_trap(); /* the kernel refused to end us: a fault ends us too */
}

const struct tn_start_cap *tn_start_find(const struct tn_start *start, const char *name)
{
    for (uint32_t i = 0; i < start->cap_count && i < TN_START_CAPS_MAX; i++)
        if (tn_text_equal(start->cap[i].name, name))
            return &start->cap[i];
    return NULL;
}

const struct tn_start_cap *tn_start_find_kind(const struct tn_start *start, enum tn_kind kind)
{
    for (uint32_t i = 0; i < start->cap_count && i < TN_START_CAPS_MAX; i++)
        if (start->cap[i].kind == (uint32_t)kind)
            return &start->cap[i];
    return NULL;
}
