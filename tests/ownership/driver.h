/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs of this folder drive: a device that nobody has, declared and never linked. */
#ifndef TENURE_TESTS_OWNERSHIP_DRIVER_H
#define TENURE_TESTS_OWNERSHIP_DRIVER_H

#include <tenure/batch.h>

enum { RING = 64 };

struct driver {
    struct tn_dma_pool *pool;
    struct tn_parked_fence request[RING];
    struct tn_parked_buffer spare;
    unsigned errors;
};

bool device_has_room(void);
void device_post(uint64_t address, uint32_t length, uint32_t tag);
bool device_next(uint32_t *tag, uint32_t *used);
void device_kick(void);
bool device_is_silent(void);
enum tn_status device_poll(void *context, uint32_t tag, uint32_t *used);
int consume(const void *data, uint32_t bytes);
void wait_a_little(void);

#endif
