/* SPDX-License-Identifier: Apache-2.0 */
/* See manifest.h. */
#include "proc/manifest.h"

#include <stdbool.h>
#include <stddef.h>

#include <tenure/abi/handle.h>
#include <tenure/abi/ring.h>

#include "lib/string.h"

enum { SUPERVISOR_SPARE = 2 }; /* as in tools/manifestc.py */

static enum tn_status bad(struct manifest_error *e, const char *what, const char *process, uint64_t value)
{
    *e = (struct manifest_error){what, process, value};
    return TN_EPROTOCOL;
}

static bool is_ring_size(uint32_t n)
{
    return n >= TN_RING_ENTRIES_MIN && n <= TN_RING_ENTRIES_MAX && (n & (n - 1)) == 0;
}

static uint32_t servers_of(const struct tn_manifest *m, const char *service)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->process_count; i++)
        if (text_equal(m->process[i].serves, service))
            n++;
    return n;
}

static uint32_t supervisors_of(const struct tn_manifest *m)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->process_count; i++)
        n += (m->process[i].flags & TN_PROCESS_SUPERVISOR) != 0;
    return n;
}

static uint32_t restarted_of(const struct tn_manifest *m)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->process_count; i++)
        n += m->process[i].restart.limit != 0;
    return n;
}

static enum tn_status check_names(const struct tn_manifest_process *p, struct manifest_error *e)
{
    if (!text_ends_within(p->name, sizeof p->name) || p->name[0] == 0)
        return bad(e, "a process has no name, or one without an end", NULL, 0);
    if (!text_ends_within(p->image, sizeof p->image) || p->image[0] == 0)
        return bad(e, "no image, or a name without an end", p->name, 0);
    if (!text_ends_within(p->args, sizeof p->args))
        return bad(e, "arguments without an end", p->name, 0);
    if (!text_ends_within(p->serves, sizeof p->serves))
        return bad(e, "service name without an end", p->name, 0);
    for (uint32_t i = 0; i < p->use_count; i++)
        if (!text_ends_within(p->use[i].service, sizeof p->use[i].service) || p->use[i].service[0] == 0)
            return bad(e, "used service without a name, number", p->name, i);
    return TN_OK;
}

static enum tn_status check_process(const struct tn_manifest *m, const struct tn_manifest_process *p,
                                    struct manifest_error *e)
{
    if (p->device_count > TN_MANIFEST_DEVICES_MAX)
        return bad(e, "more devices than an entry holds", NULL, p->device_count);
    if (p->use_count > TN_MANIFEST_USES_MAX)
        return bad(e, "more used services than an entry holds", NULL, p->use_count);
    enum tn_status status = check_names(p, e);
    if (status != TN_OK)
        return status;
    if (p->flags & ~(uint32_t)(TN_PROCESS_JOB | TN_PROCESS_GUARD_OFF | TN_PROCESS_AUDITOR | TN_PROCESS_CONSOLE |
                               TN_PROCESS_SUPERVISOR))
        return bad(e, "unknown flags", p->name, p->flags);
    if (!is_ring_size(p->budget.sq_entries))
        return bad(e, "sq_entries is no power of two from 8 to 1024", p->name, p->budget.sq_entries);
    if (!is_ring_size(p->budget.cq_entries))
        return bad(e, "cq_entries is no power of two from 8 to 1024", p->name, p->budget.cq_entries);
    /* one place for the end of each that it waits for, and some for its calls */
    if (p->flags & TN_PROCESS_SUPERVISOR && p->budget.cq_entries < restarted_of(m) + SUPERVISOR_SPARE)
        return bad(e, "cq_entries of a supervisor are too few for those it starts again, which are", p->name,
                   restarted_of(m));
    if (p->budget.cap_slots == 0 || p->budget.cap_slots > TN_HANDLE_SLOT_MASK)
        return bad(e, "cap_slots out of range", p->name, p->budget.cap_slots);
    for (uint32_t i = 0; i < p->device_count; i++) {
        if (p->device[i].match != TN_MATCH_CLASS && p->device[i].match != TN_MATCH_ID)
            return bad(e, "device entry with an unknown match", p->name, p->device[i].match);
        if (p->device[i].policy > TN_POLICY_STRICT)
            return bad(e, "device entry with an unknown DMA policy", p->name, p->device[i].policy);
        if (p->device[i].flags & ~(uint32_t)TN_DEVICE_FLAGS)
            return bad(e, "device entry with unknown flags", p->name, p->device[i].flags);
    }
    for (uint32_t i = 0; i < p->use_count; i++) {
        if (p->use[i].rights & ~(uint32_t)(TN_RIGHT_READ | TN_RIGHT_WRITE))
            return bad(e, "used service with unknown rights", p->name, p->use[i].rights);
        if (servers_of(m, p->use[i].service) != 1)
            return bad(e, "used service not served by exactly one process, servers", p->name,
                       servers_of(m, p->use[i].service));
    }
    if (p->restart.limit != 0) {
        if (p->flags & (TN_PROCESS_JOB | TN_PROCESS_SUPERVISOR))
            return bad(e, "a job or a supervisor is not started again, limit", p->name, p->restart.limit);
        if (supervisors_of(m) == 0)
            return bad(e, "to be started again, and no process is a supervisor, limit", p->name, p->restart.limit);
    }
    for (const struct tn_manifest_process *q = m->process; q < p; q++)
        if (text_equal(q->name, p->name))
            return bad(e, "two processes of this name", p->name, 2);
    return TN_OK;
}

enum tn_status manifest_read(const void *file, uint64_t bytes, const struct tn_manifest **manifest,
                             struct manifest_error *e)
{
    const struct tn_manifest *m = file;
    if (bytes < sizeof *m)
        return bad(e, "shorter than its header, bytes", NULL, bytes);
    if (m->magic != TN_MANIFEST_MAGIC)
        return bad(e, "no manifest, magic", NULL, m->magic);
    if (m->version != TN_MANIFEST_VERSION)
        return bad(e, "of another version", NULL, m->version);
    if (m->process_count == 0 || m->process_count > TN_MANIFEST_PROCESSES_MAX)
        return bad(e, "number of processes", NULL, m->process_count);
    if (m->bytes != bytes || bytes != sizeof *m + (uint64_t)m->process_count * sizeof m->process[0])
        return bad(e, "length does not agree with its header, bytes", NULL, bytes);
    if (!text_ends_within(m->name, sizeof m->name))
        return bad(e, "name without an end", NULL, 0);
    bool has_job = false;
    for (uint32_t i = 0; i < m->process_count; i++)
        has_job = has_job || m->process[i].flags & TN_PROCESS_JOB;
    if (supervisors_of(m) > 1)
        return bad(e, "more than one supervisor, processes", NULL, supervisors_of(m));
    if (!has_job)
        return bad(e, "no process is a job: the run would never end, processes", NULL, m->process_count);
    /* names first: messages and look-ups use them */
    for (uint32_t i = 0; i < m->process_count; i++)
        if (m->process[i].device_count > TN_MANIFEST_DEVICES_MAX || m->process[i].use_count > TN_MANIFEST_USES_MAX ||
            !text_ends_within(m->process[i].serves, TN_NAME_MAX) || !text_ends_within(m->process[i].name, TN_NAME_MAX))
            return bad(e, "process entry out of range, number", NULL, i);
    for (uint32_t i = 0; i < m->process_count; i++) {
        enum tn_status status = check_process(m, &m->process[i], e);
        if (status != TN_OK)
            return status;
    }
    *manifest = m;
    return TN_OK;
}
