/* SPDX-License-Identifier: Apache-2.0 */
/* See fault.h. */
#include "device/fault.h"

#include <stdbool.h>
#include <stddef.h>

#include "device/device.h"
#include "diag/audit.h"
#include "diag/log.h"
#include "iommu/iommu.h"
#include "lib/lock.h"
#include "pci/requester.h"
#include "proc/process.h"
#include "proc/sched.h"

enum { FAULTS_AT_ONCE = 64 };

static struct fault_counts counts;

/* The device that a request under this id is of. Behind a conventional bridge several have one id; they are one
 * isolation group and have one owner. */
static struct device *device_of(uint32_t requester)
{
    for (uint32_t i = 0; device_at(i); i++) {
        struct device *d = device_at(i);
        uint16_t id[PCI_REQUESTERS_MAX];
        if (!d->holder || pci_segment(d->function->bdf) != requester >> 16)
            continue;
        uint32_t n = pci_requesters(pci_machine.function, (uint32_t)(d->function - pci_machine.function), id);
        for (uint32_t j = 0; j < n; j++)
            if (id[j] == (uint16_t)requester)
                return d;
    }
    return NULL;
}

static void tell(struct device *d)
{
    struct tn_cqe cqe = {
        .user_data = d->watch,
        .kind = TN_CQE_RESULT,
        .status = TN_OK,
        .value = {d->faults, d->fault_reason, d->fault_was_read},
    };
    d->faults_told = d->faults;
    d->watched = false;
    process_post(d->holder, &cqe);
}

enum tn_status fault_watch(struct device *d, uint64_t user_data)
{
    if (d->watched)
        return TN_ESTATE;
    d->watched = true;
    d->watch = user_data;
    if (d->faults != d->faults_told)
        tell(d);
    return TN_OK;
}

void fault_watch_ended(struct device *d)
{
    const struct tn_cqe cqe = {.user_data = d->watch, .kind = TN_CQE_RESULT, .status = TN_EABORTED};
    if (d->watched && process_is_live(d->holder))
        process_post(d->holder, &cqe);
    d->watched = false;
}

static void note(struct device *d, const struct iommu_fault *fault)
{
    d->faults++;
    d->fault_reason = fault->reason_number;
    d->fault_was_read = fault->is_read;
    process_audit(d->holder, TN_AUDIT_DMA_FAULT, TN_EDENIED, TN_KIND_DEVICE, d->identity.generation,
                  fault->reason_number);
    if (d->faults == 1) /* one line for a claim, however many */
        log_line("iommu: %s of %s: %s refused: %s", pci_name(d->function->bdf).text, d->holder->name,
                 fault->is_read ? "read" : "write", fault->reason);
#ifndef TN_TWIN /* negative twin: nobody stops it */
    if (d->faults == FAULTS_MAX) {
        enum tn_status off = device_master_off(d);
        d->stopped = true;
        process_audit(d->holder, TN_AUDIT_DMA_STOPPED, off, TN_KIND_DEVICE, d->identity.generation, 0);
        log_line("iommu: %s of %s: %u faults: bus mastering off%s", pci_name(d->function->bdf).text, d->holder->name,
                 FAULTS_MAX, off == TN_OK ? "" : ", which the device does not follow");
    }
#endif
    if (d->watched)
        tell(d);
}

bool faults_drain(void)
{
    struct iommu_fault fault;
    for (uint32_t n = 0; n < FAULTS_AT_ONCE; n++) {
        if (!iommu_next_fault(&fault))
            return true;
        if (fault.is_overflow) {
            if (counts.overflows++ == 0)
                log_line("iommu: a fault log was full: faults were lost");
            continue;
        }
        struct device *d = device_of(fault.requester);
        if (d) {
            note(d, &fault);
            continue;
        }
        if (counts.nobodys++ == 0)
            log_line("iommu: %s, which nobody holds: %s refused: %s", pci_name(fault.requester).text,
                     fault.is_read ? "read" : "write", fault.reason);
    }
    sched_work_due = true; /* a device that nobody can stop must not keep the kernel here */
    return false;
}

void faults_handle(void)
{
    lock_acquire(LOCK_DEVICE_MANAGER);
    (void)faults_drain();
    lock_release(LOCK_DEVICE_MANAGER);
}

struct fault_counts fault_counts(void)
{
    return counts;
}
