/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine as ACPI's static tables describe it (ACPI 6.5, section 5.2), read as hostile input: every table is
 * copied, checked as a whole and then decoded (madt.h, mcfg.h, dmar.h, fadt.h, hpet.h); a broken one costs one
 * complaint and itself. Nothing of ACPI is needed to boot: what a missing table means is said by who would have used
 * it. Pure: memory comes through functions; tested and fuzzed on the host. AML is not interpreted.
 */
#ifndef TENURE_KERNEL_FIRMWARE_ACPI_H
#define TENURE_KERNEL_FIRMWARE_ACPI_H

#include <stdint.h>

#include <tenure/abi/status.h>

#include "firmware/dmar.h"
#include "firmware/fadt.h"
#include "firmware/hpet.h"
#include "firmware/madt.h"
#include "firmware/mcfg.h"
#include "firmware/rsdp.h"

enum {
    ACPI_TABLES_MAX = 64,
    ACPI_TABLE_BYTES_MAX = 1 << 20,   /* a longer one is refused: nothing static is that long */
    ACPI_DECODED_BYTES_MAX = 1 << 15, /* the same for a table that is decoded: larger than the limits of each allow */
};

struct acpi_table {
    char signature[5];
    uint32_t length;
    uint64_t physical;
};

/* What the tables that were decoded say; `count` 0 or `has` false where there is no right one. */
struct acpi_info {
    uint32_t table_count;
    struct acpi_table table[ACPI_TABLES_MAX];
    bool has_madt, has_mcfg, has_dmar, has_fadt, has_hpet;
    bool dmar_refused; /* the machine has a DMAR that is broken, or larger than is kept: its IOMMU cannot be used, and
                          must not be taken as absent */
    bool dmar_unknown; /* something that could not be read may be, or list, a DMAR */
    struct madt madt;
    struct mcfg mcfg;
    struct dmar dmar;
    struct fadt fadt;
    struct hpet hpet;
};

/* How the parser reads physical memory and says what it refuses. */
struct acpi_access {
    /* `bytes` bytes at `physical`, or NULL if they are not all readable memory. */
    const void *(*map)(void *context, uint64_t physical, uint64_t bytes);
    /* Is any byte of [start, start + bytes) RAM, or firmware's tables? Registers that a table names never are. */
    bool (*is_memory)(void *context, uint64_t start, uint64_t bytes);
    /* One complaint; signature is four printable characters. */
    void (*refuse)(void *context, const char *signature, uint64_t physical, const struct acpi_fault *fault);
    /* Where a table is copied to before it is judged: ACPI_DECODED_BYTES_MAX bytes. */
    uint8_t *copy;
    void *context;
    uint64_t limit; /* first physical address that the processor cannot form: no register is there */
};

/* Finds the RSDP at a physical address (PVH start info). TN_ENOENT: none there, said through refuse. */
TN_MUST_CHECK enum tn_status acpi_rsdp_at(const struct acpi_access *access, uint64_t physical, struct rsdp *rsdp);
/* Takes the RSDP out of a multiboot2 tag: `copy` is what follows the tag's type and size, `bytes` the size less 8. */
TN_MUST_CHECK enum tn_status acpi_rsdp_from_tag(const struct acpi_access *access, const void *copy, uint64_t bytes,
                                                struct rsdp *rsdp);
/* Looks where a BIOS leaves it: the first KiB of the EBDA, then 0xe0000 to 0xfffff, on 16-byte borders (section
 * 5.2.5.1). TN_ENOENT: nowhere. */
TN_MUST_CHECK enum tn_status acpi_rsdp_search(const struct acpi_access *access, struct rsdp *rsdp);
/* Reads all tables that the root table lists. TN_ENOENT: no root table that is right. Tables that are refused are left
 * out; of two with one signature that is decoded the first right one counts, but of two DMARs none: each may leave out
 * what the other has. Where an MCFG or an I/O APIC lies over registers that another table names, its table is refused.
 */
TN_MUST_CHECK enum tn_status acpi_read(const struct acpi_access *access, const struct rsdp *rsdp,
                                       struct acpi_info *info);

#endif
