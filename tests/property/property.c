/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random sequences of operations on the core against the naive oracle. A failing sequence is shrunk, operation by
 * operation and byte by byte, and printed as C. The seed is printed; the same seed gives the same sequences.
 *
 *   property [--seed N] [--runs N]    exit 0: no sequence failed; 1: one did
 *   property --twin                   this core has a bug: exit 0 exactly if a sequence fails
 *   property FILE…                    runs these sequences (a corpus, a crash of the fuzzer) and tells the steps of the
 * first
 */
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "operations.h"
#include "oracle.h"
#include "random.h"

enum { RUNS = 20000, TWIN_RUNS = 400000, SIZE_MAX_BYTES = SEQUENCE_MAX };

static sigjmp_buf failed;
static char why[512];

void oracle_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof(why), format, arguments);
    va_end(arguments);
    siglongjmp(failed, 1);
}

/* A trap or a wild pointer of the core is a finding like any other. */
static void on_signal(int number)
{
    snprintf(why, sizeof(why), "the core ended by signal %d (%s)", number, strsignal(number));
    siglongjmp(failed, 1);
}

static bool fails(const uint8_t *bytes, size_t size, bool tell)
{
    if (sigsetjmp(failed, 1) != 0)
        return true;
    operations_run(bytes, size, tell);
    return false;
}

/* ---- shrinking ---- */

static size_t without(uint8_t *to, const uint8_t *from, size_t size, size_t at, size_t count)
{
    memcpy(to, from, at);
    memcpy(to + at, from + at + count, size - at - count);
    return size - count;
}

static bool drop_steps(uint8_t *bytes, size_t *size)
{
    bool shrunk = false;
    uint8_t tried[SIZE_MAX_BYTES];
    for (size_t chunk = 64 * STEP_BYTES; chunk >= STEP_BYTES; chunk /= 2)
        for (size_t at = SETTING_BYTES; at + chunk <= *size;) {
            size_t less = without(tried, bytes, *size, at, chunk);
            if (fails(tried, less, false)) {
                memcpy(bytes, tried, less);
                *size = less;
                shrunk = true;
            } else {
                at += STEP_BYTES;
            }
        }
    return shrunk;
}

static bool lower_bytes(uint8_t *bytes, size_t size)
{
    bool shrunk = false;
    for (size_t i = 0; i < size; i++)
        for (uint32_t lower = 0; lower < bytes[i]; lower = lower * 2 + 1) {
            uint8_t kept = bytes[i];
            bytes[i] = (uint8_t)lower;
            if (fails(bytes, size, false)) {
                shrunk = true;
                break;
            }
            bytes[i] = kept;
        }
    return shrunk;
}

static void report(const uint8_t *bytes, size_t size)
{
    printf("# shortest sequence found, %zu operations:\n", (size - SETTING_BYTES) / STEP_BYTES);
    (void)fails(bytes, size, true);
    printf("# %s\n# as bytes: ", why);
    for (size_t i = 0; i < size; i++)
        printf("%02x", bytes[i]);
    putchar('\n');
}

static bool search(uint64_t seed, uint64_t runs)
{
    uint8_t bytes[SIZE_MAX_BYTES];
    for (uint64_t run = 0; run < runs; run++) {
        random_begin(seed * UINT64_C(1000003) + run);
        size_t size = random_sequence(bytes);
        if (!fails(bytes, size, false))
            continue;
        printf("# seed %" PRIu64 ", sequence %" PRIu64 " of %zu operations: %s\n", seed, run,
               (size - SETTING_BYTES) / STEP_BYTES, why);
        while ((int)drop_steps(bytes, &size) | (int)lower_bytes(bytes, size)) /* both, each time */
            ;
        report(bytes, size);
        return true;
    }
    printf("# seed %" PRIu64 ": %" PRIu64 " sequences, none failed\n", seed, runs);
    return false;
}

/* ---- a corpus: one sequence a line, in hex; '#' begins a comment ---- */

static size_t bytes_of_hex(const char *line, uint8_t *bytes, size_t room)
{
    size_t size = 0;
    unsigned value;
    while (size < room && sscanf(line + 2 * size, "%2x", &value) == 1)
        bytes[size++] = (uint8_t)value;
    return size;
}

static int run_corpus(const char *path)
{
    static char line[4096];
    uint8_t bytes[SETTING_BYTES + STEPS_MAX * STEP_BYTES];
    int sequences = 0;
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        size_t size = line[0] == '#' ? 0 : bytes_of_hex(line, bytes, sizeof(bytes));
        if (size == 0)
            continue;
        sequences++;
        if (fails(bytes, size, false)) {
            printf("# sequence %d of %s:\n", sequences, path);
            report(bytes, size);
            return EXIT_FAILURE;
        }
    }
    if (file != NULL)
        fclose(file);
    printf("# %s: %d sequences, none failed\n", path, sequences);
    return sequences > 0 ? EXIT_SUCCESS : 2;
}

/* One sequence as the fuzzer leaves it, told step by step. */
static int run_file(const char *path)
{
    uint8_t bytes[SETTING_BYTES + STEPS_MAX * STEP_BYTES];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "%s: cannot be read\n", path);
        return 2;
    }
    size_t size = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    bool failure = fails(bytes, size, true);
    printf("# %s\n", failure ? why : "this sequence does not fail");
    return failure ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static uint8_t stack[65536];
    const stack_t other = {.ss_sp = stack, .ss_size = sizeof(stack)};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
    const char *text = getenv("TENURE_SEED");
    uint64_t seed = text != NULL ? strtoull(text, NULL, 10) : 1, runs = RUNS;
    bool twin = false;
    sigaltstack(&other, NULL);
    for (size_t i = 0; i < 4; i++)
        sigaction((const int[]){SIGILL, SIGSEGV, SIGFPE, SIGBUS}[i], &action, NULL);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--twin") == 0)
            twin = true, runs = TWIN_RUNS;
        else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            seed = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--corpus") == 0 && i + 1 < argc)
            return run_corpus(argv[i + 1]);
        else if (strcmp(argv[i], "--runs") == 0 && i + 1 < argc)
            runs = strtoull(argv[++i], NULL, 10);
        else
            return run_file(argv[i]);
    }
    bool found = search(seed, runs);
    return found == twin ? EXIT_SUCCESS : EXIT_FAILURE;
}
