/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handles: 64 bits, an index into the holder's own capability table and a generation. A number from
 * another table, or from before, is just a wrong number. The kind is in the table entry and in the C type.
 */
#ifndef TENURE_ABI_HANDLE_H
#define TENURE_ABI_HANDLE_H

#include <stdint.h>

enum {
    TN_HANDLE_SLOT_BITS = 20,
    TN_HANDLE_GENERATION_BITS = 44,
};
#define TN_HANDLE_SLOTS     (UINT64_C(1) << TN_HANDLE_SLOT_BITS)
#define TN_HANDLE_SLOT_MASK (TN_HANDLE_SLOTS - 1)
/* The last generation of a slot. At two generations a submission and 10 million submissions a second
 * of one and the same slot, a slot retires after ten days; slots are reused oldest first, so a table of
 * n slots lasts n times as long (64 slots: 20 months). */
#define TN_HANDLE_GENERATION_MAX ((UINT64_C(1) << TN_HANDLE_GENERATION_BITS) - 1)

/* Generation 0 is never valid, so an all-zero handle is "none" everywhere. */
#define TN_HANDLE_NONE UINT64_C(0)

/*@ logic integer tn_slot_of(integer handle) = handle % TN_HANDLE_SLOTS;
    logic integer tn_generation_of(integer handle) = handle / TN_HANDLE_SLOTS; */

/*@ requires slot < TN_HANDLE_SLOTS && generation <= TN_HANDLE_GENERATION_MAX;
    assigns \nothing;
    ensures tn_slot_of(\result) == slot && tn_generation_of(\result) == generation; */
static inline uint64_t tn_handle_make(uint32_t slot, uint64_t generation)
{
    return generation * TN_HANDLE_SLOTS + slot;
}
/*@ assigns \nothing;
    ensures \result == tn_slot_of(handle) && \result < TN_HANDLE_SLOTS; */
static inline uint32_t tn_handle_slot(uint64_t handle)
{
    return (uint32_t)(handle % TN_HANDLE_SLOTS);
}
/*@ assigns \nothing;
    ensures \result == tn_generation_of(handle) && \result <= TN_HANDLE_GENERATION_MAX; */
static inline uint64_t tn_handle_generation(uint64_t handle)
{
    return handle / TN_HANDLE_SLOTS;
}

enum tn_kind {
    TN_KIND_NONE = 0,
    TN_KIND_CONSOLE = 1,
    TN_KIND_DEVICE = 2,
    TN_KIND_DEVICE_MMIO = 3,
    TN_KIND_INTERRUPT = 4,
    TN_KIND_DMA_POOL = 5,
    TN_KIND_DMA_BUFFER = 6, /* owned by the CPU */
    TN_KIND_FENCE = 7,      /* the same buffer while it is in flight */
    TN_KIND_DMA_SHARED = 8, /* ring memory shared with a device for the session's life */
    TN_KIND_CHANNEL = 9,    /* a client's session with a service */
    TN_KIND_SERVICE = 10,   /* the serving end of all sessions of one service */
    TN_KIND_AUDIT_LOG = 11,
    TN_KIND_PROCESS = 12, /* a process of the manifest, for its supervisor; the same one through all its restarts */
    TN_KIND_COUNT
};

enum tn_right {
    TN_RIGHT_READ = 1u << 0,  /* receive data, map for reading */
    TN_RIGHT_WRITE = 1u << 1, /* send data, map for writing */
    TN_RIGHT_CONTROL = 1u << 2,
};

#endif
