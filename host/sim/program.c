/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See program.h. For the kernel an image is there, and has no segments: what it would load into the process's memory is
 * the host's.
 */
#include "program.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "proc/archive.h"
#include "proc/elf.h"

void *program_open(const char *folder, const char *image, void (**entry)(const struct tn_start *))
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s.so", folder, image);
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void *symbol = object ? dlsym(object, "tn_process_start") : NULL;
    if (!symbol)
        return NULL;
    memcpy(entry, &symbol, sizeof symbol);
    return object;
}

enum tn_status archive_find(const struct archive *archive, const char *name, struct archive_file *file)
{
    (void)archive, (void)name;
    *file = (struct archive_file){0};
    return TN_OK;
}

enum tn_status elf_read(const uint8_t *file, uint64_t bytes, uint64_t low, uint64_t high, struct elf_image *image,
                        struct elf_error *error)
{
    (void)file, (void)bytes, (void)low, (void)high, (void)error;
    *image = (struct elf_image){.count = 0};
    return TN_OK;
}
