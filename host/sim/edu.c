/* SPDX-License-Identifier: Apache-2.0 */
/* See edu.h. */
#include "edu.h"

#include <stddef.h>
#include <string.h>

enum {
    VENDOR_ID = 0x1234,
    DEVICE_ID = 0x11e8,
    CLASS_CODE = 0x00ff00,
    IDENTIFICATION = 0x010000ed,
    FACTORIAL = 0x08,
    STATUS = 0x20,
    INTERRUPT_STATUS = 0x24,
    RAISE = 0x60,
    ACKNOWLEDGE = 0x64,
    SOURCE = 0x80,
    DESTINATION = 0x88,
    COUNT = 0x90,
    COMMAND = 0x98,
    COMPUTING = 1,
    WANTS_INTERRUPT = 0x80,
    DONE_FACTORIAL = 1,
    DONE_TRANSFER = 0x100,
    START = 1,
    TO_MEMORY = 2,
    INTERRUPT = 4,
    MEMORY_AT = 0x40000,
    PAGE = 4096,
};
static const uint64_t factorial_ns = 1000, transfer_ns = 100000000, later_ns = 1000000, linger_ns = 500000;

static bool lies(struct sim_edu *d, enum sim_edu_lie lie)
{
    if (d->lie != lie || d->transfers < d->lie_from)
        return false;
    d->told++;
    return true;
}

static void interrupt(struct sim_edu *d, uint32_t why)
{
    d->interrupt_status |= why;
    sim_interrupt(&d->function, 0);
}

/* As far as it is let. */
static void transfer(struct sim_edu *d, uint64_t source, uint64_t destination, uint64_t count, bool to_memory)
{
    uint64_t inside = (to_memory ? source : destination) - MEMORY_AT;
    if (inside > SIM_EDU_MEMORY || count > SIM_EDU_MEMORY - inside)
        return;
    (void)sim_dma(&d->function, to_memory ? destination : source, d->memory + inside, count, to_memory);
}

static void factorial_done(struct machine_event *event)
{
    struct sim_edu *d = (struct sim_edu *)(void *)((uint8_t *)event - offsetof(struct sim_edu, factorial_done));
    uint32_t product = 1;
    for (uint32_t i = 2; i <= d->factorial; i++)
        product *= i;
    d->factorial = product;
    d->status &= ~(uint32_t)COMPUTING;
    if (d->status & WANTS_INTERRUPT)
        interrupt(d, DONE_FACTORIAL);
}

static void keep_for_later(struct sim_edu *d, uint64_t further)
{
    d->later_to_memory = d->command & TO_MEMORY;
    d->later_source = d->source + (d->later_to_memory ? 0 : further);
    d->later_destination = d->destination + (d->later_to_memory ? further : 0);
    d->later_count = d->count;
}

static void later(struct machine_event *event)
{
    struct sim_edu *d = (struct sim_edu *)(void *)((uint8_t *)event - offsetof(struct sim_edu, later));
    transfer(d, d->later_source, d->later_destination, d->later_count, d->later_to_memory);
}

static void transfer_done(struct machine_event *event)
{
    struct sim_edu *d = (struct sim_edu *)(void *)((uint8_t *)event - offsetof(struct sim_edu, transfer_done));
    bool is_early = lies(d, SIM_EDU_EARLY), is_again = lies(d, SIM_EDU_AGAIN), is_beyond = lies(d, SIM_EDU_BEYOND);
    d->transfers++;
    if (!is_early)
        transfer(d, d->source, d->destination, d->count, d->command & TO_MEMORY);
    if (is_early || is_again || is_beyond) {
        keep_for_later(d, is_beyond ? PAGE : 0);
        machine_at(&d->later, machine_now() + later_ns);
    }
    d->command &= ~(uint64_t)START;
    if (d->command & INTERRUPT)
        interrupt(d, DONE_TRANSFER);
    if (lies(d, SIM_EDU_TWICE))
        interrupt(d, DONE_TRANSFER);
    if (lies(d, SIM_EDU_NO_REASON))
        sim_interrupt(&d->function, 0);
}

static uint32_t read(void *model, uint64_t offset)
{
    const struct sim_edu *d = model;
    switch (offset) {
    case 0x00:
        return IDENTIFICATION;
    case 0x04:
        return ~d->liveness;
    case FACTORIAL:
        return d->factorial;
    case STATUS:
        return d->status;
    case INTERRUPT_STATUS:
        return d->interrupt_status;
    case COMMAND:
        return d->lie == SIM_EDU_AFTER_STOP ? 0 : (uint32_t)d->command;
    default:
        return 0;
    }
}

static void write(void *model, uint64_t offset, uint32_t width, uint64_t value)
{
    struct sim_edu *d = model;
    (void)width;
    switch (offset) {
    case 0x04:
        d->liveness = (uint32_t)value;
        break;
    case FACTORIAL:
        d->factorial = (uint32_t)value;
        d->status |= COMPUTING;
        machine_at(&d->factorial_done, machine_now() + factorial_ns);
        break;
    case STATUS:
        d->status = (d->status & COMPUTING) | ((uint32_t)value & WANTS_INTERRUPT);
        break;
    case RAISE:
        interrupt(d, (uint32_t)value);
        break;
    case ACKNOWLEDGE:
        d->interrupt_status &= ~(uint32_t)value;
        break;
    case SOURCE:
        d->source = value;
        break;
    case DESTINATION:
        d->destination = value;
        break;
    case COUNT:
        d->count = value;
        break;
    case COMMAND:
        d->command = value;
        if (value & START)
            machine_at(&d->transfer_done, machine_now() + transfer_ns);
        if (value & START && lies(d, SIM_EDU_AFTER_STOP)) {
            keep_for_later(d, 0);
            machine_at(&d->later, machine_now() + linger_ns);
        }
        break;
    default:
        break;
    }
}

static void reset(void *model)
{
    (void)model; /* it has none that PCI defines */
}

void sim_edu_init(struct sim_edu *d, uint32_t device)
{
    *d = (struct sim_edu){
        .factorial_done.run = factorial_done,
        .transfer_done.run = transfer_done,
        .later.run = later,
        .function = {.read = read, .write = write, .reset = reset, .model = d},
    };
    sim_function_init(&d->function, device, VENDOR_ID, DEVICE_ID, CLASS_CODE);
    sim_add_msi(&d->function);
}
