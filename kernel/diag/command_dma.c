/* SPDX-License-Identifier: Apache-2.0 */
/* `iommu`: what the hardware is and does. `dma`: what each device may reach, and what it tried. Apart, because a unit
 * that is there says nothing of the policy that a device has. No addresses (G5). */
#include <stddef.h>

#include "cap/pool.h"
#include "device/device.h"
#include "device/fault.h"
#include "diag/command.h"
#include "iommu/iommu.h"
#include "pci/scan.h"
#include "proc/process.h"

static void print_unit(struct command_call *call, uint32_t index, const struct iommu_view *v)
{
    if (v->trouble) {
        command_print(call, "unit %u segment %u is not used: %s", index, v->segment, v->trouble);
        return;
    }
    command_print(call, "unit %u VT-d segment %u, translation %s, interrupt remapping %s%s", index, v->segment,
                  v->translates ? "on" : "off", v->remaps ? "on" : "off",
                  v->failed ? ", it does not answer any more" : "");
    command_print(call, "unit %u %u levels, %u address bits%s%s%s, %u fault records", index, v->levels, v->address_bits,
                  v->large ? ", 2 MiB pages" : "", v->coherent ? "" : ", walks past the caches",
                  v->caching_mode ? ", caching mode" : "", v->fault_records);
    command_print(call, "unit %u domains %u, invalidations %lu, waits %lu, faults %lu, full logs %lu", index,
                  v->domains, v->orders, v->waits, v->faults, v->overflows);
}

void command_iommu_run(struct command_call *call)
{
    struct iommu_view view;
    uint32_t n = 0;
    for (; iommu_view(n, &view); n++)
        print_unit(call, n, &view);
    if (n == 0)
        command_print(call, "no unit is driven; `dma` tells what that means for each device");
    struct fault_counts counts = fault_counts();
    command_print(call, "faults of devices that nobody holds %lu, of full logs %lu", counts.nobodys, counts.overflows);
}

static void print_device(struct command_call *call, const struct device *d)
{
    const char *why = "";
    bool covered = iommu_covers(d->function, &why) == TN_OK;
    if (d->state == TN_DEVICE_UNCLAIMED)
        command_print(call, "%s group %u unclaimed, %s%s", pci_name(d->function->bdf).text, d->function->group,
                      covered ? "blocked by the IOMMU" : "bus mastering off: ", covered ? "" : why);
    else
        command_print(call, "%s group %u %s %s, policy %s, faults %lu%s", pci_name(d->function->bdf).text,
                      d->function->group, tn_device_state_name(d->state), d->holder ? d->holder->name : "by nobody",
                      device_policy_name(d->policy), d->faults, d->stopped ? ", stopped for them" : "");
}

static void print_pool(struct command_call *call, const struct pool_view *v)
{
    command_print(call, "pool of %s, %s, %s: %u buffers of %u bytes, %u free, %u with the device, %u of them for good",
                  v->owner->name, v->state,
                  !v->has_domain ? "in no domain"
                  : v->strict    ? "reached buffer by buffer"
                                 : "reached as a whole",
                  v->buffers, v->buffer_bytes, v->free, v->away, v->quarantined);
}

void command_dma_run(struct command_call *call)
{
    struct pool_view view;
    for (uint32_t i = 0; device_at(i); i++)
        print_device(call, device_at(i));
    for (uint32_t i = 0; i < POOLS_MAX; i++)
        if (pool_view(i, &view))
            print_pool(call, &view);
}
