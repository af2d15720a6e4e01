/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trap for bugs of ours: a commit whose decide was not asked, a count that does not fit its states. It is on in
 * every build, and it is never how input is judged: input is refused with a status by the decide functions.
 */
#ifndef TENURE_CORE_BUG_H
#define TENURE_CORE_BUG_H

#define TN_BUG_IF(condition)                                                                                           \
    do {                                                                                                               \
        if (__builtin_expect(!!(condition), 0))                                                                        \
            __builtin_trap();                                                                                          \
    } while (0)

#endif
