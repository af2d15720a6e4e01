/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the words of a manifest's args. What the values mean is left to the programs.
 */
#include "args.h"

#include <tn_format.h>

/* A stretch of the argument text. */
struct word {
    const char *text;
    size_t length;
};

static int word_is(struct word word, const char *text)
{
    size_t i = 0;
    for (; i < word.length && text[i] != '\0'; i++)
        if (word.text[i] != text[i])
            return 0;
    return i == word.length && text[i] == '\0';
}

static size_t until(const char *text, char stop)
{
    size_t n = 0;
    while (text[n] != '\0' && text[n] != ',' && text[n] != stop)
        n++;
    return n;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 99;
}

static enum tn_status parse_number(struct word word, uint64_t *value)
{
    unsigned base = 10;
    if (word.length > 2 && word.text[0] == '0' && (word.text[1] == 'x' || word.text[1] == 'X')) {
        base = 16;
        word.text += 2, word.length -= 2;
    }
    uint64_t number = 0;
    for (size_t i = 0; i < word.length; i++) {
        unsigned digit = (unsigned)digit_of(word.text[i]);
        if (digit >= base || __builtin_mul_overflow(number, base, &number) ||
            __builtin_add_overflow(number, digit, &number))
            return TN_EINVAL;
    }
    *value = number;
    return word.length > 0 ? TN_OK : TN_EINVAL;
}

__attribute__((format(printf, 2, 3))) static enum tn_status complain(char *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    tn_format_v(error, TN_ARGS_ERROR_MAX, format, arguments);
    va_end(arguments);
    return TN_EINVAL;
}

/* The offending text, cut to a length that leaves room for the advice. */
struct shown {
    char text[48];
};

static struct shown show(struct word word)
{
    struct shown shown = {{0}};
    for (size_t i = 0; i < word.length && i + 1 < sizeof(shown.text); i++)
        shown.text[i] = word.text[i] >= ' ' && word.text[i] <= '~' ? word.text[i] : '?';
    return shown;
}

static enum tn_status parse_value(struct word word, const struct tn_arg *arg, uint64_t *value, char *error)
{
    if (arg->words != NULL) {
        for (uint64_t i = 0; arg->words[i] != NULL; i++) {
            if (word_is(word, arg->words[i])) {
                *value = i;
                return TN_OK;
            }
        }
        return complain(error, "args: %s=%s: not one of the words for %s, such as %s", arg->key, show(word).text,
                        arg->key, arg->words[0]);
    }
    if (parse_number(word, value) != TN_OK || *value < arg->min || *value > arg->max)
        return complain(error, "args: %s=%s: a number from %lu to %lu is needed", arg->key, show(word).text, arg->min,
                        arg->max);
    return TN_OK;
}

/* The key's place among the known ones, or `count`. */
static size_t find(struct word key, const struct tn_arg *known, size_t count)
{
    size_t i = 0;
    while (i < count && !word_is(key, known[i].key))
        i++;
    return i;
}

/* One pass over all words; `store` says whether the values are written. */
enum pass {
    PASS_CHECK,
    PASS_STORE,
};

static enum tn_status walk(const char *args, const struct tn_arg *known, size_t count, enum pass pass, char *error)
{
    while (*args != '\0') {
        struct word key = {args, until(args, '=')};
        size_t place = find(key, known, count);
        if (place == count)
            return complain(error, "args: %s: no such key; the first known one is %s", show(key).text,
                            count > 0 ? known[0].key : "(none)");
        if (args[key.length] != '=')
            return complain(error, "args: %s: a value is missing, write %s=VALUE", known[place].key, known[place].key);
        struct word value = {args + key.length + 1, until(args + key.length + 1, ',')};
        uint64_t number = 0;
        enum tn_status status = parse_value(value, &known[place], &number, error);
        if (status != TN_OK)
            return status;
        if (pass == PASS_STORE)
            *known[place].value = number;
        args = value.text + value.length;
        if (*args == ',')
            args++;
    }
    return TN_OK;
}

enum tn_status tn_args_parse(const char *args, const struct tn_arg *known, size_t count, char error[TN_ARGS_ERROR_MAX])
{
    enum tn_status status = walk(args, known, count, PASS_CHECK, error);
    return status == TN_OK ? walk(args, known, count, PASS_STORE, error) : status;
}
