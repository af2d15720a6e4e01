/* SPDX-License-Identifier: Apache-2.0 */
/* See provoke_pci.h. Through CF8/CFC, since nothing of pci/ runs yet. */
#include "diag/provoke_pci.h"

#include <stdint.h>

#include "arch/x86_64/io.h"
#include "boot/command_line.h"
#include "lib/string.h"

enum {
    BUSES = 8, /* of the machines of the tests */
    REGISTER_ID = 0x00,
    REGISTER_COMMAND = 0x04,
    REGISTER_HEADER = 0x0c, /* header type in bits 16 to 22 */
    REGISTER_BAR0 = 0x10,
    REGISTER_BUSES = 0x18,
    REGISTER_IO = 0x1c,
    REGISTER_MEMORY = 0x20,
    REGISTER_PREFETCHABLE = 0x24,
    REGISTER_PREFETCHABLE_UPPER = 0x28,
    REGISTER_PREFETCHABLE_LIMIT_UPPER = 0x2c,
    DECODING = 3,
    FIRST_BRIDGE = 8 << 3,
    SECOND_BRIDGE = 9 << 3,
};

bool provoke_unassigned;

static void select_register(uint32_t bdf, uint32_t offset)
{
    outl(0xcf8, UINT32_C(0x80000000) | bdf << 8 | offset);
}

static uint32_t read(uint32_t bdf, uint32_t offset)
{
    select_register(bdf, offset);
    return inl(0xcfc);
}

static void write(uint32_t bdf, uint32_t offset, uint32_t value)
{
    select_register(bdf, offset);
    outl(0xcfc, value);
}

static void forget_function(uint32_t bdf)
{
    uint32_t header = read(bdf, REGISTER_HEADER) >> 16 & 0x7f;
    write(bdf, REGISTER_COMMAND, read(bdf, REGISTER_COMMAND) & 0xffff & ~(uint32_t)DECODING);
    for (uint32_t i = 0; i < (header == 1 ? 2u : 6u); i++)
        write(bdf, REGISTER_BAR0 + 4 * i, 0);
    if (header != 1)
        return;
    write(bdf, REGISTER_IO, 0x00f0);
    write(bdf, REGISTER_MEMORY, 0x0000fff0);
    write(bdf, REGISTER_PREFETCHABLE, 0x0000fff0);
    write(bdf, REGISTER_PREFETCHABLE_UPPER, 0);
    write(bdf, REGISTER_PREFETCHABLE_LIMIT_UPPER, 0);
}

static void forget_all(void)
{
    for (uint32_t bdf = 0; bdf < BUSES << 8; bdf++)
        if ((read(bdf, REGISTER_ID) & 0xffff) != 0xffff)
            forget_function(bdf);
}

static void unplaced(void)
{
    forget_all();
}

static void unassigned(void)
{
    forget_all();
    provoke_unassigned = true;
}

/* primary, secondary and subordinate from the low byte up */
static void buses_loop(void)
{
    write(FIRST_BRIDGE, REGISTER_BUSES, 0x010000);
}

static void buses_overlap(void)
{
    write(FIRST_BRIDGE, REGISTER_BUSES, 0x020100);
    write(SECOND_BRIDGE, REGISTER_BUSES, 0x020200);
}

static void buses_none(void)
{
    write(FIRST_BRIDGE, REGISTER_BUSES, 0);
}

void provoke_pci_from_command_line(void)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } kinds[] = {
        {"unplaced", unplaced},           {"unassigned", unassigned}, {"buses-loop", buses_loop},
        {"buses-overlap", buses_overlap}, {"buses-none", buses_none},
    };
    char value[16];
    if (!command_line_value("provoke", value, sizeof value))
        return;
    for (uint32_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (text_equal(kinds[i].name, value))
            kinds[i].run();
}
