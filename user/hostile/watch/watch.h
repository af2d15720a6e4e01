/* SPDX-License-Identifier: Apache-2.0 */
/* What the IOMMU refused to the device that this process holds, as the kernel tells it (TN_OP_DEVICE_WATCH). */
#ifndef TENURE_HOSTILE_WATCH_H
#define TENURE_HOSTILE_WATCH_H

#include <stdint.h>

void watch_open(uint64_t device);
/* Refusals so far; waits `ns` at most for one more than `before`. */
uint64_t watch_after(uint64_t before, uint64_t ns);
/* Refusals that were told already. */
uint64_t watch_count(void);

#endif
