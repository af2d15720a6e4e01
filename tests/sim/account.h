/* SPDX-License-Identifier: Apache-2.0 */
/* Whose each frame of the simulated machine is. */
#ifndef TENURE_TESTS_SIM_ACCOUNT_H
#define TENURE_TESTS_SIM_ACCOUNT_H

#include <stdint.h>

/* Frames in use that belong to no process and no pool: the kernel's own, as many in each machine with the same
 * services. One more has been lost. */
uint64_t frames_of_nobody(void);

#endif
