/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one system call, as tenure/abi/ring.h describes it. Everything above a register is left to ring.h.
 */
#ifndef TENURE_USER_ENTER_H
#define TENURE_USER_ENTER_H

#include <stdint.h>

#include <tenure/abi/status.h>

struct tn_enter_result {
    enum tn_status status;
    uint32_t consumed;
};

static inline struct tn_enter_result tn_enter(uint64_t ring, uint32_t to_submit, uint32_t min_complete,
                                              uint64_t deadline)
{
    uint64_t status;
    uint64_t rdx = min_complete;
    register uint64_t r10 __asm__("r10") = deadline;
    __asm__ volatile("syscall"
                     : "=a"(status), "+d"(rdx)
                     : "D"(ring), "S"((uint64_t)to_submit), "r"(r10)
                     : "rcx", "r11", "memory");
    return (struct tn_enter_result){.status = (enum tn_status)status, .consumed = (uint32_t)rdx};
}

#endif
