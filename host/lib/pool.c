/* SPDX-License-Identifier: Apache-2.0 */
/* Pools: made, counted, given back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pool_inside.h"

uint32_t tn_version(void)
{
    return TN_VERSION_MAJOR << 16 | TN_VERSION_MINOR;
}

static bool is_plausible(const struct tn_dma_pool_config *config)
{
    if (config == NULL || tn_dma_pool_memory_bytes(config->count, config->buffer_bytes, config->guard) == 0)
        return false;
    if (config->backing != TN_BACKING_PAGES && config->backing != TN_BACKING_HUGE &&
        config->backing != TN_BACKING_GIVEN)
        return false;
    if (config->scrub != TN_SCRUB_NEVER && config->scrub != TN_SCRUB_ON_RELEASE)
        return false;
    return (config->backing == TN_BACKING_GIVEN) == (config->memory != NULL);
}

static int compare(const void *left, const void *right)
{
    const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* Are no two buffers at one place of the device's? They would have two owners. */
static enum tn_status are_apart(const uint64_t *address, uint32_t count, uint32_t bytes)
{
    uint64_t *sorted = malloc(count * sizeof(*sorted));
    enum tn_status status = TN_OK;
    if (sorted == NULL)
        return TN_EEXHAUSTED;
    memcpy(sorted, address, count * sizeof(*sorted));
    qsort(sorted, count, sizeof(*sorted), compare);
    for (uint32_t i = 1; i < count; i++)
        if (sorted[i] - sorted[i - 1] < bytes)
            status = TN_EINVAL;
    free(sorted);
    return status;
}

/* Where the device finds each buffer. TN_EINVAL: it cannot use one of them, or the answers cannot be true. */
static enum tn_status find_addresses(struct tn_pool_inside *pool, const struct tn_dma_pool_config *config)
{
    const unsigned char *base = pool->device_memory != NULL ? pool->device_memory : pool->face.memory;
    for (uint32_t slot = 0; slot < config->count; slot++) {
        size_t offset = slot * pool->face.stride;
        if (config->translate == NULL)
            pool->address[slot] = (uint64_t)(uintptr_t)(base + offset);
        else
            pool->address[slot] = config->translate(config->context, pool->face.memory + offset, config->buffer_bytes);
        if (pool->address[slot] == UINT64_MAX || UINT64_MAX - pool->address[slot] < config->buffer_bytes - 1)
            return TN_EINVAL;
    }
    return config->translate != NULL ? are_apart(pool->address, config->count, config->buffer_bytes) : TN_OK;
}

/* The core's part: which buffer is whose. */
static enum tn_status make_core(struct tn_pool_inside *pool, const struct tn_dma_pool_config *config)
{
    const struct tn_pool_plan plan = {
        .mark = calloc(config->count, sizeof(*plan.mark)),
        .length = calloc(config->count, sizeof(*plan.length)),
        .stack = calloc(config->count, sizeof(*plan.stack)),
        .owner_epoch = 1, /* one process, one incarnation */
        .generation_max = TN_BUFFER_GENERATION_MAX,
        .count = config->count,
        .buffer_bytes = config->buffer_bytes,
        .buffers_per_page = 1, /* nothing is unmapped by pages but with TN_GUARD_MPROTECT, and there this is true */
        .scrub = config->scrub == TN_SCRUB_ON_RELEASE,
        .direct = config->scrub == TN_SCRUB_NEVER && config->guard == TN_GUARD_OFF,
    };
    pool->plain = plan.direct;
    if (plan.mark != NULL && plan.length != NULL && plan.stack != NULL && tn_pool_init(&pool->face.core, &plan)) {
        for (uint32_t to = TN_POOL_RESERVED; to <= TN_POOL_MAPPED; to++)
            if (tn_pool_move(&pool->face.core, (enum tn_pool_state)to) != TN_OK)
                return TN_ESTATE;
        return TN_OK;
    }
    free(plan.mark);
    free(plan.length);
    free(plan.stack);
    return TN_EEXHAUSTED;
}

/* All that a pool has of the process's memory but its buffers. */
static void free_records(struct tn_pool_inside *pool)
{
    free(pool->face.core.mark);
    free(pool->face.core.length);
    free(pool->face.core.stack);
    free(pool->address);
    free(pool->last);
    free(pool->boxes);
    free(pool);
}

static enum tn_status set_up(struct tn_pool_inside *pool, const struct tn_dma_pool_config *config)
{
    pool->backing = config->backing;
    pool->guard = config->guard;
    pool->buffer_bytes = config->buffer_bytes;
    snprintf(pool->label, sizeof(pool->label), "%s", config->label != NULL ? config->label : "pool");
    pool->address = calloc(config->count, sizeof(*pool->address));
    pool->last = calloc(config->count, sizeof(*pool->last));
    if (pool->address == NULL || pool->last == NULL)
        return TN_EEXHAUSTED;
    pool->face.address = pool->address;
    if (config->boxes && (pool->boxes = calloc(1, tn_boxes_bytes(config->count))) == NULL)
        return TN_EEXHAUSTED;
    if (!tn_guard_is_there(config->guard))
        return TN_ENOTSUP;
    enum tn_status status = make_core(pool, config);
    return status == TN_OK ? tn_memory_get(pool, config) : status;
}

struct tn_dma_pool *tn_dma_pool_create(const struct tn_dma_pool_config *config, enum tn_status *status)
{
    enum tn_status unwanted, *answer = status != NULL ? status : &unwanted;
    *answer = TN_EINVAL;
    if (!is_plausible(config))
        return NULL;
    struct tn_pool_inside *pool = calloc(1, sizeof(*pool));
    *answer = TN_EEXHAUSTED;
    if (pool == NULL)
        return NULL;
    *answer = set_up(pool, config);
    if (*answer == TN_OK)
        *answer = find_addresses(pool, config);
    if (*answer == TN_OK && !tn_guard_begin(pool))
        *answer = TN_EEXHAUSTED;
    if (*answer == TN_OK)
        return &pool->face;
    tn_memory_give(pool);
    free_records(pool);
    return NULL;
}

struct tn_dma_counts tn_dma_pool_counts(const struct tn_dma_pool *pool)
{
    const struct tn_pool_inside *inside = (const struct tn_pool_inside *)pool;
    const struct tn_pool *core = &pool->core;
    return (struct tn_dma_counts){
        .buffers = core->count,
        .free = core->free,
        .in_flight = core->away - core->quarantined,
        .quarantined = core->quarantined,
        .refused = inside->refused,
        .refused_status = inside->refused_status,
        .lied = inside->lied,
        .guard_refused = inside->guard_refused,
    };
}

enum tn_status tn_dma_pool_destroy(struct tn_dma_pool *pool)
{
    if (pool == NULL)
        return TN_EINVAL;
    struct tn_pool_inside *inside = tn_inside(pool);
    struct tn_dma_counts counts = tn_dma_pool_counts(pool);
    if (!tn_pool_is_without_fences(&pool->core))
        return TN_ESTATE;
    if (counts.quarantined == 0 || inside->backing == TN_BACKING_GIVEN)
        tn_guard_end(inside);
    else
        tn_guard_leave(inside);
    if (counts.quarantined == 0)
        tn_memory_give(inside); /* in a child of fork there is none to give */
    free_records(inside);
    return counts.quarantined == 0 ? TN_OK : TN_EQUARANTINED;
}
