/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 (FIPS 180-4), so that what was read can be compared from outside. Pure; host-tested with the standard's
 * vectors.
 */
#ifndef TENURE_SHA256_H
#define TENURE_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum {
    SHA256_BLOCK_BYTES = 64,
    SHA256_DIGEST_BYTES = 32,
};

struct sha256 {
    uint32_t state[8];
    uint64_t bytes;
    uint8_t block[SHA256_BLOCK_BYTES]; /* the first bytes % 64 of it wait for more */
};

void sha256_init(struct sha256 *hash);
void sha256_update(struct sha256 *hash, const void *data, size_t size);
/* Ends the computation; *hash must be initialised again before further use. */
void sha256_final(struct sha256 *hash, uint8_t digest[SHA256_DIGEST_BYTES]);
/* 64 digits and a NUL. */
void sha256_hex(const uint8_t digest[SHA256_DIGEST_BYTES], char text[2 * SHA256_DIGEST_BYTES + 1]);

#endif
