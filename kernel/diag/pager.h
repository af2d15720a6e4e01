/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of a command's output. Nothing is kept of it: the command runs anew for each page, and the pager says which of
 * its lines are on it. So no command waits for a key, and none runs longer than its tables are. Pure.
 */
#ifndef TENURE_KERNEL_DIAG_PAGER_H
#define TENURE_KERNEL_DIAG_PAGER_H

#include <stdbool.h>
#include <stdint.h>

enum { PAGER_LINES = 22 };

struct pager {
    uint64_t first; /* line of the page's beginning, from 0 */
    uint64_t count; /* lines of the page */
    uint64_t line;  /* lines that the command has given */
};

/* One more line is given: is it on this page? */
bool pager_takes(struct pager *pager);
/* The line to go on from; 0: the command gave no line behind this page. */
uint64_t pager_next(const struct pager *pager);

enum pager_key {
    PAGER_NO_KEY, /* any other: asked again */
    PAGER_PAGE,   /* space */
    PAGER_LINE,   /* enter */
    PAGER_QUIT,   /* q, Q, ^C */
};
enum pager_key pager_key(uint8_t byte);
/* Lines that the key asks for; 0: no more. */
uint64_t pager_lines(enum pager_key key);

#endif
