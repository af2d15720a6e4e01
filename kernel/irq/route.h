/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupt routes: {device, MSI-X entry, vector, holder}. A route is armed, delivers one event against the completion
 * it holds reserved, and is pending until the event is acknowledged by its sequence. What arrives meanwhile is counted
 * and becomes the next event. An interrupt on a vector without a live route is counted and wakes nobody.
 */
#ifndef TENURE_KERNEL_IRQ_ROUTE_H
#define TENURE_KERNEL_IRQ_ROUTE_H

#include <stdint.h>

#include <core/cap.h>
#include <tenure/abi/status.h>

struct device;
struct process;

enum { ROUTES_MAX = 128 };

void route_init(void);
/* Programs the device's MSI-X entry `entry` (unmasked, armed). The caller has charged TN_CHARGE_INTERRUPTS and reserved
 * one completion. TN_ERANGE: no such entry. TN_ESTATE: bound already. TN_EEXHAUSTED: no vector. */
TN_MUST_CHECK enum tn_status route_bind(struct device *device, uint32_t entry, struct process *holder,
                                        uint64_t user_data, uint32_t *route);
/* Identity of a route, for capability checks; NULL if the index is out of range. */
const struct tn_identity *route_identity(uint32_t route);
/* Acknowledges the event of this sequence; needs one more reserved completion, which the route keeps. TN_EINVAL: not
 * the sequence of an event that is pending. */
TN_MUST_CHECK enum tn_status route_acknowledge_decide(uint32_t route, uint64_t sequence);
void route_acknowledge_commit(uint32_t route);
/* Masks the entry, reads back, ends the route; a reservation it holds goes back. */
void route_release(uint32_t route);
/* Ends all routes of a device. */
void route_release_device(const struct device *device);

/* From the interrupt entry. */
void route_deliver(uint8_t vector);
void route_count_spurious(void);
uint64_t route_spurious(void);

#endif
