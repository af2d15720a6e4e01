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

struct device;

enum evidence_item {
    EVIDENCE_BUS_MASTER,   /* bus mastering reads off */
    EVIDENCE_RESET,        /* a reset that PCI defines was done */
    EVIDENCE_TRANSACTIONS, /* the function said that none is pending, before it */
    EVIDENCE_DEVICE_WORD,  /* the device itself said that it has stopped: a reset of its own kind */
    EVIDENCE_BLOCKED,      /* the IOMMU lets nothing of it pass, and has nothing of it cached */
    EVIDENCE_FAULTS,       /* and its fault log was empty afterwards */
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

/* Does it show that the device writes nowhere any more? Bus mastering off, and none failed; a reset, by PCI or by the
 * device's word; and, since a word alone is no evidence, an IOMMU that blocks where it is only that. Pure. */
bool evidence_suffices(const struct evidence *evidence);

/* Steps 3 to 5 of the end of a claim: bus mastering off, reset, blocked in the IOMMU. The device is nobody's already.
 * Waits as long as the specifications say, 2.5 seconds at most. */
void device_silence(struct device *device, struct evidence *evidence);

#endif
