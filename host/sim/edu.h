/* SPDX-License-Identifier: Apache-2.0 */
/* QEMU's educational device in software (docs/specs/edu in QEMU's sources), and the lies that it can tell. */
#ifndef TENURE_SIM_EDU_H
#define TENURE_SIM_EDU_H

#include "pci.h"

enum sim_edu_lie {
    SIM_EDU_HONEST,
    SIM_EDU_EARLY,      /* says that a transfer is over before it is */
    SIM_EDU_AGAIN,      /* does each transfer once more, later */
    SIM_EDU_NO_REASON,  /* interrupts for nothing */
    SIM_EDU_TWICE,      /* interrupts twice, with the reason of the last time */
    SIM_EDU_BEYOND,     /* writes one page further than it was told */
    SIM_EDU_AFTER_STOP, /* goes on when bus mastering is off and its driver gone */
    SIM_EDU_LIES
};

enum { SIM_EDU_MEMORY = 4096 };

struct sim_edu {
    struct sim_function function;
    uint8_t memory[SIM_EDU_MEMORY];
    uint32_t liveness, factorial, status, interrupt_status;
    uint64_t source, destination, count, command;
    struct machine_event factorial_done, transfer_done, later;
    uint64_t later_source, later_destination, later_count;
    bool later_to_memory;
    enum sim_edu_lie lie;
    uint64_t lie_from, transfers, told;
};

void sim_edu_init(struct sim_edu *d, uint32_t device);

#endif
