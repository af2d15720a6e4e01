/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words "key=value,key=value" of a manifest's args. Pure; host-tested.
 */
#ifndef TENURE_USER_ARGS_H
#define TENURE_USER_ARGS_H

#include <stddef.h>
#include <stdint.h>

#include <tenure/abi/status.h>

enum {
    TN_ARGS_ERROR_MAX = 160,
};

/* One key a program knows. Its value is a number (decimal, or hexadecimal after 0x) from min to max, or, if `words` is
 * not NULL, one of these words, and then its place among them. *value keeps its default if the key is absent. */
struct tn_arg {
    const char *key;
    uint64_t *value;
    uint64_t min;
    uint64_t max;
    const char *const *words; /* ends with NULL */
};

/* TN_EINVAL: `error` says which word is wrong and what it should be. Nothing is written to the values then. */
TN_MUST_CHECK enum tn_status tn_args_parse(const char *args, const struct tn_arg *known, size_t count,
                                           char error[TN_ARGS_ERROR_MAX]);
/* The same, and ends the process with the error. */
void tn_args_require(const char *args, const struct tn_arg *known, size_t count);

#endif
