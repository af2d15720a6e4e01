/* SPDX-License-Identifier: Apache-2.0 */
/* See audit.h. */
#include "diag/audit.h"

#include <stddef.h>

#include <tenure/abi/ring.h>

#include "lib/lock.h"

struct subject {
    uint64_t recorded;
    struct tn_audit_record record[TN_AUDIT_QUOTA]; /* the n-th of the subject stands at n % TN_AUDIT_QUOTA */
};

static struct subject table[AUDIT_SUBJECTS];
static uint64_t last_sequence;
uint64_t audit_allowed[AUDIT_SUBJECTS];

void audit_record(const struct audit_event *event)
{
    lock_acquire(LOCK_AUDIT_LOG);
    struct subject *s = &table[event->subject];
    struct tn_audit_record *r = &s->record[s->recorded++ % TN_AUDIT_QUOTA];
    *r = (struct tn_audit_record){
        .sequence = ++last_sequence,
        .time_ns = event->time_ns,
        .generation = event->generation,
        .action = event->action,
        .status = (uint32_t)event->status,
        .kind = event->kind,
        .reason = event->reason,
    };
    for (uint32_t i = 0; i + 1 < TN_NAME_MAX && event->label[i] != '\0'; i++)
        r->subject[i] = event->label[i];
    lock_release(LOCK_AUDIT_LOG);
}

static uint64_t first_kept(const struct subject *s)
{
    return s->recorded > TN_AUDIT_QUOTA ? s->recorded - TN_AUDIT_QUOTA : 0;
}

/* The subject's oldest record from sequence `from` on; NULL: it has none. A subject's sequences grow. */
static const struct tn_audit_record *oldest_from(const struct subject *s, uint64_t from)
{
    uint64_t low = first_kept(s), high = s->recorded;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (s->record[middle % TN_AUDIT_QUOTA].sequence < from)
            low = middle + 1;
        else
            high = middle;
    }
    return low < s->recorded ? &s->record[low % TN_AUDIT_QUOTA] : NULL;
}

uint32_t audit_read(uint64_t from, struct tn_audit_record *out, uint32_t count, uint64_t *next)
{
    uint32_t done = 0;
    lock_acquire(LOCK_AUDIT_LOG);
    for (; done < count; done++) {
        const struct tn_audit_record *oldest = NULL;
        for (uint32_t i = 0; i < AUDIT_SUBJECTS; i++) {
            const struct tn_audit_record *r = oldest_from(&table[i], from);
            if (r && (!oldest || r->sequence < oldest->sequence))
                oldest = r;
        }
        if (!oldest)
            break;
        out[done] = *oldest;
        from = oldest->sequence + 1;
    }
    lock_release(LOCK_AUDIT_LOG);
    *next = from;
    return done;
}

struct audit_counts audit_counts(uint32_t subject)
{
    struct audit_counts sum = {0};
    lock_acquire(LOCK_AUDIT_LOG);
    for (uint32_t i = 0; i < AUDIT_SUBJECTS; i++) {
        if (subject != AUDIT_SUBJECTS && subject != i)
            continue;
        sum.recorded += table[i].recorded;
        sum.lost += first_kept(&table[i]);
        sum.allowed += audit_allowed[i];
    }
    lock_release(LOCK_AUDIT_LOG);
    return sum;
}

/* Without a default: the compiler misses the name of an operation that is new. */
static const char *name_of_operation(enum tn_op op)
{
    switch (op) {
    case TN_OP_NOP:
        return "nop";
    case TN_OP_CONSOLE_WRITE:
        return "console write";
    case TN_OP_EXIT:
        return "exit";
    case TN_OP_CONSOLE_READ:
        return "console read";
    case TN_OP_CONSOLE_COMMAND:
        return "console command";
    case TN_OP_DEVICE_CONFIG_READ:
        return "config read";
    case TN_OP_DEVICE_BAR:
        return "BAR query";
    case TN_OP_DEVICE_BUS_MASTER:
        return "bus master";
    case TN_OP_DEVICE_WATCH:
        return "device watch";
    case TN_OP_DEVICE_QUERY:
        return "device query";
    case TN_OP_DEVICE_RELEASE:
        return "device release";
    case TN_OP_DEVICE_CLAIM:
        return "device claim again";
    case TN_OP_MMIO_MAP:
        return "MMIO map";
    case TN_OP_MMIO_RELEASE:
        return "MMIO release";
    case TN_OP_INTERRUPT_BIND:
        return "interrupt bind";
    case TN_OP_INTERRUPT_ACK:
        return "interrupt acknowledge";
    case TN_OP_INTERRUPT_RELEASE:
        return "interrupt release";
    case TN_OP_POOL_CREATE:
        return "pool create";
    case TN_OP_POOL_RELEASE:
        return "pool release";
    case TN_OP_BUFFER_ALLOC:
        return "buffer alloc";
    case TN_OP_BUFFER_RELEASE:
        return "buffer release";
    case TN_OP_SHARED_ALLOC:
        return "shared alloc";
    case TN_OP_SUBMIT:
        return "submit";
    case TN_OP_FENCE_REVOKE:
        return "fence revoke";
    case TN_OP_SERVE:
        return "serve";
    case TN_OP_COMPLETE:
        return "complete";
    case TN_OP_AUDIT_READ:
        return "audit read";
    case TN_OP_PROCESS_QUERY:
        return "process query";
    case TN_OP_PROCESS_WATCH:
        return "process watch";
    case TN_OP_PROCESS_START:
        return "process start again";
    case TN_OP_PROCESS_KILL:
        return "process kill";
    case TN_OP_PROCESS_GIVE_UP:
        return "process give up";
    }
    return "?";
}

static const char *name_of_event(enum tn_audit_action event)
{
    switch (event) {
    case TN_AUDIT_PROCESS_START:
        return "process start";
    case TN_AUDIT_PROCESS_END:
        return "process end";
    case TN_AUDIT_DEVICE_CLAIM:
        return "device claim";
    case TN_AUDIT_DEVICE_LOST:
        return "device lost";
    case TN_AUDIT_SOURCE_STORM:
        return "source storm";
    case TN_AUDIT_ROUTE_LOST:
        return "route lost";
    case TN_AUDIT_GRANT:
        return "grant";
    case TN_AUDIT_DMA_FAULT:
        return "DMA fault";
    case TN_AUDIT_DMA_STOPPED:
        return "DMA stopped";
    case TN_AUDIT_DEVICE_FREED:
        return "device freed";
    case TN_AUDIT_RESET_CAUSED:
        return "reset caused";
    }
    return "?";
}

const char *audit_action_name(uint32_t action)
{
    return action < TN_AUDIT_PROCESS_START ? name_of_operation((enum tn_op)action)
                                           : name_of_event((enum tn_audit_action)action);
}

const char *audit_kind_name(uint32_t kind)
{
    static const char *const name[TN_KIND_COUNT] = {
        [TN_KIND_NONE] = "-",
        [TN_KIND_CONSOLE] = "Console",
        [TN_KIND_DEVICE] = "Device",
        [TN_KIND_DEVICE_MMIO] = "DeviceMmio",
        [TN_KIND_INTERRUPT] = "Interrupt",
        [TN_KIND_DMA_POOL] = "DmaPool",
        [TN_KIND_DMA_BUFFER] = "DmaBuffer",
        [TN_KIND_FENCE] = "Fence",
        [TN_KIND_DMA_SHARED] = "DmaShared",
        [TN_KIND_CHANNEL] = "Channel",
        [TN_KIND_SERVICE] = "Service",
        [TN_KIND_AUDIT_LOG] = "AuditLog",
        [TN_KIND_PROCESS] = "Process",
    };
    return kind < TN_KIND_COUNT ? name[kind] : "?";
}
