/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The block class from the client's side. Scheduling of many requests is left to the programs.
 */
#include "blk_client.h"

#include "print.h"
#include "process.h"

static enum tn_direction direction_of(uint32_t opcode)
{
    switch (opcode) {
    case TN_BLK_READ:
        return TN_FROM_DEVICE;
    case TN_BLK_WRITE:
        return TN_TO_DEVICE;
    default:
        return TN_NO_DATA;
    }
}

struct tn_dma_request tn_blk_request(const struct tn_blk_transfer *transfer)
{
    return (struct tn_dma_request){
        .opcode = (uint16_t)transfer->opcode,
        /* reads, writes and flushes name all that they do */
        .flags = transfer->once ? 0 : TN_DMA_REPEATABLE,
        .direction = direction_of(transfer->opcode),
        .length = transfer->length,
        .argument = transfer->address,
        .cookie = transfer->cookie,
    };
}

enum tn_status tn_blk_command(struct tn_blk *blk, const struct tn_blk_transfer *transfer, uint64_t deadline,
                              struct tn_dma_result *result)
{
    struct tn_dma_request request = tn_blk_request(transfer);
    if (transfer->opcode == TN_BLK_FLUSH)
        request.argument = blk->loss;
    TN_COMMAND(command);
    tn_dma_command(&blk->queue, &request, &command);
    if (!tn_command_wait(&command, deadline, result))
        tn_command_abandon(&command);
    if (transfer->opcode == TN_BLK_FLUSH && result->status == TN_ECACHELOST)
        blk->loss = result->answer[0];
    return result->status;
}

void tn_blk_open(struct tn_blk *blk, const struct tn_start *start, uint64_t deadline)
{
    const struct tn_start_cap *channel = NULL;
    for (uint32_t i = 0; i < start->cap_count && i < TN_START_CAPS_MAX && channel == NULL; i++)
        if (start->cap[i].kind == TN_KIND_CHANNEL)
            channel = &start->cap[i];
    if (channel == NULL)
        tn_die("no channel to a block service: the manifest needs uses = [{ service = \"blk0\", … }]");
    tn_dma_queue_init(&blk->queue, channel->handle);
    blk->loss = 0;

    const struct tn_blk_transfer info = {.opcode = TN_BLK_INFO};
    struct tn_dma_result result;
    enum tn_status status = tn_blk_command(blk, &info, deadline, &result);
    if (status != TN_OK)
        tn_die("%s: no answer about the disk: %s; is its driver running?", channel->name, tn_status_name(status));
    blk->bytes = result.answer[0];
    blk->block_bytes = tn_blk_geometry_block_bytes(result.answer[1]);
    blk->flags = tn_blk_geometry_flags(result.answer[1]);
    uint32_t block = blk->block_bytes;
    if (block < 512 || (block & (block - 1)) != 0 || blk->bytes % block != 0)
        tn_die("%s: the driver says block %u, capacity %lu: no disk looks like this", channel->name, block, blk->bytes);
}

struct tn_dma_pool tn_blk_pool(const struct tn_blk *blk, uint64_t buffer_bytes, uint32_t count)
{
    struct tn_dma_pool pool = {0};
    enum tn_status status = tn_dma_pool_create(&blk->queue, buffer_bytes, count, &pool);
    if (status != TN_OK)
        tn_die("pool of %u buffers of %lu bytes refused: %s; see pool_bytes and buffers in the manifest's budget",
               count, buffer_bytes, tn_status_name(status));
    return pool;
}
