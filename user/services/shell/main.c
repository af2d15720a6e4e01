/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads lines from the console and has the kernel run them, a page at a time. What the commands are and what they show
 * is left to the kernel; `exit` ends this process, and with it the run if no other job is left.
 */
#include <mem.h>
#include <print.h>
#include <process.h>
#include <ring.h>

static const struct tn_start_cap *console;

/* ---- waiting for input ---- */

struct input {
    struct tn_source source;
    struct tn_cqe answer;
    uint32_t is_answered;
    char text[TN_CONSOLE_LINE_MAX];
};

static void input_came(struct tn_source *source, const struct tn_cqe *cqe)
{
    struct input *input = (struct input *)source;
    input->answer = *cqe;
    input->is_answered = 1;
}

/* Waits for a line or a key, however long a person takes. */
static enum tn_status wait_for_input(enum tn_console_wait wait, struct input *input)
{
    *input = (struct input){.source = {.deliver = input_came}};
    struct tn_sqe *sqe = tn_ring_push();
    sqe->op = TN_OP_CONSOLE_READ;
    sqe->handle = console->handle;
    sqe->user_data = tn_source_user_data(&input->source);
    sqe->arg[0] = (uint64_t)(uintptr_t)input->text;
    sqe->arg[1] = sizeof(input->text);
    sqe->arg[2] = wait;
    while (!input->is_answered)
        (void)tn_ring_wait(1, TN_DEADLINE_NEVER);
    return (enum tn_status)input->answer.status;
}

/* ---- commands ---- */

/* Lines of the next page that a person wants; 0: no more. */
static uint64_t ask(void)
{
    struct input key;
    for (;;) {
        if (wait_for_input(TN_CONSOLE_KEY, &key) != TN_OK)
            return 0;
        switch (key.text[0]) {
        case ' ':
            return TN_CONSOLE_PAGE_LINES;
        case '\r':
        case '\n':
            return 1;
        case 'q':
        case 'Q':
        case 0x03: /* ^C */
            return 0;
        default:
            break;
        }
    }
}

static void run(const char *line, uint64_t length)
{
    uint64_t first = 0, count = TN_CONSOLE_PAGE_LINES;
    do {
        struct tn_cqe answer;
        const struct tn_sqe sqe = {
            .op = TN_OP_CONSOLE_COMMAND,
            .handle = console->handle,
            .arg = {(uint64_t)(uintptr_t)line, length, first, count},
        };
        enum tn_status status = tn_ring_call(&sqe, &answer);
        if (status != TN_OK) {
            tn_print("the command was refused: %s", tn_status_name(status));
            return;
        }
        first = answer.value[0];
        if (first != 0 && answer.value[1] != 0)
            count = ask();
    } while (first != 0 && count != 0);
}

static int is_exit(const char *line, uint64_t length)
{
    static const char word[] = "exit";
    if (length != sizeof(word) - 1)
        return 0;
    for (uint64_t i = 0; i < length; i++)
        if (line[i] != word[i])
            return 0;
    return 1;
}

int tn_main(const struct tn_start *start)
{
    console = tn_start_find(start, "console");
    if (console == NULL || !(console->rights & TN_RIGHT_READ) || !(console->rights & TN_RIGHT_CONTROL))
        tn_die("the console cannot be read: the manifest must say console = \"shell\"");
    tn_print("`help` lists the commands; `exit` ends the shell");
    for (;;) {
        struct input line;
        enum tn_status status = wait_for_input(TN_CONSOLE_LINE, &line);
        if (status == TN_ERANGE)
            tn_print("a line has at most %u characters; this one is not run", TN_CONSOLE_LINE_MAX - 1);
        else if (status != TN_OK && status != TN_EABORTED)
            tn_die("the console cannot be read: %s", tn_status_name(status));
        if (status != TN_OK || line.answer.value[0] == 0)
            continue;
        if (is_exit(line.text, line.answer.value[0]))
            return 0;
        run(line.text, line.answer.value[0]);
    }
}
