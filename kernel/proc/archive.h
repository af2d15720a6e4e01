/* SPDX-License-Identifier: Apache-2.0 */
/* The boot archive: cpio, "newc" format, read in place. Input: a broken archive gets a message, not a fault. Pure. */
#ifndef TENURE_KERNEL_PROC_ARCHIVE_H
#define TENURE_KERNEL_PROC_ARCHIVE_H

#include <stdint.h>

#include <tenure/abi/status.h>

struct archive {
    const uint8_t *start;
    uint64_t bytes;
};

struct archive_file {
    const uint8_t *data;
    uint64_t bytes;
};

/* What is wrong, for a message. */
struct archive_error {
    const char *what; /* NULL: nothing */
    uint64_t offset;
};

/* Walks the whole archive: TN_OK if every entry is whole and the trailer is there, TN_EPROTOCOL with *error otherwise.
 */
TN_MUST_CHECK enum tn_status archive_check(const struct archive *archive, struct archive_error *error);
/* TN_ENOENT: no regular file of this name. TN_EPROTOCOL: broken before it was found. */
TN_MUST_CHECK enum tn_status archive_find(const struct archive *archive, const char *name, struct archive_file *file);

#endif
