/* SPDX-License-Identifier: Apache-2.0 */
/* See objects.h. */
#include "objects.h"

#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>

enum { NAME_MAX_BYTES = 128 };

struct object {
    char name[NAME_MAX_BYTES];
    const uint8_t *at;
    uint8_t *kept;
    uint64_t bytes;
};

static struct object *objects;
static uint64_t count;

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "objects: %s\n", what);
    abort();
}

static uint8_t *own_file(void)
{
    FILE *file = fopen("/proc/self/exe", "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        give_up("the program cannot be read");
    size_t bytes = (size_t)ftell(file);
    uint8_t *content = malloc(bytes);
    rewind(file);
    if (!content || fread(content, 1, bytes, file) != bytes)
        give_up("the program cannot be read");
    fclose(file);
    return content;
}

static void add(const char *file, const char *name, const Elf64_Sym *symbol, uint64_t base)
{
    struct object *o = &objects[count++];
    snprintf(o->name, sizeof o->name, "%s%s%s", file, *file ? ":" : "", name);
    o->at = (const uint8_t *)(base + symbol->st_value);
    o->bytes = symbol->st_size;
    o->kept = malloc(o->bytes);
    if (!o->kept)
        give_up("no memory");
}

void objects_init(void)
{
    const uint8_t *program = own_file();
    const Elf64_Ehdr *header = (const void *)program;
    const Elf64_Shdr *section = (const void *)(program + header->e_shoff), *table = NULL;
    for (uint32_t i = 0; i < header->e_shnum; i++)
        if (section[i].sh_type == SHT_SYMTAB)
            table = &section[i];
    if (!table)
        give_up("the program has no symbols");
    const Elf64_Sym *symbol = (const void *)(program + table->sh_offset);
    const char *names = (const char *)program + section[table->sh_link].sh_offset, *file = "";
    uint64_t symbols = table->sh_size / sizeof *symbol;
    uint64_t base = header->e_type == ET_DYN ? getauxval(AT_PHDR) - header->e_phoff : 0;
    objects = calloc(symbols, sizeof *objects);
    if (!objects)
        give_up("no memory");
    for (uint64_t i = 0; i < symbols; i++) {
        uint32_t type = ELF64_ST_TYPE(symbol[i].st_info), in = symbol[i].st_shndx;
        bool is_local = ELF64_ST_BIND(symbol[i].st_info) == STB_LOCAL;
        if (type == STT_FILE)
            file = names + symbol[i].st_name;
        else if (type == STT_OBJECT && symbol[i].st_size != 0 && in < header->e_shnum &&
                 section[in].sh_flags & SHF_WRITE)
            add(is_local ? file : "", names + symbol[i].st_name, &symbol[i], base);
    }
    if (count == 0)
        give_up("the program has no variables");
}

/* Volatile: what the compiler makes a call of memcpy would be looked at by ASan, whose red zones are no variables. */
__attribute__((no_sanitize("address"))) static void copy(uint8_t *to, const volatile uint8_t *from, uint64_t bytes)
{
    for (uint64_t i = 0; i < bytes; i++)
        to[i] = from[i];
}

__attribute__((no_sanitize("address"))) static uint64_t same_until(const uint8_t *a, const volatile uint8_t *b,
                                                                   uint64_t bytes)
{
    uint64_t i = 0;
    while (i < bytes && a[i] == b[i])
        i++;
    return i;
}

void objects_keep(void)
{
    for (uint64_t i = 0; i < count; i++)
        copy(objects[i].kept, objects[i].at, objects[i].bytes);
}

bool objects_are_kept(bool (*may_change)(const char *name))
{
    bool all = true;
    for (uint64_t i = 0; i < count; i++) {
        const struct object *o = &objects[i];
        uint64_t same = same_until(o->kept, o->at, o->bytes);
        if (same == o->bytes || may_change(o->name))
            continue;
        printf("# %s has changed, from byte %lu of %lu on\n", o->name, same, o->bytes);
        all = false;
    }
    return all;
}
