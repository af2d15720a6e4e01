/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines for people, through the console capability. The kernel puts the process's name and the time before each.
 */
#ifndef TENURE_USER_PRINT_H
#define TENURE_USER_PRINT_H

#include <tenure/abi/start.h>

void tn_print_init(const struct tn_start *start);

/* One line, cut at TN_CONSOLE_WRITE_MAX bytes. Without a console capability nothing is printed. Formats: tn_format.h.
 */
__attribute__((format(printf, 1, 2))) void tn_print(const char *format, ...);

/* Prints the line and ends the process with status 1. */
__attribute__((format(printf, 1, 2))) _Noreturn void tn_die(const char *format, ...);

#endif
