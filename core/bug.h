/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own bugs, never input: a commit whose decide was not asked, a count that does not fit its states. Such conditions
 * are the `requires` of the contracts. They are proved for every call inside core/, and checked at run time in debug
 * builds for the calls from outside. Input is refused with a status by the decide functions.
 */
#ifndef TENURE_CORE_BUG_H
#define TENURE_CORE_BUG_H

#ifdef TN_DEBUG
#define TN_ASSERT(condition)                                                                                           \
    do {                                                                                                               \
        if (__builtin_expect(!(condition), 0))                                                                         \
            __builtin_trap();                                                                                          \
    } while (0)
#else
#define TN_ASSERT(condition) ((void)0)
#endif

#endif
