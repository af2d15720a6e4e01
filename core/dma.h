/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DMA pools, buffers and fences: who owns which buffer, until when.
 *
 * A pool is a fixed number of buffers of one size. A queue is a fixed number of fences, on the way to one device or
 * service. Submitting moves a buffer from its CPU owner to one fence; the end of the fence moves it back, or to
 * quarantine. Names are 64 bits (tenure/abi/handle.h): slot and generation. A buffer's generation grows at every change
 * of holder, so the name from before a submit, a completion or a release is stale for ever (G1, G3, G4).
 *
 * The embedder owns the memory of all records and of the buffers, and does what a commit allows: maps, posts, scrubs.
 * Nothing here locks: one owner at a time calls (the kernel is one CPU at a time in here; the host library locks
 * outside).
 */
#ifndef TENURE_CORE_DMA_H
#define TENURE_CORE_DMA_H

#include <stdint.h>

#include <tenure/abi/handle.h>
#include <tenure/abi/ring.h>
#include <tenure/abi/status.h>

#include "ledger.h"
#include "slot.h"

enum tn_buffer_state {
    TN_BUFFER_FREE,
    TN_BUFFER_CPU,
    TN_BUFFER_IN_FLIGHT,
    TN_BUFFER_COMPLETED,
    TN_BUFFER_ABORTED,
    TN_BUFFER_ORPHAN, /* its client is gone, its device is not: mapped and charged until the completion */
    TN_BUFFER_SCRUBBING,
    TN_BUFFER_QUARANTINED,
    TN_BUFFER_STATES
};

enum tn_pool_state {
    TN_POOL_EMPTY,
    TN_POOL_RESERVED,    /* charged, no memory yet */
    TN_POOL_COMMITTED,   /* has zeroed memory */
    TN_POOL_MAPPED,      /* reachable by its owner, and by a device as the policy says: buffers can be taken */
    TN_POOL_REVOKING,    /* no new buffers, no new submits */
    TN_POOL_INVALIDATED, /* no device and no CPU mapping is left */
    TN_POOL_SCRUBBED,
    TN_POOL_QUARANTINED, /* for good: the device that may still write was not silenced */
    TN_POOL_STATES
};

enum tn_fence_state {
    TN_FENCE_FREE,
    TN_FENCE_QUEUED, /* accepted; the device's side has not seen it */
    TN_FENCE_POSTED, /* the device's side has it */
    TN_FENCE_ENDED,  /* outcome known, not yet taken */
    TN_FENCE_STATES
};

struct tn_buffer {
    struct tn_slot slot;
    uint8_t state; /* enum tn_buffer_state */
    uint8_t direction;
    uint16_t reserved;
    uint32_t length; /* bytes asked for at alloc; at most the pool's buffer_bytes */
};

struct tn_pool {
    struct tn_slots slots; /* of struct tn_buffer */
    uint64_t owner_epoch;
    struct tn_ledger *ledger; /* charged: TN_CHARGE_BUFFERS a taken buffer, TN_CHARGE_IN_FLIGHT a submitted one */
    uint32_t buffer_bytes;    /* size of each buffer */
    uint32_t state;           /* enum tn_pool_state */
    uint32_t in_state[TN_BUFFER_STATES]; /* how many buffers are in each state; the sum is the pool's count,
                                            retired ones count as TN_BUFFER_FREE */
};

struct tn_fence_record {
    struct tn_slot slot;
    uint8_t state;            /* enum tn_fence_state */
    uint8_t direction;        /* enum tn_direction */
    uint8_t orphan;           /* the client is gone: the end of this fence tells nobody */
    uint8_t status;           /* enum tn_status once ended */
    uint32_t previous;        /* in the FIFO of queued fences */
    uint64_t ticket;          /* of this submission; never repeated in this queue */
    struct tn_pool *pool;     /* NULL: no buffer travels with it */
    struct tn_ledger *ledger; /* holds the charge of TN_CHARGE_IN_FLIGHT */
    uint32_t buffer;          /* slot in the pool */
    uint32_t length;          /* bytes submitted */
    uint32_t used;            /* bytes the device says it wrote or read, at most length; once ended */
    uint32_t next;            /* in the FIFO of queued fences */
};

struct tn_queue {
    struct tn_slots slots; /* of struct tn_fence_record */
    uint64_t next_ticket;  /* starts at 1; UINT64_MAX is never given out: the queue then refuses with TN_ERETIRED */
    uint32_t queued_head;  /* FIFO of TN_FENCE_QUEUED */
    uint32_t queued_tail;
    uint32_t in_state[TN_FENCE_STATES];
    uint64_t refused_completions; /* stale, duplicate, late or lying completions */
};

/* The tables of the state machines: may a buffer (pool, fence) go from one state to the other? False for values out of
 * range. */
bool tn_buffer_may_move(uint32_t from, uint32_t to);
bool tn_pool_may_move(uint32_t from, uint32_t to);
bool tn_fence_may_move(uint32_t from, uint32_t to);
const char *tn_buffer_state_name(uint32_t state);
const char *tn_pool_state_name(uint32_t state);
const char *tn_fence_state_name(uint32_t state);

/* ---- pools ---- */

/* `count` buffers of `buffer_bytes` each (1 to 2^31), in state TN_POOL_EMPTY. False and nothing changed on a bad
 * argument. */
bool tn_pool_init(struct tn_pool *pool, struct tn_buffer *records, uint32_t count, uint32_t buffer_bytes,
                  uint64_t owner_epoch, struct tn_ledger *ledger, uint64_t generation_max);
/* The one function that moves a pool: TN_ESTATE if the table has no such move, or if buffers are outstanding that
 * forbid it: to REVOKING from MAPPED always; to INVALIDATED only when no buffer is in flight, orphan or in quarantine;
 * to SCRUBBED only when every buffer is free. */
TN_MUST_CHECK enum tn_status tn_pool_move(struct tn_pool *pool, enum tn_pool_state to);

/* TN_ESTATE: pool not mapped. TN_ERANGE: length 0 or above buffer_bytes. TN_EBUDGET. TN_EEXHAUSTED: no free buffer.
 * Checked in this order. */
TN_MUST_CHECK enum tn_status tn_buffer_alloc_decide(const struct tn_pool *pool, uint64_t length);
/* Returns the buffer's name; state TN_BUFFER_CPU. The memory was zeroed when the pool was committed and at every
 * release. */
uint64_t tn_buffer_alloc_commit(struct tn_pool *pool, uint32_t length);

/* The record of a slot below slots.count, for reading. */
static inline const struct tn_buffer *tn_pool_at(const struct tn_pool *pool, uint32_t slot)
{
    return (const struct tn_buffer *)(const void *)tn_slots_at(&pool->slots, slot);
}
/* The current name of a slot, for walks at teardown; TN_HANDLE_NONE if it is free, being scrubbed or out of range. */
uint64_t tn_buffer_name(const struct tn_pool *pool, uint32_t slot);

/* TN_ESTALE: not a live name of this pool. TN_ESTATE: live, and not owned by the CPU. */
TN_MUST_CHECK enum tn_status tn_buffer_use_decide(const struct tn_pool *pool, uint64_t name);
/* Releases a CPU-owned buffer (tn_buffer_use_decide is its decide): to TN_BUFFER_SCRUBBING. Older names are stale from
 * here. The embedder scrubs buffer_bytes, then calls tn_buffer_scrubbed_commit(slot). */
void tn_buffer_release_commit(struct tn_pool *pool, uint64_t name);
/* SCRUBBING to FREE (or retired), uncharged. */
void tn_buffer_scrubbed_commit(struct tn_pool *pool, uint32_t slot);

/* ---- queues and fences ---- */

/* `depth` fences. False and nothing changed on a bad argument. */
bool tn_queue_init(struct tn_queue *queue, struct tn_fence_record *records, uint32_t depth, uint64_t generation_max);

/* The record of a slot below slots.count, for reading. */
static inline const struct tn_fence_record *tn_queue_at(const struct tn_queue *queue, uint32_t slot)
{
    return (const struct tn_fence_record *)(const void *)tn_slots_at(&queue->slots, slot);
}
/* The current name of a slot, for walks at teardown; TN_HANDLE_NONE if it is free or out of range. */
uint64_t tn_fence_name(const struct tn_queue *queue, uint32_t slot);

/* What one submission is. */
struct tn_submission {
    struct tn_pool *pool;     /* NULL: no buffer */
    uint64_t buffer;          /* name; ignored without a pool */
    struct tn_ledger *ledger; /* of the client: charged one TN_CHARGE_IN_FLIGHT */
    uint32_t length;          /* 1 to the buffer's length; 0 without a pool */
    uint32_t direction;       /* enum tn_direction; TN_NO_DATA exactly without a pool */
};

/* In this order: TN_EINVAL (no ledger, direction), TN_ESTALE, TN_ESTATE (buffer not CPU-owned, pool not mapped),
 * TN_ERANGE (length), TN_ERETIRED (the buffer's generation, or the queue's tickets, cannot carry one more round),
 * TN_EBUDGET, TN_EAGAIN (queue full). */
TN_MUST_CHECK enum tn_status tn_submit_decide(const struct tn_queue *queue, const struct tn_submission *submission);
/* Buffer CPU to IN_FLIGHT under its next generation; a fence QUEUED at the end of the FIFO. Returns the fence's name.
 */
uint64_t tn_submit_commit(struct tn_queue *queue, const struct tn_submission *submission);

/* The oldest queued fence, or TN_HANDLE_NONE. */
uint64_t tn_queue_oldest(const struct tn_queue *queue);
/* The oldest queued fence becomes posted (there must be one). Returns its name. */
uint64_t tn_queue_post_commit(struct tn_queue *queue);

/* What a device or driver says has ended. */
struct tn_completion {
    uint64_t fence; /* name: slot and generation */
    uint64_t ticket;
    uint32_t status; /* TN_OK or TN_EIO, TN_EREADONLY, TN_ENOTSUP, TN_EINVAL, TN_ERANGE: what a device may answer */
    uint32_t used;   /* bytes, at most the submitted length */
};
/* TN_ESTALE: no posted fence of this name with this ticket (late, duplicate, forged, of an earlier holder).
 * TN_EPROTOCOL: a status a device may not answer, or used above the length. A refused completion is counted by
 * tn_complete_refused. */
TN_MUST_CHECK enum tn_status tn_complete_decide(const struct tn_queue *queue, const struct tn_completion *completion);
/* POSTED to ENDED; its buffer IN_FLIGHT to COMPLETED (ORPHAN stays so). */
void tn_complete_commit(struct tn_queue *queue, const struct tn_completion *completion);
void tn_complete_refused(struct tn_queue *queue);

/* Ends a QUEUED or POSTED fence without its device: status TN_EABORTED (buffer to ABORTED) when there is evidence that
 * the device will not touch the buffer, TN_EQUARANTINED (buffer to QUARANTINED) when there is none. TN_ESTALE: no such
 * fence; TN_ESTATE: already ended; TN_EINVAL: another status. */
TN_MUST_CHECK enum tn_status tn_fence_end_decide(const struct tn_queue *queue, uint64_t fence, enum tn_status status);
void tn_fence_end_commit(struct tn_queue *queue, uint64_t fence, enum tn_status status);

/* The client is gone: the fence tells nobody, its buffer becomes ORPHAN (still charged). TN_ESTALE: no such fence;
 * TN_ESTATE: ended, or an orphan already. */
TN_MUST_CHECK enum tn_status tn_fence_orphan_decide(const struct tn_queue *queue, uint64_t fence);
void tn_fence_orphan_commit(struct tn_queue *queue, uint64_t fence);

/* The outcome of an ended fence. */
struct tn_outcome {
    uint64_t buffer;      /* new name, owned by the CPU; TN_HANDLE_NONE if none travelled, in quarantine, or orphaned */
    uint32_t buffer_slot; /* where the buffer lives, or TN_SLOT_NONE if none travelled */
    uint32_t status;
    uint32_t used;
    uint32_t length;
    uint32_t direction;
    uint32_t orphan;
};
/* TN_OK: ended. TN_EAGAIN: not yet. TN_ESTALE: no such fence. */
TN_MUST_CHECK enum tn_status tn_fence_take_decide(const struct tn_queue *queue, uint64_t fence);
/* Frees the fence, refunds its charge; the buffer goes to CPU under a new generation (COMPLETED, ABORTED), to SCRUBBING
 * (ORPHAN: the embedder scrubs, then tn_buffer_scrubbed_commit), or stays in QUARANTINED. */
struct tn_outcome tn_fence_take_commit(struct tn_queue *queue, uint64_t fence);

#endif
