/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer on what the kernel takes from firmware and devices: ACPI tables and configuration space. The first byte
 * says what the rest is (enum input) and, in its high bit, whether length and checksum are put right first, so that the
 * fuzzer gets past them. Each input lies in memory of exactly its size. Beside what the sanitizers see, what a parser
 * accepts is checked: every count within its array, every index within its count, every number in its range.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firmware/acpi.h"
#include "pci/bridge.h"
#include "pci/function.h"
#include "pci/group.h"

enum input { RSDP, MADT, MCFG, DMAR, FADT, HPET, ALL_TABLES, CONFIG_SPACE, INPUTS };
enum { SEAL = 0x80, INPUT_BYTES_MAX = 8192, LOW_BASE = 0xe0000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "oracle: %s\n", #condition);                                                               \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

static void check_madt(const struct madt *m)
{
    CHECK(m->cpu_count >= 1 && m->cpu_count <= MADT_CPUS_MAX);
    CHECK(m->io_apic_count <= MADT_IO_APICS_MAX && m->override_count <= MADT_OVERRIDES_MAX);
    CHECK(m->nmi_source_count <= MADT_NMI_SOURCES_MAX && m->local_nmi_count <= MADT_LOCAL_NMIS_MAX);
    for (uint32_t i = 0; i < m->override_count; i++)
        CHECK(m->override[i].irq < 16);
    for (uint32_t i = 0; i < m->local_nmi_count; i++)
        CHECK(m->local_nmi[i].lint <= 1);
}

static void check_mcfg(const struct mcfg *m)
{
    CHECK(m->count <= MCFG_ALLOCATIONS_MAX);
    for (uint32_t i = 0; i < m->count; i++) {
        CHECK(mcfg_start(&m->allocation[i]) < mcfg_end(&m->allocation[i]));
        CHECK(mcfg_end(&m->allocation[i]) <= UINT64_C(1) << 52);
    }
}

static void check_dmar(const struct dmar *d)
{
    CHECK(d->count >= 1 && d->count <= DMAR_STRUCTURES_MAX && d->scope_count <= DMAR_SCOPES_MAX);
    for (uint32_t i = 0; i < d->count; i++) {
        const struct dmar_structure *s = &d->structure[i];
        CHECK(s->first_scope + s->scope_count <= d->scope_count);
        CHECK(s->type != DMAR_RMRR || s->base < s->limit);
        CHECK(s->type != DMAR_DRHD || s->base % 4096 == 0);
    }
    for (uint32_t i = 0; i < d->scope_count; i++)
        CHECK(d->scope[i].steps >= 1 && d->scope[i].steps <= DMAR_PATH_MAX);
}

static void check_fadt(const struct fadt *f)
{
    CHECK(f->reset_register.address == 0 || f->reset_register.bits == 8);
    CHECK(f->pm_timer.space != ACPI_SPACE_IO || f->pm_timer.address < 65536);
}

static void seal(uint8_t *table, uint32_t length)
{
    static const uint32_t signature_bytes = 4;
    memcpy(table + signature_bytes, &length, sizeof length);
    table[9] = 0;
    table[9] = (uint8_t)-acpi_sum(table, length);
}

static void one_table(enum input kind, uint8_t *table, uint32_t length, bool sealed)
{
    static const char *const signature[] = {"", "APIC", "MCFG", "DMAR", "FACP", "HPET"};
    static struct acpi_info info;
    struct acpi_fault fault = {0};
    struct rsdp rsdp;
    enum tn_status status;
    if (kind != RSDP && sealed && length >= sizeof(struct acpi_header)) {
        memcpy(table, signature[kind], 4);
        seal(table, length);
    }
    switch (kind) {
    case RSDP:
        status = rsdp_read(table, length, &rsdp, &fault);
        CHECK(status != TN_OK || rsdp.rsdt != 0 || rsdp.xsdt != 0);
        break;
    case MADT:
        if ((status = madt_read(table, length, &info.madt, &fault)) == TN_OK)
            check_madt(&info.madt);
        break;
    case MCFG:
        if ((status = mcfg_read(table, length, &info.mcfg, &fault)) == TN_OK)
            check_mcfg(&info.mcfg);
        break;
    case DMAR:
        if ((status = dmar_read(table, length, &info.dmar, &fault)) == TN_OK)
            check_dmar(&info.dmar);
        break;
    case FADT:
        if ((status = fadt_read(table, length, &info.fadt, &fault)) == TN_OK)
            check_fadt(&info.fadt);
        break;
    default:
        status = hpet_read(table, length, &info.hpet, &fault);
        break;
    }
    CHECK(status == TN_OK || (fault.what && (fault.offset == 0 || fault.offset < length)));
}

/* ---- a whole memory, from LOW_BASE on: what leads from the RSDP to the tables ---- */

struct memory {
    const uint8_t *bytes;
    uint64_t size;
};

static const void *map(void *context, uint64_t physical, uint64_t bytes)
{
    const struct memory *m = context;
    if (physical < LOW_BASE || physical - LOW_BASE > m->size || bytes > m->size - (physical - LOW_BASE))
        return NULL;
    return m->bytes + (physical - LOW_BASE);
}

static bool is_memory(void *context, uint64_t start, uint64_t bytes)
{
    (void)context;
    return start < UINT64_C(0x80000000) && bytes != 0;
}

static void refuse(void *context, const char *signature, uint64_t physical, const struct acpi_fault *fault)
{
    (void)context, (void)physical;
    CHECK(fault->what != NULL);
    for (uint32_t i = 0; i < 4; i++)
        CHECK(signature[i] > ' ' && signature[i] <= '~');
}

static void all_tables(const uint8_t *bytes, uint64_t size)
{
    static struct acpi_info info;
    static uint8_t copy[ACPI_DECODED_BYTES_MAX];
    struct memory memory = {bytes, size};
    const struct acpi_access access = {map, is_memory, refuse, copy, &memory, UINT64_C(1) << 40};
    struct rsdp rsdp;
    if (acpi_rsdp_search(&access, &rsdp) != TN_OK || acpi_read(&access, &rsdp, &info) != TN_OK)
        return;
    CHECK(info.table_count <= ACPI_TABLES_MAX);
    if (info.has_madt)
        check_madt(&info.madt);
    if (info.has_mcfg)
        check_mcfg(&info.mcfg);
    if (info.has_dmar)
        check_dmar(&info.dmar);
    if (info.has_fadt)
        check_fadt(&info.fadt);
}

/* ---- configuration space of a function that answers whatever it likes ---- */

struct device {
    const uint8_t *bytes;
    size_t size, next;
    uint32_t reads;
};

static uint32_t device_read(void *context, uint32_t bdf, uint32_t offset, uint32_t width)
{
    struct device *d = context;
    uint32_t value = 0;
    (void)bdf;
    CHECK(offset % width == 0 && offset + width <= PCI_EXTENDED_BYTES);
    CHECK(++d->reads < 2000);                            /* no list takes longer than its places */
    for (uint32_t i = 0; i < width && d->size != 0; i++) /* an answer depends on the place, and on when it is asked */
        value |= (uint32_t)d->bytes[(offset + i + d->next) % d->size] << 8 * i;
    d->next += d->size != 0 && d->bytes[d->reads % d->size] == 0xa5;
    return value;
}

static void device_write(void *context, uint32_t bdf, uint32_t offset, uint32_t width, uint32_t value)
{
    (void)context, (void)bdf, (void)value;
    CHECK(offset % width == 0 && offset + width <= PCI_EXTENDED_BYTES);
}

static void config_space(const uint8_t *bytes, size_t size)
{
    struct device d = {bytes, size, 0, 0};
    const struct pci_access a = {device_read, device_write, &d};
    static struct pci_function f[8];
    for (uint32_t i = 0; i < 8; i++) {
        d.reads = 0;
        f[i] = (struct pci_function){.bdf = i << 8 | i, .header = i % 2};
        (void)pci_size_bars(&a, f[i].bdf, f[i].header == 1 ? PCI_BRIDGE_BARS : PCI_BARS, f[i].bar);
        for (uint32_t b = 0; b < PCI_BARS; b++)
            CHECK((f[i].bar[b].size & (f[i].bar[b].size - 1)) == 0);
        pci_read_capabilities(&a, f[i].bdf, &f[i].capabilities);
        pci_read_features(&a, f[i].bdf, &f[i].capabilities, &f[i].features);
        if (pci_read_msix(&a, f[i].bdf, f[i].capabilities.msix, f[i].bar, &f[i].msix) == TN_OK)
            CHECK(f[i].msix.table_offset + f[i].msix.count * 16 <= f[i].bar[f[i].msix.table_bar].size);
        f[i].acs = pci_enable_acs(&a, f[i].bdf, &f[i].capabilities);
        pci_read_bridge(&a, f[i].bdf, &f[i].bridge);
    }
    (void)pci_link_bridges(f, 8);
    uint32_t groups = pci_group(f, 8);
    for (uint32_t i = 0; i < 8; i++)
        CHECK(pci_depth(f, i) <= i && f[i].group < groups);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > INPUT_BYTES_MAX)
        return -1;
    enum input kind = (enum input)((data[0] & ~SEAL) % INPUTS);
    uint8_t *bytes = malloc(size - 1 == 0 ? 1 : size - 1);
    if (!bytes)
        return -1;
    memcpy(bytes, data + 1, size - 1);
    if (kind == ALL_TABLES)
        all_tables(bytes, size - 1);
    else if (kind == CONFIG_SPACE)
        config_space(bytes, size - 1);
    else
        one_table(kind, bytes, (uint32_t)(size - 1), data[0] & SEAL);
    free(bytes);
    return 0;
}
