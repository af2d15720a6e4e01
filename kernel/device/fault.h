/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the IOMMU refuses a device: counted for the device, on the audit log under its holder, told to its holder
 * (TN_OP_DEVICE_WATCH). A device that goes on and on is stopped.
 */
#ifndef TENURE_KERNEL_DEVICE_FAULT_H
#define TENURE_KERNEL_DEVICE_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include <tenure/abi/status.h>

struct device;

enum { FAULTS_MAX = 256 }; /* of one claim; then its bus mastering goes off for good */

/* Empties the fault log of every unit. On the way out of the kernel, with no lock held; what is left then makes
 * sched_work_due again. */
void faults_handle(void);
/* The same, under the device manager's lock. False: there are more, for the next time. */
bool faults_drain(void);
/* The holder waits for the next fault, or is told at once of those it was not told of. Its completion is reserved.
 * TN_ESTATE: it waits already. */
TN_MUST_CHECK enum tn_status fault_watch(struct device *device, uint64_t user_data);
/* The claim is over: who waits is told TN_EABORTED. */
void fault_watch_ended(struct device *device);

struct fault_counts {
    uint64_t nobodys;   /* of requesters that no claimed device has */
    uint64_t overflows; /* times that a log was full: so many at least were lost */
};
struct fault_counts fault_counts(void);

#endif
