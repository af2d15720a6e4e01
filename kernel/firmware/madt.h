/* SPDX-License-Identifier: Apache-2.0 */
/* MADT (signature "APIC"): interrupt controllers and how ISA interrupts reach them (ACPI 6.5, section 5.2.12). Pure. */
#ifndef TENURE_KERNEL_FIRMWARE_MADT_H
#define TENURE_KERNEL_FIRMWARE_MADT_H

#include <stdint.h>

#include <tenure/abi/status.h>

#include "firmware/table.h"

enum {
    MADT_CPUS_MAX = 256,
    MADT_IO_APICS_MAX = 16,
    MADT_IO_APIC_BYTES = 0x20, /* of its registers */
    MADT_OVERRIDES_MAX = 16,   /* one for each ISA interrupt */
    MADT_NMI_SOURCES_MAX = 8,
    MADT_LOCAL_NMIS_MAX = 32,
};

#define MADT_EVERY_CPU UINT32_MAX

enum madt_cpu_flag {
    MADT_CPU_ENABLED = 1 << 0,
    MADT_CPU_ONLINE_CAPABLE = 1 << 1,
};

/* MPS INTI flags, ACPI 6.5, table 5.26. */
enum madt_signal {
    MADT_POLARITY_MASK = 3, /* 0: that of the bus, 1: active high, 3: active low */
    MADT_POLARITY_RESERVED = 2,
    MADT_TRIGGER_MASK = 3 << 2, /* 0: that of the bus, 4: edge, 12: level */
    MADT_TRIGGER_RESERVED = 2 << 2,
};

struct madt_cpu {
    uint32_t apic_id;
    uint32_t uid;  /* ACPI processor UID */
    uint8_t flags; /* enum madt_cpu_flag: at least one of them */
    bool is_x2apic;
};
struct madt_io_apic {
    uint32_t address; /* physical address of its registers */
    uint32_t gsi_base;
    uint8_t id;
};
struct madt_override {
    uint32_t gsi;
    uint16_t signal; /* enum madt_signal */
    uint8_t irq;     /* ISA, 0 to 15 */
};
struct madt_nmi_source {
    uint32_t gsi;
    uint16_t signal;
};
struct madt_local_nmi {
    uint32_t uid; /* or MADT_EVERY_CPU */
    uint16_t signal;
    uint8_t lint; /* 0 or 1 */
};

struct madt {
    uint64_t local_apic; /* physical address of the registers */
    bool has_8259;       /* two 8259s that must be masked */
    uint32_t cpu_count, io_apic_count, override_count, nmi_source_count, local_nmi_count;
    uint32_t left_out; /* right entries beyond one of the limits above */
    uint32_t repeated; /* processors listed again, as local APIC and as x2APIC for example; the first entry counts */
    struct madt_cpu cpu[MADT_CPUS_MAX]; /* those that are enabled or can be */
    struct madt_io_apic io_apic[MADT_IO_APICS_MAX];
    struct madt_override override[MADT_OVERRIDES_MAX];
    struct madt_nmi_source nmi_source[MADT_NMI_SOURCES_MAX];
    struct madt_local_nmi local_nmi[MADT_LOCAL_NMIS_MAX];
};

/* TN_EPROTOCOL: the table is refused as a whole: an entry whose length is not that of its type or leaves the table, a
 * bad address, two I/O APICs for one interrupt number, two overrides of one ISA interrupt, reserved polarity or
 * trigger, no processor. Types that this kernel does not know are skipped, as the specification asks. */
TN_MUST_CHECK enum tn_status madt_read(const void *table, uint32_t length, struct madt *madt, struct acpi_fault *fault);

#endif
