/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of the audit log (G12): every control operation and every denial, in one order. A record names its subject by
 * the label of the manifest, an object by kind and generation, and nothing else: no address, no content, no number that
 * another process could use.
 */
#ifndef TENURE_ABI_AUDIT_H
#define TENURE_ABI_AUDIT_H

#include <assert.h>
#include <stdint.h>

#include <tenure/abi/start.h>

/* What happened: below 256 an operation of the ring (enum tn_op), from there on what the kernel did. */
enum tn_audit_action {
    TN_AUDIT_PROCESS_START = 256,
    TN_AUDIT_PROCESS_END = 257,  /* reason: its exit status, TN_AUDIT_FAULT + vector, … */
    TN_AUDIT_DEVICE_CLAIM = 258, /* reason: enum tn_policy */
    TN_AUDIT_DEVICE_LOST = 259,  /* its driver ended, without that evidence; it is in quarantine */
    TN_AUDIT_SOURCE_STORM = 260, /* an interrupt source was masked */
    TN_AUDIT_ROUTE_LOST = 261,   /* one never fell silent */
    TN_AUDIT_GRANT = 262,        /* a capability of the manifest's */
    TN_AUDIT_DMA_FAULT = 263,    /* a device tried what is not on tenure to it; reason: the IOMMU's number */
    TN_AUDIT_DMA_STOPPED = 264,  /* it did not stop to: its bus mastering is off for good */
    TN_AUDIT_DEVICE_FREED = 265, /* its driver ended, and there is evidence that it is silent */
    TN_AUDIT_RESET_CAUSED = 266, /* a request that the process left made a driver end; reason: how many so far */
};

struct tn_audit_record {
    uint64_t sequence;   /* 1, 2, 3 … over all subjects; what is missing was overwritten */
    uint64_t time_ns;    /* since boot */
    uint64_t generation; /* of the object; 0: none, or the handle named nothing */
    uint32_t action;     /* enum tn_op or enum tn_audit_action */
    uint32_t status;     /* enum tn_status: TN_OK, or why it was refused */
    uint32_t kind;       /* enum tn_kind of the object */
    uint32_t reason;     /* as the action says */
    char subject[TN_NAME_MAX];
};
static_assert(sizeof(struct tn_audit_record) == 40 + TN_NAME_MAX, "no padding");

enum {
    TN_AUDIT_FAULT = 0x100,  /* in a reason: plus the vector */
    TN_AUDIT_KILLED = 0x200, /* plus how (enum tn_killed) */
    TN_AUDIT_START = 0x300,  /* plus why it could not be started again (enum tn_status) */
    TN_AUDIT_RESET = 0x400,  /* for a client: plus its number in the manifest */
    TN_AUDIT_QUOTA = 128,    /* records that one subject keeps; its own oldest give way */
    TN_AUDIT_READ_MAX = 64,  /* records of one TN_OP_AUDIT_READ */
};

#endif
