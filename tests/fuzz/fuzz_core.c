/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer on the interpreter and the oracle of tests/property. Half of its mutations are of whole steps: bytes alone
 * seldom make a sequence that gets anywhere.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../property/operations.h"
#include "../property/oracle.h"
#include "../property/random.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t room);

void oracle_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("oracle: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    operations_run(bytes, size, false);
    return 0;
}

/* A new step put in, a step repeated elsewhere, or one taken out. */
static size_t mutate_steps(uint8_t *bytes, size_t size, size_t room)
{
    size_t steps = (size - SETTING_BYTES) / STEP_BYTES;
    size_t at = SETTING_BYTES + random_next() % (steps + 1) * STEP_BYTES;
    uint8_t step[STEP_BYTES];
    if (random_next() % 4 == 0 && steps > 1) {
        at = at + STEP_BYTES > size ? at - STEP_BYTES : at;
        memmove(bytes + at, bytes + at + STEP_BYTES, size - at - STEP_BYTES);
        return size - STEP_BYTES;
    }
    if (size + STEP_BYTES > room)
        return size;
    random_step(step, random_next() % 2 == 0);
    if (random_next() % 4 == 0 && steps > 0)
        memcpy(step, bytes + SETTING_BYTES + random_next() % steps * STEP_BYTES, sizeof(step));
    memmove(bytes + at + STEP_BYTES, bytes + at, size - at);
    memcpy(bytes + at, step, sizeof(step));
    return size + STEP_BYTES;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed)
{
    random_begin(seed);
    if (random_next() % 8 == 0 && room >= SEQUENCE_MAX)
        return random_sequence(bytes);
    if (random_next() % 2 == 0 || size < SETTING_BYTES || room < SETTING_BYTES + STEP_BYTES)
        return LLVMFuzzerMutate(bytes, size, room);
    for (uint64_t times = 1 + random_next() % 8; times > 0; times--)
        size = mutate_steps(bytes, size, room);
    return size;
}
