/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Status codes: what every operation of Tenure answers, in the kernel, in the libraries and on the
 * completion queue. A value never travels in a status and a status never travels in a size.
 */
#ifndef TENURE_ABI_STATUS_H
#define TENURE_ABI_STATUS_H

#define TN_MUST_CHECK __attribute__((warn_unused_result))

enum tn_status {
    TN_OK = 0,
    TN_EINVAL = 1,        /* malformed request: an argument has no meaning here */
    TN_ESTALE = 2,        /* the handle names nothing now: old, forged, foreign or retired */
    TN_EKIND = 3,         /* the handle is live, but of another kind */
    TN_EDENIED = 4,       /* the handle lacks the right, or the kernel never grants this */
    TN_EBUDGET = 5,       /* the caller's own budget is used up */
    TN_EEXHAUSTED = 6,    /* the machine has no more, whatever the budget says */
    TN_EAGAIN = 7,        /* passing: no queue or completion space right now */
    TN_ESTATE = 8,        /* the object is live, but not in a state that allows this */
    TN_ERANGE = 9,        /* an offset or length lies outside the object */
    TN_EPOLICY = 10,      /* the DMA policy in force refuses this */
    TN_ENOENT = 11,       /* no such device, service, image or feature */
    TN_EIO = 12,          /* the device reported an error */
    TN_EREADONLY = 13,    /* the medium or the session is read-only */
    TN_ETIMEDOUT = 14,    /* the deadline passed; the thing waited for is still pending */
    TN_EABORTED = 15,     /* ended without having been done; the buffer is back */
    TN_EQUARANTINED = 16, /* ended, and the buffer does not come back: the device may still own it */
    TN_EPEERGONE = 17,    /* the other end of the channel has ended */
    TN_EFAULT = 18,       /* a user address that is not mapped, or not with this permission */
    TN_ENOTSUP = 19,      /* known, and not supported by this build, device or policy */
    TN_ERETIRED = 20,     /* the slot's generations are used up */
    TN_EPROTOCOL = 21,    /* the peer or the device answered something it may not answer */
    TN_ECACHELOST = 22,   /* what was acknowledged and not flushed may be gone, by a reset of the device */
    TN_STATUS_COUNT
};

/* "TN_EINVAL" and so on, for people; "TN_?" for what is no status. Of user programs and of libtenure. */
#ifdef __cplusplus
extern "C" {
#endif
const char *tn_status_name(enum tn_status status);
#ifdef __cplusplus
}
#endif

#endif
