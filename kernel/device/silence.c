/* SPDX-License-Identifier: Apache-2.0 */
/* See silence.h. */
#include "device/silence.h"

#include <stddef.h>

#include "device/device.h"
#include "device/edu.h"
#include "device/fault.h"
#include "device/virtio.h"
#include "diag/log.h"
#include "iommu/iommu.h"
#include "pci/presence.h"
#include "pci/reset.h"

#ifndef TN_TWIN
enum { RESETS = 1 };
#else
enum { RESETS = 0 }; /* negative twin: what the device was told to do, it does */
#endif

static const uint64_t ms = 1000000;

enum step { STEP_OWN, STEP_MASTER, STEP_RESET, STEP_BLOCK };

static uint8_t judge(bool passed)
{
    return passed ? EVIDENCE_PASSED : EVIDENCE_FAILED;
}

/* Resets that only this kind of device has; the word of the device that it has stopped. */
static const struct own_reset {
    bool (*is)(const struct pci_function *function);
    bool (*begin)(struct pci_function *function);
    bool (*ended)(const struct pci_function *function);
    uint64_t limit_ms;
} own_resets[] = {
    {virtio_is, virtio_reset_begin, virtio_reset_ended, 1000},
    {edu_is, edu_stop_begin, edu_stop_ended, 250},
};

static const struct own_reset *own_reset_of(const struct pci_function *f)
{
    for (uint32_t i = 0; i < sizeof own_resets / sizeof own_resets[0]; i++)
        if (own_resets[i].is(f))
            return &own_resets[i];
    return NULL;
}

/* The other functions of a bus may be reset with this one if nobody uses them, or if whoever had this one had them as
 * well and they are on their way to silence too. */
static bool may_reset(void *context, const struct pci_function *function)
{
    const struct device *own = context;
    if (function == own->function)
        return true;
    for (uint32_t i = 0; device_at(i); i++) {
        const struct device *d = device_at(i);
        if (d->function == function)
            return d->state == TN_DEVICE_UNCLAIMED || d->state == TN_DEVICE_QUARANTINED ||
                   (d->state == TN_DEVICE_QUIESCING && d->holder == own->holder);
    }
    return false;
}

/* One reset of a bus at a time, and none while the registers of a function on it are still read for its own reset. */
static bool has_the_bus(const struct silence *s)
{
    const struct pci_function *f = pci_machine.function;
    for (uint32_t i = 0; device_at(i); i++) {
        const struct device *d = device_at(i);
        if (d == s->device || d->state != TN_DEVICE_QUIESCING ||
            !pci_is_behind(f, (uint32_t)(d->function - f), (uint32_t)(s->reset.bridge - f)))
            continue;
        if (d->silence.step < STEP_RESET || (d->silence.step == STEP_RESET && d->silence.is_resetting))
            return false;
    }
    return true;
}

static bool is_gone(const struct silence *s)
{
    const struct pci_function *f = s->device->function;
    return pci_is_gone(pci_machine.function, (uint32_t)(f - pci_machine.function), &pci_ecam);
}

void silence_begin(struct silence *s, struct device *device, uint64_t now)
{
    *s = (struct silence){.device = device, .step = STEP_MASTER, .until = now};
    if (is_gone(s)) {
        s->step = STEP_BLOCK;
        return;
    }
    const struct own_reset *own = own_reset_of(device->function);
    if (!RESETS || !own || !own->begin(device->function))
        return; /* its registers decode until the reset that PCI defines */
    s->own = own;
    s->step = STEP_OWN;
    s->limit = now + own->limit_ms * ms;
}

static bool ask_own(struct silence *s, uint64_t now)
{
    bool ended = pci_decodes(s->device->function, &pci_ecam) && s->own->ended(s->device->function);
    if (!ended && now < s->limit) {
        s->until = now + ms;
        return false;
    }
    s->evidence.item[EVIDENCE_DEVICE_WORD] = judge(ended);
    return true;
}

static void master_off(struct silence *s)
{
    s->evidence.item[EVIDENCE_BUS_MASTER] = judge(device_master_off(s->device) == TN_OK);
    s->evidence.item[EVIDENCE_NEVER] = s->device->had_pool ? EVIDENCE_NOT_APPLICABLE : EVIDENCE_PASSED;
    pci_reset_begin(&s->reset, pci_machine.function, pci_machine.count,
                    (uint32_t)(s->device->function - pci_machine.function), may_reset, s->device);
}

static bool reset(struct silence *s, uint64_t now)
{
    if (!RESETS || s->reset.method == PCI_RESET_NONE)
        return true;
    if (!s->is_resetting && s->reset.method == PCI_RESET_BUS && !has_the_bus(s)) {
        s->until = now + ms;
        return false;
    }
    s->is_resetting = true;
    enum pci_reset_result result = pci_reset_step(&s->reset, &pci_ecam, now);
    if (result == PCI_RESET_WAIT) {
        s->until = s->reset.until;
        return false;
    }
    log_line("device: %s: reset by %s: %s", pci_name(s->device->function->bdf).text, pci_reset_name(s->reset.method),
             result == PCI_RESET_DONE ? "done" : "failed");
    s->evidence.item[EVIDENCE_RESET] = judge(result == PCI_RESET_DONE);
    if (s->reset.method == PCI_RESET_FUNCTION || s->reset.method == PCI_RESET_ADVANCED)
        s->evidence.item[EVIDENCE_TRANSACTIONS] = judge(s->reset.transactions_ended);
    return true;
}

/* Whatever it was asked on the way, nobody was there to answer. */
static void note_absence(struct silence *s)
{
    if (!is_gone(s))
        return;
    s->device->is_gone = true;
    s->evidence = (struct evidence){0};
    s->evidence.item[EVIDENCE_ABSENT] = EVIDENCE_PASSED;
}

static void block(struct silence *s)
{
    if (!s->device->domain)
        return;
    (void)faults_drain(); /* what it did before */
    s->evidence.item[EVIDENCE_BLOCKED] = judge(iommu_block(s->device->domain) == TN_OK);
    uint64_t before = s->device->faults;
    s->evidence.item[EVIDENCE_FAULTS] = judge(faults_drain() && s->device->faults == before);
}

bool silence_step(struct silence *s, uint64_t now)
{
    if (s->step == STEP_OWN) {
        if (!ask_own(s, now))
            return false;
        s->step = STEP_MASTER;
    }
    if (s->step == STEP_MASTER) {
        master_off(s);
        s->step = STEP_RESET;
    }
    if (s->step == STEP_RESET) {
        if (!reset(s, now))
            return false;
        s->step = STEP_BLOCK;
    }
    note_absence(s);
    block(s);
    return true;
}
