/* SPDX-License-Identifier: Apache-2.0 */
/* See mcfg.h. */
#include "firmware/mcfg.h"

#include "lib/string.h"

struct entry {
    uint64_t base;
    uint16_t segment;
    uint8_t first_bus;
    uint8_t last_bus;
    uint32_t reserved;
} __attribute__((packed));
static_assert(sizeof(struct entry) == 16, "PCI Firmware 3.3, table 4-3");

enum {
    ENTRIES_AT = 44, /* behind 8 reserved bytes */
    BUS_SHIFT = 20,  /* PCI Express Base 5.0, section 7.2.2: 1 MiB a bus */
};

#define PHYSICAL_LIMIT (UINT64_C(1) << 52)

uint64_t mcfg_start(const struct mcfg_allocation *a)
{
    return a->base + ((uint64_t)a->first_bus << BUS_SHIFT);
}

uint64_t mcfg_end(const struct mcfg_allocation *a)
{
    return a->base + (((uint64_t)a->last_bus + 1) << BUS_SHIFT);
}

static bool collide(const struct mcfg_allocation *a, const struct mcfg_allocation *b)
{
    bool buses = a->segment == b->segment && a->first_bus <= b->last_bus && b->first_bus <= a->last_bus;
    return buses || (mcfg_start(a) < mcfg_end(b) && mcfg_start(b) < mcfg_end(a));
}

enum tn_status mcfg_read(const void *table, uint32_t length, struct mcfg *mcfg, struct acpi_fault *fault)
{
    struct mcfg read = {0};
    enum tn_status status = acpi_check_table(table, length, "MCFG", ENTRIES_AT, fault);
    if (status != TN_OK)
        return status;
    if ((length - ENTRIES_AT) % sizeof(struct entry) != 0)
        return acpi_refuse(fault, "length leaves part of an entry, length", length, 0);
    for (uint32_t at = ENTRIES_AT; at < length; at += (uint32_t)sizeof(struct entry)) {
        struct entry e;
        memcpy(&e, (const uint8_t *)table + at, sizeof e);
        struct mcfg_allocation a = {e.base, e.segment, e.first_bus, e.last_bus};
        if (a.base == 0 || a.base % (1 << BUS_SHIFT) != 0 || a.base >= PHYSICAL_LIMIT || mcfg_end(&a) > PHYSICAL_LIMIT)
            return acpi_refuse(fault, "bad base", a.base, at);
        if (a.first_bus > a.last_bus)
            return acpi_refuse(fault, "start bus above the end bus, start bus", a.first_bus, at);
        for (uint32_t i = 0; i < read.count; i++)
            if (collide(&read.allocation[i], &a))
                return acpi_refuse(fault, "two entries overlap, base", a.base, at);
        if (read.count == MCFG_ALLOCATIONS_MAX)
            read.left_out++;
        else
            read.allocation[read.count++] = a;
    }
    *mcfg = read;
    return TN_OK;
}
