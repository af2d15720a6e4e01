/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the block driver makes of a client's request and of a device's answer.
 */
#include <user/drivers/virtio_blk/request.h>

#include "unit.h"

static const struct blk_geometry disk = {
    .bytes = 1 << 20, .block_bytes = 4096, .request_bytes_max = 65536, .flags = TN_BLK_HAS_FLUSH};

static struct tn_request read_of(uint64_t address, uint32_t length)
{
    return (struct tn_request){.opcode = TN_BLK_READ,
                               .direction = TN_FROM_DEVICE,
                               .argument = address,
                               .length = length,
                               .token = {.bits = 0xabc000}};
}

static void answered(const struct blk_geometry *geometry, const struct tn_request *request, enum tn_status status)
{
    struct virtq_request out;
    struct tn_answer answer;
    assert_int_equal(blk_judge(geometry, request, &out, &answer), BLK_ANSWER);
    assert_int_equal(answer.status, status);
    assert_int_equal(answer.used, 0);
}

static void a_geometry_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    struct blk_geometry g;
    assert_int_equal(blk_geometry_check(8, 0, 0, &g), TN_EPROTOCOL);
    assert_int_equal(blk_geometry_check(8, 256, 0, &g), TN_EPROTOCOL);
    assert_int_equal(blk_geometry_check(8, 1000, 0, &g), TN_EPROTOCOL);
    assert_int_equal(blk_geometry_check(8, 131072, 0, &g), TN_EPROTOCOL);
    assert_int_equal(blk_geometry_check(UINT64_MAX, 512, 0, &g), TN_EPROTOCOL);
    assert_int_equal(blk_geometry_check(8, 4096, 512, &g), TN_EPROTOCOL);
    assert_int_equal(blk_geometry_check(2049, 4096, 0, &g), TN_OK);
    assert_int_equal(g.bytes, 1 << 20); /* whole blocks only */
    assert_int_equal(g.request_bytes_max, UINT32_MAX);
    assert_int_equal(blk_geometry_check(0, 512, 0, &g), TN_OK);
}

static void a_read_inside_the_disk_goes_to_the_device(void **state)
{
    (void)state;
    struct tn_request request = read_of(8192, 4096);
    struct virtq_request out;
    struct tn_answer answer;
    assert_int_equal(blk_judge(&disk, &request, &out, &answer), BLK_TO_DEVICE);
    assert_int_equal(out.type, VIRTIO_BLK_T_IN);
    assert_int_equal(out.sector, 16);
    assert_int_equal(out.length, 4096);
    assert_int_equal(out.token.bits, 0xabc000);
    request = read_of((1 << 20) - 4096, 4096);
    assert_int_equal(blk_judge(&disk, &request, &out, &answer), BLK_TO_DEVICE);
}

static void a_request_outside_the_disk_is_out_of_range(void **state)
{
    (void)state;
    struct tn_request request = read_of(1 << 20, 4096);
    answered(&disk, &request, TN_ERANGE);
    request = read_of((1 << 20) - 4096, 8192);
    answered(&disk, &request, TN_ERANGE);
    request = read_of(UINT64_MAX - 4095, 4096); /* the sum wraps to 0 */
    answered(&disk, &request, TN_ERANGE);
}

static void a_request_that_is_not_whole_blocks_is_invalid(void **state)
{
    (void)state;
    struct tn_request request = read_of(512, 4096);
    answered(&disk, &request, TN_EINVAL);
    request = read_of(0, 512);
    answered(&disk, &request, TN_EINVAL);
    request = read_of(0, 0);
    answered(&disk, &request, TN_EINVAL);
}

static void a_request_above_size_max_is_not_supported(void **state)
{
    (void)state;
    struct tn_request request = read_of(0, 65536 + 4096);
    answered(&disk, &request, TN_ENOTSUP);
}

static void the_direction_must_fit_the_operation(void **state)
{
    (void)state;
    struct tn_request request = read_of(0, 4096);
    request.direction = TN_TO_DEVICE;
    answered(&disk, &request, TN_EINVAL);
    request.opcode = TN_BLK_WRITE;
    request.direction = TN_FROM_DEVICE;
    answered(&disk, &request, TN_EINVAL);
    request.opcode = TN_BLK_INFO;
    answered(&disk, &request, TN_EINVAL);
    request.opcode = TN_BLK_FLUSH;
    answered(&disk, &request, TN_EINVAL);
    request.opcode = 99;
    answered(&disk, &request, TN_ENOTSUP);
}

static void a_write_to_a_read_only_disk_is_refused(void **state)
{
    (void)state;
    struct blk_geometry read_only = disk;
    read_only.flags |= TN_BLK_READ_ONLY;
    struct tn_request request = read_of(0, 4096);
    request.opcode = TN_BLK_WRITE;
    request.direction = TN_TO_DEVICE;
    answered(&read_only, &request, TN_EREADONLY);
    struct virtq_request out;
    struct tn_answer answer;
    assert_int_equal(blk_judge(&disk, &request, &out, &answer), BLK_TO_DEVICE);
    assert_int_equal(out.type, VIRTIO_BLK_T_OUT);
}

static void a_flush_is_answered_at_once_only_without_a_volatile_cache(void **state)
{
    (void)state;
    struct tn_request flush = {.opcode = TN_BLK_FLUSH, .direction = TN_NO_DATA};
    answered(&disk, &flush, TN_EREADONLY); /* a session that cannot write */
    flush.rights = TN_RIGHT_WRITE;
    struct virtq_request out;
    struct tn_answer answer;
    assert_int_equal(blk_judge(&disk, &flush, &out, &answer), BLK_TO_DEVICE);
    assert_int_equal(out.type, VIRTIO_BLK_T_FLUSH);
    assert_int_equal(out.length, 0);
    struct blk_geometry write_through = disk;
    write_through.flags = 0;
    answered(&write_through, &flush, TN_OK);
}

static void g11_a_lost_cache_is_told_at_each_flush_until_one_names_the_loss(void **state)
{
    (void)state;
    struct blk_geometry lost = disk;
    lost.loss = 5;
    struct tn_request flush = {.opcode = TN_BLK_FLUSH, .direction = TN_NO_DATA, .rights = TN_RIGHT_WRITE};
    struct virtq_request out;
    struct tn_answer answer;
    for (uint32_t i = 0; i < 3; i++) {
        answered(&lost, &flush, TN_ECACHELOST);
        assert_int_equal(blk_judge(&lost, &flush, &out, &answer), BLK_ANSWER);
        assert_int_equal(answer.word[0], 5);
    }
    flush.argument = 3; /* the one before */
    answered(&lost, &flush, TN_ECACHELOST);
    flush.argument = 5;
    assert_int_equal(blk_judge(&lost, &flush, &out, &answer), BLK_TO_DEVICE);
    lost.flags = 0;
    flush.argument = 0;
    answered(&lost, &flush, TN_OK);
    struct tn_request write = read_of(0, 4096);
    write.opcode = TN_BLK_WRITE;
    write.direction = TN_TO_DEVICE;
    lost.flags = TN_BLK_HAS_FLUSH;
    assert_int_equal(blk_judge(&lost, &write, &out, &answer), BLK_TO_DEVICE);
}

static void info_tells_the_geometry(void **state)
{
    (void)state;
    const struct tn_request info = {.opcode = TN_BLK_INFO, .direction = TN_NO_DATA};
    struct virtq_request out;
    struct tn_answer answer;
    assert_int_equal(blk_judge(&disk, &info, &out, &answer), BLK_ANSWER);
    assert_int_equal(answer.word[0], 1 << 20);
    assert_int_equal(tn_blk_geometry_block_bytes(answer.word[1]), 4096);
    assert_int_equal(tn_blk_geometry_flags(answer.word[1]), TN_BLK_HAS_FLUSH);
}

static void answers_of_the_device_are_translated(void **state)
{
    (void)state;
    struct tn_request request = read_of(0, 4096);
    struct tn_answer a =
        blk_answer(request.direction, request.length, &(struct virtq_done){.status = VIRTIO_BLK_S_OK, .written = 4096});
    assert_int_equal(a.status, TN_OK);
    assert_int_equal(a.used, 4096);
    a = blk_answer(request.direction, request.length,
                   &(struct virtq_done){.status = VIRTIO_BLK_S_IOERR, .written = 4096});
    assert_int_equal(a.status, TN_EIO);
    assert_int_equal(a.used, 0);
    a = blk_answer(request.direction, request.length, &(struct virtq_done){.status = VIRTIO_BLK_S_UNSUPP});
    assert_int_equal(a.status, TN_ENOTSUP);
}

static void a_read_that_is_done_but_short_is_an_error(void **state)
{
    (void)state;
    struct tn_request request = read_of(0, 4096);
    struct tn_answer a =
        blk_answer(request.direction, request.length, &(struct virtq_done){.status = VIRTIO_BLK_S_OK, .written = 4095});
    assert_int_equal(a.status, TN_EIO);
    assert_int_equal(a.used, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_geometry_that_makes_no_sense_is_refused),
    cmocka_unit_test(a_read_inside_the_disk_goes_to_the_device),
    cmocka_unit_test(a_request_outside_the_disk_is_out_of_range),
    cmocka_unit_test(a_request_that_is_not_whole_blocks_is_invalid),
    cmocka_unit_test(a_request_above_size_max_is_not_supported),
    cmocka_unit_test(the_direction_must_fit_the_operation),
    cmocka_unit_test(a_write_to_a_read_only_disk_is_refused),
    cmocka_unit_test(a_flush_is_answered_at_once_only_without_a_volatile_cache),
    cmocka_unit_test(g11_a_lost_cache_is_told_at_each_flush_until_one_names_the_loss),
    cmocka_unit_test(info_tells_the_geometry),
    cmocka_unit_test(answers_of_the_device_are_translated),
    cmocka_unit_test(a_read_that_is_done_but_short_is_an_error),
};

UNIT_MAIN(tests)
