/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The block class in the words of virtio-blk.
 */
#include "request.h"

#include "virtio.h"

enum {
    BLOCK_BYTES_MAX = 65536,
};

enum tn_status blk_geometry_check(uint64_t sectors, uint32_t block_bytes, uint32_t size_max,
                                  struct blk_geometry *geometry)
{
    if (block_bytes < VIRTIO_BLK_SECTOR || block_bytes > BLOCK_BYTES_MAX || (block_bytes & (block_bytes - 1)) != 0)
        return TN_EPROTOCOL;
    uint64_t bytes;
    if (__builtin_mul_overflow(sectors, (uint64_t)VIRTIO_BLK_SECTOR, &bytes))
        return TN_EPROTOCOL;
    if (size_max != 0 && size_max < block_bytes)
        return TN_EPROTOCOL; /* not even one block could be moved */
    geometry->bytes = bytes / block_bytes * block_bytes;
    geometry->block_bytes = block_bytes;
    geometry->request_bytes_max = size_max != 0 ? size_max : UINT32_MAX;
    return TN_OK;
}

static enum tn_status judge_range(const struct blk_geometry *geometry, const struct tn_request *request)
{
    if (request->length == 0 || request->length % geometry->block_bytes != 0 ||
        request->argument % geometry->block_bytes != 0)
        return TN_EINVAL;
    if (request->argument > geometry->bytes || request->length > geometry->bytes - request->argument)
        return TN_ERANGE;
    return request->length <= geometry->request_bytes_max ? TN_OK : TN_ENOTSUP;
}

static enum tn_status judge_transfer(const struct blk_geometry *geometry, const struct tn_request *request)
{
    enum tn_direction needed = request->opcode == TN_BLK_READ ? TN_FROM_DEVICE : TN_TO_DEVICE;
    if (request->direction != (uint32_t)needed)
        return TN_EINVAL;
    if (request->opcode == TN_BLK_WRITE && (geometry->flags & TN_BLK_READ_ONLY) != 0)
        return TN_EREADONLY;
    return judge_range(geometry, request);
}

static enum blk_next answer_with(struct tn_answer *answer, enum tn_status status)
{
    *answer = (struct tn_answer){.status = status};
    return BLK_ANSWER;
}

enum blk_next blk_judge(const struct blk_geometry *geometry, const struct tn_request *request,
                        struct virtq_request *out, struct tn_answer *answer)
{
    enum tn_status status;
    switch (request->opcode) {
    case TN_BLK_INFO:
        if (request->direction != TN_NO_DATA)
            return answer_with(answer, TN_EINVAL);
        *answer = (struct tn_answer){
            .status = TN_OK, .word = {geometry->bytes, tn_blk_geometry(geometry->block_bytes, geometry->flags)}};
        return BLK_ANSWER;
    case TN_BLK_FLUSH:
        if (request->direction != TN_NO_DATA)
            return answer_with(answer, TN_EINVAL);
        if ((request->rights & TN_RIGHT_WRITE) == 0)
            return answer_with(answer, TN_EREADONLY); /* who cannot write has nothing to flush */
        /* 5.2.5.2, 5.2.6.2: without VIRTIO_BLK_F_FLUSH the device has no volatile write cache: a write is durable when
         * it completes. Then, and only then, there is nothing to do. */
        if ((geometry->flags & TN_BLK_HAS_FLUSH) == 0)
            return answer_with(answer, TN_OK);
        /* Who has not heard of the loss would take "done" for writes that are gone. It has heard when it says so: an
         * answer may reach nobody. */
        if (request->argument != geometry->loss) {
            *answer = (struct tn_answer){.status = TN_ECACHELOST, .word = {geometry->loss}};
            return BLK_ANSWER;
        }
        *out = (struct virtq_request){.type = VIRTIO_BLK_T_FLUSH, .direction = TN_NO_DATA};
        return BLK_TO_DEVICE;
    case TN_BLK_READ:
    case TN_BLK_WRITE:
        status = judge_transfer(geometry, request);
        if (status != TN_OK)
            return answer_with(answer, status);
        *out = (struct virtq_request){
            .type = request->opcode == TN_BLK_READ ? VIRTIO_BLK_T_IN : VIRTIO_BLK_T_OUT,
            .sector = request->argument / VIRTIO_BLK_SECTOR,
            .token = request->token,
            .length = request->length,
            .direction = (enum tn_direction)request->direction,
        };
        return BLK_TO_DEVICE;
    default:
        return answer_with(answer, TN_ENOTSUP);
    }
}

struct tn_answer blk_answer(uint32_t direction, uint32_t length, const struct virtq_done *done)
{
    switch (done->status) {
    case VIRTIO_BLK_S_OK:
        /* A read that says "done" and wrote less is an error: the rest would be zeroes that are not on the disk. */
        if (direction == TN_FROM_DEVICE && done->written != length)
            return (struct tn_answer){.status = TN_EIO};
        return (struct tn_answer){.status = TN_OK, .used = length};
    case VIRTIO_BLK_S_UNSUPP:
        return (struct tn_answer){.status = TN_ENOTSUP};
    default:
        return (struct tn_answer){.status = TN_EIO};
    }
}
