/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on a Device, a DeviceMmio and an Interrupt (tenure/abi/ring.h). */
#include "cap/operation.h"

#include <stddef.h>

#include "arch/x86_64/layout.h"
#include "cap/channel.h"
#include "device/device.h"
#include "device/fault.h"
#include "device/mmio.h"
#include "irq/route.h"
#include "lib/lock.h"
#include "proc/process.h"

enum { CONFIG_SPACE_BYTES = 4096 };

static struct device *device_of(const struct call *call)
{
    return device_at(call->cap->object);
}

enum tn_status op_device_config_read(struct call *call)
{
    uint64_t offset = call->sqe->arg[0], width = call->sqe->arg[1];
    if ((width != 1 && width != 2 && width != 4) || offset % width != 0)
        return TN_EINVAL;
    if (offset > CONFIG_SPACE_BYTES - width)
        return TN_ERANGE;
    call->value[0] = pci_read(&pci_ecam, device_of(call)->function->bdf, (uint32_t)offset, (uint32_t)width);
    /* where firmware put the registers is nobody's business but the kernel's: windows are asked for by BAR and offset
     */
    if (offset + width > PCI_BAR0 && offset < PCI_BAR0 + 4 * PCI_BARS)
        call->value[0] = 0;
    return TN_OK;
}

enum tn_status op_device_bar(struct call *call)
{
    if (call->sqe->arg[0] >= PCI_BARS)
        return TN_ERANGE;
    const struct pci_bar *bar = &device_of(call)->function->bar[call->sqe->arg[0]];
    call->value[0] = bar->size;
    call->value[1] = bar->flags;
    return TN_OK;
}

enum tn_status op_device_query(struct call *call)
{
    const struct device *device = device_of(call);
    call->value[0] = device->drops_cache && device->was_used ? TN_DEVICE_LOST_CACHE : 0;
    call->value[1] = device->last_silence; /* another after each reset: it numbers the losses (tenure/abi/blk.h) */
    return TN_OK;
}

enum tn_status op_device_bus_master(struct call *call)
{
    if (call->sqe->arg[0] > 1)
        return TN_EINVAL;
    return device_set_bus_master(device_of(call), call->sqe->arg[0] == 1);
}

enum tn_status op_device_watch(struct call *call)
{
    if (call->sqe->flags & TN_SQE_QUIET)
        return TN_EINVAL;
    return fault_watch(device_of(call), call->sqe->user_data);
}

enum tn_status op_device_release(struct call *call)
{
    if (call->sqe->flags & TN_SQE_QUIET)
        return TN_EINVAL;
    return device_release(device_of(call), call->sqe->user_data);
}

/* A claim whose service cannot use it is none. */
static enum tn_status attach(struct process *p, struct device *device)
{
    enum tn_status status = services_device_claimed(p, device);
    if (status != TN_OK)
        device_abandon(device);
    return status;
}

enum tn_status op_device_claim(struct call *call)
{
    struct process *p = call->process;
    if (call->sqe->arg[0] >= p->manifest->device_count)
        return TN_ENOENT;
    const struct tn_manifest_device *wanted = &p->manifest->device[call->sqe->arg[0]];
    struct device *device = device_find(wanted);
    if (!device)
        return TN_ENOENT;
    enum tn_status status = grant_decide(p);
    if (status == TN_OK)
        status = device_claim(device, p, wanted);
    if (status == TN_OK)
        status = attach(p, device);
    if (status != TN_OK)
        return status;
    const struct tn_cap_grant grant = {TN_KIND_DEVICE, TN_RIGHT_READ | TN_RIGHT_CONTROL, device->index,
                                       device->identity.generation, 0};
    call->kind = TN_KIND_DEVICE;
    call->value[0] = grant_commit(p, &grant);
    return TN_OK;
}

enum tn_status op_mmio_map(struct call *call)
{
    const uint64_t *arg = call->sqe->arg;
    uint32_t window;
    enum tn_status status = grant_decide(call->process);
    if (status != TN_OK)
        return status;
    if (arg[0] >= PCI_BARS)
        return TN_ERANGE;
    status = mmio_map(device_of(call), (uint32_t)arg[0], arg[1], arg[2], &window, &call->value[1]);
    if (status != TN_OK)
        return status;
    struct tn_cap_grant grant = {TN_KIND_DEVICE_MMIO, TN_RIGHT_READ | TN_RIGHT_WRITE | TN_RIGHT_CONTROL, window,
                                 mmio_identity(window)->generation, 0};
    call->value[0] = grant_commit(call->process, &grant);
    return TN_OK;
}

enum tn_status op_mmio_release(struct call *call)
{
    mmio_release(call->cap->object);
    grant_end(call->process, call->cap);
    return TN_OK;
}

/* Besides the completion of this entry the armed route holds one. */
static enum tn_status reserve_for_route(struct process *p)
{
    enum tn_status status = tn_ring_reserve_decide(&p->ring, process_cq_head(p), 1);
    if (status == TN_OK)
        tn_ring_reserve_commit(&p->ring, 1);
    return status;
}

enum tn_status op_interrupt_bind(struct call *call)
{
    struct process *p = call->process;
    uint32_t route;
    if (call->sqe->arg[0] > UINT32_MAX)
        return TN_ERANGE;
    enum tn_status status = grant_decide(p);
    if (status == TN_OK)
        status = tn_ledger_charge(&p->ledger, TN_CHARGE_INTERRUPTS, 1);
    if (status != TN_OK)
        return status;
    status = reserve_for_route(p);
    if (status == TN_OK) {
        status = route_bind(device_of(call), (uint32_t)call->sqe->arg[0], p, call->sqe->arg[1], &route);
        if (status != TN_OK)
            tn_ring_unreserve_commit(&p->ring, 1);
    }
    if (status != TN_OK) {
        tn_ledger_refund(&p->ledger, TN_CHARGE_INTERRUPTS, 1);
        return status;
    }
    struct tn_cap_grant grant = {TN_KIND_INTERRUPT, TN_RIGHT_CONTROL, route, route_identity(route)->generation, 0};
    call->value[0] = grant_commit(p, &grant);
    return TN_OK;
}

static enum tn_status acknowledge(struct call *call)
{
    uint32_t route = call->cap->object;
    enum tn_status status = route_acknowledge_decide(route, call->sqe->arg[0]);
    if (status != TN_OK)
        return status;
    if (!(call->sqe->flags & TN_SQE_QUIET)) { /* a quiet one hands its own completion to the route */
        status = reserve_for_route(call->process);
        if (status != TN_OK)
            return status;
    }
    route_acknowledge_commit(route);
    return TN_OK;
}

enum tn_status op_interrupt_acknowledge(struct call *call)
{
    lock_acquire(LOCK_INTERRUPT_ROUTES);
    enum tn_status status = acknowledge(call);
    lock_release(LOCK_INTERRUPT_ROUTES);
    return status;
}

enum tn_status op_interrupt_release(struct call *call)
{
#ifndef TN_TWIN /* negative twin: the route stays armed, and who gave it back hears of what comes */
    route_release(call->cap->object);
#endif
    grant_end(call->process, call->cap);
    return TN_OK;
}
