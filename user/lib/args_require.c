/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one impure function of args.h, apart so that the parser can be tested on the host.
 */
#include "args.h"
#include "print.h"

void tn_args_require(const char *args, const struct tn_arg *known, size_t count)
{
    char error[TN_ARGS_ERROR_MAX];
    if (tn_args_parse(args, known, count, error) != TN_OK)
        tn_die("%s", error);
}
