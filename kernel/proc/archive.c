/* SPDX-License-Identifier: Apache-2.0 */
/* See archive.h. */
#include "proc/archive.h"

#include <stdbool.h>
#include <stddef.h>

#include "lib/string.h"

enum {
    HEADER_BYTES = 110, /* magic of 6, then 13 fields of 8 hexadecimal digits */
    FIELD_MODE = 1,
    FIELD_FILE_BYTES = 6,
    FIELD_NAME_BYTES = 11,
    MODE_TYPE = 0170000,
    MODE_REGULAR = 0100000,
};

struct entry {
    const char *name; /* NUL-terminated, inside the archive */
    struct archive_file file;
    uint64_t next; /* offset */
    uint32_t mode;
};

static bool hex_field(const uint8_t *header, uint32_t field, uint32_t *value)
{
    *value = 0;
    for (uint32_t i = 0; i < 8; i++) {
        uint8_t c = header[6 + field * 8 + i];
        uint32_t digit;
        if (c >= '0' && c <= '9')
            digit = (uint32_t)c - '0';
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            digit = (uint32_t)(c | 0x20) - 'a' + 10;
        else
            return false;
        *value = *value << 4 | digit;
    }
    return true;
}

static uint64_t align4(uint64_t n)
{
    return (n + 3) & ~UINT64_C(3);
}

static const char *read_entry(const struct archive *a, uint64_t offset, struct entry *e)
{
    if (offset > a->bytes || a->bytes - offset < HEADER_BYTES)
        return "ends in the middle of a header";
    const uint8_t *h = a->start + offset;
    uint32_t name_bytes, file_bytes;
    if (!bytes_equal(h, "070701", 6))
        return "no cpio newc header (magic 070701)";
    if (!hex_field(h, FIELD_NAME_BYTES, &name_bytes) || !hex_field(h, FIELD_FILE_BYTES, &file_bytes) ||
        !hex_field(h, FIELD_MODE, &e->mode))
        return "header with a field that is not hexadecimal";
    uint64_t data = align4(offset + HEADER_BYTES + name_bytes);
    if (name_bytes == 0 || name_bytes > 4096 || data > a->bytes)
        return "ends in the middle of a name";
    e->name = (const char *)h + HEADER_BYTES;
    if (e->name[name_bytes - 1] != 0)
        return "name without an end";
    if (file_bytes > a->bytes - data)
        return "ends in the middle of a file";
    e->file = (struct archive_file){a->start + data, file_bytes};
    e->next = align4(data + file_bytes);
    return NULL;
}

/* Walks until `name` (NULL: to the trailer). */
static enum tn_status walk(const struct archive *a, const char *name, struct entry *e, struct archive_error *error)
{
    uint64_t offset = 0;
    for (;;) {
        const char *what = read_entry(a, offset, e);
        if (what) {
            *error = (struct archive_error){what, offset};
            return TN_EPROTOCOL;
        }
        if (text_equal(e->name, "TRAILER!!!"))
            return name ? TN_ENOENT : TN_OK;
        if (name && text_equal(e->name, name) && (e->mode & MODE_TYPE) == MODE_REGULAR)
            return TN_OK;
        offset = e->next;
    }
}

enum tn_status archive_check(const struct archive *archive, struct archive_error *error)
{
    struct entry e;
    *error = (struct archive_error){NULL, 0};
    return walk(archive, NULL, &e, error);
}

enum tn_status archive_find(const struct archive *archive, const char *name, struct archive_file *file)
{
    struct entry e;
    struct archive_error error;
    enum tn_status status = walk(archive, name, &e, &error);
    if (status == TN_OK)
        *file = e.file;
    return status;
}
