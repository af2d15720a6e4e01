/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FADT (signature "FACP"): the fixed hardware that a kernel without an AML interpreter can use (ACPI 6.5, section
 * 5.2.9): reset register, PM timer, boot flags, the ports of the fixed register blocks. Pure.
 */
#ifndef TENURE_KERNEL_FIRMWARE_FADT_H
#define TENURE_KERNEL_FIRMWARE_FADT_H

#include <stdint.h>

#include <tenure/abi/status.h>

#include "firmware/table.h"

/* IAPC_BOOT_ARCH, ACPI 6.5, table 5.11; all 0 before revision 3 of the table. */
enum fadt_boot_flag {
    FADT_BOOT_LEGACY_DEVICES = 1 << 0,
    FADT_BOOT_8042 = 1 << 1,
    FADT_BOOT_NO_VGA = 1 << 2,
    FADT_BOOT_NO_MSI = 1 << 3, /* message signalled interrupts must not be enabled */
    FADT_BOOT_NO_ASPM = 1 << 4,
    FADT_BOOT_NO_CMOS_RTC = 1 << 5,
};

/* Fixed feature flags, ACPI 6.5, table 5.10: those that the kernel looks at. */
enum fadt_flag {
    FADT_TIMER_32BIT = 1 << 8, /* else the PM timer has 24 bits */
    FADT_RESET_SUPPORTED = 1 << 10,
    FADT_HARDWARE_REDUCED = 1 << 20, /* no fixed hardware: no PM timer, no PM1 blocks */
};

struct fadt {
    uint8_t revision;
    uint8_t reset_value;                /* writing it to reset_register resets the machine */
    uint16_t boot_flags;                /* enum fadt_boot_flag */
    uint32_t flags;                     /* enum fadt_flag, and others */
    uint16_t sci;                       /* interrupt of the fixed events */
    uint8_t century;                    /* CMOS index of the century; 0: none */
    uint64_t dsdt;                      /* physical address, not looked at */
    struct acpi_address reset_register; /* address 0: none */
    struct acpi_address pm_timer;       /* 3,579,545 Hz; address 0: none */
    struct acpi_address pm1a_control;   /* address 0: none (hardware-reduced) */
};

/* TN_EPROTOCOL: length, a reset register that is none (not 8 bits, not in memory, I/O or PCI space, address 0), a PM
 * timer of other than 4 bytes, a port beyond 65535. */
TN_MUST_CHECK enum tn_status fadt_read(const void *table, uint32_t length, struct fadt *fadt, struct acpi_fault *fault);

#endif
