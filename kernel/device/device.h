/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device manager: which process holds which PCI function, under which DMA policy, and what becomes of it when its
 * holder ends. A device goes back to unclaimed only on evidence that it is silent (silence.h); without it the device
 * stays in quarantine until reboot, and so do the pages that it could reach (G10).
 */
#ifndef TENURE_KERNEL_DEVICE_DEVICE_H
#define TENURE_KERNEL_DEVICE_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include <core/cap.h>
#include <core/machine.h>
#include <tenure/abi/manifest.h>
#include <tenure/abi/status.h>

#include "device/silence.h"
#include "pci/scan.h"

struct iommu_domain;
struct process;

struct device {
    struct tn_identity identity;
    struct pci_function *function;
    struct process *holder;
    uint32_t state;              /* enum tn_device_state */
    uint32_t policy;             /* enum tn_policy: what is done, at least what the manifest asks for */
    uint32_t index;              /* in the table */
    uint32_t pools;              /* of its holder, for it: bus mastering is granted only while there is one */
    bool had_pool;               /* one was made in this claim: it may have been on */
    bool was_on;                 /* bus mastering was, in this claim */
    bool word_frees;             /* the manifest takes its word where nothing better is to be had */
    bool is_gone;                /* it was taken out, or its port is dead: for good, as far as this kernel knows */
    bool drops_cache;            /* the manifest says that a reset may lose its volatile cache */
    bool was_used;               /* it was reset after a claim with DMA, since the machine started */
    bool is_apart;               /* its silence is no part of its holder's end */
    bool is_told;                /* then: the holder hears of it */
    uint64_t told;               /* with this user_data */
    uint64_t last_silence;       /* when there was evidence that it is, of all devices: a number; 0: never */
    struct iommu_domain *domain; /* under the remapped policies; NULL: none */
    /* what the IOMMU refused it since it was claimed (fault.h) */
    uint64_t faults, faults_told;
    uint8_t fault_reason;
    bool fault_was_read;
    bool stopped; /* for its faults: no bus mastering any more */
    bool watched; /* its holder waits for a fault, with this user_data */
    uint64_t watch;
    struct silence silence; /* while it is quiescing */
};

/* "remapped-strict" and so on. */
const char *device_policy_name(uint32_t policy);
/* Makes the table from the PCI inventory: endpoints only. */
void device_init(void);
/* The n-th unclaimed or claimed device that the manifest entry describes, in bus order; NULL: the machine has none. */
struct device *device_find(const struct tn_manifest_device *wanted);
/* NULL: there are not so many. */
struct device *device_at(uint32_t index);
/* Could the process claim it now? The answers of device_claim, and TN_EQUARANTINED. */
TN_MUST_CHECK enum tn_status device_claim_decide(const struct device *device);
/* Gives the device to a process, under the strongest policy that this machine has for it, or TN_POLICY_BLOCKED if that
 * is less than what the manifest's entry wants; says which, and why not a stronger one. TN_ESTATE: claimed or
 * quarantined already; TN_EAGAIN: it, or a bus, is being reset; TN_ENOENT: it was found to be gone. */
TN_MUST_CHECK enum tn_status device_claim(struct device *device, struct process *holder,
                                          const struct tn_manifest_device *wanted);
/* Says whether a pool may be made for this device; TN_EPOLICY: it is blocked. */
TN_MUST_CHECK enum tn_status device_allows_dma(const struct device *device);
/* Bus mastering on (TN_EPOLICY without a pool of its holder, or after too many faults) or off, read back: TN_EIO if it
 * does not follow. */
TN_MUST_CHECK enum tn_status device_set_bus_master(struct device *device, bool on);
/* Its holder has made a pool for it, or gives one up, which takes bus mastering along if it was the last. TN_EIO: the
 * device keeps bus mastering on, and the pool is to stay. */
void device_pool_made(struct device *device);
TN_MUST_CHECK enum tn_status device_pool_release(struct device *device);
/* The same for who holds the device manager's lock: off, read back. */
TN_MUST_CHECK enum tn_status device_master_off(const struct device *device);
/* Was it taken from its last holder with evidence that it is silent? */
bool device_is_silent(const struct device *device);
/* The first device that the process has claimed, and has not given up; or NULL. */
struct device *device_first_of(const struct process *process);
/* The claims of a process are over: windows and routes are retired, and silence begins. */
void devices_holder_ended(const struct process *process);
/* Goes on with it. True: each of its devices has been let go, on evidence, or is in quarantine. False: not before
 * *until. */
bool devices_silenced(const struct process *process, uint64_t now, uint64_t *until);

/* The holder gives it up and lives on: the same, and the answer is its completion with this user_data, TN_OK or
 * TN_EQUARANTINED, once that is known. TN_ESTATE: it is on its way already. */
TN_MUST_CHECK enum tn_status device_release(struct device *device, uint64_t user_data);
/* The same, and nobody is told: a claim that cannot be used. */
void device_abandon(struct device *device);
/* One in quarantine: is it silent now? TN_ESTATE: it is not in quarantine. TN_EAGAIN: its bus is being reset. */
TN_MUST_CHECK enum tn_status device_retry(struct device *device);
/* Goes on with those two. On the way out of the kernel, with no lock held. */
void devices_apart_go_on(void);

#endif
