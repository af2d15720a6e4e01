/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The start block: one read-only page the kernel maps into every process, address in rdi at the entry point.
 * It names what the manifest gave to this process, and nothing else.
 */
#ifndef TENURE_ABI_START_H
#define TENURE_ABI_START_H

#include <assert.h>
#include <stdint.h>

enum {
    TN_START_MAGIC = 0x54534e54, /* "TNST" */
    TN_START_VERSION = 1,
    TN_START_CAPS_MAX = 24,
    TN_NAME_MAX = 32, /* names of processes, services and grants, NUL included */
    TN_ARGS_MAX = 256,
};

/* How a process is started again. All zero: it is not. */
struct tn_restart {
    uint32_t limit; /* so often within `window_ms`; then its supervisor gives it up */
    uint32_t window_ms;
    uint32_t backoff_ms; /* before the first restart in a row; each next one waits twice as long */
    uint32_t
        heartbeat_ms; /* it is killed if it has completions and does not look for so long; 0: it is not looked after */
};

/* How a process was killed: value1 of its end, for its supervisor. */
enum tn_killed {
    TN_KILLED = 0,
    TN_KILLED_TO_RESTART = 1, /* by a person who wants it started again: at once, and that counts for nothing */
};

/* A capability the process starts with. Names: "console", "device0" … in manifest order, "service:NAME" for the service
 * it serves, "channel:NAME" for each service it uses, "process:NAME" for each process it supervises. */
struct tn_start_cap {
    char name[TN_NAME_MAX + 8];
    uint32_t kind;   /* enum tn_kind */
    uint32_t rights; /* enum tn_right */
    uint64_t handle;
    struct tn_restart restart; /* of a Process: what its manifest says */
};

struct tn_start {
    uint32_t magic;
    uint32_t version;
    uint64_t tsc_at_boot; /* time-stamp counter at time 0 of the kernel's clock */
    uint64_t tsc_to_ns;   /* ns = (tsc - tsc_at_boot) * tsc_to_ns >> 32 */
    uint64_t ring;        /* address of struct tn_ring_header */
    uint64_t sq;          /* address of struct tn_sqe[sq_entries] */
    uint64_t cq;          /* address of struct tn_cqe[cq_entries] */
    uint32_t sq_entries;  /* powers of two */
    uint32_t cq_entries;
    uint32_t in_flight_max; /* of the manifest: fences this process may hold */
    uint32_t cap_count;
    char name[TN_NAME_MAX];
    char args[TN_ARGS_MAX];
    struct tn_start_cap cap[TN_START_CAPS_MAX];
};
static_assert(sizeof(struct tn_start) <= 4096, "one page");

#endif
