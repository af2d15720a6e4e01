/* SPDX-License-Identifier: Apache-2.0 */
/* From power-on to the first process, and where the kernel's log goes. */
#ifndef TENURE_SIM_BOOT_H
#define TENURE_SIM_BOOT_H

#include <stdbool.h>

struct machine_plan;

extern bool log_is_quiet;

/* What boot/main.c does, less what this machine does not have. Ends the run if the manifest is wrong. */
void boot(const struct machine_plan *plan);

#endif
