/* SPDX-License-Identifier: Apache-2.0 */
/* HPET description table (IA-PC HPET Specification 1.0a, section 3.2.4). Pure. */
#ifndef TENURE_KERNEL_FIRMWARE_HPET_H
#define TENURE_KERNEL_FIRMWARE_HPET_H

#include <stdint.h>

#include <tenure/abi/status.h>

#include "firmware/table.h"

struct hpet {
    uint64_t base;         /* physical address of the registers, 1 KiB */
    uint16_t vendor;       /* PCI vendor id of its maker */
    uint8_t comparators;   /* 1 to 32 */
    uint8_t number;        /* of this timer block */
    uint16_t minimum_tick; /* smallest distance in periodic mode, in main counter ticks */
    bool counter_64bit;
    bool legacy_replacement; /* can stand in for the 8254 and the RTC */
};

/* TN_EPROTOCOL: length, not in memory space, or a base that is 0, not on 8 bytes or beyond 2^52. */
TN_MUST_CHECK enum tn_status hpet_read(const void *table, uint32_t length, struct hpet *hpet, struct acpi_fault *fault);

#endif
