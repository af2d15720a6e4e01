/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the audit log and prints it, record by record, until a process of the name it was given has ended. A job.
 * args: its name
 */
#include <stdbool.h>

#include <clock.h>
#include <print.h>
#include <process.h>
#include <ring.h>
#include <tenure/abi/audit.h>

enum { RECORDS = 16 };
static const uint64_t patience_ns = 60 * TN_SECOND;

static struct tn_audit_record record[RECORDS];

struct answer {
    uint64_t count, next, lost;
};

static enum tn_status read(uint64_t log, void *at, uint64_t room, uint64_t from, struct answer *answer)
{
    struct tn_sqe sqe = {.op = TN_OP_AUDIT_READ, .handle = log, .arg = {(uint64_t)at, room, from}};
    struct tn_cqe cqe;
    enum tn_status status = tn_ring_call(&sqe, &cqe);
    *answer = (struct answer){cqe.value[0], cqe.value[1], cqe.value[2]};
    return status;
}

/* What a reader may not ask for. */
static void refusals(uint64_t log)
{
    struct answer answer;
    tn_print("auditor: no room %s, too much %s, memory of nobody %s, without the log %s",
             tn_status_name(read(log, record, 0, 0, &answer)),
             tn_status_name(read(log, record, TN_AUDIT_READ_MAX + 1, 0, &answer)),
             tn_status_name(read(log, (void *)8, RECORDS, 0, &answer)),
             tn_status_name(read(log + 1, record, RECORDS, 0, &answer)));
}

int tn_main(const struct tn_start *start)
{
    const struct tn_start_cap *log = tn_start_find_kind(start, TN_KIND_AUDIT_LOG);
    if (log == NULL || start->args[0] == '\0')
        tn_die("auditor: the manifest needs audit = true and args = \"the process to wait for\"");
    refusals(log->handle);
    uint64_t from = 0, deadline = tn_deadline_in(patience_ns);
    for (bool ended = false; !ended;) {
        struct answer answer;
        enum tn_status status = read(log->handle, record, RECORDS, from, &answer);
        if (status != TN_OK)
            tn_die("auditor: the log cannot be read: %s", tn_status_name(status));
        for (uint64_t i = 0; i < answer.count; i++) {
            const struct tn_audit_record *r = &record[i];
            tn_print("audit %lu %s action=%u kind=%u generation=%lu status=%s reason=%u", r->sequence, r->subject,
                     r->action, r->kind, r->generation, tn_status_name((enum tn_status)r->status), r->reason);
            ended = ended || (r->action == TN_AUDIT_PROCESS_END && tn_text_equal(r->subject, start->args));
        }
        from = answer.next;
        if (answer.count > 0)
            continue;
        if (tn_clock_now() > deadline)
            tn_die("auditor: %s has not ended", start->args);
        (void)tn_ring_wait(1, tn_deadline_in(TN_SECOND / 100));
    }
    struct answer end;
    if (read(log->handle, record, 1, UINT64_MAX, &end) == TN_OK)
        tn_print("auditor: lost %lu", end.lost);
    return 0;
}
