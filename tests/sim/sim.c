/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices that lie, and what runs out, under the real drivers, the real core and the kernel above its page tables, in
 * one process (host/sim). Each case is a machine of its own: what the device says or does, how the run must end, what
 * the kernel's log must say, and how often the IOMMU must have refused. In all of them every access that gets through
 * is held against what core/ says is with the device at that moment (G8), the client checks every word, and after each
 * end of a process the ledgers are held against the objects.
 *
 *     sim PROGRAMS MANIFESTS                all cases, as TAP
 *     sim PROGRAMS MANIFESTS NAME [NUMBER]  one, with its log; of a case with a machine for each number only that one
 *     sim PROGRAMS MANIFESTS --twin NAME [IMAGE INSTEAD]    succeeds exactly if that case fails, with one image instead
 * of another
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "account.h"
#include "cap/pool_inside.h"
#include "edu.h"
#include "machine.h"
#include "mm/frame.h"
#include "refuse.h"
#include "virtio_blk.h"

enum { DISK_BYTES = 1 << 20, PAGE = 4096, SAID_MAX = 3 };

/* See refuse.h: operations are tried in copies; there is a machine for each question. */
enum refusals { REFUSE_NOTHING, REFUSE_EACH, REFUSE_IN_TURN };

struct test {
    const char *name;
    const char *manifest;
    enum sim_lie lie; /* of the disk */
    enum sim_edu_lie edu_lie;
    uint64_t from, times; /* of the disk's lie */
    const char *words;
    const char *kill;
    uint64_t kill_first, kill_step, kills_min;
    uint64_t kill_last; /* a machine for each first step up to this: refusals are wanted in one of them */
    enum machine_end_kind end;
    uint64_t faults_min, interrupts_min, quarantined;
    uint64_t unplug_at; /* ns; the disk is behind a port then, and taken out at that time. 0: it is not */
    const char *said[SAID_MAX];
    enum refusals refuse;
    uint64_t charges;   /* set of enum tn_charge: refused at least once */
    uint32_t operation; /* enum tn_op: refused at least once */
};

#define CHURN   "args.churn=ops=1500,seed=7"
#define ON_DISK .manifest = "blk", .words = CHURN
/* A lie that the driver sees, told five times: each time it ends, and its client goes on with the next one. */
#define IS_SEEN(what) ON_DISK, .lie = (what), .from = 100, .times = 5

/* All that is charged by operations; channels are charged by the start of a process. */
#define ALL_CHARGES ((UINT64_C(1) << TN_CHARGE_COUNT) - 1 - (UINT64_C(1) << TN_CHARGE_CHANNELS))

static const struct test tests[] = {
    {.name = "g8_an_honest_disk_reaches_what_is_with_it_and_nothing_else", ON_DISK},
    {.name = "g11_a_driver_killed_at_its_steps_loses_nothing",
     ON_DISK,
     .kill = "virtio_blk0",
     .kill_first = 1,
     .kill_step = 37,
     .kills_min = 10,
     .said = {"reset by FLR: done"}},
    {.name = "g7_an_end_that_is_told_once_more_ends_the_driver_and_no_request_twice",
     ON_DISK,
     .lie = SIM_REPLAY,
     .from = 200,
     .times = 3,
     .said = {"device broken"}},
    {.name = "g7_each_end_told_twice",
     IS_SEEN(SIM_TWICE),
     .said = {"device broken: used id of a request that is not in flight"}},
    {.name = "g7_the_id_of_no_request", IS_SEEN(SIM_WRONG_ID), .said = {"device broken"}},
    {.name = "g7_the_id_of_another_request",
     .manifest = "blk",
     .words = CHURN ",depth=1",
     .lie = SIM_WRONG_SLOT,
     .from = 100,
     .times = 5,
     .said = {"device broken"}},
    {.name = "g7_more_bytes_than_there_were", IS_SEEN(SIM_TOO_LONG), .said = {"device broken"}},
    {.name = "g7_a_status_that_there_is_not", IS_SEEN(SIM_BAD_STATUS), .said = {"device broken"}},
    {.name = "g7_an_index_that_runs_away", IS_SEEN(SIM_INDEX), .said = {"device broken"}},
    {.name = "g8_answers_that_come_after_the_reset_reach_nobody",
     ON_DISK,
     .lie = SIM_LATE,
     .from = 20,
     .times = 60,
     .kill = "virtio_blk0",
     .kill_first = 300,
     .kill_step = 7,
     .kills_min = 3,
     .faults_min = 3},
    {.name = "g8_a_buffer_that_has_come_back_is_not_written_again",
     ON_DISK,
     .lie = SIM_AFTER_END,
     .from = 100,
     .times = 10,
     .faults_min = 5,
     .said = {"write refused"}},
    {.name = "g8_writes_after_a_reset_are_refused",
     ON_DISK,
     .lie = SIM_AFTER_RESET,
     .from = 100,
     .times = 4,
     .kill = "virtio_blk0",
     .kill_first = 300,
     .kill_step = 50,
     .kills_min = 3,
     .faults_min = 4},
    {.name = "g8_accesses_that_nobody_asked_for_are_refused",
     ON_DISK,
     .lie = SIM_WILD,
     .from = 50,
     .times = 10,
     .faults_min = 30,
     .said = {"refused"}},
    {.name = "g7_thousands_of_interrupts_end_no_request",
     ON_DISK,
     .lie = SIM_STORM,
     .from = 100,
     .times = 3,
     .interrupts_min = 3000},
    {.name = "g10_a_device_that_does_not_leave_its_own_reset_keeps_the_pages",
     ON_DISK,
     .lie = SIM_DEAF,
     .from = 10,
     .times = 1,
     .kill = "virtio_blk0",
     .kill_first = 400,
     .kill_step = 100000,
     .kills_min = 1,
     .end = MACHINE_FAILED,
     .quarantined = 4 + 32, /* the rings, and the client's pool */
     .said = {"device-word failed", "in quarantine until it is silent", "FAIL block=31 status=TN_EQUARANTINED"}},
    {.name = "g11_a_cache_that_a_reset_loses_is_told_at_the_next_flush",
     .manifest = "cache",
     .kill = "virtio_blk0",
     .kill_first = 150,
     .kill_step = 23,
     .kills_min = 5,
     .said = {"rewrite: rounds=40"}},
    {.name = "g11_a_cache_that_a_reset_loses_and_nobody_tells_of",
     .manifest = "cache_twin",
     .kill = "virtio_blk0",
     .kill_first = 150,
     .kill_step = 23,
     .kills_min = 1,
     .end = MACHINE_FAILED, /* the negative twin of the case before: the manifest does not say that the cache goes */
     .said = {"rewrite: FAIL block="}},
    {.name = "g10_a_device_that_is_taken_out_gives_the_pages_back",
     ON_DISK,
     .kill = "virtio_blk0",
     .kill_first = 400,
     .kill_step = 100000,
     .kills_min = 1,
     .unplug_at = 50 * 1000 * 1000, /* in the middle of its reset */
     .end = MACHINE_FAILED,
     .said = {"silent, unclaimed: bus-master-off n/a, never-on n/a, reset n/a", "absent passed", "TN_EPEERGONE"}},
    {.name = "g8_an_honest_educational_device", .manifest = "edu"},
    {.name = "g8_a_transfer_that_goes_on_after_its_end_is_refused",
     .manifest = "edu",
     .edu_lie = SIM_EDU_EARLY,
     .end = MACHINE_FAILED, /* what it was to bring is not there: a lie about data is nobody's to see */
     .faults_min = 1},
    {.name = "g8_a_transfer_that_is_done_again_is_refused",
     .manifest = "edu",
     .edu_lie = SIM_EDU_AGAIN,
     .faults_min = 1},
    {.name = "g7_interrupts_without_a_reason_end_nothing", .manifest = "edu", .edu_lie = SIM_EDU_NO_REASON},
    {.name = "g7_an_interrupt_that_comes_twice_ends_one_request", .manifest = "edu", .edu_lie = SIM_EDU_TWICE},
    {.name = "g8_a_page_beyond_is_refused", .manifest = "edu", .edu_lie = SIM_EDU_BEYOND, .faults_min = 1},
    {.name = "g10_a_device_that_goes_on_after_its_driver_reaches_nobody",
     .manifest = "edu",
     .edu_lie = SIM_EDU_AFTER_STOP,
     .kill = "edu0",
     .kill_first = 56,
     .kill_last = 70,
     .kill_step = 100,
     .kills_min = 1,
     .end = MACHINE_FAILED, /* its client submits nothing again */
     .faults_min = 1},
    {.name = "g6_each_charge_of_an_operation_one_short_changes_nothing",
     ON_DISK,
     .refuse = REFUSE_EACH,
     .kill = "virtio_blk0",
     .kill_first = 300,
     .kill_step = 100,
     .kills_min = 3,
     .charges = ALL_CHARGES,
     .operation = TN_OP_SUBMIT},
    {.name = "g6_each_charge_of_another_driver_one_short_changes_nothing",
     .manifest = "edu",
     .refuse = REFUSE_EACH,
     .charges = ALL_CHARGES,
     .operation = TN_OP_INTERRUPT_BIND},
    {.name = "g6_a_device_that_is_claimed_again_is_charged_again_or_stays",
     .manifest = "passing",
     .refuse = REFUSE_EACH,
     .charges = ALL_CHARGES,
     .operation = TN_OP_DEVICE_CLAIM},
    {.name = "g6_a_device_that_passes_is_charged_to_who_takes_it_or_stays",
     .manifest = "handing",
     .refuse = REFUSE_EACH,
     .charges = ALL_CHARGES,
     .operation = TN_OP_DEVICE_CLAIM},
    {.name = "g6_whatever_runs_out_is_named_and_nothing_is_left",
     .manifest = "blk",
     .words = "args.churn=ops=60,seed=7",
     .refuse = REFUSE_IN_TURN,
     .kill = "virtio_blk0",
     .kill_first = 60,
     .kill_step = 100},
    {.name = "g6_whatever_runs_out_of_another_driver_is_named_and_nothing_is_left",
     .manifest = "edu",
     .refuse = REFUSE_IN_TURN},
    {.name = "g6_whatever_runs_out_while_a_device_passes_is_named_and_nothing_is_left",
     .manifest = "handing",
     .refuse = REFUSE_IN_TURN},
};
enum { TESTS = sizeof tests / sizeof tests[0] };

static const char *programs, *manifests, *image, *instead;
static struct sim_virtio_blk disk;
static struct sim_edu edu;
static struct sim_function port;
static uint64_t violations, accesses;
static uint64_t *own_frames; /* of the kernel, in a machine in which nothing was refused; shared with it */

/* Is this page with a device, by what core/ says? A driver's rings are, as long as they live. */
static bool is_with_device(uint64_t physical)
{
    for (uint32_t i = 0; i < POOLS_MAX; i++) {
        const struct pool *p = &pools[i];
        if (p->identity.generation == 0 || physical < p->physical || physical - p->physical >= pool_pages(p) * PAGE)
            continue;
        return !p->channel || tn_buffer_is_away(tn_buffer_state(
                                  &p->core, (uint32_t)((physical - p->physical) / p->core.buffer_bytes)));
    }
    return false;
}

static void look(uint32_t bdf, uint64_t physical, uint64_t bytes, bool is_write)
{
    accesses++;
    if (is_with_device(physical))
        return;
    if (violations++ == 0)
        printf("# device %02x: %s of %lu bytes at %lx, which is not with it\n", bdf, is_write ? "write" : "read", bytes,
               physical);
}

static void unplug(struct machine_event *event)
{
    (void)event;
    sim_unplug(&port, &disk.function);
}

static bool wrong(const char *what, uint64_t got, uint64_t wanted)
{
    printf("# %s: %lu, wanted %lu\n", what, got, wanted);
    return true;
}

static bool judge(const struct test *t, enum machine_end_kind end)
{
    bool bad = false;
    uint64_t told = disk.told + edu.told;
    if (end != t->end)
        bad = wrong("end of the machine", end, t->end);
    if (violations != 0)
        bad = wrong("accesses to what is not with the device", violations, 0);
    if (accesses == 0 && t->end == MACHINE_SUCCEEDED)
        bad = wrong("accesses of the device", 0, 1);
    if ((t->lie != SIM_HONEST || t->edu_lie != SIM_EDU_HONEST) && told == 0)
        bad = wrong("lies told", told, 1);
    if (machine_faults() < t->faults_min && t->kill_last == 0)
        bad = wrong("accesses that the IOMMU refused", machine_faults(), t->faults_min);
    if (machine_interrupts() < t->interrupts_min)
        bad = wrong("interrupts", machine_interrupts(), t->interrupts_min);
    if (machine_kills() < t->kills_min)
        bad = wrong("kills", machine_kills(), t->kills_min);
    if (frames_count().quarantined != t->quarantined)
        bad = wrong("pages in quarantine", frames_count().quarantined, t->quarantined);
    for (uint32_t i = 0; i < SAID_MAX && t->said[i]; i++)
        if (!machine_said(t->said[i])) {
            printf("# the log lacks: %s\n", t->said[i]);
            bad = true;
        }
    if (t->refuse == REFUSE_EACH) {
        const struct refuse_tries tries = refuse_tries();
        if (tries.failed != 0 || tries.refused == 0 || tries.allowed == 0)
            bad = wrong("refusals that were not as they should be", tries.failed, 0);
        if (refuse_tries_of(t->operation) == 0)
            bad = wrong("refusals of operation", 0, t->operation);
        if ((tries.charges & t->charges) != t->charges)
            bad = wrong("charges refused (a set)", tries.charges, t->charges);
    }
    return !bad;
}

/* In the words of a program, or of the kernel that cannot start it. */
static bool says_what_ran_out(void)
{
    static const char *const words[] = {"TN_EBUDGET", "TN_EEXHAUSTED", "its own budget does not cover it",
                                        "the machine has not enough",
                                        "TN_EPOLICY"}; /* there was no domain for the device */
    bool any = false;
    for (uint32_t i = 0; i < sizeof words / sizeof words[0]; i++)
        any = any || machine_said(words[i]);
    return any;
}

/* Something ran out: nothing that is a bug of ours, and nothing left. A start that failed is said, and is all there is.
 */
static bool judge_refused(enum machine_end_kind end)
{
    bool bad = false;
    if (end != MACHINE_SUCCEEDED && end != MACHINE_FAILED)
        bad = wrong("end of the machine", end, MACHINE_FAILED);
    if (end == MACHINE_FAILED && !says_what_ran_out())
        bad = wrong("a word of what ran out", 0, 1);
    if (!machine_said("end: nothing is charged to a process that has ended") && !machine_said("] start: ") &&
        !machine_said("still has in_flight: ")) /* what the last job left at the disk: nobody waits for that */
        bad = wrong("a word of what is charged", 0, 1);
    if (machine_said("] end: ") && frames_of_nobody() != *own_frames)
        bad = wrong("frames of nobody", frames_of_nobody(), *own_frames);
    if (violations != 0)
        bad = wrong("accesses to what is not with the device", violations, 0);
    if (frames_count().quarantined != 0)
        bad = wrong("pages in quarantine", frames_count().quarantined, 0);
    return !bad;
}

/* Its exit status. */
enum { RUN_PASSED = 0, RUN_FAILED = 1, RUN_PASSED_WITH_REFUSALS = 3, RUN_CRASHED = 4, RUN_WAS_NOT_REFUSED = 5 };

static int judge_run(const struct test *t, enum machine_end_kind end)
{
    if (t->refuse == REFUSE_IN_TURN && refuse_has_refused())
        return judge_refused(end) ? RUN_PASSED : RUN_FAILED;
    if (!judge(t, end))
        return RUN_FAILED;
    *own_frames = frames_of_nobody();
    return t->refuse == REFUSE_IN_TURN ? RUN_WAS_NOT_REFUSED
           : machine_faults() != 0     ? RUN_PASSED_WITH_REFUSALS
                                       : RUN_PASSED;
}

/* `number` is the question that is refused, or else the first step at which a process is killed. */
static int run(const struct test *t, uint64_t number, bool quiet)
{
    char manifest[512];
    snprintf(manifest, sizeof manifest, "%s/%s.bin", manifests, t->manifest);
    machine_open();
    sim_virtio_blk_init(&disk, 2, DISK_BYTES, 1);
    disk.lie = t->lie;
    disk.lie_from = t->from;
    disk.lie_times = t->times;
    if (t->manifest[0] == 'c')
        sim_virtio_blk_drops_cache(&disk);
    static struct machine_event out = {.run = unplug};
    if (t->unplug_at != 0) {
        sim_port_init(&port, 4);
        sim_plug(&port, &disk.function);
        machine_at(&out, t->unplug_at);
    }
    sim_edu_init(&edu, 3);
    edu.lie = t->edu_lie;
    sim_on_access = look;
    if (t->refuse == REFUSE_EACH)
        refuse_each();
    else if (t->refuse == REFUSE_IN_TURN)
        refuse_one(number);
    const struct machine_plan plan = {.manifest = manifest,
                                      .programs = programs,
                                      .words = t->words,
                                      .image = image,
                                      .instead = instead,
                                      .quiet = quiet,
                                      .kill = t->kill,
                                      .kill_first = t->refuse == REFUSE_IN_TURN ? t->kill_first : number,
                                      .kill_step = t->kill_step};
    int status = judge_run(t, refuse_end_of_copy(machine_run(&plan)));
    if (!quiet)
        printf("# %lu lies, %lu accesses, %lu refused, %lu kills, %lu ms\n", disk.told + edu.told, accesses,
               machine_faults(), machine_kills(), machine_now() / 1000000);
    return status;
}

/* In a process of its own: the kernel's variables are fresh. */
static int run_once(const struct test *t, uint64_t number, bool quiet)
{
    int status;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        status = run(t, number, quiet);
        fflush(NULL);
        _exit(status);
    }
    return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : RUN_CRASHED;
}

static bool passed(int status)
{
    return status == RUN_PASSED || status == RUN_PASSED_WITH_REFUSALS;
}

/* A machine for each question, until there is one that does not ask so many. */
static bool run_in_turn(const struct test *t, bool quiet)
{
    if (run_once(t, UINT64_MAX, true) != RUN_WAS_NOT_REFUSED)
        return !wrong("refusals in a machine that has enough", 1, 0);
    for (uint64_t question = 1;; question++) {
        int status = run_once(t, question, quiet);
        if (status == RUN_WAS_NOT_REFUSED)
            return question > 1 || !wrong("questions", 0, 1);
        if (status != RUN_PASSED)
            return !wrong("question that was refused", question, 0);
    }
}

static bool run_apart(const struct test *t, bool quiet)
{
    uint64_t refused = 0;
    if (t->refuse == REFUSE_IN_TURN)
        return run_in_turn(t, quiet);
    if (t->kill_last == 0)
        return passed(run_once(t, t->kill_first, quiet));
    for (uint64_t first = t->kill_first; first <= t->kill_last; first++) {
        int status = run_once(t, first, quiet);
        if (!passed(status))
            return false;
        refused += status == RUN_PASSED_WITH_REFUSALS;
    }
    return refused >= t->faults_min || !wrong("machines in which the IOMMU refused", refused, t->faults_min);
}

static const struct test *find(const char *name)
{
    for (uint32_t i = 0; i < TESTS; i++)
        if (strcmp(tests[i].name, name) == 0)
            return &tests[i];
    fprintf(stderr, "sim: no case %s\n", name);
    exit(2);
}

static bool fails(const struct test *t)
{
    return t->refuse == REFUSE_IN_TURN ? !run_in_turn(t, true) : run_once(t, t->kill_first, true) == RUN_FAILED;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: sim PROGRAMS MANIFESTS NAME [NUMBER] | --twin NAME [IMAGE INSTEAD]\n");
        return 2;
    }
    own_frames = mmap(NULL, sizeof *own_frames, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (own_frames == MAP_FAILED)
        abort();
    programs = argv[1];
    manifests = argv[2];
    if (argc == 7) {
        image = argv[5];
        instead = argv[6];
    }
    if ((argc == 5 || argc == 7) && strcmp(argv[3], "--twin") == 0)
        return fails(find(argv[4])) ? 0 : 1;
    if (argc == 4)
        return run_apart(find(argv[3]), false) ? 0 : 1;
    if (argc == 5)
        return passed(run_once(find(argv[3]), strtoull(argv[4], NULL, 10), false)) ? 0 : 1;
    bool all = true;
    printf("1..%d\n", (int)TESTS);
    for (uint32_t i = 0; i < TESTS; i++) {
        bool ok = run_apart(&tests[i], true);
        printf("%s %u - %s\n", ok ? "ok" : "not ok", i + 1, tests[i].name);
        all = all && ok;
    }
    return all ? 0 : 1;
}
