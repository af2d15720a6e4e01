/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nine mistakes with libtenure, with the compiler told not to see them. Argument: `plain` (no guard, no scrub) or
 * `guarded` (TN_GUARD_MPROTECT, TN_SCRUB_ON_RELEASE).
 */
#include <tenure/tenure.h>

#include "mistakes.h"

static bool guarded;

static struct tn_dma_pool *pool_of_four(void)
{
    const struct tn_dma_pool_config config = {.count = 4,
                                              .buffer_bytes = 2048,
                                              .guard = guarded ? TN_GUARD_MPROTECT : TN_GUARD_OFF,
                                              .scrub = guarded ? TN_SCRUB_ON_RELEASE : TN_SCRUB_NEVER};
    struct tn_dma_pool *pool = tn_dma_pool_create(&config, NULL);
    if (pool == NULL)
        _exit(0); /* nothing was caught */
    return pool;
}

static struct tn_dma_buffer taken_from(struct tn_dma_pool *pool)
{
    struct tn_dma_buffer buffer = {0};
    if (!tn_dma_buffer_alloc(pool, &buffer))
        _exit(0);
    return buffer;
}

static struct tn_fence submitted(struct tn_dma_buffer *buffer)
{
    struct tn_fence fence = {0};
    if (!tn_dma_submit(buffer, 64, &fence))
        _exit(0);
    return fence;
}

static bool told(struct tn_dma_pool *pool)
{
    return tn_dma_pool_counts(pool).refused != 0;
}

static bool double_free(void)
{
    struct tn_dma_pool *pool = pool_of_four();
    struct tn_dma_buffer buffer = taken_from(pool), copy = buffer;
    tn_dma_buffer_release(&buffer);
    tn_dma_buffer_release(&copy);
    return told(pool);
}

static bool double_submit(void)
{
    struct tn_dma_pool *pool = pool_of_four();
    struct tn_dma_buffer buffer = taken_from(pool), copy = buffer;
    struct tn_fence other = {0};
    (void)submitted(&buffer);
    return !tn_dma_submit(&copy, 64, &other) && told(pool);
}

static bool use_after_submit(void)
{
    struct tn_dma_pool *pool = pool_of_four();
    struct tn_dma_buffer buffer = taken_from(pool), copy = buffer;
    (void)submitted(&buffer);
    return tn_dma_buffer_data(&copy) == NULL && told(pool);
}

static bool use_after_free(void)
{
    struct tn_dma_pool *pool = pool_of_four();
    struct tn_dma_buffer buffer = taken_from(pool), copy = buffer;
    tn_dma_buffer_release(&buffer);
    return tn_dma_buffer_data(&copy) == NULL && told(pool);
}

static bool free_in_flight(void)
{
    struct tn_dma_pool *pool = pool_of_four();
    struct tn_dma_buffer buffer = taken_from(pool), copy = buffer;
    (void)submitted(&buffer);
    tn_dma_buffer_release(&copy);
    return told(pool);
}

/* Through a raw pointer that was kept: only the guard can see it. */
static bool write_after_submit(void)
{
    struct tn_dma_pool *pool = pool_of_four();
    struct tn_dma_buffer buffer = taken_from(pool);
    volatile char *kept = tn_dma_buffer_data(&buffer);
    (void)submitted(&buffer);
    *kept = 1;
    return told(pool);
}

/* Caught: the next owner does not find them. */
static bool stale_contents(void)
{
    struct tn_dma_pool *pool = pool_of_four();
    struct tn_dma_buffer buffer = taken_from(pool);
    strcpy(tn_dma_buffer_data(&buffer), "secret");
    tn_dma_buffer_release(&buffer);
    buffer = taken_from(pool);
    return strcmp(tn_dma_buffer_data(&buffer), "secret") != 0;
}

static bool stale_completion_after_reuse(void)
{
    struct tn_dma_pool *pool = pool_of_four();
    struct tn_dma_buffer buffer = taken_from(pool), other = {0};
    struct tn_fence fence = submitted(&buffer), late = fence;
    if (!tn_fence_complete(&fence, 64, &buffer))
        return false;
    tn_dma_buffer_release(&buffer);
    buffer = taken_from(pool);
    (void)submitted(&buffer);
    return !tn_fence_complete(&late, 64, &other) && told(pool);
}

static bool leak(void)
{
    struct tn_dma_pool *pool = pool_of_four();
    (void)taken_from(pool);
    return tn_dma_pool_destroy(pool) == TN_ESTATE;
}

int main(int argc, char **argv)
{
    static const struct mistake mistakes[] = {
        {"double_free", double_free},
        {"double_submit", double_submit},
        {"use_after_submit", use_after_submit},
        {"use_after_free", use_after_free},
        {"free_in_flight", free_in_flight},
        {"write_after_submit", write_after_submit},
        {"stale_contents", stale_contents},
        {"stale_completion_after_reuse", stale_completion_after_reuse},
        {"leak", leak},
    };
    guarded = argc > 1 && strcmp(argv[1], "guarded") == 0;
    return make_mistakes(mistakes, sizeof(mistakes) / sizeof(*mistakes));
}
