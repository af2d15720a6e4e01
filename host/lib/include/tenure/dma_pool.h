/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pools of DMA buffers: what they are made of, who else looks after their memory, what has happened in them. What one
 * does with the buffers is in tenure.h.
 */
#ifndef TENURE_DMA_POOL_H
#define TENURE_DMA_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tenure/own.h>

#ifdef __cplusplus
extern "C" {
#pragma GCC diagnostic push /* C that is also C++: for users who have these as errors, and until the end of it */
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wzero-as-null-pointer-constant"
#pragma GCC diagnostic ignored "-Wsign-conversion" /* these two in core/ */
#pragma GCC diagnostic ignored "-Wshadow"
#endif

#include <tenure/abi/status.h>
#include <tenure/core/dma_direct.h>

#define TN_NOTHROW __attribute__((nothrow)) /* in C++: no token is lost by an exception in here */

#define TN_VERSION_MAJOR 0
#define TN_VERSION_MINOR 1
/* Of the library that runs: TN_VERSION_MAJOR << 16 | TN_VERSION_MINOR. */
TN_NOTHROW uint32_t tn_version(void);

/* A returned pointer ends with that function: gcc's -Wuse-after-free, -Wmismatched-dealloc and -fanalyzer follow it. */
#if defined(__GNUC__) && !defined(__clang__) && !defined(TN_OWN_OFF)
#define TN_ENDS_WITH(function) __attribute__((malloc(function, 1)))
#define TN_FRESH               __attribute__((malloc))
#else
#define TN_ENDS_WITH(function)
#define TN_FRESH
#endif

/* Whose memory the buffers are. */
enum tn_backing {
    TN_BACKING_PAGES, /* the library's own memory, locked against swapping if the limit allows it */
    TN_BACKING_HUGE,  /* the same in huge pages of 2 MiB (hugetlbfs must have them) */
    TN_BACKING_GIVEN, /* `memory`: a VFIO mapping, hugetlbfs, a simulator's. It stays the caller's and outlives the pool
                       */
};
/* How a touch of what is not the CPU's is noticed: a raw pointer that was kept over a submit, say. */
enum tn_guard {
    TN_GUARD_OFF,
    TN_GUARD_ASAN,     /* what is not the CPU's is poisoned; the program must be built with AddressSanitizer */
    TN_GUARD_MPROTECT, /* the CPU cannot touch what is not the CPU's: SIGSEGV, after a report of who submitted it, where
                        */
};
/* What the next owner finds in a buffer. */
enum tn_scrub {
    TN_SCRUB_NEVER,      /* what its last owner left */
    TN_SCRUB_ON_RELEASE, /* zeroed before anyone gets it again */
};

/* Where a device finds the `bytes` at `memory`, as a descriptor must say it. UINT64_MAX: it cannot. No two buffers of a
 * pool may overlap there. */
typedef uint64_t tn_translate(void *context, const void *memory, size_t bytes);

/* What a pool is made of. What is left zero is the plainest choice: pages of the library's own, no guard, no scrub. */
struct tn_dma_pool_config {
    const char *label;     /* for reports, at most 31 bytes are kept; NULL: "pool" */
    uint32_t count;        /* buffers, 1 to 2^20 */
    uint32_t buffer_bytes; /* of each, 1 to 2^31 */
    enum tn_backing backing;
    enum tn_guard guard;
    enum tn_scrub scrub;
    void *memory;            /* with TN_BACKING_GIVEN: tn_dma_pool_memory_bytes, from a multiple of 64, */
    size_t memory_bytes;     /* or of 4096 with TN_GUARD_MPROTECT; huge pages: buffers must be whole ones then */
    tn_translate *translate; /* asked once for each buffer; NULL: the device uses the CPU's addresses (a simulator) */
    void *context;
    bool boxes; /* serves tenure/box.h as well: 640 bytes more for each buffer */
};

/* The part of a pool that the functions below use. Everything in it is the library's. */
struct tn_dma_pool {
    struct tn_pool core;
    unsigned char *memory;
    const uint64_t *address; /* of each buffer, for the device */
    uint64_t stride;
};

/* What has happened in a pool. */
struct tn_dma_counts {
    uint32_t buffers;
    uint32_t free;
    uint32_t in_flight;
    uint32_t quarantined;
    uint64_t refused;        /* operations with a token that was empty, stale, forged or of the wrong state */
    uint32_t refused_status; /* of the latest of these, enum tn_status */
    uint64_t lied;           /* completions that claimed more bytes than were submitted */
    uint64_t guard_refused;  /* times that the system had no more pieces of memory for TN_GUARD_MPROTECT */
};

/* Bytes of memory that buffers of this size take: each starts at a multiple of 64, or of 4096 with TN_GUARD_MPROTECT.
 * 0: a count, size or guard out of range. */
TN_NOTHROW size_t tn_dma_pool_memory_bytes(uint32_t count, uint32_t buffer_bytes, enum tn_guard guard);
/* Gives a pool back. TN_ESTATE: buffers are still the CPU's or in flight, that is, leaked or too early; the pool is
 * still there, and tn_dma_pool_counts says how many. TN_EQUARANTINED: the pool is gone, and its memory stays what it is
 * until the process ends, guarded as it was, since a device may still write there (memory that was given is the
 * caller's again). TN_OK otherwise; NULL is TN_EINVAL. */
TN_NOTHROW TN_MUST_CHECK enum tn_status tn_dma_pool_destroy(struct tn_dma_pool *pool);
/* A pool, its buffers zeroed and free. NULL, and why in *status (may be NULL): TN_EINVAL (a field out of range or of no
 * meaning, memory too small or not aligned, an address the device cannot use, addresses that overlap), TN_EEXHAUSTED
 * (no memory), TN_ENOTSUP (no huge pages; TN_GUARD_ASAN without AddressSanitizer). */
TN_NOTHROW TN_MUST_CHECK struct tn_dma_pool *tn_dma_pool_create(const struct tn_dma_pool_config *config,
                                                                enum tn_status *status);
/* What has happened so far. */
TN_NOTHROW struct tn_dma_counts tn_dma_pool_counts(const struct tn_dma_pool *pool);

#ifdef __cplusplus
#pragma GCC diagnostic pop
}
#endif

#endif
