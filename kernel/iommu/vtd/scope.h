/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which unit of the DMAR a function is behind, and which reserved memory it has (VT-d Specification 4.0, sections 8.3
 * to 8.5): device scopes name it by its path, or a bridge above it. Pure.
 */
#ifndef TENURE_KERNEL_VTD_SCOPE_H
#define TENURE_KERNEL_VTD_SCOPE_H

#include "firmware/dmar.h"
#include "pci/function.h"

enum { VTD_NO_STRUCTURE = -1 };

/* Is function `index` named by the structure, or behind a bridge that is? */
bool vtd_scope_covers(const struct dmar *dmar, const struct dmar_structure *structure,
                      const struct pci_function *function, uint32_t count, uint32_t index);
/* The DRHD (index in dmar->structure) of function `index`, or VTD_NO_STRUCTURE. */
int32_t vtd_unit_of(const struct dmar *dmar, const struct pci_function *function, uint32_t count, uint32_t index);
/* The DRHD of I/O APIC `id`, and the requester id of its messages; VTD_NO_STRUCTURE: no scope names it. */
int32_t vtd_unit_of_ioapic(const struct dmar *dmar, const struct pci_function *function, uint32_t count, uint8_t id,
                           uint16_t *requester);

#endif
