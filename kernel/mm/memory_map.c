/* SPDX-License-Identifier: Apache-2.0 */
/* See memory_map.h. The map is kept sorted and disjoint after every addition, by cutting at each border. */
#include "mm/memory_map.h"

#include <stdbool.h>

#define PAGE  UINT64_C(4096)
#define LIMIT (UINT64_C(1) << 52)

static bool push(struct memory_map *map, uint64_t start, uint64_t end, uint32_t type)
{
    if (start >= end)
        return true;
    if (map->count > 0) {
        struct memory_range *last = &map->range[map->count - 1];
        if (last->end == start && last->type == type) {
            last->end = end;
            return true;
        }
    }
    if (map->count == MEMORY_RANGES_MAX)
        return false;
    map->range[map->count++] = (struct memory_range){start, end, type};
    return true;
}

enum tn_status memory_map_add(struct memory_map *map, uint64_t start, uint64_t bytes, enum memory_type type)
{
    if (start > LIMIT || bytes > LIMIT - start)
        return TN_EINVAL;
    uint64_t end = start + bytes;
    if (type == MEMORY_RAM) {
        start = (start + PAGE - 1) & ~(PAGE - 1);
        end &= ~(PAGE - 1);
    } else {
        start &= ~(PAGE - 1);
        end = (end + PAGE - 1) & ~(PAGE - 1);
    }
    if (bytes == 0 || start >= end)
        return TN_OK;

    struct memory_map merged = {0};
    uint64_t at = start; /* the part of the new range before this is placed */
    bool room = true;
    for (uint32_t i = 0; i < map->count; i++) {
        struct memory_range old = map->range[i];
        if (old.end <= start || old.start >= end) {
            if (old.start >= end && at < end) {
                room = room && push(&merged, at, end, type);
                at = end;
            }
            room = room && push(&merged, old.start, old.end, old.type);
            continue;
        }
        uint64_t low = old.start > start ? old.start : start;
        uint64_t high = old.end < end ? old.end : end;
        room = room && push(&merged, old.start, low, old.type) && push(&merged, at, low, type) &&
               push(&merged, low, high, old.type > type ? old.type : type);
        at = high;
        room = room && push(&merged, high, old.end, old.type);
    }
    room = room && push(&merged, at, end, type);
    if (!room)
        return TN_EEXHAUSTED;
    *map = merged;
    return TN_OK;
}

uint64_t memory_map_bytes(const struct memory_map *map, enum memory_type type)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < map->count; i++)
        if (map->range[i].type == type)
            bytes += map->range[i].end - map->range[i].start;
    return bytes;
}

const char *memory_type_name(uint32_t type)
{
    static const char *const name[] = {"?", "ram", "firmware", "reserved", "kernel"};
    return type < sizeof name / sizeof name[0] ? name[type] : name[0];
}
