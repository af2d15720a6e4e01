/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log (G12). Each subject (a process of the manifest, or the kernel) has places of its own, so nobody evicts
 * another's records; its own oldest give way, and are counted. Pure: the clock is the caller's.
 */
#ifndef TENURE_KERNEL_DIAG_AUDIT_H
#define TENURE_KERNEL_DIAG_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include <tenure/abi/audit.h>
#include <tenure/abi/handle.h>
#include <tenure/abi/manifest.h>
#include <tenure/abi/status.h>

enum {
    AUDIT_KERNEL = TN_MANIFEST_PROCESSES_MAX, /* the subject that is no process */
    AUDIT_SUBJECTS,
};

struct audit_event {
    uint32_t subject; /* index of the process, or AUDIT_KERNEL */
    const char *label;
    uint64_t time_ns;
    uint32_t action;
    enum tn_status status;
    uint32_t kind;
    uint64_t generation;
    uint32_t reason;
};
void audit_record(const struct audit_event *event);
/* Data-path operations that were allowed, by subject: counted, not kept. */
extern uint64_t audit_allowed[AUDIT_SUBJECTS];

/* Copies the records from sequence `from` on, oldest first, at most `count`. Returns how many; *next is the sequence to
 * go on from. */
uint32_t audit_read(uint64_t from, struct tn_audit_record *out, uint32_t count, uint64_t *next);

struct audit_counts {
    uint64_t recorded; /* ever; the sequence of the newest */
    uint64_t lost;     /* of these, the ones that gave way */
    uint64_t allowed;  /* data-path operations */
};
/* Of one subject, or of all (AUDIT_SUBJECTS). */
struct audit_counts audit_counts(uint32_t subject);
/* "pool create" and so on; "?" for what there is not. */
const char *audit_action_name(uint32_t action);
const char *audit_kind_name(uint32_t kind);

#endif
