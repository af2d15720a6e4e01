/* SPDX-License-Identifier: Apache-2.0 */
/* Guards: a touch of what is not the CPU's ends the process, after a report. Each touch is made in a child process. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib_world.h"

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif

enum touch { READ_IN_FLIGHT, WRITE_IN_FLIGHT, WRITE_AFTER_RELEASE, READ_NEVER_ALLOCATED, WRITE_PAST_THE_END, OWN };

static volatile unsigned char sink;

static __attribute__((noinline)) void do_touch(enum tn_guard guard, enum touch touch)
{
    struct tn_dma_pool *pool = lib_pool(guard, TN_SCRUB_NEVER);
    struct tn_dma_buffer b = lib_alloc(pool);
    volatile unsigned char *data = tn_dma_buffer_data(&b);
    struct tn_fence f = {0};
    data[0] = 1;
    switch (touch) {
    case READ_IN_FLIGHT:
        f = lib_submit(&b, 100);
        sink = data[17];
        break;
    case WRITE_IN_FLIGHT:
        f = lib_submit(&b, 100);
        data[17] = 1;
        break;
    case WRITE_AFTER_RELEASE:
        tn_dma_buffer_release(&b);
        data[17] = 1;
        break;
    case READ_NEVER_ALLOCATED:
        sink = data[pool->stride];
        break;
    case WRITE_PAST_THE_END:
        data[LIB_BYTES] = 1;
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
        do_touch(guard, touch);
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
    static char report[8192];
    (void)end_of_touch(TN_GUARD_MPROTECT, WRITE_IN_FLIGHT, report, sizeof(report));
    const char *there = strstr(report, "there: ");
    assert_non_null(there);
    assert_non_null(strstr(there, "lib")); /* this program, by its file and an address in it */
    assert_non_null(strstr(there, "[0x"));
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

static void the_asan_guard_poisons_or_is_refused(void **state)
{
    (void)state;
#ifdef WITH_ASAN
    static char report[8192];
    static const enum touch touches[] = {READ_IN_FLIGHT, WRITE_IN_FLIGHT, WRITE_AFTER_RELEASE, READ_NEVER_ALLOCATED,
                                         WRITE_PAST_THE_END};
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
    cmocka_unit_test(the_owner_is_not_disturbed),
    cmocka_unit_test(a_fault_elsewhere_goes_where_it_would_have_gone),
    cmocka_unit_test(the_asan_guard_poisons_or_is_refused),
};

UNIT_MAIN(tests)
