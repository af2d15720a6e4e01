/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ownership of DmaBuffers, observed in the running machine: every case does what a program may not do, or looks
 * where another one's data might be, and compares the status the kernel gave. selftest_peer is the other process.
 *
 * A case that goes wrong must not keep the rest from running: clean-up ignores statuses, and every wait has a deadline.
 */
#include <args.h>
#include <blk_client.h>
#include <clock.h>
#include <enter.h>
#include <mem.h>
#include <print.h>
#include <process.h>
#include <report.h>
#include <ring.h>

#include "../selftest_peer/protocol.h"

enum {
    PAGE = 4096,
    POISON = 0xa5,
    BUFFERS_MAX = 64,
};
static const uint64_t answer_ns = 10 * TN_SECOND;

static struct tn_blk blk;
static struct tn_dma_queue peer;
static struct tn_dma_pool pool;      /* for the disk */
static struct tn_dma_pool mail_pool; /* for the peer: a buffer travels on the channel its pool was made for */
static uint64_t in_flight_max;
static uint64_t buffers_max = 64; /* as in the manifest's budget */
static uint32_t buffers_left;     /* of the budget, beside these two pools */

/* ---- helpers ---- */

static struct tn_dma_buffer take_buffer(const struct tn_dma_pool *from)
{
    struct tn_dma_buffer buffer = {0};
    enum tn_status status = tn_dma_buffer_alloc(from, PAGE, &buffer);
    if (status != TN_OK)
        report_status("setup_buffer", status, TN_OK);
    return buffer;
}

static void drop(struct tn_dma_buffer *buffer)
{
    if (buffer->handle != TN_HANDLE_NONE)
        (void)!tn_dma_buffer_release(buffer);
}

static enum tn_status release_number(uint64_t number)
{
    struct tn_sqe sqe = {.op = TN_OP_BUFFER_RELEASE, .handle = number};
    return tn_ring_call(&sqe, NULL);
}

static void poison(const struct tn_dma_buffer *buffer)
{
    if (tn_dma_buffer_data(buffer) != NULL)
        memset(tn_dma_buffer_data(buffer), POISON, tn_dma_buffer_bytes(buffer));
}

/* Bytes from `from` on that are not `value`. */
static uint64_t differing(const struct tn_dma_buffer *buffer, uint64_t from, uint8_t value)
{
    const uint8_t *bytes = tn_dma_buffer_data(buffer);
    uint64_t count = 0;
    if (bytes == NULL)
        return PAGE;
    for (uint64_t i = from; i < tn_dma_buffer_bytes(buffer); i++)
        count += bytes[i] != value;
    return count;
}

/* Reads the first block of the disk. */
static struct tn_fence read_block(struct tn_dma_buffer *buffer)
{
    struct tn_fence fence;
    tn_blk_submit(&blk, buffer, &(struct tn_blk_transfer){.opcode = TN_BLK_READ, .length = blk.block_bytes}, &fence);
    return fence;
}

static struct tn_fence ask(uint16_t op, uint64_t argument, struct tn_dma_buffer *buffer)
{
    const struct tn_dma_request request = {
        .opcode = op,
        .direction = buffer != NULL ? TN_FROM_DEVICE : TN_NO_DATA,
        .length = buffer != NULL ? PAGE : 0,
        .argument = argument,
    };
    struct tn_fence fence;
    tn_dma_submit(&peer, buffer, &request, &fence);
    return fence;
}

/* The end of a fence; a wait that fails shows as its status. */
static struct tn_fence_result end_of(const struct tn_fence *fence)
{
    struct tn_fence_result result = {0};
    enum tn_status status = tn_fence_take(fence, tn_deadline_in(answer_ns), &result);
    if (status != TN_OK)
        result.status = status;
    return result;
}

static struct tn_fence_result ask_and_wait(uint16_t op, uint64_t argument)
{
    struct tn_fence fence = ask(op, argument, NULL);
    struct tn_fence_result result = end_of(&fence);
    if (result.status != TN_OK)
        result.answer[0] = result.status;
    return result;
}

/* ---- cases ---- */

static void case_double_submit(void)
{
    struct tn_dma_buffer reference = take_buffer(&pool), buffer = take_buffer(&pool);
    struct tn_fence fence = read_block(&reference);
    struct tn_fence_result expected = end_of(&fence);

    poison(&buffer);
    struct tn_dma_buffer copy = buffer;
    struct tn_fence first = read_block(&buffer);
    struct tn_fence second = read_block(&copy); /* the same handle; both travel in one entry */
    struct tn_fence_result two = end_of(&second), one = end_of(&first);
    report_status("double_submit_second", two.status, TN_ESTALE);
    report_count("double_submit_second_has_no_buffer", two.buffer.handle, TN_HANDLE_NONE);
    report_status("double_submit_first", one.status, TN_OK);
    report_count("double_submit_first_used", one.used, blk.block_bytes);
    uint64_t same = one.status == TN_OK && expected.status == TN_OK &&
                    memcmp(tn_dma_buffer_data(&one.buffer), tn_dma_buffer_data(&expected.buffer), blk.block_bytes) == 0;
    report_count("double_submit_first_has_the_data", same, 1);
    drop(&one.buffer), drop(&two.buffer), drop(&expected.buffer);
}

static void case_use_after_submit(void)
{
    struct tn_dma_buffer buffer = take_buffer(&mail_pool);
    uint64_t old = buffer.handle;
    struct tn_fence pending = ask(PEER_HOLD, 2, &buffer);
    report_count("accessor_after_submit", tn_dma_buffer_data(&buffer) == NULL, 1);
    report_status("release_after_submit", release_number(old), TN_ESTALE);
    struct tn_fence_result result;
    report_status("wait_for_ever", tn_fence_take(&pending, TN_DEADLINE_NEVER, &result), TN_EINVAL);
    report_status("wait_too_short", tn_fence_take(&pending, TN_DEADLINE_NOW, &result), TN_ETIMEDOUT);
    struct tn_fence other = ask(PEER_HOLD, 2, NULL); /* lets both go */
    result = end_of(&pending);
    report_status("pending_after_timeout", result.status, TN_OK);
    report_status("wait_twice", tn_fence_take(&pending, tn_deadline_in(answer_ns), &result), TN_ESTALE);
    (void)end_of(&other);
    report_status("stale_after_completion", release_number(old), TN_ESTALE);
    drop(&result.buffer);
}

static void case_stale_after_release(void)
{
    struct tn_dma_buffer buffer = take_buffer(&pool);
    uint64_t old = buffer.handle;
    report_status("release", tn_dma_buffer_release(&buffer), TN_OK);
    report_status("stale_after_release", release_number(old), TN_ESTALE);
    struct tn_dma_buffer ghost = {.handle = old};
    struct tn_fence fence = read_block(&ghost);
    struct tn_fence_result result = end_of(&fence);
    report_status("submit_after_release", result.status, TN_ESTALE);
    drop(&result.buffer);
}

static void case_forged(void)
{
    struct tn_dma_buffer buffer = take_buffer(&pool);
    uint64_t handle = buffer.handle;
    report_status("forged_all_ones", release_number(UINT64_MAX), TN_ESTALE);
    report_status("forged_zero", release_number(TN_HANDLE_NONE), TN_ESTALE);
    report_status("forged_slot", release_number(handle | TN_HANDLE_SLOT_MASK), TN_ESTALE);
    uint32_t slot = tn_handle_slot(handle);
    uint64_t generation = tn_handle_generation(handle);
    report_status("forged_generation", release_number(tn_handle_make(slot, generation + 1)), TN_ESTALE);
    report_status("forged_generation_0", release_number(tn_handle_make(slot, 0)), TN_ESTALE);
    report_status("forged_kind", release_number(blk.queue.channel), TN_EKIND);
    struct tn_dma_pool wrong = {.handle = handle};
    report_status("forged_pool", tn_dma_pool_release(&wrong), TN_EKIND);
    report_status("forged_left_the_buffer", tn_dma_buffer_release(&buffer), TN_OK);
}

static void case_foreign(void)
{
    /* Through one completion, so that the number is none that the peer's own table could hold by chance. */
    struct tn_dma_buffer buffer = take_buffer(&pool);
    struct tn_fence fence = read_block(&buffer);
    struct tn_fence_result result = end_of(&fence);
    buffer = result.buffer;
    report_status("foreign_release", (enum tn_status)ask_and_wait(PEER_TRY_RELEASE, buffer.handle).answer[0],
                  TN_ESTALE);
    report_status("foreign_submit", (enum tn_status)ask_and_wait(PEER_TRY_SUBMIT, buffer.handle).answer[0], TN_ESTALE);
    fence = read_block(&buffer);
    result = end_of(&fence);
    report_status("foreign_left_the_buffer", result.status, TN_OK);
    drop(&result.buffer);
}

static void case_in_flight_bound(void)
{
    struct tn_fence fence[BUFFERS_MAX];
    for (uint64_t i = 0; i < in_flight_max; i++) {
        struct tn_dma_buffer buffer = take_buffer(&mail_pool);
        fence[i] = ask(PEER_HOLD, in_flight_max, &buffer);
    }
    struct tn_dma_buffer more = take_buffer(&mail_pool);
    uint64_t bytes = tn_dma_buffer_bytes(&more);
    struct tn_fence over = ask(PEER_HOLD, in_flight_max, &more);
    struct tn_fence_result refused = end_of(&over);
    report_status("in_flight_one_more", refused.status, TN_EBUDGET);
    report_count("in_flight_one_more_has_its_buffer", tn_dma_buffer_bytes(&refused.buffer), bytes);
    uint64_t accepted = 0;
    for (uint64_t i = 0; i < in_flight_max; i++) {
        struct tn_fence_result result = end_of(&fence[i]);
        accepted += result.status == TN_OK;
        drop(&result.buffer);
    }
    report_count("in_flight_at_the_limit", accepted, in_flight_max);
    drop(&refused.buffer);
}

static void case_bounds(void)
{
    struct tn_dma_buffer buffer[BUFFERS_MAX] = {{0}}, more = {0};
    report_status("length_zero", tn_dma_buffer_alloc(&pool, 0, &more), TN_ERANGE);
    report_status("length_one_more", tn_dma_buffer_alloc(&pool, pool.buffer_bytes + 1, &more), TN_ERANGE);
    struct tn_dma_pool rest = {0};
    report_status("pool_of_nothing", tn_dma_pool_create(&blk.queue, PAGE, 0, &rest), TN_EINVAL);
    report_status("pool_bytes_over_budget", tn_dma_pool_create(&blk.queue, UINT64_C(1) << 20, 2, &rest), TN_EBUDGET);
    report_status("buffers_over_budget", tn_dma_pool_create(&blk.queue, PAGE, buffers_left + 1, &rest), TN_EBUDGET);
    report_status("buffers_at_the_limit", tn_dma_pool_create(&blk.queue, PAGE, buffers_left, &rest), TN_OK);
    if (rest.handle == TN_HANDLE_NONE)
        return;
    uint64_t got = 0;
    enum tn_status status = TN_OK;
    while (got < BUFFERS_MAX && (status = tn_dma_buffer_alloc(&rest, PAGE, &buffer[got])) == TN_OK)
        got++;
    report_count("pool_gives_all", got, buffers_left);
    report_status("pool_exhausted", status, TN_EEXHAUSTED);
    struct tn_dma_pool same = rest;
    report_status("pool_release_in_use", tn_dma_pool_release(&same), TN_ESTATE);
    while (got > 0)
        drop(&buffer[--got]);
    report_status("pool_release", tn_dma_pool_release(&rest), TN_OK);
}

static void case_zero_for_oneself(void)
{
    struct tn_dma_pool single = {0};
    report_status("single_pool", tn_dma_pool_create(&blk.queue, PAGE, 1, &single), TN_OK);
    struct tn_dma_buffer buffer = {0};
    (void)!tn_dma_buffer_alloc(&single, PAGE, &buffer);
    report_count("zero_when_new", differing(&buffer, 0, 0), 0);
    poison(&buffer);
    drop(&buffer);
    (void)!tn_dma_buffer_alloc(&single, PAGE, &buffer); /* there is only one */
    report_count("zero_after_release", differing(&buffer, 0, 0), 0);
    drop(&buffer);
    report_status("single_pool_release", tn_dma_pool_release(&single), TN_OK);
}

static void case_zero_beyond_used(void)
{
    struct tn_dma_buffer buffer = take_buffer(&mail_pool);
    poison(&buffer);
    struct tn_fence fence = ask(PEER_USE_PART, 16, &buffer);
    struct tn_fence_result result = end_of(&fence);
    report_count("used_of_a_part", result.used, 16);
    report_count("zero_beyond_used", differing(&result.buffer, 16, 0), 0);
    drop(&result.buffer);
}

/* Poisons as many buffers as the budget allows, gives their pool back, and has the peer look at as much memory. */
static void case_zero_for_another(void)
{
    struct tn_dma_buffer buffer[BUFFERS_MAX] = {{0}};
    struct tn_dma_pool dirty = tn_blk_pool(&blk, PAGE, buffers_left);
    for (uint32_t i = 0; i < buffers_left; i++) {
        buffer[i] = take_buffer(&dirty);
        poison(&buffer[i]);
    }
    for (uint32_t i = 0; i < buffers_left; i++)
        drop(&buffer[i]);
    report_status("hand_over_release", tn_dma_pool_release(&dirty), TN_OK);
    struct tn_fence_result result = ask_and_wait(PEER_COUNT_DIRT, peer_pool(PAGE, buffers_left));
    report_status("hand_over_peer", (enum tn_status)result.answer[0], TN_OK);
    report_count("hand_over_zero", result.answer[1], 0);
}

/* A buffer of the disk's pool on the way to the peer: refused, and back. */
static void case_other_channel(void)
{
    struct tn_dma_buffer buffer = take_buffer(&pool);
    struct tn_fence fence = ask(PEER_USE_PART, 16, &buffer);
    struct tn_fence_result result = end_of(&fence);
    report_status("other_channel", result.status, TN_EPOLICY);
    report_count("other_channel_has_its_buffer", result.buffer.handle != TN_HANDLE_NONE, 1);
    drop(&result.buffer);
}

static void case_missing_right(void)
{
    struct tn_dma_buffer buffer = take_buffer(&pool);
    struct tn_fence fence;
    /* The manifest gives this process the disk for reading only. */
    tn_blk_submit(&blk, &buffer, &(struct tn_blk_transfer){.opcode = TN_BLK_WRITE, .length = blk.block_bytes}, &fence);
    struct tn_fence_result result = end_of(&fence);
    report_status("missing_right", result.status, TN_EDENIED);
    report_count("missing_right_has_its_buffer", result.buffer.handle != TN_HANDLE_NONE, 1);
    drop(&result.buffer);
}

/* Twice: the second time there is a request that has ended, too. */
static void case_lying_service(void)
{
    report_count("lies_of_a_service", ask_and_wait(PEER_LIE, 0).answer[0], 0);
    report_count("lies_after_an_end", ask_and_wait(PEER_LIE, 0).answer[0], 0);
}

/* Claims more entries than the queue holds; nothing may be taken. */
static void case_lying_tail(const struct tn_start *start)
{
    struct tn_ring_header *header = (struct tn_ring_header *)start->ring;
    uint32_t tail = header->sq_tail;
    __atomic_store_n(&header->sq_tail, tail + start->sq_entries + 1, __ATOMIC_RELEASE);
    struct tn_enter_result result = tn_enter(0, 1, 0, TN_DEADLINE_NOW);
    __atomic_store_n(&header->sq_tail, tail, __ATOMIC_RELEASE);
    report_status("ring_tail_ahead", result.status, TN_EINVAL);
    report_count("ring_tail_ahead_takes_nothing", result.consumed, 0);
}

static void open_peer(const struct tn_start *start)
{
    const struct tn_start_cap *channel = tn_start_find(start, "channel:peer0");
    if (channel == NULL)
        tn_die("no channel to peer0: the manifest needs it in uses");
    tn_dma_queue_init(&peer, channel->handle);
}

int tn_main(const struct tn_start *start)
{
    const struct tn_arg known[] = {{.key = "buffers", .value = &buffers_max, .min = 1, .max = BUFFERS_MAX - 1}};
    tn_args_require(start->args, known, 1);
    in_flight_max = start->in_flight_max;
    uint64_t both = 2 * (in_flight_max + 1); /* enough in each pool to pass the limit */
    if (in_flight_max < 2 || both >= buffers_max)
        tn_die("the manifest's budget needs in_flight from 2 on and buffers above %lu; they are %lu and %lu", both,
               in_flight_max, buffers_max);
    buffers_left = (uint32_t)(buffers_max - both);
    tn_blk_open(&blk, start, tn_deadline_in(6 * answer_ns));
    open_peer(start);
    if (blk.bytes == 0 || blk.block_bytes > PAGE)
        tn_die("the self-test needs a disk with at least one block of at most %u bytes", (unsigned)PAGE);
    pool = tn_blk_pool(&blk, PAGE, (uint32_t)in_flight_max + 1);
    enum tn_status status = tn_dma_pool_create(&peer, PAGE, (uint32_t)in_flight_max + 1, &mail_pool);
    if (status != TN_OK)
        tn_die("pool for the peer refused: %s", tn_status_name(status));

    case_double_submit();
    case_use_after_submit();
    case_stale_after_release();
    case_forged();
    case_foreign();
    case_in_flight_bound();
    case_bounds();
    case_zero_for_oneself();
    case_zero_beyond_used();
    case_missing_right();
    case_other_channel();
    case_zero_for_another();
    case_lying_service();
    case_lying_tail(start);
    return report_end("dmabuffer ownership");
}
