/* SPDX-License-Identifier: Apache-2.0 */
/* See pci.h. PCI Local Bus 3.0, chapter 6; PCI Express Base 5.0, sections 7.5.3 and 7.7.2. */
#include "pci.h"

#include <string.h>

enum {
    COMMAND = 0x04,
    STATUS = 0x06,
    CLASS = 0x08,
    BAR0 = 0x10,
    CAPABILITIES = 0x34,
    COMMAND_MEMORY = 2,
    COMMAND_MASTER = 4,
    COMMAND_NO_LINE = 0x400,
    STATUS_HAS_LIST = 0x10,
    FIRST_CAPABILITY = 0x40,
    MSI_ID = 0x05,
    EXPRESS_ID = 0x10,
    MSIX_ID = 0x11,
    CONTROL = 2,
    MSI_ENABLE = 1,
    MSI_64BIT = 0x80,
    MSIX_ENABLE = 0x8000,
    MSIX_MASK_ALL = 0x4000,
    MSIX_WRITABLE = MSIX_ENABLE | MSIX_MASK_ALL,
    EXPRESS_INTEGRATED = 9 << 4 | 2,
    EXPRESS_DEVICE = 4,
    EXPRESS_FLR = 1 << 28,
    EXPRESS_CONTROL = 8,
    EXPRESS_INITIATE_FLR = 0x8000,
    EXPRESS_ROOT_PORT = 4 << 4 | 2,
    EXPRESS_HAS_SLOT = 0x100,
    EXPRESS_LINK = 0x0c,
    EXPRESS_LINK_REPORTS = 1 << 20,
    EXPRESS_LINK_STATUS = 0x12,
    EXPRESS_LINK_ACTIVE = 1 << 13,
    EXPRESS_SLOT_STATUS = 0x1a,
    EXPRESS_SLOT_OCCUPIED = 1 << 6,
    HEADER_TYPE = 0x0e,
    BRIDGE = 1,
    BRIDGE_BUSES = 0x18,
    BRIDGE_MEMORY = 0x20,
    PORT_BUS = 1,
    PORT_MEMORY = 0x90100000, /* one MiB */
    FUNCTION_SHIFT = 12,
    PAGE = 4096,
};

void (*sim_on_access)(uint32_t bdf, uint64_t physical, uint64_t bytes, bool is_write);

static struct sim_function *functions;
static uint8_t next_capability = FIRST_CAPABILITY;

void sim_put16(uint8_t *to, uint16_t value)
{
    memcpy(to, &value, sizeof value);
}

void sim_put32(uint8_t *to, uint32_t value)
{
    memcpy(to, &value, sizeof value);
}

static uint32_t get16(const uint8_t *from)
{
    uint16_t value;
    memcpy(&value, from, sizeof value);
    return value;
}

static uint32_t get32(const uint8_t *from)
{
    uint32_t value;
    memcpy(&value, from, sizeof value);
    return value;
}

/* ---- configuration space ---- */

static struct sim_function *function_of(uint32_t bdf)
{
    struct sim_function *f = functions;
    while (f && f->bdf != bdf)
        f = f->next;
    return f;
}

static uint32_t config_read(void *context, uint64_t offset)
{
    (void)context;
    const struct sim_function *f = function_of((uint32_t)(offset >> FUNCTION_SHIFT));
    uint64_t at = offset % PAGE;
    if (!f || f->is_gone)
        return UINT32_MAX;
    return at < SIM_CONFIG_BYTES ? get32(f->config + at) : 0;
}

/* What a function level reset leaves of configuration space: what was there at power-on. */
static void reset_config(struct sim_function *f)
{
    for (uint32_t i = 0; i < SIM_CONFIG_BYTES; i++)
        f->config[i] &= (uint8_t)~f->writable[i];
    memset(f->msix, 0, sizeof f->msix);
    for (uint32_t i = 0; i < SIM_MSIX_ENTRIES; i++)
        f->msix[i][3] = 1;
    f->pending = 0;
    f->registers.physical = UINT64_MAX;
}

static void config_write(void *context, uint64_t offset, uint32_t width, uint64_t value)
{
    (void)context;
    struct sim_function *f = function_of((uint32_t)(offset >> FUNCTION_SHIFT));
    uint64_t at = offset % PAGE;
    if (!f || f->is_gone || at + width > SIM_CONFIG_BYTES)
        return;
    for (uint32_t i = 0; i < width; i++) {
        uint8_t mask = f->writable[at + i], byte = (uint8_t)(value >> 8 * i);
        f->config[at + i] = (uint8_t)((f->config[at + i] & ~mask) | (byte & mask));
    }
    f->bar = get32(f->config + BAR0) & ~UINT32_C(15);
    f->registers.physical = get16(f->config + COMMAND) & COMMAND_MEMORY ? f->bar : UINT64_MAX;
    uint64_t control = f->express + (uint64_t)EXPRESS_CONTROL;
    if (f->express != 0 && at <= control && at + width > control + 1 &&
        value >> 8 * (control - at) & EXPRESS_INITIATE_FLR) {
        reset_config(f);
        f->reset(f->model);
    }
}

static struct machine_registers ecam = {
    .physical = MACHINE_ECAM,
    .bytes = MACHINE_ECAM_BYTES,
    .read = config_read,
    .write = config_write,
};

/* ---- messages ---- */

static uint32_t bar_read(void *context, uint64_t offset)
{
    struct sim_function *f = context;
    if (f->is_gone)
        return UINT32_MAX;
    if (f->msix_at != 0 && offset >= SIM_MSIX_TABLE && offset < SIM_MSIX_TABLE + sizeof f->msix)
        return f->msix[(offset - SIM_MSIX_TABLE) / 16][offset / 4 % 4];
    if (f->msix_at != 0 && offset >= SIM_MSIX_PENDING)
        return offset == SIM_MSIX_PENDING ? f->pending : 0;
    return f->read(f->model, offset);
}

static bool has_msix(const struct sim_function *f)
{
    return f->msix_at != 0 && (get16(f->config + f->msix_at + CONTROL) & MSIX_WRITABLE) == MSIX_ENABLE;
}

static void send_pending(struct sim_function *f)
{
    for (uint32_t i = 0; i < SIM_MSIX_ENTRIES; i++)
        if (f->pending >> i & 1 && has_msix(f) && !(f->msix[i][3] & 1)) {
            f->pending &= ~(1u << i);
            machine_message(f->bdf, f->msix[i][0], f->msix[i][2]);
        }
}

static void bar_write(void *context, uint64_t offset, uint32_t width, uint64_t value)
{
    struct sim_function *f = context;
    if (f->is_gone)
        return;
    if (f->msix_at != 0 && offset >= SIM_MSIX_TABLE && offset < SIM_MSIX_TABLE + sizeof f->msix) {
        f->msix[(offset - SIM_MSIX_TABLE) / 16][offset / 4 % 4] = (uint32_t)value;
        send_pending(f);
    } else if (f->msix_at == 0 || offset < SIM_MSIX_TABLE) {
        f->write(f->model, offset, width, value);
    }
}

void sim_interrupt(struct sim_function *f, uint32_t entry)
{
    if (f->msix_at != 0) {
        f->pending |= 1u << entry;
        send_pending(f);
    } else if (f->msi != 0 && f->config[f->msi + CONTROL] & MSI_ENABLE) {
        machine_message(f->bdf, get32(f->config + f->msi + 4), get16(f->config + f->msi + 12));
    }
}

/* ---- memory ---- */

bool sim_dma(const struct sim_function *f, uint64_t iova, void *data, uint64_t bytes, bool is_write)
{
    uint8_t *at = data;
    while (bytes > 0) {
        if (f->is_gone)
            return false;
        uint64_t part = PAGE - iova % PAGE < bytes ? PAGE - iova % PAGE : bytes, physical;
        void *memory = machine_translate(f->bdf, iova, is_write, &physical) ? machine_ram(physical, part) : NULL;
        if (!memory)
            return false;
        if (sim_on_access)
            sim_on_access(f->bdf, physical, part, is_write);
        memcpy(is_write ? memory : at, is_write ? at : memory, part);
        at += part;
        iova += part;
        bytes -= part;
    }
    return true;
}

/* ---- a function ---- */

uint32_t sim_capability(struct sim_function *f, uint8_t id, uint32_t bytes)
{
    uint32_t at = next_capability;
    next_capability = (uint8_t)(at + (bytes + 3) / 4 * 4);
    f->config[at] = id;
    f->config[at + 1] = f->config[CAPABILITIES];
    f->config[CAPABILITIES] = (uint8_t)at;
    return at;
}

void sim_add_msix(struct sim_function *f)
{
    f->msix_at = (uint8_t)sim_capability(f, MSIX_ID, 12);
    sim_put16(f->config + f->msix_at + CONTROL, SIM_MSIX_ENTRIES - 1);
    sim_put16(f->writable + f->msix_at + CONTROL, MSIX_WRITABLE);
    sim_put32(f->config + f->msix_at + 4, SIM_MSIX_TABLE);
    sim_put32(f->config + f->msix_at + 8, SIM_MSIX_PENDING);
}

void sim_add_msi(struct sim_function *f)
{
    f->msi = (uint8_t)sim_capability(f, MSI_ID, 14);
    sim_put16(f->config + f->msi + CONTROL, MSI_64BIT);
    sim_put16(f->writable + f->msi + CONTROL, MSI_ENABLE);
    memset(f->writable + f->msi + 4, 0xff, 10);
}

void sim_add_express(struct sim_function *f)
{
    f->express = (uint8_t)sim_capability(f, EXPRESS_ID, 20);
    sim_put16(f->config + f->express + CONTROL, EXPRESS_INTEGRATED);
    sim_put32(f->config + f->express + EXPRESS_DEVICE, EXPRESS_FLR);
}

/* ---- a port ---- */

static uint32_t read_nothing(void *model, uint64_t offset)
{
    (void)model, (void)offset;
    return 0;
}

static void write_nothing(void *model, uint64_t offset, uint32_t width, uint64_t value)
{
    (void)model, (void)offset, (void)width, (void)value;
}

static void reset_nothing(void *model)
{
    (void)model;
}

static void set_occupied(struct sim_function *port, bool is_occupied)
{
    sim_put16(port->config + port->express + EXPRESS_LINK_STATUS, is_occupied ? EXPRESS_LINK_ACTIVE : 0);
    sim_put16(port->config + port->express + EXPRESS_SLOT_STATUS, is_occupied ? EXPRESS_SLOT_OCCUPIED : 0);
}

void sim_port_init(struct sim_function *port, uint32_t device)
{
    *port = (struct sim_function){.read = read_nothing, .write = write_nothing, .reset = reset_nothing};
    sim_function_init(port, device, 0x1b36, 0x000c, 0x060400);
    sim_put32(port->writable + BAR0, 0);
    sim_put32(port->config + BAR0, 0);
    port->config[HEADER_TYPE] = BRIDGE;
    sim_put32(port->config + BRIDGE_BUSES, PORT_BUS << 8 | PORT_BUS << 16);
    sim_put32(port->config + BRIDGE_MEMORY, PORT_MEMORY >> 16 | PORT_MEMORY);
    sim_put32(port->writable + BRIDGE_MEMORY, 0xfff0fff0);
    port->express = (uint8_t)sim_capability(port, EXPRESS_ID, 60);
    sim_put16(port->config + port->express + CONTROL, EXPRESS_ROOT_PORT | EXPRESS_HAS_SLOT);
    sim_put32(port->config + port->express + EXPRESS_LINK, EXPRESS_LINK_REPORTS);
    set_occupied(port, false);
}

void sim_plug(struct sim_function *port, struct sim_function *f)
{
    f->bdf = PORT_BUS << 8;
    f->bar = PORT_MEMORY;
    sim_put32(f->config + BAR0, (uint32_t)f->bar);
    set_occupied(port, true);
}

void sim_unplug(struct sim_function *port, struct sim_function *f)
{
    f->is_gone = true;
    set_occupied(port, false);
}

void sim_function_init(struct sim_function *f, uint32_t device, uint16_t vendor_id, uint16_t device_id,
                       uint32_t class_code)
{
    if (!functions)
        machine_add_registers(&ecam);
    next_capability = FIRST_CAPABILITY;
    f->bdf = device << 3;
    f->next = functions;
    functions = f;
    sim_put16(f->config, vendor_id);
    sim_put16(f->config + 2, device_id);
    sim_put16(f->config + STATUS, STATUS_HAS_LIST);
    sim_put32(f->config + CLASS, class_code << 8);
    sim_put16(f->writable + COMMAND, COMMAND_MEMORY | COMMAND_MASTER | COMMAND_NO_LINE);
    sim_put32(f->writable + BAR0, ~((uint32_t)SIM_BAR_BYTES - 1));
    f->bar = MACHINE_BARS + (uint64_t)device * SIM_BAR_BYTES;
    sim_put32(f->config + BAR0, (uint32_t)f->bar);
    for (uint32_t i = 0; i < SIM_MSIX_ENTRIES; i++)
        f->msix[i][3] = 1;
    f->registers = (struct machine_registers){UINT64_MAX, SIM_BAR_BYTES, bar_read, bar_write, f, NULL};
    machine_add_registers(&f->registers);
}
