/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks the console for what it may have no right to, and prints the answers: a read (what does not answer within a
 * tenth of a second waits for a person), commands, and arguments that nobody may give.
 */
#include <clock.h>
#include <print.h>
#include <process.h>
#include <ring.h>

enum { TENTH_OF_A_SECOND = TN_SECOND / 10 };

struct answer {
    struct tn_source source;
    uint32_t status;
    uint32_t is_there;
};

static uint64_t console;
static char text[TN_CONSOLE_LINE_MAX];

static void came(struct tn_source *source, const struct tn_cqe *cqe)
{
    struct answer *answer = (struct answer *)source;
    answer->status = cqe->status;
    answer->is_there = 1;
}

/* TN_ETIMEDOUT: it waits. `answer` must stay. */
static enum tn_status read_with(struct answer *answer, uint64_t room, uint64_t wait, uint32_t flags)
{
    *answer = (struct answer){.source = {.deliver = came}};
    struct tn_sqe *sqe = tn_ring_push();
    sqe->op = TN_OP_CONSOLE_READ;
    sqe->flags = flags;
    sqe->handle = console;
    sqe->user_data = tn_source_user_data(&answer->source);
    sqe->arg[0] = (uint64_t)(uintptr_t)text;
    sqe->arg[1] = room;
    sqe->arg[2] = wait;
    (void)tn_ring_wait(1, tn_deadline_in(TENTH_OF_A_SECOND));
    return answer->is_there ? (enum tn_status)answer->status : TN_ETIMEDOUT;
}

static enum tn_status command(const char *line, uint64_t length, uint64_t lines)
{
    const struct tn_sqe sqe = {
        .op = TN_OP_CONSOLE_COMMAND,
        .handle = console,
        .arg = {(uint64_t)(uintptr_t)line, length, 0, lines},
    };
    return tn_ring_call(&sqe, NULL);
}

int tn_main(const struct tn_start *start)
{
    static struct answer answer[5];
    const struct tn_start_cap *cap = tn_start_find(start, "console");
    console = cap != NULL ? cap->handle : TN_HANDLE_NONE;
    tn_print("command: %s", tn_status_name(command("ps", 2, TN_CONSOLE_PAGE_LINES)));
    tn_print("command without text: %s", tn_status_name(command("ps", 0, TN_CONSOLE_PAGE_LINES)));
    tn_print("command too long: %s", tn_status_name(command(text, sizeof(text), TN_CONSOLE_PAGE_LINES)));
    tn_print("command of controls: %s", tn_status_name(command("a\n[    9.000000] MARK", 20, TN_CONSOLE_PAGE_LINES)));
    tn_print("command of the kernel's memory: %s", tn_status_name(command((const char *)UINTPTR_MAX - 64, 8, 1)));
    tn_print("page too long: %s", tn_status_name(command("ps", 2, TN_CONSOLE_PAGE_LINES + 1)));
    tn_print("read quietly: %s", tn_status_name(read_with(&answer[0], sizeof(text), TN_CONSOLE_KEY, TN_SQE_QUIET)));
    tn_print("read without room: %s", tn_status_name(read_with(&answer[1], sizeof(text) - 1, TN_CONSOLE_KEY, 0)));
    tn_print("read of another kind: %s", tn_status_name(read_with(&answer[2], sizeof(text), TN_CONSOLE_KEY + 1, 0)));
    tn_print("read: %s", tn_status_name(read_with(&answer[3], sizeof(text), TN_CONSOLE_KEY, 0)));
    tn_print("read again: %s", tn_status_name(read_with(&answer[4], sizeof(text), TN_CONSOLE_KEY, 0)));
    return 0;
}
