/* SPDX-License-Identifier: Apache-2.0 */
/* `acpi`: which tables the machine has, which were decoded, and what follows from those that are not there. */
#include <stddef.h>

#include "boot/firmware.h"
#include "diag/command.h"
#include "firmware/acpi.h"
#include "lib/string.h"

/* The tables that this kernel decodes. */
struct decoded {
    const char *signature;
    const char *name;
    bool has;
    const char *without; /* what follows */
};

static void print_tables(struct command_call *call, const struct decoded *decoded, uint32_t count)
{
    for (uint32_t t = 0; t < command_acpi->table_count; t++) {
        const struct acpi_table *table = &command_acpi->table[t];
        const char *what = "not decoded";
        for (uint32_t i = 0; i < count; i++)
            if (text_equal(table->signature, decoded[i].signature))
                what = "decoded";
        command_print(call, "%s %u bytes, %s", table->signature, table->length, what);
    }
}

static void print_refused(struct command_call *call)
{
    const struct firmware_refusal *refusal;
    uint32_t count = firmware_refusals(&refusal);
    for (uint32_t i = 0; i < count && i < FIRMWARE_REFUSALS_MAX; i++)
        command_print(call, "%s refused: %s 0x%lx", refusal[i].signature, refusal[i].fault.what,
                      refusal[i].fault.value);
    if (count > FIRMWARE_REFUSALS_MAX)
        command_print(call, "%u more refused", count - FIRMWARE_REFUSALS_MAX);
}

void command_acpi_run(struct command_call *call)
{
    const struct acpi_info *a = command_acpi;
    const struct decoded decoded[] = {
        {"APIC", "MADT", a->has_madt, "no I/O APIC is known: no ISA interrupt, so no console input for processes"},
        {"MCFG", "MCFG", a->has_mcfg, "no ECAM: configuration space through CF8/CFC, without extended capabilities"},
        {"DMAR", "DMAR", a->has_dmar,
         a->dmar_refused   ? "there is an IOMMU that cannot be used: devices are not isolated"
         : a->dmar_unknown ? "whether there is an IOMMU is not known: devices are not isolated"
                           : "no Intel IOMMU is known: devices are not isolated"},
        {"FACP", "FADT", a->has_fadt, "no reset register, no PM timer"},
        {"HPET", "HPET", a->has_hpet, "nothing: the clock is the time-stamp counter"},
    };
    enum { DECODED = sizeof decoded / sizeof decoded[0] };
    if (a->table_count == 0)
        command_print(call, "no tables");
    print_tables(call, decoded, DECODED);
    print_refused(call);
    for (uint32_t i = 0; i < DECODED; i++)
        if (!decoded[i].has)
            command_print(call, "%s not there, or not usable: %s", decoded[i].name, decoded[i].without);
    if (a->has_madt)
        command_print(call, "MADT: %u processors, %u I/O APICs, %u overrides", a->madt.cpu_count, a->madt.io_apic_count,
                      a->madt.override_count);
    if (a->has_dmar)
        command_print(call, "DMAR: %u structures, %u of unknown types", a->dmar.count, a->dmar.unknown);
}
