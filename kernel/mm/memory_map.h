/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's memory as firmware describes it: sorted, page-aligned, without overlaps. Pure; tested on the host.
 * Where two entries overlap, the less usable type wins: a hole in RAM stays a hole.
 */
#ifndef TENURE_KERNEL_MM_MEMORY_MAP_H
#define TENURE_KERNEL_MM_MEMORY_MAP_H

#include <stdint.h>

#include <tenure/abi/status.h>

enum memory_type { /* by rising right to win an overlap */
                   MEMORY_RAM = 1,
                   MEMORY_FIRMWARE =
                       2, /* ACPI tables and NVS, reserved memory that touches RAM: readable, not allocatable */
                   MEMORY_RESERVED = 3,
                   MEMORY_KERNEL = 4, /* image, archive */
};

enum { MEMORY_RANGES_MAX = 128 };

struct memory_range {
    uint64_t start; /* page aligned */
    uint64_t end;   /* exclusive */
    uint32_t type;  /* enum memory_type */
};

struct memory_map {
    uint32_t count;
    struct memory_range range[MEMORY_RANGES_MAX];
};

/* Adds [start, start + bytes). RAM is rounded inwards to pages, everything else outwards. TN_EINVAL: it wraps, or is
 * above 2^52; TN_EEXHAUSTED: too many ranges. Empty ranges are ignored. Nothing is changed unless TN_OK. */
TN_MUST_CHECK enum tn_status memory_map_add(struct memory_map *map, uint64_t start, uint64_t bytes,
                                            enum memory_type type);
/* Bytes of one type. */
uint64_t memory_map_bytes(const struct memory_map *map, enum memory_type type);
const char *memory_type_name(uint32_t type);

#endif
