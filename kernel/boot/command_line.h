/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's command line: words of `key=value`, kept from before memory is handed out. */
#ifndef TENURE_KERNEL_BOOT_COMMAND_LINE_H
#define TENURE_KERNEL_BOOT_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include <tenure/abi/status.h>

enum { COMMAND_LINE_MAX = 1024 };

/* Keeps a copy of at most `max` bytes, or up to the NUL. False: longer than COMMAND_LINE_MAX - 1. */
bool command_line_set(const char *text, size_t max);
const char *command_line(void);
/* Finds the value of `key` (the last such word wins), which does not end with a NUL. False: no such word. */
bool command_line_find(const char *key, const char **value, size_t *bytes);
/* Copies the value of `key` (the last such word wins). False: no such word, or the value does not fit; `value` is then
 * unchanged. */
bool command_line_value(const char *key, char *value, size_t size);
/* Is this whole word on it? */
bool command_line_has(const char *word);
/* The value of `args.PROCESS`, which replaces what the manifest says. TN_ENOENT: there is none. TN_ERANGE: it does not
 * fit, and `args` is unchanged. */
TN_MUST_CHECK enum tn_status command_line_args(const char *process, char *args, size_t size);
/* Logs each word that no part of the kernel knows. */
void command_line_check(void);

#endif
