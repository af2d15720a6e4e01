/* SPDX-License-Identifier: Apache-2.0 */
/* See elf.h. */
#include "proc/elf.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/string.h"

#define PAGE UINT64_C(4096)

struct elf_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, program_offset, section_offset;
    uint32_t flags;
    uint16_t header_bytes, program_entry_bytes, program_count, section_entry_bytes, section_count, names;
};
static_assert(sizeof(struct elf_header) == 64, "ELF-64, figure 2");

struct program_header {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_bytes, memory_bytes, alignment;
};
static_assert(sizeof(struct program_header) == 56, "ELF-64, figure 6");

enum {
    TYPE_EXECUTABLE = 2,
    MACHINE_X86_64 = 62,
    SEGMENT_LOAD = 1,
    SEGMENT_DYNAMIC = 2,
    SEGMENT_INTERPRETER = 3,
    FLAG_EXECUTE = 1,
    FLAG_WRITE = 2,
    PROGRAM_HEADERS_MAX = 32,
};

struct reader {
    const uint8_t *file;
    uint64_t bytes;
    uint64_t low, high;
    struct elf_image *image;
    struct elf_error *error;
};

static enum tn_status bad(struct reader *r, const char *what, uint64_t value)
{
    *r->error = (struct elf_error){what, value};
    return TN_EPROTOCOL;
}

static enum tn_status read_header(struct reader *r, struct elf_header *h)
{
    static const uint8_t ident[7] = {0x7f, 'E', 'L', 'F', 2, 1, 1}; /* 64 bits, little endian, version 1 */
    if (r->bytes < sizeof *h)
        return bad(r, "shorter than an ELF header, bytes", r->bytes);
    memcpy(h, r->file, sizeof *h);
    if (!bytes_equal(h->ident, ident, sizeof ident))
        return bad(r, "not a 64-bit little-endian ELF file, class", h->ident[4]);
    if (h->type != TYPE_EXECUTABLE)
        return bad(r, "not a static executable, type", h->type);
    if (h->machine != MACHINE_X86_64)
        return bad(r, "for another machine", h->machine);
    if (h->program_entry_bytes != sizeof(struct program_header))
        return bad(r, "program header entry size", h->program_entry_bytes);
    if (h->program_count == 0 || h->program_count > PROGRAM_HEADERS_MAX)
        return bad(r, "number of program headers", h->program_count);
    uint64_t table = (uint64_t)h->program_count * sizeof(struct program_header);
    if (h->program_offset > r->bytes || table > r->bytes - h->program_offset)
        return bad(r, "program headers outside the file, offset", h->program_offset);
    return TN_OK;
}

static enum tn_status read_segment(struct reader *r, const struct program_header *p)
{
    if (p->memory_bytes < p->file_bytes)
        return bad(r, "segment with more bytes in the file than in memory", p->file_bytes);
    if (p->offset > r->bytes || p->file_bytes > r->bytes - p->offset)
        return bad(r, "segment outside the file, offset", p->offset);
    if (p->address < r->low || p->address >= r->high || p->memory_bytes > r->high - p->address)
        return bad(r, "segment outside user memory, address", p->address);
    if (p->flags & FLAG_WRITE && p->flags & FLAG_EXECUTE)
        return bad(r, "segment both writable and executable, address", p->address);
    if (r->image->count == ELF_SEGMENTS_MAX)
        return bad(r, "more segments than", ELF_SEGMENTS_MAX);
    uint64_t start = p->address & ~(PAGE - 1);
    uint64_t end = (p->address + p->memory_bytes + PAGE - 1) & ~(PAGE - 1);
    for (uint32_t i = 0; i < r->image->count; i++) {
        const struct elf_segment *s = &r->image->segment[i];
        if (start < s->address + s->pages * PAGE && s->address < end)
            return bad(r, "segments that share a page, address", p->address);
    }
    r->image->segment[r->image->count++] = (struct elf_segment){
        .address = start,
        .pages = (end - start) / PAGE,
        .file_offset = p->offset,
        .file_bytes = p->file_bytes,
        .skip = p->address - start,
        .writable = p->flags & FLAG_WRITE,
        .executable = p->flags & FLAG_EXECUTE,
    };
    return TN_OK;
}

static bool entry_is_executable(const struct elf_image *image)
{
    for (uint32_t i = 0; i < image->count; i++) {
        const struct elf_segment *s = &image->segment[i];
        if (s->executable && image->entry >= s->address && image->entry < s->address + s->pages * PAGE)
            return true;
    }
    return false;
}

enum tn_status elf_read(const uint8_t *file, uint64_t bytes, uint64_t low, uint64_t high, struct elf_image *image,
                        struct elf_error *error)
{
    struct reader r = {file, bytes, low, high, image, error};
    struct elf_header h;
    *image = (struct elf_image){0};
    enum tn_status status = read_header(&r, &h);
    if (status != TN_OK)
        return status;
    for (uint32_t i = 0; i < h.program_count; i++) {
        struct program_header p;
        memcpy(&p, file + h.program_offset + (uint64_t)i * sizeof p, sizeof p);
        if (p.type == SEGMENT_INTERPRETER || p.type == SEGMENT_DYNAMIC)
            return bad(&r, "needs a dynamic linker, segment", i);
        if (p.type != SEGMENT_LOAD || p.memory_bytes == 0)
            continue;
        status = read_segment(&r, &p);
        if (status != TN_OK)
            return status;
    }
    image->entry = h.entry;
    if (!entry_is_executable(image))
        return bad(&r, "entry point outside executable segments", h.entry);
    return TN_OK;
}
