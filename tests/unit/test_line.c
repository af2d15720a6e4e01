/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console's line editor: what people type, and what nobody should.
 */
#include <kernel/diag/line.h>

#include "unit.h"

struct typed {
    struct line line;
    char screen[8192]; /* what a terminal has been sent */
    size_t sent;
    char last[LINE_ROOM]; /* the last finished line */
    enum line_event event;
    int finished;
};

static void check(const struct line *line)
{
    assert_true(line->length < LINE_ROOM && line->kept <= LINE_HISTORY && line->looking_at <= line->kept);
    assert_non_null(memchr(line->text, 0, sizeof line->text));
    for (uint32_t i = 0; i < LINE_HISTORY; i++)
        assert_non_null(memchr(line->history[i], 0, LINE_ROOM));
}

static void type_byte(struct typed *t, uint8_t byte)
{
    struct line_echo echo;
    t->event = line_take(&t->line, byte, &echo);
    assert_true(echo.length <= sizeof echo.text);
    check(&t->line);
    for (size_t i = 0; i < echo.length; i++) {
        char c = echo.text[i];
        assert_true((c >= ' ' && c <= '~') || c == '\n' || c == '\b' || c == '\a');
        if (t->sent + 1 < sizeof t->screen)
            t->screen[t->sent++] = c;
    }
    t->screen[t->sent] = '\0';
    if (t->event == LINE_GOES_ON)
        return;
    t->finished++;
    strcpy(t->last, t->line.text);
}

static void type(struct typed *t, const char *text)
{
    for (; *text != '\0'; text++)
        type_byte(t, (uint8_t)*text);
}

static struct typed *fresh(void)
{
    static struct typed t;
    memset(&t, 0, sizeof t);
    return &t;
}

static void a_line_ends_with_cr_lf_or_both_and_is_echoed(void **state)
{
    (void)state;
    struct typed *t = fresh();
    type(t, "pci -v\r");
    assert_string_equal(t->last, "pci -v");
    assert_int_equal(t->event, LINE_DONE);
    type(t, "\n"); /* of the CR */
    assert_int_equal(t->finished, 1);
    type(t, "irq\n\n");
    assert_int_equal(t->finished, 3);
    assert_string_equal(t->last, "");
    assert_string_equal(t->screen, "pci -v\nirq\n\n");
}

static void backspace_and_kill_erase_what_is_shown_and_no_more(void **state)
{
    (void)state;
    struct typed *t = fresh();
    type(t, "\b\x7f"
            "ab\bc\x7f"
            "d");
    assert_string_equal(t->screen, "ab\b \bc\b \bd");
    assert_string_equal(t->line.text, "ad");
    type(t, "\x15");
    assert_int_equal(t->line.length, 0);
    type(t, "x\n");
    assert_string_equal(t->last, "x");
}

static void cancel_gives_no_line_and_is_not_kept(void **state)
{
    (void)state;
    struct typed *t = fresh();
    type(t, "halt\x03");
    assert_int_equal(t->event, LINE_CANCELLED);
    assert_int_equal(t->line.kept, 0);
    type(t, "\n");
    assert_string_equal(t->last, "");
}

static void arrows_walk_through_the_last_lines(void **state)
{
    (void)state;
    struct typed *t = fresh();
    type(t, "one\ntwo\ntwo\nthree\n");
    type(t, "\x1b[A\n");
    assert_string_equal(t->last, "three");
    type(t, "\x1b[A\x1b[A\n");
    assert_string_equal(t->last, "two");
    type(t, "\x1bOA\x1bOA\x1bOA\x1bOB\x1b[B\x1b[B\x1b[B");
    assert_string_equal(t->line.text, "");
    type(t, "draft\x1b[A\x1b[1;5A!\n"); /* with a modifier; and an old line can be changed */
    assert_string_equal(t->last, "three!");
}

static void the_history_keeps_the_newest_and_its_end_is_no_wrap(void **state)
{
    (void)state;
    struct typed *t = fresh();
    for (int i = 0; i < 3 * LINE_HISTORY; i++) {
        char text[16];
        snprintf(text, sizeof text, "n%d\n", i);
        type(t, text);
    }
    for (int i = 0; i < 2 * LINE_HISTORY; i++)
        type(t, "\x1b[A");
    assert_string_equal(t->line.text, "n16");
}

static void a_line_beyond_the_room_is_never_run_cut(void **state)
{
    (void)state;
    struct typed *t = fresh();
    for (int i = 0; i < LINE_ROOM - 1; i++)
        type(t, "x");
    type(t, "yz");
    assert_int_equal(t->line.beyond, 2);
    assert_string_equal(t->screen + t->sent - 2, "\a\a");
    type(t, "\n");
    assert_int_equal(t->event, LINE_TOO_LONG);
    assert_int_equal(t->line.kept, 0);
    for (int i = 0; i < LINE_ROOM + 1; i++)
        type(t, "x");
    type(t, "\b\b\n"); /* what was too much is taken back */
    assert_int_equal(t->event, LINE_DONE);
    assert_int_equal(strlen(t->last), LINE_ROOM - 1);
    type(t, "\x1b[A\x15\x1b[A"); /* the longest echo there is */
    assert_int_equal(t->line.length, LINE_ROOM - 1);
}

static void nuls_controls_and_bytes_above_ascii_are_dropped(void **state)
{
    (void)state;
    struct typed *t = fresh();
    for (int byte = 0; byte < 256; byte++)
        if ((byte < ' ' && byte != 3 && byte != '\b' && byte != '\n' && byte != '\r' && byte != 0x1b) || byte > 0x7f)
            type_byte(t, (uint8_t)byte);
    assert_int_equal(t->sent, 0);
    type(t, "mem\n");
    assert_string_equal(t->last, "mem");
}

static void escape_sequences_leave_nothing_in_the_line(void **state)
{
    (void)state;
    struct typed *t = fresh();
    type(t, "a\x1b[3~\x1b[200;300;400;999999999999999999999999999H\x1bZ\x1b\x1b[C\x1b[?25l\x1bOPb\n");
    assert_string_equal(t->last, "ab");
    type(t, "m\x1b]10;rgb:ffff/ffff/ffff\aem\n"); /* what terminals answer */
    assert_string_equal(t->last, "mem");
    type(t, "m\x1b]0;a title\x1b\\e\x1bP>|xterm(380)\x1b\\m\n");
    assert_string_equal(t->last, "mem");
    type(t, "m\x9b"
            "1;2Re\x1b(Bm\x1b[!p\n");
    assert_string_equal(t->last, "mem");
    type(t, "\x1b_one without an end\nirq\n\x1bXanother\x03ps\n");
    assert_string_equal(t->last, "ps");
    type(t, "\x1b[1;2;3\nirq\n"); /* one that never ends is ended by the end of the line */
    assert_string_equal(t->last, "irq");
}

static void hostile_bytes_never_leave_the_arrays(void **state)
{
    (void)state;
    struct typed *t = fresh();
    static const uint8_t likely[] = {0, 3, '\b', '\n', '\r', 0x15, 0x1b, '[', 'A', 'B', 'O', ';', '1', 0x7f, 0xff};
    uint64_t random = 88172645463325252u;
    for (int i = 0; i < 400000; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        uint8_t byte = random >> 60 < 12 ? likely[(random >> 8) % sizeof likely] : (uint8_t)(random >> 16);
        if (i / 1000 % 2 != 0 && (byte == '\n' || byte == '\r' || byte == 3 || byte == 0x15))
            byte = 'x'; /* long lines as well */
        type_byte(t, byte);
    }
    assert_true(t->finished > 1000);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_line_ends_with_cr_lf_or_both_and_is_echoed),
    cmocka_unit_test(backspace_and_kill_erase_what_is_shown_and_no_more),
    cmocka_unit_test(cancel_gives_no_line_and_is_not_kept),
    cmocka_unit_test(arrows_walk_through_the_last_lines),
    cmocka_unit_test(the_history_keeps_the_newest_and_its_end_is_no_wrap),
    cmocka_unit_test(a_line_beyond_the_room_is_never_run_cut),
    cmocka_unit_test(nuls_controls_and_bytes_above_ascii_are_dropped),
    cmocka_unit_test(escape_sequences_leave_nothing_in_the_line),
    cmocka_unit_test(hostile_bytes_never_leave_the_arrays),
};

UNIT_MAIN(tests)
