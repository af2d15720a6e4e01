/* SPDX-License-Identifier: Apache-2.0 */
/* Guards: a touch of what is not the CPU's ends the process, after a report. Each touch is made in a child process. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tenure/batch.h>
#include <tenure/box.h>

#include "lib_world.h"

enum touch {
    READ_IN_FLIGHT,
    WRITE_IN_FLIGHT,
    WRITE_AFTER_RELEASE,
    WRITE_AFTER_ITS_LAST_STATEMENT,
    WRITE_IN_QUARANTINE,
    READ_NEVER_ALLOCATED,
    WRITE_PAST_THE_END,
    BATCH_IN_FLIGHT,
    BATCH_AFTER_RELEASE,
    BOX_IN_FLIGHT,
    BOX_AFTER_RELEASE,
    IN_A_CHILD,
    OWN
};

static volatile unsigned char sink;

/* In a section of their own, so that it can be told whether a report names them. */
#define TOUCHES static __attribute__((noinline, section("touches")))
extern const char __start_touches[], __stop_touches[];

TOUCHES void lib_touch_batch(enum tn_guard guard, bool submit)
{
    struct tn_dma_pool *pool = lib_pool(guard, TN_SCRUB_NEVER);
    TN_DMA_BATCH(b, 2);
    TN_FENCE_BATCH(f);
    assert_true(tn_dma_batch_alloc(pool, 2, &b));
    volatile unsigned char *data = tn_dma_batch_data(&b, 0);
    if (submit)
        assert_true(tn_dma_batch_submit(&b, 100, &f));
    else
        tn_dma_batch_release(&b);
    data[17] = 1;
}

TOUCHES void lib_touch_box(enum tn_guard guard, bool submit)
{
    struct tn_dma_pool *pool = lib_pool(guard, TN_SCRUB_NEVER);
    struct tn_dma_buffer_box *b = tn_box_alloc(pool);
    volatile unsigned char *data = tn_box_data(b);
    if (submit)
        assert_non_null(tn_box_submit(b, 100));
    else
        tn_box_release(b);
    data[17] = 1;
}

TOUCHES void lib_release_last(struct tn_dma_buffer b)
{
    tn_dma_buffer_release(&b); /* nothing follows: no reason to come back */
}

/* Whoever calls the function that releases is not who released. */
static __attribute__((noinline)) void lib_have_it_released(const struct tn_dma_buffer *b)
{
    lib_release_last(*b);
    sink++;
}

TOUCHES void lib_touch(enum tn_guard guard, enum touch touch)
{
    struct tn_dma_pool *pool = lib_pool(guard, TN_SCRUB_NEVER);
    struct tn_dma_buffer b = lib_alloc(pool);
    volatile unsigned char *data = tn_dma_buffer_data(&b);
    struct tn_fence f = {0};
    data[0] = 1;
    switch (touch) {
    case READ_IN_FLIGHT:
        assert_true(tn_dma_submit(&b, 100, &f));
        sink = data[17];
        break;
    case WRITE_IN_FLIGHT:
        assert_true(tn_dma_submit(&b, 100, &f)); /* here, and not in a helper: the report names this place */
        data[17] = 1;
        break;
    case WRITE_AFTER_RELEASE:
        tn_dma_buffer_release(&b);
        data[17] = 1;
        break;
    case WRITE_AFTER_ITS_LAST_STATEMENT:
        lib_have_it_released(&b);
        data[17] = 1;
        break;
    case WRITE_IN_QUARANTINE:
        assert_true(tn_dma_submit(&b, 100, &f));
        tn_fence_quarantine(&f);
        assert_int_equal(tn_dma_pool_destroy(pool), TN_EQUARANTINED);
        data[17] = 1;
        break;
    case READ_NEVER_ALLOCATED:
        sink = data[pool->stride];
        break;
    case WRITE_PAST_THE_END:
        data[LIB_BYTES] = 1;
        break;
    case BATCH_IN_FLIGHT:
    case BATCH_AFTER_RELEASE:
        lib_touch_batch(guard, touch == BATCH_IN_FLIGHT);
        break;
    case BOX_IN_FLIGHT:
    case BOX_AFTER_RELEASE:
        lib_touch_box(guard, touch == BOX_IN_FLIGHT);
        break;
    case IN_A_CHILD:
        if (fork() == 0)
            data[17] = 1;
        (void)wait(NULL);
        raise(SIGSEGV);
        break;
    default:
        f = lib_submit(&b, 100);
        b = lib_complete(&f, 17);
        data[17] = 1;
        break;
    }
}

/* The child's end, and what it wrote to stderr. */
static int end_of_touch(enum tn_guard guard, enum touch touch, char *report, size_t room)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        signal(SIGSEGV, SIG_DFL); /* not cmocka's, not the sanitizer's */
        lib_touch(guard, touch);
        _exit(0);
    }
    close(ends[1]);
    size_t length = 0;
    for (ssize_t got = 1; got > 0; length += got > 0 ? (size_t)got : 0)
        got = length + 1 < room ? read(ends[0], report + length, room - 1 - length) : 0;
    report[length] = 0;
    close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void g1_a_touch_in_flight_faults_with_a_report(void **state)
{
    (void)state;
    static const struct {
        enum touch touch;
        const char *words;
    } rows[] = {
        {READ_IN_FLIGHT, "the CPU read byte 17 of buffer 0 of pool 'test', which it does not own: submitted by thread"},
        {WRITE_IN_FLIGHT, "the CPU wrote to byte 17 of buffer 0 of pool 'test', which it does not own: submitted by"},
        {WRITE_AFTER_RELEASE, "wrote to byte 17 of buffer 0 of pool 'test', which it does not own: released by thread"},
        {READ_NEVER_ALLOCATED, "read byte 0 of buffer 1 of pool 'test', which it does not own: never allocated"},
        {IN_A_CHILD, "a child of fork wrote to byte 17 of buffer 0 of pool 'test', which is its parent's: never away"},
    };
    for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        static char report[8192];
        int status = end_of_touch(TN_GUARD_MPROTECT, rows[i].touch, report, sizeof(report));
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
        if (strstr(report, rows[i].words) == NULL)
            fail_msg("no such words: %s\nin: %s", rows[i].words, report);
        assert_non_null(strstr(report, "touched here: "));
    }
}

static void g1_the_report_says_where_it_was_submitted(void **state)
{
    (void)state;
    static const enum touch touches[] = {WRITE_IN_FLIGHT,  WRITE_AFTER_RELEASE, WRITE_AFTER_ITS_LAST_STATEMENT,
                                         BATCH_IN_FLIGHT,  BATCH_AFTER_RELEASE, BOX_IN_FLIGHT,
                                         BOX_AFTER_RELEASE};
    for (unsigned i = 0; i < sizeof(touches) / sizeof(*touches); i++) {
        static char report[8192];
        (void)end_of_touch(TN_GUARD_MPROTECT, touches[i], report, sizeof(report));
        const char *there = strstr(report, "there: ");
        assert_non_null(there);
        const char *place = strstr(there, "[0x");
        assert_non_null(place);
        const uintptr_t address = strtoul(place + 1, NULL, 16);
        if (address < (uintptr_t)__start_touches || address > (uintptr_t)__stop_touches) /* the library's, that is */
            fail_msg("touch %u: none of this file's functions: %s", touches[i], there);
    }
}

static void g10_what_is_in_quarantine_stays_out_of_reach_when_its_pool_is_gone(void **state)
{
    (void)state;
    static char report[8192];
    int status = end_of_touch(TN_GUARD_MPROTECT, WRITE_IN_QUARANTINE, report, sizeof(report));
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    assert_int_equal(end_of_touch(TN_GUARD_OFF, WRITE_IN_QUARANTINE, report, sizeof(report)),
                     0); /* it is still there */
}

static void the_owner_is_not_disturbed(void **state)
{
    (void)state;
    static char report[8192];
    assert_int_equal(end_of_touch(TN_GUARD_MPROTECT, OWN, report, sizeof(report)), 0);
    assert_int_equal(end_of_touch(TN_GUARD_OFF, WRITE_IN_FLIGHT, report, sizeof(report)), 0); /* no guard, no fault */
    assert_string_equal(report, "");
}

static void leave(int number)
{
    _exit(40 + number);
}

static void a_fault_elsewhere_goes_where_it_would_have_gone(void **state)
{
    (void)state;
    for (int handled = 0; handled < 2; handled++) {
        pid_t child = fork();
        if (child == 0) {
            volatile uintptr_t nowhere = 8;
            signal(SIGSEGV, handled ? leave : SIG_DFL);
            (void)lib_pool(TN_GUARD_MPROTECT, TN_SCRUB_NEVER);
            *(volatile int *)nowhere = 1;
            _exit(0);
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        if (handled)
            assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 40 + SIGSEGV);
        else
            assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    }
}

/* The end of a child that has a guarded pool, then does this. */
static int end_of(void (*doing)(struct tn_dma_pool *pool), void (*handler)(int number), int flags)
{
    pid_t child = fork();
    if (child == 0) {
        const struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
        sigaction(SIGSEGV, &action, NULL); /* not cmocka's, not the sanitizer's */
        doing(lib_pool(TN_GUARD_MPROTECT, TN_SCRUB_NEVER));
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void send_itself_one(struct tn_dma_pool *pool)
{
    (void)pool;
    (void)kill(getpid(), SIGSEGV);
}

static void send_itself_an_address(struct tn_dma_pool *pool)
{
    (void)sigqueue(getpid(), SIGSEGV, (union sigval){.sival_ptr = pool->memory});
}

static void a_signal_that_was_sent_does_what_it_would_have_done(void **state)
{
    (void)state;
    void (*const doing[])(struct tn_dma_pool *) = {send_itself_one, send_itself_an_address};
    for (unsigned i = 0; i < 2; i++) {
        int status = end_of(doing[i], SIG_DFL, 0);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
        status = end_of(doing[i], SIG_IGN, 0);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        status = end_of(doing[i], leave, 0);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 40 + SIGSEGV);
    }
}

static void is_it_blocked(int number)
{
    sigset_t mask;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    _exit(sigismember(&mask, number) ? 50 : 51);
}

static void the_handler_before_is_called_as_it_asked(void **state)
{
    (void)state;
    int status = end_of(send_itself_one, is_it_blocked, 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 50);
    status = end_of(send_itself_one, is_it_blocked, SA_NODEFER);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 51);
}

static __attribute__((noinline)) unsigned deeper(unsigned depth) /* NOLINT: on purpose */
{
    volatile unsigned char room[4096];
    room[depth % sizeof(room)] = (unsigned char)depth;
    return depth == UINT32_MAX ? room[0] : deeper(depth + 1) + room[depth % sizeof(room)];
}

static void overflow_its_stack(struct tn_dma_pool *pool)
{
    static char other[65536];
    (void)pool;
    sigaltstack(&(stack_t){.ss_sp = other, .ss_size = sizeof(other)}, NULL);
    sink = (unsigned char)deeper(0);
}

static void a_stack_that_overflowed_reaches_its_handler(void **state)
{
    (void)state;
    int status = end_of(overflow_its_stack, leave, SA_ONSTACK);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 40 + SIGSEGV);
}

static void g1_a_child_of_fork_has_no_part_in_the_buffers(void **state)
{
    (void)state;
    FOR_EACH_KIND(kind)
    {
        struct tn_dma_pool *pool = lib_pool(kind->guard, kind->scrub);
        struct tn_dma_buffer b = lib_alloc(pool);
        unsigned char *data = tn_dma_buffer_data(&b);
        const uint64_t address = tn_dma_buffer_address(&b);
        data[0] = 1;
        for (int device = 0; device < 2; device++) {
            pid_t child = fork();
            if (child == 0) {
                signal(SIGSEGV, leave);
                *(device ? (volatile unsigned char *)(uintptr_t)address : data) = 2;
                _exit(0);
            }
            int status = 0;
            assert_int_equal(waitpid(child, &status, 0), child);
            assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 40 + SIGSEGV);
        }
        assert_int_equal(data[0], 1);
        tn_dma_buffer_release(&b);
        pid_t child = fork();
        if (child == 0) { /* it may give back what it has of the pool, which is no memory of the parent's */
            const bool gone = tn_dma_pool_destroy(pool) == TN_OK;
            _exit(gone ? 0 : 1);
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        b = lib_alloc(pool);
        assert_int_equal(*(unsigned char *)tn_dma_buffer_data(&b), kind->scrub == TN_SCRUB_NEVER);
        tn_dma_buffer_release(&b);
        lib_destroy(pool);
    }
}

static void the_asan_guard_poisons_or_is_refused(void **state)
{
    (void)state;
#ifdef WITH_ASAN
    static char report[8192];
    static const enum touch touches[] = {READ_IN_FLIGHT,      WRITE_IN_FLIGHT,      WRITE_AFTER_RELEASE,
                                         WRITE_IN_QUARANTINE, READ_NEVER_ALLOCATED, WRITE_PAST_THE_END};
    for (unsigned i = 0; i < sizeof(touches) / sizeof(*touches); i++) {
        int status = end_of_touch(TN_GUARD_ASAN, touches[i], report, sizeof(report));
        assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        assert_non_null(strstr(report, "use-after-poison"));
    }
    assert_int_equal(end_of_touch(TN_GUARD_ASAN, OWN, report, sizeof(report)), 0);
#else
    const struct tn_dma_pool_config config = {.count = 1, .buffer_bytes = 64, .guard = TN_GUARD_ASAN};
    enum tn_status status;
    assert_null(tn_dma_pool_create(&config, &status));
    assert_int_equal(status, TN_ENOTSUP);
#endif
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(g1_a_touch_in_flight_faults_with_a_report),
    cmocka_unit_test(g1_the_report_says_where_it_was_submitted),
    cmocka_unit_test(g10_what_is_in_quarantine_stays_out_of_reach_when_its_pool_is_gone),
    cmocka_unit_test(the_owner_is_not_disturbed),
    cmocka_unit_test(a_fault_elsewhere_goes_where_it_would_have_gone),
    cmocka_unit_test(a_signal_that_was_sent_does_what_it_would_have_done),
    cmocka_unit_test(the_handler_before_is_called_as_it_asked),
    cmocka_unit_test(a_stack_that_overflowed_reaches_its_handler),
    cmocka_unit_test(g1_a_child_of_fork_has_no_part_in_the_buffers),
    cmocka_unit_test(the_asan_guard_poisons_or_is_refused),
};

UNIT_MAIN(tests)
