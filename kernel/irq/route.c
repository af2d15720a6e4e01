/* SPDX-License-Identifier: Apache-2.0 */
/* See route.h. The revoke sequence is the order in which end() and fall_silent() do things. */
#include "irq/route.h"

#include <stdbool.h>
#include <stddef.h>

#include <core/route.h>

#include "arch/x86_64/clock.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/lapic.h"
#include "device/device.h"
#include "diag/audit.h"
#include "diag/log.h"
#include "diag/panic.h"
#include "iommu/iommu.h"
#include "irq/steps.h"
#include "lib/lock.h"
#include "proc/process.h"

enum {
    /* Windows that a route gets to fall silent. One is enough for a message that is on its way; a level that somebody
     * holds up, or a source that raises without end, uses all of them. */
    WINDOWS = 64,
};

struct route {
    struct tn_identity identity;
    struct irq_source source;
    const struct device *device;
    struct process *holder; /* NULL: the kernel's */
    void (*handler)(void);  /* of the kernel's */
    uint64_t user_data;
    uint64_t arrived, events, storms;
    bool is_stormed;         /* its source is masked until the acknowledgement */
    bool is_remapping_clear; /* no entry of anybody before leads here, and the unit has forgotten it */
};

static struct route table[ROUTES_MAX];
static struct tn_routes routes;
static struct tn_route state[ROUTES_MAX];
static struct tn_slot slot[ROUTES_MAX];
static uint64_t stale, spurious, lost;
static_assert(VECTOR_ROUTE_FIRST + ROUTES_MAX - 1 <= VECTOR_ROUTE_LAST, "a vector for each route");

static uint8_t vector_of(uint32_t index)
{
    return (uint8_t)(VECTOR_ROUTE_FIRST + index);
}

void route_init(void)
{
    if (!tn_routes_init(&routes, slot, state, ROUTES_MAX, ROUTE_STORM))
        panic("irq: the route table does not initialise");
}

/* ---- silence ---- */

static bool set_mask(const struct route *r, bool masked)
{
    return irq_operations(&r->source)->set_mask(&r->source, masked);
}

/* The source is masked once more for this, and its read comes back behind the messages that it sent. */
static struct tn_route_evidence read_back(uint32_t index)
{
    const struct route *r = &table[index];
    struct tn_route_evidence evidence = {.remapping_clear = r->is_remapping_clear};
    evidence.source_masked = set_mask(r, true);
    ROUTE_STEP(STEP_READ_BACK, index);
    evidence.source_idle = irq_operations(&r->source)->is_idle(&r->source);
    evidence.not_requested = !lapic_is_pending(vector_of(index));
    evidence.not_in_service = !lapic_is_in_service(vector_of(index));
    return evidence;
}

/* Nobody would be woken: what the source holds back is let out, and what is on its way arrives, as stale. The decision
 * is core's: to arm, or to give the vector away. */
static bool fall_silent(uint32_t index,
                        enum tn_status (*decide)(const struct tn_routes *, uint32_t, const struct tn_route_evidence *))
{
    for (uint32_t window = 0; window < WINDOWS; window++) {
        struct tn_route_evidence evidence = read_back(index);
        if (decide(&routes, index, &evidence) == TN_OK || ROUTE_UNDRAINED)
            return true;
        ROUTE_STEP(STEP_WINDOW, index);
        if (!evidence.source_idle)
            (void)set_mask(&table[index], false);
        lock_release(LOCK_INTERRUPT_ROUTES); /* what arrives takes it; nothing but arrivals changes meanwhile */
        lock_check_window();
        cpu_interrupt_window();
        lock_acquire(LOCK_INTERRUPT_ROUTES);
    }
    return false;
}

/* Revoked; then silent and free, or out of use for good. */
static void end(uint32_t index)
{
    ROUTE_STEP(STEP_REVOKE, index);
    tn_route_revoke_commit(&routes, index);
    ROUTE_STEP(STEP_MASK, index);
    (void)set_mask(&table[index], true);
    table[index].is_remapping_clear = iommu_route_clear(index) == TN_OK;
    if (fall_silent(index, tn_route_drained_decide)) {
        ROUTE_STEP(STEP_DRAINED, index);
        tn_route_drained_commit(&routes, index);
        ROUTE_STEP(STEP_FREE, index);
        tn_route_free_commit(&routes, index);
        ROUTE_STEP(STEP_FREED, index);
        return;
    }
    (void)set_mask(&table[index], true);
    lost++;
    process_audit(table[index].holder, TN_AUDIT_ROUTE_LOST, TN_EIO, TN_KIND_INTERRUPT, table[index].identity.generation,
                  index);
    log_line("irq: vector %u does not fall silent (%s, entry %u): it is not used again", vector_of(index),
             irq_operations(&table[index].source)->name, table[index].source.entry);
}

/* ---- binding ---- */

static bool is_bound(const struct irq_source *source)
{
    for (uint32_t i = 0; i < ROUTES_MAX; i++)
        if (tn_route_generation(&routes, i) != 0 && irq_source_is_same(&table[i].source, source))
            return true;
    return false;
}

static enum tn_status bind(const struct route *wanted, uint32_t *route)
{
    if (is_bound(&wanted->source))
        return TN_ESTATE;
    enum tn_status status = tn_route_bind_decide(&routes);
    if (status != TN_OK)
        return status;
    uint32_t index = tn_route_bind_commit(&routes);
    table[index] = *wanted;
    table[index].identity.generation = tn_route_generation(&routes, index);
    ROUTE_STEP(STEP_PROGRAM, index);
    /* an entry is made only where there is none, so what was before is clear */
    table[index].is_remapping_clear =
        irq_operations(&wanted->source)->program(&wanted->source, vector_of(index)) == TN_OK;
    ROUTE_STEP(STEP_SILENCE, index);
    if (!table[index].is_remapping_clear || !fall_silent(index, tn_route_arm_decide)) {
        end(index);
        return TN_EIO;
    }
    ROUTE_STEP(STEP_ARM, index);
    tn_route_arm_commit(&routes, index);
    ROUTE_STEP(STEP_UNMASK, index);
    if (!set_mask(&table[index], false)) {
        end(index);
        return TN_EIO;
    }
    ROUTE_STEP(STEP_BOUND, index);
    *route = index;
    return TN_OK;
}

static enum tn_status bind_locked(const struct route *wanted, uint32_t *route)
{
    lock_acquire(LOCK_INTERRUPT_ROUTES);
    enum tn_status status = bind(wanted, route);
    lock_release(LOCK_INTERRUPT_ROUTES);
    return status;
}

enum tn_status route_bind(struct device *device, uint32_t entry, struct process *holder, uint64_t user_data,
                          uint32_t *route)
{
    struct route wanted = {
        .identity = {0, holder->epoch},
        .device = device,
        .holder = holder,
        .user_data = user_data,
    };
    enum tn_status status = irq_source_of(device->function, entry, &wanted.source);
    if (status != TN_OK)
        return status;
    lock_acquire(LOCK_DEVICE_MANAGER); /* also through the windows: one change of a device's routes at a time */
    status = bind_locked(&wanted, route);
    lock_release(LOCK_DEVICE_MANAGER);
    return status;
}

enum tn_status route_bind_kernel(const struct irq_source *source, void (*handler)(void))
{
    uint32_t index;
    return bind_locked(&(struct route){.source = *source, .handler = handler}, &index);
}

const struct tn_identity *route_identity(uint32_t route)
{
    return tn_route_generation(&routes, route) != 0 ? &table[route].identity : NULL;
}

/* ---- events ---- */

static void post_event(struct route *r, uint32_t index, uint64_t count)
{
    r->events++;
    struct tn_cqe *cqe = process_post_begin(r->holder);
    cqe->user_data = r->user_data;
    cqe->kind = TN_CQE_INTERRUPT;
    cqe->status = TN_OK;
    cqe->value[0] = tn_route_sequence(&routes, index);
    cqe->value[1] = count;
    cqe->value[2] = clock_now();
    cqe->value[3] = cqe->value[4] = cqe->value[5] = 0;
    process_post_end(r->holder);
}

/* The kernel's own: handled and acknowledged at once. */
static void handle_event(struct route *r, uint32_t index)
{
    do {
        r->events++;
        r->handler();
    } while (tn_route_acknowledge_commit(&routes, index) != 0);
}

enum tn_status route_acknowledge_decide(uint32_t route, uint64_t sequence)
{
    return tn_route_acknowledge_decide(&routes, route, sequence);
}

void route_acknowledge_commit(uint32_t route)
{
    struct route *r = &table[route];
    uint64_t waited = tn_route_acknowledge_commit(&routes, route);
    if (waited != 0)
        post_event(r, route, waited);
    if (r->is_stormed) {
        r->is_stormed = false;
        (void)set_mask(r, false);
    }
}

static void storm(uint32_t index)
{
    struct route *r = &table[index];
    r->is_stormed = true;
    (void)set_mask(r, true);
    process_audit(r->holder, TN_AUDIT_SOURCE_STORM, TN_OK, TN_KIND_INTERRUPT, r->identity.generation, index);
    if (r->storms++ == 0) /* one line for a route, however often */
        log_line("irq: vector %u storms (%s, entry %u): %u interrupts without an acknowledgement, masked until one",
                 vector_of(index), irq_operations(&r->source)->name, r->source.entry, ROUTE_STORM);
}

/* What is not an event for a process. */
static __attribute__((noinline)) void deliver_other(uint32_t index, enum tn_arrival arrival)
{
    if (arrival == TN_ARRIVAL_STALE) {
        stale++;
        ROUTE_STALE(index);
        return;
    }
    table[index].arrived++;
    if (arrival == TN_ARRIVAL_EVENT)
        handle_event(&table[index], index);
    else if (arrival == TN_ARRIVAL_STORM)
        storm(index);
}

/* Inlined as a whole: this is the way of every event, and counted (irq.raise_to_driver.instr). */
__attribute__((flatten)) void route_deliver(uint8_t vector)
{
    uint32_t index = (uint32_t)vector - VECTOR_ROUTE_FIRST;
    lock_acquire(LOCK_INTERRUPT_ROUTES);
    enum tn_arrival arrival = tn_route_arrive(&routes, index);
    if (arrival == TN_ARRIVAL_EVENT && !table[index].handler) {
        table[index].arrived++;
        post_event(&table[index], index, 1);
    } else {
        deliver_other(index, arrival);
    }
    lock_release(LOCK_INTERRUPT_ROUTES);
}

void route_count_spurious(void)
{
    spurious++;
}

/* ---- the end ---- */

/* Under both locks. */
static void release(uint32_t route)
{
    struct route *r = &table[route];
    bool is_armed = tn_route_state(&routes, route) == TN_ROUTE_ARMED; /* holds a completion for the next event */
    end(route);
    if (is_armed)
        tn_ring_unreserve_commit(&r->holder->ring, 1);
    tn_ledger_refund(&r->holder->ledger, TN_CHARGE_INTERRUPTS, 1);
    r->holder = NULL;
    r->device = NULL;
}

void route_release(uint32_t route)
{
    lock_acquire(LOCK_DEVICE_MANAGER);
    lock_acquire(LOCK_INTERRUPT_ROUTES);
    release(route);
    lock_release(LOCK_INTERRUPT_ROUTES);
    lock_release(LOCK_DEVICE_MANAGER);
}

void route_release_device(const struct device *device)
{
    lock_acquire(LOCK_INTERRUPT_ROUTES);
    for (uint32_t i = 0; i < ROUTES_MAX; i++)
        if (tn_route_generation(&routes, i) != 0 && table[i].device == device)
            release(i);
    lock_release(LOCK_INTERRUPT_ROUTES);
}

/* ---- views ---- */

bool route_view(uint32_t index, struct route_view *view)
{
    const struct route *r = &table[index];
    lock_acquire(LOCK_INTERRUPT_ROUTES);
    uint32_t now = tn_route_state(&routes, index);
    *view =
        (struct route_view){r->source, now, vector_of(index), r->holder, r->device, r->arrived, r->events, r->storms};
    lock_release(LOCK_INTERRUPT_ROUTES);
    return now != TN_ROUTE_FREE;
}

struct route_counts route_counts(void)
{
    return (struct route_counts){stale, spurious, lost};
}
