/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exhaustive interleavings of code that uses __atomic_load_n and __atomic_store_n: every schedule of a few fibres up to
 * a bound of preemptions, and for each load every store that C11 lets it read. Plain shared data is announced and
 * checked for races. Code under test is compiled as it is: this header stands in front of it and takes the two builtins
 * over.
 */
#ifndef TENURE_TESTS_WEAVE_H
#define TENURE_TESTS_WEAVE_H

#include <stdint.h>

uint32_t weave_load(const uint32_t *address, int order);
void weave_store(uint32_t *address, uint32_t value, int order);
/* Plain data at `address` is read or written, as one thing. */
void weave_plain(const volatile void *address, int write);
/* Nothing to do until somebody stores; the next load sees the newest value. */
void weave_yield(void);
/* Called by the body: one more fibre, which begins after what the body has done. */
void weave_thread(void (*run)(void));
/* Fails unless `condition`. */
void weave_demand(int condition, const char *what);

/* Runs `body` and its fibres in every order, then `after` each time. Prints a line; returns NULL, or what failed. */
const char *weave(void (*body)(void), void (*after)(void), int preemptions);

#define __atomic_load_n(address, order)         weave_load(address, order)
#define __atomic_store_n(address, value, order) weave_store(address, value, order)

#endif
