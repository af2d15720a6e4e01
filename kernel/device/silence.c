/* SPDX-License-Identifier: Apache-2.0 */
/* See silence.h. */
#include "device/silence.h"

#include <stddef.h>

#include "arch/x86_64/clock.h"
#include "arch/x86_64/io.h"
#include "device/device.h"
#include "device/edu.h"
#include "device/fault.h"
#include "device/virtio.h"
#include "diag/log.h"
#include "iommu/iommu.h"
#include "pci/reset.h"

#ifndef TN_TWIN
enum { RESETS = 1 };
#else
enum { RESETS = 0 }; /* negative twin: what the device was told to do, it does */
#endif

static uint8_t judge(bool passed)
{
    return passed ? EVIDENCE_PASSED : EVIDENCE_FAILED;
}

/* Resets that only this kind of device has; the word of the device that it has stopped. */
static const struct {
    bool (*is)(const struct pci_function *function);
    enum tn_status (*reset)(struct pci_function *function);
} own_resets[] = {
    {virtio_is, virtio_reset},
    {edu_is, edu_stop},
};

static uint8_t reset_own(struct pci_function *f)
{
    for (uint32_t i = 0; i < sizeof own_resets / sizeof own_resets[0]; i++)
        if (own_resets[i].is(f)) {
            enum tn_status status = own_resets[i].reset(f);
            return status == TN_ENOTSUP ? EVIDENCE_NOT_APPLICABLE : judge(status == TN_OK);
        }
    return EVIDENCE_NOT_APPLICABLE;
}

/* The other functions of a bus may be reset with this one if nobody uses them. */
static bool may_reset(void *context, const struct pci_function *function)
{
    const struct device *own = context;
    if (function == own->function)
        return true;
    for (uint32_t i = 0; device_at(i); i++)
        if (device_at(i)->function == function)
            return device_at(i)->state == TN_DEVICE_UNCLAIMED;
    return false;
}

static void reset(struct device *device, struct evidence *e)
{
    struct pci_reset r;
    enum pci_reset_result result;
    pci_reset_begin(&r, pci_machine.function, pci_machine.count, (uint32_t)(device->function - pci_machine.function),
                    may_reset, device);
    if (r.method == PCI_RESET_NONE)
        return;
    while ((result = pci_reset_step(&r, &pci_ecam, clock_now())) == PCI_RESET_WAIT)
        while (clock_now() < r.until)
            cpu_relax();
    log_line("device: %s: reset by %s: %s", pci_name(device->function->bdf).text, pci_reset_name(r.method),
             result == PCI_RESET_DONE ? "done" : "failed");
    e->item[EVIDENCE_RESET] = judge(result == PCI_RESET_DONE);
    if (r.method == PCI_RESET_FUNCTION || r.method == PCI_RESET_ADVANCED)
        e->item[EVIDENCE_TRANSACTIONS] = judge(r.transactions_ended);
}

void device_silence(struct device *device, struct evidence *e)
{
    *e = (struct evidence){{0}};
    if (RESETS) /* its registers decode until the reset that PCI defines */
        e->item[EVIDENCE_DEVICE_WORD] = reset_own(device->function);
    e->item[EVIDENCE_BUS_MASTER] = judge(device_master_off(device) == TN_OK);
    if (RESETS)
        reset(device, e);
    if (!device->domain)
        return;
    (void)faults_drain(); /* what it did before */
    e->item[EVIDENCE_BLOCKED] = judge(iommu_block(device->domain) == TN_OK);
    uint64_t before = device->faults;
    e->item[EVIDENCE_FAULTS] = judge(faults_drain() && device->faults == before);
}
