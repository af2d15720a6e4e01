/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A compiled manifest: what tools/manifestc.py writes from manifest/NAME.toml into the archive as
 * manifest/NAME.bin, and what the kernel reads at boot. Little endian, fixed-size records, no pointers.
 * The kernel checks every field again: the archive is input.
 */
#ifndef TENURE_ABI_MANIFEST_H
#define TENURE_ABI_MANIFEST_H

#include <assert.h>
#include <stdint.h>

#include <tenure/abi/start.h>

enum {
    TN_MANIFEST_MAGIC = 0x464d4e54, /* "TNMF" */
    TN_MANIFEST_VERSION = 3,
    TN_MANIFEST_PROCESSES_MAX = 16,
    TN_MANIFEST_DEVICES_MAX = 4,
    TN_MANIFEST_USES_MAX = 4,
};

/* What a device reaches. A manifest names the least that it accepts: a machine that can do better does better, one that
 * cannot do it blocks. */
enum tn_policy {
    TN_POLICY_BLOCKED = 0, /* no DMA: creating a pool is refused */
    TN_POLICY_TRUSTED = 1, /* accepted: no isolation, the driver learns device addresses. With an IOMMU: STRICT */
    TN_POLICY_POOL = 2,    /* "remapped-pool": the device reaches all of a pool while the pool lives */
    TN_POLICY_STRICT = 3,  /* "remapped-strict": a buffer from its submission to its completion, and no longer */
};

enum tn_device_match {
    TN_MATCH_CLASS = 1, /* the PCI class code, 24 bits: base class, subclass, programming interface */
    TN_MATCH_ID = 2,    /* vendor << 16 | device */
};

enum tn_device_flag {
    TN_DEVICE_LATER = 1u << 0,       /* not claimed at the start: the process asks for it (TN_OP_DEVICE_CLAIM) */
    TN_DEVICE_WORD = 1u << 1,        /* without an IOMMU and without a reset, the device's own word frees its pages */
    TN_DEVICE_DROPS_CACHE = 1u << 2, /* a reset may lose what its volatile write cache holds */
    TN_DEVICE_FLAGS = TN_DEVICE_LATER | TN_DEVICE_WORD | TN_DEVICE_DROPS_CACHE,
};

struct tn_manifest_device {
    uint32_t match;  /* enum tn_device_match */
    uint32_t value;  /* class code or identifiers */
    uint32_t index;  /* the n-th such function in bus, device, function order, from 0 */
    uint32_t policy; /* enum tn_policy: the least that is accepted */
    uint32_t flags;  /* enum tn_device_flag */
};

struct tn_manifest_use {
    char service[TN_NAME_MAX];
    uint32_t rights; /* enum tn_right */
    /* How long what the process leaves behind, when it ends or revokes a fence, may stay with the server's device
     * before that is reset for it, in milliseconds; 0: for ever. */
    uint32_t deadline_ms;
};

struct tn_budget {
    uint64_t pool_bytes;
    uint64_t mmio_bytes;
    uint32_t memory_pages; /* image, stack, rings and page tables of the process */
    uint32_t buffers;
    uint32_t interrupts;
    uint32_t in_flight; /* fences the process may hold */
    uint32_t cap_slots;
    uint32_t channels;
    uint32_t sq_entries; /* powers of two */
    uint32_t cq_entries;
};
static_assert(sizeof(struct tn_budget) == 48, "no padding");

enum tn_process_flag {
    TN_PROCESS_JOB = 1u << 0,        /* the run ends when every job has exited; its status counts */
    TN_PROCESS_GUARD_OFF = 1u << 1,  /* its buffers stay mapped while they are in flight (G1 by its own good will) */
    TN_PROCESS_AUDITOR = 1u << 2,    /* it may read the audit log */
    TN_PROCESS_CONSOLE = 1u << 3,    /* it may read the console and run its commands */
    TN_PROCESS_SUPERVISOR = 1u << 4, /* it starts, again, every process that has a restart policy */
};

struct tn_manifest_process {
    char name[TN_NAME_MAX];
    char image[TN_NAME_MAX]; /* archive path bin/IMAGE */
    char args[TN_ARGS_MAX];
    char serves[TN_NAME_MAX]; /* empty: none */
    uint32_t flags;           /* enum tn_process_flag */
    uint32_t device_count;
    uint32_t use_count;
    uint32_t reserved;
    struct tn_budget budget;
    struct tn_restart restart;
    struct tn_manifest_device device[TN_MANIFEST_DEVICES_MAX];
    struct tn_manifest_use use[TN_MANIFEST_USES_MAX];
};
static_assert(sizeof(struct tn_manifest_process) == 672, "no padding");

struct tn_manifest {
    uint32_t magic;
    uint32_t version;
    uint32_t bytes; /* of the whole file */
    uint32_t process_count;
    char name[TN_NAME_MAX];
    struct tn_manifest_process process[]; /* process_count of them */
};
static_assert(sizeof(struct tn_manifest) == 48, "header");

#endif
