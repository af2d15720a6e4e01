/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The formatter behind tn_print. Where the text goes is left to the caller.
 */
#include "format.h"

#include <stdint.h>

struct sink {
    char *out;
    size_t size;
    size_t length;
};

static void put(struct sink *sink, char c)
{
    if (sink->length + 1 < sink->size)
        sink->out[sink->length++] = c;
}

struct spec {
    unsigned width;
    unsigned longs; /* how many l */
    char padding;
    char conversion;
};

static const char *parse(const char *format, struct spec *spec)
{
    *spec = (struct spec){.padding = ' '};
    if (*format == '0') {
        spec->padding = '0';
        format++;
    }
    for (; *format >= '0' && *format <= '9'; format++)
        spec->width = spec->width > 99 ? 99 : spec->width * 10 + (unsigned)(*format - '0');
    for (; *format == 'l' || *format == 'z'; format++)
        spec->longs++;
    spec->conversion = *format;
    return *format == '\0' ? format : format + 1;
}

static void put_number(struct sink *sink, const struct spec *spec, uint64_t value, char sign)
{
    char digits[20]; /* 2^64 has 20 decimal digits */
    unsigned n = 0;
    unsigned base = spec->conversion == 'x' ? 16 : 10;
    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    unsigned shown = n + (sign != '\0' ? 1 : 0);
    if (sign != '\0' && spec->padding == '0')
        put(sink, sign);
    for (; shown < spec->width; shown++)
        put(sink, spec->padding);
    if (sign != '\0' && spec->padding != '0')
        put(sink, sign);
    while (n > 0)
        put(sink, digits[--n]);
}

static void put_text(struct sink *sink, const struct spec *spec, const char *text)
{
    unsigned shown = 0;
    if (text == NULL)
        text = "(null)";
    for (; *text != '\0'; text++, shown++)
        put(sink, *text);
    for (; shown < spec->width; shown++) /* columns: text stands at the left */
        put(sink, ' ');
}

size_t tn_format(char *out, size_t size, const char *format, va_list arguments)
{
    struct sink sink = {.out = out, .size = size};
    while (*format != '\0') {
        if (*format != '%') {
            put(&sink, *format++);
            continue;
        }
        struct spec spec;
        format = parse(format + 1, &spec);
        switch (spec.conversion) {
        case 'u':
        case 'x':
            put_number(&sink, &spec, spec.longs ? va_arg(arguments, uint64_t) : va_arg(arguments, uint32_t), '\0');
            break;
        case 'd': {
            int64_t value = spec.longs ? va_arg(arguments, int64_t) : va_arg(arguments, int32_t);
            uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
            put_number(&sink, &spec, magnitude, value < 0 ? '-' : '\0');
            break;
        }
        case 's':
            put_text(&sink, &spec, va_arg(arguments, const char *));
            break;
        case 'c':
            put(&sink, (char)va_arg(arguments, int));
            break;
        case '%':
            put(&sink, '%');
            break;
        default: /* a mistake of ours: visible, and no argument is taken */
            put(&sink, '?');
        }
    }
    sink.out[sink.length] = '\0';
    return sink.length;
}
