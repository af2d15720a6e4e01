/* SPDX-License-Identifier: Apache-2.0 */
/* See line.h. */
#include "diag/line.h"

#include "lib/string.h"

enum key {
    KEY_CANCEL = 0x03,
    KEY_BELL = 0x07,
    KEY_BACKSPACE = 0x08,
    KEY_LF = 0x0a,
    KEY_CR = 0x0d,
    KEY_KILL = 0x15,
    KEY_ESCAPE = 0x1b,
    KEY_DELETE = 0x7f,
    KEY_CSI = 0x9b, /* ESC [ in one byte */
};

/* ECMA-48, sections 5.3, 5.4 and 5.6: ESC, then [ with parameters up to a final byte; a string up to BEL or to the next
 * sequence, which is ESC \ (what a terminal answers when asked for its colours or name); or intermediate bytes and one
 * more. */
enum escape {
    ESCAPE_NONE,
    ESCAPE_BEGUN,
    ESCAPE_INTERMEDIATE,
    ESCAPE_PARAMETERS,
    ESCAPE_STRING,
    ESCAPE_ONE_MORE, /* ESC O: the arrows of some terminals */
};

static void send(struct line_echo *echo, const char *text)
{
    while (*text != '\0' && echo->length < sizeof echo->text)
        echo->text[echo->length++] = *text++;
}

static void set(struct line *line, const char *text, struct line_echo *echo)
{
    for (; line->length > 0; line->length--)
        send(echo, "\b \b");
    text_copy(line->text, text, sizeof line->text);
    line->length = (uint32_t)strlen(line->text);
    line->beyond = 0;
    send(echo, line->text);
}

static const char *history_at(const struct line *line, uint32_t n)
{
    return n == 0 ? "" : line->history[(line->newest + LINE_HISTORY - (n - 1)) % LINE_HISTORY];
}

static void look_at(struct line *line, uint32_t n, struct line_echo *echo)
{
    if (n > line->kept)
        return;
    line->looking_at = n;
    set(line, history_at(line, n), echo);
}

/* The same line twice in a row is kept once; an empty one not at all. */
static void keep(struct line *line)
{
    if (line->length == 0 || (line->kept != 0 && text_equal(line->text, history_at(line, 1))))
        return;
    line->newest = line->kept == 0 ? 0 : (line->newest + 1) % LINE_HISTORY;
    text_copy(line->history[line->newest], line->text, LINE_ROOM);
    if (line->kept < LINE_HISTORY)
        line->kept++;
}

static enum line_event finish(struct line *line, enum line_event event, struct line_echo *echo)
{
    if (event == LINE_DONE && line->beyond != 0)
        event = LINE_TOO_LONG;
    if (event == LINE_DONE)
        keep(line);
    line->length = 0; /* the text stays until the next byte */
    line->beyond = 0;
    line->looking_at = 0;
    line->escape = ESCAPE_NONE;
    send(echo, event == LINE_CANCELLED ? "^C\n" : "\n");
    return event;
}

static void erase_one(struct line *line, struct line_echo *echo)
{
    if (line->beyond > 0) { /* it was never shown */
        line->beyond--;
        return;
    }
    if (line->length == 0)
        return;
    line->text[--line->length] = '\0';
    send(echo, "\b \b");
}

static void add(struct line *line, char c, struct line_echo *echo)
{
    if (line->length + 1 == LINE_ROOM) {
        if (line->beyond < UINT32_MAX)
            line->beyond++;
        send(echo, "\a");
        return;
    }
    line->text[line->length++] = c;
    line->text[line->length] = '\0';
    send(echo, (const char[]){c, '\0'});
}

static void arrow(struct line *line, uint8_t byte, struct line_echo *echo)
{
    if (byte == 'A')
        look_at(line, line->looking_at + 1, echo);
    else if (byte == 'B' && line->looking_at > 0)
        look_at(line, line->looking_at - 1, echo);
}

static uint32_t escape_begun(uint8_t byte)
{
    switch (byte) {
    case '[':
        return ESCAPE_PARAMETERS;
    case 'O':
        return ESCAPE_ONE_MORE;
    case 'P': /* DCS */
    case 'X': /* SOS */
    case ']': /* OSC */
    case '^': /* PM */
    case '_': /* APC */
        return ESCAPE_STRING;
    default:
        return byte < '0' ? ESCAPE_INTERMEDIATE : ESCAPE_NONE;
    }
}

/* One byte of an escape sequence that is not a control character. */
static void take_escaped(struct line *line, uint8_t byte, struct line_echo *echo)
{
    uint32_t at = line->escape;
    if (at == ESCAPE_BEGUN) {
        line->escape = escape_begun(byte);
        return;
    }
    if (at == ESCAPE_INTERMEDIATE) {
        line->escape = byte < '0' ? ESCAPE_INTERMEDIATE : ESCAPE_NONE;
        return;
    }
    if (at == ESCAPE_STRING)
        return;
    if (at == ESCAPE_PARAMETERS && byte < 0x40) /* parameters and intermediate bytes, however many */
        return;
    line->escape = ESCAPE_NONE;
    arrow(line, byte, echo);
}

enum line_event line_take(struct line *line, uint8_t byte, struct line_echo *echo)
{
    echo->length = 0;
    bool follows_cr = line->after_cr != 0;
    line->after_cr = byte == KEY_CR;
    line->text[line->length] = '\0'; /* a finished line goes */
    if (byte == KEY_LF && follows_cr)
        return LINE_GOES_ON;
    if (line->escape != ESCAPE_NONE && byte >= ' ' && byte != KEY_DELETE) {
        take_escaped(line, byte, echo);
        return LINE_GOES_ON;
    }
    line->escape = byte == KEY_ESCAPE ? ESCAPE_BEGUN : byte == KEY_CSI ? ESCAPE_PARAMETERS : ESCAPE_NONE;
    if (byte == KEY_CR || byte == KEY_LF)
        return finish(line, LINE_DONE, echo);
    if (byte == KEY_CANCEL)
        return finish(line, LINE_CANCELLED, echo);
    if (byte == KEY_KILL)
        look_at(line, 0, echo);
    else if (byte == KEY_BACKSPACE || byte == KEY_DELETE)
        erase_one(line, echo);
    else if (byte >= ' ' && byte < KEY_DELETE)
        add(line, (char)byte, echo);
    return LINE_GOES_ON;
}
