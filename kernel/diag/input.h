/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person types on COM1, for the one process that waits for it (TN_OP_CONSOLE_READ). Bytes come by the receive
 * interrupt and wait in a small queue; while that is full the port keeps them. They are edited, and echoed, only while
 * a process waits, so nothing is lost between two lines.
 */
#ifndef TENURE_KERNEL_DIAG_INPUT_H
#define TENURE_KERNEL_DIAG_INPUT_H

#include <stdint.h>

#include <tenure/abi/status.h>

struct process;

/* Binds COM1's interrupt and raises it once. What keeps it from arriving is said; there is no input then. */
void input_open(void);
/* Routes that it has taken from the machine's: 0 or 1. */
uint32_t input_routes(void);

struct input_request {
    struct process *process; /* has one completion reserved */
    uint64_t user_data;
    uint64_t address; /* of TN_CONSOLE_LINE_MAX bytes */
    uint32_t wait;    /* enum tn_console_wait */
};
/* The completion is posted when the input is there, perhaps at once. TN_ESTATE: somebody waits already. TN_ENOTSUP: no
 * input on this machine. */
TN_MUST_CHECK enum tn_status input_wait(const struct input_request *request);
/* The process waits no more, if it did. */
void input_reader_ended(const struct process *process);

#endif
