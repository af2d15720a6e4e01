/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts processes as the manifest says: image, stack, rings, start block, and the capabilities it names, no others. A
 * manifest that cannot be carried out ends the run with a message that names the process and the thing.
 */
#include <stddef.h>

#include "arch/x86_64/clock.h"
#include "arch/x86_64/layout.h"
#include "boot/command_line.h"
#include "cap/channel.h"
#include "cap/operation.h"
#include "cap/pool.h"
#include "device/device.h"
#include "diag/audit.h"
#include "diag/input.h"
#include "diag/log.h"
#include "diag/provoke_fail.h"
#include "diag/provoke_generations.h"
#include "diag/provoke_kill.h"
#include "irq/route.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "proc/archive.h"
#include "proc/elf.h"
#include "proc/process.h"
#include "proc/sched.h"
#include <tn_format.h>

struct process *process_supervisor;
static struct archive archive; /* of the start, for all that follow */
static const struct tn_manifest *manifest;
static struct tn_identity supervised; /* of every Process: entries do not change, and one process holds them all */

enum {
    RFLAGS_USER = 0x202, /* interrupts on; bit 1 is always set */
};

static bool refuse(struct process *p, const char *what, enum tn_status status)
{
    static const char *const reason[TN_STATUS_COUNT] = {
        [TN_EBUDGET] = "its own budget does not cover it",
        [TN_EEXHAUSTED] = "the machine has not enough",
        [TN_EINVAL] = "it does not fit",
        [TN_ESTATE] = "it is claimed already",
    };
    log_line("start: %s: %s: %s (status %u)", p->name, what, reason[status] ? reason[status] : "refused", status);
    p->unstartable = status;
    return false;
}

static void set_budget(struct process *p)
{
    const struct tn_budget *b = &p->manifest->budget;
    p->ledger.limit[TN_CHARGE_POOL_BYTES] = b->pool_bytes;
    p->ledger.limit[TN_CHARGE_MMIO_BYTES] = b->mmio_bytes;
    p->ledger.limit[TN_CHARGE_MEMORY_PAGES] = b->memory_pages;
    p->ledger.limit[TN_CHARGE_BUFFERS] = b->buffers;
    p->ledger.limit[TN_CHARGE_INTERRUPTS] = b->interrupts;
    p->ledger.limit[TN_CHARGE_IN_FLIGHT] = b->in_flight;
    p->ledger.limit[TN_CHARGE_CAP_SLOTS] = b->cap_slots;
    p->ledger.limit[TN_CHARGE_CHANNELS] = b->channels;
}

/* What the whole manifest asks for must fit the machine before any of it starts. */
static bool budgets_fit(const struct tn_manifest *m)
{
    uint64_t free = frames_count().free;
    uint32_t routes = ROUTES_MAX - input_routes();
    for (uint32_t i = 0; i < m->process_count; i++) {
        const struct tn_manifest_process *mp = &m->process[i];
        uint64_t pages = mp->budget.pool_bytes / PAGE_SIZE + mp->budget.memory_pages;
        if (pages < mp->budget.memory_pages || pages > free) {
            log_line(
                "start: %s: budget pool_bytes=%lu memory_pages=%u is more than the machine has: %lu pages are left "
                "for it",
                mp->name, mp->budget.pool_bytes, mp->budget.memory_pages, free);
            return false;
        }
        if (mp->budget.interrupts > routes) {
            log_line("start: %s: budget interrupts=%u is more than the machine has: %u routes are left for it",
                     mp->name, mp->budget.interrupts, routes);
            return false;
        }
        free -= pages;
        routes -= mp->budget.interrupts;
    }
    return true;
}

static bool map_segment(struct process *p, const struct elf_segment *s, const struct archive_file *file)
{
    uint64_t physical;
    enum tn_status status = process_take_frames(p, s->pages, &physical);
    if (status != TN_OK)
        return refuse(p, "memory of the image", status);
    memcpy((uint8_t *)phys_to_virt(physical) + s->skip, file->data + s->file_offset, s->file_bytes);
    uint32_t flags = (s->writable ? MAP_WRITE : 0) | (s->executable ? MAP_EXECUTE : 0);
    status = space_map(&p->space, s->address, physical, s->pages, flags);
    return status == TN_OK || refuse(p, "address of an image segment", status);
}

static bool load_image(struct process *p)
{
    char path[TN_NAME_MAX + 8];
    struct archive_file file;
    struct elf_image image;
    struct elf_error error;
    tn_format(path, sizeof path, "bin/%s", p->manifest->image);
    if (archive_find(&archive, path, &file) != TN_OK) {
        log_line("start: %s: image %s is not in the archive", p->name, path);
        return false;
    }
    if (elf_read(file.data, file.bytes, USER_MIN, USER_WINDOWS, &image, &error) != TN_OK) {
        log_line("start: %s: image %s refused: %s 0x%lx", p->name, path, error.what, error.value);
        return false;
    }
    for (uint32_t i = 0; i < image.count; i++)
        if (!map_segment(p, &image.segment[i], &file))
            return false;
    p->frame.rip = image.entry;
    return true;
}

static bool map_own(struct process *p, const char *what, uint64_t address, uint64_t pages, uint64_t *physical)
{
    enum tn_status status = process_take_frames(p, pages, physical);
    if (status == TN_OK)
        status = space_map(&p->space, address, *physical, pages, MAP_WRITE);
    return status == TN_OK || refuse(p, what, status);
}

static bool make_rings(struct process *p, struct tn_start *start)
{
    uint32_t sq_entries = p->manifest->budget.sq_entries, cq_entries = p->manifest->budget.cq_entries;
    uint64_t sq_at = sizeof(struct tn_ring_header);
    uint64_t cq_at = sq_at + sq_entries * sizeof(struct tn_sqe);
    uint64_t bytes = cq_at + cq_entries * sizeof(struct tn_cqe);
    uint64_t physical;
    if (!tn_ring_account_init(&p->ring, sq_entries, cq_entries))
        return refuse(p, "ring sizes", TN_EINVAL);
    if (!map_own(p, "rings", USER_RINGS, (bytes + PAGE_SIZE - 1) / PAGE_SIZE, &physical))
        return false;
    uint8_t *rings = phys_to_virt(physical);
    p->header = (struct tn_ring_header *)(void *)rings;
    p->sq = (const struct tn_sqe *)(const void *)(rings + sq_at);
    p->cq = (struct tn_cqe *)(void *)(rings + cq_at);
    start->ring = USER_RINGS;
    start->sq = USER_RINGS + sq_at;
    start->cq = USER_RINGS + cq_at;
    start->sq_entries = sq_entries;
    start->cq_entries = cq_entries;
    return true;
}

static bool make_caps(struct process *p)
{
    uint32_t slots = p->manifest->budget.cap_slots;
    uint64_t physical;
    enum tn_status status = process_take_frames(
        p, (slots * (sizeof(struct tn_slot) + sizeof(struct tn_cap)) + PAGE_SIZE - 1) / PAGE_SIZE, &physical);
    if (status != TN_OK)
        return refuse(p, "capability table", status);
    struct tn_slot *slot = phys_to_virt(physical);
    struct tn_cap *entry = (struct tn_cap *)(void *)(slot + slots);
#ifdef TN_PROVOKE
    const uint64_t generations = provoke_generations(p);
#else
    const uint64_t generations = TN_HANDLE_GENERATION_MAX;
#endif
    return tn_cap_table_init(&p->caps, slot, entry, slots, p->epoch, generations) ||
           refuse(p, "capability table", TN_EINVAL);
}

/* A capability that the process starts with, listed in its start block. */
static bool give(struct process *p, struct tn_start *start, const char *name, const struct tn_cap_grant *grant)
{
    enum tn_status status = grant_decide(p);
    if (status == TN_OK && start->cap_count == TN_START_CAPS_MAX)
        status = TN_EEXHAUSTED;
    if (status != TN_OK)
        return refuse(p, name, status);
    struct tn_start_cap *c = &start->cap[start->cap_count++];
    text_copy(c->name, name, sizeof c->name);
    c->kind = grant->kind;
    c->rights = grant->rights;
    c->handle = grant_commit(p, grant);
    process_audit(p, TN_AUDIT_GRANT, TN_OK, grant->kind, tn_handle_generation(c->handle), 0);
    return true;
}

static bool give_device(struct process *p, struct tn_start *start, uint32_t n)
{
    const struct tn_manifest_device *wanted = &p->manifest->device[n];
    struct device *device = device_find(wanted);
    char name[TN_NAME_MAX];
    if (!device) {
        if (wanted->match == TN_MATCH_CLASS)
            log_line("start: %s: no device %u of class %06x in this machine", p->name, wanted->index, wanted->value);
        else
            log_line("start: %s: no device %u with id %04x:%04x in this machine", p->name, wanted->index,
                     wanted->value >> 16, wanted->value & 0xffff);
        return false;
    }
    enum tn_status status = device_claim(device, p, wanted);
    tn_format(name, sizeof name, "device%u", n);
    if (status != TN_OK)
        return refuse(p, name, status);
    struct tn_cap_grant grant = {TN_KIND_DEVICE, TN_RIGHT_READ | TN_RIGHT_CONTROL, device->index,
                                 device->identity.generation, 0};
    return give(p, start, name, &grant);
}

/* Fences that all clients of a service may hold together. */
static uint32_t service_depth(const struct tn_manifest *m, const char *name)
{
    uint64_t depth = 0;
    for (uint32_t i = 0; i < m->process_count; i++)
        for (uint32_t u = 0; u < m->process[i].use_count; u++)
            if (text_equal(m->process[i].use[u].service, name))
                depth += m->process[i].budget.in_flight;
    return depth > UINT32_MAX ? UINT32_MAX : depth == 0 ? 1 : (uint32_t)depth;
}

static bool give_service(struct process *p, struct tn_start *start)
{
    char name[TN_NAME_MAX + 8];
    struct service *s = service_create(p->manifest->serves, p, service_depth(manifest, p->manifest->serves));
    if (!s)
        return refuse(p, "service", TN_EEXHAUSTED);
    enum tn_status status = pools_attach(s);
    if (status != TN_OK)
        return refuse(p, "pools of its clients", status);
    uint32_t index = service_index(s);
    tn_format(name, sizeof name, "service:%s", p->manifest->serves);
    struct tn_cap_grant grant = {TN_KIND_SERVICE, TN_RIGHT_CONTROL, index, service_identity(index)->generation, 0};
    return give(p, start, name, &grant);
}

static bool give_channel(struct process *p, struct tn_start *start, const struct tn_manifest_use *use)
{
    char name[TN_NAME_MAX + 8];
    struct service *s = service_find(use->service);
    enum tn_status status = tn_ledger_charge(&p->ledger, TN_CHARGE_CHANNELS, 1);
    tn_format(name, sizeof name, "channel:%s", use->service);
    if (status != TN_OK)
        return refuse(p, name, status);
    struct channel *c = s ? channel_create(s, p, use->rights, use->deadline_ms) : NULL;
    if (!c)
        return refuse(p, name, TN_EEXHAUSTED);
    uint32_t index = channel_index(c);
    struct tn_cap_grant grant = {TN_KIND_CHANNEL, use->rights, index, channel_identity(index)->generation, 0};
    return give(p, start, name, &grant);
}

/* Every process that has a restart policy, for its supervisor. */
static bool give_processes(struct process *p, struct tn_start *start)
{
    char name[TN_NAME_MAX + 8];
    supervised = (struct tn_identity){1, p->epoch};
    for (uint32_t i = 0; i < manifest->process_count; i++) {
        if (manifest->process[i].restart.limit == 0)
            continue;
        tn_format(name, sizeof name, "process:%s", manifest->process[i].name);
        const struct tn_cap_grant grant = {TN_KIND_PROCESS, TN_RIGHT_READ | TN_RIGHT_CONTROL, i, 1, 0};
        if (!give(p, start, name, &grant))
            return false;
        start->cap[start->cap_count - 1].restart = manifest->process[i].restart;
    }
    return true;
}

const struct tn_identity *process_identity(uint32_t index)
{
    return index < process_count ? &supervised : NULL;
}

/* What an incarnation has for itself; the ledger is the entry's, and so is what is in flight. */
static void renew(struct process *p, const struct tn_manifest_process *mp)
{
    static uint64_t next_epoch = 1;
    p->frame = (struct tn_frame){0};
    p->wait_min = 0;
    p->deadline = TN_DEADLINE_NEVER;
    p->flush_due = false;
    p->manifest = mp;
    p->index = (uint32_t)(p - process_table);
    p->epoch = next_epoch++;
    p->next_address = USER_WINDOWS;
    p->end = 0;
    p->end_value = 0;
    p->entries = 0;
    p->untold = false; /* the end of an incarnation before is no news of this one */
    p->unstartable = TN_OK;
    text_copy(p->name, mp->name, sizeof p->name);
}

static bool prepare(struct process *p, const struct tn_manifest_process *mp)
{
    renew(p, mp);
    set_budget(p);
    enum tn_status status = space_create(&p->space, &p->ledger);
    if (status != TN_OK)
        return refuse(p, "address space", status);
    if (!load_image(p) || !make_caps(p))
        return false;
    uint64_t stack;
    if (!map_own(p, "stack", USER_STACK_TOP - USER_STACK_PAGES * PAGE_SIZE, USER_STACK_PAGES, &stack))
        return false;
    p->frame.rsp = USER_STACK_TOP;
    p->frame.rdi = USER_START_BLOCK;
    p->frame.cs = SEGMENT_USER_CODE;
    p->frame.ss = SEGMENT_USER_DATA;
    p->frame.rflags = RFLAGS_USER;
    return true;
}

static bool make_start_block(struct process *p, struct tn_start **start)
{
    uint64_t physical;
    enum tn_status status = process_take_frames(p, 1, &physical);
    if (status == TN_OK)
        status = space_map(&p->space, USER_START_BLOCK, physical, 1, 0);
    if (status != TN_OK)
        return refuse(p, "start block", status);
    struct tn_start *s = phys_to_virt(physical);
    s->magic = TN_START_MAGIC;
    s->version = TN_START_VERSION;
    s->tsc_at_boot = boot_clock.tsc_at_boot;
    s->tsc_to_ns = boot_clock.tsc_to_ns;
    s->in_flight_max = p->manifest->budget.in_flight;
    text_copy(s->name, p->name, sizeof s->name);
    status = command_line_args(p->name, s->args, sizeof s->args);
    if (status == TN_ERANGE) {
        log_line("start: %s: its args on the command line have more than %lu characters", p->name, sizeof s->args - 1);
        p->unstartable = status;
        return false;
    }
    if (status == TN_ENOENT)
        text_copy(s->args, p->manifest->args, sizeof s->args);
    *start = s;
    const uint32_t shell = p->manifest->flags & TN_PROCESS_CONSOLE ? TN_RIGHT_READ | TN_RIGHT_CONTROL : 0;
    const struct tn_cap_grant console = {TN_KIND_CONSOLE, TN_RIGHT_WRITE | shell, 0, 1, 0};
    if (!give(p, s, "console", &console))
        return false;
    const struct tn_cap_grant log = {TN_KIND_AUDIT_LOG, TN_RIGHT_READ, 0, 1, 0};
    return !(p->manifest->flags & TN_PROCESS_AUDITOR) || give(p, s, "audit", &log);
}

static bool give_devices_and_service(struct process *p, struct tn_start *start)
{
    for (uint32_t d = 0; d < p->manifest->device_count; d++)
        if (!(p->manifest->device[d].flags & TN_DEVICE_LATER) && !give_device(p, start, d))
            return false;
    return p->manifest->serves[0] == 0 || give_service(p, start);
}

static bool give_channels(struct process *p, struct tn_start *start)
{
    for (uint32_t u = 0; u < p->manifest->use_count; u++)
        if (!give_channel(p, start, &p->manifest->use[u]))
            return false;
    return true;
}

/* What names other entries. */
static bool give_others(struct process *p, struct tn_start *start)
{
    return give_channels(p, start) && (p != process_supervisor || give_processes(p, start));
}

static void run(struct process *p)
{
    process_audit(p, TN_AUDIT_PROCESS_START, TN_OK, TN_KIND_NONE, 0, 0);
#ifdef TN_PROVOKE
    provoke_kill_started(p);
#endif
    sched_ready(p);
    log_line("process: %s started from bin/%s, guard %s", p->name, p->manifest->image,
             p->manifest->flags & TN_PROCESS_GUARD_OFF ? "off" : "on");
}

bool process_start_all(const struct archive *from, const struct tn_manifest *m)
{
    struct tn_start *start[TN_MANIFEST_PROCESSES_MAX];
    archive = *from;
    manifest = m;
    if (!budgets_fit(m))
        return false;
#ifdef TN_PROVOKE
    provoke_fail_begin(NULL);
#endif
    process_count = m->process_count;
    for (uint32_t i = 0; i < m->process_count; i++)
        if (m->process[i].flags & TN_PROCESS_SUPERVISOR)
            process_supervisor = &process_table[i];
    /* devices and services before channels: a channel names a service of any process */
    for (uint32_t i = 0; i < m->process_count; i++) {
        struct process *p = &process_table[i];
        if (!prepare(p, &m->process[i]) || !make_start_block(p, &start[i]) || !make_rings(p, start[i]) ||
            !give_devices_and_service(p, start[i]))
            return false;
    }
    for (uint32_t i = 0; i < m->process_count; i++)
        if (!give_others(&process_table[i], start[i]))
            return false;
    for (uint32_t i = 0; i < m->process_count; i++)
        run(&process_table[i]);
    return true;
}

/* What would only fail, and for a while or for good, is said before anything is made. */
static enum tn_status decide_start(const struct process *p)
{
    if (p->state != PROCESS_ENDED || p->given_up)
        return TN_ESTATE;
    for (uint32_t d = 0; d < p->manifest->device_count; d++) {
        const struct device *device = device_find(&p->manifest->device[d]);
        if (p->manifest->device[d].flags & TN_DEVICE_LATER)
            continue;
        enum tn_status status = device ? device_claim_decide(device) : TN_ENOENT;
        if (status != TN_OK)
            return status;
    }
    return TN_OK;
}

enum tn_status process_start_again(struct process *p)
{
    struct tn_start *start;
    enum tn_status status = decide_start(p);
    if (status != TN_OK)
        return status;
    p->restarts++;
#ifdef TN_PROVOKE
    provoke_fail_begin(p);
#endif
    if (prepare(p, p->manifest) && make_start_block(p, &start) && make_rings(p, start) &&
        give_devices_and_service(p, start) && give_others(p, start))
        run(p);
    else
        process_end(p, TN_END_START, p->unstartable);
#ifdef TN_PROVOKE
    provoke_fail_end();
#endif
    return TN_OK;
}

bool process_may_come_back(const struct process *p)
{
    return p->manifest->restart.limit != 0 && !p->given_up && process_supervisor && process_is_live(process_supervisor);
}
