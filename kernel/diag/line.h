/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line editor for one serial line: bytes in, what to send back and finished lines out. Backspace, ^U (the line goes),
 * ^C (a new line), and the last lines with the arrows up and down. Pure; tested on the host with hostile input.
 *
 * The bytes are input: what is not printable ASCII and not one of the keys above is dropped, escape sequences as a
 * whole. What is typed beyond the room is counted, answered with a bell, and the line is then never run cut.
 */
#ifndef TENURE_KERNEL_DIAG_LINE_H
#define TENURE_KERNEL_DIAG_LINE_H

#include <stddef.h>
#include <stdint.h>

#include <tenure/abi/ring.h>

enum {
    LINE_ROOM = TN_CONSOLE_LINE_MAX, /* the ending NUL included */
    LINE_HISTORY = 8,
    LINE_ECHO_MAX = 4 * LINE_ROOM, /* a full line erased, and another one shown */
};

/* All zero: an empty line without a history. */
struct line {
    char text[LINE_ROOM]; /* always ends within */
    uint32_t length;
    uint32_t beyond;     /* characters that found no room */
    uint32_t escape;     /* where in an escape sequence: enum escape of line.c */
    uint32_t after_cr;   /* 1: an LF now belongs to the CR before */
    uint32_t kept;       /* lines in the history, at most LINE_HISTORY */
    uint32_t newest;     /* place of the newest */
    uint32_t looking_at; /* 0: the line itself; n: the n-th newest of the history */
    char history[LINE_HISTORY][LINE_ROOM];
};

enum line_event {
    LINE_GOES_ON,
    LINE_DONE,      /* `text` is the line, until the next byte */
    LINE_CANCELLED, /* ^C */
    LINE_TOO_LONG,  /* `text` is only its beginning */
};

struct line_echo {
    char text[LINE_ECHO_MAX];
    size_t length;
};

/* Takes one byte; `echo` is written anew. After any event but LINE_GOES_ON the next byte begins an empty line. */
enum line_event line_take(struct line *line, uint8_t byte, struct line_echo *echo);

#endif
