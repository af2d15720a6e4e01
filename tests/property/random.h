/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random sequences of operations, the same for the same seed on every machine: for the property test, and for the
 * fuzzer, which mutates bytes and knows nothing of operations.
 */
#ifndef TENURE_TESTS_PROPERTY_RANDOM_H
#define TENURE_TESTS_PROPERTY_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "operations.h"

enum { SEQUENCE_MAX = SETTING_BYTES + 100 * STEP_BYTES };

void random_begin(uint64_t seed);
uint64_t random_next(void);
/* Fills `bytes` (room for SEQUENCE_MAX) with a setting and 10 to 100 steps; returns the size. */
size_t random_sequence(uint8_t *bytes);
/* One step; `crowded`: of any owner and line. */
void random_step(uint8_t *step, int crowded);

#endif
