/* SPDX-License-Identifier: Apache-2.0 */
/* See pager.h. */
#include "diag/pager.h"

bool pager_takes(struct pager *pager)
{
    uint64_t line = pager->line++;
    return line >= pager->first && line - pager->first < pager->count;
}

uint64_t pager_next(const struct pager *pager)
{
    return pager->line > pager->first && pager->line - pager->first > pager->count ? pager->first + pager->count : 0;
}

enum pager_key pager_key(uint8_t byte)
{
    switch (byte) {
    case ' ':
        return PAGER_PAGE;
    case '\r':
    case '\n':
        return PAGER_LINE;
    case 'q':
    case 'Q':
    case 0x03: /* ^C */
        return PAGER_QUIT;
    default:
        return PAGER_NO_KEY;
    }
}

uint64_t pager_lines(enum pager_key key)
{
    return key == PAGER_PAGE ? PAGER_LINES : key == PAGER_LINE ? 1 : 0;
}
