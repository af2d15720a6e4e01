/* SPDX-License-Identifier: Apache-2.0 */
/* Registers that two tables claim, once all tables are read and in whatever order they came. Pure. */
#ifndef TENURE_KERNEL_FIRMWARE_CONFLICT_H
#define TENURE_KERNEL_FIRMWARE_CONFLICT_H

#include <stdbool.h>

#include "firmware/acpi.h"

/* Does an MCFG window lie over other registers? Sizing a BAR there would write into them. */
bool acpi_mcfg_conflicts(const struct acpi_info *info, struct acpi_fault *fault);
/* Does an I/O APIC? Masking its inputs would. */
bool acpi_madt_conflicts(const struct acpi_info *info, struct acpi_fault *fault);

#endif
