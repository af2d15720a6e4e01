/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See random.h. Half of the bytes are plain noise; the other half keeps to few owners and to the newest names, or few
 * things would ever meet.
 */
#include "random.h"

static uint64_t state;

void random_begin(uint64_t seed)
{
    state = seed;
}

uint64_t random_next(void)
{
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

void random_step(uint8_t *step, int crowded)
{
    uint64_t r = random_next();
    step[0] = (uint8_t)r;
    step[1] = crowded ? (uint8_t)(r >> 8) : 0;
    step[2] = (uint8_t)(r >> 16 & (r >> 40 & 1 ? 0xf3 : 0xff));
    step[3] = (r >> 41 & 3) == 0 ? (uint8_t)(r >> 24) : 0;
}

size_t random_sequence(uint8_t *bytes)
{
    size_t steps = 10 + random_next() % 91;
    int crowded = random_next() % 2 == 0;
    for (size_t i = 0; i < SETTING_BYTES; i++) {
        uint64_t r = random_next();
        bytes[i] = r >> 8 & 1 ? 0 : (uint8_t)r;
    }
    for (size_t i = 0; i < steps; i++)
        random_step(bytes + SETTING_BYTES + i * STEP_BYTES, crowded);
    return SETTING_BYTES + steps * STEP_BYTES;
}
