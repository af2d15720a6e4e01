/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a claim, and what becomes of a device in quarantine: its holder ends, or gives it up and lives on, or a
 * person has it tried again. One way for all three; see device.h.
 */
#include "device/device_inside.h"

#include <stddef.h>

#include "arch/x86_64/clock.h"
#include "cap/channel.h"
#include "cap/operation.h"
#include "cap/pool.h"
#include "device/fault.h"
#include "device/mmio.h"
#include "diag/audit.h"
#include "diag/books.h"
#include "diag/log.h"
#include "iommu/iommu.h"
#include "irq/route.h"
#include "lib/lock.h"
#include "proc/process.h"
#include "proc/sched.h"
#include <tn_format.h>

static uint64_t silence_count; /* of all devices: a service that goes on with another one hears no number twice */

static void log_evidence(const struct device *device, const struct evidence *e, bool suffices)
{
    char items[160];
    size_t n = 0;
    for (uint32_t i = 0; i < EVIDENCE_ITEMS; i++)
        n += tn_format(items + n, sizeof items - n, "%s%s %s", i == 0 ? "" : ", ", evidence_name(i),
                       evidence_result_name(e->item[i]));
    log_line("device: %s %s: %s: %s", pci_name(device->function->bdf).text,
             !device->holder    ? "was tried again"
             : device->is_apart ? "was given up"
                                : "lost its driver",
             !suffices                                            ? "in quarantine until it is silent"
             : device->word_frees && !evidence_suffices(e, false) ? "silent by its word, unclaimed"
                                                                  : "silent, unclaimed",
             items);
}

/* Its windows and routes go first, so that nobody starts the device again; and no new ones are made. */
static void quiesce(struct device *device)
{
    device_move(device, TN_DEVICE_QUIESCING);
    device->identity.generation++; /* every capability to it is stale from here */
    fault_watch_ended(device);
    mmio_release_device(device);
    route_release_device(device);
    services_device_stopped(device);
    silence_begin(&device->silence, device, clock_now());
}

static void give_up(struct device *device, bool is_told, uint64_t user_data)
{
    device->is_apart = true;
    device->is_told = is_told;
    device->told = user_data;
    quiesce(device);
    sched_work_due = true;
}

/* Its services have no device any more: one that it has claimed meanwhile is for them. */
static void serve_with_another(struct process *holder)
{
    struct device *other = device_first_of(holder);
    if (other && services_device_claimed(holder, other) != TN_OK)
        give_up(other, false, 0); /* as a claim whose services cannot use it */
}

/* The evidence is there: it is judged once. */
static void let_go(struct device *device)
{
    const struct evidence *evidence = &device->silence.evidence;
#ifndef TN_TWIN /* negative twin: a device is believed to be silent */
    bool suffices = evidence_suffices(evidence, device->word_frees);
#else
    bool suffices = true;
#endif
    device_move(device, suffices ? TN_DEVICE_UNCLAIMED : TN_DEVICE_QUARANTINED);
    process_audit(device->holder, suffices ? TN_AUDIT_DEVICE_FREED : TN_AUDIT_DEVICE_LOST, suffices ? TN_OK : TN_EIO,
                  TN_KIND_DEVICE, device->identity.generation, 0);
    log_evidence(device, evidence, suffices);
    device->was_used = device->was_used || device->had_pool;
    if (suffices)
        device->last_silence = ++silence_count;
    if (suffices && device->domain && pools_reach_ended(device)) {
        iommu_free(device->domain);
        device->domain = NULL;
    }
    struct process *holder = device->holder;
    services_device_ended(device, suffices);
    if (pools_device_ended(device))
        services_end_withheld();
    pools_device_released(device);
    if (suffices)
        pools_device_silenced(device);
    device->holder = NULL;
    if (holder && process_is_live(holder))
        serve_with_another(holder);
}

bool device_is_silent(const struct device *device)
{
    return device->state == TN_DEVICE_UNCLAIMED;
}

/* True: it has been let go. Otherwise *until is no later than its next step. */
static bool go_on(struct device *device, uint64_t now, uint64_t *until)
{
    if (device->silence.until <= now && silence_step(&device->silence, now)) {
        let_go(device);
        return true;
    }
    if (device->silence.until < *until)
        *until = device->silence.until;
    return false;
}

/* ---- with its holder ---- */

void devices_holder_ended(const struct process *process)
{
    lock_acquire(LOCK_DEVICE_MANAGER);
    for (uint32_t i = 0; i < device_count; i++) {
        struct device *d = &device_table[i];
        if (d->holder != process)
            continue;
        d->is_apart = false; /* what it has given up and is not silent yet, it waits for like the rest */
        if (d->state == TN_DEVICE_CLAIMED)
            quiesce(d);
    }
    lock_release(LOCK_DEVICE_MANAGER);
}

bool devices_silenced(const struct process *process, uint64_t now, uint64_t *until)
{
    bool all = true;
    *until = UINT64_MAX;
    lock_acquire(LOCK_DEVICE_MANAGER);
    for (uint32_t i = 0; i < device_count; i++)
        if (device_table[i].holder == process)
            all = go_on(&device_table[i], now, until) && all;
    lock_release(LOCK_DEVICE_MANAGER);
    return all;
}

/* ---- apart from it ---- */

enum tn_status device_release(struct device *device, uint64_t user_data)
{
    lock_acquire(LOCK_DEVICE_MANAGER);
    enum tn_status status = device->state == TN_DEVICE_CLAIMED ? TN_OK : TN_ESTATE;
    if (status == TN_OK)
        give_up(device, true, user_data);
    lock_release(LOCK_DEVICE_MANAGER);
    return status;
}

void device_abandon(struct device *device)
{
    lock_acquire(LOCK_DEVICE_MANAGER);
    give_up(device, false, 0);
    lock_release(LOCK_DEVICE_MANAGER);
}

enum tn_status device_retry(struct device *device)
{
    lock_acquire(LOCK_DEVICE_MANAGER);
    enum tn_status status = device->state != TN_DEVICE_QUARANTINED ? TN_ESTATE
                            : device_is_in_bus_reset(device) ? TN_EAGAIN /* it answers nobody, as if it was gone */
                                                             : TN_OK;
    if (status == TN_OK) {
        device_move(device, TN_DEVICE_QUIESCING);
        device->is_apart = true;
        silence_begin(&device->silence, device, clock_now());
        sched_work_due = true;
    }
    lock_release(LOCK_DEVICE_MANAGER);
    return status;
}

/* Whoever has given it up hears what became of it, and what it had for it is gone. */
static void answer(const struct device *device, struct process *holder)
{
    const struct tn_cqe cqe = {
        .user_data = device->told,
        .kind = TN_CQE_RESULT,
        .status = device_is_silent(device) ? TN_OK : TN_EQUARANTINED,
    };
    caps_forget_ended(holder);
    if (!device->is_told || (cqe.status == TN_OK && pools_tell_end(holder, device, device->told)))
        return;
    process_post(holder, &cqe);
}

void devices_apart_go_on(void)
{
    uint64_t now = clock_now(), until = UINT64_MAX;
    lock_acquire(LOCK_DEVICE_MANAGER);
    for (uint32_t i = 0; i < device_count; i++) {
        struct device *d = &device_table[i];
        struct process *holder = d->holder;
        if (d->state == TN_DEVICE_QUIESCING && d->is_apart && go_on(d, now, &until) && holder)
            answer(d, holder);
    }
    lock_release(LOCK_DEVICE_MANAGER);
    books_check();
    if (until != UINT64_MAX)
        sched_work_at(until, now);
}
