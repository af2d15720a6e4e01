/* SPDX-License-Identifier: Apache-2.0 */
/* See device.h. */
#include "device/device_inside.h"

#include <stddef.h>

#include "arch/x86_64/clock.h"
#include "cap/pool.h"
#include "device/mmio.h"
#include "device/policy.h"
#include "device/virtio.h"
#include "diag/audit.h"
#include "diag/log.h"
#include "diag/panic.h"
#include "iommu/iommu.h"
#include "irq/route.h"
#include "lib/lock.h"
#include "proc/process.h"
#include <tn_format.h>

struct device device_table[PCI_FUNCTIONS_MAX];
uint32_t device_count;

const char *device_policy_name(uint32_t policy)
{
    static const char *const name[] = {
        [TN_POLICY_BLOCKED] = "blocked",
        [TN_POLICY_TRUSTED] = "trusted",
        [TN_POLICY_POOL] = "remapped-pool",
        [TN_POLICY_STRICT] = "remapped-strict",
    };
    return policy < sizeof name / sizeof name[0] ? name[policy] : "?";
}

void device_init(void)
{
    for (uint32_t i = 0; i < pci_machine.count; i++) {
        struct pci_function *f = &pci_machine.function[i];
        if (f->header != PCI_HEADER_ENDPOINT)
            continue;
        device_table[device_count] = (struct device){.identity = {1, 0}, .function = f, .index = device_count};
        device_count++;
    }
}

static bool matches(const struct pci_function *f, const struct tn_manifest_device *wanted)
{
    if (wanted->match == TN_MATCH_CLASS)
        return f->class_code == wanted->value;
    return ((uint32_t)f->vendor << 16 | f->device) == wanted->value;
}

struct device *device_find(const struct tn_manifest_device *wanted)
{
    uint32_t nth = 0;
    for (uint32_t i = 0; i < device_count; i++)
        if (matches(device_table[i].function, wanted) && nth++ == wanted->index)
            return &device_table[i];
    return NULL;
}

struct device *device_at(uint32_t index)
{
    return index < device_count ? &device_table[index] : NULL;
}

void device_move(struct device *device, enum tn_device_state to)
{
    if (!tn_device_may_move(device->state, (uint32_t)to))
        panic("device: no move from %s to %s", tn_device_state_name(device->state), tn_device_state_name((uint32_t)to));
    device->state = (uint32_t)to;
}

/* ---- claims ---- */

/* Does another process hold a device of the same isolation group, or is one in quarantine? */
static bool is_shared(const struct device *device, const struct process *holder)
{
    for (uint32_t i = 0; i < device_count; i++)
        if (&device_table[i] != device && device_table[i].function->group == device->function->group &&
            device_table[i].state != TN_DEVICE_UNCLAIMED && device_table[i].holder != holder)
            return true;
    return false;
}

/* What the machine can do for this device; *why says what a stronger policy lacks. */
static struct policy_means means_for(const struct device *device, const struct process *holder, const char **why)
{
    struct policy_means means = {
        .has_unit = iommu_covers(device->function, why) == TN_OK,
        .obeys = true,
        .is_isolated = !is_shared(device, holder),
    };
#ifndef TN_TWIN /* negative twin: a device that goes past the IOMMU is taken for one that does not */
    if (virtio_is(device->function))
        means.obeys = virtio_obeys_iommu(device->function);
#endif
    if (means.has_unit && !means.obeys)
        *why = "it does not offer VIRTIO_F_ACCESS_PLATFORM: its requests go past the IOMMU";
    else if (means.has_unit && !means.is_isolated)
        *why = "another process holds a device of its isolation group";
    return means;
}

bool device_is_in_bus_reset(const struct device *device)
{
    const struct pci_function *f = pci_machine.function;
    for (uint32_t i = 0; i < device_count; i++) {
        const struct pci_reset *reset = &device_table[i].silence.reset;
        if (device_table[i].state == TN_DEVICE_QUIESCING && reset->method == PCI_RESET_BUS &&
            pci_is_behind(f, (uint32_t)(device->function - f), (uint32_t)(reset->bridge - f)))
            return true;
    }
    return false;
}

enum tn_status device_claim_decide(const struct device *device)
{
    if (device->is_gone)
        return TN_ENOENT;
    if (device->state == TN_DEVICE_QUARANTINED)
        return TN_EQUARANTINED;
    if (device->state == TN_DEVICE_CLAIMED)
        return TN_ESTATE;
    if (device->state == TN_DEVICE_QUIESCING)
        return TN_EAGAIN;
    return device_is_in_bus_reset(device) ? TN_EAGAIN : TN_OK;
}

static enum tn_status claim(struct device *device, struct process *holder, const struct tn_manifest_device *wanted)
{
    char note[120];
    const char *why = "";
    enum tn_status free = device_claim_decide(device);
    if (free != TN_OK)
        return free;
    const struct policy_means means = means_for(device, holder, &why);
    const uint32_t minimum = wanted->policy;
    uint32_t policy = policy_choose(minimum, &means);
    if (policy == TN_POLICY_STRICT || policy == TN_POLICY_POOL) {
        enum tn_status status = iommu_attach(device->function, &device->domain);
        if (status != TN_OK) {
            why = "no domain could be made for it";
            policy = TN_POLICY_BLOCKED;
        }
    }
    device_move(device, TN_DEVICE_CLAIMED);
    device->holder = holder;
    device->policy = policy;
    device->word_frees = wanted->flags & TN_DEVICE_WORD;
    device->drops_cache = wanted->flags & TN_DEVICE_DROPS_CACHE;
    device->identity.owner_epoch = holder->epoch;
    device->pools = 0;
    device->had_pool = device->was_on = false;
    device->faults = device->faults_told = 0;
    device->stopped = device->watched = device->is_apart = false;
    note[0] = '\0';
    if (policy == TN_POLICY_TRUSTED)
        tn_format(note, sizeof note, " (no isolation: the driver could reach all memory; %s)", why);
    else if (policy == TN_POLICY_BLOCKED && minimum != TN_POLICY_BLOCKED)
        tn_format(note, sizeof note, " (%s was asked for; %s)", device_policy_name(minimum), why);
    log_line("device: %s claimed by %s, DMA policy %s%s", pci_name(device->function->bdf).text, holder->name,
             device_policy_name(policy), note);
    process_audit(holder, TN_AUDIT_DEVICE_CLAIM, TN_OK, TN_KIND_DEVICE, device->identity.generation, policy);
    return TN_OK;
}

enum tn_status device_claim(struct device *device, struct process *holder, const struct tn_manifest_device *wanted)
{
    lock_acquire(LOCK_DEVICE_MANAGER);
    enum tn_status status = claim(device, holder, wanted);
    lock_release(LOCK_DEVICE_MANAGER);
    return status;
}

enum tn_status device_allows_dma(const struct device *device)
{
    return device->state == TN_DEVICE_CLAIMED && device->policy != TN_POLICY_BLOCKED ? TN_OK : TN_EPOLICY;
}

static enum tn_status write_bus_master(const struct device *device, bool on)
{
    uint32_t bdf = device->function->bdf;
    uint32_t command = pci_read(&pci_ecam, bdf, PCI_COMMAND, 2);
    command = on ? command | PCI_COMMAND_BUS_MASTER : command & ~(uint32_t)PCI_COMMAND_BUS_MASTER;
    pci_write(&pci_ecam, bdf, PCI_COMMAND, 2, command);
    bool is_on = pci_read(&pci_ecam, bdf, PCI_COMMAND, 2) & PCI_COMMAND_BUS_MASTER;
    return is_on == on ? TN_OK : TN_EIO;
}

enum tn_status device_set_bus_master(struct device *device, bool on)
{
    enum tn_status status = TN_EPOLICY;
    lock_acquire(LOCK_DEVICE_MANAGER);
    if (!on || (device_allows_dma(device) == TN_OK && device->pools != 0 && !device->stopped))
        status = write_bus_master(device, on);
    device->was_on = device->was_on || (on && status != TN_EPOLICY);
    lock_release(LOCK_DEVICE_MANAGER);
    return status;
}

void device_pool_made(struct device *device)
{
    device->pools++;
    device->had_pool = true;
}

enum tn_status device_pool_release(struct device *device)
{
    lock_acquire(LOCK_DEVICE_MANAGER);
    enum tn_status status = device->pools == 1 ? write_bus_master(device, false) : TN_OK;
    if (status == TN_OK)
        device->pools--;
    lock_release(LOCK_DEVICE_MANAGER);
    return status;
}

enum tn_status device_master_off(const struct device *device)
{
    return write_bus_master(device, false);
}

struct device *device_first_of(const struct process *process)
{
    for (uint32_t i = 0; i < device_count; i++)
        if (device_table[i].holder == process && device_table[i].state == TN_DEVICE_CLAIMED)
            return &device_table[i];
    return NULL;
}
