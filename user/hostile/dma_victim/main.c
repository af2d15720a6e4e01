/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client of a hostile driver: asks it for each attack on its own buffers (../dma_attack/attack.h) and says what has
 * become of them. A job. args: hold=1 keeps the run alive before the last attack, which the driver does not survive,
 * mourn=1 after it, so that somebody can look into the memory from outside; die=0 leaves it out.
 */
#include <args.h>
#include <clock.h>
#include <mem.h>
#include <print.h>
#include <process.h>
#include <report.h>
#include <ring.h>
#include <tenure/dma.h>

#include "../dma_attack/attack.h"

enum { BYTES = 8192, CANARY = 0x5e };
static const uint64_t answer_ns = 60 * TN_SECOND, late_ns = 3 * TN_SECOND / 10, hold_ns = 120 * TN_SECOND;

static struct tn_dma_queue queue;
static struct tn_dma_pool pool;

TN_OWN_HELPER struct tn_dma_result attack(struct tn_dma_buffer *buffer, uint16_t opcode, enum tn_direction direction,
                                          uint32_t length) TN_OWN_NEEDS(buffer)
{
    const struct tn_dma_request request = {.opcode = opcode, .direction = direction, .length = length};
    struct tn_dma_result result;
    TN_FENCE(fence);
    tn_dma_submit(&queue, buffer, &request, &fence);
    if (!tn_fence_wait(&fence, tn_deadline_in(answer_ns), buffer, &result))
        tn_die("victim: FAIL no end of attack %u: %s", opcode, tn_status_name(result.status));
    if (!tn_dma_buffer_is_held(buffer))
        tn_die("victim: FAIL a buffer did not come back: %s", tn_status_name(result.status));
    return result;
}

static void wait_for(uint64_t ns)
{
    for (uint64_t end = tn_deadline_in(ns); tn_clock_now() < end;)
        (void)tn_ring_wait(1, end);
}

static uint64_t damaged(const uint8_t *data)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < BYTES; i++)
        n += data[i] != CANARY;
    return n;
}

static void create_pool(void)
{
    enum tn_status status = tn_dma_pool_create(&queue, BYTES, 2, &pool);
    if (status != TN_OK)
        tn_die("victim: FAIL pool refused: %s", tn_status_name(status));
}

TN_OWN_HELPER void during_and_after(uint8_t *data, struct tn_dma_buffer *buffer) TN_OWN_NEEDS(buffer)
{
    (void)attack(buffer, ATTACK_LATE, TN_FROM_DEVICE, BYTES);
    memset(data, CANARY, BYTES);
    wait_for(late_ns); /* the device writes about now */
    report_count("late_write", damaged(data), 0);
    struct tn_dma_result result = attack(buffer, ATTACK_DIRECTION, TN_TO_DEVICE, BYTES);
    report_count("write_to_what_is_read", damaged(data), 0);
    report_count("write_to_what_is_read_refused", result.answer[1] != 0, 1);
    result = attack(buffer, ATTACK_BEYOND, TN_FROM_DEVICE, 100);
    report_count("beyond_the_request_refused", result.answer[1] != 0, 1);
    uint64_t beyond = 0;
    for (uint32_t i = BYTES / 2; i < BYTES; i++)
        beyond += data[i] != CANARY;
    report_count("beyond_the_request", beyond, 0);
    for (uint32_t i = 0; i < BYTES; i++)
        data[i] = attack_secret(i);
    result = attack(buffer, ATTACK_READ, TN_FROM_DEVICE, BYTES);
    report_count("secret_bytes_learned", result.answer[0] > ATTACK_BYTES / 16, 0); /* some are alike by chance */
    report_count("secret_refused", result.answer[1] != 0, 1);
}

/* The buffer of the late write is given up, and its memory belongs to somebody else. */
static void after_release(void)
{
    TN_DMA_BUFFER(first);
    TN_DMA_BUFFER(second);
    create_pool();
    if (!tn_dma_buffer_alloc(&pool, BYTES, &first))
        tn_die("victim: FAIL no buffer: %s", tn_status_name(tn_dma_buffer_status(&first)));
    uint8_t *data = tn_dma_buffer_data(&first);
    memset(data, CANARY, BYTES);
    if (tn_dma_buffer_alloc(&pool, BYTES, &second)) {
        struct tn_dma_result result = attack(&second, ATTACK_OLD, TN_TO_DEVICE, BYTES);
        report_count("old_address_refused", result.answer[1] != 0, 1);
        report_status("second_release", tn_dma_buffer_release(&second), TN_OK);
    }
    report_count("old_address", damaged(data), 0);
    report_status("first_release", tn_dma_buffer_release(&first), TN_OK);
    report_status("pool_release", tn_dma_pool_release(&pool), TN_OK);
}

TN_OWN_HELPER void after_death(struct tn_dma_buffer *buffer) TN_OWN_NEEDS(buffer)
{
    report_status("request_of_the_dead", attack(buffer, ATTACK_DIE, TN_FROM_DEVICE, BYTES).status, TN_EABORTED);
    uint8_t *data = tn_dma_buffer_data(buffer);
    memset(data, CANARY, BYTES);
    wait_for(late_ns);
    report_count("write_after_death", damaged(data), 0);
}

/* For somebody who looks at the machine from outside. */
static void hold_on(void)
{
    tn_print("victim: holding");
    wait_for(hold_ns);
}

int tn_main(const struct tn_start *start)
{
    uint64_t hold = 0, die = 1, mourn = 0;
    const struct tn_arg known[] = {{.key = "hold", .value = &hold, .max = 1},
                                   {.key = "die", .value = &die, .max = 1},
                                   {.key = "mourn", .value = &mourn, .max = 1}};
    tn_args_require(start->args, known, sizeof(known) / sizeof(known[0]));
    const struct tn_start_cap *channel = tn_start_find_kind(start, TN_KIND_CHANNEL);
    if (channel == NULL)
        tn_die("victim: FAIL no channel");
    TN_DMA_BUFFER(buffer);
    TN_DMA_BUFFER(control);
    tn_dma_queue_init(&queue, channel->handle);
    create_pool();
    if (!tn_dma_buffer_alloc(&pool, BYTES, &buffer))
        tn_die("victim: FAIL no buffer: %s", tn_status_name(tn_dma_buffer_status(&buffer)));
    during_and_after(tn_dma_buffer_data(&buffer), &buffer);
    report_status("release", tn_dma_buffer_release(&buffer), TN_OK);
    report_status("pool_release", tn_dma_pool_release(&pool), TN_OK);
    after_release();

    create_pool();
    if (!tn_dma_buffer_alloc(&pool, BYTES, &control))
        tn_die("victim: FAIL no buffer: %s", tn_status_name(tn_dma_buffer_status(&control)));
    report_status("control", attack(&control, ATTACK_CONTROL, TN_FROM_DEVICE, BYTES).status, TN_OK);
    const uint64_t *words = tn_dma_buffer_data(&control);
    uint64_t right = 0;
    for (uint32_t i = 0; i < ATTACK_BYTES / 8; i++)
        right += words[i] == attack_word(i);
    report_count("control_words", right, ATTACK_BYTES / 8);
    if (hold)
        hold_on();
    if (die)
        after_death(&control);
    if (mourn)
        hold_on();
    report_status("control_release", tn_dma_buffer_release(&control), TN_OK);
    return report_end("dma isolation");
}
