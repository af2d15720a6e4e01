/* SPDX-License-Identifier: Apache-2.0 */
/* See watch.h. */
#include "watch.h"

#include <stdbool.h>

#include <clock.h>
#include <ring.h>

static struct {
    struct tn_source source; /* first: what is delivered is found by it */
    uint64_t device;
    uint64_t faults;
    bool armed;
} watch;

static void fault_came(struct tn_source *source, const struct tn_cqe *cqe)
{
    (void)source;
    watch.armed = false;
    if (cqe->status == TN_OK)
        watch.faults = cqe->value[0];
}

static void arm(void)
{
    if (watch.armed)
        return;
    struct tn_sqe *sqe = tn_ring_push();
    sqe->op = TN_OP_DEVICE_WATCH;
    sqe->handle = watch.device;
    sqe->user_data = tn_source_user_data(&watch.source);
    watch.armed = true;
}

void watch_open(uint64_t device)
{
    watch.device = device;
    watch.source.deliver = fault_came;
}

uint64_t watch_after(uint64_t before, uint64_t ns)
{
    for (uint64_t end = tn_deadline_in(ns); watch.faults == before && tn_clock_now() < end;) {
        arm();
        (void)tn_ring_wait(1, end);
    }
    return watch.faults;
}

uint64_t watch_count(void)
{
    return watch.faults;
}
