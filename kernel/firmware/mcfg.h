/* SPDX-License-Identifier: Apache-2.0 */
/* MCFG: where configuration space is memory (PCI Firmware Specification 3.3, section 4.1.2). Pure. */
#ifndef TENURE_KERNEL_FIRMWARE_MCFG_H
#define TENURE_KERNEL_FIRMWARE_MCFG_H

#include <stdint.h>

#include <tenure/abi/status.h>

#include "firmware/table.h"

enum { MCFG_ALLOCATIONS_MAX = 8 };

struct mcfg_allocation {
    uint64_t base; /* physical address of bus 0 of the segment, whatever first_bus is; 1 MiB a bus */
    uint16_t segment;
    uint8_t first_bus;
    uint8_t last_bus; /* inclusive */
};

struct mcfg {
    uint32_t count;
    uint32_t left_out; /* allocations beyond MCFG_ALLOCATIONS_MAX: their buses are not scanned */
    struct mcfg_allocation allocation[MCFG_ALLOCATIONS_MAX];
};

/* First byte of an allocation's window, and the one behind its last. */
uint64_t mcfg_start(const struct mcfg_allocation *allocation);
uint64_t mcfg_end(const struct mcfg_allocation *allocation);
/* TN_EPROTOCOL: the table is refused as a whole, see `fault`: length, part of an entry, a base that is 0, not on 1 MiB,
 * or beyond 2^52, a start bus above the end bus, two allocations for one bus or over one address. */
TN_MUST_CHECK enum tn_status mcfg_read(const void *table, uint32_t length, struct mcfg *mcfg, struct acpi_fault *fault);

#endif
