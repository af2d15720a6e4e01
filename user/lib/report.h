/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verdicts of a program that tests the machine it runs in: one line a case, and one marker that follows from all of
 * them.
 */
#ifndef TENURE_USER_REPORT_H
#define TENURE_USER_REPORT_H

#include <stdint.h>

#include <tenure/abi/status.h>

void report_status(const char *name, enum tn_status got, enum tn_status want);
void report_count(const char *name, uint64_t got, uint64_t want);
/* Prints the marker `SELFTEST: <subject> ok|FAIL …`; the exit status. */
int report_end(const char *subject);

#endif
