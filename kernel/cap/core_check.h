/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel asks every decision of core/ one question to which the answer is no, before it relies on any.
 */
#ifndef TENURE_KERNEL_CAP_CORE_CHECK_H
#define TENURE_KERNEL_CAP_CORE_CHECK_H

/* Prints the marker `SELFTEST: core decisions`; a kernel whose core accepts what it must refuse starts nothing. */
void core_check(void);

#endif
