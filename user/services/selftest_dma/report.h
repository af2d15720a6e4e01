/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verdicts of the self-test: one line a case, and one marker that follows from all of them.
 */
#ifndef TENURE_SELFTEST_REPORT_H
#define TENURE_SELFTEST_REPORT_H

#include <stdint.h>

#include <tenure/abi/status.h>

void report_status(const char *name, enum tn_status got, enum tn_status want);
void report_count(const char *name, uint64_t got, uint64_t want);
/* Prints the marker; the exit status. */
int report_end(void);

#endif
