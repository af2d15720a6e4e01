/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nine mistakes of buffer ownership. Each is made in a process of its own; it is caught if the library says so, in
 * whatever way: a status, a count, a report, the end of the process. One line a mistake: `caught NAME` or `missed
 * NAME`.
 */
#ifndef TENURE_BENCH_MISTAKES_H
#define TENURE_BENCH_MISTAKES_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct mistake {
    const char *name;
    bool (*make)(void); /* was it told? */
};

static inline int make_mistakes(const struct mistake *mistakes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            if (freopen("/dev/null", "w", stderr) == NULL)
                _exit(2);
            _exit(mistakes[i].make() ? 1 : 0);
        }
        int status = 0;
        waitpid(child, &status, 0);
        printf("%s %s\n", status != 0 ? "caught" : "missed", mistakes[i].name);
    }
    return 0;
}

#endif
