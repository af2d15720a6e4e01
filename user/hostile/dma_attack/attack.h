/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the victim asks its hostile service to do, and the bytes that tell afterwards where the device has written. The
 * bytes are computed and never stored, so that the only ones in memory are those that a device wrote.
 */
#ifndef TENURE_HOSTILE_ATTACK_H
#define TENURE_HOSTILE_ATTACK_H

#include <stdint.h>

enum attack_opcode {
    ATTACK_CONTROL = 1,   /* no attack: the device writes into the buffer, and the request ends after that */
    ATTACK_LATE = 2,      /* the request ends at once, the device writes 100 ms later */
    ATTACK_DIRECTION = 3, /* the device writes into a buffer that was given to be read */
    ATTACK_READ = 4,      /* the device reads from a buffer that was given to be written; word 0: bytes it learned */
    ATTACK_BEYOND = 5,    /* the device writes behind the pages of the request */
    ATTACK_OLD = 6,       /* the device writes to where the buffer of ATTACK_LATE was */
    ATTACK_DIE = 7,       /* the device is told to write into the buffer, and its driver dies at once */
};

enum { ATTACK_BYTES = 2048 };

/* The i-th eight bytes that the device writes. */
static inline uint64_t attack_word(uint64_t i)
{
    uint64_t x = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 31) * UINT64_C(0xbf58476d1ce4e5b9);
    return x ^ x >> 29;
}

/* What a victim keeps secret. */
static inline uint8_t attack_secret(uint64_t i)
{
    return (uint8_t)(0xc3 ^ i * 5);
}

#endif
