/* SPDX-License-Identifier: Apache-2.0 */
/* user/lib/enter.h on the simulated machine: the system call is a call of the simulator, which switches stacks. */
#ifndef TENURE_USER_ENTER_H
#define TENURE_USER_ENTER_H

#include <stdint.h>

#include <tenure/abi/status.h>

struct tn_enter_result {
    enum tn_status status;
    uint32_t consumed;
};

uint64_t machine_enter(uint64_t ring, uint64_t to_submit, uint64_t min_complete, uint64_t deadline, uint64_t *consumed);

static inline struct tn_enter_result tn_enter(uint64_t ring, uint32_t to_submit, uint32_t min_complete,
                                              uint64_t deadline)
{
    uint64_t consumed;
    uint64_t status = machine_enter(ring, to_submit, min_complete, deadline, &consumed);
    return (struct tn_enter_result){.status = (enum tn_status)status, .consumed = (uint32_t)consumed};
}

#endif
