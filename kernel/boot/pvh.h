/* SPDX-License-Identifier: Apache-2.0 */
/* Xen's PVH start info (xen/include/public/arch-x86/hvm/start_info.h, versions 0 and 1). */
#ifndef TENURE_KERNEL_BOOT_PVH_H
#define TENURE_KERNEL_BOOT_PVH_H

#include "boot/handover.h"

/* Takes over everything from the start info. Panics if it makes no sense. */
void pvh_take(uint64_t start_info, struct boot_info *info);

#endif
