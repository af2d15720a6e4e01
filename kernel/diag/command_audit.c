/* SPDX-License-Identifier: Apache-2.0 */
/* `audit [LABEL]`: the records of the audit log, newest last. */
#include <stddef.h>

#include "diag/audit.h"
#include "diag/command.h"
#include "lib/string.h"
#include "proc/process.h"

enum { CHUNK = 16 };

static void print_record(struct command_call *call, const struct tn_audit_record *r)
{
    uint64_t us = r->time_ns / 1000;
    command_print(call, "%lu %lu.%06lu %s: %s, %s generation %lu, %s, reason %u", r->sequence, us / 1000000,
                  us % 1000000, r->subject, audit_action_name(r->action), audit_kind_name(r->kind), r->generation,
                  tn_status_name((enum tn_status)r->status), r->reason);
}

/* The subject of this label, AUDIT_SUBJECTS for all; false: nobody has it. */
static bool find_subject(const char *label, uint32_t *subject)
{
    if (label[0] == '\0' || text_equal(label, "kernel")) {
        *subject = label[0] == '\0' ? AUDIT_SUBJECTS : AUDIT_KERNEL;
        return true;
    }
    for (uint32_t i = 0; i < process_count; i++)
        if (text_equal(process_table[i].name, label)) {
            *subject = i;
            return true;
        }
    return false;
}

void command_audit_run(struct command_call *call)
{
    struct tn_audit_record record[CHUNK];
    uint32_t subject;
    uint64_t next = 0;
    if (!find_subject(call->argument, &subject)) {
        command_print(call, "audit: no process has this label; `ps` lists them");
        return;
    }
    for (uint32_t n; (n = audit_read(next, record, CHUNK, &next)) != 0;)
        for (uint32_t i = 0; i < n; i++) {
            if (pager_next(&call->pager) != 0) /* the page is full, and there is more */
                return;
            if (call->argument[0] == '\0' || text_equal(record[i].subject, call->argument))
                print_record(call, &record[i]);
        }
    struct audit_counts counts = audit_counts(subject);
    command_print(call, "%lu recorded, %lu of them lost, %lu uses of the data path allowed", counts.recorded,
                  counts.lost, counts.allowed);
}
