/* SPDX-License-Identifier: Apache-2.0 */
/* What the two programs share that live a buffer's life: theirs and ours take the same arguments and print the same. */
#ifndef TENURE_BENCH_LIVES_H
#define TENURE_BENCH_LIVES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { IN_FLIGHT = 32, BUFFERS = 1024, BUFFER_BYTES = 2048 };

/* Each returns how many lives went wrong. */
typedef long lives_function(long lives);

struct way {
    const char *name;
    lives_function *live;
};

/* PROGRAM WAY LIVES: prints nanoseconds for one life, after a round to warm up. */
static inline int lives_main(int argc, char **argv, const struct way *ways, size_t count)
{
    for (size_t i = 0; argc == 3 && i < count; i++) {
        if (strcmp(argv[1], ways[i].name) != 0)
            continue;
        long lives = atol(argv[2]), wrong = ways[i].live(10 * BUFFERS);
        struct timespec begin, end;
        clock_gettime(CLOCK_MONOTONIC, &begin);
        wrong += ways[i].live(lives);
        clock_gettime(CLOCK_MONOTONIC, &end);
        double ns = (double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec);
        printf("%.3f\n", lives > 0 ? ns / (double)lives : 0.0);
        return wrong != 0;
    }
    fprintf(stderr, "usage: %s WAY LIVES, WAY one of:", argv[0]);
    for (size_t i = 0; i < count; i++)
        fprintf(stderr, " %s", ways[i].name);
    fprintf(stderr, "\n");
    return 2;
}

#endif
