/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ownership of DmaBuffers, observed in the running machine: every case does what a program may not do, or looks
 * where another one's data might be, and compares the status the kernel gave. selftest_peer is the other process. The
 * compiler would refuse all of it (tenure/dma.h), so the cases are written with names, which it does not judge
 * (tenure/dma_session.h).
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

struct end {
    struct tn_dma_result result;
    struct tn_parked_buffer buffer;
};

static void *data_of(const struct tn_parked_buffer *buffer)
{
    return buffer->handle != TN_HANDLE_NONE ? buffer->data : NULL;
}

static struct tn_parked_buffer take_buffer(const struct tn_dma_pool *from)
{
    struct tn_parked_buffer buffer = {0};
    enum tn_status status = tn_session_alloc(from, PAGE, &buffer);
    if (status != TN_OK)
        report_status("setup_buffer", status, TN_OK);
    return buffer;
}

static void drop(struct tn_parked_buffer *buffer)
{
    if (buffer->handle != TN_HANDLE_NONE)
        (void)!tn_session_release(buffer->handle);
    *buffer = (struct tn_parked_buffer){0};
}

static void poison(const struct tn_parked_buffer *buffer)
{
    if (data_of(buffer) != NULL)
        memset(data_of(buffer), POISON, buffer->bytes);
}

/* Bytes from `from` on that are not `value`. */
static uint64_t differing(const struct tn_parked_buffer *buffer, uint64_t from, uint8_t value)
{
    const uint8_t *bytes = data_of(buffer);
    uint64_t count = 0;
    if (bytes == NULL)
        return PAGE;
    for (uint64_t i = from; i < buffer->bytes; i++)
        count += bytes[i] != value;
    return count;
}

static struct tn_parked_fence transfer(uint32_t opcode, const struct tn_parked_buffer *buffer)
{
    const struct tn_dma_request request =
        tn_blk_request(&(struct tn_blk_transfer){.opcode = opcode, .length = blk.block_bytes});
    struct tn_parked_fence fence;
    tn_session_submit(&blk.queue, buffer, &request, &fence);
    return fence;
}

/* Reads the first block of the disk. */
static struct tn_parked_fence read_block(const struct tn_parked_buffer *buffer)
{
    return transfer(TN_BLK_READ, buffer);
}

static struct tn_parked_fence ask(uint16_t op, uint64_t argument, const struct tn_parked_buffer *buffer)
{
    const struct tn_dma_request request = {
        .opcode = op,
        .direction = buffer != NULL ? TN_FROM_DEVICE : TN_NO_DATA,
        .length = buffer != NULL ? PAGE : 0,
        .argument = argument,
    };
    struct tn_parked_fence fence;
    tn_session_submit(&peer, buffer, &request, &fence);
    return fence;
}

/* The end of a fence; a wait that fails shows as its status. */
static struct end wait_until(const struct tn_parked_fence *fence, uint64_t deadline)
{
    struct end end;
    (void)!tn_session_take(fence, deadline, &end.buffer, &end.result);
    return end;
}

static struct end end_of(const struct tn_parked_fence *fence)
{
    return wait_until(fence, tn_deadline_in(answer_ns));
}

static struct end ask_and_wait(uint16_t op, uint64_t argument)
{
    struct tn_parked_fence fence = ask(op, argument, NULL);
    struct end end = end_of(&fence);
    if (end.result.status != TN_OK)
        end.result.answer[0] = end.result.status;
    return end;
}

/* ---- cases ---- */

static void case_double_submit(void)
{
    struct tn_parked_buffer reference = take_buffer(&pool), buffer = take_buffer(&pool);
    struct tn_parked_fence fence = read_block(&reference);
    struct end expected = end_of(&fence);

    poison(&buffer);
    struct tn_parked_buffer copy = buffer;
    struct tn_parked_fence first = read_block(&buffer);
    struct tn_parked_fence second = read_block(&copy); /* the same handle; both travel in one entry */
    struct end two = end_of(&second), one = end_of(&first);
    report_status("double_submit_second", two.result.status, TN_ESTALE);
    report_count("double_submit_second_has_no_buffer", two.buffer.handle, TN_HANDLE_NONE);
    report_status("double_submit_first", one.result.status, TN_OK);
    report_count("double_submit_first_used", one.result.used, blk.block_bytes);
    uint64_t same = one.result.status == TN_OK && expected.result.status == TN_OK &&
                    memcmp(data_of(&one.buffer), data_of(&expected.buffer), blk.block_bytes) == 0;
    report_count("double_submit_first_has_the_data", same, 1);
    drop(&one.buffer), drop(&two.buffer), drop(&expected.buffer);
}

static void case_use_after_submit(void)
{
    struct tn_parked_buffer buffer = take_buffer(&mail_pool);
    uint64_t old = buffer.handle;
    struct tn_parked_fence pending = ask(PEER_HOLD, 2, &buffer);
    report_status("release_after_submit", tn_session_release(old), TN_ESTALE);
    report_status("wait_for_ever", wait_until(&pending, TN_DEADLINE_NEVER).result.status, TN_EINVAL);
    report_status("wait_too_short", wait_until(&pending, TN_DEADLINE_NOW).result.status, TN_ETIMEDOUT);
    struct tn_parked_fence other = ask(PEER_HOLD, 2, NULL); /* lets both go */
    struct end end = end_of(&pending);
    report_status("pending_after_timeout", end.result.status, TN_OK);
    report_status("wait_twice", end_of(&pending).result.status, TN_ESTALE);
    (void)end_of(&other);
    report_status("stale_after_completion", tn_session_release(old), TN_ESTALE);
    drop(&end.buffer);
}

static void case_stale_after_release(void)
{
    struct tn_parked_buffer buffer = take_buffer(&pool);
    uint64_t old = buffer.handle;
    report_status("release", tn_session_release(buffer.handle), TN_OK);
    report_status("stale_after_release", tn_session_release(old), TN_ESTALE);
    struct tn_parked_buffer ghost = {.handle = old};
    struct tn_parked_fence fence = read_block(&ghost);
    struct end end = end_of(&fence);
    report_status("submit_after_release", end.result.status, TN_ESTALE);
    drop(&end.buffer);
}

static void case_forged(void)
{
    struct tn_parked_buffer buffer = take_buffer(&pool);
    uint64_t handle = buffer.handle;
    report_status("forged_all_ones", tn_session_release(UINT64_MAX), TN_ESTALE);
    report_status("forged_zero", tn_session_release(TN_HANDLE_NONE), TN_ESTALE);
    report_status("forged_slot", tn_session_release(handle | TN_HANDLE_SLOT_MASK), TN_ESTALE);
    uint32_t slot = tn_handle_slot(handle);
    uint64_t generation = tn_handle_generation(handle);
    report_status("forged_generation", tn_session_release(tn_handle_make(slot, generation + 1)), TN_ESTALE);
    report_status("forged_generation_0", tn_session_release(tn_handle_make(slot, 0)), TN_ESTALE);
    report_status("forged_kind", tn_session_release(blk.queue.channel), TN_EKIND);
    struct tn_dma_pool wrong = {.handle = handle};
    report_status("forged_pool", tn_dma_pool_release(&wrong), TN_EKIND);
    report_status("forged_left_the_buffer", tn_session_release(buffer.handle), TN_OK);
}

static void case_foreign(void)
{
    /* Through one completion, so that the number is none that the peer's own table could hold by chance. */
    struct tn_parked_buffer buffer = take_buffer(&pool);
    struct tn_parked_fence fence = read_block(&buffer);
    struct end end = end_of(&fence);
    buffer = end.buffer;
    report_status("foreign_release", (enum tn_status)ask_and_wait(PEER_TRY_RELEASE, buffer.handle).result.answer[0],
                  TN_ESTALE);
    report_status("foreign_submit", (enum tn_status)ask_and_wait(PEER_TRY_SUBMIT, buffer.handle).result.answer[0],
                  TN_ESTALE);
    fence = read_block(&buffer);
    end = end_of(&fence);
    report_status("foreign_left_the_buffer", end.result.status, TN_OK);
    drop(&end.buffer);
}

static void case_in_flight_bound(void)
{
    struct tn_parked_fence fence[BUFFERS_MAX];
    struct tn_parked_buffer buffer[BUFFERS_MAX];
    for (uint64_t i = 0; i < in_flight_max; i++)
        buffer[i] = take_buffer(&mail_pool);
    struct tn_parked_buffer more = take_buffer(&mail_pool);
    uint64_t bytes = more.bytes;
    /* all of them and the one more in one call: the peer, which answers when it has so many, does not run between */
    for (uint64_t i = 0; i < in_flight_max; i++)
        fence[i] = ask(PEER_HOLD, in_flight_max, &buffer[i]);
    struct tn_parked_fence over = ask(PEER_HOLD, in_flight_max, &more);
    struct end refused = end_of(&over);
    report_status("in_flight_one_more", refused.result.status, TN_EBUDGET);
    report_count("in_flight_one_more_has_its_buffer", refused.buffer.bytes, bytes);
    uint64_t accepted = 0;
    for (uint64_t i = 0; i < in_flight_max; i++) {
        struct end end = end_of(&fence[i]);
        accepted += end.result.status == TN_OK;
        drop(&end.buffer);
    }
    report_count("in_flight_at_the_limit", accepted, in_flight_max);
    drop(&refused.buffer);
}

static void case_bounds(void)
{
    struct tn_parked_buffer buffer[BUFFERS_MAX] = {{0}}, more = {0};
    report_status("length_zero", tn_session_alloc(&pool, 0, &more), TN_ERANGE);
    report_status("length_one_more", tn_session_alloc(&pool, pool.buffer_bytes + 1, &more), TN_ERANGE);
    struct tn_dma_pool rest = {0};
    report_status("pool_of_nothing", tn_dma_pool_create(&blk.queue, PAGE, 0, &rest), TN_EINVAL);
    report_status("pool_bytes_over_budget", tn_dma_pool_create(&blk.queue, UINT64_C(1) << 20, 2, &rest), TN_EBUDGET);
    report_status("buffers_over_budget", tn_dma_pool_create(&blk.queue, PAGE, buffers_left + 1, &rest), TN_EBUDGET);
    report_status("buffers_at_the_limit", tn_dma_pool_create(&blk.queue, PAGE, buffers_left, &rest), TN_OK);
    if (rest.handle == TN_HANDLE_NONE)
        return;
    uint64_t got = 0;
    enum tn_status status = TN_OK;
    while (got < BUFFERS_MAX && (status = tn_session_alloc(&rest, PAGE, &buffer[got])) == TN_OK)
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
    struct tn_parked_buffer buffer = {0};
    (void)!tn_session_alloc(&single, PAGE, &buffer);
    report_count("zero_when_new", differing(&buffer, 0, 0), 0);
    poison(&buffer);
    drop(&buffer);
    (void)!tn_session_alloc(&single, PAGE, &buffer); /* there is only one */
    report_count("zero_after_release", differing(&buffer, 0, 0), 0);
    drop(&buffer);
    report_status("single_pool_release", tn_dma_pool_release(&single), TN_OK);
}

static void case_zero_beyond_used(void)
{
    struct tn_parked_buffer buffer = take_buffer(&mail_pool);
    poison(&buffer);
    struct tn_parked_fence fence = ask(PEER_USE_PART, 16, &buffer);
    struct end end = end_of(&fence);
    report_count("used_of_a_part", end.result.used, 16);
    report_count("zero_beyond_used", differing(&end.buffer, 16, 0), 0);
    drop(&end.buffer);
}

/* Poisons as many buffers as the budget allows, gives their pool back, and has the peer look at as much memory. */
static void case_zero_for_another(void)
{
    struct tn_parked_buffer buffer[BUFFERS_MAX] = {{0}};
    struct tn_dma_pool dirty = tn_blk_pool(&blk, PAGE, buffers_left);
    for (uint32_t i = 0; i < buffers_left; i++) {
        buffer[i] = take_buffer(&dirty);
        poison(&buffer[i]);
    }
    for (uint32_t i = 0; i < buffers_left; i++)
        drop(&buffer[i]);
    report_status("hand_over_release", tn_dma_pool_release(&dirty), TN_OK);
    struct end end = ask_and_wait(PEER_COUNT_DIRT, peer_pool(PAGE, buffers_left));
    report_status("hand_over_peer", (enum tn_status)end.result.answer[0], TN_OK);
    report_count("hand_over_zero", end.result.answer[1], 0);
}

/* A buffer of the disk's pool on the way to the peer: refused, and back. */
static void case_other_channel(void)
{
    struct tn_parked_buffer buffer = take_buffer(&pool);
    struct tn_parked_fence fence = ask(PEER_USE_PART, 16, &buffer);
    struct end end = end_of(&fence);
    report_status("other_channel", end.result.status, TN_EPOLICY);
    report_count("other_channel_has_its_buffer", end.buffer.handle != TN_HANDLE_NONE, 1);
    drop(&end.buffer);
}

static void case_missing_right(void)
{
    struct tn_parked_buffer buffer = take_buffer(&pool);
    /* The manifest gives this process the disk for reading only. */
    struct tn_parked_fence fence = transfer(TN_BLK_WRITE, &buffer);
    struct end end = end_of(&fence);
    report_status("missing_right", end.result.status, TN_EDENIED);
    report_count("missing_right_has_its_buffer", end.buffer.handle != TN_HANDLE_NONE, 1);
    drop(&end.buffer);
}

/* Twice: the second time there is a request that has ended, too. */
static void case_lying_service(void)
{
    report_count("lies_of_a_service", ask_and_wait(PEER_LIE, 0).result.answer[0], 0);
    report_count("lies_after_an_end", ask_and_wait(PEER_LIE, 0).result.answer[0], 0);
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
