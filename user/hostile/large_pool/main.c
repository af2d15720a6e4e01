/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client whose pool is so large that its pages are zeroed in slices, when it is made and when it is gone (G5): what
 * may happen meanwhile, and what may not. args: mebibytes=N of the pool, which its budget allows once; part=making or
 * part=ending: it exits in the middle of that; part=gone: the pool is refused at its end, because its service has no
 * device then, part=full: because there are no page tables for it. A job.
 */
#include <args.h>
#include <blk_client.h>
#include <clock.h>
#include <print.h>
#include <process.h>
#include <report.h>
#include <ring.h>

enum { BUFFER_BYTES = 1 << 20, SMALL_BYTES = 4096, PATTERN = 0x5a };
enum { ROUNDS_MIN = 2 }; /* as many as slices where nobody else uses this host's processors */
static const uint64_t round_ns = 100000;

static const char *const parts[] = {"all", "making", "ending", "gone", "full", NULL};
enum part { PART_ALL, PART_MAKING, PART_ENDING, PART_GONE, PART_FULL };

struct asked {
    struct tn_source source;
    struct tn_cqe answer;
    uint64_t rounds; /* that we made meanwhile */
    bool came;
};

static struct tn_blk blk;
static uint64_t mebibytes = 16;

static void came(struct tn_source *source, const struct tn_cqe *cqe)
{
    struct asked *asked = (struct asked *)source;
    asked->answer = *cqe;
    asked->came = true;
}

static void ask(struct asked *asked, struct tn_sqe what)
{
    *asked = (struct asked){.source = {.deliver = came}};
    what.user_data = tn_source_user_data(&asked->source);
    *tn_ring_push() = what;
    tn_ring_flush();
}

/* It runs on while it waits: several times, for each slice is followed by a pause. */
static enum tn_status wait_for(struct asked *asked)
{
    while (!asked->came) {
        asked->rounds++;
        (void)tn_ring_wait(1, tn_deadline_in(round_ns));
    }
    return (enum tn_status)asked->answer.status;
}

static enum tn_status call(uint32_t op, uint64_t handle, uint64_t arg0, uint64_t arg1)
{
    const struct tn_sqe sqe = {.op = op, .handle = handle, .arg = {arg0, arg1}};
    return tn_ring_call(&sqe, NULL);
}

/* Takes all of its buffers and fills them; the number of bytes that were not zero. */
static uint64_t fill(uint64_t pool, uint64_t *handle)
{
    uint64_t others = 0;
    for (uint64_t i = 0; i < mebibytes; i++) {
        const struct tn_sqe sqe = {.op = TN_OP_BUFFER_ALLOC, .handle = pool, .arg = {BUFFER_BYTES}};
        struct tn_cqe answer;
        if (tn_ring_call(&sqe, &answer) != TN_OK)
            tn_die("large_pool: FAIL no buffer %lu", i);
        handle[i] = answer.value[0];
        uint64_t *words = (uint64_t *)answer.value[1];
        for (uint64_t k = 0; k < BUFFER_BYTES / sizeof *words; k++) {
            others += words[k] != 0;
            words[k] = PATTERN;
        }
    }
    return others;
}

static void make(struct asked *asked)
{
    ask(asked, (struct tn_sqe){.op = TN_OP_POOL_CREATE, .handle = blk.queue.channel, .arg = {BUFFER_BYTES, mebibytes}});
}

static void make_and_end(enum part part)
{
    static uint64_t handle[1024];
    struct asked asked;
    for (int again = 0; again < 2; again++) {
        make(&asked);
        enum tn_status paid = call(TN_OP_POOL_CREATE, blk.queue.channel, BUFFER_BYTES, 1);
        bool early = asked.came;
        report_status("made", wait_for(&asked), TN_OK); /* nothing is printed before: that takes as long as zeroing */
        report_status("paid_from_the_start", paid, TN_EBUDGET);
        report_count("is_not_there_yet", early, false);
        report_count("rounds_while_it_is_made", asked.rounds >= ROUNDS_MIN, true);
        uint64_t pool = asked.answer.value[0];
        report_count("not_zero", fill(pool, handle), 0);
        report_status("in_use", call(TN_OP_POOL_RELEASE, pool, 0, 0), TN_ESTATE);
        if (again) /* and ends with it */
            return;
        for (uint64_t i = 0; i < mebibytes; i++)
            if (call(TN_OP_BUFFER_RELEASE, handle[i], 0, 0) != TN_OK)
                tn_die("large_pool: FAIL buffer %lu is not taken back", i);
        ask(&asked, (struct tn_sqe){.op = TN_OP_POOL_RELEASE, .flags = TN_SQE_QUIET, .handle = pool});
        report_status("quiet", wait_for(&asked), TN_EINVAL); /* the answer says when it is gone */
        ask(&asked, (struct tn_sqe){.op = TN_OP_POOL_RELEASE, .handle = pool});
        if (part == PART_ENDING) {
            report_count("is_not_gone_yet", asked.came, false);
            return;
        }
        enum tn_status stale = call(TN_OP_BUFFER_ALLOC, pool, BUFFER_BYTES, 0);
        paid = call(TN_OP_POOL_CREATE, blk.queue.channel, BUFFER_BYTES, 1);
        report_status("gone", wait_for(&asked), TN_OK);
        report_status("stale", stale, TN_ESTALE);
        report_status("still_paid", paid, TN_EBUDGET);
        report_count("rounds_while_it_goes", asked.rounds >= ROUNDS_MIN, true);
    }
}

/* The driver gives its device up for a read, in a pool that is made at once; while it has none, ours is refused. */
static void make_without_a_device(void)
{
    struct tn_dma_pool small = tn_blk_pool(&blk, SMALL_BYTES, 1);
    struct tn_dma_result result;
    struct asked asked;
    TN_DMA_BUFFER(buffer);
    TN_FENCE(fence);
    if (!tn_dma_buffer_alloc(&small, SMALL_BYTES, &buffer))
        tn_die("large_pool: FAIL %s", tn_status_name(tn_dma_buffer_status(&buffer)));
    make(&asked);
    tn_blk_submit(&blk, &buffer, &(struct tn_blk_transfer){.opcode = TN_BLK_READ, .length = SMALL_BYTES}, &fence);
    report_status("made", wait_for(&asked), TN_EAGAIN);
    if (!tn_fence_wait(&fence, tn_deadline_in(60 * TN_SECOND), &buffer, &result))
        tn_die("large_pool: FAIL the read does not end: %s", tn_status_name(result.status));
    if (tn_dma_buffer_is_held(&buffer))
        report_status("release", tn_dma_buffer_release(&buffer), TN_OK);
    for (make(&asked); wait_for(&asked) == TN_EAGAIN; make(&asked))
        (void)tn_ring_wait(1, tn_deadline_in(TN_SECOND / 10));
    report_status("made_again", (enum tn_status)asked.answer.status, TN_OK);
}

int tn_main(const struct tn_start *start)
{
    uint64_t part = PART_ALL;
    const struct tn_arg known[] = {{.key = "mebibytes", .value = &mebibytes, .min = 2, .max = 1024},
                                   {.key = "part", .value = &part, .words = parts}};
    tn_args_require(start->args, known, sizeof(known) / sizeof(known[0]));
    tn_blk_open(&blk, start, tn_deadline_in(60 * TN_SECOND));
    struct asked asked;
    if (part == PART_GONE) {
        make_without_a_device();
    } else if (part == PART_FULL) {
        make(&asked);
        report_status("made", wait_for(&asked), TN_EEXHAUSTED);
        make(&asked); /* it was paid back: the next one is begun */
        report_count("is_not_there_yet", asked.came, false);
    } else if (part == PART_MAKING) {
        make(&asked);
        report_count("is_not_there_yet", asked.came, false);
    } else {
        ask(&asked,
            (struct tn_sqe){
                .op = TN_OP_POOL_CREATE, .flags = TN_SQE_QUIET, .handle = blk.queue.channel, .arg = {BUFFER_BYTES, 1}});
        report_status("quiet", wait_for(&asked), TN_EINVAL);
        make_and_end((enum part)part);
    }
    return report_end("large pool");
}
