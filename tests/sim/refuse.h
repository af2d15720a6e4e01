/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Budgets, memory and tables that run out, in the simulated machine, at a moment of the test's choice. A question is a
 * call by which the kernel asks for something that there may be too little of: a charge, a place in a table, frames,
 * room in a completion queue or in the IOMMU (refuse.c lists them; the linker puts this in front of each).
 */
#ifndef TENURE_TESTS_SIM_REFUSE_H
#define TENURE_TESTS_SIM_REFUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "machine.h"

/* Question `number` (from 1) of this machine is answered with no. */
void refuse_one(uint64_t number);
bool refuse_has_refused(void);

/*
 * Before an operation of a process is run it is tried, in a copy of the machine that is then thrown away: with each
 * budget that it charges one short of what it needs, with none left, and with exactly enough; and with each of its
 * questions answered with no. A refusal must be typed, and leave every variable of the kernel and every frame in use as
 * they were, bit by bit, but for what refuse.c says. Not all operations: the first of each kind and process, and some
 * of the rest.
 */
void refuse_each(void);
/* What became of that. */
struct refuse_tries {
    uint64_t refused; /* copies in which the operation was refused, as it should */
    uint64_t allowed; /* in which it was not, with exactly what it needs */
    uint64_t failed;  /* in which something else happened; it has been printed */
    uint64_t charges; /* set of enum tn_charge that was refused */
};
struct refuse_tries refuse_tries(void);
/* Copies in which this operation (enum tn_op) was refused, as it should. */
uint64_t refuse_tries_of(uint32_t operation);
/* The end of a machine, as it came. A copy that has come to its end has failed, and does not come back from here. */
enum machine_end_kind refuse_end_of_copy(enum machine_end_kind end);

#endif
