/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DMAR: the machine's DMA and interrupt remapping hardware (Intel VT-d Specification 4.0, chapter 8). Pure. Half a DMAR
 * would say that a device is free of reserved memory, or under another unit, when it is not: a table that is broken, or
 * larger than these limits, is refused as a whole.
 */
#ifndef TENURE_KERNEL_FIRMWARE_DMAR_H
#define TENURE_KERNEL_FIRMWARE_DMAR_H

#include <stdint.h>

#include <tenure/abi/status.h>

#include "firmware/table.h"

enum {
    DMAR_STRUCTURES_MAX = 64,
    DMAR_SCOPES_MAX = 512, /* firmware may name every function; more than this kernel keeps of those */
    DMAR_PATH_MAX = 8,     /* bridges on the way to a device, and the device */
};

enum dmar_type {
    DMAR_DRHD = 0, /* a remapping unit */
    DMAR_RMRR = 1, /* memory that devices use behind the kernel's back */
    DMAR_ATSR = 2, /* root ports that take part in ATS */
    DMAR_RHSA = 3, /* proximity domain of a unit */
    DMAR_ANDD = 4, /* a device of the ACPI namespace; its name is not kept: AML is not interpreted */
    DMAR_SATC = 5, /* integrated devices with ATS */
    DMAR_SIDP = 6, /* properties of integrated devices */
};

enum dmar_flag {
    DMAR_INTERRUPT_REMAPPING = 1 << 0,
    DMAR_X2APIC_OPT_OUT = 1 << 1,
    DMAR_DMA_CONTROL_OPT_IN = 1 << 2,
};

/* Flags of one structure: of a DRHD, the devices that no other DRHD of the segment names; of an ATSR, all root ports.
 */
enum { DMAR_EVERYTHING_ELSE = 1 << 0 };

enum dmar_scope_type {
    DMAR_SCOPE_ENDPOINT = 1,
    DMAR_SCOPE_BRIDGE = 2, /* with all that is behind it */
    DMAR_SCOPE_IO_APIC = 3,
    DMAR_SCOPE_HPET = 4,
    DMAR_SCOPE_NAMESPACE = 5,
};

/* A device by its path from a bus: each step but the last is a bridge, whose secondary bus is where the next one is. */
struct dmar_scope {
    uint8_t type; /* enum dmar_scope_type; others are kept as they are */
    uint8_t id;   /* of the I/O APIC, HPET or namespace device */
    uint8_t bus;
    uint8_t steps;               /* 1 to DMAR_PATH_MAX */
    uint8_t path[DMAR_PATH_MAX]; /* device << 3 | function */
};

struct dmar_structure {
    uint8_t type; /* enum dmar_type */
    uint8_t flags;
    uint16_t segment;
    uint32_t first_scope, scope_count; /* in dmar.scope */
    uint64_t base;                     /* DRHD, RHSA: registers. RMRR: first byte */
    uint64_t limit;                    /* RMRR: last byte */
    uint32_t domain;                   /* RHSA: proximity domain. ANDD: device number */
};

struct dmar {
    uint32_t address_bits; /* of DMA: 12 to 64 */
    uint8_t flags;         /* enum dmar_flag */
    uint32_t count;
    uint32_t scope_count;
    uint32_t unknown; /* structures of types that this kernel does not know: skipped */
    struct dmar_structure structure[DMAR_STRUCTURES_MAX];
    struct dmar_scope scope[DMAR_SCOPES_MAX];
};

/* "DRHD" and so on. */
const char *dmar_type_name(uint32_t type);
/* TN_EPROTOCOL: the table is refused as a whole: a structure or scope whose length leaves what holds it or is not that
 * of its type, no DRHD, two DRHDs at one address, a DRHD behind the one that takes everything else of its segment, an
 * RMRR that is empty or not on 4 KiB, a path step that is no device, more than the limits above. */
TN_MUST_CHECK enum tn_status dmar_read(const void *table, uint32_t length, struct dmar *dmar, struct acpi_fault *fault);

#endif
