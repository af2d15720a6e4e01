/* SPDX-License-Identifier: Apache-2.0 */
/* See frame.h. One bit a frame (1 = not free), next-fit. */
#include "mm/frame.h"

#include <stdbool.h>

#include "diag/panic.h"
#include "diag/provoke_fail.h"
#include "lib/lock.h"
#include "lib/string.h"

/* What boot.S maps at PHYSMAP_BASE, until kernel_space_init maps all of it. */
#define BOOT_MAPPING_BYTES (UINT64_C(1) << 32)

static uint64_t *bitmap;
static uint64_t words; /* of the bitmap */
static uint64_t hint;  /* frame at which the next search begins */
static struct frame_counts counts;

static bool is_used(uint64_t frame)
{
    return bitmap[frame / 64] >> (frame % 64) & 1;
}

static void set_used(uint64_t frame, uint64_t count)
{
    for (uint64_t f = frame; f < frame + count; f++)
        bitmap[f / 64] |= UINT64_C(1) << (f % 64);
}

static void set_free(uint64_t frame, uint64_t count)
{
    while (count > 0) {
        if (frame % 64 == 0 && count >= 64) {
            bitmap[frame / 64] = 0;
            frame += 64;
            count -= 64;
            continue;
        }
        bitmap[frame / 64] &= ~(UINT64_C(1) << (frame % 64));
        frame++;
        count--;
    }
}

enum tn_status frames_init(const struct memory_map *map)
{
    uint64_t top = 0;
    for (uint32_t i = 0; i < map->count; i++)
        if (map->range[i].type == MEMORY_RAM)
            top = map->range[i].end;
    words = (top / PAGE_SIZE + 63) / 64;
    uint64_t bytes = page_up(words * 8);

    /* the last range that holds the bitmap within reach of the boot mapping: lower memory stays in one piece */
    uint64_t home = 0;
    for (uint32_t i = 0; i < map->count; i++)
        if (map->range[i].type == MEMORY_RAM && map->range[i].end <= BOOT_MAPPING_BYTES &&
            map->range[i].end - map->range[i].start >= bytes)
            home = map->range[i].end - bytes;
    if (home == 0)
        return TN_EEXHAUSTED;
    bitmap = phys_to_virt(home);
    memset(bitmap, 0xff, words * 8);

    for (uint32_t i = 0; i < map->count; i++) {
        const struct memory_range *r = &map->range[i];
        if (r->type != MEMORY_RAM)
            continue;
        set_free(r->start / PAGE_SIZE, (r->end - r->start) / PAGE_SIZE);
        counts.total += (r->end - r->start) / PAGE_SIZE;
    }
    set_used(home / PAGE_SIZE, bytes / PAGE_SIZE);
    counts.free = counts.total - bytes / PAGE_SIZE;
    return TN_OK;
}

/* First frame of a free run of `count` in [from, to), or `to`. */
static uint64_t find_run(uint64_t from, uint64_t to, uint64_t count)
{
    uint64_t run = 0;
    for (uint64_t f = from; f < to;) {
        if (f % 64 == 0 && bitmap[f / 64] == UINT64_MAX) {
            run = 0;
            f += 64;
            continue;
        }
        run = is_used(f) ? 0 : run + 1;
        f++;
        if (run == count)
            return f - count;
    }
    return to;
}

static enum tn_status take(uint64_t count, uint64_t *physical)
{
    if (count == 0)
        return TN_EINVAL;
    if (count > counts.free)
        return TN_EEXHAUSTED;
    uint64_t end = words * 64;
    uint64_t frame = find_run(hint, end, count);
    if (frame == end) {
        /* a run may begin before the hint and end behind it */
        frame = find_run(0, end, count);
        if (frame == end)
            return TN_EEXHAUSTED;
    }
    set_used(frame, count);
    counts.free -= count;
    hint = frame + count;
    *physical = frame * PAGE_SIZE;
    return TN_OK;
}

enum tn_status frames_take(uint64_t count, uint64_t *physical)
{
#ifdef TN_PROVOKE
    if (provoke_fail_now())
        return TN_EEXHAUSTED;
#endif
    lock_acquire(LOCK_FRAME_ALLOCATOR);
    enum tn_status status = take(count, physical);
    lock_release(LOCK_FRAME_ALLOCATOR);
    return status;
}

enum tn_status frames_alloc(uint64_t count, uint64_t *physical)
{
    enum tn_status status = frames_take(count, physical);
    if (status == TN_OK)
        memset(phys_to_virt(*physical), 0, count * PAGE_SIZE);
    return status;
}

void frames_free(uint64_t physical, uint64_t count)
{
    uint64_t frame = physical / PAGE_SIZE;
    lock_acquire(LOCK_FRAME_ALLOCATOR);
    for (uint64_t f = frame; f < frame + count; f++)
        if (!is_used(f))
            panic("frame: freed twice");
    set_free(frame, count);
    counts.free += count;
    /* freed memory is looked at first: a small set of frames stays warm, and what it held is seen to be gone */
    if (frame < hint)
        hint = frame;
    lock_release(LOCK_FRAME_ALLOCATOR);
}

void frames_quarantine(uint64_t count)
{
    lock_acquire(LOCK_FRAME_ALLOCATOR);
    counts.quarantined += count;
    lock_release(LOCK_FRAME_ALLOCATOR);
}

void frames_acquit(uint64_t count)
{
    lock_acquire(LOCK_FRAME_ALLOCATOR);
    counts.quarantined -= count;
    lock_release(LOCK_FRAME_ALLOCATOR);
}

struct frame_counts frames_count(void)
{
    lock_acquire(LOCK_FRAME_ALLOCATOR);
    struct frame_counts now = counts;
    lock_release(LOCK_FRAME_ALLOCATOR);
    return now;
}
