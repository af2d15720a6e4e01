/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking a device out of memory, and the evidence that it is out (G10). Every item is observed by the kernel; one that
 * does not apply is "n/a" and never "passed"; one that failed keeps the device, and all that it could reach, in
 * quarantine.
 */
#ifndef TENURE_KERNEL_DEVICE_SILENCE_H
#define TENURE_KERNEL_DEVICE_SILENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "pci/reset.h"

struct device;
struct own_reset;

enum evidence_item {
    EVIDENCE_BUS_MASTER,   /* bus mastering reads off */
    EVIDENCE_NEVER,        /* and was never on: this claim was given no pool */
    EVIDENCE_RESET,        /* a reset that PCI defines was done */
    EVIDENCE_TRANSACTIONS, /* the function said that none is pending, before it */
    EVIDENCE_DEVICE_WORD,  /* the device itself said that it has stopped: a reset of its own kind */
    EVIDENCE_BLOCKED,      /* the IOMMU lets nothing of it pass, and has nothing of it cached */
    EVIDENCE_FAULTS,       /* and its fault log was empty afterwards */
    EVIDENCE_ABSENT,       /* the function is gone, and the port above says so: nothing else was to be asked of it */
    EVIDENCE_ITEMS
};

enum evidence_result {
    EVIDENCE_NOT_APPLICABLE,
    EVIDENCE_PASSED,
    EVIDENCE_FAILED,
};

struct evidence {
    uint8_t item[EVIDENCE_ITEMS]; /* enum evidence_result */
};

const char *evidence_name(uint32_t item);
const char *evidence_result_name(uint32_t result);

/* Does it show that the device writes nowhere any more? None failed; and it is gone, or bus mastering is off, and it
 * was never on, or there was a reset, by PCI or by the device's word; and, since a word alone is no evidence, an IOMMU
 * that blocks where it is only that, or a manifest that takes it for one (`word_frees`). Pure. */
bool evidence_suffices(const struct evidence *evidence, bool word_frees);

/* Steps 3 to 5 of the end of a claim: a reset of its own kind, bus mastering off, the reset that PCI defines, blocked
 * in the IOMMU. The device is nobody's already. Nobody waits in here: a step that has to says until when, 2.5 seconds
 * in all at most, and others go on meanwhile. */
struct silence {
    struct device *device;
    const struct own_reset *own; /* of this kind of device; NULL: none is known, or it was not begun */
    uint32_t step;
    bool is_resetting; /* the reset that PCI defines has begun */
    uint64_t until;    /* after a step that returned false: when to come back */
    uint64_t limit;    /* of the wait that is going on */
    struct pci_reset reset;
    struct evidence evidence;
};
void silence_begin(struct silence *silence, struct device *device, uint64_t now);
/* True: the evidence is complete. */
bool silence_step(struct silence *silence, uint64_t now);

#endif
