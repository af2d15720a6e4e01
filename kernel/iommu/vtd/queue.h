/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The invalidation queue of a unit (VT-d Specification 4.0, section 6.5.2). Every order is followed by a wait, and
 * comes back when the unit has done it: nobody ever holds an invalidation that is not finished.
 */
#ifndef TENURE_KERNEL_VTD_QUEUE_H
#define TENURE_KERNEL_VTD_QUEUE_H

#include <tenure/abi/status.h>

#include "iommu/vtd/host.h"

enum {
    VTD_QUEUE_ENTRIES = 256, /* one page */
    VTD_QUEUE_BATCH = 16,    /* descriptors of one order, at most */
};

struct vtd_descriptor {
    uint64_t low, high;
};

struct vtd_queue {
    const struct vtd_host *host;
    struct vtd_descriptor *entry;
    volatile uint32_t *done; /* the unit writes the number of the last wait here */
    uint64_t physical, done_physical;
    uint32_t tail;
    uint32_t number;
    bool coherent;
    bool failed;            /* an order did not end: nothing is ordered any more */
    uint64_t orders, waits; /* counts: descriptors but the waits, and looks at `done` that came too early */
};

/* Memory for the queue; the unit is told by unit.c. TN_EEXHAUSTED. */
TN_MUST_CHECK enum tn_status vtd_queue_init(struct vtd_queue *queue, const struct vtd_host *host, bool coherent);
/* 1 to VTD_QUEUE_BATCH descriptors, done when it returns. TN_EIO: the unit refused one, or gave no answer within a
 * second; the queue is out of use from then on. */
TN_MUST_CHECK enum tn_status vtd_queue_order(struct vtd_queue *queue, const struct vtd_descriptor *order,
                                             uint32_t count);

/* ---- descriptors ---- */

struct vtd_descriptor vtd_context_all(void);
struct vtd_descriptor vtd_context_of(uint16_t requester, uint16_t domain);
struct vtd_descriptor vtd_iotlb_all(void);
struct vtd_descriptor vtd_iotlb_domain(uint16_t domain);
struct vtd_descriptor vtd_interrupt_all(void);
struct vtd_descriptor vtd_interrupt_of(uint16_t index);

#endif
