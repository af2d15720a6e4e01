/* SPDX-License-Identifier: Apache-2.0 */
/* See command_line.h. */
#include "boot/command_line.h"

#include "diag/log.h"
#include "lib/string.h"
#include <tn_format.h>

static char line[COMMAND_LINE_MAX];

bool command_line_set(const char *text, size_t max)
{
    size_t n = 0;
    while (n < max && n + 1 < sizeof line && text[n] != 0) {
        line[n] = text[n] > ' ' && text[n] <= '~' ? text[n] : ' ';
        n++;
    }
    line[n] = 0;
    return n == max || text[n] == 0;
}

const char *command_line(void)
{
    return line;
}

/* The next word after `at`, its length in *n; NULL at the end. */
static const char *next_word(const char *at, size_t *n)
{
    while (*at == ' ')
        at++;
    *n = 0;
    while (at[*n] != 0 && at[*n] != ' ')
        ++*n;
    return *n == 0 ? NULL : at;
}

bool command_line_find(const char *key, const char **value, size_t *bytes)
{
    size_t key_bytes = strlen(key), n;
    *value = NULL;
    for (const char *w = next_word(line, &n); w; w = next_word(w + n, &n))
        if (n > key_bytes && w[key_bytes] == '=' && bytes_equal(w, key, key_bytes)) {
            *value = w + key_bytes + 1;
            *bytes = n - key_bytes - 1;
        }
    return *value != NULL;
}

bool command_line_value(const char *key, char *value, size_t size)
{
    const char *found;
    size_t found_bytes;
    if (!command_line_find(key, &found, &found_bytes) || found_bytes >= size)
        return false;
    memcpy(value, found, found_bytes);
    value[found_bytes] = 0;
    return true;
}

bool command_line_has(const char *word)
{
    size_t n;
    for (const char *w = next_word(line, &n); w; w = next_word(w + n, &n))
        if (n == strlen(word) && bytes_equal(w, word, n))
            return true;
    return false;
}

enum tn_status command_line_args(const char *process, char *args, size_t size)
{
    char key[64];
    const char *found;
    size_t bytes;
    tn_format(key, sizeof key, "args.%s", process);
    if (!command_line_find(key, &found, &bytes))
        return TN_ENOENT;
    return command_line_value(key, args, size) ? TN_OK : TN_ERANGE;
}

/* Does the word begin with this, which ends in `=` or `.`, or is it this? */
static bool is_word(const char *word, size_t n, const char *known)
{
    size_t bytes = strlen(known);
    bool goes_on = known[bytes - 1] == '=' || known[bytes - 1] == '.';
    return (goes_on ? n >= bytes : n == bytes) && bytes_equal(word, known, bytes);
}

void command_line_check(void)
{
    static const char *const known[] = {"manifest=", "args.", "provoke=", "kill=", "fail=", "diag"};
    size_t n;
    for (const char *w = next_word(line, &n); w; w = next_word(w + n, &n)) {
        bool is_known = false;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            is_known = is_known || is_word(w, n, known[i]);
        if (!is_known)
            log_line("command line: unknown word %.*s (known: manifest=NAME args.PROCESS=WORDS diag)", (int)n, w);
    }
}
