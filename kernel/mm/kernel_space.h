/* SPDX-License-Identifier: Apache-2.0 */
/* What address spaces need from the kernel's half. */
#ifndef TENURE_KERNEL_MM_KERNEL_SPACE_H
#define TENURE_KERNEL_MM_KERNEL_SPACE_H

#include <stdint.h>

/* Copies the kernel's entries into the upper half of a root table. They never change after boot. */
void kernel_space_share(uint64_t *root);
/* A space without a user half, to stand in while a process's own goes away. */
void kernel_space_activate(void);

#endif
