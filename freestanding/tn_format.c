/* SPDX-License-Identifier: Apache-2.0 */
/* See tn_format.h. */
#include "tn_format.h"

#include <stdbool.h>
#include <stdint.h>

struct sink {
    char *out;
    size_t size;
    size_t used;
};

static void put(struct sink *sink, char c)
{
    if (sink->used + 1 < sink->size)
        sink->out[sink->used++] = c;
}

struct spec {
    unsigned width;
    bool zero;
    bool wide;     /* l, ll or z: 64 bits */
    int precision; /* of %s; -1: none */
};

static void put_number(struct sink *sink, const struct spec *spec, uint64_t value, unsigned base, bool negative)
{
    char digit[24];
    unsigned n = 0;
    do {
        digit[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value > 0);
    unsigned sign = negative ? 1 : 0;
    if (negative && spec->zero)
        put(sink, '-');
    for (unsigned i = n + sign; i < spec->width; i++)
        put(sink, spec->zero ? '0' : ' ');
    if (negative && !spec->zero)
        put(sink, '-');
    while (n > 0)
        put(sink, digit[--n]);
}

static void put_string(struct sink *sink, const struct spec *spec, const char *s)
{
    size_t n = 0;
    if (!s)
        s = "(null)";
    while ((spec->precision < 0 || n < (size_t)spec->precision) && s[n] != 0)
        n++;
    for (size_t i = 0; i < n; i++)
        put(sink, s[i]);
    for (size_t i = n; i < spec->width; i++)
        put(sink, ' ');
}

/* Reads flags, width, precision and length; returns the conversion character's place. */
static const char *read_spec(const char *f, struct spec *spec, int star)
{
    *spec = (struct spec){.precision = -1};
    if (*f == '0') {
        spec->zero = true;
        f++;
    }
    for (; *f >= '0' && *f <= '9'; f++)
        spec->width = spec->width > 99 ? 99 : spec->width * 10 + (unsigned)(*f - '0');
    if (f[0] == '.' && f[1] == '*') {
        spec->precision = star;
        f += 2;
    }
    while (*f == 'l' || *f == 'z') {
        spec->wide = true;
        f++;
    }
    return f;
}

static bool has_star(const char *f)
{
    while ((*f >= '0' && *f <= '9'))
        f++;
    return f[0] == '.' && f[1] == '*';
}

size_t tn_format_v(char *out, size_t size, const char *f, va_list args)
{
    struct sink sink = {out, size, 0};
    if (size == 0)
        return 0;
    for (; *f != 0; f++) {
        if (*f != '%') {
            put(&sink, *f);
            continue;
        }
        struct spec spec;
        int star = has_star(f + 1) ? va_arg(args, int) : -1;
        f = read_spec(f + 1, &spec, star);
        if (*f == 'd') {
            int64_t v = spec.wide ? va_arg(args, int64_t) : va_arg(args, int);
            put_number(&sink, &spec, v < 0 ? -(uint64_t)v : (uint64_t)v, 10, v < 0);
        } else if (*f == 'u' || *f == 'x') {
            uint64_t v = spec.wide ? va_arg(args, uint64_t) : va_arg(args, unsigned);
            put_number(&sink, &spec, v, *f == 'x' ? 16 : 10, false);
        } else if (*f == 's') {
            put_string(&sink, &spec, va_arg(args, const char *));
        } else if (*f == 'c') {
            put(&sink, (char)va_arg(args, int));
        } else if (*f == 0) { /* cut in the middle of a conversion */
            put(&sink, '?');
            break;
        } else if (*f == '%') {
            put(&sink, '%');
        } else { /* a mistake of ours: visible, and no argument is taken */
            put(&sink, '?');
        }
    }
    out[sink.used] = 0;
    return sink.used;
}

size_t tn_format(char *out, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    size_t n = tn_format_v(out, size, format, args);
    va_end(args);
    return n;
}
