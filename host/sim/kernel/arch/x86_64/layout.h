/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's layout on the simulated machine: physical memory is where the simulator has mapped it, and the user half
 * is a piece of the host's address space that nothing else wants.
 */
#ifndef TENURE_SIM_LAYOUT_H
#define TENURE_SIM_LAYOUT_H

#include_next "arch/x86_64/layout.h"

#include <stdint.h>

extern uint8_t *machine_physmap;
#undef PHYSMAP_BASE
#define PHYSMAP_BASE ((uint64_t)(uintptr_t)machine_physmap)

#undef USER_MIN
#undef USER_MAX
#undef USER_STACK_TOP
#undef USER_START_BLOCK
#undef USER_RINGS
#undef USER_WINDOWS
#define USER_MIN         UINT64_C(0x0000200000000000)
#define USER_MAX         UINT64_C(0x0000210000000000)
#define USER_STACK_TOP   UINT64_C(0x0000200010000000)
#define USER_START_BLOCK UINT64_C(0x0000200020000000)
#define USER_RINGS       UINT64_C(0x0000200020010000)
#define USER_WINDOWS     UINT64_C(0x0000200100000000)

#endif
