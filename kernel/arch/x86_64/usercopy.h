/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies from and to the running process's memory. SMAP stays on but for the copy itself; a page that is not there, or
 * not with this permission, ends the copy with TN_EFAULT instead of a kernel fault (fix-up table, entry in usercopy.S).
 */
#ifndef TENURE_KERNEL_ARCH_USERCOPY_H
#define TENURE_KERNEL_ARCH_USERCOPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tenure/abi/status.h>

/* Does this CPU have SMAP? STAC and CLAC exist only then. Set once by cpu_init_protection. */
extern bool usercopy_smap;

/* TN_EFAULT: [from, from + n) is not wholly user memory, or not readable; `to` may then hold a part. */
TN_MUST_CHECK enum tn_status copy_from_user(void *to, uint64_t from, size_t n);

/* TN_EFAULT: [to, to + n) is not wholly user memory, or not writable; a part may then have been written. */
TN_MUST_CHECK enum tn_status copy_to_user(uint64_t to, const void *from, size_t n);

/* If an exception at `rip` has a fix-up, where to go on; otherwise 0. */
uint64_t usercopy_fixup(uint64_t rip);

#endif
