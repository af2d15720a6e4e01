/* SPDX-License-Identifier: Apache-2.0 */
/* See fadt.h. */
#include "firmware/fadt.h"

#include <stddef.h>

#include "lib/string.h"

/* ACPI 6.5, table 5.9. Earlier revisions end earlier; what a table does not have reads as zero. */
struct layout {
    struct acpi_header header;
    uint32_t firmware_control, dsdt;
    uint8_t reserved0, profile;
    uint16_t sci;
    uint32_t smi_command;
    uint8_t acpi_enable, acpi_disable, s4bios, pstate_control;
    uint32_t pm1a_event, pm1b_event, pm1a_control, pm1b_control, pm2_control, pm_timer, gpe0, gpe1;
    uint8_t pm1_event_bytes, pm1_control_bytes, pm2_control_bytes, pm_timer_bytes, gpe0_bytes, gpe1_bytes, gpe1_base;
    uint8_t cst_control;
    uint16_t c2_latency, c3_latency, flush_size, flush_stride;
    uint8_t duty_offset, duty_width, day_alarm, month_alarm, century;
    uint16_t boot_flags;
    uint8_t reserved1;
    uint32_t flags;
    struct acpi_address reset_register; /* from here: ACPI 2.0 */
    uint8_t reset_value;
    uint16_t arm_boot_flags;
    uint8_t minor;
    uint64_t x_firmware_control, x_dsdt;
    struct acpi_address x_pm1a_event, x_pm1b_event, x_pm1a_control, x_pm1b_control, x_pm2_control, x_pm_timer;
    struct acpi_address x_gpe0, x_gpe1;
} __attribute__((packed));
static_assert(offsetof(struct layout, sci) == 46 && offsetof(struct layout, pm_timer) == 76 &&
                  offsetof(struct layout, pm_timer_bytes) == 91 && offsetof(struct layout, century) == 108 &&
                  offsetof(struct layout, boot_flags) == 109 && offsetof(struct layout, flags) == 112 &&
                  offsetof(struct layout, reset_register) == 116 && offsetof(struct layout, x_dsdt) == 140 &&
                  offsetof(struct layout, x_pm_timer) == 208 && sizeof(struct layout) == 244,
              "ACPI 6.5, table 5.9");

enum {
    V1_BYTES = 116,
    BOOT_FLAGS_REVISION = 3, /* ACPI 2.0: IAPC_BOOT_ARCH */
    PM_TIMER_BYTES = 4,
    PORTS = 1 << 16,
};

/* The extended form of an address wins where the table has one. */
static struct acpi_address block(uint32_t port, uint32_t bytes, struct acpi_address extended)
{
    if (extended.address != 0 || port == 0)
        return extended;
    return (struct acpi_address){.space = ACPI_SPACE_IO, .bits = (uint8_t)(bytes * 8), .address = port};
}

static bool port_is_bad(struct acpi_address a)
{
    return a.address != 0 && a.space == ACPI_SPACE_IO && a.address >= PORTS;
}

static enum tn_status check_reset(const struct layout *l, struct acpi_fault *fault)
{
    const struct acpi_address *r = &l->reset_register;
    if (r->space > ACPI_SPACE_PCI)
        return acpi_refuse(fault, "reset register in an address space that is none, space", r->space, 0);
    if (r->bits != 8 || r->bit_offset != 0)
        return acpi_refuse(fault, "reset register is not one byte, bits", r->bits, 0);
    if (r->address == 0 || port_is_bad(*r))
        return acpi_refuse(fault, "bad reset register, address", r->address, 0);
    return TN_OK;
}

enum tn_status fadt_read(const void *table, uint32_t length, struct fadt *fadt, struct acpi_fault *fault)
{
    struct layout l = {0};
    enum tn_status status = acpi_check_table(table, length, "FACP", V1_BYTES, fault);
    if (status != TN_OK)
        return status;
    memcpy(&l, table, length < sizeof l ? length : sizeof l);
    struct fadt read = {
        .revision = l.header.revision,
        .boot_flags = l.header.revision >= BOOT_FLAGS_REVISION ? l.boot_flags : 0,
        .flags = l.flags,
        .sci = l.sci,
        .century = l.century,
        .dsdt = l.x_dsdt != 0 ? l.x_dsdt : l.dsdt,
    };
    if (l.flags & FADT_RESET_SUPPORTED) {
        status = check_reset(&l, fault);
        if (status != TN_OK)
            return status;
        read.reset_register = l.reset_register;
        read.reset_value = l.reset_value;
    }
    if (!(l.flags & FADT_HARDWARE_REDUCED)) {
        read.pm_timer = block(l.pm_timer, PM_TIMER_BYTES, l.x_pm_timer);
        read.pm1a_control = block(l.pm1a_control, l.pm1_control_bytes, l.x_pm1a_control);
        if (read.pm_timer.address != 0 && l.pm_timer_bytes != PM_TIMER_BYTES)
            return acpi_refuse(fault, "PM timer with another length", l.pm_timer_bytes, 0);
        if (port_is_bad(read.pm_timer) || port_is_bad(read.pm1a_control))
            return acpi_refuse(fault, "register block beyond the ports, address",
                               port_is_bad(read.pm_timer) ? read.pm_timer.address : read.pm1a_control.address, 0);
    }
    *fadt = read;
    return TN_OK;
}
