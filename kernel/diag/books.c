/* SPDX-License-Identifier: Apache-2.0 */
/* See books.h. */
#include "diag/books.h"

#include <stddef.h>

#include "cap/channel.h"
#include "cap/pool.h"
#include "device/device.h"
#include "device/mmio.h"
#include "diag/panic.h"
#include "irq/route.h"
#include "proc/process.h"

/* Of a process, or (NULL) of a device, or of none: whichever of the two is asked for. */
struct question {
    const struct process *process;
    const struct device *device;
};

static bool concerns(const struct question *q, const struct process *process, const struct device *device)
{
    return q->process ? process == q->process : device == q->device;
}

static void count_pools(const struct question *q, struct books *b)
{
    struct pool_view v;
    for (uint32_t i = 0; i < POOLS_MAX; i++) {
        if (!pool_view(i, &v) || !concerns(q, v.owner, v.reach))
            continue;
        b->held[TN_CHARGE_POOL_BYTES] += (uint64_t)v.buffers * v.buffer_bytes;
        b->held[TN_CHARGE_BUFFERS] += v.buffers;
    }
}

static void count_windows(const struct question *q, struct books *b)
{
    struct mmio_view v;
    for (uint32_t i = 0; i < MMIO_WINDOWS_MAX; i++)
        if (mmio_view(i, &v) && concerns(q, v.holder, v.device))
            b->held[TN_CHARGE_MMIO_BYTES] += v.length;
}

static void count_routes(const struct question *q, struct books *b)
{
    struct route_view v;
    for (uint32_t i = 0; i < ROUTES_MAX; i++)
        if (route_view(i, &v) && v.holder && concerns(q, v.holder, v.device))
            b->held[TN_CHARGE_INTERRUPTS]++;
}

static void count(const struct question *q, struct books *b)
{
    *b = (struct books){0};
    count_pools(q, b);
    count_windows(q, b);
    count_routes(q, b);
    b->held[TN_CHARGE_IN_FLIGHT] = fences_of(q->process, q->device);
}

void books_of_process(const struct process *process, struct books *b)
{
    const struct question q = {.process = process};
    count(&q, b);
    b->held[TN_CHARGE_CHANNELS] = channels_of(process);
    b->held[TN_CHARGE_MEMORY_PAGES] = space_tables(&process->space);
    for (uint32_t i = 0; i < process->region_count; i++)
        b->held[TN_CHARGE_MEMORY_PAGES] += process->region[i].pages;
    for (uint32_t slot = 0; process_is_live(process) && slot < process->caps.slots.count; slot++)
        b->held[TN_CHARGE_CAP_SLOTS] += tn_slots_live(&process->caps.slots, slot);
}

void books_of_device(const struct device *device, struct books *b)
{
    const struct question q = {.device = device};
    count(&q, b);
}

/* A process on its way out is between its books. */
static bool is_settled(const struct process *p)
{
    return process_is_live(p) || p->state == PROCESS_ENDED;
}

static bool processes_agree(struct books *sum, struct books_error *e)
{
    bool all = true;
    for (uint32_t i = 0; i < process_count; i++) {
        const struct process *p = &process_table[i];
        struct books b;
        books_of_process(p, &b);
        for (uint32_t c = 0; c < TN_CHARGE_COUNT; c++) {
            sum->held[c] += b.held[c];
            if (!all || !is_settled(p) || b.held[c] == p->ledger.used[c])
                continue;
            *e = (struct books_error){p, c, p->ledger.used[c], b.held[c]};
            all = false;
        }
    }
    return all;
}

/* What a device may have to do with. */
static const enum tn_charge of_devices[] = {TN_CHARGE_POOL_BYTES, TN_CHARGE_MMIO_BYTES, TN_CHARGE_BUFFERS,
                                            TN_CHARGE_INTERRUPTS, TN_CHARGE_IN_FLIGHT};

static void add(struct books *sum, const struct device *device)
{
    struct books b;
    books_of_device(device, &b);
    for (uint32_t c = 0; c < TN_CHARGE_COUNT; c++)
        sum->held[c] += b.held[c];
}

bool books_agree(struct books_error *e)
{
    struct books processes = {0}, devices = {0};
    if (!processes_agree(&processes, e))
        return false;
    add(&devices, NULL);
    for (uint32_t i = 0; device_at(i); i++)
        add(&devices, device_at(i));
    for (uint32_t i = 0; i < sizeof of_devices / sizeof of_devices[0]; i++) {
        enum tn_charge c = of_devices[i];
        if (processes.held[c] == devices.held[c])
            continue;
        *e = (struct books_error){NULL, c, processes.held[c], devices.held[c]};
        return false;
    }
    return true;
}

void books_check(void)
{
#ifdef TN_DEBUG
    struct books_error e;
    if (!books_agree(&e))
        panic("books: %s has %lu %s in its ledger, and objects for %lu", e.process ? e.process->name : "all processes",
              e.ledger, tn_charge_name((enum tn_charge)e.charge), e.objects);
#endif
}
