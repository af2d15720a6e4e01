/* SPDX-License-Identifier: Apache-2.0 */
/* See orphan.h. */
#include "cap/orphan.h"

#include <stddef.h>

#include "arch/x86_64/clock.h"
#include "cap/channel_inside.h"
#include "diag/audit.h"
#include "diag/log.h"
#include "proc/process.h"
#include "proc/sched.h"

void orphan_left(struct service *s, uint32_t slot, struct process *left_by, uint32_t deadline_ms)
{
    uint64_t now = clock_now();
    uint64_t due = deadline_ms == 0 ? TN_DEADLINE_NEVER : now + deadline_ms * UINT64_C(1000000);
    s->orphan[slot] = (struct orphan){left_by, due};
    s->orphans++;
    sched_work_at(due, now);
}

void orphan_ended(struct service *s, uint32_t slot)
{
    if (!s->orphan[slot].left_by)
        return;
    s->orphan[slot].left_by = NULL;
    s->orphans--;
}

static void blame(struct service *s, struct process *client, uint64_t now)
{
    struct process *server = s->server;
    uint32_t pauses = client->resets < ORPHAN_PAUSES_MAX ? client->resets : ORPHAN_PAUSES_MAX;
    client->resets++;
    client->next_reset = now + (ORPHAN_PAUSE_NS << pauses);
    log_line("service: %s: a request that %s left has not ended: %s is reset for it, number %u", s->name, client->name,
             server->name, client->resets);
    process_audit(client, TN_AUDIT_RESET_CAUSED, TN_OK, TN_KIND_SERVICE, s->identity.generation, client->resets);
    process_end(server, TN_END_RESET, client->index);
}

/* What becomes of one that is due; when it is due again. */
static uint64_t judge(struct service *s, const struct orphan *o, uint64_t now)
{
    if (!s->server || !process_is_live(s->server))
        return TN_DEADLINE_NEVER; /* it ends with its server */
    if (!process_may_come_back(s->server)) {
        log_line("service: %s: a request that %s left has not ended, and nobody starts %s again: it stays", s->name,
                 o->left_by->name, s->server->name);
        return TN_DEADLINE_NEVER;
    }
    if (o->left_by->next_reset > now)
        return o->left_by->next_reset;
    blame(s, o->left_by, now);
    return TN_DEADLINE_NEVER;
}

void orphans_handle(void)
{
    uint64_t now = clock_now();
    for (uint32_t i = 0; i < service_count; i++)
        for (uint32_t slot = 0; slot < services[i].queue.slots.count && services[i].orphans != 0; slot++) {
            struct orphan *o = &services[i].orphan[slot];
            if (o->left_by && o->due <= now)
                o->due = judge(&services[i], o, now); /* may end it, and others */
            if (o->left_by && o->due != TN_DEADLINE_NEVER)
                sched_work_at(o->due, now);
        }
}
