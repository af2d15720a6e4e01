/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The books: what processes and devices hold, counted from the objects themselves and not from the ledgers that budgets
 * are judged by (core/ledger.h). A process's ledger must say the same; and what devices hold, with what no device has
 * to do with, sums to what processes hold. Memory pages are left to `mem`.
 */
#ifndef TENURE_KERNEL_DIAG_BOOKS_H
#define TENURE_KERNEL_DIAG_BOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include <core/ledger.h>

struct device;
struct process;

struct books {
    uint64_t held[TN_CHARGE_COUNT];
};

void books_of_process(const struct process *process, struct books *books);
/* The ledger of a device: what was made for it, whoever pays. NULL: what no device has to do with. */
void books_of_device(const struct device *device, struct books *books);

struct books_error {
    const struct process *process; /* whose ledger is wrong; NULL: the sums over devices are */
    uint32_t charge;               /* enum tn_charge */
    uint64_t ledger, objects;
};
/* False: they disagree, first there. */
bool books_agree(struct books_error *error);
/* A kernel that checks itself looks after each end of a process and of a claim; what is wrong is a panic. */
void books_check(void);

#endif
