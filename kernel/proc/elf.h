/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Static ELF64 images for x86-64 (System V ABI, ELF-64 object file format 1.5): judged before anything is mapped. Pure.
 */
#ifndef TENURE_KERNEL_PROC_ELF_H
#define TENURE_KERNEL_PROC_ELF_H

#include <stdint.h>

#include <tenure/abi/status.h>

enum { ELF_SEGMENTS_MAX = 8 };

struct elf_segment {
    uint64_t address; /* page aligned */
    uint64_t pages;
    uint64_t file_offset; /* of the first byte to copy */
    uint64_t file_bytes;
    uint64_t skip;     /* bytes of zero before it in the first page */
    uint32_t writable; /* never together with executable */
    uint32_t executable;
};

struct elf_image {
    uint64_t entry;
    uint32_t count;
    struct elf_segment segment[ELF_SEGMENTS_MAX];
};

struct elf_error {
    const char *what;
    uint64_t value;
};

/* TN_EPROTOCOL with *error: not an image that a process may have. User addresses are [low, high). */
TN_MUST_CHECK enum tn_status elf_read(const uint8_t *file, uint64_t bytes, uint64_t low, uint64_t high,
                                      struct elf_image *image, struct elf_error *error);

#endif
