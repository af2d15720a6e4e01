/* SPDX-License-Identifier: Apache-2.0 */
/* See provoke_words.h. */
#include "diag/provoke_words.h"

#include <stddef.h>

#include "boot/command_line.h"
#include "diag/panic.h"

bool provoke_words(const char *key, char text[PROVOKE_TEXT], char **part, uint32_t least, uint32_t most)
{
    uint32_t n = 0;
    if (!command_line_value(key, text, PROVOKE_TEXT))
        return false;
    for (uint32_t i = 0; i < most; i++)
        part[i] = NULL;
    part[n++] = text;
    for (char *at = text; *at != '\0'; at++) {
        if (*at != ',')
            continue;
        if (n == most)
            panic("command line: %s has more than %u parts", key, most);
        *at = '\0';
        part[n++] = at + 1;
    }
    if (n < least)
        panic("command line: %s has %u parts, %u are needed", key, n, least);
    return true;
}

uint64_t provoke_number(const char *text)
{
    uint64_t value = 0;
    for (; *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (uint64_t)(*text - '0');
    if (*text != '\0')
        panic("command line: \"%s\" is no number", text);
    return value;
}
