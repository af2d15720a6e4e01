/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Physical page frames. A frame is handed out zeroed (G5), so what a former owner left is never seen; who frees a frame
 * that held payload scrubs it first. Frames under a device that was not silenced are never freed (G10).
 */
#ifndef TENURE_KERNEL_MM_FRAME_H
#define TENURE_KERNEL_MM_FRAME_H

#include <stdint.h>

#include <tenure/abi/status.h>

#include "arch/x86_64/layout.h"
#include "mm/memory_map.h"

static inline void *phys_to_virt(uint64_t physical)
{
    return (void *)(uintptr_t)(PHYSMAP_BASE + physical);
}

/* Takes over all RAM of the map. Needs PHYSMAP. TN_EEXHAUSTED: no room for the bitmap. */
TN_MUST_CHECK enum tn_status frames_init(const struct memory_map *map);

/* `count` frames in a row, as their last owner left them: only for who fills them before anybody else can look. */
TN_MUST_CHECK enum tn_status frames_take(uint64_t count, uint64_t *physical);
/* `count` frames in a row, zeroed. TN_EINVAL: count is 0. TN_EEXHAUSTED: no such run is free; nothing changed. */
TN_MUST_CHECK enum tn_status frames_alloc(uint64_t count, uint64_t *physical);
/* Frames that frames_alloc gave, all or a part. */
void frames_free(uint64_t physical, uint64_t count);
/* Marks allocated frames as lost until reboot. Only counts: they stay allocated. */
void frames_quarantine(uint64_t count);
/* They are out of it: their owner scrubs and frees them. */
void frames_acquit(uint64_t count);

struct frame_counts {
    uint64_t total, free, quarantined;
};
struct frame_counts frames_count(void);

#endif
