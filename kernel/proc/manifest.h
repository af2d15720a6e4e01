/* SPDX-License-Identifier: Apache-2.0 */
/* Checks a compiled manifest before anything is done about it. Pure. */
#ifndef TENURE_KERNEL_PROC_MANIFEST_H
#define TENURE_KERNEL_PROC_MANIFEST_H

#include <stdint.h>

#include <tenure/abi/manifest.h>
#include <tenure/abi/status.h>

struct manifest_error {
    const char *what;    /* what is wrong */
    const char *process; /* in which process, or NULL */
    uint64_t value;
};

/* TN_OK: *manifest is the file, every field in range, every name terminated, every service used is served by one
 * process. TN_EPROTOCOL with *error otherwise. `file` must be aligned to 8 bytes. */
TN_MUST_CHECK enum tn_status manifest_read(const void *file, uint64_t bytes, const struct tn_manifest **manifest,
                                           struct manifest_error *error);

#endif
