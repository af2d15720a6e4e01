/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One interrupt of a device: bound to an MSI-X entry, seen as events on the ring, acknowledged by their sequence. An
 * event says "at least once": what happened is asked of the device.
 */
#ifndef TENURE_USER_IRQ_H
#define TENURE_USER_IRQ_H

#include <stdint.h>

#include "ring.h"

struct tn_irq {
    struct tn_source source;
    struct tn_source failure; /* receives a refused acknowledgement */
    uint64_t handle;
    uint64_t sequence; /* of the last event */
    uint32_t pending;  /* an event came and was not acknowledged */
};

/* Binds MSI-X entry `entry`; *irq must stay where it is. It starts armed. */
TN_MUST_CHECK enum tn_status tn_irq_bind(uint64_t device, uint32_t entry, struct tn_irq *irq);

/* Has an event come? Call after tn_ring_wait. */
static inline int tn_irq_pending(const struct tn_irq *irq)
{
    return irq->pending != 0;
}

/* Acknowledges the event, which arms the interrupt again; travels with the next entry of the ring. */
void tn_irq_acknowledge(struct tn_irq *irq);

#endif
