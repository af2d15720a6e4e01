/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes: one thread, one address space, one ring pair, one capability table. They are started from the manifest, in
 * its order, and end by exit, by fault, or with the machine. An ended process keeps its entry: what it left in flight
 * stays charged to it.
 */
#ifndef TENURE_KERNEL_PROC_PROCESS_H
#define TENURE_KERNEL_PROC_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include <core/cap.h>
#include <core/ledger.h>
#include <core/ring.h>
#include <tenure/abi/manifest.h>
#include <tenure/abi/ring.h>

#include "arch/x86_64/frame.h"
#include "mm/space.h"

enum process_state {
    PROCESS_NONE,
    PROCESS_READY,   /* in the ready queue, or running */
    PROCESS_WAITING, /* in tn_enter, for completions or a deadline */
    PROCESS_ENDING,  /* it is over; its devices are on their way to silence, until `deadline` at least */
    PROCESS_ENDED,
};

enum { PROCESS_REGIONS_MAX = 24 };

/* Frames that a process owns and that are freed with it: image, stack, rings, start block, capability table. */
struct region {
    uint64_t physical;
    uint64_t pages;
};

struct process {
    struct tn_frame frame __attribute__((aligned(16))); /* first: entry.S and the TSS point here */
    /* waiting and scheduling */
    uint32_t state; /* enum process_state */
    uint32_t wait_min;
    uint64_t deadline; /* ns; of a wait, or of the next step of the end; TN_DEADLINE_NEVER */
    struct process *next_ready;
    /* the ring pair, through the kernel's own mapping */
    struct tn_ring_account ring;
    struct tn_ring_header *header;
    const struct tn_sqe *sq;
    struct tn_cqe *cq;
    /* authority */
    struct tn_cap_table caps;
    struct tn_ledger ledger;
    uint64_t epoch; /* of this incarnation; never repeated */
    struct space space;
    bool has_left;         /* it is ending, and has nothing any more but its memory and its pools' */
    bool flush_due;        /* pages were taken out of its reach since it ran */
    uint32_t pool_count;   /* at most POOLS_PER_OWNER */
    uint32_t window_count; /* at most MMIO_WINDOWS_PER_OWNER */
    uint64_t next_address; /* where the next window or pool is mapped: addresses are not used twice */
    uint32_t region_count;
    struct region region[PROCESS_REGIONS_MAX];
    const struct tn_manifest_process *manifest;
    char name[TN_NAME_MAX];
    uint32_t index; /* in the table: its number as a subject of the audit log */
    uint32_t end;   /* enum tn_process_end, once ended */
    uint64_t end_value;
    uint64_t entries; /* calls it has made */
    /* of its entry, for all its incarnations: resets of a device that it has caused (cap/orphan.h) */
    uint32_t resets;
    uint64_t next_reset; /* ns; none before */
    /* of its supervisor */
    uint32_t restarts;
    uint32_t unstartable; /* enum tn_status: why the last start failed */
    bool given_up;
    bool watched; /* the supervisor waits for its end, with this user_data */
    bool untold;  /* it has ended, and nobody was told */
    uint64_t watch;
};

extern struct process process_table[TN_MANIFEST_PROCESSES_MAX];
extern uint32_t process_count;
extern struct process *process_supervisor; /* NULL: the manifest names none */

/* Starts every process of the manifest. Says what is wrong and returns false if one cannot be started as the manifest
 * says. */
struct archive;
bool process_start_all(const struct archive *archive, const struct tn_manifest *manifest);
/* Starts an ended process once more, from the same archive and manifest. TN_ESTATE, TN_EQUARANTINED, TN_EAGAIN;
 * whatever else it lacks is its next end (TN_END_START). */
TN_MUST_CHECK enum tn_status process_start_again(struct process *process);
/* Will somebody start it again? */
bool process_may_come_back(const struct process *process);
/* Ends a process; what it held comes back at once, or when its devices are silent; see docs/architecture.md, "The end
 * of a process". Ends the machine after the last job. */
void process_end(struct process *process, enum tn_process_end how, uint64_t value);

/* Ends that wait for a device go on, as far as it is time. On the way out of the kernel, with no lock held. */
void process_ends_go_on(void);

/* The process has ended and nothing of it is on its way any more: its supervisor hears of it, when it asks. */
void process_tell_end(struct process *process);
/* Of a Process capability: entry `index` of the table, held by the supervisor. NULL: no such entry. */
const struct tn_identity *process_identity(uint32_t index);

/* Records something in the audit log, with the process as its subject, now; NULL: the kernel is. */
void process_audit(const struct process *process, uint32_t action, enum tn_status status, uint32_t kind,
                   uint64_t generation, uint32_t reason);

static inline bool process_is_live(const struct process *process)
{
    return process->state == PROCESS_READY || process->state == PROCESS_WAITING;
}

/* Room for `bytes` in the address space, on a multiple of `alignment` (a power of two, whole pages), with an unmapped
 * page behind it. 0: none left. It is found again until it is taken, and never after. */
uint64_t process_find_address(const struct process *process, uint64_t bytes, uint64_t alignment);
void process_take_address(struct process *process, uint64_t at, uint64_t bytes);
/* `pages` zeroed frames in a row, charged to the process and freed with it. */
TN_MUST_CHECK enum tn_status process_take_frames(struct process *process, uint64_t pages, uint64_t *physical);

/* Posts a completion for which space was reserved, and wakes the process if that is what it waited for. */
void process_post(struct process *process, const struct tn_cqe *cqe);
/* The same in two steps, for one that is made in its place: where it goes, every word of it to be written; then that it
 * is there. */
static inline struct tn_cqe *process_post_begin(struct process *process)
{
    return &process->cq[tn_ring_post_commit(&process->ring)];
}
void process_post_end(struct process *process);
/* How far the process says it has read its completions: input. Pairs with its release after it has read them: only then
 * are those places written again. */
static inline uint32_t process_cq_head(const struct process *process)
{
    return __atomic_load_n(&process->header->cq_head, __ATOMIC_ACQUIRE);
}

#endif
