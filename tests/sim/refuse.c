/* SPDX-License-Identifier: Apache-2.0 */
/* See refuse.h. */
#include "refuse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <core/dma_submit.h>

#include "boot.h"
#include "cap/operation.h"
#include "iommu/iommu.h"
#include "machine.h"
#include "mm/frame.h"
#include "objects.h"
#include "proc/process.h"

/* ---- questions ---- */

static uint64_t asked, refuse_at; /* questions so far; the one that is refused, 0: none */
static enum tn_status refused_with;
static const char *refused;

static bool is_refused(const char *name, enum tn_status with)
{
    if (++asked != refuse_at)
        return false;
    refused = name;
    refused_with = with;
    return true;
}

#define QUESTION(name, answer, parameters, arguments)                                                                  \
    enum tn_status __real_##name parameters;                                                                           \
    enum tn_status __wrap_##name parameters;                                                                           \
    enum tn_status __wrap_##name parameters                                                                            \
    {                                                                                                                  \
        return is_refused(#name, answer) ? (answer) : __real_##name arguments;                                         \
    }

/* tests/sim/meson.build lists the same. */
QUESTION(tn_ledger_charge, TN_EBUDGET, (struct tn_ledger * l, enum tn_charge c, uint64_t n), (l, c, n))
QUESTION(tn_submit_decide, TN_EBUDGET, (const struct tn_queue *q, const struct tn_submission *s), (q, s))
QUESTION(grant_decide, TN_EBUDGET, (const struct process *p), (p))
QUESTION(tn_cap_insert_decide, TN_EEXHAUSTED, (const struct tn_cap_table *t), (t))
QUESTION(frames_alloc, TN_EEXHAUSTED, (uint64_t n, uint64_t *physical), (n, physical))
QUESTION(frames_take, TN_EEXHAUSTED, (uint64_t n, uint64_t *physical), (n, physical))
QUESTION(iommu_attach, TN_EEXHAUSTED, (const struct pci_function *f, struct iommu_domain **d), (f, d))
QUESTION(iommu_run_make, TN_EEXHAUSTED, (struct iommu_domain * d, uint64_t n, struct iommu_run *r), (d, n, r))
QUESTION(iommu_run_make_mapped, TN_EEXHAUSTED,
         (struct iommu_domain * d, uint64_t at, uint64_t n, uint32_t rights, struct iommu_run *r),
         (d, at, n, rights, r))

void refuse_one(uint64_t number)
{
    asked = 0;
    refuse_at = number;
}

bool refuse_has_refused(void)
{
    return refuse_at != 0 && asked >= refuse_at;
}

/* ---- operations, tried in copies ---- */

enum {
    FIRST_OF_EACH = 6, /* of a kind and a process; later ones come to tables that are nearly full, or reused */
    THEN_EVERY = 61,
    OPERATIONS = 128,
};
enum outcome { /* of a copy; its exit status */
               COPY_AS_WANTED,
               COPY_WAS_WRONG,
               COPY_WENT_ANOTHER_WAY,
};

#define NO_CHARGE TN_CHARGE_COUNT

/* One copy. */
struct attempt {
    enum tn_charge charge; /* whose limit is changed, or NO_CHARGE */
    uint64_t limit;
    uint64_t question; /* that is refused; 0: none */
    bool is_probe;     /* only to see what it needs */
    bool is_allowed;   /* it is to succeed */
};
/* What a probe has seen, in memory that it shares. */
struct need {
    enum tn_status status;
    uint64_t charge[TN_CHARGE_COUNT], questions;
};

static bool tries_each, is_copy;
static struct need *need;
static struct refuse_tries tries;
static uint64_t refused_of[OPERATIONS];

bool __real_operation_run(struct process *p, const volatile struct tn_sqe *entry);
bool __wrap_operation_run(struct process *p, const volatile struct tn_sqe *entry);

enum machine_end_kind refuse_end_of_copy(enum machine_end_kind end)
{
    if (is_copy) {
        fflush(NULL);
        _exit(COPY_WAS_WRONG);
    }
    return end;
}

struct refuse_tries refuse_tries(void)
{
    return tries;
}

uint64_t refuse_tries_of(uint32_t operation)
{
    return refused_of[operation];
}

void refuse_each(void)
{
    objects_init();
    need = mmap(NULL, sizeof *need, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (need == MAP_FAILED)
        abort();
    tries_each = true;
}

/* What goes on although an operation is refused: the log and the audit log, which say that it was; time; numbers and
 * addresses that are given out once and never again; where the next free frame is looked for; where each lock was last
 * taken; what the TLB has forgotten. And what is this file's. */
static bool may_change(const char *name)
{
    static const char *const names[] = {"boot.c:said", "audit.c:table",     "audit.c:last_sequence",
                                        "cpu.c:now",   "iommu.c:next_iova", "frame.c:hint",
                                        "locks",       "boot_cpu",          "memory.c:has_pages"};
    for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return strncmp(name, "refuse.c:", strlen("refuse.c:")) == 0;
}

static bool complain(const struct process *p, uint32_t op, const struct attempt *a, const char *what, uint64_t got)
{
    printf("# %s, operation %u, %s %lu%s: %s %lu\n", p->name, op,
           a->charge != NO_CHARGE ? tn_charge_name(a->charge) : "question",
           a->charge != NO_CHARGE ? a->limit : a->question, a->is_allowed ? " is enough" : "", what, got);
    return false;
}

/* Frames in use, but for nobody's: what a free one contains is nobody's either. The map of frames is the last frame. */
static bool frames_are_kept(const uint8_t *before, const uint64_t *map)
{
    bool all = true;
    uint64_t free = 0;
    for (uint64_t frame = 0; frame < MACHINE_RAM_BYTES / PAGE_SIZE; frame++)
        if (!(map[frame / 64] >> (frame % 64) & 1)) {
            free++;
        } else if (memcmp(before + frame * PAGE_SIZE, phys_to_virt(frame * PAGE_SIZE), PAGE_SIZE) != 0) {
            printf("# frame %lu has changed\n", frame);
            all = false;
        }
    return all && free == frames_count().free; /* or it is no map of frames */
}

/* The refusal itself, taken back after a look at it: one completion, and a count. A buffer that was submitted has
 * another handle (tenure/abi/ring.h, TN_OP_SUBMIT). False: there is more, or less. */
static bool take_back(struct process *p, const struct process *was, const struct tn_sqe *sqe, const uint8_t *before)
{
    if (p->ring.cq_tail != was->ring.cq_tail + 1 || p->ring.reserved != was->ring.reserved - 1)
        return false;
    struct tn_cqe *posted = &p->cq[was->ring.cq_tail & (p->ring.cq_entries - 1)];
    if (sqe->op == TN_OP_SUBMIT && sqe->arg[0] != TN_HANDLE_NONE) {
        struct tn_slot *slot = &p->caps.slots.slot[tn_handle_slot(sqe->arg[0])];
        if (slot->generation != tn_handle_generation(sqe->arg[0]) + 2)
            return false;
        slot->generation -= 2;
    }
    memcpy(posted, before + ((uint8_t *)posted - (uint8_t *)phys_to_virt(0)), sizeof *posted);
    p->header->cq_tail = was->ring.cq_tail;
    p->ring = was->ring;
    memcpy(p->ledger.limit, was->ledger.limit, sizeof p->ledger.limit);
    memcpy(p->ledger.refused, was->ledger.refused, sizeof p->ledger.refused);
    return true;
}

/* Without a domain a device is claimed under the policy `blocked`. A claim whose clients' pools have no room in the
 * domain has been made by then, and ends as every claim does. */
static bool is_another_way(uint32_t op)
{
    return op == TN_OP_DEVICE_CLAIM && refused && strncmp(refused, "iommu_", strlen("iommu_")) == 0;
}

static enum outcome judge(bool is_good)
{
    return is_good ? COPY_AS_WANTED : COPY_WAS_WRONG;
}

static enum outcome attempt(struct process *p, const volatile struct tn_sqe *entry, const struct attempt *a)
{
    static struct process was;
    const uint8_t *before = machine_part();
    const struct tn_sqe sqe = *entry;
    was = *p;
    objects_keep();
    if (a->charge != NO_CHARGE)
        p->ledger.limit[a->charge] = a->limit;
    refuse_one(a->question);
    (void)__real_operation_run(p, entry);

    const struct tn_cqe *posted = &p->cq[(p->ring.cq_tail - 1) & (p->ring.cq_entries - 1)];
    bool has_posted = p->ring.cq_tail != was.ring.cq_tail && posted->user_data == sqe.user_data;
    enum tn_status status = has_posted ? (enum tn_status)posted->status : TN_OK;
    if (a->is_probe) {
        need->status = status;
        need->questions = asked;
        for (uint32_t c = 0; c < TN_CHARGE_COUNT; c++)
            need->charge[c] = p->ledger.used[c] > was.ledger.used[c] ? p->ledger.used[c] - was.ledger.used[c] : 0;
        return COPY_AS_WANTED;
    }
    if (is_another_way(sqe.op) && (status == TN_OK || status == TN_EPOLICY || status == refused_with))
        return COPY_WENT_ANOTHER_WAY;
    if (a->is_allowed)
        return judge(status == TN_OK || complain(p, sqe.op, a, "status", status));
    if (status != (a->charge != NO_CHARGE ? TN_EBUDGET : refused_with))
        return judge(complain(p, sqe.op, a, "status", status));
    if (!take_back(p, &was, &sqe, before))
        return judge(complain(p, sqe.op, a, "completions", p->ring.cq_tail - was.ring.cq_tail));
    const uint64_t *map = (const uint64_t *)(const void *)(before + MACHINE_RAM_BYTES - PAGE_SIZE);
    bool kept = objects_are_kept(may_change);
    return judge((frames_are_kept(before, map) && kept) ||
                 complain(p, sqe.op, a, "not as it was, after status", status));
}

static enum outcome try(struct process *p, const volatile struct tn_sqe *entry, const struct attempt *a)
{
    int status;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        is_copy = true;
        log_is_quiet = true;
        enum outcome outcome = attempt(p, entry, a);
        fflush(NULL);
        _exit((int)outcome);
    }
    bool has_ended = waitpid(child, &status, 0) == child && WIFEXITED(status);
    if (has_ended && (WEXITSTATUS(status) == COPY_AS_WANTED || WEXITSTATUS(status) == COPY_WENT_ANOTHER_WAY))
        return (enum outcome)WEXITSTATUS(status);
    tries.failed++;
    (void)complain(p, entry->op, a, "the copy ended with", (uint64_t)status);
    return COPY_WAS_WRONG;
}

static void is_refused_as_it_should(struct process *p, const volatile struct tn_sqe *entry, const struct attempt *a)
{
    if (try(p, entry, a) != COPY_AS_WANTED)
        return;
    tries.refused++;
    refused_of[entry->op]++;
    if (a->charge != NO_CHARGE)
        tries.charges |= UINT64_C(1) << a->charge;
}

/* False: it is refused for another reason anyway. */
static bool try_all(struct process *p, const volatile struct tn_sqe *entry)
{
    const struct attempt probe = {.charge = NO_CHARGE, .is_probe = true};
    memset(need, 0, sizeof *need);
    if (try(p, entry, &probe) != COPY_AS_WANTED || need->status != TN_OK)
        return false;
    const struct need needs = *need;
    for (uint32_t c = 0; c < TN_CHARGE_COUNT; c++) {
        uint64_t used = p->ledger.used[c], enough = used + needs.charge[c];
        if (needs.charge[c] == 0)
            continue;
        is_refused_as_it_should(p, entry, &(struct attempt){.charge = (enum tn_charge)c, .limit = used});
        if (enough - 1 != used)
            is_refused_as_it_should(p, entry, &(struct attempt){.charge = (enum tn_charge)c, .limit = enough - 1});
        if (try(p, entry, &(struct attempt){.charge = (enum tn_charge)c, .limit = enough, .is_allowed = true}) ==
            COPY_AS_WANTED)
            tries.allowed++;
    }
    for (uint64_t question = 1; question <= needs.questions; question++)
        is_refused_as_it_should(p, entry, &(struct attempt){.charge = NO_CHARGE, .question = question});
    return true;
}

bool __wrap_operation_run(struct process *p, const volatile struct tn_sqe *entry)
{
    static uint64_t tried[TN_MANIFEST_PROCESSES_MAX][OPERATIONS], seen;
    const uint32_t op = entry->op;
    /* an exit is not refused; a start that lacks something is an end of what was started (tenure/abi/ring.h) */
    bool may_be_tried = tries_each && !is_copy && op < OPERATIONS && op != TN_OP_EXIT && op != TN_OP_PROCESS_START;
    if (may_be_tried && (tried[p->index][op] < FIRST_OF_EACH || ++seen % THEN_EVERY == 0))
        tried[p->index][op] += try_all(p, entry);
    return __real_operation_run(p, entry);
}
