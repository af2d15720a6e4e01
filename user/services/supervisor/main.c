/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor: starts processes again that have ended, as their manifest says, later each time, and gives up one
 * that ends too often; kills one that has completions and does not look at them. What its clients had in flight, and
 * what became of its devices, is the kernel's affair: an end is told here when that is settled. args: kill_every_ms=N
 * kills all of them that often (default 0: never), to show what that does.
 */
#include <stdbool.h>

#include <args.h>
#include <clock.h>
#include <print.h>
#include <process.h>
#include <ring.h>

enum { DOUBLINGS_MAX = 10, STAMPS = 64 };
#define MILLISECOND (TN_SECOND / 1000)

struct child {
    struct tn_source source; /* first: its end is delivered here */
    const struct tn_start_cap *cap;
    const char *name;
    struct tn_cqe end;
    bool has_ended;
    bool is_watched;
    bool is_blameless;      /* ended for what somebody else did or wants: that counts for nothing */
    uint64_t start_at;      /* ns; 0: it lives, or was given up */
    uint32_t in_a_row;      /* restarts with no window without an end between them */
    uint64_t stamp[STAMPS]; /* when the last ones were */
    uint64_t stamps;
    uint64_t entries;     /* of the last look at it */
    uint64_t quiet_since; /* it has had completions and made no call since; 0: that is not so */
};

static struct child children[TN_START_CAPS_MAX];
static uint32_t count;
static uint64_t kill_every_ms, kill_at;

static void ended(struct tn_source *source, const struct tn_cqe *cqe)
{
    struct child *c = (struct child *)source;
    c->is_watched = false;
    c->has_ended = cqe->status == TN_OK;
    c->end = *cqe;
}

static void watch(struct child *c)
{
    struct tn_sqe *sqe = tn_ring_push();
    sqe->op = TN_OP_PROCESS_WATCH;
    sqe->handle = c->cap->handle;
    sqe->user_data = tn_source_user_data(&c->source);
    c->is_watched = true;
}

static enum tn_status order(const struct child *c, uint32_t op, struct tn_cqe *answer)
{
    struct tn_sqe sqe = {.op = op, .handle = c->cap->handle};
    return tn_ring_call(&sqe, answer);
}

/* Restarts within the window that ends now. */
static uint32_t recent(const struct child *c, uint64_t now)
{
    uint64_t window = c->cap->restart.window_ms * MILLISECOND;
    uint32_t n = 0;
    for (uint64_t i = 0; i < c->stamps && i < STAMPS; i++)
        n += now - c->stamp[(c->stamps - 1 - i) % STAMPS] < window;
    return n;
}

static uint32_t limit_of(const struct child *c)
{
    return c->cap->restart.limit < STAMPS ? c->cap->restart.limit : STAMPS;
}

static void give_up(struct child *c, const char *why)
{
    enum tn_status status = order(c, TN_OP_PROCESS_GIVE_UP, NULL);
    c->start_at = 0;
    tn_print("%s is given up: %s%s%s", c->name, why, status == TN_OK ? "" : ": ",
             status == TN_OK ? "" : tn_status_name(status));
}

static bool is_asked_for(const struct tn_cqe *end)
{
    return end->value[0] == TN_END_KILLED && end->value[1] == TN_KILLED_TO_RESTART;
}

static void plan(struct child *c)
{
    static const char *const how[TN_END_KINDS] = {
        [TN_END_EXIT] = "exited with",
        [TN_END_FAULT] = "was ended by exception",
        [TN_END_KILLED] = "was killed,",
        [TN_END_START] = "did not start:",
        [TN_END_RESET] = "was ended for a reset that this process caused:",
    };
    uint64_t now = tn_clock_now();
    c->has_ended = false;
    c->quiet_since = 0;
    uint32_t restarts = recent(c, now);
    if (is_asked_for(&c->end))
        tn_print("%s is restarted from the console; %u of %u restarts", c->name, restarts, limit_of(c));
    else
        tn_print("%s %s %lu; %u of %u restarts", c->name, how[c->end.value[0] % TN_END_KINDS], c->end.value[1],
                 restarts, limit_of(c));
    c->is_blameless = is_asked_for(&c->end) || c->end.value[0] == TN_END_RESET;
    if (c->is_blameless) {
        c->start_at = now;
        return;
    }
    if (restarts >= limit_of(c)) {
        give_up(c, "it ends too often");
        return;
    }
    c->in_a_row = restarts == 0 ? 0 : c->in_a_row + 1;
    uint32_t doublings = c->in_a_row < DOUBLINGS_MAX ? c->in_a_row : DOUBLINGS_MAX;
    c->start_at = now + (c->cap->restart.backoff_ms * MILLISECOND << doublings);
}

static bool lives(const struct child *c)
{
    struct tn_cqe answer;
    return order(c, TN_OP_PROCESS_QUERY, &answer) == TN_OK && answer.value[0] == TN_PROCESS_LIVES;
}

static void start(struct child *c)
{
    uint64_t now = tn_clock_now();
    enum tn_status status = order(c, TN_OP_PROCESS_START, NULL);
    c->start_at = 0;
    switch (status) {
    case TN_OK:
        if (!c->is_blameless)
            c->stamp[c->stamps++ % STAMPS] = now;
        break;
    case TN_EAGAIN:
        c->start_at = now + c->cap->restart.backoff_ms * MILLISECOND;
        break;
    case TN_ESTATE: /* somebody was faster */
        tn_print("%s was %s from the console", c->name, lives(c) ? "started" : "stopped");
        break;
    default:
        give_up(c, tn_status_name(status));
    }
}

/* One that has something to read and makes no call for the whole of its heartbeat hangs. */
static void look_after(struct child *c)
{
    struct tn_cqe answer;
    uint64_t now = tn_clock_now();
    if (order(c, TN_OP_PROCESS_QUERY, &answer) != TN_OK || answer.value[0] != TN_PROCESS_LIVES)
        return;
    bool moves = answer.value[1] != c->entries || answer.value[2] == 0;
    c->entries = answer.value[1];
    if (moves) {
        c->quiet_since = 0;
    } else if (c->quiet_since == 0) {
        c->quiet_since = now;
    } else if (now - c->quiet_since >= c->cap->restart.heartbeat_ms * MILLISECOND) {
        tn_print("%s hangs: %lu completions unread for %lu ms", c->name, answer.value[2],
                 (now - c->quiet_since) / MILLISECOND);
        if (order(c, TN_OP_PROCESS_KILL, NULL) != TN_OK) /* it has ended by itself meanwhile */
            c->quiet_since = 0;
    }
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void kill_all(uint64_t now)
{
    if (now < kill_at)
        return;
    kill_at = now + kill_every_ms * MILLISECOND;
    for (struct child *c = children; c < children + count; c++)
        (void)order(c, TN_OP_PROCESS_KILL, NULL); /* one that does not live is on its way back */
}

/* Does what is due; when something is again. */
static uint64_t look_round(void)
{
    uint64_t next = TN_DEADLINE_NEVER;
    if (kill_every_ms != 0) {
        kill_all(tn_clock_now());
        next = kill_at;
    }
    for (struct child *c = children; c < children + count; c++) {
        if (c->has_ended)
            plan(c);
        if (c->start_at != 0 && c->start_at <= tn_clock_now())
            start(c);
        if (c->start_at != 0)
            next = earlier(next, c->start_at);
        else if (c->cap->restart.heartbeat_ms != 0) {
            look_after(c);
            next = earlier(next, tn_deadline_in(c->cap->restart.heartbeat_ms * MILLISECOND / 4));
        }
        if (!c->is_watched && !c->has_ended)
            watch(c);
    }
    return next;
}

int tn_main(const struct tn_start *start_block)
{
    for (uint32_t i = 0; i < start_block->cap_count && i < TN_START_CAPS_MAX; i++) {
        const struct tn_start_cap *cap = &start_block->cap[i];
        if (cap->kind != TN_KIND_PROCESS)
            continue;
        children[count++] =
            (struct child){.source = {.deliver = ended}, .cap = cap, .name = cap->name + sizeof "process:" - 1};
    }
    const struct tn_arg known[] = {{.key = "kill_every_ms", .value = &kill_every_ms, .max = 1u << 30}};
    tn_args_require(start_block->args, known, sizeof(known) / sizeof(known[0]));
    kill_at = tn_deadline_in(kill_every_ms * MILLISECOND);
    if (count == 0)
        tn_die("nobody to supervise: no process of the manifest has [process.restart]");
    for (;;) {
        uint64_t next = look_round();
        (void)tn_ring_wait(1, next);
    }
}
