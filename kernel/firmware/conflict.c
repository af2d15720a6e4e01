/* SPDX-License-Identifier: Apache-2.0 */
/* See conflict.h. */
#include "firmware/conflict.h"

/* On every PC, whatever the tables say: writes to the first are interrupts, the second is the BIOS's flash; from the
 * third on there are chipset registers (I/O APICs, HPET, TPM) that no table need name, and never configuration space.
 */
#define MESSAGES_START UINT64_C(0xfee00000)
#define MESSAGES_END   UINT64_C(0xfef00000)
#define FLASH_START    UINT64_C(0xff000000)
#define CHIPSET_START  UINT64_C(0xfec00000)
#define FOUR_GIB       (UINT64_C(1) << 32)

enum { PAGE = 4096, HPET_BYTES = 1024 };

enum place {
    IO_APIC,
    LOCAL_APIC,
    HPET,
    UNIT,
    ECAM,
    FLASH,
    CHIPSET,
    PLACES,
};

struct span {
    uint64_t start, end;
};

static bool over(struct span s, uint64_t start, uint64_t end)
{
    return s.start < end && start < s.end;
}

static bool over_io_apic(const struct acpi_info *info, struct span s)
{
    for (uint32_t i = 0; info->has_madt && i < info->madt.io_apic_count; i++) {
        uint64_t at = info->madt.io_apic[i].address;
        if (over(s, at, at + PAGE))
            return true;
    }
    return false;
}

static bool over_unit(const struct acpi_info *info, struct span s)
{
    for (uint32_t i = 0; info->has_dmar && i < info->dmar.count; i++) {
        const struct dmar_structure *d = &info->dmar.structure[i];
        if (d->type == DMAR_DRHD && over(s, d->base, d->base + PAGE))
            return true;
    }
    return false;
}

static bool over_ecam(const struct acpi_info *info, struct span s)
{
    for (uint32_t i = 0; info->has_mcfg && i < info->mcfg.count; i++)
        if (over(s, mcfg_start(&info->mcfg.allocation[i]), mcfg_end(&info->mcfg.allocation[i])))
            return true;
    return false;
}

static bool is_over(const struct acpi_info *info, struct span s, enum place place)
{
    switch (place) {
    case IO_APIC:
        return over_io_apic(info, s);
    case LOCAL_APIC:
        return over(s, MESSAGES_START, MESSAGES_END) ||
               (info->has_madt && over(s, info->madt.local_apic, info->madt.local_apic + PAGE));
    case HPET:
        return info->has_hpet && over(s, info->hpet.base, info->hpet.base + HPET_BYTES);
    case UNIT:
        return over_unit(info, s);
    case ECAM:
        return over_ecam(info, s);
    case FLASH:
        return over(s, FLASH_START, FOUR_GIB);
    default:
        return over(s, CHIPSET_START, FOUR_GIB);
    }
}

/* The first place with a name that the registers lie over. */
static bool judge(const struct acpi_info *info, struct span s, const char *const name[PLACES], struct acpi_fault *fault)
{
    for (uint32_t place = 0; place < PLACES; place++)
        if (name[place] && is_over(info, s, (enum place)place)) {
            *fault = (struct acpi_fault){name[place], s.start, 0};
            return true;
        }
    return false;
}

bool acpi_mcfg_conflicts(const struct acpi_info *info, struct acpi_fault *fault)
{
    static const char *const name[PLACES] = {
        [IO_APIC] = "configuration space over an I/O APIC, at",
        [LOCAL_APIC] = "configuration space over the local APIC, at",
        [HPET] = "configuration space over the HPET, at",
        [UNIT] = "configuration space over a remapping unit, at",
        [FLASH] = "configuration space over the BIOS, at",
        [CHIPSET] = "configuration space over chipset registers, at",
    };
    for (uint32_t i = 0; info->has_mcfg && i < info->mcfg.count; i++) {
        const struct mcfg_allocation *e = &info->mcfg.allocation[i];
        if (judge(info, (struct span){mcfg_start(e), mcfg_end(e)}, name, fault))
            return true;
    }
    return false;
}

bool acpi_madt_conflicts(const struct acpi_info *info, struct acpi_fault *fault)
{
    static const char *const name[PLACES] = {
        [LOCAL_APIC] = "I/O APIC over the local APIC, at",
        [HPET] = "I/O APIC over the HPET, at",
        [UNIT] = "I/O APIC over a remapping unit, at",
        [ECAM] = "I/O APIC over configuration space, at",
        [FLASH] = "I/O APIC over the BIOS, at",
    };
    for (uint32_t i = 0; info->has_madt && i < info->madt.io_apic_count; i++) {
        uint64_t at = info->madt.io_apic[i].address;
        if (judge(info, (struct span){at, at + MADT_IO_APIC_BYTES}, name, fault))
            return true;
    }
    return false;
}
