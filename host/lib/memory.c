/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a pool's buffers live. With a guard the library maps its own memory twice: the CPU's mapping is guarded, the
 * other is what a device in the same process (a simulator) uses.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pool_inside.h"

static size_t round_up(size_t bytes, size_t to)
{
    return (bytes + to - 1) / to * to;
}

static size_t stride_of(uint32_t buffer_bytes, enum tn_guard guard)
{
    return round_up(buffer_bytes, guard == TN_GUARD_MPROTECT ? TN_PAGE : TN_CACHE_LINE);
}

size_t tn_dma_pool_memory_bytes(uint32_t count, uint32_t buffer_bytes, enum tn_guard guard)
{
    if (count == 0 || count > TN_HANDLE_SLOTS || buffer_bytes == 0 || buffer_bytes > UINT32_C(1) << 31)
        return 0;
    if (guard != TN_GUARD_OFF && guard != TN_GUARD_ASAN && guard != TN_GUARD_MPROTECT)
        return 0;
    return count * stride_of(buffer_bytes, guard);
}

/* Can a buffer be guarded alone? A huge page is as a whole, which the system says to a change of rights only; what may
 * not be written must not be closed, for nothing would open it again. */
static bool is_in_pieces(void *memory, size_t stride)
{
    return mprotect(memory, stride, PROT_READ | PROT_WRITE) == 0 && mprotect(memory, stride, PROT_NONE) == 0 &&
           mprotect(memory, stride, PROT_READ | PROT_WRITE) == 0;
}

static enum tn_status given(struct tn_pool_inside *pool, const struct tn_dma_pool_config *config)
{
    size_t alignment = config->guard == TN_GUARD_MPROTECT ? TN_PAGE : TN_CACHE_LINE;
    if (config->memory == NULL || (uintptr_t)config->memory % alignment != 0 ||
        config->memory_bytes < pool->memory_bytes)
        return TN_EINVAL;
    if (config->guard == TN_GUARD_MPROTECT && !is_in_pieces(config->memory, pool->face.stride))
        return errno == ENOMEM ? TN_EEXHAUSTED : TN_EINVAL;
    pool->face.memory = config->memory;
    memset(pool->face.memory, 0, pool->memory_bytes);
    return TN_OK;
}

static unsigned char *map(size_t bytes, int flags)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

/* The same pages at two places. Not by a file in memory: the system promises that in any size, and locking it would
 * then take all memory that there is. */
static enum tn_status map_twice(struct tn_pool_inside *pool)
{
    pool->face.memory = map(pool->memory_bytes, MAP_SHARED);
    if (pool->face.memory == NULL)
        return TN_EEXHAUSTED;
    void *again = mremap(pool->face.memory, 0, pool->memory_bytes, MREMAP_MAYMOVE); /* from 0 bytes: one more mapping */
    if (again != MAP_FAILED) {
        pool->device_memory = again;
        return TN_OK;
    }
    tn_memory_give(pool);
    return TN_EEXHAUSTED;
}

static enum tn_status map_once(struct tn_pool_inside *pool, bool huge)
{
    if (huge)
        pool->memory_bytes = round_up(pool->memory_bytes, TN_HUGE_PAGE);
    pool->face.memory = map(pool->memory_bytes, MAP_PRIVATE | (huge ? MAP_HUGETLB : 0));
    if (pool->face.memory != NULL)
        return TN_OK;
    return huge ? TN_ENOTSUP : TN_EEXHAUSTED;
}

/* Not into a child of fork. It could write where a device or the parent does; and of private memory the parent would
 * get another page at its next write, while the device goes on with the old one. */
static bool keep_from_children(void *memory, size_t bytes)
{
    return memory == NULL || madvise(memory, bytes, MADV_DONTFORK) == 0;
}

enum tn_status tn_memory_get(struct tn_pool_inside *pool, const struct tn_dma_pool_config *config)
{
    pool->process = getpid();
    pool->face.stride = stride_of(config->buffer_bytes, config->guard);
    pool->memory_bytes = tn_dma_pool_memory_bytes(config->count, config->buffer_bytes, config->guard);
    if (config->scrub == TN_SCRUB_ON_RELEASE) /* with the gap behind it, which AddressSanitizer lets nobody touch */
        pool->scrub_bytes = config->guard == TN_GUARD_ASAN ? config->buffer_bytes : pool->face.stride;
    if (config->backing == TN_BACKING_GIVEN)
        return given(pool, config);
    bool huge = config->backing == TN_BACKING_HUGE;
    if (huge && config->guard == TN_GUARD_MPROTECT)
        return TN_EINVAL; /* a huge page would be guarded as a whole */
    enum tn_status status = config->guard == TN_GUARD_OFF || huge ? map_once(pool, huge) : map_twice(pool);
    if (status != TN_OK)
        return status;
    if (!keep_from_children(pool->face.memory, pool->memory_bytes) ||
        !keep_from_children(pool->device_memory, pool->memory_bytes))
        return TN_EEXHAUSTED;                           /* the caller gives it back */
    (void)mlock(pool->face.memory, pool->memory_bytes); /* a limit may forbid it; DMA needs pinning in any case */
    return TN_OK;
}

void tn_memory_give(struct tn_pool_inside *pool)
{
    bool is_ours = pool->process == getpid(); /* what a child has there is something else */
    if (is_ours && pool->backing != TN_BACKING_GIVEN && pool->face.memory != NULL)
        munmap(pool->face.memory, pool->memory_bytes);
    if (is_ours && pool->device_memory != NULL)
        munmap(pool->device_memory, pool->memory_bytes);
    pool->face.memory = pool->device_memory = NULL;
}
