/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Uses every request of the educational device and compares what comes back; what is wrong must be refused. A job.
 */
#include <clock.h>
#include <print.h>
#include <process.h>
#include <report.h>
#include <tenure/abi/edu.h>
#include <tenure/dma.h>

enum { BYTES = 4096, SENT = TN_EDU_MEMORY_BYTES, HALF = BYTES / 2, READ = SENT - HALF };
static const uint64_t answer_ns = 20 * TN_SECOND;

static struct tn_dma_queue queue;
static struct tn_dma_pool pool;

static struct tn_dma_result command(uint16_t opcode, uint64_t argument)
{
    const struct tn_dma_request request = {.opcode = opcode, .argument = argument};
    struct tn_dma_result result;
    TN_COMMAND(sent);
    tn_dma_command(&queue, &request, &sent);
    if (!tn_command_wait(&sent, tn_deadline_in(answer_ns), &result))
        tn_command_abandon(&sent);
    return result;
}

/* To its end; the buffer is back. */
TN_OWN_HELPER struct tn_dma_result transfer(struct tn_dma_buffer *buffer, const struct tn_dma_request *request)
    TN_OWN_NEEDS(buffer)
{
    struct tn_dma_result result;
    TN_FENCE(fence);
    tn_dma_submit(&queue, buffer, request, &fence);
    if (!tn_fence_wait(&fence, tn_deadline_in(answer_ns), buffer, &result))
        tn_die("edu_check: no end of a transfer: %s", tn_status_name(result.status));
    if (!tn_dma_buffer_is_held(buffer))
        tn_die("edu_check: a buffer did not come back: %s", tn_status_name(result.status));
    return result;
}

static uint8_t pattern(uint32_t i)
{
    return (uint8_t)(i * 7 + (i >> 8));
}

static void check_commands(void)
{
    struct tn_dma_result info = command(TN_EDU_INFO, 0);
    report_status("info", info.status, TN_OK);
    report_count("version", info.answer[0] >> 8, 1);
    static const struct {
        uint64_t n, factorial;
    } known[] = {{0, 1}, {1, 1}, {10, 3628800}, {12, 479001600}, {13, 1932053504}};
    for (uint32_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        struct tn_dma_result result = command(TN_EDU_FACTORIAL, known[i].n);
        report_status("factorial", result.status, TN_OK);
        report_count("factorial_value", result.answer[0], known[i].factorial);
    }
    report_status("factorial_too_large", command(TN_EDU_FACTORIAL, UINT64_C(1) << 32).status, TN_ERANGE);
    report_status("unknown", command(77, 0).status, TN_ENOTSUP);
    report_status("read_without_buffer", command(TN_EDU_READ, 0).status, TN_EINVAL);
}

/* Out and back to another place; what lies beyond the request stays as it was. */
static void check_transfers(void)
{
    TN_DMA_BUFFER(buffer);
    if (!tn_dma_buffer_alloc(&pool, BYTES, &buffer))
        tn_die("edu_check: no buffer: %s", tn_status_name(tn_dma_buffer_status(&buffer)));
    uint8_t *data = tn_dma_buffer_data(&buffer);
    for (uint32_t i = 0; i < BYTES; i++)
        data[i] = pattern(i);
    struct tn_dma_request request = {.opcode = TN_EDU_WRITE, .direction = TN_TO_DEVICE, .length = SENT};
    report_status("write", transfer(&buffer, &request).status, TN_OK);
    request =
        (struct tn_dma_request){.opcode = TN_EDU_READ, .direction = TN_FROM_DEVICE, .length = READ, .argument = HALF};
    struct tn_dma_result result = transfer(&buffer, &request);
    report_status("read", result.status, TN_OK);
    report_count("read_used", result.used, READ);
    data = tn_dma_buffer_data(&buffer);
    uint64_t wrong = 0;
    for (uint32_t i = 0; i < BYTES; i++)
        wrong += data[i] != (i < READ ? pattern(HALF + i) : pattern(i));
    report_count("read_bytes_wrong", wrong, 0);
    request.argument = HALF + 1;
    report_status("past_the_end", transfer(&buffer, &request).status, TN_ERANGE);
    request.argument = UINT64_MAX;
    report_status("offset_that_wraps", transfer(&buffer, &request).status, TN_ERANGE);
    request = (struct tn_dma_request){.opcode = TN_EDU_WRITE, .direction = TN_FROM_DEVICE, .length = HALF};
    report_status("wrong_direction", transfer(&buffer, &request).status, TN_EINVAL);
    report_status("release", tn_dma_buffer_release(&buffer), TN_OK);
}

int tn_main(const struct tn_start *start)
{
    const struct tn_start_cap *channel = tn_start_find_kind(start, TN_KIND_CHANNEL);
    if (channel == NULL)
        tn_die("no channel: the manifest needs uses = [{ service = \"edu0\", … }]");
    tn_dma_queue_init(&queue, channel->handle);
    enum tn_status status = tn_dma_pool_create(&queue, BYTES, 1, &pool);
    if (status != TN_OK)
        tn_die("edu_check: pool refused: %s", tn_status_name(status));
    check_commands();
    check_transfers();
    return report_end("edu");
}
