/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Root System Description Pointer (ACPI 6.5, section 5.2.5): where the root table is. It comes by address (PVH
 * start info), as a copy (multiboot2 tags 14 and 15), or by a search of the legacy areas (acpi.h). Pure.
 */
#ifndef TENURE_KERNEL_FIRMWARE_RSDP_H
#define TENURE_KERNEL_FIRMWARE_RSDP_H

#include <stdbool.h>
#include <stdint.h>

#include <tenure/abi/status.h>

#include "firmware/table.h"

enum {
    RSDP_V1_BYTES = 20, /* ACPI 1.0: multiboot2 tag 14, "ACPI old RSDP" */
    RSDP_V2_BYTES = 36, /* since ACPI 2.0: multiboot2 tag 15, "ACPI new RSDP" */
};

struct rsdp {
    uint8_t revision; /* 0: ACPI 1.0; 2: since 2.0 */
    uint32_t rsdt;    /* physical address; 0: none */
    uint64_t xsdt;    /* physical address; 0: none, or its part of the RSDP is broken */
};

/* Begins an RSDP with a right checksum here? Needs RSDP_V1_BYTES bytes. */
bool rsdp_is_at(const void *bytes);
/*
 * Decodes a copy of an RSDP, as a multiboot2 tag holds it behind its 8-byte header; `length` is the tag's size less 8.
 * TN_OK with fault->what set: the extended part is broken, and the RSDT is used. TN_EPROTOCOL: no RSDP, too short, a
 * wrong checksum, or no root table; `rsdp` is then unchanged.
 */
TN_MUST_CHECK enum tn_status rsdp_read(const void *bytes, uint64_t length, struct rsdp *rsdp, struct acpi_fault *fault);

#endif
