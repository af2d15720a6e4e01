/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupt routes: {source, vector, holder}. What a route may do is core/route.h's; here are the sources, the vectors
 * and the events. A route delivers one event against the completion it holds reserved; what arrives until that is
 * acknowledged is counted and becomes the next event. A source that storms is masked until then. An interrupt on a
 * vector without a live route is counted and wakes nobody.
 *
 * A route that is released is nobody's at once; its source is masked, and its vector is used again only after the
 * source and the local APIC have been seen silent. One that does not fall silent is never used again, and that is said.
 */
#ifndef TENURE_KERNEL_IRQ_ROUTE_H
#define TENURE_KERNEL_IRQ_ROUTE_H

#include <stdint.h>

#include <core/cap.h>
#include <tenure/abi/status.h>

#include "irq/source.h"

struct device;
struct process;

enum {
    ROUTES_MAX = 128,
    ROUTE_STORM = 1024, /* interrupts without an acknowledgement after which a source is masked */
};

void route_init(void);
/* A route from the device's source `entry` (irq_source_of), armed. The caller has charged TN_CHARGE_INTERRUPTS and
 * reserved one completion. TN_ERANGE, TN_ENOTSUP: as irq_source_of. TN_ESTATE: bound already. TN_EEXHAUSTED: no vector.
 * TN_EIO: the source cannot be masked, or does not fall silent. */
TN_MUST_CHECK enum tn_status route_bind(struct device *device, uint32_t entry, struct process *holder,
                                        uint64_t user_data, uint32_t *route);
/* The same for the kernel itself: `handler` runs in interrupt context for each event, which is acknowledged for it. */
TN_MUST_CHECK enum tn_status route_bind_kernel(const struct irq_source *source, void (*handler)(void));
/* Identity of a route that somebody holds, for capability checks; NULL otherwise. */
const struct tn_identity *route_identity(uint32_t route);
/* Acknowledges the event of this sequence; needs one more reserved completion, which the route keeps. TN_EINVAL: not
 * the sequence of an event that is pending. Both under one hold of LOCK_INTERRUPT_ROUTES. */
TN_MUST_CHECK enum tn_status route_acknowledge_decide(uint32_t route, uint64_t sequence);
void route_acknowledge_commit(uint32_t route);
/* The revoke sequence; a reservation it holds goes back. */
void route_release(uint32_t route);
/* Ends all routes of a device; the device manager calls it, and holds its lock. */
void route_release_device(const struct device *device);

/* From the interrupt entry. */
void route_deliver(uint8_t vector);
void route_count_spurious(void);

/* ---- what the console shows ---- */

struct route_view {
    struct irq_source source;
    uint32_t state; /* enum tn_route_state */
    uint8_t vector;
    const struct process *holder; /* NULL: the kernel, or nobody any more */
    const struct device *device;  /* NULL: none */
    uint64_t arrived;             /* interrupts, under this holder */
    uint64_t events;
    uint64_t storms;
};
/* Route `index`; false: it is free. */
bool route_view(uint32_t index, struct route_view *view);
struct route_counts {
    uint64_t stale;    /* on a vector of a route that nobody holds any more */
    uint64_t spurious; /* on other vectors, and the local APIC's own */
    uint64_t lost;     /* routes that never fell silent */
};
struct route_counts route_counts(void);

#endif
