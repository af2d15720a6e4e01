/* SPDX-License-Identifier: Apache-2.0 */
/* See firmware.h. What is logged are ids, counts and sizes; of a table that is refused where it is, and the value that
 * is wrong. */
#include "boot/firmware.h"

#include <stddef.h>

#include "arch/x86_64/cpu.h"
#include "diag/log.h"
#include "lib/string.h"
#include "mm/frame.h"
#include <tn_format.h>

enum {
    LEGACY_START = 0xe0000, /* a BIOS keeps its RSDP here, whether the memory map speaks of it or not */
    LEGACY_END = 0x100000,
    LINE = 160,
};

/* Firmware tables are read where the memory map says that memory is. */
static const void *map_firmware(void *context, uint64_t physical, uint64_t bytes)
{
    const struct memory_map *memory = context;
    if (physical > UINT32_MAX || bytes > UINT32_MAX - physical)
        return NULL;
    if (physical >= LEGACY_START && physical + bytes <= LEGACY_END)
        return phys_to_virt(physical);
    for (uint32_t i = 0; i < memory->count; i++) {
        const struct memory_range *r = &memory->range[i];
        if (r->type != MEMORY_RESERVED && physical >= r->start && physical < r->end)
            return bytes <= r->end - physical ? phys_to_virt(physical) : NULL;
    }
    return NULL;
}

/* Only what is RAM for certain: MEMORY_FIRMWARE is a guess where a reserved range touches RAM. */
static bool is_memory(void *context, uint64_t start, uint64_t bytes)
{
    const struct memory_map *memory = context;
    for (uint32_t i = 0; i < memory->count; i++) {
        const struct memory_range *r = &memory->range[i];
        if ((r->type == MEMORY_RAM || r->type == MEMORY_KERNEL) && start < r->end &&
            (bytes > UINT64_MAX - start || r->start < start + bytes))
            return true;
    }
    return false;
}

static struct firmware_refusal refusals[FIRMWARE_REFUSALS_MAX];
static uint32_t refusal_count;

uint32_t firmware_refusals(const struct firmware_refusal **refusal)
{
    *refusal = refusals;
    return refusal_count;
}

static void refuse(void *context, const char *signature, uint64_t physical, const struct acpi_fault *fault)
{
    (void)context;
    if (refusal_count++ >= FIRMWARE_REFUSALS_MAX)
        return;
    struct firmware_refusal *kept = &refusals[refusal_count - 1];
    text_copy(kept->signature, signature, sizeof kept->signature);
    kept->fault = *fault;
    if (fault->offset != 0)
        log_line("acpi: table %s at %lx ignored: entry at offset %u: %s 0x%lx", signature, physical, fault->offset,
                 fault->what, fault->value);
    else
        log_line("acpi: table %s at %lx ignored: %s 0x%lx", signature, physical, fault->what, fault->value);
}

static enum tn_status find_rsdp(const struct acpi_access *a, const struct firmware_pointer *p, struct rsdp *rsdp)
{
    if (p->copy && acpi_rsdp_from_tag(a, p->copy, p->copy_bytes, rsdp) == TN_OK)
        return TN_OK;
    if (p->rsdp != 0 && acpi_rsdp_at(a, p->rsdp, rsdp) == TN_OK)
        return TN_OK;
    return acpi_rsdp_search(a, rsdp);
}

static void report_madt(const struct madt *m)
{
    uint32_t enabled = 0;
    for (uint32_t i = 0; i < m->cpu_count; i++)
        enabled += m->cpu[i].flags & MADT_CPU_ENABLED;
    log_line("acpi: MADT: %u processors (%u enabled), %u I/O APICs, %u overrides, %u NMI sources, %u local NMIs%s",
             m->cpu_count, enabled, m->io_apic_count, m->override_count, m->nmi_source_count, m->local_nmi_count,
             m->has_8259 ? ", 8259" : "");
    for (uint32_t i = 0; i < m->io_apic_count; i++)
        log_line("acpi:   I/O APIC %u, interrupts from %u on", m->io_apic[i].id, m->io_apic[i].gsi_base);
    for (uint32_t i = 0; i < m->override_count; i++)
        log_line("acpi:   ISA interrupt %u is interrupt %u, flags %x", m->override[i].irq, m->override[i].gsi,
                 m->override[i].signal);
    if (m->left_out != 0)
        log_line("acpi: MADT: %u entries beyond what is kept (%u processors, %u I/O APICs)", m->left_out, MADT_CPUS_MAX,
                 MADT_IO_APICS_MAX);
    if (m->repeated != 0)
        log_line("acpi: MADT: %u processors are listed again; the first entry counts", m->repeated);
}

static void report_mcfg(const struct mcfg *m)
{
    for (uint32_t i = 0; i < m->count; i++)
        log_line("acpi: ECAM of segment %u, buses %u to %u", m->allocation[i].segment, m->allocation[i].first_bus,
                 m->allocation[i].last_bus);
    if (m->left_out != 0)
        log_line("acpi: MCFG: %u entries beyond the %u that are kept: their buses are not scanned", m->left_out,
                 MCFG_ALLOCATIONS_MAX);
}

static void report_scope(const struct dmar_scope *s, uint32_t segment)
{
    static const char *const name[] = {"?", "endpoint", "bridge", "I/O APIC", "HPET", "namespace device"};
    char path[LINE];
    size_t n = tn_format(path, sizeof path, "%04x:%02x", segment, s->bus);
    for (uint32_t i = 0; i < s->steps; i++)
        n += tn_format(path + n, sizeof path - n, "%s%02x.%u", i == 0 ? ":" : "/", s->path[i] >> 3, s->path[i] & 7);
    log_line("acpi:     %s %u at %s", name[s->type < sizeof name / sizeof name[0] ? s->type : 0], s->id, path);
}

static void report_dmar(const struct dmar *d)
{
    log_line("acpi: DMAR: %u address bits, flags %x, %u structures, %u of unknown types%s", d->address_bits, d->flags,
             d->count, d->unknown, d->flags & DMAR_INTERRUPT_REMAPPING ? ", interrupt remapping" : "");
    for (uint32_t i = 0; i < d->count; i++) {
        const struct dmar_structure *s = &d->structure[i];
        log_line("acpi:   %s segment %u, flags %x, %u device scopes", dmar_type_name(s->type), s->segment, s->flags,
                 s->scope_count);
        for (uint32_t j = 0; j < s->scope_count; j++)
            report_scope(&d->scope[s->first_scope + j], s->segment);
    }
}

static void report_fadt(const struct fadt *f)
{
    log_line("acpi: FADT: revision %u, boot flags %x, %s reset register, %s PM timer, century at CMOS %x%s%s",
             f->revision, f->boot_flags, f->reset_register.address != 0 ? "a" : "no",
             f->pm_timer.address == 0      ? "no"
             : f->flags & FADT_TIMER_32BIT ? "32-bit"
                                           : "24-bit",
             f->century, f->flags & FADT_HARDWARE_REDUCED ? ", hardware-reduced" : "",
             f->boot_flags & FADT_BOOT_NO_MSI ? ", MSI must not be used" : "");
}

/* What this machine does not have, or has broken: one line, so that nobody has to look for what is not said. */
static void report_missing(const struct acpi_info *acpi)
{
    char names[LINE];
    size_t n = 0;
    const struct {
        const char *name;
        bool has;
    } wanted[] = {{"MADT", acpi->has_madt},
                  {"MCFG", acpi->has_mcfg},
                  {"DMAR", acpi->has_dmar},
                  {"FADT", acpi->has_fadt},
                  {"HPET", acpi->has_hpet}};
    for (uint32_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (!wanted[i].has)
            n += tn_format(names + n, sizeof names - n, " %s", wanted[i].name);
    if (n != 0)
        log_line("acpi: not there, or not usable:%s", names);
    if (acpi->dmar_refused)
        log_line("acpi: the DMAR is refused: this machine's IOMMU is not used");
    else if (acpi->dmar_unknown && !acpi->has_dmar)
        log_line("acpi: what could not be read may be a DMAR: whether this machine has an IOMMU is not known");
}

void firmware_read(const struct memory_map *memory, const struct firmware_pointer *pointer, struct acpi_info *acpi)
{
    static uint8_t copy[ACPI_DECODED_BYTES_MAX];
    struct memory_map *context = (struct memory_map *)(uintptr_t)memory; /* only read */
    const struct acpi_access access = {map_firmware, is_memory, refuse, copy, context, cpu_physical_limit()};
    struct rsdp rsdp;
    if (find_rsdp(&access, pointer, &rsdp) != TN_OK)
        log_line("acpi: no RSDP: the machine is found without tables");
    else if (acpi_read(&access, &rsdp, acpi) != TN_OK)
        log_line("acpi: no tables");
    acpi->dmar_unknown = acpi->dmar_unknown || (acpi->table_count == 0 && refusal_count != 0);
    if (refusal_count > FIRMWARE_REFUSALS_MAX)
        log_line("acpi: %u more tables ignored", refusal_count - FIRMWARE_REFUSALS_MAX);
    for (uint32_t i = 0; i < acpi->table_count; i++)
        log_line("acpi: %s, %u bytes", acpi->table[i].signature, acpi->table[i].length);
    if (acpi->has_madt)
        report_madt(&acpi->madt);
    if (acpi->has_mcfg)
        report_mcfg(&acpi->mcfg);
    if (acpi->has_dmar)
        report_dmar(&acpi->dmar);
    if (acpi->has_fadt)
        report_fadt(&acpi->fadt);
    if (acpi->has_hpet)
        log_line("acpi: HPET: %u comparators, %u-bit counter", acpi->hpet.comparators,
                 acpi->hpet.counter_64bit ? 64 : 32);
    report_missing(acpi);
}
