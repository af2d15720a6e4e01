/* SPDX-License-Identifier: Apache-2.0 */
/* Prints docs/locks.md from the table of kernel/lib/lock.h (`make docs`). A test compares the file with what this
 * prints. */
#include <stdio.h>

#include <kernel/lib/lock.h>

static const struct {
    unsigned rank;
    const char *name, *guards, *why;
} rows[] = {
#define AS_ROW(rank, id, name, guards, why) {rank, name, guards, why},
    LOCK_TABLE(AS_ROW)};

int main(void)
{
    printf(
        "<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
        "<!-- Written by `make docs` from kernel/lib/lock.h; changes here are lost. -->\n"
        "# Locks\n\n"
        "A lock is taken only while every lock that is held has a lower rank, and they are given back in the reverse "
        "order. One CPU\n"
        "runs kernel code, with interrupts off but for bounded windows, so nobody ever waits for a lock: one that is "
        "found held is a\n"
        "bug, and a panic in every build, with both places. Debug builds check every order besides, and that nothing "
        "is "
        "held that a\n"
        "handler may want when a window opens, and nothing at all when a process goes on. The console's `locks` shows "
        "them.\n\n"
        "| rank | lock | guards | why here |\n|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        printf("| %u | %s | %s | %s |\n", rows[i].rank, rows[i].name, rows[i].guards, rows[i].why);
    return 0;
}
