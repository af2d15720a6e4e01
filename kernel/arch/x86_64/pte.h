/* SPDX-License-Identifier: Apache-2.0 */
/* Page-table entries: Intel SDM volume 3A, section 4.5. */
#ifndef TENURE_KERNEL_ARCH_PTE_H
#define TENURE_KERNEL_ARCH_PTE_H

#include <stdint.h>

#define PTE_PRESENT  (UINT64_C(1) << 0)
#define PTE_WRITE    (UINT64_C(1) << 1)
#define PTE_USER     (UINT64_C(1) << 2)
#define PTE_UNCACHED (UINT64_C(3) << 3) /* PWT and PCD: PAT entry 3, UC */
#define PTE_LARGE    (UINT64_C(1) << 7) /* 2 MiB, in a page directory */
#define PTE_GLOBAL   (UINT64_C(1) << 8)
#define PTE_NX       (UINT64_C(1) << 63)
#define PTE_ADDRESS  UINT64_C(0x000ffffffffff000)

/* Index into the table of `level` (4 = root, 1 = leaf). */
static inline uint32_t pte_index(uint64_t virtual, uint32_t level)
{
    return (uint32_t)(virtual >> (12 + 9 * (level - 1)) & 511);
}

#endif
